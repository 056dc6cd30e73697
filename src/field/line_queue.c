#include "field/line_queue.h"

#include <assert.h>

#include "field/line.h"

/* The client's place in its class: the oldest request, whose next_same lead to the others. */
static struct line_request *find_client(const struct line_queue *queue, enum line_class urgency,
                                        uint32_t client)
{
    struct line_request *at = queue->classes[urgency].first;
    while (at && at->client != client)
        at = at->next_client;
    return at;
}

static void append_client(struct line_queue *queue, struct line_request *request)
{
    enum line_class urgency = request->urgency;
    request->next_client = NULL;
    if (queue->classes[urgency].last)
        queue->classes[urgency].last->next_client = request;
    else
        queue->classes[urgency].first = request;
    queue->classes[urgency].last = request;
}

static void prepend_client(struct line_queue *queue, struct line_request *request)
{
    enum line_class urgency = request->urgency;
    request->next_client = queue->classes[urgency].first;
    queue->classes[urgency].first = request;
    if (!queue->classes[urgency].last)
        queue->classes[urgency].last = request;
}

static void unlink_client(struct line_queue *queue, struct line_request *request)
{
    enum line_class urgency = request->urgency;
    struct line_request *before = NULL, *at = queue->classes[urgency].first;
    while (at != request) {
        assert(at);
        before = at;
        at = at->next_client;
    }
    if (before)
        before->next_client = request->next_client;
    else
        queue->classes[urgency].first = request->next_client;
    if (queue->classes[urgency].last == request)
        queue->classes[urgency].last = before;
    request->next_client = NULL;
}

void line_queue_push(struct line_queue *queue, struct line_request *request, clock_us now,
                     bool in_front)
{
    assert(!request->queued && request->urgency < LINE_CLASSES);
    request->queued = true;
    request->next_same = NULL;
    request->last_same = request;
    if (!in_front)
        request->queued_at = now;
    queue->count++;
    struct line_request *head = find_client(queue, request->urgency, request->client);
    if (head && !in_front) {
        head->last_same->next_same = request;
        head->last_same = request;
        return;
    }
    if (head) {
        unlink_client(queue, head);
        request->next_same = head;
        request->last_same = head->last_same;
    }
    if (in_front)
        prepend_client(queue, request);
    else
        append_client(queue, request);
}

/* Takes the head of its client off; the client's next request waits at the end of the ring. */
static void take_head(struct line_queue *queue, struct line_request *head)
{
    unlink_client(queue, head);
    struct line_request *next = head->next_same;
    if (next) {
        next->last_same = head->last_same == head ? next : head->last_same;
        append_client(queue, next);
    }
    head->next_same = NULL;
    head->last_same = NULL;
    head->queued = false;
    queue->count--;
}

static struct line_request *
find_ready(const struct line_queue *queue, enum line_class urgency,
           bool (*ready)(void *user, const struct line_request *request), void *user)
{
    struct line_request *at = queue->classes[urgency].first;
    while (at && !ready(user, at))
        at = at->next_client;
    return at;
}

/* How long the class that is served last has been passed over. */
static bool is_starved(const struct line_queue *queue, clock_us now)
{
    const struct line_request *oldest = queue->classes[LINE_GATEWAY].first;
    return oldest && now - oldest->queued_at > LINE_QUEUE_PATIENCE &&
           now - queue->classes[LINE_GATEWAY].served > LINE_QUEUE_PATIENCE;
}

struct line_request *line_queue_take(struct line_queue *queue, clock_us now,
                                     bool (*ready)(void *user, const struct line_request *request),
                                     void *user)
{
    static const enum line_class usual[] = {LINE_CONTROL, LINE_ALARM, LINE_POLL, LINE_GATEWAY};
    static const enum line_class starved[] = {LINE_CONTROL, LINE_ALARM, LINE_GATEWAY, LINE_POLL};
    const enum line_class *order = is_starved(queue, now) ? starved : usual;
    for (size_t i = 0; i < LINE_CLASSES; i++) {
        struct line_request *request = find_ready(queue, order[i], ready, user);
        if (request) {
            queue->classes[order[i]].served = now;
            take_head(queue, request);
            return request;
        }
    }
    return NULL;
}

void line_queue_remove(struct line_queue *queue, struct line_request *request)
{
    assert(request->queued);
    struct line_request *head = find_client(queue, request->urgency, request->client);
    assert(head);
    if (head == request) {
        take_head(queue, head);
        return;
    }
    struct line_request *before = head;
    while (before->next_same != request) {
        before = before->next_same;
        assert(before);
    }
    before->next_same = request->next_same;
    if (head->last_same == request)
        head->last_same = before;
    request->next_same = NULL;
    request->last_same = NULL;
    request->queued = false;
    queue->count--;
}

struct line_request *line_queue_pop(struct line_queue *queue)
{
    for (size_t i = 0; i < LINE_CLASSES; i++) {
        struct line_request *head = queue->classes[i].first;
        if (head) {
            take_head(queue, head);
            return head;
        }
    }
    return NULL;
}
