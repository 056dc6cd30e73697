/* Outlets and digital outputs, settable: a SET goes through the door of commands, and is answered
 * when the command is accepted. What became of it stands in the row. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/switcher.h"
#include "face/snmp_busbar.h"
#include "face/snmp_outlets.h"
#include "face/snmp_state.h"
#include "model/site.h"

#define TEXT "SnmpAdminString (SIZE (0..255))"

enum { COLUMN_ACTION = 6, COLUMN_LEVEL = 7, COLUMN_DELAY = 8, COLUMN_CONFIRM = 9 };

#define DELAY_MOST 86400
#define LEVEL_MOST 1000 /* tenths of a percent */

/* Permanent numbers of busbarOutletAction. */
static const enum command_action actions[] = {
    [1] = COMMAND_ON,          [2] = COMMAND_OFF,    [3] = COMMAND_ON_DELAYED,
    [4] = COMMAND_OFF_DELAYED, [5] = COMMAND_REBOOT, [6] = COMMAND_REBOOT_DELAYED,
    [7] = COMMAND_PULSE,       [8] = COMMAND_CANCEL,
};
#define ACTIONS (sizeof actions / sizeof *actions)

/* ---- reading --------------------------------------------------------------------------------- */

/* The outlet of a row: as a rule where it was when the rows were made. */
static bool outlet_of(void *user, const struct snmp_row *row, struct switcher_outlet *outlet)
{
    const struct snmp_model *model = snmp_busbar_model(user);
    const struct component *component = row->thing;
    if (row->number < switcher_outlet_count(model->switcher)) {
        switcher_outlet_at(model->switcher, row->number, outlet);
        const struct point *state = site_point(model->site, outlet->state);
        if (state && state->component == component)
            return true;
    }
    char path[LIMIT_PATH + 1];
    snprintf(path, sizeof path, "%s/%s", component->device->name, component->name);
    return switcher_outlet_find(model->switcher, path, outlet);
}

#define OUTLET(function, result)                                                                   \
    static bool function(void *user, const struct snmp_row *row, const struct snmp_ask *ask,       \
                         struct snmp_value *value)                                                 \
    {                                                                                              \
        struct switcher_outlet outlet;                                                             \
        (void)ask;                                                                                 \
        return outlet_of(user, row, &outlet) && (result);                                          \
    }

/* TruthValue of SNMPv2-TC */
static bool put_truth(struct snmp_value *value, bool truth)
{
    return snmp_integer(value, truth ? 1 : 2);
}

static bool put_state(struct snmp_value *value, const struct switcher_outlet *outlet)
{
    return snmp_integer(value, !outlet->known ? 3 : outlet->on ? 1 : 2);
}

static bool put_action(struct snmp_value *value, const struct switcher_outlet *outlet)
{
    for (size_t i = 1; outlet->command && i < ACTIONS; i++) {
        if (actions[i] == outlet->command->action)
            return snmp_integer(value, (int64_t)i);
    }
    return snmp_integer(value, 0);
}

static bool put_step(struct snmp_value *value, const struct switcher_outlet *outlet)
{
    return snmp_text(value, outlet->step ? command_state_name(outlet->step->state) : "");
}

static bool put_step_reason(struct snmp_value *value, const struct switcher_outlet *outlet)
{
    return snmp_text(value, outlet->step ? outlet->step->reason : "");
}

OUTLET(get_path, snmp_text(value, outlet.path))
OUTLET(get_label, snmp_text(value, outlet.label))
OUTLET(get_kind, snmp_integer(value, outlet.output ? 2 : 1))
OUTLET(get_state, put_state(value, &outlet))
OUTLET(get_switchable, put_truth(value, outlet.switchable))
OUTLET(get_action, put_action(value, &outlet))
OUTLET(get_step, put_step(value, &outlet))
OUTLET(get_step_reason, put_step_reason(value, &outlet))

static bool get_level(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                      struct snmp_value *value)
{
    const struct point *level = component_point(row->thing, QUANTITY_LEVEL);
    (void)user;
    (void)ask;
    return level && level->value.quality == QUALITY_GOOD &&
           snmp_integer(value, llround(level->value.number * 10));
}

/* Written only, together with the action. */
static bool get_delay(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                      struct snmp_value *value)
{
    (void)user;
    (void)row;
    (void)ask;
    return snmp_unsigned(value, 0);
}

/* The refusal that concerns this row, if it is the last one. */
static const struct snmp_refusal *refusal_of(void *user, const struct snmp_row *row)
{
    const struct snmp_refusal *refusal = snmp_busbar_refusal(user);
    bool same = memcmp(refusal->index, row->index, sizeof refusal->index) == 0;
    return same ? refusal : NULL;
}

