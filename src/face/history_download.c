#include "face/history_download.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "face/history_json.h"
#include "face/web_private.h"

/* Handed to libmicrohttpd at once; written in one turn of the loop. */
#define PART (32u << 10)

/* Buckets of all points in one page of CSV, of which two are held: 2 MB. Larger ones are not
 * quicker. */
#define CSV_PAGE_ROWS 16000

/* Of the questions under way; the others are for the export and for whoever is not a client. */
#define DOWNLOADS_MOST (LIMIT_HISTORY_ASKS - 2)

struct history_download {
    struct history_download *next, **link;
    struct web *web;
    struct http_peer *peer;
    struct MHD_Connection *connection;
    void (*wake)(void *server);
    void *server;
    struct request *request; /* until its answer has begun */
    struct history *history;
    char client[LIMIT_NAME + 64];
    struct history_wish wish; /* without paths: the answer has them */
    struct history_ask *ask;  /* for the page that comes next */
    clock_us asked_from;
    struct history_answer *answer; /* the page that is being written */
    struct history_csv csv;
    struct history_csv_place places[LIMIT_HISTORY_PATHS];
    struct history_json json;
    struct buf part;
    size_t sent;                    /* of it */
    bool begun;                     /* the first page is there */
    bool written, complete, failed; /* the page; all of it; it breaks off */
    bool suspended;
};

size_t history_download_most(size_t path_count)
{
    size_t most = HISTORY_PAGE_ROWS / path_count;
    return most < LIMIT_HISTORY_BUCKETS ? most : LIMIT_HISTORY_BUCKETS;
}

static void free_download(struct history_download *download)
{
    *download->link = download->next;
    if (download->next)
        download->next->link = download->link;
    if (download->ask)
        history_ask_cancel(download->ask);
    history_answer_free(download->answer);
    buf_deinit(&download->part);
    free(download);
}

