#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/history_csv.h"
#include "face/api_operations.h"
#include "face/web_private.h"

#define BUCKETS_WISHED 500
#define ROWS_MOST 200000 /* of all points of an answer together: it is written in one go */
#define ANSWER_MOST (48u << 20)

/* A question under way. */
struct asking {
    struct request *request;
    struct history_ask *ask;
    clock_us from, to, step;
    enum time_form form;
    bool csv;
    struct history_csv_options options;
    char device[LIMIT_NAME + 1]; /* of the first point, for the file's name */
};

/* ---- the question ---------------------------------------------------------------------------- */

static bool read_time(struct request *request, const char *name, const char *otherwise,
                      clock_us *wall)
{
    const char *text = request_query(request, name);
    if (time_form_parse(text ? text : otherwise, loop_wall(request->web->context.loop), wall) == 0)
        return true;
    request_problem(request, 400, "bad-parameter", "Bad time",
                    "%s is RFC 3339, seconds since 1970, now, or back from now like -24h or -7d.",
                    name);
    return false;
}

/* Steps that people think in, seconds. */
static const int64_t steps[] = {1,     2,     5,      10,     15,      30,      60,      120,
                                300,   600,   900,    1800,   3600,    7200,    10800,   21600,
                                43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000};

/* The smallest step that gives at most `most` buckets when they begin at multiples of it. */
static clock_us choose_step(clock_us from, clock_us to, int64_t most)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        clock_us step = steps[i] * CLOCK_S;
        if ((to - from / step * step + step - 1) / step <= most)
            return step;
    }
    return ((to - from) / most / (86400 * CLOCK_S) + 1) * 86400 * CLOCK_S;
}

