#include "engine/alarm_rule.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "engine/outlet_groups.h"
#include "engine/point_pattern.h"
#include "model/limits.h"

#define LIST_MOST 4000 /* bytes */
#define HOLD_MOST_S 14400
/* A change is over at once; so long it is shown. */
#define CHANGED_LEAST (60 * CLOCK_S)
#define REPEAT_LEAST (60 * CLOCK_S)
#define REPEAT_MOST (7 * (clock_us)86400 * CLOCK_S)
#define AGE_MOST (366 * (clock_us)86400 * CLOCK_S)

/* What is asked of each: in the order of enum alarm_when. */
enum wants { NO_LIMIT, NUMBER, NUMBER_OR_WORD, DURATION };
static const struct {
    const char *name;
    enum wants wants;
    bool recovers; /* has a recovery threshold */
} whens[] = {
    [ALARM_OVER] = {"over", NUMBER, true},
    [ALARM_UNDER] = {"under", NUMBER, true},
    [ALARM_EQUALS] = {"equals", NUMBER_OR_WORD, false},
    [ALARM_DIFFERS] = {"differs", NUMBER_OR_WORD, false},
    [ALARM_CHANGED] = {"changed", NO_LIMIT, false},
    [ALARM_LOST_CONTACT] = {"lost", NO_LIMIT, false},
    [ALARM_RATE_OVER] = {"rate-over", NUMBER, true},
    [ALARM_OLDER] = {"older", DURATION, false},
};

static const char *const when_names[] = {"over", "under",     "equals", "differs", "changed",
                                         "lost", "rate-over", "older",  NULL};
static const char *const per_names[] = {"second", "minute", "hour", NULL};
static const clock_us per_times[] = {CLOCK_S, 60 * CLOCK_S, 3600 * CLOCK_S};
static const char *const severities[] = {"info", "warning", "critical", NULL};

#define FIELD(name) .offset = offsetof(struct alarm_settings, name)

