/* pulse - makes energy, volume and flow of counts of pulses.
 *
 * A pulse input has a point `count`, whether busbar counts the edges itself (a gpio line) or a
 * concentrator does; what a pulse is worth stands in `pulses:`. From both follow derived points: a
 * counter in kWh or m3, a rate, and, once somebody has set it, the reading of the meter's display.
 * The counter never runs backwards, whatever becomes of the settings: pulses that were counted keep
 * the worth they had. The reading is a number beside it, so that setting it is no consumption.
 *
 * What a ledger begins with when settings or readings change lies in `pulse-meters.json`; its
 * points wait until that is on the disk. Owned by the daemon; loop thread only.
 */
#pragma once

#include "base/err.h"
#include "base/saver.h"
#include "engine/event_log.h"
#include "engine/pulse_settings.h"
#include "model/config.h"
#include "model/site.h"

struct pulses;

struct pulses_context {
    struct site *site;
    struct saver *saver;
    struct event_log *events; /* may be NULL */
    const char *folder;       /* NULL: nothing is kept */
};

/* The context's pointers and `config` are borrowed, `config` until pulses_configure() brings
 * another. NULL and a sentence for a broken file: counts are never silently begun anew. */
struct pulses *pulses_new(const struct pulses_context *context, const struct config *config,
                          struct err *err);
struct pulses *pulses_free(struct pulses *pulses);
void pulses_configure(struct pulses *pulses, const struct config *config);

/* Bring what is derived up to its counts. Called a few times a second, before site_age(). */
void pulses_refresh(struct pulses *pulses);

/* What the display of the meter at the pulse input `path` ("io/pulse-1") says now, in kWh or m3. 0,
 * and it is on its way to the disk and in the event log; -ENOENT when there is no such input or it
 * has no record, -EAGAIN while its count is not known, -ERANGE, each with a sentence. */
struct pulses_author {
    const char *who, *origin;
};
int pulses_set_reading(struct pulses *pulses, const char *path, double reading,
                       const struct pulses_author *author, struct err *err);

/* ---- the ledger, pure ------------------------------------------------------------------------ */

struct pulse_ledger {
    bool known, has_reading;
    double count;          /* at which it began */
    double total, reading; /* then, kWh or m3; as the display says it */
    double worth, multiplier;
};

/* At a count: what has flowed, and what the display says. */
double pulse_ledger_total(const struct pulse_ledger *ledger, double count);
double pulse_ledger_reading(const struct pulse_ledger *ledger, double count);

/* Another worth or multiplier from this count on, or a count that began anew; the total goes on. A
 * new ledger has counted from 0 with the worth given. Returns whether anything changed. */
bool pulse_ledger_rebase(struct pulse_ledger *ledger, double count, double worth,
                         double multiplier);
