/* snmp_part - a group of tables that belong together, made when the agent starts.
 *
 * What it reads is in struct snmp_model, which lives as long as the part. Loop thread only.
 */
#pragma once

#include <stdint.h>

#include "base/clock.h"
#include "face/snmp_table.h"

struct alarms;
struct commands;
struct config;
struct event_log;
struct loop;
struct site;
struct snmp_state;
struct snmp_ups_times;
struct switcher;

/* What the agent counts, as the standard groups name it (RFC 3418, 3412, 3414). */
enum snmp_counter {
    SNMP_IN_PACKETS,
    SNMP_IN_BAD_VERSIONS,
    SNMP_IN_BAD_COMMUNITY_NAMES,
    SNMP_IN_BAD_COMMUNITY_USES,
    SNMP_IN_PARSE_ERRORS,
    SNMP_SILENT_DROPS,
    SNMP_UNKNOWN_SECURITY_MODELS,
    SNMP_INVALID_MESSAGES,
    SNMP_UNKNOWN_PDU_HANDLERS,
    SNMP_UNSUPPORTED_LEVELS,
    SNMP_NOT_IN_TIME_WINDOWS,
    SNMP_UNKNOWN_USERS,
    SNMP_UNKNOWN_ENGINES,
    SNMP_WRONG_DIGESTS,
    SNMP_DECRYPTION_ERRORS,
    SNMP_COUNTERS
};

/* All borrowed; those that may be NULL say so. */
struct snmp_model {
    struct loop *loop;
    struct site *site;
    const struct config *config; /* of this moment: do not keep what it points to */
    struct commands *commands;   /* NULL: nothing is settable */
    struct switcher *switcher;   /* NULL: no outlets */
    struct alarms *alarms;       /* NULL: no alarms */
    struct snmp_state *state;    /* engine id, and device numbers that outlast a restart */
    clock_us started;            /* monotonic: sysUpTime counts from here */
    uint32_t enterprise;         /* `snmp.enterprise` */
    const uint32_t *counters;    /* by enum snmp_counter */
    struct snmp_ups_times *ups;  /* of UPS-MIB: outlasts its part */
};

struct snmp_part {
    const char *name;
    /* Add tables to the tree. NULL when there is nothing to serve. */
    void *(*make)(const struct snmp_model *model, struct snmp_tree *tree);
    /* Remove them again. */
    void (*free)(void *part, struct snmp_tree *tree);
};

/* Ends with NULL. Parts are made anew when the settings change. */
extern const struct snmp_part *const snmp_parts[];
