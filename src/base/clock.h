/* clock - the only place that reads time.
 *
 * Two times: monotonic (deadlines, ages, intervals) and wall (records). Both in microseconds, so
 * that one int64 serves RS-485 gaps and centuries. Wall time may be unknown after a boot without a
 * clock chip; then records carry seconds since start. A fake clock stands still until it is
 * advanced: all time-dependent behaviour is tested on it. Owned by the daemon (or a test); used on
 * the loop thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef int64_t clock_us; /* microseconds */

#define CLOCK_MS 1000LL
#define CLOCK_S 1000000LL
#define CLOCK_NEVER INT64_MAX

struct clock {
    bool fake;
    clock_us fake_mono;
    clock_us
        fake_wall_offset; /* wall = mono + offset, so that a wall step leaves deadlines alone */
    bool fake_wall_known;
};

/* The machine's clock. */
struct clock clock_system(void);

/* A clock that stands at monotonic 1 s and the given wall time. */
struct clock clock_fake(clock_us wall);

/* Monotonic microseconds; never steps, includes suspend (CLOCK_BOOTTIME). */
clock_us clock_mono(const struct clock *clock);

/* Wall time, microseconds since 1970-01-01 UTC; meaningless while !clock_wall_known(). */
clock_us clock_wall(const struct clock *clock);

/* Whether wall time can be trusted to be a date at all: false before 2024 (no clock chip, no NTP
 * yet). */
bool clock_wall_known(const struct clock *clock);

/* Fake clocks only: let time pass (both clocks), or step the wall clock alone. */
void clock_fake_advance(struct clock *clock, clock_us by);
void clock_fake_step_wall(struct clock *clock, clock_us by);
