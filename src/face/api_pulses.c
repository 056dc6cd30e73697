#include <errno.h>

#include "engine/pulse.h"
#include "face/api_operations.h"
#include "face/json_body.h"
#include "face/web_private.h"

static void refuse(struct request *request, const struct err *err)
{
    if (err->code == -ENOENT)
        request_problem(request, 404, "not-found", "No such pulse input", "%s.", err->text);
    else if (err->code == -ERANGE)
        request_problem(request, 422, "bad-member", "A meter cannot read this", "%s.", err->text);
    else
        request_problem(request, 409, "not-possible", "Not now", "%s.", err->text);
}

/* It is begun, not done: the point shows the reading when that is on the disk. */
static void set_reading(struct request *request, const char *path, const json_t *body)
{
    static const char *const keys[] = {"reading", NULL};
    const json_t *reading = json_object_get(body, "reading");
    struct err err = ERR_EMPTY;
    if (!json_body_known(request, body, keys))
        return;
    if (!json_is_number(reading)) {
        request_problem(request, 400, "missing-member", "Something is missing",
                        "The body needs \"reading\": the number on the meter's display, in kWh or "
                        "m3.");
        return;
    }
    const struct pulses_author author = {.who = request->user, .origin = request->peer->address};
    if (pulses_set_reading(request->web->context.pulses, path, json_number_value(reading), &author,
                           &err) < 0)
        refuse(request, &err);
    else
        request_answer_empty(request, 202);
}

void api_pulses_set(struct request *request)
{
    char path[LIMIT_PATH + 1];
    if (!request->web->context.pulses || !request_path_value(request, 0, path, sizeof path)) {
        request_problem(request, 404, "not-found", "No such pulse input",
                        "Pulse inputs are named like io/pulse-1.");
        return;
    }
    json_t *body = json_body_take(request);
    if (body)
        set_reading(request, path, body);
    json_decref(body);
}