static bool get_confirm(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                        struct snmp_value *value)
{
    const struct snmp_refusal *refusal = refusal_of(user, row);
    bool own = refusal && strcmp(refusal->actor, ask->actor) == 0;
    return snmp_text(value, own ? refusal->confirm : "");
}

static bool get_refusal(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                        struct snmp_value *value)
{
    const struct snmp_refusal *refusal = refusal_of(user, row);
    /* with a code in it, it is for who asked */
    bool shown = refusal && (!*refusal->confirm || strcmp(refusal->actor, ask->actor) == 0);
    return snmp_text(value, shown ? refusal->text : "");
}

/* ---- setting --------------------------------------------------------------------------------- */

static void keep_refusal(void *user, const struct snmp_set_item *item, const struct snmp_ask *ask,
                         const struct command_answer *answer)
{
    struct snmp_refusal *refusal = snmp_busbar_refusal(user);
    memcpy(refusal->index, item->row->index, sizeof refusal->index);
    snprintf(refusal->text, sizeof refusal->text, "%.255s", answer->err.text);
    snprintf(refusal->confirm, sizeof refusal->confirm, "%s", answer->confirm);
    snprintf(refusal->actor, sizeof refusal->actor, "%s", ask->actor);
}

static void forget_refusal(void *user, const struct snmp_row *row)
{
    if (refusal_of(user, row))
        *snmp_busbar_refusal(user) = (struct snmp_refusal){0};
}

/* A delay or a code: what counts only beside an action or a level. */
static int check_form(const struct snmp_set_item *item)
{
    const struct snmp_value *value = &item->value;
    if (item->column->number == COLUMN_CONFIRM)
        return value->type != SNMP_TEXT ? SNMP_WRONG_TYPE
               : value->length > 15     ? SNMP_WRONG_LENGTH
                                        : SNMP_OK;
    return value->type != SNMP_UNSIGNED ? SNMP_WRONG_TYPE
           : value->number > DELAY_MOST ? SNMP_WRONG_VALUE
                                        : SNMP_OK;
}

static bool has_form(const struct snmp_set *set, size_t at, uint32_t column)
{
    const struct snmp_set_item *item = snmp_set_beside(set, at, column);
    return !item || check_form(item) == SNMP_OK;
}

/* The wish of an action or a level, with what stands beside it; 0 or an error status. */
static int read_wish(const struct snmp_set *set, size_t at, struct command_wish *wish,
                     char *confirm, size_t size)
{
    const struct snmp_set_item *item = &set->items[at];
    const struct snmp_set_item *delay = snmp_set_beside(set, at, COLUMN_DELAY);
    const struct snmp_set_item *code = snmp_set_beside(set, at, COLUMN_CONFIRM);
    int32_t number = item->value.integer;
    wish->action = COMMAND_SET;
    wish->number = number / 10.0;
    if (item->column->number == COLUMN_ACTION) {
        if (number < 1 || number >= (int32_t)ACTIONS)
            return SNMP_WRONG_VALUE;
        wish->action = actions[number];
    } else if (number < 0 || number > LEVEL_MOST) {
        return SNMP_WRONG_VALUE;
    }
    if (delay)
        wish->delay = delay->value.number * CLOCK_S;
    if (code)
        snprintf(confirm, size, "%.*s", (int)code->value.length, (const char *)code->value.bytes);
    wish->confirm = code ? confirm : NULL;
    return SNMP_OK;
}

static int wish_for(void *user, const struct snmp_set *set, size_t at, bool commit)
{
    const struct snmp_set_item *item = &set->items[at];
    const struct component *component = item->row->thing;
    struct commands *commands = snmp_busbar_model(user)->commands;
    char path[LIMIT_PATH + 1], confirm[16] = "";
    const char *targets[] = {path};
    struct command_answer answer = {0};
    struct command_wish wish = {.targets = targets,
                                .target_count = 1,
                                .actor = set->ask->actor,
                                .origin = set->ask->origin,
                                .reason = "SNMP",
                                .role = set->ask->role,
                                .only_ask = !commit};
    if (item->value.type != SNMP_INTEGER)
        return SNMP_WRONG_TYPE;
    /* refused at its own place, before anything is done */
    if (!has_form(set, at, COLUMN_DELAY) || !has_form(set, at, COLUMN_CONFIRM))
        return SNMP_OK;
    snprintf(path, sizeof path, "%s/%s", component->device->name, component->name);
    int status = read_wish(set, at, &wish, confirm, sizeof confirm);
    if (status != SNMP_OK)
        return status;
    commands_submit(commands, &wish, &answer);
    status = snmp_command_status(&answer);
    if (status == SNMP_OK) {
        forget_refusal(user, item->row);
        return status;
    }
    keep_refusal(user, item, set->ask, &answer);
    if (!commit && answer.verdict != COMMAND_NEEDS_CONFIRM) {
        wish.only_ask = false; /* what was only asked is not written down: refused again, it is */
        commands_submit(commands, &wish, &answer);
    }
    return status;
}

