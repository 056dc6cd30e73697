/* Alarms that are not normal, the worst first when there are too many; they can be acknowledged,
 * shelved, muted and cleared. */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/alarm.h"
#include "face/snmp_busbar.h"
#include "model/site.h"

#define NAME "SnmpAdminString (SIZE (0..64))"
#define TEXT "SnmpAdminString (SIZE (0..255))"

#define ALARMS_MOST 1000
#define SHELVE_LEAST 60
#define SHELVE_MOST (30 * 86400)

enum { COLUMN_ACTION = 15, COLUMN_SHELVE_FOR = 16 };
enum {
    ACTION_NONE,
    ACTION_ACKNOWLEDGE,
    ACTION_SHELVE,
    ACTION_UNSHELVE,
    ACTION_CLEAR,
    ACTION_MUTE,
    ACTIONS
};

static const struct alarms *alarms_of(void *user)
{
    return snmp_busbar_model(user)->alarms;
}

/* ---- reading --------------------------------------------------------------------------------- */

#define ALARM(function, result)                                                                    \
    static bool function(void *user, const struct snmp_row *row, const struct snmp_ask *ask,       \
                         struct snmp_value *value)                                                 \
    {                                                                                              \
        struct alarm_view alarm;                                                                   \
        (void)ask;                                                                                 \
        return alarms_find(alarms_of(user), row->index[0], &alarm) && (result);                    \
    }

static bool put_severity(struct snmp_value *value, enum alarm_severity severity)
{
    static const int numbers[] = {[ALARM_INFO] = 1, [ALARM_WARNING] = 2, [ALARM_CRITICAL] = 3};
    return snmp_integer(value, numbers[severity]);
}

static bool put_state(struct snmp_value *value, enum alarm_state state)
{
    static const int numbers[] = {[ALARM_NORMAL] = 1,
                                  [ALARM_PENDING] = 2,
                                  [ALARM_TRIPPED] = 3,
                                  [ALARM_ACKNOWLEDGED] = 4,
                                  [ALARM_LOST] = 5};
    return snmp_integer(value, numbers[state]);
}

/* As people write it: rules are about everything, so there are no common decimals. */
static bool put_decimal(struct snmp_value *value, double number, int decimals, const char *unit)
{
    if (!isfinite(number))
        return snmp_text(value, "");
    return snmp_format(value, "%.*f%s%s", decimals, number, *unit ? " " : "", unit);
}

ALARM(get_rule, snmp_text(value, alarm.rule))
ALARM(get_label, snmp_text(value, alarm.label))
ALARM(get_path, snmp_text(value, alarm.path))
ALARM(get_severity, put_severity(value, alarm.severity))
ALARM(get_state, put_state(value, alarm.state))
ALARM(get_latched, snmp_integer(value, alarm.latched ? 1 : 2))
ALARM(get_sounding, snmp_integer(value, alarm.sounding ? 1 : 2))
ALARM(get_since, snmp_date(value, alarm.since_wall))
ALARM(get_raised, snmp_date(value, alarm.raised_wall))
ALARM(get_text, snmp_format(value, "%s", alarm.text))
ALARM(get_value, put_decimal(value, alarm.number, alarm.decimals, alarm.unit))
ALARM(get_limit, put_decimal(value, alarm.limit, alarm.decimals, alarm.unit))
ALARM(get_by, snmp_text(value, alarm.by))
ALARM(get_shelved, snmp_date(value, alarm.shelved_until))
ALARM(get_explained, snmp_text(value, alarm.suppressed_by))
ALARM(get_times, snmp_counter(value, alarm.times))

static bool get_action(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                       struct snmp_value *value)
{
    (void)user;
    (void)row;
    (void)ask;
    return snmp_integer(value, ACTION_NONE);
}

static bool get_shelve_for(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                           struct snmp_value *value)
{
    (void)user;
    (void)row;
    (void)ask;
    return snmp_unsigned(value, 0);
}

/* ---- setting --------------------------------------------------------------------------------- */

static int check_shelve_for(const struct snmp_set *set, size_t at)
{
    const struct snmp_value *value = &set->items[at].value;
    const struct snmp_set_item *action = snmp_set_beside(set, at, COLUMN_ACTION);
    if (value->type != SNMP_UNSIGNED)
        return SNMP_WRONG_TYPE;
    if (value->number < SHELVE_LEAST || value->number > SHELVE_MOST)
        return SNMP_WRONG_VALUE;
    return action && action->value.integer == ACTION_SHELVE ? SNMP_OK : SNMP_INCONSISTENT_VALUE;
}

static int check_action(void *user, const struct snmp_set *set, size_t at)
{
    const struct snmp_set_item *item = &set->items[at];
    struct alarm_view alarm;
    if (item->value.type != SNMP_INTEGER)
        return SNMP_WRONG_TYPE;
    if (item->value.integer <= ACTION_NONE || item->value.integer >= ACTIONS)
        return SNMP_WRONG_VALUE;
    if (!alarms_find(alarms_of(user), item->row->index[0], &alarm))
        return SNMP_NO_CREATION;
    if (item->value.integer == ACTION_SHELVE && !snmp_set_beside(set, at, COLUMN_SHELVE_FOR))
        return SNMP_INCONSISTENT_VALUE;
    if (item->value.integer == ACTION_MUTE && !alarm.sounding)
        return SNMP_INCONSISTENT_VALUE;
    if (item->value.integer == ACTION_ACKNOWLEDGE && alarm.state != ALARM_TRIPPED)
        return SNMP_INCONSISTENT_VALUE;
    return SNMP_OK;
}

