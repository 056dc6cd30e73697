/* point_select - which points somebody asked for: `device=` and `path=` of a query.
 *
 * Both may repeat. A point is chosen when its device is among the devices (or none are named) and
 * its path matches one of the paths (or none are named); a path may end in `*`. Owned by its user;
 * texts are copied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "model/site.h"

#define POINT_SELECT_TERMS 128
#define POINT_SELECT_TEXT 16384

struct point_select {
    char *text; /* "d" NAME NUL "p" PATH NUL ..., in the order given: also its name for caches */
    size_t length, capacity;
    size_t devices, paths;
};

#define POINT_SELECT_EMPTY ((struct point_select){0})

void point_select_deinit(struct point_select *select);

/* Add a term; -E2BIG when there are too many, -ENOMEM. */
int point_select_device(struct point_select *select, const char *name);
int point_select_path(struct point_select *select, const char *path);

/* The same terms in the same order. */
bool point_select_equal(const struct point_select *a, const struct point_select *b);
int point_select_copy(struct point_select *to, const struct point_select *from);

bool point_select_matches(const struct point_select *select, const struct point *point);

/* 0, or -ENOENT and a sentence when a device or a path without `*` names nothing. */
int point_select_check(const struct point_select *select, const struct site *site, struct err *err);

/* Call `fn` for each chosen point, in the order of the site. */
void point_select_each(const struct point_select *select, const struct site *site,
                       void (*fn)(void *user, const struct point *point), void *user);
