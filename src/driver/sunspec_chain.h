/* sunspec_chain - walking the models of one device, question by question.
 *
 * Embedded in the driver's device; asks through requests and is told the answers, as identify()
 * wants it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "field/driver.h"
#include "model/limits.h"

#define SUNSPEC_CHAIN_MAX 128

struct sunspec_link {
    uint16_t id, address, length; /* address of the ID register; length without ID and L */
};

struct sunspec_chain {
    struct sunspec_link links[SUNSPEC_CHAIN_MAX];
    size_t count;
    char vendor[LIMIT_TEXT_VALUE], model[LIMIT_TEXT_VALUE], firmware[LIMIT_TEXT_VALUE],
        serial[LIMIT_TEXT_VALUE];
    /* where the walk is */
    enum { SUNSPEC_SEEK, SUNSPEC_HEADER, SUNSPEC_COMMON } step;
    unsigned base;    /* index of the place where "SunS" is looked for */
    unsigned tried;   /* places that were asked in this walk */
    bool waiting;     /* for an answer about the marker */
    bool unanswered;  /* one of these places gave no answer */
    unsigned address; /* of the next header */
    unsigned tries;
};

/* Begin anew; the first request. `chain` is that of the walk before, or zero: the place of the
 * marker is remembered, and one that was met with silence (some devices do not refuse) makes way
 * for the next. */
void sunspec_chain_begin(struct sunspec_chain *chain, struct driver_request *request);

/* The answer to the last request: 1 and the next request, 0 when the chain is complete, -ENODEV and
 * a sentence when there is none. */
int sunspec_chain_answer(struct sunspec_chain *chain, const struct driver_answer *answer,
                         struct driver_request *request, struct err *err);

/* The same models at the same places. */
bool sunspec_chain_same(const struct sunspec_chain *a, const struct sunspec_chain *b);

/* Places of the marker, 32 bits that read "SunS": 40000, 50000, 0. */
#define SUNSPEC_MARKER 0x53756E53u
#define SUNSPEC_BASES 3
extern const uint16_t sunspec_bases[SUNSPEC_BASES];
