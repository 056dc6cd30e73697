/* sunspec_models - what the models of SunSpec mean, read from profiles/sunspec/.
 *
 * A model file has the points of a profile, with addresses that count from the model's ID register,
 * and perhaps a block that repeats for each module or string. The definitions are those of the
 * SunSpec Alliance (Apache-2.0); which point is which quantity is ours. Constant once read; must
 * outlive the devices opened with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/profile.h"

/* A scale factor is an exponent from -10 to 10; anything else is none. */
#define SUNSPEC_POWER_MAX 10

/* Points of one block; those of the next block stand `length` registers further on. */
struct sunspec_block {
    unsigned first; /* its begin, from the ID register */
    unsigned length;
    const struct profile_point *points;
    size_t point_count;
};

struct sunspec_model {
    const uint16_t *ids; /* models with this layout */
    size_t id_count;
    const char *title, *role; /* role: what a device with this model is, "" when it tells nothing */
    bool apart; /* a second one measures something else: a further meter, a further string */
    const struct profile_point *points;
    size_t point_count;
    struct sunspec_block block; /* length 0: none */
    /* Its registers behind ID and L while nothing is known: each point's "not implemented". NULL
     * unless the file tells the types of all points, as those do that we serve. */
    const uint16_t *empty;
    size_t length;
    struct arena *arena;
};

struct sunspec_models {
    struct sunspec_model **list;
    size_t count, capacity;
};

void sunspec_models_deinit(struct sunspec_models *models);

/* Read a file into `models`, where it goes before earlier ones with the same ids. False after a
 * mistake. */
bool sunspec_models_read_file(struct sunspec_models *models, const char *path,
                              struct err_list *errors);
bool sunspec_models_read_text(struct sunspec_models *models, const char *name, const char *text,
                              size_t length, struct err_list *errors);

/* The model of this id, or NULL: then its registers are skipped. */
const struct sunspec_model *sunspec_models_find(const struct sunspec_models *models, uint16_t id);
