#include "base/timer_heap.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

void timer_heap_deinit(struct timer_heap *heap)
{
    free(heap->slots);
    *heap = TIMER_HEAP_EMPTY;
}

struct loop_timer *timer_heap_first(const struct timer_heap *heap)
{
    return heap->count ? heap->slots[0] : NULL;
}

static bool is_earlier(const struct loop_timer *a, const struct loop_timer *b)
{
    return a->deadline != b->deadline ? a->deadline < b->deadline : a->order < b->order;
}

static void put(struct timer_heap *heap, size_t slot, struct loop_timer *timer)
{
    heap->slots[slot] = timer;
    timer->slot = slot;
}

static void sift_up(struct timer_heap *heap, size_t slot, struct loop_timer *timer)
{
    while (slot > 0) {
        size_t parent = (slot - 1) / 2;
        if (!is_earlier(timer, heap->slots[parent]))
            break;
        put(heap, slot, heap->slots[parent]);
        slot = parent;
    }
    put(heap, slot, timer);
}

static void sift_down(struct timer_heap *heap, size_t slot, struct loop_timer *timer)
{
    for (;;) {
        size_t child = slot * 2 + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && is_earlier(heap->slots[child + 1], heap->slots[child]))
            child++;
        if (!is_earlier(heap->slots[child], timer))
            break;
        put(heap, slot, heap->slots[child]);
        slot = child;
    }
    put(heap, slot, timer);
}

void timer_heap_add(struct timer_heap *heap, struct loop_timer *timer)
{
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity ? heap->capacity * 2 : 64;
        heap->slots = mem_resize(heap->slots, heap->capacity * sizeof *heap->slots);
    }
    sift_up(heap, heap->count++, timer);
}

void timer_heap_remove(struct timer_heap *heap, struct loop_timer *timer)
{
    size_t slot = timer->slot;
    assert(slot < heap->count && heap->slots[slot] == timer);
    struct loop_timer *last = heap->slots[--heap->count];
    if (last == timer)
        return;
    if (slot > 0 && is_earlier(last, heap->slots[(slot - 1) / 2]))
        sift_up(heap, slot, last);
    else
        sift_down(heap, slot, last);
}
