/* event_log - what happened and who did it: append-only, chained by hashes, searchable.
 *
 * Whoever makes something happen calls event_log_add() once, there; the event is written to the
 * log of the machine (journald or syslog) at once and to `events.db` by a thread of its own. While
 * the disk refuses, events wait in a bounded queue. Loop thread only; searching runs on the worker
 * pool with read-only connections. Owned by the daemon.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "engine/event_reader.h"
#include "model/setting.h"

struct event_log;

struct event_settings {
    int64_t keep; /* us */
    int64_t most; /* records */
};

extern const struct setting_table event_settings_table;

/* One that happened. Texts are copied; NULL is "". */
struct event {
    enum event_kind kind;
    enum event_severity severity; /* EVENT_USUAL: of the kind */
    const char *actor;            /* user, token, "file"; NULL: "system" */
    const char *origin;           /* address, "local" */
    const char *object;           /* path, key, device */
    const char *text;             /* a sentence: what happened, with names and numbers */
    const char *detail;           /* JSON for programs, never a secret */
    bool said;                    /* the machine's log has this line already */
    /* Called once when the event is on disk (with its id), or when it never will be (0). */
    void (*durable)(void *user, uint64_t id);
    void *user;
};

/* Open (or make) the log in `folder`; `loop` is borrowed. Never fails: when the store cannot be
 * used, events go to the machine's log only and event_log_status() says why. */
struct event_log *event_log_open(struct loop *loop, const char *folder,
                                 const struct event_settings *settings);

/* Writes what waits, stops the writer. Questions end with -ECANCELED. Accepts NULL, returns NULL.
 */
struct event_log *event_log_close(struct event_log *log);

void event_log_configure(struct event_log *log, const struct event_settings *settings);

/* Record an event. `log` may be NULL: then only the line is written. 0: it is on its way to the
 * disk; -EAGAIN: too many of its kind in this hour, it is counted; -ENOSPC: too many wait, it is
 * counted as lost; -ENODEV: there is no store; -ENOMEM. `durable` is called in the first case only,
 * never before this returns. */
int event_log_add(struct event_log *log, const struct event *event);

struct event_log_status {
    bool ok;
    char problem[200];           /* a sentence while not ok */
    uint64_t first, last;        /* ids on disk, 0 when empty */
    uint64_t bytes;              /* on disk */
    uint64_t waiting, lost;      /* events not on disk yet; never written, since the start */
    bool ran_before, ended_well; /* the run before this one: whether there was one, and a stop */
};
struct event_log_status event_log_status(const struct event_log *log);

/* ---- news ------------------------------------------------------------------------------------ */

/* Called when new records are on disk, with the newest id. Embedded in the subscriber. */
struct event_news {
    void (*fn)(void *user, uint64_t last);
    void *user;
    struct event_news *next; /* the log's */
};

void event_log_subscribe(struct event_log *log, struct event_news *news);
void event_log_unsubscribe(struct event_log *log, struct event_news *news);

/* ---- as they happen -------------------------------------------------------------------------- */

/* Called from inside event_log_add() for each event that is not just counted, whatever becomes of
 * it on the disk; its texts live until that returns. Embedded in whoever listens. */
struct event_tap {
    void (*fn)(void *user, const struct event *event, enum event_severity severity);
    void *user;
    struct event_tap *next; /* the log's */
};

void event_log_tap(struct event_log *log, struct event_tap *tap);
void event_log_untap(struct event_log *log, struct event_tap *tap);

/* ---- questions ------------------------------------------------------------------------------- */

struct event_ask;

/* What a question leads to. `row` and `verdict` run on a pool thread and may touch nothing but
 * `user`; `done` runs on the loop thread, exactly once, however the question ends. */
struct event_asking {
    void (*row)(void *user, const struct event_found *found);
    void (*done)(void *user, bool more, const struct err *err);
    void *user;
    const char *client; /* who asks; a few questions of one client at a time */
    /* not NULL: the chain is checked instead of searched, into here */
    struct event_verdict *verdict;
    uint64_t known_id; /* see event_reader_verify */
    uint8_t known_hash[EVENT_HASH_SIZE];
};

/* Ask; `question` is copied (NULL with a verdict). NULL and `err` when that cannot be now: then
 * `done` is not called. */
struct event_ask *event_log_ask(struct event_log *log, const struct event_question *question,
                                const struct event_asking *asking, struct err *err);

/* The answer is not wanted any more: `done` is still called, later, with -ECANCELED. */
void event_ask_cancel(struct event_ask *ask);
