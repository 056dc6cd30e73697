#include "face/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

/* AES-256 first, nothing below TLS 1.2, no static RSA, no CBC. */
#define PRIORITIES                                                                                 \
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:+AEAD:"           \
    "+ECDHE-ECDSA:+ECDHE-RSA:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ALL:"           \
    "-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:-SIGN-DSA-SHA1:+COMP-NULL:+CTYPE-SRV-X509:%SERVER_PRECEDENCE"

/* Request line with its parameters (about 100 bytes each), headers, our own headers, the chunks of
 * a live stream. */
#define CONNECTION_MEMORY (24u * 1024)
#define RUNS_AT_ONCE 4
#define TURN_US 1000

static clock_us after(const struct http_server *server, int seconds)
{
    return loop_now(server->spec.loop) + seconds * CLOCK_S;
}

/* ---- running --------------------------------------------------------------------------------- */

static void on_again(struct loop_timer *timer, void *user);
static void on_sweep(struct loop_timer *timer, void *user);

static bool wants_more(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout;
    return MHD_get_timeout(server->daemon, &timeout) == MHD_YES && timeout == 0;
}

static void run(struct http_server *server)
{
    if (server->running)
        return; /* asked for from inside: the walk under way will see it */
    server->running = true;
    clock_us start = clock_mono(loop_clock(server->spec.loop));
    int rounds = 0;
    bool more, rested;
    do {
        MHD_run(server->daemon);
        more = wants_more(server);
        rested = clock_mono(loop_clock(server->spec.loop)) - start > TURN_US;
    } while (more && !rested && ++rounds < RUNS_AT_ONCE);
    server->running = false;
    /* Others want their turn, too: polling of a bus must not wait for handshakes. */
    if (more)
        loop_timer_at(server->spec.loop, &server->again, loop_now(server->spec.loop) + 1, on_again,
                      server);
    /* Longer time-outs are silence and deadlines: once a second is fine enough for both. */
    if (server->peers && !loop_timer_running(&server->sweep))
        loop_timer_every(server->spec.loop, &server->sweep, CLOCK_S, CLOCK_S, on_sweep, server);
}

static void on_again(struct loop_timer *timer, void *user)
{
    (void)timer;
    run(user);
}

static void on_epoll(struct loop_fd *handle, int events, void *user)
{
    (void)handle;
    (void)events;
    run(user);
}

static void on_run(struct loop_defer *defer, void *user)
{
    (void)defer;
    run(user);
}

static void wake(void *user)
{
    struct http_server *server = user;
    loop_defer(server->spec.loop, &server->run, on_run, server);
}

/* A client that left in the middle of its request. When the end comes with the last bytes
 * libmicrohttpd does not see it, and the connection would count until its deadline. */
