#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "face/api_operations.h"
#include "face/doctor_door.h"
#include "face/json_body.h"
#include "face/request_event.h"
#include "face/web_private.h"

/* The doctor, or NULL when the request has been answered. */
static const struct doctor_door *door_of(struct request *request)
{
    const struct doctor_door *door = request->web->context.doctor;
    if (!door)
        request_problem(request, 503, "busy", "No lines here",
                        "This program serves pages only; ask the busbar that has the lines.");
    return door;
}

static void answer_with(struct request *request, const struct doctor_door *door,
                        void (*write)(void *user, struct json *json))
{
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    write(door->user, &json);
    request_answer_json(request, &body);
}

static void refuse(struct request *request, int code, const struct err *err)
{
    if (code == -ENOENT)
        request_problem(request, 404, "not-found", "Not there", "%s.", err->text);
    else if (code == -EBUSY)
        request_problem(request, 409, "conflict", "Something else is under way", "%s.", err->text);
    else if (code == -ENOMEM)
        request_problem(request, 503, "busy", "Not enough memory", "%s.", err->text);
    else
        request_problem(request, 422, "bad-wish", "This cannot be done", "%s.", err->text);
}

void api_doctor_show(struct request *request)
{
    const struct doctor_door *door = door_of(request);
    if (door)
        answer_with(request, door, door->write);
}

/* ---- the trial of other speeds --------------------------------------------------------------- */

void api_doctor_trial_show(struct request *request)
{
    const struct doctor_door *door = door_of(request);
    if (door)
        answer_with(request, door, door->write_trial);
}

void api_doctor_trial_start(struct request *request)
{
    static const char *const keys[] = {"line", NULL};
    const struct doctor_door *door = door_of(request);
    json_t *body = door ? json_body_take(request) : NULL;
    const char *line;
    if (body && json_body_known(request, body, keys) &&
        json_body_text(request, body, "line", LIMIT_NAME, true, &line)) {
        struct err err = ERR_EMPTY;
        int result = door->start_trial(door->user, line, &err);
        if (result < 0) {
            refuse(request, result, &err);
        } else {
            request_event(request, &(struct event){.kind = EVENT_LINE_LOOKED, .object = line},
                          "has other speeds tried on %s: its polling rests", line);
            answer_with(request, door, door->write_trial);
        }
    }
    json_decref(body);
}

void api_doctor_trial_stop(struct request *request)
{
    const struct doctor_door *door = door_of(request);
    if (!door)
        return;
    door->stop_trial(door->user);
    request_answer_empty(request, 204);
}

/* ---- traces ---------------------------------------------------------------------------------- */

static bool line_name_of(struct request *request, char *name, size_t size)
{
    if (request_path_value(request, 0, name, size))
        return true;
    request_problem(request, 404, "not-found", "No such line",
                    "There is no line of this name; GET /api/v1/lines lists them.");
    return false;
}

/* A whole number of the query; false when answered. */
static bool read_number(struct request *request, const char *key, long long least, long long most,
                        long long *number)
{
    const char *text = request_query(request, key);
    char *end;
    if (!text)
        return true;
    errno = 0;
    *number = strtoll(text, &end, 10);
    if (!errno && end != text && !*end && *number >= least && *number <= most)
        return true;
    request_problem(request, 400, "bad-parameter", "Not such a number",
                    "%s must be a whole number from %lld to %lld.", key, least, most);
    return false;
}

static const struct {
    const char *name, *type, *ending;
} forms[] = {
    [DOCTOR_JSON] = {"json", "application/json", NULL},
    [DOCTOR_TEXT] = {"text", "text/plain; charset=utf-8", "txt"},
    [DOCTOR_PCAP] = {"pcap", "application/vnd.tcpdump.pcap", "pcap"},
    [DOCTOR_CAPTURE] = {"capture", "text/plain; charset=utf-8", "cap"},
};

static bool read_wish(struct request *request, struct doctor_wish *wish)
{
    const char *name = request_query(request, "format");
    size_t form = DOCTOR_JSON, count = sizeof forms / sizeof *forms;
    long long after = 0, unit = -1;
    for (form = 0; name && form < count && strcmp(forms[form].name, name) != 0;)
        form++;
    if (form == count) {
        request_problem(request, 400, "bad-parameter", "No such format",
                        "format is one of json, text, pcap and capture.");
        return false;
    }
    if (!read_number(request, "after", 0, INT64_MAX, &after) ||
        !read_number(request, "unit", 0, 255, &unit))
        return false;
    *wish = (struct doctor_wish){(enum doctor_form)form, (uint64_t)after, (int)unit};
    return true;
}

void api_trace_show(struct request *request)
{
    const struct doctor_door *door = door_of(request);
    char line[LIMIT_NAME + 1], name[LIMIT_NAME + 64];
    struct doctor_wish wish;
    struct buf body = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    if (!door || !line_name_of(request, line, sizeof line) || !read_wish(request, &wish))
        return;
    int result = door->read_trace(door->user, line, &wish, &body, &err);
    if (result < 0) {
        buf_deinit(&body);
        refuse(request, result, &err);
        return;
    }
    if (forms[wish.form].ending) {
        snprintf(name, sizeof name, "attachment; filename=\"%s.%s\"", line,
                 forms[wish.form].ending);
        request_add_header(request, "Content-Disposition", name);
    }
    request_answer_take(request, 200, forms[wish.form].type, &body);
}

static void begin_recording(struct request *request, const char *line, int seconds)
{
    request_event(request, &(struct event){.kind = EVENT_LINE_LOOKED, .object = line},
                  "records the frames of %s for %d s", line, seconds);
    request_answer_empty(request, 204);
}

void api_trace_start(struct request *request)
{
    static const char *const keys[] = {"seconds", NULL};
    const struct doctor_door *door = door_of(request);
    char line[LIMIT_NAME + 1];
    if (!door || !line_name_of(request, line, sizeof line))
        return;
    json_t *body = json_body_take(request);
    if (body && json_body_known(request, body, keys)) {
        const json_t *value = json_object_get(body, "seconds");
        json_int_t seconds = value ? json_integer_value(value) : 60;
        struct err err = ERR_EMPTY;
        int result = 0;
        if ((value && !json_is_integer(value)) || seconds < 1 || seconds > DOCTOR_SECONDS_MOST)
            request_problem(request, 400, "bad-member", "Not a time",
                            "seconds must be a whole number from 1 to %d.", DOCTOR_SECONDS_MOST);
        else if ((result = door->start_trace(door->user, line, (int)seconds, &err)) < 0)
            refuse(request, result, &err);
        else
            begin_recording(request, line, (int)seconds);
    }
    json_decref(body);
}

void api_trace_stop(struct request *request)
{
    const struct doctor_door *door = door_of(request);
    char line[LIMIT_NAME + 1];
    struct err err = ERR_EMPTY;
    if (!door || !line_name_of(request, line, sizeof line))
        return;
    int result = door->stop_trace(door->user, line, &err);
    if (result < 0)
        refuse(request, result, &err);
    else
        request_answer_empty(request, 204);
}
