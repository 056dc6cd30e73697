/* load - keeps circuits, phases and the site below their budgets.
 *
 * Before outlets are switched on it adds up what would flow and refuses with the sum that shows
 * why; while a budget is exceeded it switches outlets off in the order of its settings, if it has
 * one.
 *
 * What is counted, since unknown is not zero:
 *   - The load now is what the budget's points measure. While one of them is not good it is the sum
 *     of the outlets that are not known to be off.
 *   - An outlet draws what it measures; one that is off, or whose reading is not good, the highest
 * it drew since it was last switched on, else its rated current. None of these: it is not known,
 *     and the budget refuses (or allows unchecked, if it is set so).
 *   - What outlets drew is kept over a restart (loads.json of the state folder).
 *   - What other commands are about to switch on counts, until a reading can have seen it.
 *   - Outlets are only switched off on good readings: a line that falls silent is no overload.
 *
 * Owned by the daemon; loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "engine/load_settings.h"
#include "model/config.h"
#include "model/site.h"

struct commands;
struct event_log;
struct load;
struct saver;

struct load_context {
    struct loop *loop;
    struct site *site;
    struct commands *commands;
    struct event_log *events; /* may be NULL */
    struct saver *saver;      /* may be NULL: what outlets drew is not kept over a restart */
    const char *folder;       /* of the state; copied */
};

/* All borrowed; so is `config`, until load_configure() brings another. */
struct load *load_new(const struct load_context *context, const struct config *config);
struct load *load_free(struct load *load);
/* Write down what outlets drew, for the next start; done each minute, and before an orderly end. */
void load_save(struct load *load);

void load_configure(struct load *load, const struct config *config);

/* Whether the outlets with these state points may be switched on beside what is on and what is on
 * its way: a switcher_allows_fn, `user` is the load. False with the sum that shows why. */
bool load_allows(void *user, const point_id *points, size_t count, struct err *err);

/* ---- for faces ------------------------------------------------------------------------------- */

enum load_basis {
    LOAD_MEASURED, /* by the budget's points */
    LOAD_SUMMED,   /* from readings of its outlets */
    LOAD_GUESSED,  /* partly from rated currents and what was drawn before */
    LOAD_UNKNOWN,
};

struct load_view {
    const char *name;
    const struct load_settings *settings;
    enum load_basis basis;
    double now;          /* A or W; NaN when unknown */
    bool over, shedding; /* longer than shed_after; outlets are being switched off */
    unsigned shed;       /* outlets switched off since it was over */
};

size_t load_count(const struct load *load);
struct load_view load_view(const struct load *load, size_t index);
