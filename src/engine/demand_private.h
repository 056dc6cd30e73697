/* demand_private - what the files of demand share; nobody else includes this. */
#pragma once

#include <jansson.h>

#include "engine/demand.h"
#include "engine/demand_window.h"

struct demand_point {
    char path[LIMIT_PATH + LIMIT_NAME]; /* of the source */
    enum demand_kind kind;
    bool wanted; /* by the settings in force */
    point_id source, average, most, least;
    uint32_t next; /* of the same source, counted from 1; 0 ends the list */
    /* of the source: the number that holds since `held`, while it is good */
    bool good;
    double number;
    clock_us held;
    struct demand_window window;
    double last;
    clock_us last_wall;
    struct demand_peak peak, month, lowest;
    clock_us month_begin, since;
};

struct demand {
    struct loop *loop;
    struct site *site;
    struct saver *saver;
    const struct config *config;
    struct feed feed;
    struct loop_timer timer;
    uint64_t revision;
    struct demand_point *points;
    size_t count, capacity;
    uint32_t *first; /* by slot of the source; counted from 1 */
    size_t slots;
    clock_us offset; /* of the wall clock, to see it step; 0: not known */
    clock_us saved_at;
    uint32_t saved; /* sum of the file's text */
    char *file;     /* NULL: nothing is kept */
    json_t *kept;   /* of the last run, for points that are not there yet */
};

/* demand.c: what holds is counted up to `wall`. */
void demand_settle(struct demand_point *point, clock_us wall);

/* ---- demand_keep.c --------------------------------------------------------------------------- */

void demand_keep_open(struct demand *demand, const char *folder);
void demand_keep_close(struct demand *demand);
void demand_keep_recall(const struct demand *demand, struct demand_point *point);
