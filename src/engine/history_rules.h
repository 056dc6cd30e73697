/* history_rules - which points are recorded, how often and as what: the records of
 * `history_rules:`.
 *
 * A rule names points by a pattern of three segments, device/component/quantity, in which * stands
 * for any letters of a segment. Of all rules that fit a point the most specific one counts: the one
 * with more segments written out in full; then the one that says more about the device, then about
 * the component, then about the quantity (written out in full says more than a pattern, a pattern
 * with more letters more than one with fewer); then the first by name. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/config.h"
#include "model/quantity.h"

#define HISTORY_RULES_MOST 256 /* every point is held against every rule */

enum history_mode {
    HISTORY_MODE_VALUE,   /* what the point says at the moment of the tick */
    HISTORY_MODE_AVERAGE, /* of all readings since the tick before */
    HISTORY_MODE_HIGHEST,
    HISTORY_MODE_LOWEST,
};

/* A record as the settings hold it. */
struct history_rule_settings {
    const char *points;
    int64_t mode;
    const char *every; /* "", "off" or a duration */
    bool on_alarm;
};

extern const struct setting_table history_rules_table;

#define HISTORY_EVERY_OFF ((clock_us)0)
#define HISTORY_EVERY_DEFAULT ((clock_us)-1) /* history.every */

struct history_rule {
    const char *name, *points;
    enum history_mode mode;
    clock_us every; /* 1 s to 60 min, HISTORY_EVERY_OFF or HISTORY_EVERY_DEFAULT */
    bool on_alarm;
};

/* Rules in order of precedence: the first that fits counts. Texts are owned. */
struct history_rules {
    struct arena *arena;
    struct history_rule *list;
    size_t count, capacity;
};

#define HISTORY_RULES_EMPTY ((struct history_rules){0})

void history_rules_deinit(struct history_rules *rules);

/* Put a rule in its place; texts are copied. 0, or -EINVAL (-E2BIG when there are too many) with
 * the sentence in `err` and the key it is about in `*key` ("points", "every", or NULL). */
int history_rules_add(struct history_rules *rules, const char *name,
                      const struct history_rule_settings *settings, const char **key,
                      struct err *err);

/* Add the records of `config`, which has checked them. */
void history_rules_read(struct history_rules *rules, const struct config *config);

bool history_rules_equal(const struct history_rules *a, const struct history_rules *b);

/* The rule that counts for the point at `path`, NULL when none fits. */
const struct history_rule *history_rules_find(const struct history_rules *rules, const char *path);

/* How a rule's mode applies to a quantity: counters are always recorded as they stand, and states
 * have no average. `rule` may be NULL. */
enum history_mode history_rule_mode(const struct history_rule *rule, enum quantity_kind kind);

/* Time between ticks of a point under `rule` (may be NULL), `usual` is history.every; 0 for off. */
clock_us history_rule_every(const struct history_rule *rule, clock_us usual);

/* 0, or -EINVAL with a sentence that says what a pattern looks like. */
int history_pattern_check(const char *pattern, struct err *err);
bool history_pattern_matches(const char *pattern, const char *path);
