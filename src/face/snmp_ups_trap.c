#include "face/snmp_ups_trap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/mem.h"
#include "engine/notify.h"
#include "face/snmp_tables_settings.h"
#include "face/snmp_ups_look.h"
#include "model/config.h"

/* RFC 1628, upsTrapOnBattery: again each minute. */
#define ON_BATTERY_EVERY (60 * CLOCK_S)

struct snmp_ups_trap {
    struct loop *loop;
    struct site *site;
    struct notify *notify;
    char name[LIMIT_NAME + 1];
    struct feed feed;
    uint64_t revision;
    const struct device *device;
    struct snmp_ups_times times;
    struct loop_timer timer; /* runs while it is on battery */
};

static void tell(struct snmp_ups_trap *trap, struct notice *notice, const char *text)
{
    const char *label = *trap->device->label ? trap->device->label : trap->device->name;
    char subject[200];
    snprintf(subject, sizeof subject, "%.100s: %s", label, text);
    notice->kind = NOTICE_UPS;
    notice->rule = "ups";
    notice->path = trap->device->name;
    notice->label = label;
    notice->subject = notice->text = subject;
    notice->wall = clock_wall_known(loop_clock(trap->loop)) ? loop_wall(trap->loop) : 0;
    notify_add(trap->notify, notice);
}

static void on_minute(struct loop_timer *timer, void *user);

static void tell_on_battery(struct snmp_ups_trap *trap)
{
    const struct point *left = snmp_ups_good(snmp_ups_battery(trap->device), QUANTITY_RUNTIME);
    clock_us now = loop_now(trap->loop);
    tell(trap,
         &(struct notice){.severity = ALARM_CRITICAL,
                          .change = ALARM_REPEATED,
                          .number = left ? floor(left->value.number / 60) : NAN,
                          .limit = (double)((now - trap->times.battery_since) / CLOCK_S)},
         "on battery");
    loop_timer_at(trap->loop, &trap->timer, now + ON_BATTERY_EVERY, on_minute, trap);
}

static void on_minute(struct loop_timer *timer, void *user)
{
    struct snmp_ups_trap *trap = user;
    (void)timer;
    if (trap->device && trap->times.look.source == SNMP_UPS_BATTERY)
        tell_on_battery(trap);
}

static void tell_alarms(struct snmp_ups_trap *trap, uint32_t before, uint32_t now)
{
    static const char *const words[SNMP_UPS_ALARMS] = {
        [SNMP_UPS_ALARM_ON_BATTERY] = "on battery",
        [SNMP_UPS_ALARM_LOW_BATTERY] = "the battery is low",
        [SNMP_UPS_ALARM_DEPLETED] = "the battery is depleted",
        [SNMP_UPS_ALARM_INPUT_BAD] = "the input is bad",
        [SNMP_UPS_ALARM_OVERLOAD] = "overload",
        [SNMP_UPS_ALARM_OUTPUT_OFF] = "the output is off",
        [SNMP_UPS_ALARM_GENERAL] = "a fault",
        [SNMP_UPS_ALARM_COMMUNICATION] = "contact is lost",
    };
    for (uint32_t i = 0; i < SNMP_UPS_ALARMS; i++) {
        char text[60];
        bool added = now >> i & 1;
        if (!((before ^ now) >> i & 1))
            continue;
        snprintf(text, sizeof text, "%s%s", words[i], added ? "" : " is over");
        tell(trap,
             &(struct notice){.severity = ALARM_CRITICAL,
                              .change = added ? ALARM_RAISED : ALARM_CLEARED,
                              .alarm = i,
                              .number = NAN,
                              .limit = NAN},
             text);
    }
}

static void look(struct snmp_ups_trap *trap)
{
    struct snmp_ups_look before = trap->times.look;
    if (trap->revision != site_revision(trap->site))
        trap->device = snmp_ups_find(trap->site, trap->name);
    trap->revision = site_revision(trap->site);
    if (strcmp(trap->times.device, trap->device ? trap->device->name : "") != 0)
        before = (struct snmp_ups_look){0}; /* another one */
    snmp_ups_times_note(&trap->times, trap->device, loop_now(trap->loop));
    const struct snmp_ups_look *now = &trap->times.look;
    if (!trap->device)
        return;
    tell_alarms(trap, before.alarms, now->alarms);
    if (now->source == SNMP_UPS_BATTERY && before.source != SNMP_UPS_BATTERY)
        tell_on_battery(trap);
    if (now->source != SNMP_UPS_BATTERY)
        loop_timer_stop(&trap->timer);
}

static void on_changed(void *user, const point_id *points, size_t count)
{
    struct snmp_ups_trap *trap = user;
    for (size_t i = 0; trap->device && i < count; i++) {
        const struct point *point = site_point(trap->site, points[i]);
        if (point && point->component->device == trap->device) {
            look(trap);
            return;
        }
    }
}

static void on_tree(void *user)
{
    look(user);
}

void snmp_ups_trap_configure(struct snmp_ups_trap *trap, const struct config *config)
{
    const struct snmp_tables_settings *settings =
        config_record(config, &snmp_tables_settings_table);
    snprintf(trap->name, sizeof trap->name, "%s", settings->ups);
    trap->revision = site_revision(trap->site) - 1; /* look for the device now */
    look(trap);
}

struct snmp_ups_trap *snmp_ups_trap_open(struct loop *loop, struct site *site,
                                         struct notify *notify, const struct config *config)
{
    struct snmp_ups_trap *trap = mem_new(sizeof *trap);
    trap->loop = loop;
    trap->site = site;
    trap->notify = notify;
    trap->timer = LOOP_TIMER_EMPTY;
    trap->feed = (struct feed){.changed = on_changed, .tree = on_tree, .user = trap};
    site_subscribe(site, &trap->feed);
    snmp_ups_trap_configure(trap, config);
    return trap;
}

struct snmp_ups_trap *snmp_ups_trap_close(struct snmp_ups_trap *trap)
{
    if (!trap)
        return NULL;
    site_unsubscribe(trap->site, &trap->feed);
    loop_timer_stop(&trap->timer);
    free(trap);
    return NULL;
}
