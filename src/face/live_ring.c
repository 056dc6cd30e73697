#include "face/live_ring.h"

static void drop_first(struct live_ring *ring)
{
    struct block **slot = &ring->blocks[ring->first++ % LIVE_RING_EVENTS];
    ring->bytes -= (*slot)->length;
    *slot = block_unref(*slot);
}

void live_ring_deinit(struct live_ring *ring)
{
    while (ring->first < ring->next)
        drop_first(ring);
}

void live_ring_push(struct live_ring *ring, struct block *block)
{
    while (ring->first < ring->next && (ring->next - ring->first == LIVE_RING_EVENTS ||
                                        ring->bytes + block->length > LIVE_RING_BYTES))
        drop_first(ring);
    ring->blocks[ring->next++ % LIVE_RING_EVENTS] = block;
    ring->bytes += block->length;
}

void live_ring_skip(struct live_ring *ring)
{
    live_ring_deinit(ring);
    ring->first = ++ring->next;
}

struct block *live_ring_get(const struct live_ring *ring, uint64_t number)
{
    return number >= ring->first && number < ring->next ? ring->blocks[number % LIVE_RING_EVENTS]
                                                        : NULL;
}
