#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/event_log.h"
#include "engine/history.h"
#include "engine/import_rows.h"
#include "face/api_operations.h"
#include "face/web_private.h"

/* An import under way: read on the pool, then given to the store. */
struct import {
    struct request *request; /* NULL: the client went away; what was begun goes on */
    struct history *history;
    struct event_log *events; /* outlives the request */
    char user[LIMIT_NAME + 1], origin[64];
    enum import_form form;
    uint64_t first_line;
    struct buf body;
    struct import_rows rows;
    struct err err;
};

static void free_import(struct import *import)
{
    import_rows_deinit(&import->rows);
    buf_deinit(&import->body);
    free(import);
}

static void on_gone(void *user)
{
    ((struct import *)user)->request = NULL;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void answer(struct import *import, uint64_t taken, uint64_t known)
{
    const struct import_rows *rows = &import->rows;
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    json_pair_int(&json, "taken", (int64_t)taken);
    json_pair_int(&json, "known", (int64_t)(known + rows->repeated));
    json_pair_int(&json, "refused", (int64_t)rows->refused);
    json_key(&json, "refusals");
    json_open_array(&json);
    for (size_t i = 0; i < rows->refusal_count; i++) {
        json_open_object(&json);
        json_pair_int(&json, "line", (int64_t)rows->refusals[i].line);
        json_pair_text(&json, "reason", rows->refusals[i].reason);
        json_close_object(&json);
    }
    json_close_array(&json);
    json_close_object(&json);
    request_answer_json(import->request, &body);
}

static void answer_failed(struct import *import, const struct err *err)
{
    request_problem(import->request, 503, "not-saved", "The readings could not be recorded", "%s.",
                    err->text);
}

/* Also when whoever sent it has left meanwhile: the past is another one now. */
static void tell(const struct import *import, uint64_t taken)
{
    size_t count = 0;
    char text[400];
    while (count < import->rows.series_count && import->rows.points[count].path)
        count++;
    snprintf(text, sizeof text,
             "%s (%s) imported %" PRIu64 " reading%s of %zu point%s, the first of them %s",
             *import->user ? import->user : "somebody", import->origin, taken,
             taken == 1 ? "" : "s", count, count == 1 ? "" : "s", import->rows.points[0].path);
    event_log_add(import->events, &(struct event){.kind = EVENT_HISTORY_IMPORTED,
                                                  .actor = import->user,
                                                  .origin = import->origin,
                                                  .object = "history",
                                                  .text = text});
}

static void on_imported(void *user, uint64_t taken, uint64_t known, const struct err *err)
{
    struct import *import = user;
    if (taken > 0)
        tell(import, taken);
    if (import->request && err && err->code)
        answer_failed(import, err);
    else if (import->request)
        answer(import, taken, known);
    free_import(import);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void work(void *user)
{
    struct import *import = user;
    import_rows_read(&import->rows, import->form, import->body.data, import->body.length,
                     import->first_line, &import->err);
}

/* The web stays until its requests are answered, and this one is one of them: without it nothing of
 * the web may be touched. */
static void on_read(void *user)
{
    struct import *import = user;
    struct err err = ERR_EMPTY;
    size_t count = 0;
    if (!import->request) {
        free_import(import);
        return;
    }
    if (import->err.code) {
        request_problem(import->request, import->err.code == -ENOMEM ? 503 : 400,
                        import->err.code == -ENOMEM ? "busy" : "malformed",
                        "The text cannot be read", "%s.", import->err.text);
        free_import(import);
        return;
    }
    struct history_import_point *points = import_rows_points(&import->rows, &count);
    if (points && count == 0) {
        answer(import, 0, 0);
        free_import(import);
    } else if (!points) {
        request_answer_response(import->request, 503, NULL);
        free_import(import);
    } else if (history_import(import->history, points, count, on_imported, import, &err) < 0) {
        answer_failed(import, &err);
        free_import(import);
    }
}

/* ---- the request ----------------------------------------------------------------------------- */

static bool is_type(const char *type, const char *wanted)
{
    size_t length = strlen(wanted);
    return strncasecmp(type, wanted, length) == 0 && (!type[length] || strchr("; ", type[length]));
}

static bool read_form(struct request *request, enum import_form *form)
{
    const char *type = request_header(request, "Content-Type");
    *form = type && is_type(type, "text/csv") ? IMPORT_CSV : IMPORT_JSON_LINES;
    if (type && (*form == IMPORT_CSV || is_type(type, "application/x-ndjson") ||
                 is_type(type, "application/jsonl")))
        return true;
    request_problem(request, 415, "unsupported-media-type", "Which form?",
                    "Send text/csv or application/x-ndjson as Content-Type.");
    return false;
}

static bool read_first_line(struct request *request, uint64_t *line)
{
    const char *text = request_query(request, "line");
    char *end;
    long long number = text ? strtoll(text, &end, 10) : 1;
    *line = (uint64_t)number;
    if (!text || (number >= 0 && *text >= '0' && *text <= '9' && !*end))
        return true;
    request_problem(request, 400, "bad-parameter", "Bad line",
                    "line is the number of the first row in the file that it comes from.");
    return false;
}

void api_history_import(struct request *request)
{
    const struct web_context *context = &request->web->context;
    struct history *history = request_history(request);
    enum import_form form;
    uint64_t line;
    if (!history || !read_form(request, &form) || !read_first_line(request, &line))
        return;
    struct import *import = calloc(1, sizeof *import);
    if (!import) {
        request_answer_response(request, 503, NULL);
        return;
    }
    *import = (struct import){.request = request,
                              .history = history,
                              .events = context->events,
                              .form = form,
                              .first_line = line,
                              .body = request->body};
    request->body = BUF_EMPTY;
    snprintf(import->user, sizeof import->user, "%s", request->user);
    snprintf(import->origin, sizeof import->origin, "%s", request->peer->address);
    bool known = clock_wall_known(loop_clock(context->loop));
    import_rows_init(&import->rows, known ? loop_wall(context->loop) : 0);
    if (loop_job_start(context->loop, work, on_read, import) == 0) {
        request_wait(request, on_gone, import);
        return;
    }
    request_answer_response(request, 503, NULL);
    free_import(import);
}
