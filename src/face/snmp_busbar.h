/* snmp_busbar - our own MIB: the site as it is in the model, computed and never copied.
 *
 * Below the root lie groups, each a table or a few scalars; every column says what it is for, so
 * that the text of the MIB (snmp_mib.h) and what is served cannot differ. Numbers of groups and
 * columns are permanent, as are device numbers (snmp_state), component numbers and the catalogue's:
 * an object identifier means the same for ever. A golden walk and the committed MIB guard them.
 */
#pragma once

#include "face/snmp_part.h"
#include "face/snmp_table.h"
#include "model/component.h"
#include "model/limits.h"

/* Below .1.3.6.1.4.1.ENTERPRISE.1 */
enum {
    SNMP_BUSBAR_NOTIFICATIONS = 0,
    SNMP_BUSBAR_OBJECTS = 1,
    SNMP_BUSBAR_CONFORMANCE = 2,
    SNMP_BUSBAR_AGENT = 3, /* sysObjectID */
};

/* Below the objects. */
enum {
    SNMP_BUSBAR_SITE = 1,
    SNMP_BUSBAR_DEVICES = 2,
    SNMP_BUSBAR_COMPONENTS = 3,
    SNMP_BUSBAR_POINTS = 4,
    SNMP_BUSBAR_OUTLETS = 5,
    SNMP_BUSBAR_ALARMS = 6,
    SNMP_BUSBAR_TOTALS = 7,
    SNMP_BUSBAR_NOTICE = 8, /* what notifications carry: snmp_notification.h */
};

struct snmp_busbar; /* the part */

struct snmp_group {
    uint32_t number;
    const char *name; /* "busbarDevice": of the table's objects */
    const char *help;
    const struct snmp_column
        *columns; /* without `get`: part of an index, or in notifications only */
    size_t column_count;
    const char *const *indexes; /* names of columns, NULL-terminated; NULL: scalars */
    void (*rows)(void *user, struct snmp_rows *rows);
    uint64_t (*revision)(void *user);
    int (*set)(void *user, const struct snmp_set *set, size_t item, bool commit);
};

/* All of them, ascending, NULL-terminated. */
extern const struct snmp_group *const snmp_busbar_groups[];

extern const struct snmp_group snmp_busbar_site_group, snmp_busbar_device_group,
    snmp_busbar_component_group, snmp_busbar_point_group, snmp_busbar_outlet_group,
    snmp_busbar_alarm_group, snmp_busbar_total_group;

/* The root into `oid` (SNMP_ENTRY_MOST), and `below` it; returns the length. */
size_t snmp_busbar_oid(uint32_t enterprise, uint32_t below, snmp_sub *oid);

extern const struct snmp_part snmp_busbar_part;

/* ---- for the groups -------------------------------------------------------------------------- */

const struct snmp_model *snmp_busbar_model(const struct snmp_busbar *busbar);

/* Why the last SET of an outlet was refused, for whoever reads it next to the outlet. */
struct snmp_refusal {
    uint32_t index[SNMP_INDEX_MOST]; /* of the outlet's row; zeros: there was none */
    char text[SNMP_TEXT_MOST + 1], confirm[16], actor[LIMIT_NAME + 1];
};
struct snmp_refusal *snmp_busbar_refusal(struct snmp_busbar *busbar);

/* Counts up with every change of an alarm. */
uint64_t snmp_busbar_alarm_changes(const struct snmp_busbar *busbar);

/* Number of devices, components, points: rows with pointers to them are alive as long as it stays.
 */
uint64_t snmp_busbar_site_revision(void *user);

/* Permanent: kind * 1000 + number, "outlet-3" is 6003. */
uint32_t snmp_component_number(enum component_kind kind, int number);
#define SNMP_COMPONENT_KIND 1000

/* The kind's permanent number, from 1. */
uint32_t snmp_component_kind(enum component_kind kind);

/* Time since `then` in milliseconds, held to 32 bits. */
bool snmp_age(struct snmp_value *value, clock_us now, clock_us then);
