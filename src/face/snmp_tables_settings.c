#include "face/snmp_tables_settings.h"

#include <stddef.h>

#define FIELD(name) .offset = offsetof(struct snmp_tables_settings, name)
#define COMMON                                                                                     \
    .type = SETTING_REFERENCE, .refers_to = "devices", .initial = "", .right = ROLE_ADMINISTRATOR, \
    .apply = SETTING_LIVE

static const struct setting_row rows[] = {
    {.key = "ups",
     FIELD(ups),
     COMMON,
     .help = "Device that UPS-MIB (RFC 1628) shows, which knows one supply only; not given, the "
             "first one that has a battery."},
    {.key = "apc",
     FIELD(apc),
     COMMON,
     .help = "Device whose outlets are also served below the enterprise number of APC (318), for "
             "programs that know those tables only; not given, nothing is served there."},
    {.key = "geist",
     FIELD(geist),
     COMMON,
     .help = "The same below the enterprise number of Geist and Vertiv (21239)."},
};

const struct setting_table snmp_tables_settings_table = {
    .name = "snmp_tables",
    .label = "SNMP, tables of others",
    .help = "Which device appears over SNMP in MIBs that know only one.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct snmp_tables_settings),
};
