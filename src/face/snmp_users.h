/* snmp_users - the users of SNMPv3 in Net-SNMP's list, with the keys of their passphrases.
 *
 * Making a key hashes a megabyte (RFC 3414 A.2, milliseconds), so that is done on the worker pool;
 * a user can sign in when its key is there. A user whose settings change loses the old key at
 * once. What users may do is not known here. Loop thread only.
 */
#pragma once

#include <stdbool.h>

struct config;
struct loop;
struct snmp_state;
struct snmp_users;

/* Net-SNMP must have been started with the engine id of `state`. Both are borrowed. */
struct snmp_users *snmp_users_new(struct loop *loop, const struct snmp_state *state);
/* Keys under way are forgotten. Accepts NULL, returns NULL. */
struct snmp_users *snmp_users_free(struct snmp_users *users);

/* Nothing of `config` is kept. */
void snmp_users_configure(struct snmp_users *users, const struct config *config);

/* Whether all keys are made. */
bool snmp_users_ready(const struct snmp_users *users);
