#include <stdlib.h>

#include "face/api_operations.h"
#include "face/point_query.h"
#include "face/web_private.h"

#define INTERVAL_MOST_MS 10000

void api_points_list(struct request *request)
{
    struct point_select select = POINT_SELECT_EMPTY;
    struct web *web = request->web;
    enum time_form form;
    struct err err = ERR_EMPTY;
    if (!request_time_form(request, &form) || !point_query_read(request, &select))
        return;
    if (point_select_check(&select, web->context.site, &err) < 0) {
        request_problem(request, 404, "not-found", "No such point", "%s.", err.text);
    } else {
        struct block *list = point_lists_get(web->lists, &select, form);
        if (list)
            request_answer_block(request, 200, "application/json", list);
        else
            request_answer_response(request, 503, NULL);
    }
    point_select_deinit(&select);
}

void api_points_show(struct request *request)
{
    const struct web *web = request->web;
    char path[256];
    enum time_form form;
    if (!request_time_form(request, &form))
        return;
    const struct point *point = request_path_value(request, 0, path, sizeof path)
                                    ? site_point_find(web->context.site, path)
                                    : NULL;
    if (!point) {
        request_problem(request, 404, "not-found", "No such point",
                        "There is no point \"%.*s\"; GET /api/v1/site lists them.",
                        (int)(request->match.lengths[0] < 160 ? request->match.lengths[0] : 160),
                        request->match.values[0]);
        return;
    }
    struct buf body = BUF_EMPTY;
    point_json_add(web->points, &body, point, form, loop_now(web->context.loop));
    request_answer_json(request, &body);
}

/* interval_ms; -1 when it is not a number in range. */
static clock_us read_interval(const struct request *request)
{
    const char *text = request_query(request, "interval_ms");
    if (!text)
        return 0;
    char *end;
    long value = strtol(text, &end, 10);
    return *text && !*end && value >= 0 && value <= INTERVAL_MOST_MS ? value * CLOCK_MS : -1;
}

void api_points_live(struct request *request)
{
    struct point_select select = POINT_SELECT_EMPTY;
    enum time_form form;
    clock_us interval = read_interval(request);
    if (interval < 0) {
        request_problem(request, 400, "bad-parameter", "Bad interval",
                        "interval_ms is a whole number from 0 to %d.", INTERVAL_MOST_MS);
        return;
    }
    if (!request_time_form(request, &form) || !point_query_read(request, &select))
        return;
    const char *last_id = request_header(request, "Last-Event-ID");
    if (!last_id)
        last_id = request_query(request, "last_event_id");
    if (request_is_head(request))
        request_answer_stream(request,
                              MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
    else
        live_open(request->web->live, request, &select, form, interval, last_id);
    point_select_deinit(&select);
}
