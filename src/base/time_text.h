/* time_text - moments as text: RFC 3339 in UTC or in the site's time zone, and what people type for
 * a moment.
 *
 * There is one time zone per process: time_text_use_zone() is called once by main() before any
 * thread starts, then everything here is thread-safe. Moments outside the years 0000 to 9999 are
 * clamped, so the lengths below always hold.
 */
#pragma once

#include <stddef.h>

#include "base/clock.h"
#include "base/err.h"

/* Enough for any text written here, with its end. */
#define TIME_TEXT_SIZE 32

/* Make `zone` ("Europe/Berlin", a name of the time zone database) the zone of the process; "" or
 * NULL keeps the machine's. 0, or -EINVAL and `err` when there is no such zone. */
int time_text_use_zone(const char *zone, struct err *err);

/* "2026-11-21T01:02:03.456Z": always 24 characters. Returns the length. */
size_t time_text_format_utc(clock_us wall, char *out);

/* "2026-11-21T02:02:03.456+01:00" in the site's zone: always 29 characters. Returns the length. */
size_t time_text_format_local(clock_us wall, char *out);

/* Read RFC 3339 ("2026-11-21T01:02:03Z", fraction and offset allowed), unix seconds ("1763687123",
 * "1763687123.5"), "now", or a time relative to `now`: "-24h", "+90s" with s, m or min, h, d, w. 0,
 * or -EINVAL (`wall` is untouched). */
int time_text_parse(const char *text, clock_us now, clock_us *wall);