static int set_alarm(void *user, const struct snmp_set *set, size_t at, bool commit)
{
    static const enum alarm_deed deeds[ACTIONS] = {
        [ACTION_ACKNOWLEDGE] = ALARM_ACKNOWLEDGE,
        [ACTION_SHELVE] = ALARM_SHELVE,
        [ACTION_UNSHELVE] = ALARM_UNSHELVE,
        [ACTION_CLEAR] = ALARM_CLEAR,
        [ACTION_MUTE] = ALARM_MUTE,
    };
    const struct snmp_set_item *item = &set->items[at];
    bool action = item->column->number == COLUMN_ACTION;
    if (!commit)
        return action ? check_action(user, set, at) : check_shelve_for(set, at);
    if (!action)
        return SNMP_OK;
    const struct snmp_set_item *shelve_for = snmp_set_beside(set, at, COLUMN_SHELVE_FOR);
    struct err err = ERR_EMPTY;
    const struct alarm_wish wish = {.deed = deeds[item->value.integer],
                                    .id = item->row->index[0],
                                    .actor = set->ask->actor,
                                    .origin = set->ask->origin,
                                    .reason = "SNMP",
                                    .role = set->ask->role,
                                    .how_long =
                                        shelve_for ? shelve_for->value.number * CLOCK_S : 0};
    return alarms_do(snmp_busbar_model(user)->alarms, &wish, &err) < 0 ? SNMP_COMMIT_FAILED
                                                                       : SNMP_OK;
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct snmp_column columns[] = {
    {1, NULL, false, "busbarAlarmId", "Unsigned32 (1..4294967295)",
     "Number of the alarm, the same as long as its rule and its path stay; also in notifications."},
    {2, get_rule, false, "busbarAlarmRule", NAME, "The rule by its name in the settings."},
    {3, get_label, false, "busbarAlarmLabel", TEXT, "What people call it."},
    {4, get_path, false, "busbarAlarmPath", TEXT, "What it is about: a point, or a device."},
    {5, get_severity, false, "busbarAlarmSeverity", "INTEGER { info(1), warning(2), critical(3) }",
     "How much harm there is."},
    {6, get_state, false, "busbarAlarmState",
     "INTEGER { normal(1), pending(2), tripped(3), acknowledged(4), lost(5) }",
     "pending: beyond its limit, but not for long enough yet. lost: it cannot be told, because the "
     "reading is too old, bad or absent."},
    {7, get_latched, false, "busbarAlarmLatched", "TruthValue",
     "It has recovered and waits for a person to clear it."},
    {8, get_since, false, "busbarAlarmSince", "DateAndTime", "Since when the state holds."},
    {9, get_raised, false, "busbarAlarmRaisedAt", "DateAndTime", "When it tripped last."},
    {10, get_text, false, "busbarAlarmText", TEXT, "A sentence with names and numbers."},
    {11, get_value, false, "busbarAlarmValue", NAME,
     "The reading that decided, with its unit; empty when there is none."},
    {12, get_limit, false, "busbarAlarmLimit", NAME,
     "What the reading is held against; empty when there is none."},
    {13, get_by, false, "busbarAlarmBy", NAME,
     "Who acknowledged, shelved or muted it; empty for nobody."},
    {14, get_shelved, false, "busbarAlarmShelvedUntil", "DateAndTime",
     "Nobody is told before then; empty while it is not shelved."},
    {COLUMN_ACTION, get_action, true, "busbarAlarmAction",
     "INTEGER { none(0), acknowledge(1), shelve(2), unshelve(3), clear(4), mute(5) }",
     "Written: what is to be done with the alarm; none cannot be written. Reads as none."},
    {COLUMN_SHELVE_FOR, get_shelve_for, true, "busbarAlarmShelveFor", "Unsigned32 (0..2592000)",
     "Written together with the action shelve: for how many seconds, 60 at least. Reads as 0."},
    {17, get_explained, false, "busbarAlarmExplainedBy", TEXT,
     "The path of the alarm that explains this one, for which nobody is told; empty for none."},
    {18, get_times, false, "busbarAlarmTimes", "Counter32", "How often it has tripped."},
    {19, get_sounding, false, "busbarAlarmSounding", "TruthValue",
     "Its sounders are wanted on: it can be muted."},
};

static void add_rows(void *user, struct snmp_rows *rows)
{
    const struct alarms *alarms = alarms_of(user);
    size_t count = alarms ? alarms_active(alarms) : 0;
    for (size_t i = 0; i < count && i < ALARMS_MOST; i++)
        snmp_rows_add(
            rows, &(struct snmp_row){.index = {alarms_glance(alarms, i).id}, .index_length = 1});
}

/* Alarms change far more often than the site. */
static uint64_t revision(void *user)
{
    const struct snmp_model *model = snmp_busbar_model(user);
    size_t count = model->alarms ? alarms_active(model->alarms) : 0;
    return (site_revision(model->site) + snmp_busbar_alarm_changes(user)) << 16 ^ count;
}

static const char *const indexes[] = {"busbarAlarmId", NULL};

const struct snmp_group snmp_busbar_alarm_group = {
    .number = SNMP_BUSBAR_ALARMS,
    .name = "busbarAlarm",
    .help = "The alarms that are not normal; of more than 1000 the worst.",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .indexes = indexes,
    .rows = add_rows,
    .revision = revision,
    .set = set_alarm,
};
