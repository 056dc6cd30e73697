/* snmp_trap_notice - what a notice is as an SNMP notification: its name and its variables.
 *
 * Starts and refused sign-ins are the notifications that all managers know (coldStart, warmStart,
 * authenticationFailure of RFC 3418); everything else is one of ours. The tables here also give the
 * text of our MIB. Pure; loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "engine/notify.h"
#include "face/snmp_value.h"
#include "wire/snmp_packet.h"

/* What is told. `cold`: the machine has only just been started. */
struct snmp_trap_source {
    const struct notice *notice;
    bool cold;
};

/* A variable of our notifications, in the order in which they are sent. */
struct snmp_trap_object {
    uint32_t number;
    const char *name, *syntax, *help;
    bool alarms_only;
    bool (*get)(const struct snmp_trap_source *source, struct snmp_value *value);
};

extern const struct snmp_trap_object snmp_trap_objects[];
extern const size_t snmp_trap_object_count;

/* One of our notifications. Those of alarms carry all objects, the others those that are not for
 * alarms only. */
struct snmp_trap_type {
    uint32_t number;
    const char *name, *help;
    bool alarm;
};

extern const struct snmp_trap_type snmp_trap_types[];
extern const size_t snmp_trap_type_count;

#define SNMP_TRAP_VARIABLES 16
#define SNMP_TRAP_NAME 16 /* arcs */

/* A notice made ready; points into itself and into the notice. */
struct snmp_trap_notice {
    struct snmp_packet_notification notification;
    uint32_t trap[SNMP_TRAP_NAME];
    struct snmp_packet_variable variables[SNMP_TRAP_VARIABLES];
    uint32_t names[SNMP_TRAP_VARIABLES][SNMP_TRAP_NAME];
    struct snmp_value values[SNMP_TRAP_VARIABLES];
    uint32_t alarm[SNMP_TRAP_NAME]; /* upsAlarmDescr */
};

/* `uptime`: since the start. */
void snmp_trap_notice_init(struct snmp_trap_notice *out, const struct snmp_trap_source *source,
                           uint32_t enterprise, clock_us uptime);
