/* alarm_rule - the records of `alarms:`: what is an alarm, and what comes of it.
 *
 * A rule names points by patterns (device/component/quantity, stars for letters), so that one
 * record is the alarm of all outlets of a PDU; for lost contact also devices, by a name without a
 * slash. What the texts mean is checked when the settings are read. Loop thread only.
 */
#pragma once

#include "base/mem.h"
#include "engine/alarm.h"
#include "engine/alarm_judge.h"
#include "model/config.h"
#include "model/setting.h"

/* A record as the settings hold it. */
struct alarm_settings {
    const char *label, *points;
    int64_t when; /* enum alarm_when */
    const char *limit, *recover;
    int64_t per; /* second, minute, hour */
    int64_t hold, recover_for;
    int64_t severity; /* enum alarm_severity */
    bool latch;
    const char *repeat;
    bool tell_clear;
    const char *recipients, *outputs, *outputs_off, *sounders;
    bool ignores_hours, enabled;
};

extern const struct setting_table alarm_settings_table;

/* "over", "lost" */
const char *alarm_when_name(enum alarm_when when);

struct alarm_rule {
    const char *name, *label; /* owned by an arena, as all texts */
    const char *points, *recipients;
    const char *outputs;     /* on while it holds */
    const char *outputs_off; /* off while it holds */
    const char *sounders;    /* on until somebody has acknowledged it */
    const char *word;        /* the limit, when it is one, as of states; else "" */
    const char *said;        /* the limit of equals and differs as it was written, for texts */
    struct alarm_test test;  /* of its numbers; alarm_rule_test() makes it that of a point */
    enum alarm_severity severity;
    clock_us repeat; /* 0: no */
    bool tell_clear, ignores_hours, enabled;
};

/* Texts go to `arena`. 0, or -EINVAL with the sentence in `err` and in `*key` the key that it is
 * about. */
int alarm_rule_parse(struct alarm_rule *rule, struct arena *arena, const char *name,
                     const struct alarm_settings *settings, const char **key, struct err *err);

/* Whether the rule names this point, or for lost contact this device (a path without a slash). */
bool alarm_rule_fits(const struct alarm_rule *rule, const char *path);

/* What the rule asks of this point: words of its states become numbers. False when that makes no
 * sense there: a threshold of a text, a word that its states do not have. */
bool alarm_rule_test(const struct alarm_rule *rule, const struct point *point,
                     struct alarm_test *test);

/* The number that alarm_judge is to judge: of texts whether it is the word, or what tells one text
 * from another. */
double alarm_rule_number(const struct alarm_rule *rule, const struct point *point);
