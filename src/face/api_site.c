#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "face/api_operations.h"
#include "face/web_private.h"
#include "model/site_settings.h"

struct writing {
    struct json *json;
    enum time_form form;
};

static void write_point(struct json *json, const struct point *point)
{
    const struct quantity_row *row = quantity_row(point->quantity);
    json_open_object(json);
    json_pair_text(json, "path", point->path);
    json_pair_text(json, "quantity", row->name);
    json_pair_text(json, "label", row->label);
    json_pair_text(json, "kind", quantity_kind_name(row->kind));
    json_pair_text(json, "unit", row->unit);
    json_pair_int(json, "decimals", row->decimals);
    json_close_object(json);
}

static void write_component(struct json *json, const struct component *part)
{
    json_open_object(json);
    json_pair_text(json, "name", part->name);
    json_pair_text(json, "kind", component_kind_name(part->kind));
    json_pair_int(json, "number", part->number);
    json_pair_text(json, "label", part->label);
    json_pair_text(json, "fed_by", part->fed_by);
    json_key(json, "rated_current");
    if (part->rated_current > 0)
        json_decimal(json, part->rated_current, 3);
    else
        json_none(json);
    json_key(json, "points");
    json_open_array(json);
    for (const struct point *point = part->points; point; point = point->next)
        write_point(json, point);
    json_close_array(json);
    json_close_object(json);
}

static void write_device(const struct writing *writing, const struct device *device)
{
    struct json *json = writing->json;
    json_open_object(json);
    json_pair_text(json, "name", device->name);
    json_pair_text(json, "label", device->label);
    json_pair_text(json, "role", device->role);
    json_pair_text(json, "state", device_state_name(device->state));
    json_pair_text(json, "reason", device->reason[0] ? device->reason : NULL);
    time_form_pair(writing->json, "since", device->since_wall, writing->form);
    json_pair_text(json, "line", device->line);
    json_key(json, "unit");
    if (device->unit >= 0)
        json_int(json, device->unit);
    else
        json_none(json);
    json_pair_text(json, "profile", device->profile);
    json_pair_text(json, "vendor", device->vendor);
    json_pair_text(json, "model", device->model);
    json_pair_text(json, "serial", device->serial);
    json_pair_text(json, "firmware", device->firmware);
    json_pair_text(json, "fed_by", device->fed_by);
    json_pair_int(json, "every_ms", device->every / CLOCK_MS);
    json_key(json, "components");
    json_open_array(json);
    for (const struct component *part = device->components; part; part = part->next)
        write_component(json, part);
    json_close_array(json);
    json_close_object(json);
}

/* The address under which this client has reached us. */
static void write_address(struct json *json, const struct request *request)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t length = sizeof address;
    char text[INET6_ADDRSTRLEN] = "";
    if (getsockname(request->peer->fd, &address.any, &length) == 0) {
        if (address.any.sa_family == AF_INET)
            inet_ntop(AF_INET, &address.v4.sin_addr, text, sizeof text);
        else if (address.any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address.v6.sin6_addr))
            inet_ntop(AF_INET, &address.v6.sin6_addr.s6_addr[12], text, sizeof text);
        else if (address.any.sa_family == AF_INET6)
            inet_ntop(AF_INET6, &address.v6.sin6_addr, text, sizeof text);
    }
    json_pair_text(json, "address", text[0] ? text : NULL);
}

static void write_head(const struct writing *writing, const struct request *request)
{
    const struct web_context *context = &request->web->context;
    struct json *json = writing->json;
    const struct site_settings *settings =
        config_record(context->config(context->user), &site_settings_table);
    bool known = clock_wall_known(loop_clock(context->loop));
    json_pair_text(json, "name", settings->name);
    json_pair_text(json, "location", settings->location);
    json_pair_text(json, "contact", settings->contact);
    json_pair_text(json, "time_zone", settings->time_zone);
    time_form_pair(writing->json, "time", known ? loop_wall(context->loop) : 0, writing->form);
    json_pair_bool(json, "clock_known", known);
    json_pair_text(json, "version", BUSBAR_VERSION);
    write_address(json, request);
    time_form_pair(writing->json, "started", context->started_wall, writing->form);
    json_pair_int(json, "revision", (int64_t)site_revision(context->site));
}

void api_site_show(struct request *request)
{
    const struct web_context *context = &request->web->context;
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    struct writing writing = {.json = &json};
    if (!request_time_form(request, &writing.form))
        return;
    json_open_object(&json);
    write_head(&writing, request);
    json_key(&json, "devices");
    json_open_array(&json);
    for (const struct device *device = site_devices(context->site); device; device = device->next)
        write_device(&writing, device);
    json_close_array(&json);
    json_key(&json, "lines");
    context->write_site_lines(context->user, &json);
    json_close_object(&json);
    request_answer_json(request, &body);
}