static bool is_gone(const struct http_peer *peer)
{
    const struct request *request = peer->request;
    if (request && (request->response || request->suspended))
        return false; /* the other side may close its half and still read the answer */
    char byte;
    return recv(peer->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void on_sweep(struct loop_timer *timer, void *user)
{
    struct http_server *server = user;
    clock_us now = loop_now(server->spec.loop);
    for (const struct http_peer *peer = server->peers; peer; peer = peer->next) {
        /* libmicrohttpd sees the end of the connection and cleans up. */
        if (peer->deadline <= now || is_gone(peer))
            shutdown(peer->fd, SHUT_RDWR);
    }
    run(server);
    if (!server->peers)
        loop_timer_stop(timer);
}

/* ---- connections ----------------------------------------------------------------------------- */

static void write_address(const struct sockaddr *address, char *text, size_t size)
{
    snprintf(text, size, "unknown");
    if (address && address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        inet_ntop(AF_INET, &v4.sin_addr, text, (socklen_t)size);
    } else if (address && address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
            inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, (socklen_t)size);
        else
            inet_ntop(AF_INET6, &v6.sin6_addr, text, (socklen_t)size);
    }
}

/* Our own user and root are who could read and write all our files anyway. */
static bool is_own_user(int fd)
{
    struct ucred peer;
    socklen_t length = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static void open_peer(struct http_server *server, struct MHD_Connection *connection, void **context)
{
    struct http_peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return; /* its requests will be closed */
    peer->connection = connection;
    peer->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    peer->deadline = after(server, HTTP_HEADER_S);
    if (server->spec.local) {
        peer->local = is_own_user(peer->fd);
        strcpy(peer->address, "local");
    } else {
        write_address(
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
            peer->address, sizeof peer->address);
    }
    if (server->spec.certificate) {
        peer->tls = true;
        peer->certificate = certificate_ref(*server->spec.certificate);
    }
    peer->next = server->peers;
    peer->link = &server->peers;
    if (peer->next)
        peer->next->link = &peer->next;
    server->peers = peer;
    *context = peer;
}

static void close_peer(struct http_peer *peer)
{
    *peer->link = peer->next;
    if (peer->next)
        peer->next->link = peer->link;
    certificate_unref(peer->certificate);
    free(peer);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        open_peer(cls, connection, context);
    else if (*context)
        close_peer(*context);
}

static struct http_peer *peer_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* libmicrohttpd stores the connection in the session, the only way from a handshake to us. */
static int on_certificate(gnutls_session_t session, const gnutls_datum_t *authorities,
                          int authority_count, const gnutls_pk_algorithm_t *algorithms,
                          int algorithm_count, gnutls_pcert_st **chain, unsigned *count,
                          gnutls_privkey_t *key)
{
    (void)authorities;
    (void)authority_count;
    (void)algorithms;
    (void)algorithm_count;
    const struct http_peer *peer = peer_of(gnutls_session_get_ptr(session));
    if (!peer || !peer->certificate)
        return -1;
    *chain = peer->certificate->chain;
    *count = peer->certificate->count;
    *key = peer->certificate->key;
    return 0;
}

/* ---- requests -------------------------------------------------------------------------------- */

/* The first libmicrohttpd tells of a request, with the target as it was sent. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct request *request = calloc(1, sizeof *request);
    if (!request)
        return NULL;
    request->peer = peer_of(connection);
    if (request->peer)
        request->peer->request = request;
    request->connection = connection;
    request->wake = wake;
    request->server = cls;
    request->bad_target = !http_check_target(target);
    request->target = strdup(target);
    request->body.limit = LIMIT_REQUEST_BODY;
    return request;
}

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                 size_t name_length, const char *value, size_t value_length)
{
    struct request *request = cls;
    (void)kind;
    http_check_header(&request->check, name, name_length, value ? value : "", value_length);
    return MHD_YES;
}

static enum MHD_Result begin(struct http_server *server, struct request *request)
{
    request->started = true;
    request->peer->deadline = after(server, HTTP_BODY_S);
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, on_header, request);
    server->spec.begin(server->spec.user, request);
    /* Answered now, the connection ends; answered after the body, it can go on. */
    return request->early ? request_hand_over(request) : MHD_YES;
}

static enum MHD_Result take_body(struct request *request, const char *data, size_t *length)
{
    request->received += *length;
    /* Past the limit the rest is read for a while and dropped, so that the client hears why. */
    if (request->received > 2 * LIMIT_REQUEST_BODY)
        return MHD_NO;
    if (!request->response)
        buf_add(&request->body, data, *length);
    *length = 0;
    return MHD_YES;
}

static enum MHD_Result finish(struct http_server *server, struct request *request)
{
    if (!request->response && !request->suspended) {
        if (request->body.failed)
            request_problem(request, 413, "body-too-large", "Too much was sent",
                            "A request may carry at most %u bytes.", LIMIT_REQUEST_BODY);
        else if (server->stopping)
            request_stopping(request);
        else
            server->spec.serve(server->spec.user, request);
    }
    if (!request->response) {
        request->peer->deadline = CLOCK_NEVER; /* waiting for us, not for the client */
        return request->suspended ? MHD_YES : MHD_NO;
    }
    request->peer->deadline = request->endless ? CLOCK_NEVER : after(server, HTTP_ANSWER_S);
    return request_hand_over(request);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *length, void **context)
{
    struct http_server *server = cls;
    struct request *request = *context;
    (void)connection;
    if (!request || !request->peer || !request->target)
        return MHD_NO; /* out of memory */
    if (!request->started) {
        request->url = url;
        request->method = method;
        request->version = version;
        return begin(server, request);
    }
    return *length ? take_body(request, data, length) : finish(server, request);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct request *request = *context;
    (void)connection;
    (void)code;
    if (request && request->peer) {
        request->peer->request = NULL;
        request->peer->deadline = after(cls, HTTP_KEEP_S);
    }
    *context = request_free(request);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_log(void *cls, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void on_log(void *cls, const char *format, va_list args)
{
    /* Mostly what clients do wrong, at a rate that they choose: not for an operator's log. */
    (void)cls;
    char text[256];
    vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = '\0';
    log_debug("http_server", "%s", text);
}

static struct MHD_Daemon *start(struct http_server *server)
{
    const struct http_server_spec *spec = &server->spec;
    /* clang-format off */
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(intptr_t)on_certificate},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITIES},
        {MHD_OPTION_END, 0, NULL}};
    /* clang-format on */
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     (spec->certificate ? MHD_USE_TLS : 0u);
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, spec->fd, MHD_OPTION_CONNECTION_LIMIT, spec->connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, spec->connections_per_address,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_SILENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, server, spec->certificate ? MHD_OPTION_ARRAY : MHD_OPTION_END, tls,
        MHD_OPTION_END);
}

int http_server_open(struct http_server *server, const struct http_server_spec *spec,
                     struct err *err)
{
    *server = HTTP_SERVER_EMPTY;
    server->spec = *spec;
    server->daemon = start(server);
    if (!server->daemon) {
        close(spec->fd);
        return err_set(err, -EIO, "the HTTP server cannot start (out of memory or descriptors?)");
    }
    int epoll = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    int result = loop_fd_start(spec->loop, &server->epoll, epoll, LOOP_READ, on_epoll, server);
    if (result < 0) {
        http_server_close(server);
        return err_set_errno(err, result, "the HTTP server cannot be watched");
    }
    run(server);
    return 0;
}

void http_server_drain(struct http_server *server)
{
    if (!server->daemon)
        return;
    /* libmicrohttpd ends the program when it is stopped while a connection is suspended; the runs
     * below bring requests that arrived meanwhile. */
    server->stopping = true;
    for (const struct http_peer *peer = server->peers; peer; peer = peer->next) {
        if (peer->request)
            request_give_up(peer->request);
    }
    for (int i = 0; i < RUNS_AT_ONCE; i++)
        MHD_run(server->daemon);
}

void http_server_close(struct http_server *server)
{
    if (!server->daemon)
        return;
    loop_fd_stop(&server->epoll);
    loop_timer_stop(&server->again);
    loop_timer_stop(&server->sweep);
    loop_defer_cancel(&server->run);
    MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
}
