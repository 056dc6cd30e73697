/* request - one HTTP request from its first line to the end of its answer.
 *
 * An operation gets a complete request (body collected, rights checked), reads it with request_*
 * and answers once, at once or later: who answers later calls request_wait() and gives a way to
 * cancel. Everything is freed when libmicrohttpd has finished with the connection. Loop thread
 * only.
 */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "face/block.h"
#include "face/http_check.h"
#include "face/route.h"
#include "face/time_form.h"
#include "model/access.h"

struct certificate;
struct request;
struct web;

/* What we know of a connection; lives as long as it does. */
struct http_peer {
    struct http_peer *next, **link;
    struct MHD_Connection *connection;
    struct request *request; /* the one under way, or NULL */
    int fd;
    bool tls;
    bool local;       /* the unix socket, from our own user or root: administrator "local" */
    char address[48]; /* text of the IP address, "local" for the unix socket */
    struct certificate *certificate; /* the one its handshake began with, NULL without TLS */
    clock_us deadline; /* monotonic: then it is cut off, whatever it is doing; CLOCK_NEVER for live
                          streams */
};

#define REQUEST_HEADERS 6

struct request {
    struct web *web;
    struct MHD_Connection *connection;
    struct http_peer *peer;
    void (*wake)(void *server); /* something can go on: run the server at the end of the turn */
    void *server;

    const char *method, *version, *url; /* path without the query, unescaped; libmicrohttpd's */
    char *target;                       /* as it was sent, with the query; our copy */
    struct http_check check;
    bool bad_target; /* escapes that must not be */
    bool early;      /* the answer must not wait for the body, and ends the connection */
    bool started;    /* headers have been looked at */

    struct route_match match;
    enum access_role role;
    char user[LIMIT_NAME + 1];

    struct buf body;
    uint64_t received; /* bytes of body, kept or not */

    struct {
        const char *name; /* constant */
        char *value;
    } headers[REQUEST_HEADERS];
    size_t header_count;
    struct MHD_Response *response; /* the answer, until it is handed over */
    unsigned status;
    bool shared; /* the response is somebody else's and lives on */
    bool suspended;
    bool endless;              /* a live stream: no deadline for its answer */
    void (*cancel)(void *job); /* of a wait */
    void *job;
};

/* ---- reading --------------------------------------------------------------------------------- */

bool request_is_head(const struct request *request);

/* A header field or a cookie, NULL when missing; a query parameter likewise (the first one).
 * Borrowed. */
const char *request_header(const struct request *request, const char *name);
const char *request_cookie(const struct request *request, const char *name);
const char *request_query(const struct request *request, const char *name);

/* Call `fn` for each value of a repeated query parameter. */
void request_query_each(const struct request *request, const char *name,
                        void (*fn)(void *user, const char *value), void *user);

/* The first `most` values of it to `list`, borrowed. How many there are, which may be more. */
size_t request_query_list(const struct request *request, const char *name, const char **list,
                          size_t most);

/* Copy the route's parameter `index` into `text`; false when it does not fit. */
bool request_path_value(const struct request *request, size_t index, char *text, size_t size);

/* The bearer token, or NULL. */
const char *request_token(const struct request *request);

/* `?time=`; false when the request has been answered with 400. */
bool request_time_form(struct request *request, enum time_form *form);

/* ---- answering: exactly one of these, once --------------------------------------------------- */

/* A header to go out with the answer; call before answering. `name` is constant, `value` is copied.
 */
void request_add_header(struct request *request, const char *name, const char *value);

/* The buffer's memory passes to the answer; a failed one becomes a 503. */
void request_answer_take(struct request *request, unsigned status, const char *type,
                         struct buf *body);
void request_answer_json(struct request *request, struct buf *body); /* 200, takes the memory */
void request_answer_block(struct request *request, unsigned status, const char *type,
                          struct block *block); /* takes one reference */
/* `length` bytes of the open file from `first` on; `fd` is taken. */
void request_answer_file(struct request *request, unsigned status, const char *type, int fd,
                         uint64_t first, uint64_t length);
void request_answer_empty(struct request *request, unsigned status);

/* A prepared response, which may be shared by many requests; takes one reference. NULL becomes a
 * 503. */
void request_answer_response(struct request *request, unsigned status,
                             struct MHD_Response *response);

/* The same, keeping the caller's reference. */
void request_answer_shared(struct request *request, unsigned status, struct MHD_Response *response);

/* 200 with a body that a callback gives part by part; takes `response`, NULL becomes a 503. */
void request_answer_parts(struct request *request, const char *type, struct MHD_Response *response);

/* A live stream of server-sent events. */
void request_answer_stream(struct request *request, struct MHD_Response *response);

/* RFC 9457 problem details of type "/problems/KIND". `detail` is a sentence with the way out. */
void request_problem(struct request *request, unsigned status, const char *kind, const char *title,
                     const char *detail, ...) __attribute__((format(printf, 5, 6)));

/* ---- answering later ------------------------------------------------------------------------- */

/* The answer comes later; until then `cancel(job)` is called if it cannot be delivered any more. A
 * second call replaces the first. Nothing happens when the answer is there already. */
void request_wait(struct request *request, void (*cancel)(void *job), void *job);

/* Nobody will answer any more: cancels the wait and answers 503. */
void request_give_up(struct request *request);

/* Answers 503: the program ends. For requests that nobody has looked at yet. */
void request_stopping(struct request *request);

/* Security headers that every answer carries; `cache` is the Cache-Control value. */
void request_secure(struct MHD_Response *response, const char *cache);

/* ---- for the server -------------------------------------------------------------------------- */

/* Hand the answer over when there is one. MHD_NO when it cannot be. */
enum MHD_Result request_hand_over(struct request *request);

struct request *request_free(struct request *request);
