#include "face/mail_link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* For one of several addresses: the next one may answer. */
#define ADDRESS_WAIT (10 * CLOCK_S)
#define READ_ROOM 4096
/* In one turn: a server that floods us does not hold up the loop. */
#define READS_MOST 16

static void work(struct mail_link *link);
static void on_defer(struct loop_defer *defer, void *user);
static void try_next(struct mail_link *link, const char *problem);

/* ---- ends ------------------------------------------------------------------------------------ */

static void drop_socket(struct mail_link *link)
{
    loop_fd_stop(&link->watch);
    loop_timer_stop(&link->patience);
    loop_defer_cancel(&link->defer);
    link->tls = tls_client_free(link->tls);
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    link->connecting = link->shaking = link->open = link->encrypts = false;
}

void mail_link_close(struct mail_link *link)
{
    if (link->trust && link->encrypts)
        mail_trust_cancel(link->trust);
    drop_socket(link);
    link->lookup = resolve_cancel(link->lookup);
    if (link->addresses)
        freeaddrinfo(link->addresses);
    link->addresses = link->next = NULL;
    link->sent = 0;
    buf_clear(&link->in);
    buf_clear(&link->out);
}

void mail_link_deinit(struct mail_link *link)
{
    mail_link_close(link);
    link->trust = mail_trust_free(link->trust);
    buf_deinit(&link->in);
    buf_deinit(&link->out);
}

static long transmit(struct mail_link *link, const char *from, size_t length);

void mail_link_farewell(struct mail_link *link, const char *line)
{
    if (link->open && !link->out.length && transmit(link, line, strlen(line)) > 0 && link->tls)
        tls_client_bye(link->tls);
    mail_link_close(link);
}

