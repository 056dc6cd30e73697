/* notify_queue - what waits for one recipient: in order, and by severity, so that the least severe
 * can go first when there is too much.
 *
 * An entry is one notice for one recipient with its texts in one piece of memory. Who takes an
 * entry out of a queue owns it. No clock, no disk; loop thread only.
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

struct notify_entry {
    struct notify_entry *next; /* the queue's */
    uint64_t id;               /* counts up: the order */
    uint64_t job;              /* of the job that it was put into, 0: none yet */
    size_t bytes;              /* that it takes */
    struct notice notice;      /* texts lie behind this struct, never NULL */
};

/* A copy; texts that are too long are cut. NULL when out of memory. Freed with free(). */
struct notify_entry *notify_entry_new(const struct notice *notice, uint64_t id);

struct notify_list {
    struct notify_entry *first, *last;
};

void notify_list_add(struct notify_list *list, struct notify_entry *entry);
struct notify_entry *notify_list_take(struct notify_list *list); /* the first, or NULL */

struct notify_queue {
    struct notify_list lists[ALARM_SEVERITIES];
    size_t count;
};

void notify_queue_add(struct notify_queue *queue, struct notify_entry *entry_take);

/* The oldest of all that are at least so severe; NULL when there is none. */
struct notify_entry *notify_queue_first(const struct notify_queue *queue,
                                        enum alarm_severity least);
struct notify_entry *notify_queue_take(struct notify_queue *queue, enum alarm_severity least);

/* The oldest of exactly this severity; NULL when there is none. */
struct notify_entry *notify_queue_take_of(struct notify_queue *queue, enum alarm_severity severity);
