/* What is not normal, and what people do about it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "face/alarm_json.h"
#include "face/api_operations.h"
#include "face/json_body.h"
#include "face/web_private.h"

#define LIST_USUAL 100
#define REASON_MOST 199

/* NULL when answered, because there are no alarms here. */
static struct alarms *alarms_of(struct request *request)
{
    struct alarms *alarms = request->web->context.alarms;
    if (!alarms)
        request_problem(request, 503, "no-alarms", "There are no alarms here",
                        "This program was started without alarms.");
    return alarms;
}

/* ---- which ----------------------------------------------------------------------------------- */

struct filter {
    unsigned states; /* bit per enum alarm_state; 0: all */
    enum alarm_severity severity;
    const char *device, *path, *rule;
    bool active;
    size_t offset, limit;
    const char *wrong; /* a state that there is none */
};

static void on_state(void *user, const char *word)
{
    struct filter *filter = user;
    enum alarm_state state = alarm_json_state(word);
    if (state == ALARM_STATES)
        filter->wrong = word;
    else
        filter->states |= 1u << state;
}

/* A whole number from `least` to `most`; `usual` when the parameter is missing. False when
 * answered. */
static bool read_whole(struct request *request, const char *name, size_t least, size_t most,
                       size_t usual, size_t *number)
{
    const char *text = request_query(request, name);
    char *end;
    *number = usual;
    if (!text)
        return true;
    unsigned long value = strtoul(text, &end, 10);
    *number = value;
    if (text[0] >= '0' && text[0] <= '9' && !*end && value >= least && value <= most)
        return true;
    request_problem(request, 400, "bad-parameter", "Bad number",
                    "%s is a whole number from %zu to %zu.", name, least, most);
    return false;
}

static bool read_words(struct request *request, struct filter *filter)
{
    const char *severity = request_query(request, "severity");
    const char *active = request_query(request, "active");
    request_query_each(request, "state", on_state, filter);
    filter->severity = severity ? alarm_json_severity(severity) : ALARM_INFO;
    filter->active = active && strcmp(active, "true") == 0;
    if (filter->wrong || filter->severity == ALARM_SEVERITIES)
        request_problem(request, 400, "bad-parameter", "No such word",
                        "state is one of normal, pending, tripped, acknowledged, lost; severity "
                        "is one of info, warning, critical.");
    else if (active && !filter->active && strcmp(active, "false") != 0)
        request_problem(request, 400, "bad-parameter", "No such word", "active is true or false.");
    else
        return true;
    return false;
}

static bool read_filter(struct request *request, struct filter *filter)
{
    *filter = (struct filter){.device = request_query(request, "device"),
                              .path = request_query(request, "path"),
                              .rule = request_query(request, "rule")};
    return read_words(request, filter) &&
           read_whole(request, "offset", 0, UINT32_MAX, 0, &filter->offset) &&
           read_whole(request, "limit", 1, LIMIT_ALARMS_LISTED, LIST_USUAL, &filter->limit);
}

/* "pdu-a" holds for pdu-a and for what lies below it. */
static bool is_of_device(const char *path, const char *device)
{
    size_t length = strlen(device);
    return strncmp(path, device, length) == 0 && (path[length] == '/' || !path[length]);
}

/* As `path` in other operations: with * at the end all that begin so. */
static bool is_at(const char *path, const char *pattern)
{
    size_t length = strlen(pattern);
    if (length && pattern[length - 1] == '*')
        return strncmp(path, pattern, length - 1) == 0;
    return strcmp(path, pattern) == 0;
}

static bool fits(const struct filter *filter, const struct alarm_view *alarm)
{
    return (!filter->states || filter->states & 1u << alarm->state) &&
           alarm->severity >= filter->severity &&
           (!filter->device || is_of_device(alarm->path, filter->device)) &&
           (!filter->path || is_at(alarm->path, filter->path)) &&
           (!filter->rule || strcmp(alarm->rule, filter->rule) == 0);
}

/* ---- looking --------------------------------------------------------------------------------- */

/* True when there are more than were written. */
static bool write_list(struct json *json, const struct alarms *alarms, const struct filter *filter,
                       const struct alarm_json_view *view)
{
    size_t count = filter->active ? alarms_active(alarms) : alarms_count(alarms);
    size_t skip = filter->offset, left = filter->limit;
    bool more = false;
    json_open_array(json);
    for (size_t i = 0; i < count && !more; i++) {
        struct alarm_view alarm = alarms_glance(alarms, i);
        if (!fits(filter, &alarm))
            continue;
        if (skip > 0) {
            skip--;
        } else if (left > 0) {
            left--;
            alarm = alarms_view(alarms, i);
            alarm_json_write(json, &alarm, view, ALARM_CHANGES);
        } else {
            more = true;
        }
    }
    json_close_array(json);
    return more;
}

