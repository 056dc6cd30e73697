/* derive - points that follow from others: totals of wye and delta units, power factors.
 *
 * For every device, whatever its total lacks and its phases (wye) or line pairs (delta) can give is
 * added as a derived point: the rules are one table in derive.c. A derived value is as old as its
 * oldest source and as good as its worst; with a source missing it is absent, never a partial sum.
 * Writes derived points that belong to no setting (engine/pulse and engine/demand write theirs).
 * Loop thread.
 */
#pragma once

#include "model/site.h"

struct derive;

struct derive *derive_new(struct site *site);
struct derive *derive_free(struct derive *derive);

/* Sources that were read again with the same number are no change and not in the feed: carry their
 * new times over to what is derived from them. Called a few times a second by the daemon, before
 * site_age(). */
void derive_refresh(struct derive *derive);
