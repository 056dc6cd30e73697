/* SNMP: what is kept for it, and the agent. */

#include "daemon/daemon_private.h"
#include "face/snmp_agent.h"
#include "face/snmp_state.h"

void daemon_snmp_start(struct daemon *daemon)
{
    daemon->snmp_state = snmp_state_open(daemon->loop, daemon->saver, daemon->state_folder);
    daemon->snmp = snmp_agent_open(&(struct snmp_agent_context){.loop = daemon->loop,
                                                                .site = daemon->site,
                                                                .access = daemon->access,
                                                                .commands = daemon->commands,
                                                                .switcher = daemon->switcher,
                                                                .alarms = daemon->alarms,
                                                                .events = daemon->events,
                                                                .state = daemon->snmp_state,
                                                                .started = daemon->started_mono},
                                   daemon->config);
}

void daemon_snmp_configure(struct daemon *daemon, const struct config *fresh)
{
    snmp_agent_configure(daemon->snmp, fresh);
}

void daemon_snmp_stop(struct daemon *daemon)
{
    snmp_state_stop(daemon->snmp_state);
}

void daemon_snmp_end(struct daemon *daemon)
{
    daemon->snmp = snmp_agent_close(daemon->snmp);
    daemon->snmp_state = snmp_state_close(daemon->snmp_state);
}
