#include "face/syslog_connection.h"

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

/* A name may lead elsewhere after so long. */
#define NAME_KEPT (300 * CLOCK_S)
#define READS_MOST 16 /* of what the other side says, in one turn */

/* ---- ends ------------------------------------------------------------------------------------ */

void syslog_connection_note(struct syslog_connection *connection, const char *format, ...)
{
    char words[400];
    va_list args;
    if (!connection->dialogue->keep)
        return;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    mail_dialogue_note(connection->dialogue, words);
}

void syslog_connection_close(struct syslog_connection *connection)
{
    loop_fd_stop(&connection->watch);
    connection->lookup = resolve_cancel(connection->lookup);
    connection->refresh = resolve_cancel(connection->refresh);
    if (connection->trust)
        mail_trust_cancel(connection->trust);
    connection->tls = tls_client_free(connection->tls);
    if (connection->fd >= 0)
        close(connection->fd);
    connection->fd = -1;
    if (connection->addresses)
        freeaddrinfo(connection->addresses);
    connection->addresses = connection->next = NULL;
    connection->state = SYSLOG_CLOSED;
}

static void fail(struct syslog_connection *connection, const char *words)
{
    syslog_connection_note(connection, "%s", words);
    syslog_connection_close(connection);
    connection->events.failed(connection->events.user, words);
}

/* ---- what the other side says ---------------------------------------------------------------- */

