/* load_private - what the files of load.c share; nobody else includes this. */
#pragma once

#include "base/loop.h"
#include "base/map.h"
#include "engine/load.h"
#include "model/command.h"

/* An outlet of any device, with what is remembered of it. */
struct load_outlet {
    char *path;
    point_id state, current, power; /* 0: it has none */
    double rated;                   /* A, 0: not known */
    int on;                         /* when looked at last: 1, 0, -1 not known yet */
    clock_us on_since;              /* monotonic; 0: since before it was looked at */
    double most[2];                 /* by unit: highest since it was switched on; NaN */
};

struct load_budget {
    const char *name;
    const struct load_settings *settings;
    point_id *measured; /* its points; none: its outlets are added up */
    size_t measured_count;
    bool blind;      /* a point it should be measured by is not there */
    size_t *members; /* outlets, ascending */
    size_t member_count;
    size_t *shed; /* outlets in the order of the settings */
    size_t shed_count;
    bool *tried;                    /* of each: asked for since it was over */
    clock_us over_since, last_shed; /* monotonic; 0: not over, none yet */
    bool told, shedding, exhausted;
    unsigned shed_done;
};

struct load {
    struct loop *loop;
    struct site *site;
    struct commands *commands;
    struct event_log *events;
    const struct config *config;
    struct feed feed;
    struct command_watch watch;
    const struct command **underway; /* that switch something on */
    size_t underway_count, underway_capacity;
    struct loop_timer timer, save_timer;
    struct saver *saver; /* NULL: nothing is kept */
    char *file;          /* loads.json */
    struct json_t *kept; /* what was in it, by path */
    uint32_t saved;      /* sum of what was written last */
    struct load_outlet *outlets;
    size_t outlet_count, outlet_capacity;
    struct map by_path; /* -> place + 1 */
    uint32_t *by_slot;  /* slot of a state, current or power -> place + 1 */
    size_t slot_count;
    struct load_budget *budgets;
    size_t budget_count;
    uint64_t revision; /* of the site */
};

/* What a sum comes to. */
struct load_sum {
    enum load_basis basis;
    double number;
    clock_us as_of;      /* monotonic: the oldest reading in it */
    const char *missing; /* LOAD_UNKNOWN: path of the outlet that cannot be told */
};

/* ---- load_outlet.c --------------------------------------------------------------------------- */

/* All outlets of the site anew; what is remembered of those that stay is kept. */
void load_outlets_read(struct load *load);
void load_outlets_free(struct load *load);

/* A reading of a point has changed. */
void load_outlets_heed(struct load *load, point_id point);

/* NULL when there is none. */
struct load_outlet *load_outlet_find(const struct load *load, const char *path);
struct load_outlet *load_outlet_of_state(const struct load *load, point_id state);

/* 1 on, 0 off, -1 not known. */
int load_outlet_state(const struct load *load, const struct load_outlet *outlet);

/* What it would draw while on, from what it drew, else what it is rated; NaN: not known. */
double load_outlet_wants(const struct load *load, const struct load_outlet *outlet,
                         enum load_unit unit);

/* What it draws now: adds to `sum` and lowers its basis. */
void load_outlet_add(const struct load *load, const struct load_outlet *outlet, enum load_unit unit,
                     struct load_sum *sum);

/* ---- load_keep.c ----------------------------------------------------------------------------- */

/* Read what was kept in this folder; without a saver nothing. */
void load_keep_open(struct load *load, const char *folder);
void load_keep_close(struct load *load);
/* What an outlet that is new here drew in an earlier run. */
void load_keep_recall(const struct load *load, struct load_outlet *outlet);

/* ---- load.c ---------------------------------------------------------------------------------- */

struct load_sum load_budget_now(const struct load *load, const struct load_budget *budget);
const char *load_budget_label(const struct load_budget *budget);

/* "13 A", "3.4 kW" at `text` (at least 32 bytes), which is returned. */
const char *load_format(double number, enum load_unit unit, char *text);

/* With as many digits as it takes to see that it is not the limit: never "13 A of 13 A". */
const char *load_format_over(double number, double limit, enum load_unit unit, char *text);

/* ---- load_shed.c ----------------------------------------------------------------------------- */

/* Look at all budgets: called each second. */
void load_shed_look(struct load *load);
