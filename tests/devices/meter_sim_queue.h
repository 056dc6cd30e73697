/* meter_sim_queue - answers that are not sent at once, in the order in which they fall due.
 *
 * A binary heap of copies. Equal times leave in the order in which they came. A target is only a
 * pointer and a generation to compare: whoever takes an answer out checks that the target is still
 * the same.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct meter_sim_pending {
    uint64_t due_us, order;
    void *target;
    const void *owner; /* whose answer it is, for those that are held back */
    uint32_t generation;
    size_t length;
    uint8_t bytes[];
};

struct meter_sim_queue {
    struct meter_sim_pending **heap;
    size_t count, size;
    uint64_t order;
};

/* Copies the bytes. Exits the program when memory is out: this is a test tool. */
void meter_sim_queue_push(struct meter_sim_queue *queue, uint64_t due_us, void *target,
                          uint32_t generation, const void *owner, const uint8_t *bytes,
                          size_t length);

/* The first that is due at now_us, or NULL. The caller frees it. */
struct meter_sim_pending *meter_sim_queue_pop(struct meter_sim_queue *queue, uint64_t now_us);

/* Microseconds until the first falls due, -1 if there is none. */
int64_t meter_sim_queue_wait_us(const struct meter_sim_queue *queue, uint64_t now_us);

void meter_sim_queue_deinit(struct meter_sim_queue *queue);
