/* snmp_tables_settings - `snmp_tables:`, which device appears in MIBs that know only one.
 *
 * Read-only, made by model/config.
 */
#pragma once

#include "model/setting.h"

struct config;
struct device;
struct site;

struct snmp_tables_settings {
    const char *ups;   /* UPS-MIB; "": the first supply that has a battery */
    const char *apc;   /* "": these tables are off */
    const char *geist; /* "": these tables are off */
};

extern const struct setting_table snmp_tables_settings_table;
