#include "engine/notify_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

struct notify_entry *notify_entry_new(const struct notice *notice, uint64_t id)
{
    static const struct {
        size_t offset, most;
    } texts[] = {
        {offsetof(struct notice, rule), NOTIFY_NAME_MOST},
        {offsetof(struct notice, path), NOTIFY_NAME_MOST},
        {offsetof(struct notice, label), NOTIFY_NAME_MOST},
        {offsetof(struct notice, unit), NOTIFY_NAME_MOST},
        {offsetof(struct notice, actor), NOTIFY_NAME_MOST},
        {offsetof(struct notice, origin), NOTIFY_NAME_MOST},
        {offsetof(struct notice, subject), NOTIFY_SUBJECT_MOST},
        {offsetof(struct notice, text), NOTIFY_TEXT_MOST},
        {offsetof(struct notice, recipients), NOTIFY_RECIPIENTS_MOST},
    };
    enum { TEXTS = sizeof texts / sizeof *texts };
    size_t lengths[TEXTS], total = sizeof(struct notify_entry);
    for (size_t i = 0; i < TEXTS; i++) {
        const char *text = *(const char *const *)((const char *)notice + texts[i].offset);
        total += (lengths[i] = text ? utf8_fit(text, strlen(text), texts[i].most) : 0) + 1;
    }
    struct notify_entry *entry = malloc(total);
    if (!entry)
        return NULL;
    *entry = (struct notify_entry){.users = 1, .id = id, .bytes = total, .notice = *notice};
    entry->notice.id = id;
    char *at = (char *)(entry + 1);
    for (size_t i = 0; i < TEXTS; i++) {
        const char **place = (const char **)((char *)&entry->notice + texts[i].offset);
        if (lengths[i] > 0)
            memcpy(at, *place, lengths[i]);
        at[lengths[i]] = '\0';
        *place = at;
        at += lengths[i] + 1;
    }
    return entry;
}

struct notify_entry *notify_entry_share(struct notify_entry *entry)
{
    entry->users++;
    return entry;
}

struct notify_entry *notify_entry_drop(struct notify_entry *entry)
{
    if (entry && --entry->users == 0)
        free(entry);
    return NULL;
}

/* ---- records --------------------------------------------------------------------------------- */

struct notify_record notify_record_of(struct notify_entry *entry_take)
{
    const struct notice *notice = &entry_take->notice;
    return (struct notify_record){
        .id = entry_take->id,
        .entry = entry_take,
        .wall = notice->wall > 0 ? (uint32_t)(notice->wall / CLOCK_S) : 0,
        .bytes = (uint32_t)(entry_take->bytes & 0xFFFFFFF),
        .severity = notice->severity,
        .loud = notice->severity == ALARM_CRITICAL || notice->kind == NOTICE_TEST,
    };
}

/* ---- rings ----------------------------------------------------------------------------------- */

#define RING_LEAST 64

struct notify_record *notify_ring_at(const struct notify_ring *ring, uint32_t index)
{
    return &ring->list[(ring->first + index) & (ring->capacity - 1)];
}

/* To a power of two that holds what is there. */
static bool resize(struct notify_ring *ring, uint32_t capacity)
{
    struct notify_record *list = malloc(capacity * sizeof *list);
    if (!list)
        return false;
    for (uint32_t i = 0; i < ring->count; i++)
        list[i] = *notify_ring_at(ring, i);
    free(ring->list);
    *ring = (struct notify_ring){.list = list, .count = ring->count, .capacity = capacity};
    return true;
}

static bool has_room(struct notify_ring *ring)
{
    return ring->count < ring->capacity ||
           resize(ring, ring->capacity ? ring->capacity * 2 : RING_LEAST);
}

static void shrink(struct notify_ring *ring)
{
    if (ring->capacity > RING_LEAST && ring->count < ring->capacity / 4)
        resize(ring, ring->capacity / 2); /* without memory it stays as it is */
}

/* ---- the queue ------------------------------------------------------------------------------- */

