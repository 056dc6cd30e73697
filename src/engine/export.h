/* export - the past as CSV files that keep themselves up to date: one per device and period.
 *
 * Lies in STATE/export and is offered there by the web pages, as a network drive (WebDAV) and by an
 * FTP server (docs/export.md). Asks history like anybody else; rows are made and written on the
 * worker pool. What is closed is remembered in STATE/export.json, so that a restart goes on and
 * periods that were missed are made up; the file of the running period is renewed each `refresh`.
 * The loop thread calls.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "engine/export_folder.h"
#include "engine/history.h"
#include "model/setting.h"
#include "model/site.h"

struct export;

struct export_settings {
    bool enabled;
    int64_t period; /* enum export_period */
    int64_t step;   /* us between rows */
    int64_t format; /* enum export_format */
    const char *columns, *counter_columns;
    int64_t quota_mb;
    int64_t refresh; /* us */
};

enum export_format {
    EXPORT_INTERNATIONAL, /* , between cells and . in numbers */
    EXPORT_CONTINENTAL,   /* ; and , */
};

extern const struct setting_table export_settings_table;

/* `history` may be NULL (its store cannot be used): then nothing is written. All but `settings` and
 * `state_folder` are borrowed. Never NULL: at start memory is not checked. */
struct export *export_open(struct loop *loop, struct site *site, struct history *history,
                           const char *state_folder, const struct export_settings *settings);

/* Leaves what is under way. Before history_close. Accepts NULL, returns NULL. */
struct export *export_close(struct export *export);

/* New settings of a reload. */
void export_configure(struct export *export, const struct export_settings *settings);

struct export_status {
    bool enabled;
    const char *problem; /* a sentence, "" when all is well; valid until the next turn */
    struct export_facts facts;
    clock_us closed_until; /* wall; 0: nothing has been written yet */
    bool busy;
};
struct export_status export_status(const struct export *export);
