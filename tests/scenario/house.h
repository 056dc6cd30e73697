/* house - a daemon without its faces, on the fake clock: the modules of src/daemon/daemon.c in the
 * same order.
 *
 * The clock, the loop and the state folder belong to the test and outlive restarts: house_stop()
 * and house_start() are what `systemctl restart` is. The history's writer is a thread of real time:
 * before it is asked about, house_wait_written() waits for it.
 */
#pragma once

#include "test.h"

#include "engine/history.h"
#include "gateway.h"
#include "model/config.h"
#include "model/site.h"

#define HOUSE_MINUTE (60 * CLOCK_S)
#define HOUSE_HOUR (3600 * CLOCK_S)
#define HOUSE_DAY (24 * HOUSE_HOUR)

struct house {
    struct clock clock;
    struct loop *loop;
    char folder[200];
    clock_us age_every; /* the daemon's 250 ms, unless a test has a year to pass */
    struct gateway gateway;
    int stderr_before; /* while the log goes to the file "log"; else -1 */
    /* of the daemon: NULL while it is stopped */
    struct driver_library *library;
    struct config *config;
    struct site *site;
    struct channels *channels;
    struct meter *meter;
    struct derive *derive;
    struct history *history;
    struct field *field;
    struct loop_timer age_timer;
};

/* A folder with this site file, the clock at `wall`, and a gateway "gw". Not started. */
void house_make(struct house *house, clock_us wall, const char *site);
void house_remove(struct house *house); /* stops it first if need be */

void house_start(struct house *house);
void house_stop(struct house *house);

/* From now on the log goes to a file; times that `text` stands in it. Until house_remove(). */
void house_keep_log(struct house *house);
unsigned house_log_count(const struct house *house, const char *text);

/* A point of the site; the test fails when there is none. */
const struct point *house_point(const struct house *house, const char *path);
void house_expect(const struct house *house, const char *path, enum quality quality,
                  enum value_reason reason);

/* A counter in its smallest step, 0.001 kWh: Wh, whole. */
int64_t house_wh(const struct house *house, const char *path);

/* Real time: until exactly so many ticks were written since the start. */
void house_wait_written(struct house *house, uint64_t ticks);

/* Readings (step 0) or buckets of a path, from <= t < to; for history_answer_free(). */
struct history_answer *house_ask(struct house *house, const char *path, clock_us from, clock_us to,
                                 clock_us step);

/* Readings of a path in that time; with the site's whole history when `to` is 0. */
uint64_t house_count(struct house *house, const char *path, clock_us from, clock_us to);