static void resume(struct history_download *download)
{
    if (!download->suspended)
        return; /* it is sending, and will look when done */
    download->suspended = false;
    MHD_resume_connection(download->connection);
    download->wake(download->server);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void on_page(void *user, const struct history_answer *answer, const struct err *err);

static void ask(struct history_download *download, const char *const *paths, size_t count,
                clock_us from, struct err *err)
{
    const struct history_wish *wish = &download->wish;
    const struct history_question question = {
        .paths = paths,
        .path_count = count,
        .from = from,
        .to = wish->to,
        .step = wish->step.step,
        .unit = wish->step.unit,
        .units = wish->step.units,
        .most = wish->csv ? CSV_PAGE_ROWS / count : history_download_most(count),
    };
    download->asked_from = from;
    download->ask = history_ask(download->history, &question, on_page, download, err);
}

static void ask_next(struct history_download *download)
{
    const struct history_answer *answer = download->answer;
    const char *paths[LIMIT_HISTORY_PATHS];
    struct err err = ERR_EMPTY;
    for (size_t i = 0; i < answer->path_count; i++)
        paths[i] = answer->series[i].path;
    if (answer->until > download->asked_from)
        ask(download, paths, answer->path_count, answer->until, &err);
    download->failed = !download->ask;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void begin_page(struct history_download *download)
{
    const struct history_wish *wish = &download->wish;
    const struct history_answer *answer = download->answer;
    const struct history_json_head head = {
        .from = wish->from,
        .to = wish->to,
        .step = wish->step.name,
        .step_s = wish->step.seconds,
        .form = wish->form,
    };
    download->written = false;
    if (!wish->csv)
        history_json_begin(&download->json, &head, answer);
    else if (download->begun)
        history_csv_continue(&download->csv, answer->series);
    else
        history_csv_begin(&download->csv, answer->series, answer->path_count, download->places,
                          &wish->options);
    download->begun = true;
}

/* The next part into `part`, empty while a page is on its way. When a page has been written the
 * next one is asked for at once: it is read while this one is sent. */
static void write_part(struct history_download *download)
{
    buf_clear(&download->part);
    download->sent = 0;
    if (download->written || download->failed)
        return;
    bool more = download->wish.csv ? history_csv_write(&download->csv, &download->part, PART)
                                   : history_json_write(&download->json, &download->part, PART);
    download->failed = download->part.failed;
    if (more || download->failed)
        return;
    download->written = true;
    download->complete = !download->wish.csv || download->answer->until >= download->wish.to;
    if (!download->complete)
        ask_next(download);
}

/* libmicrohttpd asks for more to send. */
static ssize_t on_read(void *cls, uint64_t position, char *to, size_t room)
{
    struct history_download *download = cls;
    (void)position;
    if (download->sent == download->part.length && !download->complete)
        write_part(download);
    size_t left = download->part.length - download->sent;
    if (left > 0) {
        left = left < room ? left : room;
        memcpy(to, download->part.data + download->sent, left);
        download->sent += left;
        return (ssize_t)left;
    }
    if (download->failed)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (download->complete)
        return MHD_CONTENT_READER_END_OF_STREAM;
    download->suspended = true;
    MHD_suspend_connection(download->connection);
    return 0;
}

static void on_free(void *cls)
{
    free_download(cls);
}

/* ---- answering ------------------------------------------------------------------------------- */

static void answer_all(struct request *request, struct history_download *download, const char *type)
{
    struct buf body = download->part;
    download->part = BUF_EMPTY;
    free_download(download);
    request_answer_take(request, 200, type, &body);
}

/* The first page is there: what fits into one part goes as a whole. */
static void answer(struct history_download *download)
{
    struct request *request = download->request;
    const char *type =
        download->wish.csv ? "text/csv; charset=utf-8; header=present" : "application/json";
    download->request = NULL;
    if (download->wish.csv) {
        char value[HISTORY_FILE_NAME + 32];
        snprintf(value, sizeof value, "attachment; filename=\"%s\"", download->wish.file_name);
        request_add_header(request, "Content-Disposition", value);
    }
    write_part(download);
    if (download->complete || download->part.failed) {
        answer_all(request, download, type);
        return;
    }
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PART, on_read, download, on_free);
    if (!response)
        free_download(download);
    request_answer_parts(request, type, response);
}

static void on_page(void *user, const struct history_answer *page, const struct err *err)
{
    struct history_download *download = user;
    download->ask = NULL;
    if (page) {
        struct history_answer *before = download->answer;
        download->answer = history_answer_take(page);
        begin_page(download);
        history_answer_free(before);
    }
    if (!download->request) {
        download->failed |= !page;
        /* Each page has as long as a whole answer would have. */
        download->peer->deadline = loop_now(download->web->context.loop) + HTTP_ANSWER_S * CLOCK_S;
        resume(download);
    } else if (page) {
        answer(download);
    } else {
        request_problem(download->request, 503, "history-unavailable",
                        "The past cannot be read at the moment", "%s.", err->text);
        free_download(download);
    }
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static void on_gone(void *user)
{
    free_download(user);
}

/* Who asks: a user at an address, so that neither all users behind one proxy nor one user at two
 * desks get in each other's way. */
static void name_client(const struct request *request, char *client, size_t size)
{
    snprintf(client, size, "%s@%s", request->user, request->peer->address);
}

static bool has_room(struct request *request, const char *client)
{
    size_t all = 0, same = 0;
    for (const struct history_download *one = request->web->downloads; one; one = one->next) {
        all++;
        same += strcmp(one->client, client) == 0;
    }
    /* A browser keeps six connections to a server: one page never meets this limit. */
    if (same < LIMIT_HISTORY_ASKS_CLIENT && all < DOWNLOADS_MOST)
        return true;
    request_add_header(request, "Retry-After", "2");
    if (same >= LIMIT_HISTORY_ASKS_CLIENT)
        request_problem(request, 429, "too-many-questions", "One after the other, please",
                        "You are fetching %zu answers about the past already, and %d at once are "
                        "the most: wait for one to end, or ask for several points in one.",
                        same, LIMIT_HISTORY_ASKS_CLIENT);
    else
        request_problem(request, 503, "history-busy", "The past cannot be asked just now",
                        "Others are fetching %zu answers about the past; try again in a moment.",
                        all);
    return false;
}

static struct history_download *new_download(struct request *request, struct history *history,
                                             const struct history_wish *wish, const char *client)
{
    struct history_download *download = calloc(1, sizeof *download);
    if (!download)
        return NULL;
    download->web = request->web;
    download->peer = request->peer;
    download->connection = request->connection;
    download->wake = request->wake;
    download->server = request->server;
    download->request = request;
    download->history = history;
    download->wish = *wish;
    download->wish.paths = NULL;
    snprintf(download->client, sizeof download->client, "%s", client);
    download->next = request->web->downloads;
    download->link = &request->web->downloads;
    if (download->next)
        download->next->link = &download->next;
    request->web->downloads = download;
    return download;
}

void history_download_start(struct request *request, struct history *history,
                            const struct history_wish *wish)
{
    char client[sizeof((struct history_download *)0)->client];
    struct err err = ERR_EMPTY;
    name_client(request, client, sizeof client);
    if (!has_room(request, client))
        return;
    struct history_download *download = new_download(request, history, wish, client);
    if (!download) {
        request_answer_response(request, 503, NULL);
        return;
    }
    ask(download, wish->paths, wish->path_count, wish->from, &err);
    if (download->ask) {
        request_wait(request, on_gone, download);
        return;
    }
    free_download(download);
    request_add_header(request, "Retry-After", "2");
    request_problem(request, 503, "history-busy", "The past cannot be asked just now", "%s.",
                    err.text);
}

void history_download_end(struct web *web)
{
    for (struct history_download *one = web->downloads; one; one = one->next) {
        if (one->request)
            continue; /* the server gives it up */
        one->failed = true;
        resume(one);
    }
}
