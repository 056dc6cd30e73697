/* raw_memory - what was read from one unit a moment ago, to answer the same question again.
 *
 * The last answers as they were on the wire, one for each function, address and count; a question
 * is answered from one of them that holds all of it and is young enough. A write to the unit
 * forgets all. Plain embedded struct; loop thread only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "wire/modbus_pdu.h"

#define RAW_MEMORY_SPANS 24 /* answers kept of a unit: a meter is read in a handful */

struct raw_span {
    uint8_t function;
    uint16_t address, count;
    clock_us at; /* when the request left; 0: empty */
    uint8_t data[MODBUS_PDU_MAX - 3];
    uint8_t length;
};

struct raw_memory {
    struct raw_span spans[RAW_MEMORY_SPANS];
};

/* Keep what `answer` says to the read `request`; other functions are not kept. */
void raw_memory_keep(struct raw_memory *memory, const struct modbus_pdu_request *request,
                     const struct modbus_pdu_answer *answer, clock_us at);

/* The answer to `request` from what was read at `since` or later: its length in `pdu`
 * (MODBUS_PDU_MAX bytes), 0 when that is not known. */
size_t raw_memory_answer(const struct raw_memory *memory, const struct modbus_pdu_request *request,
                         clock_us since, uint8_t *pdu);

void raw_memory_forget(struct raw_memory *memory);
