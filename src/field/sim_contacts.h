/* sim_contacts - the contacts of simulated boards, in a file: they stay as they are while busbar
 * restarts or is killed, as those of a real board do.
 *
 * Belongs to a line of kind sim, which answers with it (line_flight.c). A board says its number and
 * is told its contacts, or says its number, a contact and what to do with it; everything else is
 * answered with nothing. The file is small and written at once, without waiting for the disk: it
 * outlives the program, not a power cut. Loop thread only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/sim_board.h"

struct sim_contacts;

/* Reads the file, or makes it (mode 0640); NULL and `err` when it cannot be used. Owned by the
 * caller. */
struct sim_contacts *sim_contacts_open(const char *path, struct err *err);
struct sim_contacts *sim_contacts_free(struct sim_contacts *contacts); /* accepts NULL */

/* Obeys a request: the length of its answer, SIM_BOARD_CONTACTS bytes of enum sim_contact, or 0.
 * `answer` has room for that. */
size_t sim_contacts_answer(struct sim_contacts *contacts, const uint8_t *request, size_t length,
                           uint8_t *answer);
