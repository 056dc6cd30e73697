/* shutdown - when the hosts behind a battery are told to shut down, and when that is over.
 *
 * One stage is what is known of one group of hosts (a "ups" of the NUT server): since when it is on
 * battery, whether its battery counts as low (LB), whether its shutdown is forced (FSD), and
 * whether its outlets are to be off. Times count from the transition that was seen here and begin
 * anew with the next one. A lost contact is neither a power failure nor its end: nothing is decided
 * while the reading is unknown. What was forced stays until the mains have been back for a while,
 * or a person ends it. Pure; the owner reads the supply, carries out and keeps what must survive.
 */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

/* Thresholds of 0 are not looked at. */
struct shutdown_limits {
    clock_us after;   /* on battery */
    double charge;    /* %, and less */
    clock_us runtime; /* left, and less */
};

struct shutdown_rule {
    struct shutdown_limits low, fsd;
    clock_us hold;      /* on line again for so long ends a forced shutdown */
    bool operator_only; /* only a person ends it */
    clock_us off_after; /* from its begin to outlets off; 0: they stay on */
};

struct shutdown_reading {
    int on_battery;         /* 1, 0; -1: not known now */
    double charge, runtime; /* %, s; NaN: not known */
};

struct shutdown_stage {
    clock_us battery_since; /* monotonic; CLOCK_NEVER: not on battery as far as is known */
    clock_us online_since;  /* without a gap; CLOCK_NEVER: not on line now */
    clock_us fsd_since;     /* CLOCK_NEVER: not forced */
    bool low;
    bool off; /* this shutdown has switched its outlets off; behind its end: some wait to be on */
};

#define SHUTDOWN_CALM                                                                              \
    ((struct shutdown_stage){                                                                      \
        .battery_since = CLOCK_NEVER, .online_since = CLOCK_NEVER, .fsd_since = CLOCK_NEVER})

/* What changed in a call; more than one may. */
enum shutdown_change {
    SHUTDOWN_ON_BATTERY = 1,
    SHUTDOWN_ON_LINE = 2,
    SHUTDOWN_LOW = 4,
    SHUTDOWN_FORCED = 8,
    SHUTDOWN_OFF = 16, /* the owner switches the outlets off now */
    SHUTDOWN_OVER = 32 /* the owner switches on what it had switched off */
};

/* How it stands now: a set of enum shutdown_change. To be asked at each change and once a second
 * while a stage is busy. */
unsigned shutdown_look(struct shutdown_stage *stage, const struct shutdown_rule *rule,
                       const struct shutdown_reading *reading, clock_us now);

/* Somebody who may forces the shutdown: false when it was forced before. */
bool shutdown_force(struct shutdown_stage *stage, clock_us now);

/* A person ends it: false when there was none. The time on battery begins anew, so that it is not
 * forced again in the next moment. */
bool shutdown_end(struct shutdown_stage *stage, clock_us now);

bool shutdown_forced(const struct shutdown_stage *stage);