static bool read_whole(const char *text, int64_t low, int64_t high, int64_t *value)
{
    char *end;
    *value = strtoll(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && !*end && *value >= low && *value <= high;
}

static bool read_step(struct request *request, struct asking *asking)
{
    const char *step = request_query(request, "step"), *points = request_query(request, "points");
    int64_t value;
    if (step && strcmp(step, "raw") == 0) {
        asking->step = 0;
        return true;
    }
    if (step && step[0]) {
        if (!read_whole(step, 1, 366 * 86400, &value)) {
            request_problem(request, 400, "bad-parameter", "Bad step",
                            "step is a whole number of seconds, or raw.");
            return false;
        }
        asking->step = value * CLOCK_S;
        return true;
    }
    value = BUCKETS_WISHED;
    if (points && !read_whole(points, 1, LIMIT_HISTORY_BUCKETS, &value)) {
        request_problem(request, 400, "bad-parameter", "Bad number of points",
                        "points is a whole number from 1 to %d.", LIMIT_HISTORY_BUCKETS);
        return false;
    }
    asking->step = choose_step(asking->from, asking->to, value);
    return true;
}

static bool read_csv(struct request *request, struct asking *asking)
{
    const char *separator = request_query(request, "separator");
    const char *decimal = request_query(request, "decimal");
    const char *columns = request_query(request, "columns");
    struct err err = ERR_EMPTY;
    if (separator && strcmp(separator, ",") != 0 && strcmp(separator, ";") != 0 &&
        strcmp(separator, "tab") != 0)
        err_set(&err, -EINVAL, "separator is one of , ; tab");
    else if (decimal && strcmp(decimal, ".") != 0 && strcmp(decimal, ",") != 0)
        err_set(&err, -EINVAL, "decimal is one of . ,");
    else if (asking->form == TIME_FORM_UNIX)
        err_set(&err, -EINVAL, "time is one of utc, local in a CSV file");
    else if (columns)
        history_csv_parse_columns(columns, &asking->options.columns, &err);
    if (err.code) {
        request_problem(request, 400, "bad-parameter", "Bad parameter", "%s.", err.text);
        return false;
    }
    asking->options.separator = !separator                      ? ','
                                : strcmp(separator, "tab") == 0 ? '\t'
                                                                : *separator;
    asking->options.decimal = decimal ? *decimal : '.';
    asking->options.time = asking->form == TIME_FORM_LOCAL ? HISTORY_CSV_LOCAL : HISTORY_CSV_UTC;
    return true;
}

static bool read_question(struct request *request, struct asking *asking)
{
    if (!request_time_form(request, &asking->form) ||
        !read_time(request, "from", "-24h", &asking->from) ||
        !read_time(request, "to", "now", &asking->to))
        return false;
    if (asking->from >= asking->to) {
        request_problem(request, 400, "bad-parameter", "Empty span", "from must be before to.");
        return false;
    }
    return read_step(request, asking) && (!asking->csv || read_csv(request, asking));
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void write_row(struct json *json, const struct history_bucket *bucket, int decimals,
                      enum time_form form)
{
    json_open_array(json);
    time_form_json(json->out, bucket->time, form);
    json->comma = true;
    json_decimal(json, bucket->min, decimals);
    /* An average of whole numbers is not whole. */
    json_decimal(json, bucket->sum / bucket->count, decimals < 7 ? decimals + 2 : 9);
    json_decimal(json, bucket->max, decimals);
    json_decimal(json, bucket->last, decimals);
    json_int(json, bucket->count);
    json_close_array(json);
}

static void write_series(struct json *json, const struct history_series *series,
                         enum time_form form)
{
    bool known = series->quantity != QUANTITY_NONE;
    const struct quantity_row *row = known ? quantity_row(series->quantity) : NULL;
    json_open_object(json);
    json_pair_text(json, "path", series->path);
    json_pair_text(json, "quantity", known ? row->name : NULL);
    json_pair_text(json, "unit", known ? row->unit : NULL);
    json_pair_int(json, "decimals", known ? row->decimals : 0);
    json_pair_bool(json, "cut", series->cut);
    json_key(json, "rows");
    json_open_array(json);
    for (size_t i = 0; i < series->count; i++) {
        if (series->buckets[i].count)
            write_row(json, &series->buckets[i], known ? row->decimals : 3, form);
    }
    json_close_array(json);
    json_close_object(json);
}

static void pair_time(struct json *json, const char *key, clock_us wall, enum time_form form)
{
    json_key(json, key);
    time_form_json(json->out, wall, form);
    json->comma = true;
}

static void answer_json(const struct asking *asking, const struct history_answer *answer)
{
    struct buf body = {.limit = ANSWER_MOST};
    struct json json = json_writer(&body);
    json_open_object(&json);
    pair_time(&json, "from", asking->from, asking->form);
    pair_time(&json, "to", asking->to, asking->form);
    json_pair_int(&json, "step_s", asking->step / CLOCK_S);
    json_key(&json, "series");
    json_open_array(&json);
    for (size_t i = 0; i < answer->path_count; i++)
        write_series(&json, &answer->series[i], asking->form);
    json_close_array(&json);
    json_close_object(&json);
    request_answer_json(asking->request, &body);
}

static void answer_csv(const struct asking *asking, const struct history_answer *answer)
{
    struct buf body = {.limit = ANSWER_MOST}, name = BUF_EMPTY;
    struct history_csv csv;
    struct history_csv_place places[LIMIT_HISTORY_PATHS];
    history_csv_begin(&csv, answer->series, answer->path_count, places, &asking->options);
    while (history_csv_write(&csv, &body, 1u << 20) && !body.failed) {
    }
    buf_add_format(&name, "attachment; filename=\"%s-", asking->device);
    time_form_plain(&name, asking->from, TIME_FORM_UTC);
    name.length -= name.length > 14 ? 14 : 0; /* the date is enough: Thh:mm:ss.sssZ goes */
    buf_add(&name, "-to-", 4);
    time_form_plain(&name, asking->to - 1, TIME_FORM_UTC);
    name.length -= name.length > 14 ? 14 : 0;
    buf_add_text(&name, ".csv\"");
    request_add_header(asking->request, "Content-Disposition", buf_text(&name));
    buf_deinit(&name);
    request_answer_take(asking->request, 200, "text/csv; charset=utf-8; header=present", &body);
}

static void on_answer(void *user, const struct history_answer *answer, const struct err *err)
{
    struct asking *asking = user;
    if (!answer)
        request_problem(asking->request, 503, "history-unavailable",
                        "The past cannot be read at the moment", "%s.", err->text);
    else if (asking->csv)
        answer_csv(asking, answer);
    else
        answer_json(asking, answer);
    free(asking);
}

static void on_gone(void *user)
{
    struct asking *asking = user;
    history_ask_cancel(asking->ask);
    free(asking);
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct paths {
    const char *list[LIMIT_HISTORY_PATHS];
    size_t count;
};

static void on_path(void *user, const char *path)
{
    struct paths *paths = user;
    if (paths->count < LIMIT_HISTORY_PATHS)
        paths->list[paths->count] = path;
    paths->count++;
}

static bool read_paths(struct request *request, struct paths *paths)
{
    request_query_each(request, "path", on_path, paths);
    if (paths->count > 0 && paths->count <= LIMIT_HISTORY_PATHS)
        return true;
    request_problem(request, 400, "bad-parameter", "Which points?",
                    "Give path= for each point, at least one and at most %d.", LIMIT_HISTORY_PATHS);
    return false;
}

static void name_file(struct asking *asking, const char *path)
{
    size_t length =
        strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    snprintf(asking->device, sizeof asking->device, "%.*s",
             (int)(length < LIMIT_NAME ? length : LIMIT_NAME), length ? path : "busbar");
}

static void ask(struct request *request, struct history *history, struct asking *asking,
                const struct paths *paths)
{
    size_t most = ROWS_MOST / paths->count;
    struct err err = ERR_EMPTY;
    const struct history_question question = {
        .paths = paths->list,
        .path_count = paths->count,
        .from = asking->from,
        .to = asking->to,
        .step = asking->step,
        .most = most < LIMIT_HISTORY_BUCKETS ? most : LIMIT_HISTORY_BUCKETS,
    };
    asking->request = request;
    struct history_ask *under_way = history_ask(history, &question, on_answer, asking, &err);
    if (request->response)
        return; /* answered already, `asking` is gone */
    if (!under_way) {
        free(asking);
        request_add_header(request, "Retry-After", "2");
        request_problem(request, 503, "history-busy", "The past cannot be asked just now", "%s.",
                        err.text);
        return;
    }
    asking->ask = under_way;
    request_wait(request, on_gone, asking);
}

static void serve(struct request *request, bool csv)
{
    const struct web_context *context = &request->web->context;
    struct history *history = context->history ? context->history(context->user) : NULL;
    struct asking asking = {.csv = csv};
    struct paths paths = {.count = 0};
    if (!history) {
        request_problem(
            request, 503, "history-off", "Nothing is recorded",
            "History is switched off, or its store cannot be opened; see GET /api/v1/health.");
        return;
    }
    if (!read_paths(request, &paths) || !read_question(request, &asking))
        return;
    name_file(&asking, paths.list[0]);
    struct asking *kept = malloc(sizeof *kept);
    if (!kept) {
        request_answer_response(request, 503, NULL);
        return;
    }
    *kept = asking;
    ask(request, history, kept, &paths);
}

void api_history_show(struct request *request)
{
    serve(request, false);
}

void api_history_csv(struct request *request)
{
    serve(request, true);
}
