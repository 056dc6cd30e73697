#include "face/alarm_json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/setting.h"

static void pair_number(struct json *json, const char *key, double number, int decimals)
{
    json_key(json, key);
    if (isfinite(number))
        json_decimal(json, number, decimals);
    else
        json_none(json);
}

static void pair_text(struct json *json, const char *key, const char *text)
{
    json_pair_text(json, key, text && *text ? text : NULL);
}

/* "night-desk, boss" -> ["night-desk","boss"] */
static void write_names(struct json *json, const char *names)
{
    json_open_array(json);
    while (names && *names) {
        names += strspn(names, ", ");
        size_t length = strcspn(names, ",");
        size_t end = length;
        while (end && names[end - 1] == ' ')
            end--;
        if (end)
            json_text_n(json, names, end);
        names += length;
    }
    json_close_array(json);
}

bool alarm_json_is_silent(const struct alarm_view *alarm)
{
    return alarm->shelved_until || (alarm->suppressed_by && *alarm->suppressed_by);
}

/* What is about it is known from the rule; what has happened to it comes after. */
static void write_what(struct json *json, const struct alarm_view *alarm)
{
    json_pair_int(json, "id", alarm->id);
    json_pair_text(json, "rule", alarm->rule);
    json_pair_text(json, "label", alarm->label);
    json_pair_text(json, "path", alarm->path);
    json_pair_text(json, "severity", alarm_severity_name(alarm->severity));
    json_key(json, "recipients");
    write_names(json, alarm->recipients);
}

static void write_state(struct json *json, const struct alarm_view *alarm,
                        const struct alarm_json_view *view)
{
    clock_us lasts = view->now - alarm->since;
    json_pair_text(json, "state", alarm_state_name(alarm->state));
    json_pair_bool(json, "latched", alarm->latched);
    time_form_pair(json, "since", alarm->since_wall, view->form);
    json_pair_int(json, "since_ms", lasts > 0 ? lasts / CLOCK_MS : 0);
    time_form_pair(json, "raised", alarm->raised_wall, view->form);
    pair_number(json, "value", alarm->number, alarm->decimals);
    /* people set limits finer than a reading is shown */
    pair_number(json, "limit", alarm->limit, alarm->decimals > 3 ? alarm->decimals : 3);
    json_pair_int(json, "decimals", alarm->decimals);
    json_pair_text(json, "unit", alarm->unit ? alarm->unit : "");
    json_pair_int(json, "times", alarm->times);
    json_pair_bool(json, "flapping", alarm->flapping);
}

static void write_quiet(struct json *json, const struct alarm_view *alarm,
                        const struct alarm_json_view *view)
{
    pair_text(json, "by", alarm->by);
    time_form_pair(json, "by_time", alarm->by_wall, view->form);
    time_form_pair(json, "shelved_until", alarm->shelved_until, view->form);
    pair_text(json, "suppressed_by", alarm->suppressed_by);
    json_pair_bool(json, "silent", alarm_json_is_silent(alarm));
    json_pair_bool(json, "sounding", alarm->sounding);
    json_pair_bool(json, "muted", alarm->muted);
}

void alarm_json_write(struct json *json, const struct alarm_view *alarm,
                      const struct alarm_json_view *view, enum alarm_change change)
{
    json_open_object(json);
    write_what(json, alarm);
    write_state(json, alarm, view);
    write_quiet(json, alarm, view);
    json_pair_text(json, "text", alarm->text);
    if (change < ALARM_CHANGES)
        json_pair_text(json, "change", alarm_change_name(change));
    json_close_object(json);
}

void alarm_json_write_short(struct json *json, const struct alarm_view *alarm)
{
    json_open_object(json);
    json_pair_int(json, "id", alarm->id);
    json_pair_text(json, "severity", alarm_severity_name(alarm->severity));
    json_pair_text(json, "state", alarm_state_name(alarm->state));
    json_pair_bool(json, "silent", alarm_json_is_silent(alarm));
    json_close_object(json);
}

/* ---- counts ---------------------------------------------------------------------------------- */

void alarm_json_write_counts(struct json *json, const struct alarm_counts *counts)
{
    json_open_object(json);
    for (int i = ALARM_SEVERITIES; i-- > 0;)
        json_pair_int(json, alarm_severity_name((enum alarm_severity)i),
                      (int64_t)counts->tripped[i]);
    json_pair_int(json, "acknowledged", (int64_t)counts->acknowledged);
    json_pair_int(json, "lost", (int64_t)counts->lost);
    json_pair_int(json, "pending", (int64_t)counts->pending);
    json_pair_int(json, "silent", (int64_t)counts->silent);
    json_close_object(json);
}

/* ---- reading --------------------------------------------------------------------------------- */

enum alarm_state alarm_json_state(const char *word)
{
    int state = 0;
    while (state < ALARM_STATES && strcmp(word, alarm_state_name((enum alarm_state)state)) != 0)
        state++;
    return (enum alarm_state)state;
}

enum alarm_severity alarm_json_severity(const char *word)
{
    int severity = 0;
    while (severity < ALARM_SEVERITIES &&
           strcmp(word, alarm_severity_name((enum alarm_severity)severity)) != 0)
        severity++;
    return (enum alarm_severity)severity;
}

int alarm_json_duration(const json_t *value, clock_us *how_long, struct err *err)
{
    /* a year and more: whatever the engine's limit, this is beyond it */
    enum { SECONDS_MOST = 400 * 86400 };
    if (json_is_string(value) && setting_parse_duration(json_string_value(value), how_long) == 0 &&
        *how_long >= 0)
        return 0;
    double seconds = json_number_value(value);
    if (!json_is_number(value) || !(seconds >= 0) || seconds > SECONDS_MOST)
        return err_set(err, -EINVAL,
                       "\"duration\" is how long: a number of seconds, or a text like \"30 min\"");
    *how_long = (clock_us)llround(seconds * CLOCK_S);
    return 0;
}
