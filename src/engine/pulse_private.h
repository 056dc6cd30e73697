/* pulse_private - what pulse.c (points) and pulse_keep.c (the file) share; nobody else. */
#pragma once

#include "base/map.h"
#include "engine/pulse.h"
#include "model/pulse_rate.h"

/* One pulse input; lives as long as the program, whatever comes and goes. */
struct pulse_meter {
    struct pulse_meter *next;
    struct pulses *pulses;
    struct pulse_ledger ledger;
    enum quantity counted;                 /* of the ledger; QUANTITY_NONE: not known yet */
    bool unsaved, saving;                  /* differs from the file; is in the one being written */
    const struct pulse_settings *settings; /* NULL: it has none, or is not there */
    point_id count, speed;                 /* sources; speed: pulses a minute, 0: none */
    point_id counter, rate, reading;       /* 0: none */
    const char *label;                     /* of the device */
    clock_us seen;                         /* the reading of the count that was used last */
    double last;                           /* count then */
    clock_us moved;                        /* when it changed last */
    struct pulse_rate measured;            /* where nobody tells the speed */
    char path[];
};

struct pulses {
    struct pulses_context context;
    const struct config *config;
    struct feed feed;
    uint64_t revision;
    struct map by_path;
    struct pulse_meter *list;
    char *file;
    bool saving;
    struct loop_timer retry;
};

/* The meter of a path, made when there is none. */
struct pulse_meter *pulse_meter_of(struct pulses *pulses, const char *path);

/* ---- pulse_keep.c ---------------------------------------------------------------------------- */

int pulses_load(struct pulses *pulses, struct err *err);

/* The ledger has changed: its points wait until it is on the disk. */
void pulses_keep(struct pulse_meter *meter);
void pulses_keep_end(struct pulses *pulses);