static void fail(struct mail_link *link, const char *problem)
{
    snprintf(link->problem, sizeof link->problem, "%.290s", problem);
    mail_link_close(link);
    link->to.failed(link->to.user, link->problem);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Bytes, 0 when there are none now, -1 at the end. */
static long receive(struct mail_link *link, char *to, size_t room)
{
    if (link->tls)
        return tls_client_read(link->tls, to, room);
    ssize_t got = recv(link->fd, to, room, MSG_DONTWAIT);
    if (got > 0)
        return (long)got;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* Lines are told one by one; each call may change everything. */
static void tell_lines(struct mail_link *link)
{
    while (link->open) {
        const char *end = link->in.length ? memchr(link->in.data, '\n', link->in.length) : NULL;
        if (!end)
            break;
        char line[MAIL_LINE_MOST];
        size_t whole = (size_t)(end - link->in.data) + 1, length = whole - 1;
        length -= length > 0 && link->in.data[length - 1] == '\r';
        length = length < sizeof line ? length : sizeof line;
        memcpy(line, link->in.data, length);
        buf_consume(&link->in, whole);
        link->to.line(link->to.user, line, length);
    }
    if (link->open && link->in.length >= MAIL_LINE_MOST)
        fail(link, "it said a line that does not end");
}

static void read_all(struct mail_link *link)
{
    for (int i = 0; i < READS_MOST && link->open; i++) {
        char *room = buf_reserve(&link->in, READ_ROOM);
        long got = room ? receive(link, room, READ_ROOM) : -1;
        if (got == 0)
            return;
        if (got < 0) {
            fail(link, room ? "it closed the connection" : "out of memory");
            return;
        }
        link->in.length += (size_t)got;
        tell_lines(link);
    }
    /* libraries may hold more than the socket shows */
    if (link->open && link->tls && tls_client_pending(link->tls))
        loop_defer(link->loop, &link->defer, on_defer, link);
}

/* ---- writing --------------------------------------------------------------------------------- */

static long transmit(struct mail_link *link, const char *from, size_t length)
{
    if (link->tls)
        return tls_client_write(link->tls, from, length, NULL);
    ssize_t sent = send(link->fd, from, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0)
        return (long)sent;
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

/* False when the link has failed. Where something did not fit nothing more goes out: what follows
 * would close over the gap. */
static bool write_all(struct mail_link *link)
{
    if (link->out.failed) {
        fail(link, "out of memory");
        return false;
    }
    while (link->sent < link->out.length) {
        long sent = transmit(link, link->out.data + link->sent, link->out.length - link->sent);
        if (sent < 0) {
            fail(link, "it closed the connection");
            return false;
        }
        if (sent == 0)
            return true;
        link->sent += (size_t)sent;
    }
    if (link->out.length == 0)
        return true;
    link->sent = 0;
    buf_clear(&link->out);
    link->to.written(link->to.user);
    return link->open;
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static void refuse(struct mail_link *link, const struct err *err)
{
    char problem[300];
    snprintf(problem, sizeof problem, "it is not trusted: %.250s", err->text);
    mail_trust_forget(link->trust);
    fail(link, problem);
}

static void shake(struct mail_link *link)
{
    struct err err = ERR_EMPTY;
    int result = tls_client_shake(link->tls, &err);
    if (result < 0)
        refuse(link, &err);
    if (result <= 0)
        return;
    link->shaking = link->encrypts = false;
    link->open = true;
    link->to.opened(link->to.user);
}

static void on_trust(void *user, gnutls_certificate_credentials_t trust, const struct err *err)
{
    struct mail_link *link = user;
    if (!trust) {
        fail(link, err->text);
        return;
    }
    struct err problem = ERR_EMPTY;
    link->tls = tls_client_new(link->fd, link->host, trust, &problem);
    if (!link->tls) {
        fail(link, problem.text);
        return;
    }
    link->shaking = true;
    work(link);
}

void mail_link_encrypt(struct mail_link *link, const char *ca)
{
    if (link->in.length) { /* RFC 3207, 4.2, and CVE-2021-38371 and its kin */
        fail(link, "something was said between its consent to encrypt and the encryption");
        return;
    }
    if (!link->trust)
        link->trust = mail_trust_new(link->loop);
    if (!link->trust) {
        fail(link, "out of memory");
        return;
    }
    link->open = false;
    link->encrypts = true;
    loop_fd_stop(&link->watch); /* what comes is for TLS */
    mail_trust_get(link->trust, ca, on_trust, link);
}

/* ---- the socket ------------------------------------------------------------------------------ */

static void on_ready(struct loop_fd *handle, int events, void *user);

static void watch(struct mail_link *link)
{
    bool write = link->connecting || link->sent < link->out.length ||
                 (link->tls && tls_client_wait(link->tls) == LOOP_WRITE);
    int events = (link->connecting ? 0 : LOOP_READ) | (write ? LOOP_WRITE : 0);
    if (loop_fd_start(link->loop, &link->watch, link->fd, events, on_ready, link) < 0)
        fail(link, "out of memory");
}

static void connected(struct mail_link *link)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        try_next(link, strerror(error));
        return;
    }
    loop_timer_stop(&link->patience);
    link->connecting = false;
    link->open = true;
    link->to.opened(link->to.user);
}

/* What can be done now, and what is waited for. */
static void work(struct mail_link *link)
{
    if (link->shaking)
        shake(link);
    if (link->open && write_all(link))
        read_all(link);
    if (link->fd >= 0 && (link->connecting || link->shaking || link->open))
        watch(link);
}

static void on_ready(struct loop_fd *handle, int events, void *user)
{
    struct mail_link *link = user;
    (void)handle;
    (void)events;
    if (link->connecting)
        connected(link);
    if (link->fd >= 0 && !link->connecting)
        work(link);
}

static void on_defer(struct loop_defer *defer, void *user)
{
    (void)defer;
    work(user);
}

void mail_link_write(struct mail_link *link, const void *bytes, size_t length)
{
    buf_add(&link->out, bytes, length);
    if (link->fd >= 0)
        loop_defer(link->loop, &link->defer, on_defer, link);
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void on_impatient(struct loop_timer *timer, void *user)
{
    (void)timer;
    try_next(user, "it does not answer");
}

static void try_next(struct mail_link *link, const char *problem)
{
    char words[300];
    const int on = 1;
    snprintf(words, sizeof words, "%.290s", problem);
    drop_socket(link);
    while (link->next) {
        const struct addrinfo *one = link->next;
        link->next = one->ai_next;
        link->fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        /* the end of a message would wait until its beginning has been acknowledged */
        (void)setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (link->fd >= 0 &&
            (connect(link->fd, one->ai_addr, one->ai_addrlen) == 0 || errno == EINPROGRESS)) {
            link->connecting = true;
            if (link->next)
                loop_timer_at(link->loop, &link->patience, loop_now(link->loop) + ADDRESS_WAIT,
                              on_impatient, link);
            watch(link);
            return;
        }
        snprintf(words, sizeof words, "%s", strerror(errno));
        drop_socket(link);
    }
    fail(link, words);
}

static void on_found(void *user, struct addrinfo *found, const char *problem)
{
    struct mail_link *link = user;
    link->lookup = NULL;
    if (problem) {
        fail(link, problem);
        return;
    }
    link->addresses = link->next = found;
    try_next(link, "it has no address");
}

int mail_link_open(struct mail_link *link, const char *host, int port)
{
    mail_link_close(link);
    snprintf(link->host, sizeof link->host, "%s", host);
    link->lookup = resolve_start(link->loop, host, port, SOCK_STREAM, on_found, link);
    return link->lookup ? 0 : -ENOMEM;
}

void mail_link_init(struct mail_link *link, struct loop *loop, const struct mail_link_user *user)
{
    *link = (struct mail_link){.loop = loop,
                               .to = *user,
                               .fd = -1,
                               .watch = LOOP_FD_EMPTY,
                               .patience = LOOP_TIMER_EMPTY,
                               .defer = LOOP_DEFER_EMPTY};
}
