/* What the agent serves: one line a MIB. */

#include "face/snmp_busbar.h"
#include "face/snmp_entity.h"
#include "face/snmp_outlets.h"
#include "face/snmp_part.h"
#include "face/snmp_system.h"
#include "face/snmp_ups.h"

const struct snmp_part *const snmp_parts[] = {
    &snmp_system_part,
    &snmp_busbar_part,
    &snmp_entity_part,
    &snmp_sensor_part,
    &snmp_energy_part,
    &snmp_energy_parameters_part,
    &snmp_energy_total_part,
    &snmp_ups_part,
    &snmp_apc_part,
    &snmp_geist_part,
    NULL,
};
