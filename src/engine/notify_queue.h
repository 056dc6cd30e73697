/* notify_queue - what waits for one recipient: in order, and by severity, so that the least severe
 * can go first when there is too much.
 *
 * What waits is a small record of fixed size (24 bytes): enough to order, to pick and to give up.
 * The notice itself, an entry with its texts in one piece of memory, is held by it only until the
 * disk has it, and is read again when it is sent (notify_fetch). Who takes a record out of a queue
 * owns it. No clock, no disk; loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/notify.h"

#define NOTIFY_NAME_MOST 255 /* bytes of rule, path, label, unit, actor, origin */
#define NOTIFY_SUBJECT_MOST 500
#define NOTIFY_TEXT_MOST 16000
#define NOTIFY_RECIPIENTS_MOST 1000

/* ---- entries --------------------------------------------------------------------------------- */

struct notify_entry {
    unsigned users;       /* the record, the steps for the disk; the loop alone counts */
    uint64_t id;          /* counts up: the order */
    size_t bytes;         /* that it takes */
    struct notice notice; /* texts lie behind this struct, never NULL */
};

/* A copy with one user; texts that are too long are cut. NULL when out of memory. */
struct notify_entry *notify_entry_new(const struct notice *notice, uint64_t id);
struct notify_entry *notify_entry_share(struct notify_entry *entry);
struct notify_entry *notify_entry_drop(struct notify_entry *entry); /* accepts NULL, returns it */

/* ---- records --------------------------------------------------------------------------------- */

struct notify_record {
    uint64_t id;
    struct notify_entry *entry; /* NULL: its texts are on the disk alone */
    uint32_t wall;              /* s, when it happened; 0: the time was not known */
    uint32_t bytes : 28;        /* that the notice takes on the disk, about */
    uint32_t severity : 2;
    uint32_t loud : 1; /* may be sent in quiet times */
};

struct notify_record notify_record_of(struct notify_entry *entry_take);

/* ---- the queue ------------------------------------------------------------------------------- */

/* A ring that grows and shrinks with what is in it. */
struct notify_ring {
    struct notify_record *list;
    uint32_t first, count, capacity;
};

struct notify_queue {
    struct notify_ring rings[ALARM_SEVERITIES];
    size_t count;
};

void notify_queue_deinit(struct notify_queue *queue);

/* Put behind the others of its severity, or before them again. False when out of memory: then the
 * record stays the caller's. */
bool notify_queue_add(struct notify_queue *queue, struct notify_record record_take);
bool notify_queue_return(struct notify_queue *queue, struct notify_record record_take);

/* The oldest of all that are at least so severe; NULL (or false) when there is none. Valid until
 * the queue changes. */
const struct notify_record *notify_queue_first(const struct notify_queue *queue,
                                               enum alarm_severity least);
bool notify_queue_take(struct notify_queue *queue, enum alarm_severity least,
                       struct notify_record *record);

/* The same of exactly this severity. */
const struct notify_record *notify_queue_oldest(const struct notify_queue *queue,
                                                enum alarm_severity severity);
bool notify_queue_take_of(struct notify_queue *queue, enum alarm_severity severity,
                          struct notify_record *record);

/* The oldest of those at the end that need no disk: for a disk that cannot be read. */
bool notify_queue_take_held(struct notify_queue *queue, enum alarm_severity least,
                            struct notify_record *record);

/* The record of that id and severity, which are in the order of their ids; NULL. */
struct notify_record *notify_queue_find(struct notify_queue *queue, enum alarm_severity severity,
                                        uint64_t id);

/* `index` below the count of its ring, 0 the oldest. */
struct notify_record *notify_ring_at(const struct notify_ring *ring, uint32_t index);
