/* demand - averages over a window with their peaks, and highest and lowest readings, for points
 * whose meter has none itself.
 *
 * Adds derived points beside the source: real-power-demand and -peak, current-demand and -peak,
 * -min and -max. Averages are ready at the ends that the clock of the site has; what lacks readings
 * is absent, never guessed, and a peak carries its own time. Kept in `demand.json`, so that a
 * restart loses neither a peak nor, when it is quick, the window under way. Nothing is allocated
 * per reading. Loop thread.
 */
#pragma once

#include "base/loop.h"
#include "engine/demand_settings.h"
#include "model/site.h"

struct demand;
struct saver;

struct demand_context {
    struct loop *loop;
    struct site *site;
    struct saver *saver;
    const char *folder; /* of the state; copied. NULL: nothing is kept */
};

/* All borrowed; so is `config`, until demand_configure() brings another. */
struct demand *demand_new(const struct demand_context *context, const struct config *config);
void demand_configure(struct demand *demand, const struct config *config);

/* What is known goes to the saver: before it is waited for. */
void demand_save(struct demand *demand);

/* Accepts NULL, returns NULL. */
struct demand *demand_free(struct demand *demand);

/* Peaks and extremes of a source begin anew; how many there are, 0: none of that path. */
size_t demand_reset(struct demand *demand, const char *source);

/* ---- for faces ------------------------------------------------------------------------------- */

struct demand_peak {
    double number; /* NAN: none yet */
    clock_us wall; /* the end of its window, or its reading */
};

struct demand_view {
    const char *source;
    enum demand_kind kind;
    clock_us window;
    point_id point, peak_point; /* 0: the meter has its own */
    const char *unit;
    int decimals;
    double last, running; /* NAN: not known */
    clock_us last_wall, ends;
    struct demand_peak peak, month, least;
    clock_us since; /* wall: of the reset; 0: not known */
};

size_t demand_count(const struct demand *demand);
struct demand_view demand_view(const struct demand *demand, size_t index);
