#include <stdio.h>

#include "engine/history.h"
#include "face/alarm_json.h"
#include "face/api_operations.h"
#include "face/openapi.h"
#include "face/web_private.h"

#define CERTIFICATE_WARN_DAYS 14

static void write_own_problems(const struct web *web, struct json *json)
{
    struct loop *loop = web->context.loop;
    if (!web->certificate || !clock_wall_known(loop_clock(loop)))
        return;
    clock_us left = web->certificate->expires - loop_wall(loop);
    if (left <= 0)
        json_text(json, "The certificate of the web pages has expired.");
    else if (left < CERTIFICATE_WARN_DAYS * 86400 * CLOCK_S)
        json_text(json, "The certificate of the web pages expires within 14 days.");
}

/* What every page says at its head. */
static void pair_history_problem(const struct web *web, struct json *json)
{
    struct history *history = web_history(web);
    struct history_status status = {0};
    if (history)
        status = history_status(history);
    json_pair_text(json, "history_problem",
                   !history    ? web_history_problem(web)
                   : status.ok ? NULL
                               : status.problem);
}

/* For those who may view. */
static void pair_alarms(const struct request *request, struct json *json)
{
    const struct alarms *alarms = request->web->context.alarms;
    if (!alarms || request->role < ROLE_VIEW)
        return;
    const struct alarm_counts counts = alarms_counts(alarms);
    json_key(json, "alarms");
    alarm_json_write_counts(json, &counts);
}

void api_state_health(struct request *request)
{
    const struct web *web = request->web;
    struct buf problems = BUF_EMPTY, body = BUF_EMPTY;
    struct json list = json_writer(&problems), json = json_writer(&body);
    json_open_array(&list);
    web->context.write_problems(web->context.user, &list);
    write_own_problems(web, &list);
    json_close_array(&list);
    json_open_object(&json);
    json_pair_text(&json, "status", problems.length > 2 ? "degraded" : "ok");
    json_pair_text(&json, "version", BUSBAR_VERSION);
    json_pair_int(&json, "uptime_s",
                  (loop_now(web->context.loop) - web->context.started_mono) / CLOCK_S);
    json_key(&json, "problems");
    json_raw(&json, problems.data, problems.length);
    pair_history_problem(web, &json);
    pair_alarms(request, &json);
    json_close_object(&json);
    body.failed |= problems.failed;
    buf_deinit(&problems);
    request_answer_json(request, &body);
}

void api_state_openapi(struct request *request)
{
    struct web *web = request->web;
    if (!web->openapi) {
        struct buf text = BUF_EMPTY;
        openapi_write(&text);
        web->openapi = text.failed ? NULL : block_from(text.data, text.length);
        buf_deinit(&text);
    }
    if (web->openapi)
        request_answer_block(request, 200, "application/json", block_ref(web->openapi));
    else
        request_answer_empty(request, 503);
}

static void answer_with(struct request *request, void (*write)(void *user, struct json *json))
{
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    write(request->web->context.user, &json);
    request_answer_json(request, &body);
}

void api_state_lines(struct request *request)
{
    answer_with(request, request->web->context.write_lines);
}

void api_state_profiles(struct request *request)
{
    answer_with(request, request->web->context.write_profiles);
}

void api_state_logging(struct request *request)
{
    struct history *history = web_history(request->web);
    enum time_form form;
    if (!request_time_form(request, &form))
        return;
    struct history_status status = {0};
    if (history)
        status = history_status(history);
    else
        snprintf(status.problem, sizeof status.problem, "%.199s",
                 web_history_problem(request->web));
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    json_pair_bool(&json, "ok", status.ok);
    json_pair_text(&json, "problem", status.ok ? NULL : status.problem);
    json_key(&json, "every_s");
    json_decimal(&json, (double)status.every / 1e6, 3);
    json_pair_int(&json, "points", (int64_t)status.points);
    json_pair_int(&json, "bytes", (int64_t)status.bytes);
    time_form_pair(&json, "oldest", status.oldest, form);
    time_form_pair(&json, "newest", status.newest, form);
    json_key(&json, "lasts_days");
    if (status.lasts_days > 0)
        json_decimal(&json, status.lasts_days, 1);
    else
        json_none(&json);
    json_pair_int(&json, "budget", (int64_t)status.budget);
    json_pair_int(&json, "ticks_written", (int64_t)status.ticks_written);
    json_pair_int(&json, "ticks_lost", (int64_t)status.ticks_lost);
    json_close_object(&json);
    request_answer_json(request, &body);
}
