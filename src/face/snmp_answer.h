/* snmp_answer - what a request of SNMP is answered with (RFC 1157, RFC 3416, RFC 3584 for v1).
 *
 * Works on a PDU that Net-SNMP has decoded, and that it will encode: no packet is seen here. Who
 * asks has been decided before. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "face/snmp_table.h"

struct snmp_pdu; /* Net-SNMP's netsnmp_pdu */

#define SNMP_SET_MOST 64 /* variables of one SET */

/* Octets that the variable bindings of an answer may take. */
struct snmp_room {
    size_t all;  /* past this: tooBig */
    size_t bulk; /* a GETBULK ends before it */
};

/* Turns the request into its answer, in place. False when it is none that is answered (a trap, a
 * response, a GETBULK of version 1). */
bool snmp_answer(struct snmp_tree *tree, const struct snmp_ask *ask, const struct snmp_room *room,
                 struct snmp_pdu *pdu);

/* The same with an error and nothing read. */
void snmp_answer_error(struct snmp_pdu *pdu, enum snmp_status status, long index);
