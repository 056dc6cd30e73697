/* point_json - a point's value as the API writes it.
 *
 * Most of the object does not change between two looks: it is kept per point (by slot and id) and
 * copied, only the age is written anew. A thousand points then cost tens of microseconds. Owned by
 * the web face; loop thread only.
 */
#pragma once

#include "base/buf.h"
#include "face/time_form.h"
#include "model/site.h"

struct alarms;
struct point_json;

struct point_json *point_json_new(struct site *site);
struct point_json *point_json_free(struct point_json *cache);

/* From now on a value at which an alarm is not normal says so; borrowed, NULL: none does. */
void point_json_set_alarms(struct point_json *cache, const struct alarms *alarms);

/* Append the value object of a live point; `now` is monotonic. */
void point_json_add(struct point_json *cache, struct buf *out, const struct point *point,
                    enum time_form form, clock_us now);

/* The word for a state's number, several joined with ", " for flags; "" when there is none. */
void point_json_words(const struct words *words, double number, struct buf *out);