void notify_queue_deinit(struct notify_queue *queue)
{
    for (int i = 0; i < ALARM_SEVERITIES; i++) {
        struct notify_ring *ring = &queue->rings[i];
        for (uint32_t j = 0; j < ring->count; j++)
            notify_entry_drop(notify_ring_at(ring, j)->entry);
        free(ring->list);
    }
    *queue = (struct notify_queue){0};
}

bool notify_queue_add(struct notify_queue *queue, struct notify_record record_take)
{
    struct notify_ring *ring = &queue->rings[record_take.severity];
    if (!has_room(ring))
        return false;
    *notify_ring_at(ring, ring->count++) = record_take;
    queue->count++;
    return true;
}

bool notify_queue_return(struct notify_queue *queue, struct notify_record record_take)
{
    struct notify_ring *ring = &queue->rings[record_take.severity];
    if (!has_room(ring))
        return false;
    ring->first = (ring->first + ring->capacity - 1) & (ring->capacity - 1);
    ring->count++;
    *notify_ring_at(ring, 0) = record_take;
    queue->count++;
    return true;
}

const struct notify_record *notify_queue_oldest(const struct notify_queue *queue,
                                                enum alarm_severity severity)
{
    const struct notify_ring *ring = &queue->rings[severity];
    return ring->count ? notify_ring_at(ring, 0) : NULL;
}

const struct notify_record *notify_queue_first(const struct notify_queue *queue,
                                               enum alarm_severity least)
{
    const struct notify_record *first = NULL;
    for (int severity = (int)least; severity < ALARM_SEVERITIES; severity++) {
        const struct notify_record *one = notify_queue_oldest(queue, (enum alarm_severity)severity);
        if (one && (!first || one->id < first->id))
            first = one;
    }
    return first;
}

bool notify_queue_take_of(struct notify_queue *queue, enum alarm_severity severity,
                          struct notify_record *record)
{
    struct notify_ring *ring = &queue->rings[severity];
    if (!ring->count)
        return false;
    *record = *notify_ring_at(ring, 0);
    ring->first = (ring->first + 1) & (ring->capacity - 1);
    ring->count--;
    queue->count--;
    shrink(ring);
    return true;
}

bool notify_queue_take(struct notify_queue *queue, enum alarm_severity least,
                       struct notify_record *record)
{
    const struct notify_record *first = notify_queue_first(queue, least);
    return first && notify_queue_take_of(queue, (enum alarm_severity)first->severity, record);
}

/* How many lie before those at the end whose texts are in memory. */
static uint32_t held_from(const struct notify_ring *ring)
{
    uint32_t index = ring->count;
    while (index > 0 && notify_ring_at(ring, index - 1)->entry)
        index--;
    return index;
}

bool notify_queue_take_held(struct notify_queue *queue, enum alarm_severity least,
                            struct notify_record *record)
{
    struct notify_ring *found = NULL;
    uint32_t at = 0;
    for (int severity = (int)least; severity < ALARM_SEVERITIES; severity++) {
        struct notify_ring *ring = &queue->rings[severity];
        uint32_t index = held_from(ring);
        if (index < ring->count &&
            (!found || notify_ring_at(ring, index)->id < notify_ring_at(found, at)->id)) {
            found = ring;
            at = index;
        }
    }
    if (!found)
        return false;
    *record = *notify_ring_at(found, at);
    for (uint32_t i = at + 1; i < found->count; i++)
        *notify_ring_at(found, i - 1) = *notify_ring_at(found, i);
    found->count--;
    queue->count--;
    return true;
}

struct notify_record *notify_queue_find(struct notify_queue *queue, enum alarm_severity severity,
                                        uint64_t id)
{
    const struct notify_ring *ring = &queue->rings[severity];
    uint32_t low = 0, high = ring->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (notify_ring_at(ring, middle)->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < ring->count && notify_ring_at(ring, low)->id == id ? notify_ring_at(ring, low)
                                                                    : NULL;
}
