/* register_map - busbar's own values as the registers of a Modbus unit: one device, one unit.
 *
 * The numbers are permanent: a place for each component (register_map_slot) and, in it, four
 * registers for each quantity by its number in the catalogue.
 *
 *   register = 512 x slot + 4 x quantity
 *     +0, +1  the value, high word first: input registers an IEEE 754 float, holding registers a
 *             signed integer in the catalogue's decimals
 *     +2      quality: 0 absent, 1 good, 2 stale, 3 bad
 *     +3      age in seconds, 65535 when there was none or it is older
 *
 * A value that is not good is NaN, or -2147483648: old never looks new. Registers of what is not
 * there can be read, and say so. Coils and discrete inputs are states, addressed by slot: on is 1;
 * one that is not known is refused (4), one that does not exist too (2). Writing a coil is a wish
 * at the door of commands; accepted is not done. Loop thread only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "model/command.h"
#include "model/site.h"
#include "wire/modbus_pdu.h"

#define REGISTER_MAP_SLOTS 128
#define REGISTER_MAP_QUANTITIES 128 /* of the catalogue: all but harmonics */

/* Place of a component, 0 to 127; -1 when it has none (outlet 49, groups). */
int register_map_slot(enum component_kind kind, int number);

/* Who asks, for the journal. */
struct register_map_client {
    const char *actor, *origin;
};

/* The answer to `request`, which was parsed from a PDU and judged: its length in `pdu`
 * (MODBUS_PDU_MAX bytes). `commands` NULL: nothing is switched. */
size_t register_map_answer(struct site *site, struct commands *commands, const char *device,
                           const struct modbus_pdu_request *request,
                           const struct register_map_client *client, uint8_t *pdu);

/* Write one JSON object for each point of the device that has a register, into an open array. */
void register_map_list(struct json *json, const struct device *device);
