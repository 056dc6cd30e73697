/* Averages over a window, peaks and extremes: what is kept, and their reset. */
#include <math.h>

#include "engine/demand.h"
#include "face/api_operations.h"
#include "face/request_event.h"
#include "face/web_private.h"

#define PATH_MOST 200

static void pair_number(struct json *json, const char *key, double number, int decimals)
{
    json_key(json, key);
    json_decimal(json, number, decimals);
}

/* Seconds since 1970; null for none. */
static void pair_time(struct json *json, const char *key, clock_us wall)
{
    json_key(json, key);
    if (wall)
        json_int(json, wall / CLOCK_S);
    else
        json_none(json);
}

static void pair_path(struct json *json, const char *key, const struct site *site, point_id id)
{
    const struct point *point = id ? site_point(site, id) : NULL;
    json_pair_text(json, key, point ? point->path : NULL);
}

static void write_one(struct json *json, const struct site *site, const struct demand_view *view)
{
    json_open_object(json);
    json_pair_text(json, "source", view->source);
    json_pair_text(json, "kind", demand_kind_name(view->kind));
    json_pair_int(json, "window_s", view->window / CLOCK_S);
    pair_path(json, "point", site, view->point);
    pair_path(json, "peak_point", site, view->peak_point);
    json_pair_text(json, "unit", view->unit);
    pair_number(json, "last", view->last, view->decimals);
    pair_time(json, "last_time", view->last_wall);
    pair_number(json, "running", view->running, view->decimals);
    pair_time(json, "ends", view->ends);
    pair_number(json, "peak", view->peak.number, view->decimals);
    pair_time(json, "peak_time", view->peak.wall);
    pair_number(json, "month_peak", view->month.number, view->decimals);
    pair_time(json, "month_peak_time", view->month.wall);
    pair_number(json, "least", view->least.number, view->decimals);
    pair_time(json, "least_time", view->least.wall);
    pair_time(json, "since", view->since);
    json_close_object(json);
}

void api_demand_list(struct request *request)
{
    const struct demand *demand = request->web->context.demand;
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_array(&json);
    for (size_t i = 0; demand && i < demand_count(demand); i++) {
        const struct demand_view view = demand_view(demand, i);
        write_one(&json, request->web->context.site, &view);
    }
    json_close_array(&json);
    request_answer_json(request, &body);
}

void api_demand_reset(struct request *request)
{
    struct demand *demand = request->web->context.demand;
    char path[PATH_MOST] = "";
    if (!demand || !request_path_value(request, 0, path, sizeof path) ||
        !demand_reset(demand, path)) {
        request_problem(request, 404, "not-found", "Nothing is kept of this point",
                        "GET /api/v1/energy/demand lists the sources of averages and extremes.");
        return;
    }
    request_event(request, &(struct event){.kind = EVENT_DEMAND_RESET, .object = path},
                  "lets peaks and extremes of %s begin anew", path);
    request_answer_empty(request, 204);
}
