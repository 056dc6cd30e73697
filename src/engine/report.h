/* report - at its time each status report becomes a notice; its mail is made when it is sent.
 *
 * The queue of notices holds which report and when it was due (NOTICE_REPORT: `rule` "report",
 * `path` the record's name, `wall` the time). A report that was missed, because the program did not
 * run or did not know the time, is sent late, once: the newest of each. After a step back of up to
 * two hours nothing is sent twice. How far it has come is kept in `reports.json`. Owned by the
 * daemon; loop thread only.
 */
#pragma once

#include "base/loop.h"
#include "engine/notify.h"
#include "engine/report_rule.h"

struct reports;
struct saver;

struct reports_context {
    struct loop *loop;
    struct notify *notify;
    struct saver *saver;
    const char *folder; /* of the state; copied */
};

/* All borrowed; so is `config`, until reports_configure() brings another. */
struct reports *reports_new(const struct reports_context *context, const struct config *config);
void reports_configure(struct reports *reports, const struct config *config);

/* Accepts NULL, returns NULL. */
struct reports *reports_free(struct reports *reports);

/* ---- for faces ------------------------------------------------------------------------------- */

struct report_view {
    const char *name; /* valid until the settings change */
    const struct report_settings *settings;
    clock_us last; /* wall of the one that was due last and is in the queue or sent; 0: none */
    clock_us next; /* CLOCK_NEVER: switched off, or the time is not known */
};
struct report_view reports_view(const struct reports *reports, size_t index);

/* Send it now, too: 0, -ENOENT, or what notify_add() says. */
int reports_send(struct reports *reports, const char *name);
