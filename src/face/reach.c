#include "face/reach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/resolve.h"

struct reach {
    struct loop *loop;
    int port;
    struct resolve *resolve; /* while looking the name up */
    struct addrinfo *found;  /* addresses of it */
    int fd;                  /* of the step under way; -1: none */
    struct loop_fd watch;
    struct loop_timer timer;
    clock_us begun; /* of the step */
    struct reach_step *step;
    struct reach_result result;
    void (*done)(void *user, const struct reach_result *result);
    void *user;
};

static void begin(struct reach *reach, struct reach_step *step)
{
    reach->step = step;
    reach->begun = loop_now(reach->loop);
    step->tried = true;
}

static void end_socket(struct reach *reach)
{
    loop_fd_stop(&reach->watch);
    loop_timer_stop(&reach->timer);
    if (reach->fd >= 0)
        close(reach->fd);
    reach->fd = -1;
}

static struct reach *release(struct reach *reach)
{
    end_socket(reach);
    resolve_cancel(reach->resolve);
    if (reach->found)
        freeaddrinfo(reach->found);
    free(reach);
    return NULL;
}

static void finish(struct reach *reach)
{
    reach->done(reach->user, &reach->result);
    release(reach);
}

static void next(struct reach *reach);

/* The step is over; `problem` NULL: it went well. */
static void step_over(struct reach *reach, const char *problem)
{
    struct reach_step *step = reach->step;
    end_socket(reach);
    step->ok = !problem;
    step->took = loop_now(reach->loop) - reach->begun;
    snprintf(step->problem, sizeof step->problem, "%s", problem ? problem : "");
    next(reach);
}

static void on_late(struct loop_timer *timer, void *user)
{
    (void)timer;
    step_over(user, "no answer");
}

/* Watch a fresh socket for `events`, for so long. */
static void wait_on(struct reach *reach, int events, loop_fd_fn *fn)
{
    int result = loop_fd_start(reach->loop, &reach->watch, reach->fd, events, fn, reach);
    /* Also after a failure from the loop, never from inside a call of ours. */
    loop_timer_at(reach->loop, &reach->timer, loop_now(reach->loop) + (result < 0 ? 0 : REACH_WAIT),
                  on_late, reach);
}

/* ---- echo ------------------------------------------------------------------------------------ */

static void on_echo(struct loop_fd *handle, int events, void *user)
{
    struct reach *reach = user;
    uint8_t answer[256];
    (void)handle;
    (void)events;
    ssize_t got = recv(reach->fd, answer, sizeof answer, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    bool v6 = reach->found->ai_family == AF_INET6;
    if (got > 0 && answer[0] != (v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY))
        return; /* of the same kind, but no answer: the time goes on */
    step_over(reach, got < 0 ? strerror(errno) : NULL);
}

/* By the kernel's own socket for it, which needs no rights beyond a range of groups; the kernel
 * fills in identifier and checksum. */
static void ping(struct reach *reach)
{
    const struct addrinfo *to = reach->found;
    bool v6 = to->ai_family == AF_INET6;
    const uint8_t question[16] = {
        v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO, 0, 0, 0, 0, 0, 0, 1, 'b', 'u', 's', 'b', 'a', 'r'};
    begin(reach, &reach->result.ping);
    reach->fd = socket(to->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                       v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
    if (reach->fd < 0 && (errno == EACCES || errno == EPERM))
        step_over(reach, "this machine does not let us ask: see net.ipv4.ping_group_range");
    else if (reach->fd < 0)
        step_over(reach, strerror(errno));
    else if (connect(reach->fd, to->ai_addr, to->ai_addrlen) < 0 ||
             send(reach->fd, question, sizeof question, 0) < 0)
        step_over(reach, strerror(errno));
    else
        wait_on(reach, LOOP_READ, on_echo);
}

/* ---- connection ------------------------------------------------------------------------------ */

static void on_connected(struct loop_fd *handle, int events, void *user)
{
    struct reach *reach = user;
    int code = 0;
    socklen_t size = sizeof code;
    (void)handle;
    (void)events;
    getsockopt(reach->fd, SOL_SOCKET, SO_ERROR, &code, &size);
    step_over(reach, code ? strerror(code) : NULL);
}

static void connect_to(struct reach *reach)
{
    const struct addrinfo *to = reach->found;
    begin(reach, &reach->result.connect);
    reach->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (reach->fd < 0)
        step_over(reach, strerror(errno));
    else if (connect(reach->fd, to->ai_addr, to->ai_addrlen) < 0 && errno != EINPROGRESS)
        step_over(reach, strerror(errno));
    else
        wait_on(reach, LOOP_WRITE, on_connected);
}

/* ---- one after the other --------------------------------------------------------------------- */

static void next(struct reach *reach)
{
    const struct reach_result *result = &reach->result;
    if (result->name.ok && !result->ping.tried)
        ping(reach);
    else if (result->name.ok && reach->port && !result->connect.tried)
        connect_to(reach);
    else
        finish(reach);
}

static void on_found(void *user, struct addrinfo *found, const char *problem)
{
    struct reach *reach = user;
    reach->resolve = NULL;
    reach->found = found;
    if (!problem)
        getnameinfo(found->ai_addr, found->ai_addrlen, reach->result.address,
                    sizeof reach->result.address, NULL, 0, NI_NUMERICHOST);
    step_over(reach, problem);
}

struct reach *reach_start(struct loop *loop, const char *host, int port,
                          void (*done)(void *user, const struct reach_result *result), void *user)
{
    struct reach *reach = calloc(1, sizeof *reach);
    if (!reach)
        return NULL;
    reach->loop = loop;
    reach->port = port;
    reach->fd = -1;
    reach->watch = LOOP_FD_EMPTY;
    reach->done = done;
    reach->user = user;
    begin(reach, &reach->result.name);
    reach->resolve = resolve_start(loop, host, port, SOCK_STREAM, on_found, reach);
    return reach->resolve ? reach : release(reach);
}

struct reach *reach_stop(struct reach *reach)
{
    return reach ? release(reach) : NULL;
}

struct reach_clock reach_clock(void)
{
    struct timex state = {0};
    bool known = adjtimex(&state) >= 0;
    return (struct reach_clock){
        .synchronised = known && !(state.status & STA_UNSYNC),
        .error_s = known ? (double)state.esterror / 1e6 : 0,
    };
}
