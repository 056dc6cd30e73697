/* snmp_state - what SNMP must know again after a restart: `snmp.json` in the state folder.
 *
 * The engine's identity and how often it has started (RFC 3414 needs both to refuse replayed
 * messages), and the number of each device, so that an object identifier means the same device for
 * ever. Shared by the agent and by the sender of traps. Owned by the daemon; loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct loop;
struct saver;
struct snmp_state;

#define SNMP_ENGINE_ID_MOST 32

/* Read what was kept, count this start, and begin to write that down. A file that cannot be
 * understood is set aside and begun anew with another identity, which is said in the log. `loop`
 * and `saver` are borrowed. */
struct snmp_state *snmp_state_open(struct loop *loop, struct saver *saver, const char *folder);
/* The program is about to end: what is not on its way to the disk yet goes to the saver. */
void snmp_state_stop(struct snmp_state *state);
struct snmp_state *snmp_state_close(struct snmp_state *state);

/* snmpEngineID: the same for ever. */
const uint8_t *snmp_state_engine(const struct snmp_state *state, size_t *length);

/* snmpEngineBoots and snmpEngineTime (seconds). */
uint32_t snmp_state_boots(const struct snmp_state *state);
uint32_t snmp_state_time(const struct snmp_state *state);

/* The engine starts anew: one more start, and its time from now on. For an agent that is switched
 * on while the program runs, whose library counts from then. Within the first second of the last
 * start nothing happens. */
void snmp_state_begin_again(struct snmp_state *state);

/* Whether this start is on disk: before that nothing may be signed with it (version 3 has to wait),
 * since after a crash the same numbers would be used again. `ready` is called once when it is. */
bool snmp_state_durable(const struct snmp_state *state);
void snmp_state_on_durable(struct snmp_state *state, void (*ready)(void *user), void *user);

/* The number of a device, 1 to 2^31-1: given when it is first asked for, never to another name. */
uint32_t snmp_state_device(struct snmp_state *state, const char *name);
