/* meter - the only energy arithmetic: counters that never run backwards.
 *
 * Every measured counter point passes through a ledger entry that turns what the device's register
 * says into a monotone count: over restarts (ours and the device's), roll-over of the register, a
 * reset, or an exchanged meter. The first reading ever is taken as it is, so that the count agrees
 * with the meter's own display until something happens to it.
 *
 *   register steps up           the difference is counted
 *   register steps down         at a roll-over (it was in its last tenth, is now in its first):
 * counted across else suspected: nothing is published (the point grows stale) until either the old
 * count comes back - devices read 0 while they start - or the lower one has stood for 60 s and
 *                               counted on; then it is accepted as a reset and recorded
 *
 * Entries live in `counters.json` in the state folder, written on the worker pool when a ledger was
 * rebased, every ten minutes and at the end. Loop thread.
 */
#pragma once

#include "base/err.h"
#include "model/site.h"

struct meter;

/* `folder` NULL: nothing is kept. A broken file gives NULL and a sentence: counts are never
 * silently begun anew. */
struct meter *meter_open(struct site *site, const char *folder, struct err *err);

/* Saves and frees; waits for a write under way. Accepts NULL, returns NULL. */
struct meter *meter_close(struct meter *meter);

/* Begin every counter anew at 0 whose point's path begins with `prefix` ("pdu-a/outlet-3/"), from
 * the next reading on. The register of the device is left alone. Returns how many there are; saved
 * at once. */
size_t meter_reset(struct meter *meter, const char *prefix);

/* ---- the ledger itself, pure; for tests and for tools ---------------------------------------- */

struct meter_entry {
    double base; /* published = register + base */
    double last; /* register, last accepted */
    double published;
    double suspect;         /* register at the first suspicious reading */
    clock_us suspect_since; /* 0: not suspected */
    bool known;
};

enum meter_step {
    METER_COUNTED,
    METER_ROLLED_OVER,
    METER_SUSPECTED, /* do not publish */
    METER_RESET,     /* the register began anew; counting goes on from it */
};

#define METER_CONFIRM (60 * CLOCK_S)

/* Take one reading of a register that starts again at `rollover` (0: never). */
enum meter_step meter_step(struct meter_entry *entry, double reading, double rollover,
                           clock_us now);
