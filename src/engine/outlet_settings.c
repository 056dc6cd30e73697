#include "engine/outlet_settings.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "engine/condition.h"
#include "engine/outlet_groups.h"
#include "model/limits.h"

#define FIELD(name) .offset = offsetof(struct outlet_settings, name)
#define SWITCHING(name) .offset = offsetof(struct switching_settings, name)

#define DAY_S 86400
#define REBOOT_HOLD_S 5 /* what power supplies need to notice */
#define CONDITION_MOST 200

static const char *const power_ups[] = {"last", "on", "off", "board", "schedule", NULL};
static const char *const pendings[] = {"resume", "cancel", NULL};
const char *const outlet_rights[] = {"control", "administrator", NULL};

#define DELAY(field, most, first, text)                                                            \
    {                                                                                              \
        .key = #field, .type = SETTING_DURATION, FIELD(field), .max = (most), .initial = (first),  \
        .right = ROLE_CONTROL, .help = (text)                                                      \
    }

static const struct setting_row rows[] = {
    {.key = "name",
     .type = SETTING_TEXT,
     FIELD(name),
     .max = 64,
     .initial = "",
     .right = ROLE_CONTROL,
     .help = "What is plugged in; empty is what the device calls the outlet."},
    {.key = "url",
     .type = SETTING_TEXT,
     FIELD(url),
     .max = 255,
     .initial = "",
     .right = ROLE_CONTROL,
     .help = "Page of the equipment, http:// or https://: a link beside the outlet."},
    DELAY(on_delay, DAY_S, "0 s", "On Delayed switches on after this time."),
    DELAY(off_delay, DAY_S, "0 s", "Off Delayed switches off after this time."),
    DELAY(reboot_delay, DAY_S, "0 s", "Reboot Delayed takes the power away after this time."),
    DELAY(reboot_hold, DAY_S, "5 s", "How long a reboot leaves the outlet without power."),
    {.key = "power_up",
     .type = SETTING_CHOICE,
     FIELD(power_up),
     .choices = power_ups,
     .initial = "last",
     .right = ROLE_CONTROL,
     .help = "After a loss of the board's power: as it was (last), on, off, what the board does by "
             "itself (board), or what the schedules say for the moment (schedule)."},
    DELAY(power_up_delay, DAY_S, "0 s",
          "Time from the return of the board's power to this outlet, so that outlets come up in "
          "sequence."),
    {.key = "power_up_when",
     .type = SETTING_TEXT,
     FIELD(power_up_when),
     .max = CONDITION_MOST,
     .initial = "",
     .right = ROLE_CONTROL,
     .help = "What must hold before its power is brought back after a loss, as in "
             "dc-1/battery/charge >= 40; power_up_delay counts from then. Empty: nothing."},
    {.key = "cycle_after",
     .type = SETTING_TEXT,
     FIELD(cycle_after),
     .max = CONDITION_MOST,
     .initial = "",
     .right = ROLE_CONTROL,
     .help = "When its equipment shuts itself down, as in dc-1/battery/charge < 15: if the power "
             "never went, it is rebooted when this is over and power_up_when holds. Empty: never."},
    {.key = "fed_by",
     .type = SETTING_TEXT,
     FIELD(fed_by),
     .max = LIMIT_PATH,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "The breaker, outlet or output that feeds it, as in board-1/circuit-3; empty is what "
             "its device says."},
    DELAY(min_off, DAY_S, "0 s",
          "Shortest time without power: an On before waits until it has passed."),
    {.key = "confirm_within",
     .type = SETTING_DURATION,
     FIELD(confirm_within),
     .max = 600,
     .initial = "0 s",
     .right = ROLE_CONTROL,
     .help = "How long it may take to show the wished state, where the equipment is slower than "
             "others; 0 s is what switching.confirm_within says."},
    {.key = "critical",
     .type = SETTING_BOOL,
     FIELD(critical),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Switching it off or rebooting it must be confirmed with a code."},
    {.key = "lock",
     .type = SETTING_BOOL,
     FIELD(lock),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Nobody switches it and no schedule does; after a loss of power it comes back as "
             "power_up says."},
    {.key = "rated_current",
     .type = SETTING_NUMBER,
     FIELD(rated_current),
     .unit = "A",
     .max = 1000,
     .initial = "0",
     .right = ROLE_ADMINISTRATOR,
     .help = "What the outlet may carry; 0 is what its profile says."},
    {.key = "min_current",
     .type = SETTING_NUMBER,
     FIELD(min_current),
     .unit = "A",
     .max = 1000,
     .initial = "0",
     .right = ROLE_ADMINISTRATOR,
     .help = "What the equipment draws at least while it is on; less after switching on is said. 0 "
             "is not checked."},
    {.key = "right",
     .type = SETTING_CHOICE,
     FIELD(right),
     .choices = outlet_rights,
     .initial = "control",
     .right = ROLE_ADMINISTRATOR,
     .help = "The role that may switch it."},
    {.key = "users",
     .type = SETTING_TEXT,
     FIELD(users),
     .max = 1000,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Users and tokens that may switch it, with a comma between, and administrators; empty "
             "is everybody with the role."},
};

static const struct setting_row switching_rows[] = {
    {.key = "pending",
     .type = SETTING_CHOICE,
     SWITCHING(pending),
     .choices = pendings,
     .initial = "resume",
     .right = ROLE_ADMINISTRATOR,
     .help = "What becomes of actions that wait when busbar is restarted: resume or cancel. A "
             "reboot that has taken the power is finished in any case."},
    {.key = "confirm_within",
     .type = SETTING_DURATION,
     SWITCHING(confirm_within),
     .min = 0.1,
     .max = 600,
     .initial = "3 s",
     .right = ROLE_ADMINISTRATOR,
     .help = "A device that accepted a command must show the wished state within this time, else "
             "it has not obeyed."},
    {.key = "unknown_for",
     .type = SETTING_DURATION,
     SWITCHING(unknown_for),
     .min = 1,
     .max = DAY_S,
     .initial = "10 min",
     .right = ROLE_ADMINISTRATOR,
     .help = "How long an outlet of which nobody knows whether it was switched is read again "
             "before its command ends as unknown."},
    {.key = "confirm_current",
     .type = SETTING_BOOL,
     SWITCHING(confirm_current),
     .initial = "true",
     .right = ROLE_ADMINISTRATOR,
     .help = "Where an outlet's current is measured, it must agree with what the outlet says."},
    {.key = "current_off",
     .type = SETTING_NUMBER,
     SWITCHING(current_off),
     .unit = "A",
     .max = 100,
     .initial = "0.1",
     .right = ROLE_ADMINISTRATOR,
     .help = "Less current than this counts as none."},
    {.key = "voltage_off",
     .type = SETTING_NUMBER,
     SWITCHING(voltage_off),
     .unit = "V",
     .max = 1000,
     .initial = "3",
     .right = ROLE_ADMINISTRATOR,
     .help = "Less voltage than this counts as none: an outlet behind it is without power."},
};

/* A condition whose device exists; whether it has such a point is known when it has answered. */
static int check_condition(const struct config *config, const char *text, struct err *err)
{
    struct condition condition;
    if (condition_parse(text, &condition, err) < 0)
        return err->code;
    return condition.op == CONDITION_NONE ? 0 : outlet_check_device(config, condition.path, err);
}

static int check_feeder(const struct config *config, const char *text, struct err *err)
{
    const char *slash = strchr(text, '/'), *part = slash ? slash + 1 : text;
    enum component_kind kind;
    int number;
    if (*text && !component_parse(part, strlen(part), &kind, &number))
        return err_set(err, -EINVAL,
                       "must be a component, as in circuit-3 of the same device or "
                       "board-1/circuit-3, not \"%.60s\"",
                       text);
    return slash ? outlet_check_device(config, text, err) : 0;
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    const struct outlet_settings *outlet = record;
    *key = "power_up_when";
    if (check_condition(config, outlet->power_up_when, err) < 0)
        return err->code;
    *key = "cycle_after";
    if (check_condition(config, outlet->cycle_after, err) < 0)
        return err->code;
    *key = "fed_by";
    if (check_feeder(config, outlet->fed_by, err) < 0)
        return err->code;
    *key = "url";
    if (*outlet->url && strncmp(outlet->url, "http://", 7) != 0 &&
        strncmp(outlet->url, "https://", 8) != 0)
        return err_set(err, -EINVAL, "must begin with http:// or https://, not \"%.40s\"",
                       outlet->url);
    return 0;
}

const struct setting_table outlet_settings_table = {
    .name = "outlets",
    .label = "Outlets",
    .help = "Outlets by path, as in pdu-a/outlet-3: names, delays, what happens after a loss of "
            "power, who may switch them.",
    .collection = true,
    .paths = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct outlet_settings),
    .check = check,
};

const struct setting_table switching_settings_table = {
    .name = "switching",
    .label = "Switching",
    .help = "How commands are proven, and what becomes of those that wait.",
    .rows = switching_rows,
    .row_count = sizeof switching_rows / sizeof *switching_rows,
    .record_size = sizeof(struct switching_settings),
};

/* The same as the rows' defaults; a test compares them. */
struct outlet_settings outlet_settings_default(void)
{
    return (struct outlet_settings){
        .name = "",
        .url = "",
        .users = "",
        .power_up_when = "",
        .cycle_after = "",
        .fed_by = "",
        .reboot_hold = REBOOT_HOLD_S * CLOCK_S,
    };
}
