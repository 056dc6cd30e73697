/* history_repair - makes a whole history of what can be read of a damaged one.
 *
 * Never changes the damaged file. What its trees of pages lead to is copied blob by blob; what is
 * only found astray (history_salvage) may be there in a newer version, so its readings are merged:
 * what stands at a time that is there already is left out. The result is either a new file beside
 * the old or a history that exists and is not in use. Blocks on the disk; one thread; logs nothing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "engine/history_salvage.h"

struct history_repair_report {
    struct history_salvage_tally pages;
    uint64_t saved[HISTORY_TABLES],
        lost[HISTORY_TABLES]; /* blobs and rows; strays are not counted */
    uint64_t readings, rows;  /* in the saved ones */
    int64_t from, until;      /* that those span, ms; 0: none */
    uint64_t strays;          /* blobs that were found astray */
    uint64_t merged, known;   /* readings of them, new and known */
    uint64_t unnamed;         /* series whose name is lost: kept as "lost/series-N" */
    uint64_t undated;         /* rows that could not be taken over: they have no date yet */
};

struct history_repair_order {
    const char *from; /* the damaged file */
    const char *to;   /* the file to make; must not exist */
    const char *into; /* instead of `to`: the folder of a history to merge all into */
    clock_us now;     /* wall */
    /* Called for each blob that is lost; `path` is its series' name, or NULL. May be NULL. */
    void (*lost)(void *user, const struct history_found *found, const char *path);
    void *user;
};

/* 0, or a code and `err`: then there is no new file, and a history merged into holds a part. */
int history_repair(const struct history_repair_order *order, struct history_repair_report *report,
                   struct err *err);
