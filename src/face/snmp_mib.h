/* snmp_mib - the text of BUSBAR-MIB, made of the very tables that the agent serves.
 *
 * mib/BUSBAR-MIB.txt is what this writes for the usual enterprise number; a test compares them.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"

#define SNMP_ENTERPRISE 32473 /* for examples, RFC 5612 */

void snmp_mib_write(struct buf *out, uint32_t enterprise);
