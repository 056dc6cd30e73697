#include "field/trace.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* One frame in the ring, its bytes behind it. A frame is never split over the end of the ring: what
 * is left there is filled with a record of kind TRACE_KINDS. */
struct record {
    uint64_t number;
    clock_us mono, wall;
    uint16_t size; /* with its bytes, in steps of ALIGN */
    uint16_t length;
    uint8_t kind, unit;
    uint8_t bytes[];
};

#define ALIGN _Alignof(struct record)

struct trace {
    size_t size, from, used; /* the oldest record is at `from` */
    uint64_t last, dropped;
    bool rtu, stopped;
    _Alignas(struct record) uint8_t ring[];
};

struct trace *trace_new(size_t size, bool rtu)
{
    assert(size >= 8192);
    size -= size % ALIGN;
    struct trace *trace = calloc(1, sizeof *trace + size);
    if (!trace)
        return NULL;
    trace->size = size;
    trace->rtu = rtu;
    return trace;
}

struct trace *trace_free(struct trace *trace)
{
    free(trace);
    return NULL;
}

bool trace_is_rtu(const struct trace *trace)
{
    return trace->rtu;
}

void trace_stop(struct trace *trace)
{
    trace->stopped = true;
}

bool trace_stopped(const struct trace *trace)
{
    return trace->stopped;
}

/* Bytes at the end of the ring that are too few for a head belong to nobody. */
static size_t rest_at(const struct trace *trace, size_t at)
{
    size_t left = trace->size - at;
    return left < sizeof(struct record) ? left : 0;
}

static size_t size_at(const struct trace *trace, size_t at)
{
    size_t rest = rest_at(trace, at);
    return rest ? rest : ((const struct record *)(const void *)(trace->ring + at))->size;
}

static void drop_oldest(struct trace *trace)
{
    size_t size = size_at(trace, trace->from);
    if (!rest_at(trace, trace->from) &&
        ((const struct record *)(const void *)(trace->ring + trace->from))->kind != TRACE_KINDS)
        trace->dropped++;
    trace->from = (trace->from + size) % trace->size;
    trace->used -= size;
}

static struct record *take(struct trace *trace, size_t size, uint8_t kind)
{
    while (trace->size - trace->used < size)
        drop_oldest(trace);
    size_t at = (trace->from + trace->used) % trace->size;
    struct record *record = (struct record *)(void *)(trace->ring + at);
    trace->used += size;
    if (rest_at(trace, at))
        return NULL; /* too small for a head: nothing to write */
    *record = (struct record){.size = (uint16_t)size, .kind = kind};
    return record;
}

/* The end of the ring, where `size` bytes do not fit any more. */
static void fill_end(struct trace *trace, size_t size)
{
    size_t at = (trace->from + trace->used) % trace->size, left = trace->size - at;
    if (left < size)
        take(trace, left, TRACE_KINDS);
}

void trace_put(struct trace *trace, clock_us mono, clock_us wall, enum trace_kind kind,
               uint8_t unit, const uint8_t *bytes, size_t length)
{
    assert(kind < TRACE_KINDS);
    if (trace->stopped)
        return;
    if (length > TRACE_FRAME_MAX)
        length = TRACE_FRAME_MAX;
    size_t size = sizeof(struct record) + length;
    size += (ALIGN - size % ALIGN) % ALIGN;
    fill_end(trace, size);
    struct record *record = take(trace, size, (uint8_t)kind);
    record->number = ++trace->last;
    record->mono = mono;
    record->wall = wall;
    record->unit = unit;
    record->length = (uint16_t)length;
    if (length)
        memcpy(record->bytes, bytes, length);
}

void trace_each(const struct trace *trace, uint64_t after,
                bool (*fn)(void *user, const struct trace_frame *frame), void *user)
{
    for (size_t seen = 0; seen < trace->used;) {
        size_t at = (trace->from + seen) % trace->size;
        const struct record *record = (const struct record *)(const void *)(trace->ring + at);
        seen += size_at(trace, at);
        if (rest_at(trace, at) || record->kind == TRACE_KINDS || record->number <= after)
            continue;
        const struct trace_frame frame = {
            .number = record->number,
            .mono = record->mono,
            .wall = record->wall,
            .kind = (enum trace_kind)record->kind,
            .unit = record->unit,
            .bytes = record->bytes,
            .length = record->length,
        };
        if (!fn(user, &frame))
            return;
    }
}

uint64_t trace_last(const struct trace *trace)
{
    return trace->last;
}

uint64_t trace_dropped(const struct trace *trace)
{
    return trace->dropped;
}

const char *trace_kind_name(enum trace_kind kind)
{
    static const char *const names[] = {
        [TRACE_SENT] = "sent",       [TRACE_PROBE] = "probe", [TRACE_ANSWER] = "answer",
        [TRACE_LATE] = "late",       [TRACE_OTHER] = "other", [TRACE_ECHO] = "echo",
        [TRACE_BROKEN] = "broken",   [TRACE_NOISE] = "noise", [TRACE_MASTER] = "master",
        [TRACE_SILENCE] = "silence",
    };
    assert(kind < TRACE_KINDS);
    return names[kind];
}
