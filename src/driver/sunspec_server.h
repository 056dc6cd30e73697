/* sunspec_server - what busbar knows of a device, as the holding registers of a SunSpec device.
 *
 * The same model files that the driver reads by are used the other way round: at 40000 the marker,
 * model 1 (names), a meter by its wiring (201 to 204 in integers, 211 to 214 in floats) for what
 * has a total, phases or line pairs, 802 and 713 for what has a battery, and the end. A point that
 * is not there, not good or does not fit is "not implemented": old never looks new. Pure; loop
 * thread only, since it reads the site.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/sunspec_models.h"
#include "model/site.h"
#include "wire/modbus_pdu.h"

#define SUNSPEC_SERVER_BASE 40000
#define SUNSPEC_SERVER_MAX 512 /* registers, from the marker to the end model */

/* What is shown, and how. */
struct sunspec_view {
    const struct device *device;
    uint8_t unit; /* told in model 1 */
    bool floats;  /* how meters tell their numbers */
};

/* All registers; returns how many. */
size_t sunspec_server_image(const struct sunspec_models *models, const struct sunspec_view *view,
                            uint16_t words[SUNSPEC_SERVER_MAX]);

/* The answer to `request`, which was parsed from a PDU: its length in `pdu` (MODBUS_PDU_MAX bytes).
 * Only holding registers can be read, and nothing written; a device of which nothing is known yet
 * is busy. */
size_t sunspec_server_answer(const struct sunspec_models *models, const struct sunspec_view *view,
                             const struct modbus_pdu_request *request, uint8_t *pdu);
