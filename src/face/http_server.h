/* http_server - libmicrohttpd in our loop: one listener, its connections, their deadlines.
 *
 * libmicrohttpd keeps an epoll set of its own; the loop watches that and runs it when something is
 * ready. Its time-out counts silence only, so a client that sends a byte now and then would stay
 * for ever: every connection has a deadline of ours besides. Embedded; owns its peers and requests.
 * Loop thread only.
 */
#pragma once

#include "base/err.h"
#include "base/loop.h"
#include "face/certificate.h"
#include "face/request.h"

/* From the first byte to the end of the headers, TLS handshake included; then for the body. */
#define HTTP_HEADER_S 20
#define HTTP_BODY_S 30
#define HTTP_ANSWER_S 300 /* to fetch an answer */
#define HTTP_KEEP_S 75    /* from one answer to the end of the next request's headers */
#define HTTP_SILENCE_S 30 /* without any byte while one is expected */

struct http_server_spec {
    struct loop *loop;
    int fd; /* listening socket, taken */
    struct certificate *const
        *certificate; /* the one in force, looked up at each handshake; NULL: no TLS */
    bool local;       /* the unix socket */
    unsigned connections, connections_per_address;

    /* Headers are there; may answer at once, and must when it refuses. `early` says that the body
     * is not waited for. */
    void (*begin)(void *user, struct request *request);
    /* The request is complete and unanswered. */
    void (*serve)(void *user, struct request *request);
    void *user;
};

struct http_server {
    struct http_server_spec spec;
    struct MHD_Daemon *daemon;
    struct loop_fd epoll;
    struct loop_timer again, sweep;
    struct loop_defer run;
    struct http_peer *peers;
    bool running;
    bool stopping; /* what comes now is refused: nothing may begin to wait any more */
};

#define HTTP_SERVER_EMPTY ((struct http_server){0})

/* `server` must stay where it is until http_server_close. 0 or negative and `err`; the descriptor
 * is closed then, too. */
int http_server_open(struct http_server *server, const struct http_server_spec *spec,
                     struct err *err);

/* Give up what is waited for, refuse what still comes in, and let last answers and ended streams go
 * out. Before http_server_close. */
void http_server_drain(struct http_server *server);

/* Idempotent. */
void http_server_close(struct http_server *server);