static long read_some(const struct syslog_connection *connection)
{
    char bytes[512];
    if (connection->tls)
        return tls_client_read(connection->tls, bytes, sizeof bytes);
    ssize_t got = recv(connection->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0)
        return (long)got;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* Nothing of it means anything, but its end does. False when it has ended. */
static bool read_away(struct syslog_connection *connection)
{
    for (int i = 0; i < READS_MOST; i++) {
        long result = read_some(connection);
        if (result <= 0)
            return result == 0;
    }
    return true;
}

/* ---- sending --------------------------------------------------------------------------------- */

static void on_ready(struct loop_fd *handle, int events, void *user);

static bool watch(struct syslog_connection *connection, int events)
{
    return loop_fd_start(connection->loop, &connection->watch, connection->fd, events, on_ready,
                         connection) == 0;
}

static long transmit(struct syslog_connection *connection, const char *bytes, size_t length,
                     int *wait, struct err *err)
{
    *wait = LOOP_WRITE;
    if (connection->tls) {
        long sent = tls_client_write(connection->tls, bytes, length, err);
        *wait = tls_client_wait(connection->tls);
        return sent;
    }
    ssize_t sent = send(connection->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0)
        return (long)sent;
    return errno == EAGAIN || errno == EINTR ? 0 : err_set(err, -errno, "%s", strerror(errno));
}

long syslog_connection_send(struct syslog_connection *connection, const char *bytes, size_t length,
                            struct err *err)
{
    int wait;
    long sent = transmit(connection, bytes, length, &wait, err);
    if (sent == 0 && !watch(connection, LOOP_READ | wait))
        return err_set(err, -EIO, "it cannot be watched");
    return sent;
}

void syslog_connection_rest(struct syslog_connection *connection)
{
    watch(connection, LOOP_READ);
}

/* The kernel keeps what the other side has not acknowledged (SIOCOUTQ, tcp(7)). */
bool syslog_connection_arrived(const struct syslog_connection *connection)
{
    int left = 0;
    return connection->transport == RECIPIENT_UDP || ioctl(connection->fd, SIOCOUTQ, &left) < 0 ||
           left == 0;
}

int syslog_connection_error(struct syslog_connection *connection)
{
    int code = 0;
    socklen_t size = sizeof code;
    return getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0 ? 0 : code;
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void try_next(struct syslog_connection *connection, const char *why);

static void opened(struct syslog_connection *connection)
{
    if (connection->tls)
        syslog_connection_note(connection, "encrypted; the certificate is valid for %.250s",
                               connection->host);
    connection->state = SYSLOG_OPEN;
    connection->opened_at = loop_now(connection->loop);
    freeaddrinfo(connection->addresses);
    connection->addresses = connection->next = NULL;
    connection->events.opened(connection->events.user);
}

static void shake(struct syslog_connection *connection)
{
    struct err err = ERR_EMPTY;
    int result = tls_client_shake(connection->tls, &err);
    if (result < 0)
        mail_trust_forget(connection->trust); /* the file may be mended meanwhile */
    if (result > 0)
        opened(connection);
    else if (result < 0)
        fail(connection, err.text);
    else if (!watch(connection, tls_client_wait(connection->tls)))
        fail(connection, "it cannot be watched");
}

static void on_trust(void *user, gnutls_certificate_credentials_t trust, const struct err *problem)
{
    struct syslog_connection *connection = user;
    struct err err = ERR_EMPTY;
    if (!trust) {
        fail(connection, problem->text);
        return;
    }
    connection->tls = tls_client_new(connection->fd, connection->host, trust, &err);
    if (connection->tls)
        shake(connection);
    else
        fail(connection, err.text);
}

static void begin_tls(struct syslog_connection *connection)
{
    connection->state = SYSLOG_SHAKING;
    loop_fd_stop(&connection->watch); /* until the certificates have been read */
    if (!connection->trust)
        connection->trust = mail_trust_new(connection->loop);
    if (connection->trust)
        mail_trust_get(connection->trust, connection->ca, on_trust, connection);
    else
        fail(connection, "out of memory");
}

static void connected(struct syslog_connection *connection)
{
    int code = 0;
    socklen_t size = sizeof code;
    if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0)
        code = errno;
    if (!code)
        syslog_connection_note(connection, "connected");
    if (code)
        try_next(connection, strerror(code));
    else if (connection->transport == RECIPIENT_TLS)
        begin_tls(connection);
    else
        opened(connection);
}

static void on_ready(struct loop_fd *handle, int events, void *user)
{
    struct syslog_connection *connection = user;
    (void)handle;
    if (connection->state == SYSLOG_CONNECTING)
        connected(connection);
    else if (connection->state == SYSLOG_SHAKING)
        shake(connection);
    else if (connection->transport == RECIPIENT_UDP && (events & LOOP_READ))
        loop_fd_stop(&connection->watch); /* an error, which syslog_connection_error() will tell */
    else if ((events & LOOP_READ) && !read_away(connection))
        fail(connection, "closed by the other side");
    else
        connection->events.ready(connection->events.user);
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
static bool try_address(struct syslog_connection *connection, const struct addrinfo *address)
{
    bool datagrams = connection->transport == RECIPIENT_UDP;
    int type = datagrams ? SOCK_DGRAM : SOCK_STREAM;
    connection->fd = socket(address->ai_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0)
        return false;
    if (!datagrams)
        set_options(connection->fd);
    if (connect(connection->fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS)
        return false;
    return watch(connection, datagrams ? LOOP_READ : LOOP_WRITE);
}

static void try_next(struct syslog_connection *connection, const char *why)
{
    char words[200];
    snprintf(words, sizeof words, "%s", why);
    connection->state = SYSLOG_CONNECTING;
    while (connection->next) {
        const struct addrinfo *address = connection->next;
        connection->next = address->ai_next;
        loop_fd_stop(&connection->watch);
        if (connection->fd >= 0)
            close(connection->fd);
        connection->fd = -1;
        if (!try_address(connection, address)) {
            snprintf(words, sizeof words, "%s", strerror(errno));
            continue;
        }
        if (connection->transport == RECIPIENT_UDP)
            opened(connection);
        return;
    }
    fail(connection, words);
}

static void on_found(void *user, struct addrinfo *found, const char *problem)
{
    struct syslog_connection *connection = user;
    connection->lookup = NULL;
    connection->addresses = connection->next = found;
    if (problem)
        fail(connection, problem);
    else
        try_next(connection, "it has no address");
}

void syslog_connection_open(struct syslog_connection *connection)
{
    static const char *const transports[] = {"udp", "tcp", "tls"};
    syslog_connection_note(connection, "to %.250s, port %d, by %s", connection->host,
                           connection->port, transports[connection->transport]);
    int type = connection->transport == RECIPIENT_UDP ? SOCK_DGRAM : SOCK_STREAM;
    connection->state = SYSLOG_LOOKING_UP;
    connection->lookup = resolve_start(connection->loop, connection->host, connection->port, type,
                                       on_found, connection);
    if (!connection->lookup)
        fail(connection, "its name cannot be looked up");
}

/* ---- a name that may lead elsewhere ---------------------------------------------------------- */

static bool leads_there(const struct syslog_connection *connection, const struct addrinfo *found)
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof peer;
    if (getpeername(connection->fd, (struct sockaddr *)&peer, &size) < 0)
        return false;
    for (; found; found = found->ai_next) {
        if (found->ai_addrlen == size && memcmp(found->ai_addr, &peer, size) == 0)
            return true;
    }
    return false;
}

static void on_refreshed(void *user, struct addrinfo *found, const char *problem)
{
    struct syslog_connection *connection = user;
    connection->refresh = NULL;
    connection->opened_at = loop_now(connection->loop);
    bool stays = problem || leads_there(connection, found);
    if (found)
        freeaddrinfo(found);
    if (stays)
        return;
    if (connection->busy)
        connection->opened_at = 0; /* looked at again with the next job */
    else
        syslog_connection_close(connection);
}

void syslog_connection_refresh(struct syslog_connection *connection)
{
    bool old = loop_now(connection->loop) - connection->opened_at > NAME_KEPT;
    if (old && !connection->refresh)
        connection->refresh = resolve_start(connection->loop, connection->host, connection->port,
                                            SOCK_DGRAM, on_refreshed, connection);
}

/* ---- life ------------------------------------------------------------------------------------ */

void syslog_connection_init(struct syslog_connection *connection, struct loop *loop,
                            const struct syslog_connection_events *events,
                            struct mail_dialogue *dialogue)
{
    *connection = (struct syslog_connection){
        .loop = loop, .events = *events, .dialogue = dialogue, .fd = -1, .watch = LOOP_FD_EMPTY};
}

void syslog_connection_deinit(struct syslog_connection *connection)
{
    syslog_connection_close(connection);
    connection->trust = mail_trust_free(connection->trust);
    free(connection->host);
    free(connection->ca);
}

/* Whether the connection there is leads where these settings say. */
static bool is_same(const struct syslog_connection *connection, const struct recipient *way)
{
    return connection->host && connection->ca && strcmp(connection->host, way->host) == 0 &&
           strcmp(connection->ca, way->ca) == 0 && connection->port == recipient_port(way) &&
           connection->transport == (enum recipient_transport)way->transport;
}

void syslog_connection_aim(struct syslog_connection *connection, const struct recipient *way)
{
    if (is_same(connection, way))
        return;
    syslog_connection_close(connection);
    free(connection->host);
    free(connection->ca);
    connection->host = strdup(way->host);
    connection->ca = strdup(way->ca);
    connection->port = recipient_port(way);
    connection->transport = (enum recipient_transport)way->transport;
}
