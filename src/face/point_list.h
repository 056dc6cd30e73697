/* point_list - answers of GET /points, rendered once for all who ask at about the same moment.
 *
 * A list may be shared for POINT_LIST_MS as long as no point changed meanwhile: ages are then off
 * by that much at most. Owned by the web face; loop thread only.
 */
#pragma once

#include "face/block.h"
#include "face/point_json.h"
#include "face/point_select.h"

#define POINT_LIST_MS 20

struct point_lists;

struct point_lists *point_lists_new(struct site *site, struct point_json *points);
struct point_lists *point_lists_free(struct point_lists *lists);

/* The JSON array, one reference for the caller; NULL when out of memory. */
struct block *point_lists_get(struct point_lists *lists, const struct point_select *select,
                              enum time_form form);

/* Append the JSON array of the chosen points. */
void point_list_write(struct point_json *points, struct site *site,
                      const struct point_select *select, enum time_form form, clock_us now,
                      struct buf *out);
