/* Rules that watch nothing, though every device that they may mean has told what it measures: a
 * mistyped name must not be found out on the day on which the alarm is needed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "engine/alarm_private.h"
#include "engine/event_log.h"
#include "engine/outlet_groups.h"
#include "engine/point_pattern.h"

/* What devices measure comes one after the other. */
#define IDLE_FIRST (60 * CLOCK_S)
#define IDLE_AGAIN (600 * CLOCK_S)
/* Rules that are looked into in one turn: each looks through the site. */
#define IDLE_TOGETHER 10
#define IDLE_NEXT (50 * CLOCK_MS)
/* Of more that were told it is forgotten. */
#define IDLE_TOLD 1000

/* Whether the rule may mean the device: by the first part of any of its patterns. */
static bool may_mean(const struct alarm_rule *rule, const struct device *device)
{
    const char *list = rule->points;
    size_t length;
    for (const char *word; (word = outlet_list_next(&list, &length));) {
        const char *slash = memchr(word, '/', length);
        if (point_pattern_fits(word, slash ? (size_t)(slash - word) : length, device->name))
            return true;
    }
    return false;
}

/* A device that has not answered yet, or is not asked, may have what the rule names. */
static bool may_come(const struct alarms *alarms, const struct alarm_rule *rule)
{
    for (const struct device *device = site_devices(alarms->site); device; device = device->next) {
        if (device->state != DEVICE_ONLINE && may_mean(rule, device))
            return true;
    }
    return false;
}

/* The first point that the rule names; NULL. */
static const struct point *named_of(const struct alarms *alarms, const struct alarm_rule *rule)
{
    for (const struct device *device = site_devices(alarms->site); device; device = device->next) {
        for (const struct component *part = device->components; part; part = part->next) {
            for (const struct point *point = part->points; point; point = point->next) {
                if (alarm_rule_fits(rule, point->path))
                    return point;
            }
        }
    }
    return NULL;
}

static void add_why(struct buf *text, const struct alarm_rule *rule, const struct point *named)
{
    const struct words *words = named ? named->words : NULL;
    if (!named) {
        buf_add_format(text, "nothing here is called %s", rule->points);
    } else if (!*rule->word) {
        buf_add_format(text, "%s is text, which has no threshold", named->path);
    } else if (!words || !words->count) {
        buf_add_format(text, "%s is a number, never \"%s\"", named->path, rule->word);
    } else {
        buf_add_format(text, "%s is ", named->path);
        for (size_t i = 0; i < words->count; i++)
            buf_add_format(text, "%s%s", i ? ", " : "", words->list[i].text);
        buf_add_format(text, ", never \"%s\"", rule->word);
    }
}

static void tell(const struct alarms *alarms, const struct alarm_rule *rule)
{
    struct buf text = BUF_EMPTY;
    buf_add_format(&text, "The alarm rule %s watches nothing: ", rule->name);
    add_why(&text, rule, named_of(alarms, rule));
    event_log_add(alarms->events, &(struct event){.kind = EVENT_ALARM_IDLE,
                                                  .severity = EVENT_USUAL,
                                                  .actor = "alarm",
                                                  .object = rule->name,
                                                  .text = buf_text(&text)});
    buf_deinit(&text);
}

/* What a rule asks for, in a number. */
static uint32_t sum_of(const struct alarm_rule *rule)
{
    uint32_t sum = crc32c(0, rule->name, strlen(rule->name) + 1);
    sum = crc32c(sum, rule->points, strlen(rule->points) + 1);
    return crc32c(sum, rule->word, strlen(rule->word));
}

/* New settings that leave a rule as it was are no news of it. */
static bool is_told(const struct alarms *alarms, const struct alarm_rule *rule)
{
    uint32_t sum = sum_of(rule);
    for (size_t i = 0; i < alarms->idle_count; i++) {
        if (alarms->idle_told[i] == sum)
            return true;
    }
    return false;
}

static void note_told(struct alarms *alarms, const struct alarm_rule *rule)
{
    alarms->idle_told = mem_grow(alarms->idle_told, alarms->idle_count, &alarms->idle_capacity,
                                 sizeof *alarms->idle_told);
    alarms->idle_told[alarms->idle_count++] = sum_of(rule);
}

/* Which rules have an alarm; to be freed. */
static bool *used_rules(const struct alarm_table *table)
{
    bool *used = mem_new(table->rule_count + 1);
    for (uint32_t i = 0; i < table->count; i++)
        used[table->list[i].rule - table->rules] = true;
    return used;
}

static void on_idle(struct loop_timer *timer, void *user)
{
    struct alarms *alarms = user;
    const struct alarm_table *table = &alarms->table;
    clock_us now = loop_now(alarms->loop);
    bool *used = used_rules(table);
    size_t *at = &alarms->idle_at;
    for (int looked = 0; *at < table->rule_count && looked < IDLE_TOGETHER; ++*at) {
        const struct alarm_rule *rule = &table->rules[*at];
        if (used[*at] || !rule->enabled || is_told(alarms, rule))
            continue;
        looked++;
        if (may_come(alarms, rule)) {
            alarms->idle_waits = true;
            continue;
        }
        tell(alarms, rule);
        note_told(alarms, rule);
    }
    free(used);
    if (*at < table->rule_count) {
        loop_timer_at(alarms->loop, timer, now + IDLE_NEXT, on_idle, alarms);
        return;
    }
    if (alarms->idle_waits)
        loop_timer_at(alarms->loop, timer, now + IDLE_AGAIN, on_idle, alarms);
    *at = 0;
    alarms->idle_waits = false;
}

void alarm_idle_start(struct alarms *alarms)
{
    if (alarms->idle_count > IDLE_TOLD)
        alarms->idle_count = 0;
    alarms->idle_at = 0;
    alarms->idle_waits = false;
    loop_timer_at(alarms->loop, &alarms->idle_timer, loop_now(alarms->loop) + IDLE_FIRST, on_idle,
                  alarms);
}

void alarm_idle_end(struct alarms *alarms)
{
    loop_timer_stop(&alarms->idle_timer);
    free(alarms->idle_told);
    alarms->idle_told = NULL;
}
