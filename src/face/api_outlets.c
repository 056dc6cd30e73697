#include <stdio.h>
#include <string.h>

#include "engine/output.h"
#include "engine/switcher.h"
#include "face/api_operations.h"
#include "face/api_records.h"
#include "face/command_json.h"
#include "face/settings_change.h"
#include "face/web_private.h"

/* What is being written: one list for one reader. */
struct writing {
    struct json *json;
    const struct request *request;
    struct command_view view;
};

static void write_pending(const struct writing *writing, const struct switcher_outlet *outlet)
{
    struct json *json = writing->json;
    json_key(json, "pending");
    if (!outlet->command) {
        json_none(json);
        return;
    }
    json_open_object(json);
    json_pair_text(json, "id", outlet->command->id);
    json_pair_text(json, "action", command_action_name(outlet->command->action));
    json_pair_text(json, "actor", outlet->command->actor);
    command_json_pair_progress(json, outlet->step, &writing->view);
    json_close_object(json);
}

static void write_state(const struct writing *writing, const struct point *state)
{
    json_key(writing->json, "state");
    point_json_add(writing->request->web->points, writing->json->out, state, writing->view.form,
                   writing->view.now);
    writing->json->comma = true;
}

/* A digital output is not asked: what it switches is not fed by it. */
static void write_powered(const struct writing *writing, const struct switcher_outlet *outlet,
                          size_t index)
{
    struct json *json = writing->json;
    char reason[160] = "";
    int powered = outlet->output ? -1
                                 : switcher_powered(writing->request->web->context.switcher, index,
                                                    reason, sizeof reason);
    if (powered < 0) {
        json_key(json, "powered");
        json_none(json);
    } else {
        json_pair_bool(json, "powered", powered);
    }
    json_pair_text(json, "powered_reason", *reason ? reason : NULL);
}

/* The percent of a digital output that has a level. */
static void write_level(const struct writing *writing, const struct switcher_outlet *outlet)
{
    const struct point *level =
        outlet->level ? site_point(writing->request->web->context.site, outlet->level) : NULL;
    json_key(writing->json, "level");
    if (!level) {
        json_none(writing->json);
        return;
    }
    point_json_add(writing->request->web->points, writing->json->out, level, writing->view.form,
                   writing->view.now);
    writing->json->comma = true;
}

static void write_look(struct json *json, const char *key, const struct output_look *look)
{
    json_key(json, key);
    json_open_object(json);
    json_pair_text(json, "text", look->text);
    json_pair_text(json, "colour", output_colour_name(look->colour));
    json_close_object(json);
}

/* How the two states of a digital output are called and coloured. */
static void write_looks(const struct writing *writing, const struct switcher_outlet *outlet)
{
    const struct outputs *outputs = writing->request->web->context.outputs;
    struct json *json = writing->json;
    json_key(json, "looks");
    if (!outlet->output || !outputs) {
        json_none(json);
        return;
    }
    const struct output_look off = output_look(outputs, outlet->path, false);
    const struct output_look on = output_look(outputs, outlet->path, true);
    json_open_object(json);
    write_look(json, "off", &off);
    write_look(json, "on", &on);
    json_close_object(json);
}

/* Whether the one who asks could switch it. */
static bool may_switch(const struct request *request, size_t index)
{
    return switcher_may(request->web->context.switcher, index, request->user, request->role, NULL);
}

static void write_outlet(const struct writing *writing, const struct switcher_outlet *outlet,
                         size_t index)
{
    const struct request *request = writing->request;
    const struct point *state = site_point(request->web->context.site, outlet->state);
    struct json *json = writing->json;
    if (!state)
        return; /* its device has just gone */
    json_open_object(json);
    json_pair_text(json, "path", outlet->path);
    json_pair_text(json, "device", state->component->device->name);
    json_pair_text(json, "component", state->component->name);
    json_pair_text(json, "kind", outlet->output ? "output" : "outlet");
    json_pair_text(json, "label", outlet->label);
    json_pair_text(json, "url", outlet->url && *outlet->url ? outlet->url : NULL);
    json_pair_bool(json, "switchable", outlet->switchable);
    json_pair_bool(json, "may", outlet->switchable && may_switch(request, index));
    json_pair_bool(json, "critical", outlet->settings->critical);
    json_pair_bool(json, "locked", outlet->settings->lock);
    write_state(writing, state);
    write_powered(writing, outlet, index);
    write_level(writing, outlet);
    write_looks(writing, outlet);
    write_pending(writing, outlet);
    json_key(json, "settings");
    if (request->role >= ROLE_CONTROL)
        api_record_write_values(json, &outlet_settings_table, outlet->settings);
    else
        json_none(json);
    json_close_object(json);
}

static bool begin(struct request *request, struct writing *writing)
{
    const struct web_context *context = &request->web->context;
    writing->request = request;
    writing->view = (struct command_view){
        .now = loop_now(context->loop), .wall = loop_wall(context->loop), .site = context->site};
    return request_time_form(request, &writing->view.form);
}

static bool is_of(const struct switcher_outlet *outlet, const char *device)
{
    size_t length = device ? strlen(device) : 0;
    return !device || (strncmp(outlet->path, device, length) == 0 && outlet->path[length] == '/');
}

void api_outlets_list(struct request *request)
{
    const struct switcher *switcher = request->web->context.switcher;
    const char *device = request_query(request, "device");
    size_t count = switcher ? switcher_outlet_count(switcher) : 0;
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    struct writing writing = {.json = &json};
    struct switcher_outlet outlet;
    if (!begin(request, &writing))
        return;
    json_open_array(&json);
    for (size_t i = 0; i < count; i++) {
        switcher_outlet_at(switcher, i, &outlet);
        if (is_of(&outlet, device))
            write_outlet(&writing, &outlet, i);
    }
    json_close_array(&json);
    settings_add_etag(request);
    request_answer_json(request, &body);
}

/* The outlet of the path in the address and its index; false when answered. */
static bool find(struct request *request, char *path, size_t size, struct switcher_outlet *outlet,
                 size_t *index)
{
    const struct switcher *switcher = request->web->context.switcher;
    if (switcher && request_path_value(request, 0, path, size) &&
        switcher_target(switcher, path, index, 1, NULL) == 1) {
        switcher_outlet_at(switcher, *index, outlet);
        if (strcmp(outlet->path, path) == 0)
            return true;
    }
    request_problem(request, 404, "not-found", "No such outlet",
                    "GET /api/v1/outlets lists the outlets and outputs.");
    return false;
}

void api_outlets_show(struct request *request)
{
    char path[LIMIT_PATH + 1];
    size_t index;
    struct switcher_outlet outlet;
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    struct writing writing = {.json = &json};
    if (!find(request, path, sizeof path, &outlet, &index) || !begin(request, &writing))
        return;
    write_outlet(&writing, &outlet, index);
    settings_add_etag(request);
    request_answer_json(request, &body);
}

void api_outlets_put(struct request *request)
{
    char path[LIMIT_PATH + 1];
    size_t index;
    struct switcher_outlet outlet;
    if (find(request, path, sizeof path, &outlet, &index))
        api_record_put(request, "outlets", path);
}
