#include "engine/history_import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/history_store.h"
#include "engine/history_writer.h"

/* An import under way. Paths belong to the history's list of series, which outlives the writer. */
struct importing {
    void (*done)(void *user, uint64_t taken, uint64_t there, const struct err *err);
    void *user;
    clock_us now;
    const struct history_import_point *points; /* borrowed from the asker */
    size_t count;
    struct history_definition *series; /* of each point */
    struct history_definition *fresh;  /* that the store may not know yet, numbers ascending */
    size_t fresh_count;
    uint64_t taken, there;
};

static void free_importing(struct importing *importing)
{
    free(importing->series);
    free(importing->fresh);
    free(importing);
}

/* ---- on the writer's thread ------------------------------------------------------------------ */

static int import_points(struct history_store *store, void *user, struct err *err)
{
    struct importing *importing = user;
    /* Numbers reach the store in their order, also those that wait for their first tick. */
    int result = history_store_define(store, importing->fresh, importing->fresh_count, err);
    for (size_t i = 0; i < importing->count && result == 0; i++) {
        const struct history_import_point *point = &importing->points[i];
        uint64_t there = 0;
        result = history_store_import(store, &importing->series[i], point->samples, point->count,
                                      importing->now, &there, err);
        if (result < 0)
            break;
        importing->there += there;
        importing->taken += point->count - there;
    }
    return result;
}

/* ---- on the loop ----------------------------------------------------------------------------- */

static void on_done(void *user, int result, const struct err *err)
{
    struct importing *importing = user;
    if (result < 0)
        log_error("history", "readings could not be imported: %s", err->text);
    importing->done(importing->user, importing->taken, importing->there, err);
    free_importing(importing);
}

static int find_series(struct importing *importing, struct history_points *known, struct err *err)
{
    for (size_t i = 0; i < importing->count; i++) {
        const struct history_import_point *point = &importing->points[i];
        const struct history_definition *found =
            history_points_series(known, point->path, point->quantity);
        if (!found)
            return err_set(err, -ENOSPC, "%s cannot be recorded: all series numbers are used",
                           point->path);
        importing->series[i] = *found;
    }
    return 0;
}

static int copy_fresh(struct importing *importing, const struct history_points *known,
                      struct err *err)
{
    importing->fresh_count = known->series.count - known->stored;
    importing->fresh = calloc(importing->fresh_count + 1, sizeof *importing->fresh);
    if (!importing->fresh)
        return err_set(err, -ENOMEM, "there is no memory for this just now");
    for (size_t i = 0; i < importing->fresh_count; i++)
        importing->fresh[i] = known->series.list[known->stored + i];
    return 0;
}

int history_import_begin(struct history_writer *writer, struct history_points *known, clock_us now,
                         const struct history_import_point *points, size_t count,
                         void (*done)(void *user, uint64_t taken, uint64_t there,
                                      const struct err *err),
                         void *user, struct err *err)
{
    struct importing *importing = calloc(1, sizeof *importing);
    struct history_definition *series = calloc(count + 1, sizeof *series);
    if (!importing || !series) {
        free(importing);
        free(series);
        return err_set(err, -ENOMEM, "there is no memory for this just now");
    }
    *importing = (struct importing){
        .done = done, .user = user, .now = now, .points = points, .count = count, .series = series};
    int result = find_series(importing, known, err);
    if (result == 0)
        result = copy_fresh(importing, known, err);
    if (result == 0) {
        result = history_writer_call(writer, import_points, on_done, importing);
        if (result < 0)
            err_set(err, result, "the history is busy with other work; try again in a moment");
    }
    if (result < 0)
        free_importing(importing);
    return result;
}
