/* line_queue - requests that wait for a line: classes by urgency, fair between clients in a class.
 *
 * Intrusive lists through the requests themselves, so queueing allocates nothing. Each class keeps
 * a ring of clients and each client its requests in order; a class is served one request per client
 * in turn. A lower class that has waited too long goes before the polls (never before controls and
 * alarms), so that a saturated line still answers a gateway's client. Part of line; loop thread
 * only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct line_request;

enum line_class {
    LINE_CONTROL, /* a person or an alarm switches something */
    LINE_ALARM,   /* readings that an alarm waits for */
    LINE_POLL,    /* the round of a device */
    LINE_GATEWAY, /* requests of gateway clients, and scans */
    LINE_CLASSES
};

#define LINE_QUEUE_PATIENCE (1 * CLOCK_S) /* of LINE_GATEWAY, then it goes before the polls */

struct line_queue {
    struct {
        struct line_request *first, *last; /* ring of clients: the oldest request of each */
        clock_us served;                   /* when a request of this class was last taken */
    } classes[LINE_CLASSES];
    size_t count;
};

/* Append; `in_front`: a repetition, which keeps its place before others of its client and class. */
void line_queue_push(struct line_queue *queue, struct line_request *request, clock_us now,
                     bool in_front);

/* Take the next request for which `ready` says yes, or NULL. */
struct line_request *line_queue_take(struct line_queue *queue, clock_us now,
                                     bool (*ready)(void *user, const struct line_request *request),
                                     void *user);

/* Remove a request that waits (asserted). */
void line_queue_remove(struct line_queue *queue, struct line_request *request);

/* Any request, removed, or NULL: for emptying the queue. */
struct line_request *line_queue_pop(struct line_queue *queue);
