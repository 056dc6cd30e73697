/* The NUT server: what it offers, who is connected, and a person's say in a forced shutdown. */

#include <errno.h>

#include "face/api_operations.h"
#include "face/nut.h"
#include "face/web_private.h"

struct writing {
    struct json *json;
    clock_us now;
};

static struct nut *server_of(struct request *request)
{
    const struct web_context *context = &request->web->context;
    struct nut *nut = context->nut ? context->nut(context->user) : NULL;
    if (!nut)
        request_problem(request, 503, "unavailable", "No NUT server",
                        "There was no memory for it when the program started.");
    return nut;
}

static void pair_age(const struct writing *writing, const char *key, clock_us since, bool known)
{
    json_key(writing->json, key);
    if (known)
        json_int(writing->json, (writing->now - since) / CLOCK_MS);
    else
        json_none(writing->json);
}

static void write_ups(void *to, const struct nut_ups_view *view)
{
    const struct writing *writing = to;
    struct json *json = writing->json;
    json_open_object(json);
    json_pair_text(json, "name", view->name);
    json_pair_text(json, "label", view->label);
    json_pair_text(json, "device", view->device);
    json_pair_text(json, "group", view->group);
    json_pair_text(json, "supply", view->supply);
    json_pair_text(json, "contact", view->contact);
    json_pair_text(json, "status", view->status);
    json_pair_int(json, "attached", (int64_t)view->attached);
    json_pair_bool(json, "low", view->low);
    json_pair_bool(json, "forced", view->forced);
    json_pair_bool(json, "outlets_off", view->outlets_off);
    pair_age(writing, "on_battery_ms", view->on_battery_since,
             view->on_battery_since != CLOCK_NEVER);
    pair_age(writing, "forced_ms", view->forced_since, view->forced);
    json_close_object(json);
}

static void write_client(void *to, const struct nut_client_view *view)
{
    const struct writing *writing = to;
    struct json *json = writing->json;
    json_open_object(json);
    json_pair_text(json, "address", view->address);
    json_pair_int(json, "port", view->port);
    json_pair_text(json, "user", view->user);
    json_pair_text(json, "attached", view->attached);
    json_pair_bool(json, "encrypted", view->encrypted);
    json_pair_bool(json, "primary", view->primary);
    json_pair_int(json, "connected_ms", (writing->now - view->since) / CLOCK_MS);
    pair_age(writing, "quiet_ms", view->asked, view->asked != 0);
    json_close_object(json);
}

static void write_server(struct json *json, const struct nut_view *view)
{
    json_pair_text(json, "listen", view->listen);
    json_key(json, "port");
    if (view->port)
        json_int(json, view->port);
    else
        json_none(json);
    json_pair_text(json, "problem", view->problem);
    json_pair_bool(json, "tls", view->tls);
    json_pair_bool(json, "tls_required", view->tls_required);
    json_pair_int(json, "clients_connected", (int64_t)view->clients);
    json_pair_int(json, "accepted", (int64_t)view->accepted);
    json_pair_int(json, "turned_away", (int64_t)view->turned_away);
    json_pair_int(json, "slow", (int64_t)view->slow);
    json_key(json, "counts");
    json_open_object(json);
    for (enum nut_count i = 0; i < NUT_COUNTS; i++)
        json_pair_int(json, nut_count_name(i), (int64_t)view->counts[i]);
    json_close_object(json);
}

void api_nut_show(struct request *request)
{
    const struct nut *nut = server_of(request);
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    struct writing writing = {.json = &json, .now = loop_now(request->web->context.loop)};
    if (!nut)
        return;
    const struct nut_view view = nut_view(nut);
    json_open_object(&json);
    write_server(&json, &view);
    json_key(&json, "ups");
    json_open_array(&json);
    nut_ups_each(nut, write_ups, &writing);
    json_close_array(&json);
    json_key(&json, "clients");
    json_open_array(&json);
    nut_clients_each(nut, write_client, &writing);
    json_close_array(&json);
    json_close_object(&json);
    request_answer_json(request, &body);
}

static void set_shutdown(struct request *request, bool forced)
{
    char name[LIMIT_NAME + 1] = "";
    struct err err = ERR_EMPTY;
    struct nut *nut = server_of(request);
    if (!nut)
        return;
    request_path_value(request, 0, name, sizeof name);
    const struct nut_person person = {request->user, request->peer->address, request->role};
    switch (nut_shutdown_set(nut, name, forced, &person, &err)) {
    case 0:
        request_answer_empty(request, 204);
        return;
    case -ENOENT:
        request_problem(request, 404, "not-found", "No such ups", "%s.", err.text);
        return;
    case -EACCES:
        request_problem(request, 403, "forbidden", "Not allowed", "%s.", err.text);
        return;
    default:
        request_problem(request, 409, "conflict", "It stands so already", "%s.", err.text);
    }
}

void api_nut_force(struct request *request)
{
    set_shutdown(request, true);
}

void api_nut_end(struct request *request)
{
    set_shutdown(request, false);
}
