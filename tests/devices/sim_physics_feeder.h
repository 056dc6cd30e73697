/* sim_physics_feeder - replays a recorded household instead of a made-up one.
 *
 * The recording is a table of minutes, from local midnight on, whole days: the file
 * deploy/demo/feeder.csv. It repeats for ever at the right time of day. Three phases take three
 * different days of it, so that one household's record makes a small neighbourhood.
 *
 * Pure: the caller reads the file, owns the samples and gives the time.
 */
#pragma once

#include <stddef.h>

struct sim_physics_sample {
    float real_power;     /* W */
    float reactive_power; /* var */
    float voltage;        /* V at the meter, the drop of the supply included */
};

struct sim_physics_feeder {
    const struct sim_physics_sample *samples; /* borrowed, one a minute */
    size_t count;
};

/* Reads lines `time,W,var,V`; lines that begin with # or a letter are skipped. The number of
 * samples, or -EINVAL with the number of the bad line in *line, or -ENOSPC when there are more than
 * max. */
int sim_physics_feeder_parse(const char *text, size_t length, struct sim_physics_sample *samples,
                             size_t max, size_t *line);

/* The reading at a local time (seconds since 1970 + offset) of the household recorded `days` later,
 * straight lines between minutes. All zero if there are no samples. */
struct sim_physics_sample sim_physics_feeder_at(const struct sim_physics_feeder *feeder,
                                                double local, unsigned days);
