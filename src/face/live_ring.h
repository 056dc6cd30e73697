/* live_ring - the last events of a channel, rendered, numbered without gaps.
 *
 * Bounded in number and bytes: the oldest go first, and who asks for them gets nothing and needs a
 * snapshot. Embedded; owns one reference of each block.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "face/block.h"

#define LIVE_RING_EVENTS 128
#define LIVE_RING_BYTES (512u * 1024)

struct live_ring {
    struct block *blocks[LIVE_RING_EVENTS];
    uint64_t first, next; /* oldest number held, number of the next event; equal when empty */
    size_t bytes;
};

#define LIVE_RING_EMPTY ((struct live_ring){.first = 1, .next = 1})

void live_ring_deinit(struct live_ring *ring);

/* Append an event; takes the reference. The newest is always held, however large. */
void live_ring_push(struct live_ring *ring, struct block *block);

/* A number is used up by an event that could not be held (no memory): everybody will need a
 * snapshot. */
void live_ring_skip(struct live_ring *ring);

/* The event with that number, borrowed; NULL when it is not held (any more, or yet). */
struct block *live_ring_get(const struct live_ring *ring, uint64_t number);
