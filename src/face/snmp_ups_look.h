/* snmp_ups_look - how a supply with a battery stands, in the words of UPS-MIB (RFC 1628).
 *
 * What cannot be told is unknown: a reading that is old, bad or absent counts as none, and a lost
 * contact is never taken for a power failure. Pure; loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/site.h"

enum snmp_ups_source { /* upsOutputSource */
                       SNMP_UPS_OTHER = 1,
                       SNMP_UPS_NONE = 2,
                       SNMP_UPS_NORMAL = 3,
                       SNMP_UPS_BATTERY = 5,
};

enum snmp_ups_status { /* upsBatteryStatus */
                       SNMP_UPS_STATUS_UNKNOWN = 1,
                       SNMP_UPS_STATUS_NORMAL = 2,
                       SNMP_UPS_STATUS_LOW = 3,
                       SNMP_UPS_STATUS_DEPLETED = 4,
};

/* upsWellKnownAlarms that can be told from what is measured; bit N of a set is alarm N. */
enum {
    SNMP_UPS_ALARM_ON_BATTERY = 2,
    SNMP_UPS_ALARM_LOW_BATTERY = 3,
    SNMP_UPS_ALARM_DEPLETED = 4,
    SNMP_UPS_ALARM_INPUT_BAD = 6,
    SNMP_UPS_ALARM_OVERLOAD = 8,
    SNMP_UPS_ALARM_OUTPUT_OFF = 14,
    SNMP_UPS_ALARM_GENERAL = 18,
    SNMP_UPS_ALARM_COMMUNICATION = 20,
    SNMP_UPS_ALARMS = 25,
};

/* upsConfigLowBattTime: minutes left from which the battery counts as low. */
#define SNMP_UPS_LOW_MINUTES 2

/* Volts: below this there is no mains and no output: far under any brown-out, far over what a meter
 * shows with its clamps open. */
#define SNMP_UPS_DEAD_V 5.0

struct snmp_ups_look {
    enum snmp_ups_source source;
    enum snmp_ups_status status;
    bool input_known, input_good;
    uint32_t alarms;
};

struct snmp_ups_look snmp_ups_look(const struct device *device);

/* What has happened to it, beyond a change of settings. Begins as zeros. */
struct snmp_ups_times {
    char device[LIMIT_NAME + 1];     /* whose these are */
    struct snmp_ups_look look;       /* of the last time */
    clock_us battery_since;          /* monotonic, while on battery */
    clock_us since[SNMP_UPS_ALARMS]; /* while the alarm holds */
    uint32_t line_bads;
};

/* How `device` (NULL: there is none) stands now; another one than before begins anew. */
void snmp_ups_times_note(struct snmp_ups_times *times, const struct device *device, clock_us now);

/* The supply that is called so, "": the first there is; NULL: none. */
struct device *snmp_ups_find(struct site *site, const char *name);

/* The battery; NULL: the device is no such supply. */
const struct component *snmp_ups_battery(const struct device *device);

/* Input and output line `number` (from 1) with something measured; NULL behind the last. */
const struct component *snmp_ups_input(const struct device *device, unsigned number);
const struct component *snmp_ups_output(const struct device *device, unsigned number);

/* The point while its reading is good, else NULL; `component` may be NULL. */
const struct point *snmp_ups_good(const struct component *component, enum quantity quantity);
