/* meter_sim_strip - a switched strip that meters each of its outlets, after NETIO's register list.
 *
 * Written by hand from the maker's table (addresses on the wire), not from busbar's profile. The
 * relays are meter_sim_board's; what hangs on them draws while they are closed. Pure but for its
 * own struct.
 */
#pragma once

#include <stdint.h>

#include "meter_sim_board.h"
#include "wire/modbus_pdu.h"

enum { METER_SIM_STRIP_OUTLETS = 4 };

struct meter_sim_strip {
    double wall; /* of the last step, s; 0: none yet */
    double watts[METER_SIM_STRIP_OUTLETS];
    double energy_wh[METER_SIM_STRIP_OUTLETS];
};

/* Time goes on to `wall`: closed outlets draw and are counted. */
void meter_sim_strip_step(struct meter_sim_strip *strip, const struct meter_sim_board *board,
                          double wall);

/* Input registers into `data` (2 bytes each). */
enum modbus_pdu_exception meter_sim_strip_read(const struct meter_sim_strip *strip,
                                               const struct modbus_pdu_request *request,
                                               uint8_t *data, size_t *length);
