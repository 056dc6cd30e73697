#include <stdio.h>

#include "base/time_text.h"
#include "face/plain_pages.h"
#include "face/point_query.h"
#include "model/site_settings.h"

struct writing {
    struct buf *out;
    const struct device *device;
    clock_us now;
};

static void add_device(struct buf *out, const struct device *device)
{
    buf_add_char(out, '\n');
    plain_add_name(out, device->name, device->label);
    buf_add_format(out, " - %s\n", device_state_name(device->state));
    if (device->reason[0])
        buf_add_format(out, "%s\n", device->reason);
}

/* "outlet-3 current 1.234 A", and what is the matter with it when it is not fresh. */
static void on_point(void *user, const struct point *point)
{
    struct writing *writing = user;
    struct buf *out = writing->out;
    char age[64];
    if (point->component->device != writing->device) {
        writing->device = point->component->device;
        add_device(out, writing->device);
    }
    buf_add_format(out, "%s %s ", point->component->name, quantity_row(point->quantity)->name);
    plain_add_value(out, point);
    plain_age(point, writing->now, age, sizeof age);
    if (age[0])
        buf_add_format(out, " (%s)", age);
    buf_add_char(out, '\n');
}

static void add_head(struct buf *out, const struct request *request)
{
    const struct web_context *context = &request->web->context;
    const struct site_settings *site =
        config_record(context->config(context->user), &site_settings_table);
    char time[TIME_TEXT_SIZE];
    buf_add_format(out, "%s\n", site->name[0] ? site->name : "busbar");
    if (clock_wall_known(loop_clock(context->loop))) {
        time_text_format_local(loop_wall(context->loop), time);
        buf_add_format(out, "%.10s %.8s\n", time, time + 11);
    }
}

void plain_text(struct request *request, const struct form *form)
{
    struct point_select select = POINT_SELECT_EMPTY;
    struct buf body = BUF_EMPTY;
    struct writing writing = {.out = &body, .now = loop_now(request->web->context.loop)};
    struct err err = ERR_EMPTY;
    (void)form;
    if (!point_query_read(request, &select))
        return;
    if (point_select_check(&select, request->web->context.site, &err) < 0) {
        request_problem(request, 404, "not-found", "No such point", "%s.", err.text);
    } else {
        add_head(&body, request);
        plain_add_alarm_lines(&body, request);
        point_select_each(&select, request->web->context.site, on_point, &writing);
        request_answer_take(request, 200, "text/plain; charset=utf-8", &body);
    }
    point_select_deinit(&select);
}
