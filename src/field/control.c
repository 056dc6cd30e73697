#include "field/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "field/field_private.h"

/* A write, or a single reading, under way. */
struct control {
    struct control *next;
    struct field *field;
    struct poller *poller; /* NULL: it has ended, which is still to be told */
    point_id point;
    struct driver_request asked;
    struct line_request request;
    bool begun; /* a request of it was accepted already: nothing may be called unchanged any more */
    /* of these one: */
    void (*done)(void *user, enum control_result result, const struct err *err);
    void (*was_read)(void *user, bool answered);
    void *user;
    /* while its end is to be told */
    enum control_result result;
    struct err err;
};

/* ---- beginning and ending -------------------------------------------------------------------- */

static struct control *new_control(struct field *field, struct poller *poller, point_id point)
{
    struct control *control = calloc(1, sizeof *control);
    if (!control)
        return NULL;
    control->field = field;
    control->poller = poller;
    control->point = point;
    control->err = ERR_EMPTY;
    control->next = field->controls;
    field->controls = control;
    return control;
}

static void unlink_control(struct control *control)
{
    struct control **at = &control->field->controls;
    while (*at != control)
        at = &(*at)->next;
    *at = control->next;
}

/* Tell the end, if anybody wants to know. From here on the control does not exist. */
static void finish(struct control *control, enum control_result result)
{
    unlink_control(control);
    if (control->done)
        control->done(control->user, result, &control->err);
    else if (control->was_read)
        control->was_read(control->user, result == CONTROL_ACCEPTED);
    free(control);
}

static void on_ended(struct loop_defer *defer, void *user)
{
    (void)defer;
    struct field *field = user;
    struct control *control = field->controls;
    /* From the begin each time: whoever is told may begin or cancel others. */
    while (control) {
        if (control->poller) {
            control = control->next;
        } else {
            finish(control, control->result);
            control = field->controls;
        }
    }
}

static void finish_later(struct control *control, enum control_result result)
{
    control->poller = NULL;
    control->result = result;
    loop_defer(control->field->loop, &control->field->ended, on_ended, control->field);
}

static bool was_sent(const struct control *control)
{
    return control->begun || control->request.attempts > 0;
}

void control_drop(struct field *field, const struct poller *poller)
{
    for (struct control *control = field->controls; control; control = control->next) {
        if (control->poller != poller)
            continue;
        line_cancel(&control->request);
        err_set(&control->err, -ECANCELED, "%s was changed in the settings meanwhile",
                poller->name);
        finish_later(control, was_sent(control) ? CONTROL_UNSURE : CONTROL_NOT_SENT);
    }
}

