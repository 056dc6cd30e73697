#include "face/syslog_link.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/resolve.h"
#include "base/tls_client.h"
#include "face/mail_trust.h"

#define WHOLE_MOST (30 * CLOCK_S)    /* for all of a job, from the name to the acknowledgement */
#define REFUSAL_WAIT (20 * CLOCK_MS) /* for what comes back to the first messages */
#define ACK_LOOK_FIRST CLOCK_MS
#define ACK_LOOK_LONGEST (200 * CLOCK_MS)
/* A name may lead elsewhere after so long. Datagrams go on to where it led until that is known,
 * also when no name server answers. */
#define NAME_KEPT (300 * CLOCK_S)
#define READS_MOST 16 /* of what the other side says, in one turn */

/* In this order, each step waited for by the loop; datagrams leave CONNECTING and SHAKING out. */
enum state { CLOSED, LOOKING_UP, CONNECTING, SHAKING, OPEN };

struct syslog_link {
    struct loop *loop;
    syslog_link_fn *done;
    void *user;
    /* the way */
    char *host, *ca;
    int port;
    enum recipient_transport transport;
    /* the connection */
    enum state state;
    struct resolve *lookup, *refresh;  /* refresh: whether the name leads elsewhere by now */
    struct addrinfo *addresses, *next; /* next: the one to try when this one fails */
    int fd;
    struct loop_fd watch;
    struct mail_trust *trust; /* made for the first connection by TLS */
    struct tls_client *tls;
    clock_us opened_at;
    /* the job */
    struct buf message; /* being filled in */
    struct buf out;     /* with counts of octets, or for datagrams with their lengths as uint32_t */
    size_t sent;
    bool busy, waits_for_ack, fresh; /* fresh: the connection was made for this job */
    bool taken;                      /* neither refusal nor end came back to the first */
    struct loop_timer whole, look;
    clock_us look_after;
    struct loop_defer report;
    char problem[300];
    struct mail_dialogue dialogue; /* of a test */
};

static void push(struct syslog_link *link);

/* ---- ends ------------------------------------------------------------------------------------ */

static void note(struct syslog_link *link, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct syslog_link *link, const char *format, ...)
{
    char words[400];
    va_list args;
    if (!link->dialogue.keep)
        return;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    mail_dialogue_note(&link->dialogue, words);
}

/* The job, if there is one, stays: it may go once more by another connection. */
static void disconnect(struct syslog_link *link)
{
    loop_fd_stop(&link->watch);
    link->lookup = resolve_cancel(link->lookup);
    link->refresh = resolve_cancel(link->refresh);
    if (link->trust)
        mail_trust_cancel(link->trust);
    link->tls = tls_client_free(link->tls);
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    if (link->addresses)
        freeaddrinfo(link->addresses);
    link->addresses = link->next = NULL;
    link->state = CLOSED;
    link->taken = false;
}

static void end_job(struct syslog_link *link)
{
    loop_timer_stop(&link->whole);
    loop_timer_stop(&link->look);
    loop_defer_cancel(&link->report);
    link->busy = link->waits_for_ack = false;
    link->sent = 0;
    buf_clear(&link->out);
}

static void on_report(struct loop_defer *defer, void *user)
{
    struct syslog_link *link = user;
    (void)defer;
    end_job(link);
    link->done(link->user, *link->problem ? link->problem : NULL);
}

/* Whatever happens to the connection from now on is not this job's affair. */
static void succeed(struct syslog_link *link)
{
    end_job(link);
    link->problem[0] = '\0';
    loop_defer(link->loop, &link->report, on_report, link);
}

static void start_lookup(struct syslog_link *link);

/* A connection that was there before the job may have died unseen: then all goes once more by a
 * new one. */
static void fail(struct syslog_link *link, const char *words)
{
    bool again = link->busy && !link->fresh;
    note(link, "%s", words);
    disconnect(link);
    loop_timer_stop(&link->look);
    link->waits_for_ack = false;
    link->sent = 0;
    if (again) {
        link->fresh = true;
        start_lookup(link);
        return;
    }
    if (!link->busy)
        return;
    snprintf(link->problem, sizeof link->problem, "%.100s port %d: %.150s", link->host, link->port,
             words);
    loop_defer(link->loop, &link->report, on_report, link);
}

static void on_whole(struct loop_timer *timer, void *user)
{
    struct syslog_link *link = user;
    (void)timer;
    link->fresh = true;
    fail(link, "it did not take the messages within 30 s");
}

/* ---- what the other side says ---------------------------------------------------------------- */

