/* guess - which profile fits a unit that answers: for `busbar scan`.
 *
 * Collects the identify rules of all profiles as reads, each asked once, and ranks the profiles by
 * the answers. Only reads of registers (functions 1 to 4), which change nothing in a device. Pure:
 * the scan asks and waits, this tells what to ask and what it means. Owned by the scan; the library
 * is borrowed and must outlive it.
 */
#pragma once

#include <stddef.h>

#include "driver/library.h"
#include "field/driver.h"

struct guess;

struct guess *guess_new(const struct driver_library *library);
struct guess *guess_free(struct guess *guess); /* accepts NULL, returns NULL */

/* Forget all answers, for the next unit. */
void guess_reset(struct guess *guess);

/* The next read worth asking, most telling first; false when nothing more would change the ranks.
 * Reads that only serve profiles which are out already are left out. */
bool guess_plan(struct guess *guess, struct driver_request *request);

/* The answer to it; a refusal and silence count as "has no such register". */
void guess_answer(struct guess *guess, const struct driver_request *request,
                  const struct driver_answer *answer);

struct guess_rank {
    const struct library_entry *entry;
    double score; /* how many bits of evidence: an exact value of 16 bits counts 16, a range what it
                     excludes */
    size_t held, failed; /* rules of this profile */
    bool proven;         /* an `equals` rule held */
};

/* Profiles that fit, best first; at most `most` of them. A profile is out when one of its `equals`
 * rules fails, or none of its rules holds; a failed `between` lowers the rank (there may be no
 * voltage on a phase). Profiles without rules are never ranked. */
size_t guess_ranks(const struct guess *guess, struct guess_rank *ranks, size_t most);