void control_end_all(struct field *field)
{
    loop_defer_cancel(&field->ended);
    while (field->controls) {
        struct control *control = field->controls;
        if (control->poller) {
            line_cancel(&control->request);
            err_set(&control->err, -ECANCELED, "busbar is stopping");
            control->result = was_sent(control) ? CONTROL_UNSURE : CONTROL_NOT_SENT;
        }
        finish(control, control->result);
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

static void fail(struct control *control, enum control_result result, const char *what)
{
    const struct poller *poller = control->poller;
    if (!control->err.code)
        err_set(&control->err, -EIO, "%.60s: %s", poller->name, what);
    /* Of several requests an earlier one has changed something. */
    if (control->begun && (result == CONTROL_REFUSED || result == CONTROL_NOT_SENT))
        result = CONTROL_UNSURE;
    finish(control, result);
}

static void take_answer(struct control *control, const struct driver_answer *answer)
{
    struct poller *poller = control->poller;
    const struct point *point = site_point(poller->device->site, control->point);
    if (!point) {
        fail(control, CONTROL_UNSURE, "the point is gone");
        return;
    }
    int result =
        poller->driver->written(poller->state, point, answer, &control->asked, &control->err);
    if (result > 0) {
        control->begun = true;
        poller_fill_request(poller, &control->asked, &control->request);
        line_submit(poller->line, &control->request);
    } else if (result == 0) {
        finish(control, CONTROL_ACCEPTED);
    } else {
        fail(control, result == -EACCES ? CONTROL_REFUSED : CONTROL_UNSURE,
             "its answer is no proper one");
    }
}

static void on_written(struct line_request *request, const struct driver_answer *answer)
{
    struct control *control = request->user;
    switch (answer->result) {
    case DRIVER_LINE_DOWN:
        fail(control, CONTROL_NOT_SENT, "its line is down, nothing was sent");
        break;
    case DRIVER_TIMED_OUT:
        fail(control, CONTROL_UNSURE, "it was told, but did not answer");
        break;
    default:
        take_answer(control, answer);
    }
}

static void on_read(struct line_request *request, const struct driver_answer *answer)
{
    struct control *control = request->user;
    struct poller *poller = control->poller;
    bool answered = answer->result == DRIVER_ANSWERED &&
                    poller->driver->decode(poller->state, &control->asked, answer) == 0;
    poller_tell(poller);
    finish(control, answered ? CONTROL_ACCEPTED : CONTROL_UNSURE);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Before all polling, and fairly between the devices of the line. */
static void submit(struct control *control,
                   void (*done)(struct line_request *request, const struct driver_answer *answer))
{
    struct poller *poller = control->poller;
    control->request = (struct line_request){
        .urgency = LINE_CONTROL,
        .client = poller->ordinal,
        .pdu = control->asked.bytes,
        .done = done,
        .user = control,
    };
    poller_fill_request(poller, &control->asked, &control->request);
    line_submit(poller->line, &control->request);
}

/* A unit that has not said that it is the one meant is not told to switch: it may be another. */
static bool may_be_asked(const struct poller *poller)
{
    return poller->line && poller->identified && poller->device->state == DEVICE_ONLINE;
}

/* The poller that reads the point and can write it; `*point` becomes its own one when the device
 * stands in the site as a part of another. */
static struct poller *find_writer(const struct field *field, struct point **point)
{
    struct poller *poller = *point ? field_poller_of(field, point) : NULL;
    return poller && poller->state && poller->driver->encode ? poller : NULL;
}

bool control_possible(const struct field *field, point_id id)
{
    struct point *point = site_point(field->site, id);
    struct poller *poller = find_writer(field, &point);
    struct driver_request asked = {0};
    /* Encoding changes nothing; a number out of range is another matter. */
    return poller && poller->driver->encode(poller->state, point, 0, &asked, NULL) != -ENOTSUP;
}

struct control *control_start(struct field *field, point_id id, double number,
                              void (*done)(void *user, enum control_result result,
                                           const struct err *err),
                              void *user, struct err *err)
{
    struct point *point = site_point(field->site, id);
    struct poller *poller = find_writer(field, &point);
    struct driver_request asked = {0};
    if (!point)
        err_set(err, -ENOENT, "there is no such point any more");
    else if (!poller)
        err_set(err, -ENOTSUP, "%s can only be read", point->path);
    else if (field->closing)
        err_set(err, -ECANCELED, "busbar is stopping");
    if (!point || !poller || field->closing ||
        poller->driver->encode(poller->state, point, number, &asked, err) < 0)
        return NULL;
    struct control *control = new_control(field, poller, point->id);
    if (!control) {
        err_set(err, -ENOMEM, "out of memory");
        return NULL;
    }
    control->asked = asked;
    control->done = done;
    control->user = user;
    if (may_be_asked(poller)) {
        submit(control, on_written);
    } else {
        err_set(&control->err, -EHOSTDOWN, "%s is %s%s%s: nothing was sent", poller->name,
                device_state_name(poller->device->state), *poller->device->reason ? ", " : "",
                poller->device->reason);
        finish_later(control, CONTROL_NOT_SENT);
    }
    return control;
}

bool control_cancel(struct control *control)
{
    bool sent = control->poller ? was_sent(control) : control->result != CONTROL_NOT_SENT;
    if (control->poller)
        line_cancel(&control->request);
    unlink_control(control);
    free(control);
    return !sent;
}

bool control_read(struct field *field, point_id id, void (*done)(void *user, bool answered),
                  void *user)
{
    struct point *point = site_point(field->site, id);
    struct poller *poller = point && !field->closing ? field_poller_of(field, &point) : NULL;
    struct driver_request asked = {0};
    if (!poller || !poller->state || !poller->driver->read_back || !may_be_asked(poller) ||
        !poller->driver->read_back(poller->state, point, &asked))
        return false;
    struct control *control = new_control(field, poller, point->id);
    if (!control)
        return false;
    control->asked = asked;
    control->was_read = done;
    control->user = user;
    submit(control, on_read);
    return true;
}
