#include "face/request.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "face/problem.h"

/* ---- reading --------------------------------------------------------------------------------- */

bool request_is_head(const struct request *request)
{
    return strcmp(request->method, "HEAD") == 0;
}

const char *request_header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *request_cookie(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, name);
}

const char *request_query(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

struct query_walk {
    const char *name;
    void (*fn)(void *user, const char *value);
    void *user;
};

static enum MHD_Result on_query(void *cls, enum MHD_ValueKind kind, const char *key,
                                const char *value)
{
    const struct query_walk *walk = cls;
    (void)kind;
    if (value && strcmp(key, walk->name) == 0)
        walk->fn(walk->user, value);
    return MHD_YES;
}

void request_query_each(const struct request *request, const char *name,
                        void (*fn)(void *user, const char *value), void *user)
{
    struct query_walk walk = {.name = name, .fn = fn, .user = user};
    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, on_query, &walk);
}

struct listing {
    const char **list;
    size_t most, count;
};

static void add_value(void *user, const char *value)
{
    struct listing *listing = user;
    if (listing->count < listing->most)
        listing->list[listing->count] = value;
    listing->count++;
}

size_t request_query_list(const struct request *request, const char *name, const char **list,
                          size_t most)
{
    struct listing listing = {.list = list, .most = most};
    request_query_each(request, name, add_value, &listing);
    return listing.count;
}

bool request_path_value(const struct request *request, size_t index, char *text, size_t size)
{
    assert(index < ROUTE_PARAMETERS);
    size_t length = request->match.lengths[index];
    if (length >= size)
        return false;
    memcpy(text, request->match.values[index], length);
    text[length] = '\0';
    return true;
}

const char *request_token(const struct request *request)
{
    const char *value = request_header(request, "Authorization");
    return value && strncasecmp(value, "Bearer ", 7) == 0 && value[7] ? value + 7 : NULL;
}

bool request_time_form(struct request *request, enum time_form *form)
{
    int found = time_form_find(request_query(request, "time"));
    if (found < 0) {
        request_problem(request, 400, "bad-parameter", "Unknown form of time",
                        "time is one of utc, local, unix.");
        return false;
    }
    *form = (enum time_form)found;
    return true;
}

/* ---- answering ------------------------------------------------------------------------------- */

void request_secure(struct MHD_Response *response, const char *cache)
{
    static const char *const headers[][2] = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
         "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
         "form-action 'self'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
    MHD_add_response_header(response, "Cache-Control", cache);
}

void request_add_header(struct request *request, const char *name, const char *value)
{
    assert(request->header_count < REQUEST_HEADERS);
    char *copy = strdup(value);
    if (!copy)
        return;
    request->headers[request->header_count].name = name;
    request->headers[request->header_count++].value = copy;
}

void request_answer_response(struct request *request, unsigned status,
                             struct MHD_Response *response)
{
    assert(!request->response);
    if (!response) {
        /* Out of memory: an answer without a body is the least that can be said. */
        status = MHD_HTTP_SERVICE_UNAVAILABLE;
        response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    }
    request->response = response;
    request->status = status;
    request->cancel = NULL;
    request->job = NULL;
    if (request->suspended) {
        request->suspended = false;
        MHD_resume_connection(request->connection);
        request->wake(request->server);
    }
}

void request_answer_shared(struct request *request, unsigned status, struct MHD_Response *response)
{
    /* libmicrohttpd counts references but offers no way to add one; so the answer is not released
     * after handing over. */
    request->shared = true;
    request_answer_response(request, status, response);
}

/* Headers that belong to this request alone; so `response` must not be a shared one. */
static void answer_own(struct request *request, unsigned status, const char *type,
                       struct MHD_Response *response)
{
    if (response) {
        request_secure(response, "no-store");
        if (type)
            MHD_add_response_header(response, "Content-Type", type);
        for (size_t i = 0; i < request->header_count; i++)
            MHD_add_response_header(response, request->headers[i].name, request->headers[i].value);
        if (request->early)
            MHD_add_response_header(response, "Connection", "close");
    }
    request_answer_response(request, status, response);
}

