#include "engine/history_forecast.h"

#define MB 1000000u
#define DAY (86400.0 * CLOCK_S)

/* Until blocks have been made and tell; 90 days of ten points at a minute took 0.73, all in. */
#define BYTES_PER_READING 0.8

/* What is never evicted: a counter's days, months and years, of about six bytes each. */
#define TIER_ROWS_PER_YEAR (365.25 + 12 + 1)
#define BYTES_PER_TIER_ROW 6.3

uint64_t history_space(int64_t space, const struct history_use *use)
{
    uint64_t reach = use->bytes + use->free_bytes;
    uint64_t wanted = space > 0 ? (uint64_t)space * MB : reach / 10;
    /* The disk must not fill before the oldest readings go. */
    uint64_t most = reach / 20 * 19;
    return reach && wanted > most ? most : wanted;
}

static const struct history_rule *count_rules(const struct history_rules *rules, const char *path,
                                              struct history_rule_use *uses)
{
    if (!uses)
        return history_rules_find(rules, path);
    const struct history_rule *first = NULL;
    for (size_t i = 0; i < rules->count; i++) {
        if (!history_pattern_matches(rules->list[i].points, path))
            continue;
        uses[i].fits++;
        uses[i].counts += first == NULL;
        if (!first)
            first = &rules->list[i];
    }
    return first;
}

static void count_point(const struct history_choice *choice, const struct point *point,
                        struct history_forecast *forecast, struct history_rule_use *uses)
{
    enum quantity_kind kind = quantity_row(point->quantity)->kind;
    if (kind == QUANTITY_KIND_TEXT)
        return;
    const struct history_rule *rule = count_rules(choice->rules, point->path, uses);
    clock_us every = history_rule_every(rule, choice->every);
    if (every == HISTORY_EVERY_OFF || !choice->enabled)
        return;
    forecast->points++;
    forecast->kept_points += kind == QUANTITY_KIND_COUNTER;
    forecast->readings_per_day += DAY / (double)every;
}

static void count_points(const struct site *site, const struct history_choice *choice,
                         struct history_forecast *forecast, struct history_rule_use *uses)
{
    for (struct device *device = site_devices(site); device; device = device->next) {
        for (struct component *part = device->components; part; part = part->next) {
            for (struct point *point = part->points; point; point = point->next)
                count_point(choice, point, forecast, uses);
        }
    }
}

void history_forecast_reckon(struct history_forecast *forecast, int64_t space,
                             const struct history_use *use)
{
    forecast->measured = use->bytes_per_reading > 0;
    forecast->bytes_per_reading = forecast->measured ? use->bytes_per_reading : BYTES_PER_READING;
    forecast->bytes_per_day = forecast->readings_per_day * forecast->bytes_per_reading;
    forecast->budget = history_space(space, use);
    forecast->kept_bytes_per_year =
        (double)forecast->kept_points * TIER_ROWS_PER_YEAR * BYTES_PER_TIER_ROW;
    if (forecast->bytes_per_day <= 0)
        return;
    forecast->lasts_days = (double)forecast->budget / forecast->bytes_per_day;
    if (forecast->budget > use->bytes)
        forecast->full_days = (double)(forecast->budget - use->bytes) / forecast->bytes_per_day;
}

void history_forecast_make(const struct site *site, const struct history_choice *choice,
                           const struct history_use *use, struct history_forecast *forecast,
                           struct history_rule_use *uses)
{
    *forecast = (struct history_forecast){0};
    for (size_t i = 0; uses && i < choice->rules->count; i++)
        uses[i] = (struct history_rule_use){0};
    count_points(site, choice, forecast, uses);
    history_forecast_reckon(forecast, choice->space, use);
}