void api_alarms_list(struct request *request)
{
    const struct alarms *alarms = alarms_of(request);
    struct alarm_json_view view = {.now = loop_now(request->web->context.loop)};
    struct filter filter;
    if (!alarms || !request_time_form(request, &view.form) || !read_filter(request, &filter))
        return;
    const struct alarm_counts counts = alarms_counts(alarms);
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    json_key(&json, "alarms");
    bool more = write_list(&json, alarms, &filter, &view);
    json_pair_bool(&json, "more", more);
    json_pair_int(&json, "total", (int64_t)alarms_count(alarms));
    json_key(&json, "counts");
    alarm_json_write_counts(&json, &counts);
    json_close_object(&json);
    request_answer_json(request, &body);
}

/* The id in the path; false when answered. */
static bool find(struct request *request, const struct alarms *alarms, struct alarm_view *alarm)
{
    char text[16], *end;
    if (request_path_value(request, 0, text, sizeof text) && text[0] >= '0' && text[0] <= '9') {
        unsigned long long id = strtoull(text, &end, 10);
        if (!*end && id <= UINT32_MAX && alarms_find(alarms, (uint32_t)id, alarm))
            return true;
    }
    request_problem(request, 404, "not-found", "No such alarm",
                    "There is no alarm of that id; GET /api/v1/alarms lists them. Its rule or its "
                    "point may have gone.");
    return false;
}

static void answer(struct request *request, const struct alarm_view *alarm)
{
    struct alarm_json_view view = {.now = loop_now(request->web->context.loop)};
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    if (!request_time_form(request, &view.form))
        return;
    alarm_json_write(&json, alarm, &view, ALARM_CHANGES);
    request_answer_json(request, &body);
}

void api_alarms_show(struct request *request)
{
    const struct alarms *alarms = alarms_of(request);
    struct alarm_view alarm;
    if (alarms && find(request, alarms, &alarm))
        answer(request, &alarm);
}

/* ---- doing ----------------------------------------------------------------------------------- */

static const struct refusal {
    int code;
    unsigned status;
    const char *kind, *title;
} refusals[] = {
    {-ENOENT, 404, "not-found", "No such alarm"},
    {-EACCES, 403, "forbidden", "Not allowed"},
    {-ERANGE, 422, "bad-wish", "This makes no sense"},
    {0, 409, "conflict", "As it stands this cannot be done"},
};

static void refuse(struct request *request, const struct alarm_wish *wish, const struct err *err)
{
    /* how long it may be shelved hangs on nothing; anything else on how the alarm stands */
    int code = wish->deed == ALARM_SHELVE && err->code == -EINVAL ? -ERANGE : err->code;
    size_t i = 0;
    while (refusals[i].code && refusals[i].code != code)
        i++;
    request_problem(request, refusals[i].status, refusals[i].kind, refusals[i].title, "%s.",
                    err->text);
}

/* The body of a wish that needs none may be missing. */
static json_t *take_body(struct request *request, bool needed)
{
    if (needed || request->body.length)
        return json_body_take(request);
    json_t *body = json_object();
    if (!body)
        request_answer_response(request, 503, NULL);
    return body;
}

/* False when answered. */
static bool read_duration(struct request *request, const json_t *body, clock_us *how_long)
{
    struct err err = ERR_EMPTY;
    const json_t *value = json_object_get(body, "duration");
    if (!value)
        request_problem(request, 400, "missing-member", "Something is missing",
                        "The body needs \"duration\": a number of seconds, or a text like \"30 "
                        "min\".");
    else if (alarm_json_duration(value, how_long, &err) < 0)
        request_problem(request, 400, "bad-member", "A member has the wrong form", "%s.", err.text);
    else
        return true;
    return false;
}

static void carry_out(struct request *request, struct alarms *alarms, struct alarm_wish *wish)
{
    struct err err = ERR_EMPTY;
    struct alarm_view alarm;
    wish->actor = request->user;
    wish->origin = request->peer->address;
    wish->role = request->role;
    if (alarms_do(alarms, wish, &err) < 0)
        refuse(request, wish, &err);
    else if (find(request, alarms, &alarm))
        answer(request, &alarm);
}

static void do_it(struct request *request, enum alarm_deed deed)
{
    static const char *const keys[] = {"reason", "duration", NULL};
    static const char *const shorter[] = {"reason", NULL};
    struct alarms *alarms = alarms_of(request);
    struct alarm_wish wish = {.deed = deed};
    struct alarm_view alarm;
    bool shelves = deed == ALARM_SHELVE;
    if (!alarms || !find(request, alarms, &alarm))
        return;
    wish.id = alarm.id;
    json_t *body = take_body(request, shelves);
    if (body && json_body_known(request, body, shelves ? keys : shorter) &&
        json_body_text(request, body, "reason", REASON_MOST, false, &wish.reason) &&
        (!shelves || read_duration(request, body, &wish.how_long)))
        carry_out(request, alarms, &wish);
    json_decref(body);
}

void api_alarms_acknowledge(struct request *request)
{
    do_it(request, ALARM_ACKNOWLEDGE);
}

void api_alarms_shelve(struct request *request)
{
    do_it(request, ALARM_SHELVE);
}

void api_alarms_unshelve(struct request *request)
{
    do_it(request, ALARM_UNSHELVE);
}

void api_alarms_mute(struct request *request)
{
    do_it(request, ALARM_MUTE);
}

void api_alarms_clear(struct request *request)
{
    do_it(request, ALARM_CLEAR);
}