void request_answer_take(struct request *request, unsigned status, const char *type,
                         struct buf *body)
{
    if (body->failed) {
        buf_deinit(body);
        request_problem(request, 503, "too-large", "Too much at once",
                        "The answer is too large to be held in memory; ask for a smaller part.");
        return;
    }
    struct MHD_Response *response =
        body->length
            ? MHD_create_response_from_buffer_with_free_callback(body->length, body->data, free)
            : MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response && body->length)
        *body = BUF_EMPTY;
    else
        buf_deinit(body);
    answer_own(request, status, type, response);
}

void request_answer_json(struct request *request, struct buf *body)
{
    request_answer_take(request, 200, "application/json", body);
}

static void release_block(void *cls)
{
    block_unref(cls);
}

void request_answer_block(struct request *request, unsigned status, const char *type,
                          struct block *block)
{
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        block->length, block->data, release_block, block);
    if (!response)
        block_unref(block);
    answer_own(request, status, type, response);
}

void request_answer_file(struct request *request, unsigned status, const char *type, int fd,
                         uint64_t first, uint64_t length)
{
    struct MHD_Response *response = MHD_create_response_from_fd_at_offset64(length, fd, first);
    if (!response)
        close(fd);
    answer_own(request, status, type, response);
}

void request_answer_empty(struct request *request, unsigned status)
{
    answer_own(request, status, NULL,
               MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

void request_answer_parts(struct request *request, const char *type, struct MHD_Response *response)
{
    answer_own(request, 200, type, response);
}

void request_answer_stream(struct request *request, struct MHD_Response *response)
{
    request_add_header(request, "X-Accel-Buffering", "no"); /* a proxy must not hold events back */
    answer_own(request, 200, "text/event-stream", response);
}

void request_problem(struct request *request, unsigned status, const char *kind, const char *title,
                     const char *detail, ...)
{
    char text[1024];
    va_list args;
    va_start(args, detail);
    vsnprintf(text, sizeof text, detail, args);
    va_end(args);
    struct buf body = BUF_EMPTY;
    problem_write(&body, status, kind, title, text);
    if (body.failed) {
        buf_deinit(&body);
        answer_own(request, 503, NULL, NULL);
        return;
    }
    request_answer_take(request, status, PROBLEM_TYPE, &body);
}

/* ---- answering later ------------------------------------------------------------------------- */

void request_wait(struct request *request, void (*cancel)(void *job), void *job)
{
    if (request->response)
        return;
    request->cancel = cancel;
    request->job = job;
    if (request->suspended)
        return; /* one wait after another: only who cancels is new */
    request->suspended = true;
    MHD_suspend_connection(request->connection);
}

void request_give_up(struct request *request)
{
    if (!request->suspended)
        return;
    if (request->cancel)
        request->cancel(request->job);
    request_stopping(request);
}

void request_stopping(struct request *request)
{
    request_problem(request, 503, "stopping", "The program is being stopped",
                    "Ask again when it runs again.");
}

/* ---- for the server -------------------------------------------------------------------------- */

enum MHD_Result request_hand_over(struct request *request)
{
    struct MHD_Response *response = request->response;
    if (!response)
        return MHD_YES;
    request->response = NULL;
    enum MHD_Result result = MHD_queue_response(request->connection, request->status, response);
    if (!request->shared)
        MHD_destroy_response(response);
    return result;
}

struct request *request_free(struct request *request)
{
    if (!request)
        return NULL;
    if (request->cancel)
        request->cancel(request->job);
    if (request->response && !request->shared)
        MHD_destroy_response(request->response);
    for (size_t i = 0; i < request->header_count; i++)
        free(request->headers[i].value);
    buf_deinit(&request->body);
    free(request->target);
    free(request);
    return NULL;
}