static const struct setting_row rows[] = {
    {.key = "label",
     .type = SETTING_TEXT,
     FIELD(label),
     .max = 63,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What people call this alarm; empty is its name."},
    {.key = "points",
     .type = SETTING_TEXT,
     FIELD(points),
     .min = 1,
     .max = LIST_MOST,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "What is watched, with a comma between: points such as meter-1/phase-a/voltage, * for "
             "any letters as in pdu-a/outlet-*/current; for lost contact also devices by name."},
    {.key = "when",
     .type = SETTING_CHOICE,
     FIELD(when),
     .choices = when_names,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "When it is an alarm: the reading is over or under the limit, equals it or differs "
             "from it, has changed; contact is lost; it changes faster than the limit; the last "
             "reading is older than it."},
    {.key = "limit",
     .type = SETTING_TEXT,
     FIELD(limit),
     .max = 63,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "A number in the point's unit (temperatures also as in 150 °F); for equals and "
             "differs also a word, as in open; for rate-over below 0 when it falls; for older a "
             "time, as in 15 min."},
    {.key = "recover",
     .type = SETTING_TEXT,
     FIELD(recover),
     .max = 20,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Of over, under and rate-over: it has recovered when the reading is back at this "
             "number or beyond; empty is the limit."},
    {.key = "per",
     .type = SETTING_CHOICE,
     FIELD(per),
     .choices = per_names,
     .initial = "minute",
     .right = ROLE_ADMINISTRATOR,
     .help = "Of rate-over: the limit is so much a second, minute or hour."},
    {.key = "for",
     .type = SETTING_DURATION,
     FIELD(hold),
     .max = HOLD_MOST_S,
     .initial = "0 s",
     .right = ROLE_ADMINISTRATOR,
     .help = "How long without a break before it is raised. Time without readings does not count."},
    {.key = "recover_for",
     .type = SETTING_DURATION,
     FIELD(recover_for),
     .max = HOLD_MOST_S,
     .initial = "0 s",
     .right = ROLE_ADMINISTRATOR,
     .help = "How long it must be well before it clears; of changed: how long a change is shown, "
             "at least 1 min."},
    {.key = "severity",
     .type = SETTING_CHOICE,
     FIELD(severity),
     .choices = severities,
     .initial = "warning",
     .right = ROLE_ADMINISTRATOR,
     .help = "How bad it is."},
    {.key = "latch",
     .type = SETTING_BOOL,
     FIELD(latch),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether it stays after it has recovered, until a person clears it."},
    {.key = "repeat",
     .type = SETTING_TEXT,
     FIELD(repeat),
     .max = 20,
     .initial = "off",
     .right = ROLE_ADMINISTRATOR,
     .help = "How often it is told again while it holds and nobody has acknowledged it, 1 min to 7 "
             "d, as in 30 min; or off."},
    {.key = "tell_clear",
     .type = SETTING_BOOL,
     FIELD(tell_clear),
     .initial = "true",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether it is also told when it clears."},
    {.key = "recipients",
     .type = SETTING_TEXT,
     FIELD(recipients),
     .max = LIST_MOST,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Who is told, names of recipients with a comma between; empty: all who want alarms of "
             "this severity; none: nobody."},
    {.key = "outputs",
     .type = SETTING_TEXT,
     FIELD(outputs),
     .max = LIST_MOST,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Outputs and outlets that are on while it holds and off after, with a comma between, "
             "as in dc-1/output-1."},
    {.key = "outputs_off",
     .type = SETTING_TEXT,
     FIELD(outputs_off),
     .max = LIST_MOST,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Outputs and outlets that are off while it holds and on after."},
    {.key = "sounders",
     .type = SETTING_TEXT,
     FIELD(sounders),
     .max = LIST_MOST,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Outputs that are on while it holds, until somebody acknowledges it."},
    {.key = "ignores_hours",
     .type = SETTING_BOOL,
     FIELD(ignores_hours),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether it counts at any time, whatever active_hours says."},
    {.key = "enabled",
     .type = SETTING_BOOL,
     FIELD(enabled),
     .initial = "true",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether the rule is followed."},
};

const char *alarm_when_name(enum alarm_when when)
{
    return whens[when].name;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* "F", "°F", "C", "°C" after a number; anything else is no unit. */
static bool parse_unit(const char *text, bool *fahrenheit)
{
    static const char degree[] = "\xC2\xB0";
    text += strspn(text, " ");
    if (strncmp(text, degree, 2) == 0)
        text += 2;
    *fahrenheit = strcmp(text, "F") == 0;
    return *fahrenheit || !*text || strcmp(text, "C") == 0;
}

static bool parse_number(const char *text, bool rate, double *number)
{
    char *end;
    bool fahrenheit;
    double value = strtod(text, &end);
    if (end == text || *text == ' ' || !isfinite(value) || !parse_unit(end, &fahrenheit))
        return false;
    *number = !fahrenheit ? value : (rate ? value : value - 32) * 5 / 9;
    return true;
}

static int parse_limit(struct alarm_rule *rule, struct arena *arena, const char *text,
                       struct err *err)
{
    enum alarm_when when = rule->test.when;
    bool rate = when == ALARM_RATE_OVER;
    int64_t age;
    rule->word = rule->said = "";
    switch (whens[when].wants) {
    case NO_LIMIT:
        return *text ? err_set(err, -EINVAL, "must be left out with when: %s", whens[when].name)
                     : 0;
    case DURATION:
        if (setting_parse_duration(text, &age) < 0 || age < CLOCK_S || age > AGE_MOST)
            return err_set(err, -EINVAL,
                           "must be a time from 1 s to 366 d, as in 15 min, not \"%.40s\"", text);
        rule->test.limit = (double)age / CLOCK_S;
        return 0;
    case NUMBER:
        if (!parse_number(text, rate, &rule->test.limit))
            return err_set(err, -EINVAL,
                           "must be a number in the unit of the points, as in 40 or 104 °F, not "
                           "\"%.40s\"",
                           text);
        return 0;
    case NUMBER_OR_WORD:
        if (!*text)
            return err_set(err, -EINVAL,
                           "must be given with when: %s, a number or a word such as open",
                           whens[when].name);
        rule->said = arena_text(arena, text); /* a serial number may be all digits */
        if (!parse_number(text, false, &rule->test.limit))
            rule->word = rule->said;
        return 0;
    }
    return 0;
}

/* The recovery threshold is on the well side of the limit. */
static int parse_recover(struct alarm_rule *rule, const char *text, struct err *err)
{
    struct alarm_test *test = &rule->test;
    test->recover = test->limit;
    if (!*text)
        return 0;
    if (!whens[test->when].recovers)
        return err_set(err, -EINVAL, "must be left out with when: %s", whens[test->when].name);
    if (!parse_number(text, test->when == ALARM_RATE_OVER, &test->recover))
        return err_set(err, -EINVAL, "must be a number in the unit of the limit, not \"%.20s\"",
                       text);
    bool low = test->when == ALARM_UNDER || (test->when == ALARM_RATE_OVER && test->limit < 0);
    if (low ? test->recover < test->limit : test->recover > test->limit)
        return err_set(err, -EINVAL,
                       "must not be %s the limit: an alarm at %.10g cannot recover at %.10g",
                       low ? "below" : "above", test->limit, test->recover);
    return 0;
}

static int parse_repeat(struct alarm_rule *rule, const char *text, struct err *err)
{
    int64_t us;
    rule->repeat = 0;
    if (strcmp(text, "off") == 0 || !*text)
        return 0;
    if (setting_parse_duration(text, &us) < 0 || us < REPEAT_LEAST || us > REPEAT_MOST)
        return err_set(err, -EINVAL,
                       "must be a time from 1 min to 7 d, as in 30 min, or off, not \"%.40s\"",
                       text);
    rule->repeat = us;
    return 0;
}

/* ---- points ---------------------------------------------------------------------------------- */

/* A device, only its contact can be lost. */
static int check_device_word(enum alarm_when when, const char *word, struct err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-*";
    if (when != ALARM_LOST_CONTACT)
        return err_set(err, -EINVAL,
                       "\"%.60s\" is no point: write device/component/quantity, as in "
                       "%.60s/total/current; a device alone is for when: lost",
                       word, word);
    if (word[strspn(word, allowed)] || strlen(word) > LIMIT_NAME)
        return err_set(err, -EINVAL, "\"%.60s\" is no name of a device", word);
    return 0;
}

static int check_quantity(enum alarm_when when, const char *pattern, struct err *err)
{
    const char *name = strrchr(pattern, '/') + 1;
    enum quantity quantity = quantity_find(name);
    bool text = quantity != QUANTITY_NONE && quantity_row(quantity)->kind == QUANTITY_KIND_TEXT;
    if (!text || !whens[when].recovers)
        return 0;
    return err_set(err, -EINVAL, "\"%.60s\" is text: it can equal, differ, change or be lost",
                   name);
}

static int check_word(enum alarm_when when, const char *word, size_t length, struct err *err)
{
    char pattern[POINT_PATTERN_MOST + 1];
    if (length > POINT_PATTERN_MOST)
        return err_set(err, -EINVAL, "\"%.60s...\" is too long for a point", word);
    memcpy(pattern, word, length);
    pattern[length] = '\0';
    if (!strchr(pattern, '/'))
        return check_device_word(when, pattern, err);
    int result = point_pattern_check(pattern, err);
    return result < 0 ? result : check_quantity(when, pattern, err);
}

static int check_points(enum alarm_when when, const char *list, struct err *err)
{
    size_t length, count = 0;
    for (const char *word; (word = outlet_list_next(&list, &length)); count++) {
        if (check_word(when, word, length, err) < 0)
            return err->code;
    }
    return count ? 0 : err_set(err, -EINVAL, "must name at least one point");
}

bool alarm_rule_fits(const struct alarm_rule *rule, const char *path)
{
    return outlet_list_matches(rule->points, path);
}

/* ---- a record -------------------------------------------------------------------------------- */

static int parse_test(struct alarm_rule *rule, struct arena *arena,
                      const struct alarm_settings *settings, const char **key, struct err *err)
{
    rule->test = (struct alarm_test){
        .when = (enum alarm_when)settings->when,
        .latch = settings->latch,
        .hold = settings->hold,
        .recover_for = settings->recover_for,
        .per = per_times[settings->per],
        .window = per_times[settings->per],
    };
    *key = "points";
    if (check_points(rule->test.when, settings->points, err) < 0)
        return err->code;
    *key = "limit";
    if (parse_limit(rule, arena, settings->limit, err) < 0)
        return err->code;
    *key = "recover";
    if (parse_recover(rule, settings->recover, err) < 0)
        return err->code;
    if (rule->test.when != ALARM_CHANGED)
        return 0;
    *key = "for";
    if (rule->test.hold > 0)
        return err_set(err, -EINVAL, "must be left out with when: changed");
    if (rule->test.recover_for < CHANGED_LEAST)
        rule->test.recover_for = CHANGED_LEAST;
    return 0;
}

int alarm_rule_parse(struct alarm_rule *rule, struct arena *arena, const char *name,
                     const struct alarm_settings *settings, const char **key, struct err *err)
{
    *rule = (struct alarm_rule){
        .name = arena_text(arena, name),
        .label = arena_text(arena, *settings->label ? settings->label : name),
        .points = arena_text(arena, settings->points),
        .recipients = arena_text(arena, settings->recipients),
        .outputs = arena_text(arena, settings->outputs),
        .outputs_off = arena_text(arena, settings->outputs_off),
        .sounders = arena_text(arena, settings->sounders),
        .severity = (enum alarm_severity)settings->severity,
        .tell_clear = settings->tell_clear,
        .ignores_hours = settings->ignores_hours,
        .enabled = settings->enabled,
    };
    if (parse_test(rule, arena, settings, key, err) < 0)
        return err->code;
    *key = "repeat";
    return parse_repeat(rule, settings->repeat, err);
}

static int check_recipients(const struct config *config, const char *list, struct err *err)
{
    const struct setting_table *recipients = config_table_named(config, "recipients");
    char name[LIMIT_NAME + 1];
    size_t length;
    for (const char *word; (word = outlet_list_next(&list, &length));) {
        int shown = (int)(length < LIMIT_NAME ? length : LIMIT_NAME);
        memcpy(name, word, (size_t)shown);
        name[shown] = '\0';
        bool nobody = strcmp(name, "none") == 0; /* see struct notice */
        if (recipients && !nobody &&
            (length > LIMIT_NAME || config_find(config, recipients, name) < 0))
            return err_set(err, -EINVAL, "there is no recipient \"%s\"", name);
    }
    return 0;
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    const struct alarm_settings *settings = record;
    struct alarm_rule rule;
    struct arena *arena = arena_new();
    int result = alarm_rule_parse(&rule, arena, "", settings, key, err);
    arena_free(arena);
    if (result < 0)
        return result;
    *key = "recipients";
    if (check_recipients(config, settings->recipients, err) < 0)
        return err->code;
    const struct {
        const char *key, *list;
    } lists[] = {{"outputs", settings->outputs},
                 {"outputs_off", settings->outputs_off},
                 {"sounders", settings->sounders}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        *key = lists[i].key;
        if (!*lists[i].list)
            continue;
        if (strchr(lists[i].list, '*'))
            return err_set(err, -EINVAL, "must name each output, without *");
        if (outlet_list_check(config, lists[i].list, err) < 0)
            return err->code;
    }
    return 0;
}

const struct setting_table alarm_settings_table = {
    .name = "alarms",
    .label = "Alarms",
    .help = "What is an alarm: a threshold, a state, lost contact; how bad it is, who is told, and "
            "what is driven while it holds.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct alarm_settings),
    .check = check,
};

/* ---- the test of a point --------------------------------------------------------------------- */

static bool find_number(const struct words *words, const char *text, double *number)
{
    for (size_t i = 0; words && i < words->count; i++) {
        if (strcmp(words->list[i].text, text) != 0)
            continue;
        /* Of flags the number of a word is the place of its bit. */
        *number = words->flags ? (double)((uint64_t)1 << (words->list[i].number & 63))
                               : (double)words->list[i].number;
        return true;
    }
    return false;
}

bool alarm_rule_test(const struct alarm_rule *rule, const struct point *point,
                     struct alarm_test *test)
{
    *test = rule->test;
    clock_us every = point->component->device->every;
    if (test->window < 2 * every)
        test->window = 2 * every;
    test->flags = point->words && point->words->flags;
    if (quantity_row(point->quantity)->kind == QUANTITY_KIND_TEXT) {
        bool compares = test->when == ALARM_EQUALS || test->when == ALARM_DIFFERS;
        test->limit = compares ? 1 : test->limit;
        return !whens[test->when].recovers;
    }
    return !*rule->word || find_number(point->words, rule->word, &test->limit);
}

double alarm_rule_number(const struct alarm_rule *rule, const struct point *point)
{
    if (!point->text)
        return point->value.number;
    if (*rule->said)
        return strcmp(point->text, rule->said) == 0;
    return crc32c(0, point->text, strlen(point->text));
}
