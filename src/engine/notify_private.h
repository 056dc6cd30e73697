/* notify_private - what the files of notify share; nobody else includes this.
 *
 * notify.c: life, settings, what comes in, room. notify_job.c: what is sent next, with its texts.
 * notify_send.c: when it is sent, and what becomes of it. notify_keep.c: the copy on the disk.
 */
#pragma once

#include "base/loop.h"
#include "engine/event_log.h"
#include "engine/notify_fetch.h"
#include "engine/notify_hours.h"
#include "engine/notify_queue.h"
#include "engine/notify_recipient.h"
#include "engine/notify_settings.h"
#include "engine/notify_writer.h"
#include "model/site_settings.h"

#define NOTIFY_TOGETHER_MOST NOTIFY_FETCH_MOST /* notices in one job */

/* One recipient and what waits for it. */
struct notify_target {
    struct notify *notify;
    char name[64];
    const struct recipient *settings; /* of the configuration in force */
    bool named;                       /* stands in the settings that are being put into force */
    struct notify_queue queue;

    /* The job: what is being sent, or is to be sent again before all else. It is picked by records;
     * it is a job as soon as their texts are there, and keeps them until it ends. */
    struct notify_record *picked; /* room for NOTIFY_TOGETHER_MOST; the oldest first */
    size_t picked_count;
    uint64_t job_id;            /* of what is picked; 0: none yet */
    struct notify_job job;      /* count 0: there is none */
    struct notice *notices;     /* of the job, likewise */
    struct notify_fetch *fetch; /* texts are on their way; NULL */
    clock_us unreadable_until;  /* the disk could not be read: what needs it waits so long */
    bool flying;                /* the route has it */
    bool abandoning;            /* it is being taken back: what becomes of it is nobody's fault */
    const struct notify_route *route; /* that has it */

    clock_us retry_at, back_off, tried_at; /* monotonic; back_off 0: the last try went well */
    clock_us sent_at;                      /* delivered last; for the least interval */
    clock_us failing_since;
    bool delay_told;
    bool ever_sent, urgent; /* urgent: a person waits for a test */
    struct loop_timer timer;
    struct loop_defer defer;

    uint64_t lost; /* given up for want of room, and it has not been told yet */
    clock_us lost_since;

    /* for faces */
    clock_us last_wall, due;
    uint64_t tries, delivered, given_up;
    bool went_well;
    char problem[200];
    char *words; /* of the last try; NULL: none */
};

struct notify {
    struct loop *loop;
    struct event_log *events;
    const struct config *config;
    const struct notify_settings *settings;
    const struct business_hours *hours;
    const struct site_settings *site;
    struct notify_target *targets[RECIPIENTS_MOST];
    size_t target_count;
    struct notify_route *routes;
    uint64_t next_id;
    size_t count, bytes; /* of all that waits */
    size_t fetching;     /* questions to the disk under way */
    char folder[256];
    bool closing;

    /* the disk */
    struct notify_writer *writer; /* NULL: there is none */
    struct loop_fd back;
    size_t unwritten; /* bytes of notes on their way */
    bool behind;      /* the disk lacks something: all is written again when it can be */
    uint64_t generation;
    bool kept;
    char kept_problem[200], damage[200];
    bool unreadable; /* the disk could not be read last time, and that has been told */
};

/* ---- notify.c -------------------------------------------------------------------------------- */

struct notify_target *notify_find(const struct notify *notify, const char *name);

/* Count one that is given up for want of room or time, to be told later; NULL for one that never
 * came in. */
void notify_lose(struct notify_target *target, struct notify_record *record);

void notify_event(struct notify *notify, enum event_kind kind, const char *object,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ---- notify_send.c --------------------------------------------------------------------------- */

/* Send what is due now, or see to it that it is sent when it is. */
void notify_send_due(struct notify_target *target);

/* Something new has been put into its queue. */
void notify_send_new(struct notify_target *target, bool is_test);

/* Take the job back from its route. */
void notify_send_abandon(struct notify_target *target);

void notify_send_problem(struct notify_target *target, const char *words);
bool notify_send_quiet(const struct notify_target *target);
clock_us notify_send_wall(const struct notify *notify); /* 0: not known */

/* ---- notify_job.c ---------------------------------------------------------------------------- */

/* Whether there is a job with all its texts; else there is nothing to send, or its texts are on
 * their way (`fetch`), and notify_send_due() is called when they are there. */
bool notify_job_ready(struct notify_target *target, const struct notify_route *route);

/* One more record of what was begun before the restart. */
void notify_job_resume(struct notify_target *target, struct notify_record record_take,
                       uint64_t job);

/* There is none any more: its records leave, and the disk is told. */
void notify_job_end(struct notify_target *target);

/* The same, and they are counted as lost. */
void notify_job_lose(struct notify_target *target);

/* Stop waiting for texts. */
void notify_job_forget_fetch(struct notify_target *target);

/* ---- notify_keep.c --------------------------------------------------------------------------- */

/* Open the file, begin the ids, and put what waited into the targets' queues by `fn`. */
void notify_keep_open(struct notify *notify, notify_store_fn *fn);
void notify_keep_close(struct notify *notify);

void notify_keep_add(struct notify_target *target, struct notify_entry *entry);
void notify_keep_job(struct notify_target *target); /* which records it is made of */
void notify_keep_done(struct notify *notify, const struct notify_record *records, size_t count);
void notify_keep_lost(struct notify_target *target);
