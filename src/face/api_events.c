#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/csv.h"
#include "engine/event_log.h"
#include "face/api_operations.h"
#include "face/web_private.h"

#define ROWS_WISHED 100
#define ANSWER_MOST (16u << 20) /* of the longest texts only a part fits; usual ones take 5 MB */

/* A question under way. The job on the pool writes into `body` and nothing else. */
struct asking {
    struct request *request; /* NULL once it is gone */
    struct event_ask *ask;
    struct event_question question;
    struct event_verdict verdict;
    enum time_form form;
    struct buf body;
    struct json json;
    struct csv csv;
    uint64_t oldest; /* id of the last row */
};

static struct event_log *events_of(const struct request *request)
{
    return request->web->context.events;
}

/* ---- the question ---------------------------------------------------------------------------- */

static bool refuse(struct request *request, const char *sentence)
{
    request_problem(request, 400, "bad-parameter", "Bad parameter", "%s", sentence);
    return false;
}

static bool read_time(struct request *request, const char *name, clock_us *wall)
{
    const char *text = request_query(request, name);
    if (!text || !*text || time_form_parse(text, loop_wall(request->web->context.loop), wall) == 0)
        return true;
    return refuse(request, "from and to are RFC 3339, seconds since 1970, now, or back from now "
                           "like -24h or -7d.");
}

static bool read_number(struct request *request, const char *name, uint64_t most, uint64_t *value)
{
    const char *text = request_query(request, name);
    char *end;
    if (!text || !*text)
        return true;
    errno = 0;
    *value = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end && !errno && *value <= most)
        return true;
    return refuse(request, "before and after are ids of events; limit is a whole number, at most "
                           "1000, or 20000 in a CSV file.");
}

static bool read_text(struct request *request, const char *name, char *text, size_t size)
{
    const char *given = request_query(request, name);
    if (!given)
        return true;
    if (strlen(given) < size) {
        memcpy(text, given, strlen(given) + 1);
        return true;
    }
    return refuse(request, "actor, object and text are shorter than that.");
}

struct kinds {
    struct event_question *question;
    bool bad;
};

static void on_kind(void *user, const char *name)
{
    struct kinds *kinds = user;
    struct event_question *question = kinds->question;
    enum event_kind kind = event_kind_find(name);
    if (!*name)
        return;
    if (kind == EVENT_KINDS || question->kind_count == EVENT_QUESTION_KINDS)
        kinds->bad = true;
    else
        question->kinds[question->kind_count++] = kind;
}

static bool read_kinds(struct request *request, struct event_question *question)
{
    struct kinds kinds = {.question = question};
    const char *least = request_query(request, "severity");
    request_query_each(request, "kind", on_kind, &kinds);
    if (kinds.bad)
        return refuse(request, "kind is one of GET /api/v1/events/kinds, up to 16 of them.");
    question->least = least && *least ? event_severity_find(least) : EVENT_USUAL;
    if (least && *least && !question->least)
        return refuse(request, "severity is one of info, notice, warning, error.");
    return true;
}

static bool read_question(struct request *request, struct asking *asking, uint64_t wished,
                          uint64_t most)
{
    struct event_question *question = &asking->question;
    uint64_t limit = wished;
    if (!request_time_form(request, &asking->form) ||
        !read_time(request, "from", &question->from) || !read_time(request, "to", &question->to) ||
        !read_number(request, "before", INT64_MAX, &question->before) ||
        !read_number(request, "after", INT64_MAX, &question->after) ||
        !read_number(request, "limit", most, &limit) || !read_kinds(request, question) ||
        !read_text(request, "actor", question->actor, sizeof question->actor) ||
        !read_text(request, "object", question->object, sizeof question->object) ||
        !read_text(request, "text", question->text, sizeof question->text))
        return false;
    question->limit = limit ? (size_t)limit : 1;
    question->role = request->role;
    return true;
}

/* ---- rows, written on a pool thread ---------------------------------------------------------- */

static void pair_some(struct json *json, const char *key, const char *text)
{
    json_pair_text(json, key, *text ? text : NULL);
}

