/* channel - how chosen points are treated: averaged over N readings, shown with a chosen number of
 * decimals.
 *
 * A `channels:` record names points by path, or by a path that ends in `*`; the first record that
 * fits counts. The average is a sliding one over the last N readings and starts anew after a gap
 * longer than the point stays good.
 */
#pragma once

#include "model/config.h"
#include "model/site.h"

struct channel_settings {
    const char *points;
    int64_t average;  /* readings, 1 = none */
    int64_t decimals; /* -1: the catalogue's */
};

extern const struct setting_table channel_settings_table;

struct channels;

struct channels *channels_new(struct site *site, const struct config *config);
struct channels *channels_free(struct channels *channels);

/* New settings of a reload. */
void channels_configure(struct channels *channels, const struct config *config);

/* Whether `path` is meant by `pattern` (a path, or a beginning followed by `*`). */
bool channel_matches(const char *pattern, const char *path);
