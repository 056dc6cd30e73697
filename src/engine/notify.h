/* notify - who hears what and when; its queue is on disk.
 *
 * A notice is one thing to tell: an alarm's change, a start, a refused sign-in, a control, a
 * report, a test. For each recipient (`recipients:` in the settings, engine/notify_recipient) it
 * waits in a bounded queue until the route of that recipient's kind (mail, trap, syslog, webhook:
 * face/) has delivered it: retried with back-off over hours, in order per recipient, gathered where
 * the recipient has a least interval. What is due at once is handed to its route in the same turn;
 * the disk (`notices.db`, written by a thread) follows, and what was not known to be delivered is
 * sent again after a restart under the same id. What waits longer has its texts on the disk alone
 * and a small record in memory. Owned by the daemon; loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "engine/alarm.h"

struct notify;
struct notify_job;
struct recipient; /* engine/notify_recipient.h */

/* Stored as these numbers. */
enum notice_kind {
    NOTICE_ALARM, /* raised, repeated or cleared: `change` tells */
    NOTICE_BOOT,
    NOTICE_SIGN_IN_REFUSED,
    NOTICE_CONTROL,
    NOTICE_REPORT,
    NOTICE_TEST,
    NOTICE_LOSS,  /* notices were given up: the queue was full */
    NOTICE_EVENT, /* one of the event log, for those who want all of it */
    NOTICE_UPS,   /* one of UPS-MIB's traps: raised or cleared is an entry `alarm` of its table of
                     alarms; repeated is "on battery", for `limit` seconds, `number` minutes left */
    NOTICE_KINDS
};
const char *notice_kind_name(enum notice_kind kind);

/* Texts are copied; NULL is "". */
struct notice {
    uint64_t id; /* permanent, counts up; notify's */
    enum notice_kind kind;
    enum alarm_severity severity;
    enum alarm_change change; /* of NOTICE_ALARM */
    enum notice_kind twin;    /* of NOTICE_EVENT: the kind that tells the same, for those who want
                                 that; NOTICE_EVENT when there is none */
    uint32_t alarm;           /* its id, 0 for none */
    const char *rule;         /* of alarms; for all others the name of the event, "start" */
    const char *path, *label, *unit;
    const char *actor, *origin; /* who did it, from where */
    double number, limit;       /* NaN for none */
    int decimals;
    clock_us wall;       /* when it happened; 0 while the time was not known */
    const char *subject; /* one line */
    const char *text;    /* sentences, lines by "\n" */
    /* Names with commas; NULL or "": all who want this kind; "none": nobody. */
    const char *recipients;
};

struct notify_context {
    struct loop *loop;
    struct event_log *events; /* may be NULL */
    const char *folder;       /* of the state; copied */
};

/* Never fails: without a file of its own (status.problem says why) what waits does not outlast the
 * program. Events are written about what was delayed, given up or lost. */
struct notify *notify_open(const struct notify_context *context, const struct config *config);

/* What waits is on the disk when this returns; routes must be removed before. */
struct notify *notify_close(struct notify *notify);
void notify_configure(struct notify *notify, const struct config *config);

/* Tell; what is due at once is in the hands of its route when this returns. 0, also when nobody
 * wants it; -ENOSPC when for some recipient the queue holds only what is more severe, or -ENOMEM:
 * then it is counted as lost. */
int notify_add(struct notify *notify, const struct notice *notice);

/* ---- routes (faces that deliver) -------------------------------------------------------------- */

/* What a route is given: one or several notices for one recipient, oldest first. Lives until the
 * route calls notify_done(). */
struct notify_job {
    const struct recipient *recipient; /* read it through the job: a change of settings that does
                                          not touch how it is reached puts another here */
    const char *name;                  /* of the recipient's record */
    const char *site;                  /* what the installation is called; likewise */
    uint64_t id;      /* permanent, never of another job: Message-ID and the like come from it */
    unsigned attempt; /* 1, 2, ... since the start of the program */
    size_t count;     /* 1 or more; the same notices when it is tried again */
    const struct notice *notices;
};

/* Whether a person waits for it, and wants to see what is said. */
bool notify_job_is_test(const struct notify_job *job);

enum notify_outcome {
    NOTIFY_DELIVERED,
    NOTIFY_LATER, /* could not be delivered now: tried again */
    NOTIFY_NEVER, /* refused for good: given up, and an event says so */
};

struct notify_route {
    const char *kind; /* of recipients: "mail", "trap", "syslog", "webhook" */
    size_t most;      /* notices that fit in one job when they are sent together; 0: 1 */
    /* Deliver; must call notify_done() exactly once, at once or later. */
    void (*send)(void *user, struct notify_job *job);
    /* The settings of the recipient changed or the program stops: end it, with notify_done(). */
    void (*abandon)(void *user, struct notify_job *job);
    void *user;
    struct notify_route *next; /* notify's */
};

void notify_route_add(struct notify *notify, struct notify_route *route);
void notify_route_remove(struct notify *notify, struct notify_route *route);

/* `words` say what happened, for the page and the event log; with NOTIFY_LATER what the other side
 * answered. */
void notify_done(struct notify *notify, struct notify_job *job, enum notify_outcome outcome,
                 const char *words);

/* ---- for faces ------------------------------------------------------------------------------- */

/* Of one recipient; counts since the start of the program. Texts live until the loop goes on. */
struct notify_status {
    const char *recipient, *kind;
    const struct recipient *settings; /* until they change */
    size_t waiting;
    clock_us last_wall;  /* delivered last; 0: not yet, or the time was not known */
    clock_us next;       /* tried next, monotonic; CLOCK_NEVER */
    const char *problem; /* why it waits, "" */
    const char *words;   /* of the last try: what was said, lines by "\n" */
    uint64_t tries;      /* counts up when one has ended, and `words` and `went_well` are its */
    bool went_well;
    uint64_t delivered, given_up; /* notices */
};
size_t notify_count(const struct notify *notify);
struct notify_status notify_status(const struct notify *notify, size_t index);

/* Whether the disk has all that happened: what waits, and that the rest has been delivered. */
bool notify_durable(const struct notify *notify);

/* Whether texts are on their way from the disk, for something that is due. */
bool notify_reading(const struct notify *notify);

/* Whether what waits is kept on the disk, else why not. */
bool notify_kept(const struct notify *notify, const char **problem);
