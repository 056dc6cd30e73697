#include <stdlib.h>

#include "face/api_operations.h"
#include "face/json_body.h"
#include "face/reach.h"
#include "face/web_private.h"

#define TESTS_MOST 8 /* with those of recipients */

/* A question under way. */
struct asked {
    struct web *web;
    struct request *request;
    struct reach *reach;
};

static void write_step(struct json *json, const char *key, const struct reach_step *step)
{
    json_key(json, key);
    if (!step->tried) {
        json_none(json);
        return;
    }
    json_open_object(json);
    json_pair_bool(json, "ok", step->ok);
    json_key(json, "took_ms");
    json_decimal(json, (double)step->took / CLOCK_MS, 1);
    json_pair_text(json, "problem", *step->problem ? step->problem : NULL);
    json_close_object(json);
}

static void on_done(void *user, const struct reach_result *result)
{
    struct asked *asked = user;
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    json_pair_text(&json, "address", *result->address ? result->address : NULL);
    write_step(&json, "name", &result->name);
    write_step(&json, "ping", &result->ping);
    write_step(&json, "connect", &result->connect);
    json_close_object(&json);
    asked->web->tests--;
    request_answer_json(asked->request, &body);
    free(asked);
}

static void on_gone(void *job)
{
    struct asked *asked = job;
    reach_stop(asked->reach);
    asked->web->tests--;
    free(asked);
}

static void start(struct request *request, const char *host, int port)
{
    struct web *web = request->web;
    struct asked *asked = calloc(1, sizeof *asked);
    if (asked)
        asked->reach = reach_start(web->context.loop, host, port, on_done, asked);
    if (!asked || !asked->reach) {
        free(asked);
        request_answer_response(request, 503, NULL);
        return;
    }
    asked->web = web;
    asked->request = request;
    web->tests++;
    request_wait(request, on_gone, asked);
}

/* A port; false when answered. */
static bool read_port(struct request *request, const json_t *body, int *port)
{
    const json_t *value = json_object_get(body, "port");
    json_int_t number = value ? json_integer_value(value) : 0;
    *port = (int)number;
    if (!value || (json_is_integer(value) && number >= 1 && number <= 65535))
        return true;
    request_problem(request, 400, "bad-member", "Not a port",
                    "port must be a whole number from 1 to 65535.");
    return false;
}

void api_reach_test(struct request *request)
{
    static const char *const keys[] = {"host", "port", NULL};
    json_t *body = json_body_take(request);
    const char *host;
    int port;
    if (body && json_body_known(request, body, keys) &&
        json_body_text(request, body, "host", 253, true, &host) &&
        read_port(request, body, &port)) {
        if (request->web->tests >= TESTS_MOST)
            request_problem(request, 503, "busy", "Too much is under way",
                            "%d tests are under way; try again when they have ended.", TESTS_MOST);
        else
            start(request, host, port);
    }
    json_decref(body);
}

void api_reach_clock(struct request *request)
{
    const struct reach_clock clock = reach_clock();
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    json_pair_bool(&json, "known", clock_wall_known(loop_clock(request->web->context.loop)));
    json_pair_bool(&json, "synchronised", clock.synchronised);
    json_key(&json, "error_ms");
    if (clock.synchronised)
        json_decimal(&json, clock.error_s * 1000, 3);
    else
        json_none(&json);
    json_close_object(&json);
    request_answer_json(request, &body);
}
