#include "face/plain_pages.h"
#include "face/point_query.h"
#include "model/site_settings.h"

/* What is open in the document while the chosen points are walked through, in the order of the
 * site. */
struct writing {
    struct buf *out;
    const struct device *device;
    const struct component *component;
    enum time_form form;
    clock_us now;
};

static void add_time(const struct writing *writing, const char *name, clock_us wall)
{
    buf_add_format(writing->out, " %s=\"", name);
    time_form_plain(writing->out, wall, writing->form);
    buf_add_char(writing->out, '"');
}

static void close_component(struct writing *writing)
{
    if (writing->component)
        buf_add_text(writing->out, "    </component>\n");
    writing->component = NULL;
}

static void close_device(struct writing *writing)
{
    close_component(writing);
    if (writing->device)
        buf_add_text(writing->out, "  </device>\n");
    writing->device = NULL;
}

static void open_device(struct writing *writing, const struct device *device)
{
    struct buf *out = writing->out;
    close_device(writing);
    writing->device = device;
    buf_add_text(out, "  <device");
    markup_attribute(out, "name", device->name);
    markup_attribute(out, "label", device->label);
    markup_attribute(out, "role", device->role);
    markup_attribute(out, "state", device_state_name(device->state));
    if (device->reason[0])
        markup_attribute(out, "reason", device->reason);
    if (device->since_wall)
        add_time(writing, "since", device->since_wall);
    markup_attribute(out, "vendor", device->vendor);
    markup_attribute(out, "model", device->model);
    markup_attribute(out, "serial", device->serial);
    markup_attribute(out, "firmware", device->firmware);
    buf_add_text(out, ">\n");
}

static void open_component(struct writing *writing, const struct component *component)
{
    struct buf *out = writing->out;
    close_component(writing);
    writing->component = component;
    buf_add_text(out, "    <component");
    markup_attribute(out, "name", component->name);
    markup_attribute(out, "kind", component_kind_name(component->kind));
    if (component->number)
        buf_add_format(out, " number=\"%d\"", component->number);
    markup_attribute(out, "label", component->label);
    buf_add_text(out, ">\n");
}

/* The value in plain digits; a state's word and the unit stand beside it. */
static void add_value(struct buf *out, const struct point *point)
{
    const struct quantity_row *row = quantity_row(point->quantity);
    if (!plain_has_value(point))
        return;
    if (row->kind == QUANTITY_KIND_TEXT) {
        markup_attribute(out, "value", point->text ? point->text : "");
        return;
    }
    buf_add_text(out, " value=\"");
    buf_add_decimal(out, point->value.number, row->decimals);
    buf_add_char(out, '"');
    if (row->kind == QUANTITY_KIND_STATE) {
        struct buf words = BUF_EMPTY;
        point_json_words(point->words, point->value.number, &words);
        if (words.length)
            markup_attribute(out, "text", buf_text(&words));
        buf_deinit(&words);
    }
}

static void on_point(void *user, const struct point *point)
{
    struct writing *writing = user;
    struct buf *out = writing->out;
    const struct quantity_row *row = quantity_row(point->quantity);
    const struct value *value = &point->value;
    if (point->component->device != writing->device)
        open_device(writing, point->component->device);
    if (point->component != writing->component)
        open_component(writing, point->component);
    buf_add_text(out, "      <point");
    markup_attribute(out, "path", point->path);
    markup_attribute(out, "quantity", row->name);
    markup_attribute(out, "label", row->label);
    if (row->unit[0])
        markup_attribute(out, "unit", row->unit);
    add_value(out, point);
    if (value->mono && value->wall_known)
        add_time(writing, "time", value->wall);
    if (value->mono)
        buf_add_format(out, " age_ms=\"%lld\"",
                       (long long)((writing->now - value->mono) / CLOCK_MS));
    markup_attribute(out, "quality", quality_name(value->quality));
    if (value->quality != QUALITY_GOOD)
        markup_attribute(out, "reason", value_reason_text(value->reason));
    buf_add_text(out, "/>\n");
}

static void write_document(struct writing *writing, const struct request *request,
                           const struct point_select *select)
{
    const struct web_context *context = &request->web->context;
    const struct site_settings *site =
        config_record(context->config(context->user), &site_settings_table);
    struct buf *out = writing->out;
    buf_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<busbar");
    markup_attribute(out, "version", BUSBAR_VERSION);
    markup_attribute(out, "name", site->name);
    markup_attribute(out, "location", site->location);
    if (clock_wall_known(loop_clock(context->loop)))
        add_time(writing, "time", loop_wall(context->loop));
    buf_add_text(out, ">\n");
    point_select_each(select, context->site, on_point, writing);
    close_device(writing);
    plain_add_alarm_elements(out, request, writing->form);
    buf_add_text(out, "</busbar>\n");
}

void plain_xml(struct request *request, const struct form *form)
{
    struct point_select select = POINT_SELECT_EMPTY;
    struct buf body = BUF_EMPTY;
    struct writing writing = {.out = &body, .now = loop_now(request->web->context.loop)};
    struct err err = ERR_EMPTY;
    (void)form;
    if (!request_time_form(request, &writing.form) || !point_query_read(request, &select))
        return;
    if (point_select_check(&select, request->web->context.site, &err) < 0) {
        request_problem(request, 404, "not-found", "No such point", "%s.", err.text);
    } else {
        write_document(&writing, request, &select);
        request_answer_take(request, 200, "application/xml", &body);
    }
    point_select_deinit(&select);
}
