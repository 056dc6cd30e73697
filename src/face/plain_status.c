#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/time_text.h"
#include "face/plain_pages.h"
#include "model/site_settings.h"

/* ---- is everything well ---------------------------------------------------------------------- */

static size_t add_silent(struct buf *page, const struct site *site)
{
    size_t count = 0;
    for (const struct device *device = site_devices(site); device; device = device->next) {
        if (device->state != DEVICE_SILENT)
            continue;
        struct buf name = BUF_EMPTY;
        plain_add_name(&name, device->name, device->label);
        buf_add_text(page, "<li>");
        markup_add(page, buf_text(&name));
        buf_add_text(page, " - ");
        markup_add(page, device->reason[0] ? device->reason : "does not answer");
        buf_add_text(page, "</li>\n");
        buf_deinit(&name);
        count++;
    }
    return count;
}

/* Sentences about the program itself; they come as JSON. */
static size_t add_own(struct buf *page, const struct web_context *context)
{
    struct buf text = BUF_EMPTY;
    struct json json = json_writer(&text);
    json_open_array(&json);
    context->write_problems(context->user, &json);
    json_close_array(&json);
    json_t *list = text.failed ? NULL : json_loadb(text.data, text.length, 0, NULL);
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count; i++) {
        buf_add_text(page, "<li>");
        markup_add(page, json_string_value(json_array_get(list, i)));
        buf_add_text(page, "</li>\n");
    }
    json_decref(list);
    buf_deinit(&text);
    return count;
}

static void add_alarms(struct buf *page, const struct request *request)
{
    if (!plain_alarms_active(request))
        return;
    buf_add_text(page, "<h2><a href=\"/m/alarms\">Alarms: ");
    plain_add_alarm_counts(page, request);
    buf_add_text(page, "</a></h2>\n");
}

static void add_problems(struct buf *page, const struct web_context *context)
{
    struct buf list = BUF_EMPTY;
    size_t count = add_silent(&list, context->site) + add_own(&list, context);
    if (count) {
        buf_add_format(page, "<h2>%zu to look at</h2>\n<ul>\n", count);
        buf_add(page, list.data, list.length);
        buf_add_text(page, "</ul>\n");
    } else {
        buf_add_text(page, "<p>Every device answers.</p>\n");
    }
    page->failed |= list.failed;
    buf_deinit(&list);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void add_cell(struct buf *page, const struct point *point, clock_us now)
{
    struct buf text = BUF_EMPTY;
    char age[64];
    plain_add_value(&text, point);
    plain_age(point, now, age, sizeof age);
    if (age[0])
        buf_add_format(&text, " (%s)", age);
    buf_add_text(page, "<td align=\"right\">");
    markup_add(page, buf_text(&text));
    buf_add_text(page, "</td>");
    buf_deinit(&text);
}

static void add_row(struct buf *page, const struct point *point, clock_us now)
{
    buf_add_text(page, "<tr><td>");
    markup_add(page, quantity_row(point->quantity)->label);
    buf_add_text(page, "</td>");
    add_cell(page, point, now);
    buf_add_text(page, "</tr>\n");
}

static void add_component(struct buf *page, const struct component *part, clock_us now)
{
    struct buf name = BUF_EMPTY;
    plain_add_name(&name, part->name, part->label);
    buf_add_text(page, "<tr><th colspan=\"2\" align=\"left\">");
    markup_add(page, buf_text(&name));
    buf_add_text(page, "</th></tr>\n");
    buf_deinit(&name);
    for (const struct point *point = part->points; point; point = point->next)
        add_row(page, point, now);
}

/* What a whole device comes to: its first component's figures, at most so many. */
#define FIGURES 4

static void add_device(struct buf *page, const struct device *device, clock_us now)
{
    struct buf name = BUF_EMPTY;
    plain_add_name(&name, device->name, device->label);
    buf_add_text(page, "<tr><th colspan=\"2\" align=\"left\"><a href=\"/m/device?name=");
    markup_add(page, device->name); /* names are letters, digits and dashes */
    buf_add_text(page, "\">");
    markup_add(page, buf_text(&name));
    buf_add_format(page, "</a> %s</th></tr>\n", device_state_name(device->state));
    buf_deinit(&name);
    int figures = 0;
    const struct component *part = device->components;
    for (const struct point *point = part ? part->points : NULL; point && figures < FIGURES;
         point = point->next) {
        if (point->value.quality == QUALITY_ABSENT)
            continue;
        add_row(page, point, now);
        figures++;
    }
}

/* ---- pages ----------------------------------------------------------------------------------- */

static void add_where_and_when(struct buf *page, const struct request *request)
{
    const struct web_context *context = &request->web->context;
    const struct site_settings *site =
        config_record(context->config(context->user), &site_settings_table);
    char time[TIME_TEXT_SIZE];
    buf_add_text(page, "<p>");
    markup_add(page, site->location);
    if (site->location[0])
        buf_add_text(page, ", ");
    if (clock_wall_known(loop_clock(context->loop))) {
        time_text_format_local(loop_wall(context->loop), time);
        buf_add_format(page, "%.10s %.8s", time, time + 11);
    } else {
        buf_add_text(page, "the clock is not set");
    }
    buf_add_format(page, ". <a href=\"%s\">Read again</a></p>\n", request->url);
}

void plain_status(struct request *request, const struct form *form)
{
    const struct web_context *context = &request->web->context;
    const struct site_settings *site =
        config_record(context->config(context->user), &site_settings_table);
    struct buf page = plain_begin_page(request, site->name[0] ? site->name : "busbar");
    (void)form;
    add_where_and_when(&page, request);
    add_alarms(&page, request);
    add_problems(&page, context);
    buf_add_text(&page, "<table>\n");
    for (const struct device *device = site_devices(context->site); device; device = device->next)
        add_device(&page, device, loop_now(context->loop));
    buf_add_text(&page, "</table>\n");
    plain_send_page(request, 200, &page);
}

void plain_device(struct request *request, const struct form *form)
{
    const struct web_context *context = &request->web->context;
    const char *name = request_query(request, "name");
    const struct device *device = name ? site_device_find(context->site, name) : NULL;
    (void)form;
    if (!device) {
        plain_say(request, 404, "No such device",
                  "There is no device of that name; the status page lists them.");
        return;
    }
    struct buf page = plain_begin_page(request, device->label[0] ? device->label : device->name);
    buf_add_format(&page, "<p>%s, %s</p>\n<p>", device->name, device_state_name(device->state));
    markup_add(&page, device->reason);
    buf_add_text(&page, "</p>\n<table>\n");
    for (const struct component *part = device->components; part; part = part->next)
        add_component(&page, part, loop_now(context->loop));
    buf_add_text(&page, "</table>\n");
    plain_send_page(request, 200, &page);
}
