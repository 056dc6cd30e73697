/* The route of SNMP traps: between notify, which gives it jobs, and what SNMP keeps. */

#include "daemon/daemon_private.h"
#include "face/snmp_settings.h"
#include "face/snmp_trap.h"
#include "face/snmp_ups_trap.h"

static uint32_t enterprise_of(const struct config *config)
{
    const struct snmp_settings *settings = config_record(config, &snmp_settings_table);
    return (uint32_t)settings->enterprise;
}

void daemon_trap_start(struct daemon *daemon)
{
    const struct snmp_trap_context context = {.loop = daemon->loop,
                                              .notify = daemon->notify,
                                              .state = daemon->snmp_state,
                                              .started = daemon->started_mono};
    daemon->trap = snmp_trap_open(&context, daemon->config, enterprise_of(daemon->config));
    daemon->ups_trap =
        snmp_ups_trap_open(daemon->loop, daemon->site, daemon->notify, daemon->config);
}

void daemon_trap_configure(struct daemon *daemon, const struct config *fresh)
{
    snmp_trap_configure(daemon->trap, fresh, enterprise_of(fresh));
    snmp_ups_trap_configure(daemon->ups_trap, fresh);
}

void daemon_trap_end(struct daemon *daemon)
{
    daemon->ups_trap = snmp_ups_trap_close(daemon->ups_trap);
    daemon->trap = snmp_trap_close(daemon->trap);
}
