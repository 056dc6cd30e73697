/* tariff - what a unit of electricity, water, gas or heat costs at a moment, and what it emits.
 *
 * A record of `tariffs:` holds from its date on, until a later one for the same meters begins. Its
 * windows are times of the site's clock on days of the week (engine/schedule_time): a window over
 * midnight belongs to the day on which it begins, and where several hold the first one counts.
 * Money is counted in whole millionths of a currency, so nothing drifts. A book is made of one
 * configuration and read-only then; loop thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/config.h"

#define TARIFFS_MOST 64
#define TARIFF_WINDOWS_MOST 32
#define TARIFF_MICRO 1000000 /* of a currency, or of a kilogram */

enum energy_medium { MEDIUM_ELECTRICITY, MEDIUM_WATER, MEDIUM_GAS, MEDIUM_HEAT, MEDIUMS };

/* "electricity", "water", "gas", "heat"; NULL after the last one. */
extern const char *const energy_medium_names[];

enum tariff_per { TARIFF_PER_DAY, TARIFF_PER_MONTH, TARIFF_PER_YEAR };

struct tariff_settings {
    const char *label, *meters, *from, *currency, *windows;
    int64_t medium, standing_per;
    double price, standing, co2;
};

extern const struct setting_table tariff_settings_table;

struct tariff_window {
    unsigned days; /* bit 0 Monday to bit 6 Sunday: on which it begins */
    int from, to;  /* seconds of the day; to <= from: on the next day */
    int64_t price; /* millionths a unit */
};

struct tariff {
    const char *name, *currency, *meters;
    enum energy_medium medium;
    int64_t from_day;             /* local day since 1970 */
    int64_t price, standing, co2; /* millionths; co2 of a kilogram a unit */
    enum tariff_per per;
    struct tariff_window windows[TARIFF_WINDOWS_MOST];
    size_t window_count;
};

struct tariff_book {
    struct tariff *list;
    size_t count;
};

/* The tariffs of a configuration, which has been checked; its texts are copied to `arena`. */
struct tariff_book tariff_book_read(struct arena *arena, const struct config *config);

/* Which tariffs a meter may have: a bit each. Those that name it go before those for all of its
 * medium. */
struct tariff_plan {
    uint64_t named, general;
};

struct tariff_plan tariff_plan_of(const struct tariff_book *book, enum energy_medium medium,
                                  const char *meter);

/* The tariff in force on a local day, or NULL. */
const struct tariff *tariff_on(const struct tariff_book *book, struct tariff_plan plan,
                               int64_t day);

/* A stretch of one price. */
struct tariff_segment {
    clock_us begin, end;
    const struct tariff *tariff; /* NULL: none is in force */
    int64_t price, co2;
};

struct tariff_segments {
    struct tariff_segment *list;
    size_t count, capacity;
};

/* The prices of all days that from <= time < to touches, in order and without gaps. The caller
 * frees `list`. */
struct tariff_segments tariff_segments_of(const struct tariff_book *book, struct tariff_plan plan,
                                          clock_us from, clock_us to);

/* The index of the segment that `time` lies in, looked for from `hint` on; `count` when it lies
 * after all of them. */
size_t tariff_segment_find(const struct tariff_segments *segments, clock_us time, size_t hint);

/* The length of time at whose multiples all prices of the book change: an hour, or, when a window
 * begins or ends within one, 15, 5 or 1 minutes. */
clock_us tariff_grain(const struct tariff_book *book);

/* The standing charge of the local days from <= day < to, in millionths, each day a share of its
 * month or year; false when no tariff has one. Tariffs of several meters count once each. */
bool tariff_standing(const struct tariff_book *book, enum energy_medium medium, int64_t from,
                     int64_t to, int64_t *micro);
