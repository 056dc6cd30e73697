/* export_task - the making of one file: asks history piece by piece and hands the rows to the pool.
 *
 * Memory is bounded by the piece, not by the file. Owned by export; loop thread only. When it is
 * cancelled while the pool works, it lives on alone until that comes back.
 */
#pragma once

#include "engine/export_file.h"
#include "engine/export_folder.h"
#include "engine/history.h"

struct export_task;

struct export_task_spec {
    struct loop *loop;
    struct history *history;
    const char *folder, *device;
    const char *const *paths; /* of the device's points with numbers; at least one */
    size_t path_count;
    clock_us period_begin;
    struct export_place place;          /* where to begin: part 1 and period_begin, or further on */
    clock_us end, step;                 /* rows up to `end`, not included */
    uint64_t quota;                     /* bytes of the folder, kept when the file is done */
    struct history_csv_options options; /* `from` and `time` are set by the task */
};

struct export_task_result {
    struct err err; /* empty: done */
    struct export_place place;
    struct export_facts facts;
};

/* `done` runs on the loop thread, once, never from inside this call. NULL without memory. All of
 * `spec` is copied, the loop and history borrowed. */
struct export_task *
export_task_start(const struct export_task_spec *spec,
                  void (*done)(void *user, const struct export_task_result *result), void *user);

/* `done` will not be called. */
void export_task_cancel(struct export_task *task);
