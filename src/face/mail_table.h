/* mail_table - what was recorded in a span as a CSV file to attach, encoded for a mail.
 *
 * Asks the history for the points of some devices and has the rows written on the worker pool, as
 * the download and the export folder do (engine/history_csv). What does not fit within
 * MAIL_TABLE_MOST bytes or MAIL_TABLE_BUCKETS readings is left out, and said. Loop thread only.
 */
#pragma once

#include "base/buf.h"
#include "engine/history.h"
#include "engine/report_rule.h"

#define MAIL_TABLE_MOST (4u << 20)
#define MAIL_TABLE_BUCKETS 160000

struct mail_table;

struct mail_table_answer {
    struct buf lines; /* base64 as in a mail; whoever is asked takes it (buf_deinit) or leaves it */
    const char *problem; /* a sentence about what is missing, "" */
};

/* `done` is called once, never from inside this call. All but the history and the loop is copied.
 * NULL without memory. */
struct mail_table *mail_table_start(struct loop *loop, struct history *history,
                                    const struct site *site, const struct report_settings *settings,
                                    clock_us from, clock_us to,
                                    void (*done)(void *user, struct mail_table_answer *answer),
                                    void *user);

/* `done` will not be called. Accepts NULL. */
void mail_table_cancel(struct mail_table *table);

/* Whether a report is about this device. */
bool mail_table_has(const struct report_settings *settings, const char *device);
