/* alarm_json - alarms as the API and the live stream write them, and wishes as clients send them.
 *
 * One object per alarm (docs/api.md), the short one that stands beside a value, and the counts that
 * the head of each page reads. What may be done is the engine's to say. Loop thread only.
 */
#pragma once

#include <jansson.h>

#include "base/json.h"
#include "engine/alarm.h"
#include "face/time_form.h"

/* `now` is monotonic, for how long a state lasts. */
struct alarm_json_view {
    enum time_form form;
    clock_us now;
};

/* The object of one alarm; with `change` below ALARM_CHANGES also what just happened to it. */
void alarm_json_write(struct json *json, const struct alarm_view *alarm,
                      const struct alarm_json_view *view, enum alarm_change change);

/* {"id","severity","state","silent"} */
void alarm_json_write_short(struct json *json, const struct alarm_view *alarm);

/* Nobody is told of it, whatever its state: shelved, or suppressed. */
bool alarm_json_is_silent(const struct alarm_view *alarm);

void alarm_json_write_counts(struct json *json, const struct alarm_counts *counts);

/* Word -> number; ALARM_STATES or ALARM_SEVERITIES for an unknown one. */
enum alarm_state alarm_json_state(const char *word);
enum alarm_severity alarm_json_severity(const char *word);

/* `duration` of a wish: seconds, or "30 min". 0, or -EINVAL and the sentence; the limits are the
 * engine's. */
int alarm_json_duration(const json_t *value, clock_us *how_long, struct err *err);
