#include "face/nut_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "face/certificate.h"

/* Lines of one client in a turn; the others want theirs, too. */
#define LINES_AT_ONCE 32

static void work(struct nut_link *link);

static void on_defer(struct loop_defer *defer, void *user)
{
    (void)defer;
    work(user);
}

static void later(struct nut_link *link)
{
    if (link->fd >= 0 && !link->working)
        loop_defer(link->loop, &link->defer, on_defer, link);
}

static void fail(struct nut_link *link, const char *problem)
{
    if (!link->over)
        snprintf(link->problem, sizeof link->problem, "%.190s", problem);
    link->over = true;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Bytes, 0 when there are none now, -1 at the end. */
static long receive(struct nut_link *link, char *to, size_t room)
{
    if (link->tls) {
        long got = (long)gnutls_record_recv(link->tls, to, room);
        if (got > 0)
            return got;
        return got < 0 && !gnutls_error_is_fatal((int)got) ? 0 : -1;
    }
    ssize_t got = recv(link->fd, to, room, MSG_DONTWAIT);
    if (got > 0)
        return (long)got;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static long transmit(struct nut_link *link, const char *from, size_t length)
{
    if (link->tls) {
        long sent = (long)gnutls_record_send(link->tls, from, length);
        return sent >= 0 ? sent : gnutls_error_is_fatal((int)sent) ? -1 : 0;
    }
    ssize_t sent = send(link->fd, from, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0)
        return (long)sent;
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static int on_certificate(gnutls_session_t session, const gnutls_datum_t *authorities,
                          int authority_count, const gnutls_pk_algorithm_t *algorithms,
                          int algorithm_count, gnutls_pcert_st **chain, unsigned *count,
                          gnutls_privkey_t *key)
{
    struct certificate *certificate =
        ((struct nut_link *)gnutls_session_get_ptr(session))->certificate;
    (void)authorities;
    (void)authority_count;
    (void)algorithms;
    (void)algorithm_count;
    *chain = certificate->chain;
    *count = certificate->count;
    *key = certificate->key;
    return 0;
}

int nut_link_encrypt(struct nut_link *link, struct certificate *certificate)
{
    if (gnutls_certificate_allocate_credentials(&link->credentials) < 0)
        return -ENOMEM;
    gnutls_certificate_set_retrieve_function2(link->credentials, on_certificate);
    if (gnutls_init(&link->tls, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0 ||
        gnutls_priority_set_direct(link->tls, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", NULL) <
            0 ||
        gnutls_credentials_set(link->tls, GNUTLS_CRD_CERTIFICATE, link->credentials) < 0)
        return -ENOMEM;
    gnutls_session_set_ptr(link->tls, link);
    gnutls_transport_set_int(link->tls, link->fd);
    link->certificate = certificate_ref(certificate);
    link->shaking = true;
    link->half_since = loop_now(link->loop);
    return 0;
}

bool nut_link_encrypted(const struct nut_link *link)
{
    return link->tls && !link->shaking;
}

/* A handshake that fails ends the connection: nothing goes on in the clear. */
static void shake(struct nut_link *link)
{
    char problem[200];
    int result = gnutls_handshake(link->tls);
    if (result == GNUTLS_E_SUCCESS) {
        link->shaking = false;
        link->half_since = CLOCK_NEVER;
    } else if (gnutls_error_is_fatal(result)) {
        snprintf(problem, sizeof problem, "TLS: %.180s", gnutls_strerror(result));
        fail(link, problem);
    }
}

static void drop_tls(struct nut_link *link)
{
    if (link->tls)
        gnutls_deinit(link->tls);
    if (link->credentials)
        gnutls_certificate_free_credentials(link->credentials);
    link->tls = NULL;
    link->credentials = NULL;
    link->certificate = certificate_unref(link->certificate);
}

/* ---- in and out ------------------------------------------------------------------------------ */

static void flush(struct nut_link *link)
{
    bool clear = link->shaking; /* the consent to encrypt goes out before the encryption */
    gnutls_session_t tls = link->tls;
    if (clear)
        link->tls = NULL;
    while (!link->over && link->sent < link->out.length) {
        long sent = transmit(link, link->out.data + link->sent, link->out.length - link->sent);
        if (sent < 0)
            fail(link, "");
        if (sent <= 0)
            break;
        link->sent += (size_t)sent;
        link->stuck_since = loop_now(link->loop);
    }
    if (clear)
        link->tls = tls;
    if (link->sent < link->out.length) {
        if (link->stuck_since == CLOCK_NEVER)
            link->stuck_since = loop_now(link->loop);
        return;
    }
    link->sent = 0;
    link->stuck_since = CLOCK_NEVER;
    buf_deinit(&link->out); /* an answer may be large, and most connections are quiet */
}

static bool listens(const struct nut_link *link)
{
    return !link->over && !link->held && !link->finishing && !link->shaking && !link->out.length;
}

/* One line that is there whole; false: there is none. */
static bool tell_line(struct nut_link *link)
{
    const char *end = memchr(link->in, '\n', link->in_length);
    char line[sizeof link->in];
    if (!end)
        return false;
    size_t whole = (size_t)(end - link->in) + 1, length = whole - 1;
    length -= length > 0 && link->in[length - 1] == '\r';
    memcpy(line, link->in, length);
    link->in_length -= whole;
    memmove(link->in, link->in + whole, link->in_length);
    link->half_since = CLOCK_NEVER;
    link->to.line(link->to.user, line, length);
    gnutls_memset(line, 0, length); /* may have been a password */
    if (link->shaking && link->in_length)
        fail(link, "something was said between STARTTLS and the encryption");
    return true;
}

static bool read_some(struct nut_link *link)
{
    long got = receive(link, link->in + link->in_length, sizeof link->in - link->in_length);
    if (got < 0)
        fail(link, "");
    if (got <= 0)
        return false;
    link->in_length += (size_t)got;
    if (link->half_since == CLOCK_NEVER)
        link->half_since = loop_now(link->loop);
    return true;
}

/* False: there was more than fits a turn. */
static bool take_lines(struct nut_link *link)
{
    for (int i = 0; i < LINES_AT_ONCE && listens(link);) {
        if (tell_line(link)) {
            flush(link);
            i++;
        } else if (link->in_length == sizeof link->in) {
            link->to.too_long(link->to.user);
            nut_link_finish(link);
            flush(link);
        } else if (!read_some(link)) {
            return true;
        }
    }
    return !listens(link);
}

/* ---- the socket ------------------------------------------------------------------------------ */

static void on_ready(struct loop_fd *handle, int events, void *user)
{
    (void)handle;
    (void)events;
    work(user);
}

static void watch(struct nut_link *link)
{
    bool write =
        link->sent < link->out.length || (link->tls && gnutls_record_get_direction(link->tls));
    int events = (listens(link) || link->shaking ? LOOP_READ : 0) | (write ? LOOP_WRITE : 0);
    if (loop_fd_start(link->loop, &link->watch, link->fd, events, on_ready, link) < 0)
        fail(link, "out of memory");
}

static void work(struct nut_link *link)
{
    bool through = true;
    link->working = true;
    flush(link);
    if (link->shaking && !link->over && !link->out.length)
        shake(link);
    through = take_lines(link);
    if (link->finishing && !link->out.length)
        fail(link, "");
    if (!link->over)
        watch(link);
    link->working = false;
    if (link->over) {
        nut_link_close(link);
        link->to.ended(link->to.user, link->problem);
    } else if (!through) {
        later(link);
    }
}

int nut_link_open(struct nut_link *link, struct loop *loop, int fd, const struct nut_link_user *to)
{
    *link = (struct nut_link){.loop = loop,
                              .to = *to,
                              .fd = fd,
                              .watch = LOOP_FD_EMPTY,
                              .defer = LOOP_DEFER_EMPTY,
                              .out = BUF_EMPTY,
                              .stuck_since = CLOCK_NEVER,
                              .half_since = CLOCK_NEVER};
    watch(link);
    if (!link->over)
        return 0;
    nut_link_close(link);
    return -ENOMEM;
}

void nut_link_close(struct nut_link *link)
{
    if (link->fd < 0)
        return;
    loop_fd_stop(&link->watch);
    loop_defer_cancel(&link->defer);
    if (nut_link_encrypted(link))
        gnutls_bye(link->tls, GNUTLS_SHUT_WR);
    drop_tls(link);
    buf_deinit(&link->out);
    close(link->fd);
    link->fd = -1;
}

void nut_link_write(struct nut_link *link, struct buf *content)
{
    if (content->failed)
        fail(link, "out of memory");
    else
        buf_add(&link->out, content->data, content->length);
    buf_deinit(content);
    later(link);
}

void nut_link_hold(struct nut_link *link, bool hold)
{
    link->held = hold;
    later(link);
}

void nut_link_finish(struct nut_link *link)
{
    link->finishing = true;
    later(link);
}
