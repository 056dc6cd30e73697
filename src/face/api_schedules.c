#include <stdio.h>

#include "engine/schedule.h"
#include "face/api_operations.h"
#include "face/api_records.h"
#include "face/command_json.h"
#include "face/settings_change.h"
#include "face/web_private.h"

static void pair_level(struct json *json, const char *key, bool has, double level)
{
    json_key(json, key);
    if (has)
        json_decimal(json, level, 1);
    else
        json_none(json);
}

/* What the rule says, ready for a picture of the week: days from Monday, seconds of the day. */
static void write_rule(struct json *json, const struct schedule_rule *rule)
{
    json_pair_bool(json, "enabled", rule->enabled);
    json_pair_text(json, "action", command_action_name(rule->action));
    json_key(json, "targets");
    json_open_array(json);
    for (size_t i = 0; i < rule->target_count; i++)
        json_text(json, rule->targets[i]);
    json_close_array(json);
    json_key(json, "days");
    json_open_array(json);
    for (int day = 0; day < 7; day++) {
        if (rule->days & 1u << day)
            json_int(json, day);
    }
    json_close_array(json);
    json_pair_int(json, "from_s", rule->from);
    json_key(json, "to_s");
    if (rule->to == SCHEDULE_INSTANT)
        json_none(json);
    else
        json_int(json, rule->to);
    pair_level(json, "level", rule->state == SCHEDULE_LEVEL, rule->level);
    pair_level(json, "level_after", rule->state == SCHEDULE_LEVEL && rule->to != SCHEDULE_INSTANT,
               rule->level_after);
}

static void write_next(struct json *json, const struct schedule_event *next, enum time_form form)
{
    json_key(json, "next");
    if (next->wall == CLOCK_NEVER) {
        json_none(json);
        return;
    }
    json_open_object(json);
    time_form_pair(json, "time", next->wall, form);
    json_pair_bool(json, "end", next->end);
    json_pair_text(json, "does",
                   next->state == SCHEDULE_ON || next->state == SCHEDULE_OFF
                       ? schedule_state_name(next->state)
                       : command_action_name(next->action));
    pair_level(json, "level", next->action == COMMAND_SET, next->level);
    json_close_object(json);
}

static void write_schedule(struct json *json, const struct request *request,
                           const struct schedule_view *view, enum time_form form)
{
    json_open_object(json);
    json_pair_text(json, "name", view->rule->name);
    json_pair_text(json, "label", view->rule->label);
    api_record_pair_fixed(json, request, "schedules", view->rule->name);
    write_rule(json, view->rule);
    json_pair_bool(json, "holds", view->holds);
    time_form_pair(json, "until", view->holds ? view->until : 0, form);
    write_next(json, &view->next, form);
    time_form_pair(json, "last", view->last, form);
    json_pair_text(json, "last_text", view->last && *view->last_text ? view->last_text : NULL);
    json_close_object(json);
}

void api_schedules_list(struct request *request)
{
    const struct schedules *schedules = request->web->context.schedules;
    size_t count = schedules ? schedules_count(schedules) : 0;
    enum time_form form;
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    if (!request_time_form(request, &form))
        return;
    json_open_array(&json);
    for (size_t i = 0; i < count; i++) {
        const struct schedule_view view = schedules_view(schedules, i);
        write_schedule(&json, request, &view, form);
    }
    json_close_array(&json);
    settings_add_etag(request);
    request_answer_json(request, &body);
}
