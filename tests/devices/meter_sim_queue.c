#include "meter_sim_queue.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The order of arrival decides between equal times, or pieces of one answer would change places. */
static bool earlier(const struct meter_sim_pending *a, const struct meter_sim_pending *b)
{
    return a->due_us < b->due_us || (a->due_us == b->due_us && a->order < b->order);
}

static void *must(void *memory)
{
    if (memory == NULL) {
        perror("meter-sim");
        exit(1);
    }
    return memory;
}

void meter_sim_queue_push(struct meter_sim_queue *queue, uint64_t due_us, void *target,
                          uint32_t generation, const void *owner, const uint8_t *bytes,
                          size_t length)
{
    if (queue->count == queue->size) {
        queue->size = queue->size > 0 ? 2 * queue->size : 64;
        queue->heap = must(realloc(queue->heap, queue->size * sizeof(*queue->heap)));
    }
    struct meter_sim_pending *node = must(malloc(sizeof(*node) + length));
    *node = (struct meter_sim_pending){.due_us = due_us,
                                       .order = queue->order++,
                                       .target = target,
                                       .owner = owner,
                                       .generation = generation,
                                       .length = length};
    memcpy(node->bytes, bytes, length);
    /* Sift up: move later ones down until the new one fits. */
    size_t place = queue->count++;
    while (place > 0 && earlier(node, queue->heap[(place - 1) / 2])) {
        queue->heap[place] = queue->heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    queue->heap[place] = node;
}

struct meter_sim_pending *meter_sim_queue_pop(struct meter_sim_queue *queue, uint64_t now_us)
{
    if (queue->count == 0 || queue->heap[0]->due_us > now_us) {
        return NULL;
    }
    /* Sift down: the last takes the first's place, then sinks below all that are earlier. */
    struct meter_sim_pending *first = queue->heap[0];
    struct meter_sim_pending *last = queue->heap[--queue->count];
    size_t place = 0;
    for (size_t child; (child = 2 * place + 1) < queue->count; place = child) {
        if (child + 1 < queue->count && earlier(queue->heap[child + 1], queue->heap[child])) {
            child++;
        }
        if (!earlier(queue->heap[child], last)) {
            break;
        }
        queue->heap[place] = queue->heap[child];
    }
    queue->heap[place] = last;
    return first;
}

int64_t meter_sim_queue_wait_us(const struct meter_sim_queue *queue, uint64_t now_us)
{
    if (queue->count == 0) {
        return -1;
    }
    uint64_t due = queue->heap[0]->due_us;
    return due > now_us ? (int64_t)(due - now_us) : 0;
}

void meter_sim_queue_deinit(struct meter_sim_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++) {
        free(queue->heap[i]);
    }
    free(queue->heap);
    *queue = (struct meter_sim_queue){0};
}