/* What is stored is ours, but the file may have been changed by others: only JSON goes out. */
static void pair_detail(struct json *json, const char *text)
{
    json_t *value = *text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    json_key(json, "detail");
    if (value)
        json_raw(json, text, strlen(text));
    else
        json_none(json);
    json_decref(value);
}

static void on_json_row(void *user, const struct event_found *found)
{
    struct asking *asking = user;
    struct json *json = &asking->json;
    const struct event_record *record = &found->record;
    asking->oldest = record->id;
    json_open_object(json);
    json_pair_int(json, "id", (int64_t)record->id);
    json_key(json, "time");
    if (found->placed)
        time_form_add(json, found->time, asking->form);
    else
        json_none(json);
    json_pair_bool(json, "time_known", record->wall_known);
    json_pair_int(json, "uptime_s", record->mono / CLOCK_S);
    json_pair_text(json, "kind", record->kind);
    json_pair_text(json, "severity", event_severity_name(record->severity));
    pair_some(json, "actor", record->actor);
    pair_some(json, "origin", record->origin);
    pair_some(json, "object", record->object);
    json_pair_text(json, "text", record->text);
    pair_detail(json, record->detail);
    json_close_object(json);
}

static void on_csv_row(void *user, const struct event_found *found)
{
    struct asking *asking = user;
    const struct event_record *record = &found->record;
    char id[24], time[40] = "";
    snprintf(id, sizeof id, "%llu", (unsigned long long)record->id);
    if (found->placed) {
        struct buf text = BUF_EMPTY;
        time_form_plain(&text, found->time, asking->form);
        snprintf(time, sizeof time, "%s", buf_text(&text));
        buf_deinit(&text);
    }
    const char *const cells[] = {id,
                                 time,
                                 record->kind,
                                 event_severity_name(record->severity),
                                 record->actor,
                                 record->origin,
                                 record->object,
                                 record->text,
                                 record->detail};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        csv_text(&asking->csv, cells[i]);
    csv_end_row(&asking->csv);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void free_asking(struct asking *asking)
{
    buf_deinit(&asking->body);
    free(asking);
}

/* True when there is somebody to answer and something to say; else all is done. */
static bool finish(struct asking *asking, const struct err *err)
{
    if (asking->request && err->code == 0)
        return true;
    if (asking->request)
        request_problem(asking->request, 503, "events-unavailable",
                        "The event log cannot be read at the moment", "%s.", err->text);
    free_asking(asking);
    return false;
}

static void on_json(void *user, bool more, const struct err *err)
{
    struct asking *asking = user;
    if (!finish(asking, err))
        return;
    struct json *json = &asking->json;
    json_close_array(json);
    json_pair_bool(json, "more", more);
    json_key(json, "before");
    if (more)
        json_int(json, (int64_t)asking->oldest);
    else
        json_none(json);
    json_pair_int(json, "last", (int64_t)event_log_status(events_of(asking->request)).last);
    json_close_object(json);
    request_answer_json(asking->request, &asking->body);
    free_asking(asking);
}

static void on_csv(void *user, bool more, const struct err *err)
{
    struct asking *asking = user;
    if (!finish(asking, err))
        return;
    if (more)
        request_add_header(asking->request, "X-Truncated", "older events were left out");
    request_add_header(asking->request, "Content-Disposition",
                       "attachment; filename=\"events.csv\"");
    request_answer_take(asking->request, 200, "text/csv; charset=utf-8; header=present",
                        &asking->body);
    free_asking(asking);
}

static void on_verdict(void *user, bool more, const struct err *err)
{
    struct asking *asking = user;
    (void)more;
    if (!finish(asking, err))
        return;
    const struct event_verdict *verdict = &asking->verdict;
    struct json json = json_writer(&asking->body);
    json_open_object(&json);
    json_pair_bool(&json, "ok", verdict->ok);
    json_pair_int(&json, "records", (int64_t)verdict->records);
    json_pair_int(&json, "first", (int64_t)verdict->first);
    json_pair_int(&json, "last", (int64_t)verdict->last);
    json_pair_text(&json, "head", verdict->head);
    json_key(&json, "broken");
    if (verdict->broken)
        json_int(&json, (int64_t)verdict->broken);
    else
        json_none(&json);
    json_pair_text(&json, "sentence", verdict->sentence);
    json_close_object(&json);
    request_answer_json(asking->request, &asking->body);
    free_asking(asking);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void on_gone(void *user)
{
    struct asking *asking = user;
    asking->request = NULL;
    event_ask_cancel(asking->ask); /* the job has its memory until it ends */
}

static void ask(struct request *request, struct asking *asking, struct event_asking *wish)
{
    char client[64];
    struct err err = ERR_EMPTY;
    snprintf(client, sizeof client, "%s", request->peer->address);
    wish->user = asking;
    wish->client = client;
    asking->request = request;
    asking->ask = event_log_ask(events_of(request), &asking->question, wish, &err);
    if (asking->ask) {
        request_wait(request, on_gone, asking);
        return;
    }
    free_asking(asking);
    request_add_header(request, "Retry-After", "2");
    request_problem(request, 503, "events-busy", "The event log cannot be asked just now", "%s.",
                    err.text);
}

static struct asking *new_asking(struct request *request)
{
    struct asking *asking = NULL;
    if (!events_of(request))
        request_problem(request, 503, "events-off", "There is no event log",
                        "This program runs without one.");
    else if (!(asking = calloc(1, sizeof *asking)))
        request_answer_response(request, 503, NULL);
    else
        asking->body.limit = ANSWER_MOST;
    return asking;
}

void api_events_list(struct request *request)
{
    struct asking *asking = new_asking(request);
    if (!asking)
        return;
    if (!read_question(request, asking, ROWS_WISHED, LIMIT_EVENT_ROWS)) {
        free_asking(asking);
        return;
    }
    asking->json = json_writer(&asking->body);
    json_open_object(&asking->json);
    json_key(&asking->json, "events");
    json_open_array(&asking->json);
    ask(request, asking, &(struct event_asking){.row = on_json_row, .done = on_json});
}

void api_events_csv(struct request *request)
{
    static const char *const heads[] = {"id",     "time",   "kind", "severity", "actor",
                                        "origin", "object", "text", "detail"};
    struct asking *asking = new_asking(request);
    if (!asking)
        return;
    if (!read_question(request, asking, LIMIT_EVENT_CSV, LIMIT_EVENT_CSV)) {
        free_asking(asking);
        return;
    }
    asking->csv = csv_writer(&asking->body, ',', '.');
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        csv_text(&asking->csv, heads[i]);
    csv_end_row(&asking->csv);
    ask(request, asking, &(struct event_asking){.row = on_csv_row, .done = on_csv});
}

/* ?known=ID:HASH, as an earlier check printed it. */
static bool read_known(struct request *request, struct event_asking *wish)
{
    const char *text = request_query(request, "known");
    char *end;
    if (!text || !*text)
        return true;
    wish->known_id = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == ':' && wish->known_id > 0 &&
        event_hash_parse(end + 1, wish->known_hash))
        return true;
    return refuse(request, "known is ID:HASH, the last and head of an earlier check.");
}

void api_events_verify(struct request *request)
{
    struct asking *asking = new_asking(request);
    if (!asking)
        return;
    struct event_asking wish = {.done = on_verdict, .verdict = &asking->verdict};
    if (read_known(request, &wish))
        ask(request, asking, &wish);
    else
        free_asking(asking);
}

/* ---- kinds ----------------------------------------------------------------------------------- */

void api_events_kinds(struct request *request)
{
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_array(&json);
    for (int kind = 0; kind < EVENT_KINDS; kind++) {
        const struct event_kind_row *row = event_kind_row((enum event_kind)kind);
        if (row->right > request->role)
            continue;
        json_open_object(&json);
        json_pair_text(&json, "name", row->name);
        json_pair_text(&json, "severity", event_severity_name(row->severity));
        json_pair_text(&json, "label", row->label);
        json_pair_text(&json, "help", row->help);
        json_close_object(&json);
    }
    json_close_array(&json);
    request_answer_json(request, &body);
}