static long read_some(const struct syslog_link *link)
{
    char bytes[512];
    if (link->tls)
        return tls_client_read(link->tls, bytes, sizeof bytes);
    ssize_t got = recv(link->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0)
        return (long)got;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* Nothing of it means anything, but its end does. False when it has ended. */
static bool read_away(struct syslog_link *link)
{
    for (int i = 0; i < READS_MOST; i++) {
        long result = read_some(link);
        if (result <= 0)
            return result == 0;
    }
    return true;
}

/* ---- what has arrived ------------------------------------------------------------------------ */

/* The kernel keeps what the other side has not acknowledged (SIOCOUTQ, tcp(7)); of datagrams there
 * is nothing to know. */
static bool has_arrived(const struct syslog_link *link)
{
    int left = 0;
    return link->transport == RECIPIENT_UDP || ioctl(link->fd, SIOCOUTQ, &left) < 0 || left == 0;
}

static void on_look(struct loop_timer *timer, void *user)
{
    struct syslog_link *link = user;
    int code = 0;
    socklen_t size = sizeof code;
    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code) {
        link->fresh |= link->transport == RECIPIENT_UDP;
        fail(link, strerror(code));
        return;
    }
    if (has_arrived(link)) {
        link->taken = true;
        note(link, link->transport == RECIPIENT_UDP
                       ? "nothing came back; whether a datagram arrives cannot be known"
                       : "the other machine has acknowledged all of it");
        succeed(link);
        return;
    }
    link->look_after *= 2;
    if (link->look_after > ACK_LOOK_LONGEST)
        link->look_after = ACK_LOOK_LONGEST;
    loop_timer_at(link->loop, timer, loop_now(link->loop) + link->look_after, on_look, link);
}

/* All has left. On a connection that has proven itself what is acknowledged already is not waited
 * for: a storm of alarms must not take a turn of the clock each. */
