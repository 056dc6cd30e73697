/* timer_heap - binary heap of timers by deadline, the loop's private part.
 *
 * Holds borrowed pointers; each timer knows its slot, so removal needs no search. Grows, never
 * shrinks.
 */
#pragma once

#include <stddef.h>

#include "base/loop.h"

struct timer_heap {
    struct loop_timer **slots;
    size_t count, capacity;
};

#define TIMER_HEAP_EMPTY ((struct timer_heap){0})

void timer_heap_deinit(struct timer_heap *heap);

/* The timer with the earliest deadline, or NULL. */
struct loop_timer *timer_heap_first(const struct timer_heap *heap);

/* Aborts when out of memory: a timer that is silently lost would be a control that never happens.
 */
void timer_heap_add(struct timer_heap *heap, struct loop_timer *timer);
void timer_heap_remove(struct timer_heap *heap, struct loop_timer *timer);
