/* mailbox - hands blocks of memory over between the loop thread and one worker thread.
 *
 * A bounded queue: blocks embed struct mailbox_block as their first member, and whoever holds a
 * block owns it. The loop never waits: it watches mailbox_fd(), which is readable while blocks are
 * there. A worker waits in mailbox_take() or mailbox_pause(). The only place besides log and worker
 * that knows locks; every function may be called from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

struct mailbox;

struct mailbox_block {
    struct mailbox_block *next; /* the mailbox's while it is inside */
    size_t weight;              /* bytes that it counts against the bound; set by the owner */
};

/* At most `blocks` blocks and `bytes` bytes of weight (one block always fits); NULL when out of
 * memory or descriptors. */
struct mailbox *mailbox_new(size_t blocks, size_t bytes);

/* Accepts NULL, returns NULL. What is still inside must have been taken out (asserted): only the
 * owner knows how to free it. */
struct mailbox *mailbox_free(struct mailbox *mailbox);

/* Hand `block` over; false when the mailbox is full or closed: then it stays the caller's. */
bool mailbox_give(struct mailbox *mailbox, struct mailbox_block *block);

/* The oldest block, which is the caller's from now on. Waits up to `wait` (0: not at all,
 * CLOCK_NEVER: for ever) for one to come; NULL when none came, at once when the mailbox is closed
 * and empty. */
struct mailbox_block *mailbox_take(struct mailbox *mailbox, clock_us wait);

/* Let `wait` pass without taking anything; true, at once, when the mailbox is closed. */
bool mailbox_pause(struct mailbox *mailbox, clock_us wait);

/* Nothing comes in any more, waiters wake up; what is inside can still be taken. */
void mailbox_close(struct mailbox *mailbox);

/* Readable while blocks are inside; to be watched, not read. */
int mailbox_fd(const struct mailbox *mailbox);
