#include "engine/history_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/point_pattern.h"

#define SEGMENTS 3
#define PATTERN_MOST POINT_PATTERN_MOST
#define WRITTEN_OUT PATTERN_MOST /* rank of a segment without a star; above all with one */

static const char *const modes[] = {"value", "average", "highest", "lowest", NULL};

static const struct setting_row rows[] = {
    {.key = "points",
     .type = SETTING_TEXT,
     .offset = offsetof(struct history_rule_settings, points),
     .min = 1,
     .max = PATTERN_MOST,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "Path of a point (device/component/quantity); * stands for any part of a name, as in "
             "pdu-a/outlet-*/current. The most specific rule counts."},
    {.key = "mode",
     .type = SETTING_CHOICE,
     .offset = offsetof(struct history_rule_settings, mode),
     .choices = modes,
     .initial = "value",
     .right = ROLE_ADMINISTRATOR,
     .help = "What is recorded: the value at that moment, or the average, highest or lowest of all "
             "readings since the last one. Counters are always recorded as they stand."},
    {.key = "every",
     .type = SETTING_TEXT,
     .offset = offsetof(struct history_rule_settings, every),
     .max = 20,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Time between two recorded readings, 1 s to 60 min, or off; empty is history.every."},
    {.key = "on_alarm",
     .type = SETTING_BOOL,
     .offset = offsetof(struct history_rule_settings, on_alarm),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Record also at once when an alarm on the point, its component or its device begins "
             "or ends, loss of contact included."},
};

/* ---- patterns -------------------------------------------------------------------------------- */

int history_pattern_check(const char *pattern, struct err *err)
{
    if (point_pattern_check(pattern, err) < 0)
        return err->code;
    const char *name = strrchr(pattern, '/') + 1;
    enum quantity quantity = quantity_find(name);
    if (quantity != QUANTITY_NONE && quantity_row(quantity)->kind == QUANTITY_KIND_TEXT)
        return err_set(err, -EINVAL, "\"%s\" is text: only numbers are recorded", name);
    return 0;
}

bool history_pattern_matches(const char *pattern, const char *path)
{
    return point_pattern_matches(pattern, path);
}

/* ---- precedence ------------------------------------------------------------------------------ */

struct rank {
    size_t written_out;
    size_t segments[SEGMENTS];
};

static struct rank rank_of(const char *pattern)
{
    struct rank rank = {0};
    for (size_t i = 0; i < SEGMENTS; i++) {
        size_t length = strcspn(pattern, "/"), stars = 0;
        for (size_t at = 0; at < length; at++)
            stars += pattern[at] == '*';
        rank.segments[i] = stars ? length - stars : WRITTEN_OUT;
        rank.written_out += stars == 0;
        pattern += length + (pattern[length] == '/');
    }
    return rank;
}

/* Whether `a` goes before `b`. */
static bool before(const struct history_rule *a, const struct history_rule *b)
{
    struct rank left = rank_of(a->points), right = rank_of(b->points);
    if (left.written_out != right.written_out)
        return left.written_out > right.written_out;
    for (size_t i = 0; i < SEGMENTS; i++) {
        if (left.segments[i] != right.segments[i])
            return left.segments[i] > right.segments[i];
    }
    return strcmp(a->name, b->name) < 0;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static int parse_every(const char *text, clock_us *every, struct err *err)
{
    *every = HISTORY_EVERY_DEFAULT;
    if (!*text)
        return 0;
    *every = HISTORY_EVERY_OFF;
    if (strcmp(text, "off") == 0)
        return 0;
    int64_t us;
    if (setting_parse_duration(text, &us) < 0 || us < CLOCK_S || us > 3600 * CLOCK_S)
        return err_set(err, -EINVAL,
                       "must be a time from 1 s to 60 min, as in 10 s or 5 min, or off, not "
                       "\"%.40s\"",
                       text);
    *every = us;
    return 0;
}

static int parse(const struct history_rule_settings *settings, struct history_rule *rule,
                 const char **key, struct err *err)
{
    rule->mode = (enum history_mode)settings->mode;
    rule->on_alarm = settings->on_alarm;
    *key = "points";
    if (history_pattern_check(settings->points, err) < 0)
        return err->code;
    *key = "every";
    return parse_every(settings->every, &rule->every, err);
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    struct history_rule rule;
    if (config_count(config, &history_rules_table) > HISTORY_RULES_MOST) {
        *key = NULL;
        return err_set(err, -E2BIG, "there are more than %d rules: use patterns with *",
                       HISTORY_RULES_MOST);
    }
    return parse(record, &rule, key, err);
}

const struct setting_table history_rules_table = {
    .name = "history_rules",
    .label = "History rules",
    .help = "Points that are recorded otherwise than the rest: how often, and as what.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct history_rule_settings),
    .check = check,
};

void history_rules_deinit(struct history_rules *rules)
{
    arena_free(rules->arena);
    free(rules->list);
    *rules = HISTORY_RULES_EMPTY;
}

int history_rules_add(struct history_rules *rules, const char *name,
                      const struct history_rule_settings *settings, const char **key,
                      struct err *err)
{
    struct history_rule rule;
    *key = NULL;
    if (rules->count == HISTORY_RULES_MOST)
        return err_set(err, -E2BIG, "there are more than %d rules", HISTORY_RULES_MOST);
    int result = parse(settings, &rule, key, err);
    if (result < 0)
        return result;
    if (!rules->arena)
        rules->arena = arena_new();
    rule.name = arena_text(rules->arena, name);
    rule.points = arena_text(rules->arena, settings->points);
    rules->list = mem_grow(rules->list, rules->count, &rules->capacity, sizeof *rules->list);
    size_t place = rules->count++;
    for (; place > 0 && before(&rule, &rules->list[place - 1]); place--)
        rules->list[place] = rules->list[place - 1];
    rules->list[place] = rule;
    return 0;
}

void history_rules_read(struct history_rules *rules, const struct config *config)
{
    for (size_t i = 0; i < config_count(config, &history_rules_table); i++) {
        const char *key;
        struct err err;
        history_rules_add(rules, config_name_at(config, &history_rules_table, i),
                          config_at(config, &history_rules_table, i), &key, &err);
    }
}

bool history_rules_equal(const struct history_rules *a, const struct history_rules *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct history_rule *left = &a->list[i], *right = &b->list[i];
        if (strcmp(left->name, right->name) != 0 || strcmp(left->points, right->points) != 0 ||
            left->mode != right->mode || left->every != right->every ||
            left->on_alarm != right->on_alarm)
            return false;
    }
    return true;
}

const struct history_rule *history_rules_find(const struct history_rules *rules, const char *path)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (history_pattern_matches(rules->list[i].points, path))
            return &rules->list[i];
    }
    return NULL;
}

enum history_mode history_rule_mode(const struct history_rule *rule, enum quantity_kind kind)
{
    if (!rule || kind == QUANTITY_KIND_COUNTER || kind == QUANTITY_KIND_TEXT)
        return HISTORY_MODE_VALUE;
    if (kind == QUANTITY_KIND_STATE && rule->mode == HISTORY_MODE_AVERAGE)
        return HISTORY_MODE_VALUE;
    return rule->mode;
}

clock_us history_rule_every(const struct history_rule *rule, clock_us usual)
{
    return rule && rule->every != HISTORY_EVERY_DEFAULT ? rule->every : usual;
}