/* Alone it means nothing. */
static int check_beside(const struct snmp_set *set, size_t at)
{
    if (!snmp_set_beside(set, at, COLUMN_ACTION) && !snmp_set_beside(set, at, COLUMN_LEVEL))
        return SNMP_INCONSISTENT_VALUE;
    return check_form(&set->items[at]);
}

static int set_outlet(void *user, const struct snmp_set *set, size_t at, bool commit)
{
    uint32_t column = set->items[at].column->number;
    if (!snmp_busbar_model(user)->commands)
        return SNMP_NOT_WRITABLE;
    if (column == COLUMN_ACTION || column == COLUMN_LEVEL)
        return wish_for(user, set, at, commit);
    return commit ? SNMP_OK : check_beside(set, at);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct snmp_column columns[] = {
    {1, get_path, false, "busbarOutletPath", TEXT, "DEVICE/COMPONENT, as everywhere in busbar."},
    {2, get_label, false, "busbarOutletLabel", TEXT, "What is plugged in."},
    {3, get_kind, false, "busbarOutletKind", "INTEGER { outlet(1), output(2) }",
     "An outlet of power, or a digital output."},
    {4, get_state, false, "busbarOutletState", "INTEGER { on(1), off(2), unknown(3) }",
     "What was read back from it. unknown: there is no fresh reading."},
    {5, get_switchable, false, "busbarOutletSwitchable", "TruthValue",
     "Whether its device can switch it at all."},
    {COLUMN_ACTION, get_action, true, "busbarOutletAction",
     "INTEGER { idle(0), on(1), off(2), onDelayed(3), offDelayed(4), reboot(5), rebootDelayed(6), "
     "pulse(7), cancel(8) }",
     "Read: what is under way; idle for nothing. Written: what is to be done; idle cannot be "
     "written. The answer comes when the command is accepted, which is not done: busbarOutletState "
     "tells when it is. inconsistentValue means that a rule or another command is in the way, or "
     "that the outlet is critical; busbarOutletRefusal says which."},
    {COLUMN_LEVEL, get_level, true, "busbarOutletLevel", "Integer32 (0..1000)",
     "Level of an output that has one, in tenths of a percent. Missing where there is none."},
    {COLUMN_DELAY, get_delay, true, "busbarOutletDelay", "Unsigned32 (0..86400)",
     "Written together with an action: seconds before it begins. Reads as 0."},
    {COLUMN_CONFIRM, get_confirm, true, "busbarOutletConfirm", "SnmpAdminString (SIZE (0..15))",
     "Switching off a critical outlet is refused at first. To confirm it, read the code here and "
     "write it together with the same action, within two minutes. Empty when nothing of this user "
     "waits to be confirmed."},
    {10, get_step, false, "busbarOutletProgress", "SnmpAdminString (SIZE (0..32))",
     "How far the command that is under way has come: pending, sent; empty for none."},
    {11, get_step_reason, false, "busbarOutletProgressReason", TEXT,
     "What it waits for, a sentence; empty for nothing."},
    {12, get_refusal, false, "busbarOutletRefusal", TEXT,
     "Why the last SET was refused, if it was one of this outlet."},
};

static void add_rows(void *user, struct snmp_rows *rows)
{
    const struct snmp_model *model = snmp_busbar_model(user);
    size_t count = model->switcher ? switcher_outlet_count(model->switcher) : 0;
    for (size_t i = 0; i < count; i++) {
        struct switcher_outlet outlet;
        switcher_outlet_at(model->switcher, i, &outlet);
        const struct point *state = site_point(model->site, outlet.state);
        if (!state)
            continue;
        const struct component *component = state->component;
        snmp_rows_add(
            rows,
            &(struct snmp_row){.index = {snmp_state_device(model->state, component->device->name),
                                         snmp_component_number(component->kind, component->number)},
                               .index_length = 2,
                               .number = (uint32_t)i,
                               .thing = component});
    }
}

/* The switcher learns of a changed site at the end of the turn: their number changes, too. */
static uint64_t revision(void *user)
{
    const struct snmp_model *model = snmp_busbar_model(user);
    uint64_t count = model->switcher ? switcher_outlet_count(model->switcher) : 0;
    return site_revision(model->site) << 24 ^ count;
}

static const char *const indexes[] = {"busbarDeviceIndex", "busbarComponentIndex", NULL};

const struct snmp_group snmp_busbar_outlet_group = {
    .number = SNMP_BUSBAR_OUTLETS,
    .name = "busbarOutlet",
    .help = "Outlets and digital outputs, which can be switched.",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .indexes = indexes,
    .rows = add_rows,
    .revision = revision,
    .set = set_outlet,
};