static void wait_for_ack(struct syslog_link *link)
{
    link->waits_for_ack = true;
    if (link->taken && has_arrived(link)) {
        succeed(link);
        return;
    }
    link->look_after = link->taken ? ACK_LOOK_FIRST : REFUSAL_WAIT;
    loop_timer_at(link->loop, &link->look, loop_now(link->loop) + link->look_after, on_look, link);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void on_ready(struct loop_fd *handle, int events, void *user);

static bool watch(struct syslog_link *link, int events)
{
    return loop_fd_start(link->loop, &link->watch, link->fd, events, on_ready, link) == 0;
}

/* The next datagram: its length as in `out`, then its bytes. */
static long send_datagram(struct syslog_link *link)
{
    uint32_t length;
    memcpy(&length, link->out.data + link->sent, sizeof length);
    ssize_t result = send(link->fd, link->out.data + link->sent + sizeof length, length,
                          MSG_DONTWAIT | MSG_NOSIGNAL);
    return result < 0 ? -1 : (long)(sizeof length + length);
}

static long send_some(struct syslog_link *link, int *wait, struct err *err)
{
    const char *bytes = link->out.data + link->sent;
    size_t left = link->out.length - link->sent;
    *wait = LOOP_WRITE;
    if (link->tls) {
        long sent = tls_client_write(link->tls, bytes, left, err);
        *wait = tls_client_wait(link->tls);
        return sent;
    }
    long result = link->transport == RECIPIENT_UDP
                      ? send_datagram(link)
                      : (long)send(link->fd, bytes, left, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (result >= 0)
        return result;
    return errno == EAGAIN || errno == EINTR ? 0 : err_set(err, -errno, "%s", strerror(errno));
}

/* As much as the socket takes now; on_ready goes on when it takes more. */
static void push(struct syslog_link *link)
{
    struct err err = ERR_EMPTY;
    if (link->sent == 0 && link->dialogue.keep && link->out.length > sizeof(uint32_t)) {
        size_t head = link->transport == RECIPIENT_UDP ? sizeof(uint32_t) : 0;
        char shown[400];
        snprintf(shown, sizeof shown, "%.*s", (int)(link->out.length - head),
                 link->out.data + head);
        mail_dialogue_ours(&link->dialogue, shown);
    }
    while (link->sent < link->out.length) {
        int wait;
        long result = send_some(link, &wait, &err);
        if (result < 0) {
            fail(link, err.text);
            return;
        }
        if (result == 0) {
            if (!watch(link, LOOP_READ | wait))
                fail(link, "it cannot be watched");
            return;
        }
        link->sent += (size_t)result;
    }
    watch(link, LOOP_READ);
    wait_for_ack(link);
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void try_next(struct syslog_link *link, const char *why);

static void opened(struct syslog_link *link)
{
    if (link->tls)
        note(link, "encrypted; the certificate is valid for %.250s", link->host);
    link->state = OPEN;
    link->opened_at = loop_now(link->loop);
    freeaddrinfo(link->addresses);
    link->addresses = link->next = NULL;
    if (link->busy)
        push(link);
    else
        watch(link, LOOP_READ);
}

static void shake(struct syslog_link *link)
{
    struct err err = ERR_EMPTY;
    int result = tls_client_shake(link->tls, &err);
    if (result < 0)
        mail_trust_forget(link->trust); /* the file may be mended meanwhile */
    if (result > 0)
        opened(link);
    else if (result < 0)
        fail(link, err.text);
    else if (!watch(link, tls_client_wait(link->tls)))
        fail(link, "it cannot be watched");
}

static void on_trust(void *user, gnutls_certificate_credentials_t trust, const struct err *problem)
{
    struct syslog_link *link = user;
    struct err err = ERR_EMPTY;
    if (!trust) {
        fail(link, problem->text);
        return;
    }
    link->tls = tls_client_new(link->fd, link->host, trust, &err);
    if (link->tls)
        shake(link);
    else
        fail(link, err.text);
}

static void begin_tls(struct syslog_link *link)
{
    link->state = SHAKING;
    loop_fd_stop(&link->watch); /* until the certificates have been read */
    if (!link->trust)
        link->trust = mail_trust_new(link->loop);
    if (link->trust)
        mail_trust_get(link->trust, link->ca, on_trust, link);
    else
        fail(link, "out of memory");
}

static void connected(struct syslog_link *link)
{
    int code = 0;
    socklen_t size = sizeof code;
    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0)
        code = errno;
    if (!code)
        note(link, "connected");
    if (code)
        try_next(link, strerror(code));
    else if (link->transport == RECIPIENT_TLS)
        begin_tls(link);
    else
        opened(link);
}

static void on_ready(struct loop_fd *handle, int events, void *user)
{
    struct syslog_link *link = user;
    (void)handle;
    if (link->state == CONNECTING)
        connected(link);
    else if (link->state == SHAKING)
        shake(link);
    else if (link->transport == RECIPIENT_UDP && (events & LOOP_READ))
        loop_fd_stop(&link->watch); /* an error, which on_look will find */
    else if ((events & LOOP_READ) && !read_away(link))
        fail(link, "closed by the other side");
    else if (link->busy && !link->waits_for_ack)
        push(link);
}

/* A receiver that lost its power while nothing was sent is found out before the next alarm. */
static void set_options(int fd)
{
    const struct {
        int level, name, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},   {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 60}, {IPPROTO_TCP, TCP_KEEPINTVL, 10},
        {IPPROTO_TCP, TCP_KEEPCNT, 3},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

/* Begins with one address; false, with errno, when it failed at once. */
static bool try_address(struct syslog_link *link, const struct addrinfo *address)
{
    bool datagrams = link->transport == RECIPIENT_UDP;
    int type = datagrams ? SOCK_DGRAM : SOCK_STREAM;
    link->fd = socket(address->ai_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (link->fd < 0)
        return false;
    if (!datagrams)
        set_options(link->fd);
    if (connect(link->fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS)
        return false;
    return watch(link, datagrams ? LOOP_READ : LOOP_WRITE);
}

static void try_next(struct syslog_link *link, const char *why)
{
    char words[200];
    snprintf(words, sizeof words, "%s", why);
    link->state = CONNECTING;
    while (link->next) {
        const struct addrinfo *address = link->next;
        link->next = address->ai_next;
        loop_fd_stop(&link->watch);
        if (link->fd >= 0)
            close(link->fd);
        link->fd = -1;
        if (!try_address(link, address)) {
            snprintf(words, sizeof words, "%s", strerror(errno));
            continue;
        }
        if (link->transport == RECIPIENT_UDP)
            opened(link);
        return;
    }
    fail(link, words);
}

static void on_found(void *user, struct addrinfo *found, const char *problem)
{
    struct syslog_link *link = user;
    link->lookup = NULL;
    link->addresses = link->next = found;
    if (problem)
        fail(link, problem);
    else
        try_next(link, "it has no address");
}

static void start_lookup(struct syslog_link *link)
{
    static const char *const transports[] = {"udp", "tcp", "tls"};
    note(link, "to %.250s, port %d, by %s", link->host, link->port, transports[link->transport]);
    int type = link->transport == RECIPIENT_UDP ? SOCK_DGRAM : SOCK_STREAM;
    link->fresh = true;
    link->state = LOOKING_UP;
    link->lookup = resolve_start(link->loop, link->host, link->port, type, on_found, link);
    if (!link->lookup)
        fail(link, "its name cannot be looked up");
}

/* ---- a name that may lead elsewhere ---------------------------------------------------------- */

static bool leads_there(const struct syslog_link *link, const struct addrinfo *found)
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof peer;
    if (getpeername(link->fd, (struct sockaddr *)&peer, &size) < 0)
        return false;
    for (; found; found = found->ai_next) {
        if (found->ai_addrlen == size && memcmp(found->ai_addr, &peer, size) == 0)
            return true;
    }
    return false;
}

static void on_refreshed(void *user, struct addrinfo *found, const char *problem)
{
    struct syslog_link *link = user;
    link->refresh = NULL;
    link->opened_at = loop_now(link->loop);
    bool stays = problem || leads_there(link, found);
    if (found)
        freeaddrinfo(found);
    if (stays)
        return;
    if (link->busy)
        link->opened_at = 0; /* looked at again with the next job */
    else
        disconnect(link);
}

static void refresh(struct syslog_link *link)
{
    bool old = loop_now(link->loop) - link->opened_at > NAME_KEPT;
    if (old && !link->refresh)
        link->refresh =
            resolve_start(link->loop, link->host, link->port, SOCK_DGRAM, on_refreshed, link);
}

/* ---- public ---------------------------------------------------------------------------------- */

struct syslog_link *syslog_link_new(struct loop *loop, syslog_link_fn *done, void *user)
{
    struct syslog_link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    link->loop = loop;
    link->done = done;
    link->user = user;
    link->fd = -1;
    link->watch = LOOP_FD_EMPTY;
    return link;
}

struct syslog_link *syslog_link_free(struct syslog_link *link)
{
    if (!link)
        return NULL;
    syslog_link_cancel(link);
    mail_trust_free(link->trust);
    buf_deinit(&link->message);
    buf_deinit(&link->out);
    mail_dialogue_deinit(&link->dialogue);
    free(link->host);
    free(link->ca);
    free(link);
    return NULL;
}

/* Whether the connection there is leads where these settings say. */
static bool is_same(const struct syslog_link *link, const struct recipient *way)
{
    return link->host && link->ca && strcmp(link->host, way->host) == 0 &&
           strcmp(link->ca, way->ca) == 0 && link->port == recipient_port(way) &&
           link->transport == (enum recipient_transport)way->transport;
}

static void set_way(struct syslog_link *link, const struct recipient *way)
{
    if (is_same(link, way))
        return;
    disconnect(link);
    free(link->host);
    free(link->ca);
    link->host = strdup(way->host);
    link->ca = strdup(way->ca);
    link->port = recipient_port(way);
    link->transport = (enum recipient_transport)way->transport;
}

void syslog_link_warm(struct syslog_link *link, const struct recipient *way)
{
    if (link->busy)
        return;
    set_way(link, way);
    if (link->state == CLOSED && link->host && link->ca)
        start_lookup(link);
}

void syslog_link_show(struct syslog_link *link, bool show)
{
    link->dialogue.keep = show;
    mail_dialogue_begin(&link->dialogue);
    if (show)
        disconnect(link);
}

const struct mail_dialogue *syslog_link_dialogue(const struct syslog_link *link)
{
    return &link->dialogue;
}

struct buf *syslog_link_begin(struct syslog_link *link, const struct recipient *way)
{
    assert(!link->busy);
    set_way(link, way);
    buf_clear(&link->message);
    buf_clear(&link->out);
    return &link->message;
}

void syslog_link_end(struct syslog_link *link)
{
    uint32_t length = (uint32_t)link->message.length;
    if (link->transport == RECIPIENT_UDP)
        buf_add(&link->out, &length, sizeof length);
    else
        buf_add_format(&link->out, "%u ", length); /* RFC 6587, 3.4.1 */
    buf_add(&link->out, link->message.data, link->message.length);
    link->out.failed |= link->message.failed;
    buf_clear(&link->message);
}

void syslog_link_send(struct syslog_link *link)
{
    link->busy = true;
    link->sent = 0;
    link->fresh = false;
    loop_timer_at(link->loop, &link->whole, loop_now(link->loop) + WHOLE_MOST, on_whole, link);
    if (link->out.failed || !link->host || !link->ca) {
        link->fresh = true;
        fail(link, "out of memory");
    } else if (link->state == OPEN) {
        if (link->transport == RECIPIENT_UDP)
            refresh(link);
        push(link);
    } else if (link->state == CLOSED) {
        start_lookup(link);
    } else {
        link->fresh = true; /* it is being connected: opened() goes on */
    }
}

void syslog_link_cancel(struct syslog_link *link)
{
    disconnect(link);
    end_job(link);
}
