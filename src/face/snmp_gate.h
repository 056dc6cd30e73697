/* snmp_gate - who may do what over SNMP: communities, users, and the networks that they ask from.
 *
 * Keys have been checked before (Net-SNMP); here it is decided what they open. Reads the settings
 * in force and the users of the pages; keeps nothing. Loop thread only.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "face/snmp_table.h"

struct access;
struct config;

struct snmp_gate {
    const struct config *config;
    const struct access *access; /* NULL: there are no users of pages */
};

/* Both fill role and actor of `ask`; ROLE_NONE: not let in. */

/* The best role that the word has from this address: several records may share one, for different
 * networks. */
enum access_role snmp_gate_community(const struct snmp_gate *gate, const void *word, size_t length,
                                     const struct in6_addr *address, struct snmp_ask *ask);

/* `level` is how the message was secured (SNMP_SEC_LEVEL_... of Net-SNMP): below what the user's
 * keys allow it proves nothing, or was readable by others on the way. */
enum access_role snmp_gate_user(const struct snmp_gate *gate, const char *name, int level,
                                const struct in6_addr *address, struct snmp_ask *ask);

/* Whether anybody at this address could be let in at all. */
bool snmp_gate_expects(const struct snmp_gate *gate, const struct in6_addr *address);
