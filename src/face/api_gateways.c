#include "face/api_operations.h"
#include "face/gateway.h"
#include "face/register_map.h"
#include "face/web_private.h"

struct writing {
    struct json *json;
    clock_us now;
};

static void write_counts(struct json *json, const uint64_t *counts)
{
    json_key(json, "counts");
    json_open_object(json);
    for (enum gateway_count i = 0; i < GATEWAY_COUNTS; i++)
        json_pair_int(json, gateway_count_name(i), (int64_t)counts[i]);
    json_close_object(json);
}

static void write_client(void *user, const struct gateway_client_view *client)
{
    const struct writing *writing = user;
    struct json *json = writing->json;
    json_open_object(json);
    json_pair_text(json, "address", client->address);
    json_pair_int(json, "port", client->port);
    json_pair_int(json, "connected_ms", (writing->now - client->since) / CLOCK_MS);
    json_key(json, "quiet_ms");
    if (client->asked)
        json_int(json, (writing->now - client->asked) / CLOCK_MS);
    else
        json_none(json);
    json_pair_int(json, "underway", (int64_t)client->underway);
    write_counts(json, client->counts);
    json_close_object(json);
}

static void write_gateway(struct json *json, const struct gateway *gateway, size_t index,
                          clock_us now)
{
    const struct gateway_view view = gateway_view(gateway, index);
    struct writing writing = {.json = json, .now = now};
    json_open_object(json);
    json_pair_text(json, "name", view.name);
    json_pair_text(json, "label", view.label);
    json_pair_text(json, "kind", view.kind);
    json_pair_text(json, "listen", view.listen);
    json_key(json, "port");
    if (view.port)
        json_int(json, view.port);
    else
        json_none(json);
    json_pair_text(json, "routes", view.routes);
    json_pair_text(json, "problem", view.problem);
    json_pair_int(json, "clients_connected", (int64_t)view.clients);
    json_pair_int(json, "accepted", (int64_t)view.accepted);
    json_pair_int(json, "turned_away", (int64_t)view.turned_away);
    write_counts(json, view.counts);
    json_key(json, "clients");
    json_open_array(json);
    gateway_clients_each(gateway, index, write_client, &writing);
    json_close_array(json);
    json_close_object(json);
}

void api_gateways_list(struct request *request)
{
    const struct web_context *context = &request->web->context;
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_array(&json);
    for (size_t i = 0; i < gateway_count(context->gateway); i++)
        write_gateway(&json, context->gateway, i, loop_now(context->loop));
    json_close_array(&json);
    request_answer_json(request, &body);
}

void api_gateways_registers(struct request *request)
{
    char name[LIMIT_NAME + 1];
    const struct device *device = request_path_value(request, 0, name, sizeof name)
                                      ? site_device_find(request->web->context.site, name)
                                      : NULL;
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    if (!device) {
        request_problem(request, 404, "not-found", "No such device",
                        "there is no device of this name; GET /api/v1/site lists them");
        return;
    }
    json_open_array(&json);
    register_map_list(&json, device);
    json_close_array(&json);
    request_answer_json(request, &body);
}
