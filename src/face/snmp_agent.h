/* snmp_agent - answers SNMP v1, v2c and v3 (docs/snmp.md).
 *
 * Net-SNMP codes the messages and checks keys; who may do what (communities, users, networks), what
 * is served (struct snmp_tree) and how much of the processor it may take is decided here. Nothing
 * blocks; at most half of the loop's time goes to it, however many packets come. Owned by the
 * daemon; loop thread only.
 */
#pragma once

#include "base/clock.h"

struct access;
struct alarms;
struct commands;
struct config;
struct event_log;
struct loop;
struct site;
struct snmp_agent;
struct snmp_state;
struct switcher;

/* All borrowed. */
struct snmp_agent_context {
    struct loop *loop;
    struct site *site;
    struct access *access;
    struct commands *commands;
    struct switcher *switcher;
    struct alarms *alarms;    /* may be NULL */
    struct event_log *events; /* may be NULL */
    struct snmp_state *state;
    clock_us started; /* monotonic */
};

/* `config` is borrowed until snmp_agent_configure() brings another. A port that cannot be opened is
 * said in the log and in snmp_agent_problem(), and tried again every minute. */
struct snmp_agent *snmp_agent_open(const struct snmp_agent_context *context,
                                   const struct config *config);
struct snmp_agent *snmp_agent_close(struct snmp_agent *agent);
void snmp_agent_configure(struct snmp_agent *agent, const struct config *config);

/* UDP port in use, 0: off. */
int snmp_agent_port(const struct snmp_agent *agent);

/* Why it should answer and does not, a sentence; "". */
const char *snmp_agent_problem(const struct snmp_agent *agent);
