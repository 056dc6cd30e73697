#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/history_csv.h"
#include "face/api_operations.h"
#include "face/history_download.h"
#include "face/web_private.h"

#define BUCKETS_WISHED 500

/* ---- the question ---------------------------------------------------------------------------- */

struct paths {
    const char *list[LIMIT_HISTORY_PATHS];
    size_t count;
};

static bool read_paths(struct request *request, struct paths *paths)
{
    paths->count = request_query_list(request, "path", paths->list, LIMIT_HISTORY_PATHS);
    if (paths->count > 0 && paths->count <= LIMIT_HISTORY_PATHS)
        return true;
    request_problem(request, 400, "bad-parameter", "Which points?",
                    "Give path= for each point, at least one and at most %d.", LIMIT_HISTORY_PATHS);
    return false;
}

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

static bool read_span(struct request *request, struct history_wish *wish)
{
    if (!read_time(request, "from", "-24h", &wish->from) ||
        !read_time(request, "to", "now", &wish->to))
        return false;
    if (wish->from < wish->to)
        return true;
    request_problem(request, 400, "bad-parameter", "Empty span", "from must be before to.");
    return false;
}

/* 0 when it is no whole number from 1 to `most`. */
static int64_t read_whole(const char *text, int64_t most)
{
    char *end;
    int64_t value = strtoll(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && !*end && value <= most ? value : 0;
}

static bool read_step(struct request *request, struct history_wish *wish)
{
    const char *step = request_query(request, "step"), *points = request_query(request, "points");
    if (step && step[0]) {
        if (history_step_parse(step, &wish->step))
            return true;
        request_problem(request, 400, "bad-parameter", "Bad step", "step is one of %s.",
                        HISTORY_STEPS);
        return false;
    }
    int64_t value = points ? read_whole(points, LIMIT_HISTORY_BUCKETS) : BUCKETS_WISHED;
    if (!value) {
        request_problem(request, 400, "bad-parameter", "Bad number of points",
                        "points is a whole number from 1 to %d.", LIMIT_HISTORY_BUCKETS);
        return false;
    }
    /* An overview is one page. */
    int64_t most = (int64_t)history_download_most(wish->path_count);
    history_step_choose(wish->from, wish->to, value < most ? value : most, &wish->step);
    return true;
}

/* ---- CSV ------------------------------------------------------------------------------------- */

static int check_csv(struct request *request, const struct history_wish *wish, struct err *err)
{
    const char *separator = request_query(request, "separator");
    const char *decimal = request_query(request, "decimal");
    if (separator && strcmp(separator, ",") != 0 && strcmp(separator, ";") != 0 &&
        strcmp(separator, "tab") != 0)
        return err_set(err, -EINVAL, "separator is one of , ; tab");
    if (decimal && strcmp(decimal, ".") != 0 && strcmp(decimal, ",") != 0)
        return err_set(err, -EINVAL, "decimal is one of . ,");
    if (wish->form == TIME_FORM_UNIX)
        return err_set(err, -EINVAL, "time is one of utc, local in a CSV file");
    return 0;
}

/* DEVICE-from-to-to.csv; the dates are enough. */
static void name_file(struct history_wish *wish, const char *path)
{
    enum { DATE = 10 };
    struct buf from = BUF_EMPTY, to = BUF_EMPTY;
    size_t length =
        strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    time_form_plain(&from, wish->from, TIME_FORM_UTC);
    time_form_plain(&to, wish->to - 1, TIME_FORM_UTC);
    snprintf(wish->file_name, sizeof wish->file_name, "%.*s-%.*s-to-%.*s.csv",
             (int)(length < LIMIT_NAME ? length : LIMIT_NAME), length ? path : "busbar", DATE,
             buf_text(&from), DATE, buf_text(&to));
    buf_deinit(&from);
    buf_deinit(&to);
}

static bool read_csv(struct request *request, struct history_wish *wish, const char *first_path)
{
    const char *separator = request_query(request, "separator");
    const char *decimal = request_query(request, "decimal");
    const char *columns = request_query(request, "columns");
    struct err err = ERR_EMPTY;
    if (check_csv(request, wish, &err) == 0 && columns)
        history_csv_parse_columns(columns, &wish->options.columns, &err);
    if (err.code) {
        request_problem(request, 400, "bad-parameter", "Bad parameter", "%s.", err.text);
        return false;
    }
    if (separator)
        wish->options.separator = strcmp(separator, "tab") == 0 ? '\t' : *separator;
    if (decimal)
        wish->options.decimal = *decimal;
    wish->options.time = wish->form == TIME_FORM_LOCAL ? HISTORY_CSV_LOCAL : HISTORY_CSV_UTC;
    name_file(wish, first_path);
    return true;
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct history *web_history(const struct web *web)
{
    return web->context.history ? web->context.history(web->context.user) : NULL;
}

const char *web_history_problem(const struct web *web)
{
    const struct web_context *context = &web->context;
    return context->history_problem ? context->history_problem(context->user)
                                    : "there is no store for it";
}

struct history *request_history(struct request *request)
{
    struct history *history = web_history(request->web);
    if (!history)
        request_problem(request, 503, "history-off", "Nothing is recorded", "%s",
                        web_history_problem(request->web));
    return history;
}

static void serve(struct request *request, bool csv)
{
    struct history *history = request_history(request);
    struct history_wish wish = {.csv = csv};
    struct paths paths = {.count = 0};
    if (!history || !read_paths(request, &paths))
        return;
    wish.paths = paths.list;
    wish.path_count = paths.count;
    if (request_time_form(request, &wish.form) && read_span(request, &wish) &&
        read_step(request, &wish) && (!csv || read_csv(request, &wish, paths.list[0])))
        history_download_start(request, history, &wish);
}

void api_history_show(struct request *request)
{
    serve(request, false);
}

void api_history_csv(struct request *request)
{
    serve(request, true);
}
