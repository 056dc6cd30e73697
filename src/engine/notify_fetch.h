/* notify_fetch - reads the texts of some notices from the disk, on the worker pool.
 *
 * One question, one answer; it touches nothing of who asked until it is done. notify_job asks, for
 * what is to be sent next; loop thread only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "engine/notify_queue.h"

#define NOTIFY_FETCH_MOST 100 /* ids in one question */

struct notify_fetch;

/* `entries_take` has one for each id that was asked for, NULL where the disk has it no more, or its
 * row is damaged (`err` names that, with code 0). With a negative code all are NULL: the store
 * could not be read. */
typedef void notify_fetch_fn(void *user, struct notify_entry **entries_take, size_t count,
                             const struct err *err);

/* NULL when out of memory. `fn` is called later, never from here. */
struct notify_fetch *notify_fetch_start(struct loop *loop, const char *folder, const uint64_t *ids,
                                        size_t count, notify_fetch_fn *fn, void *user);

/* Who asked goes away: `fn` will not be called. Accepts NULL, returns it. */
struct notify_fetch *notify_fetch_forget(struct notify_fetch *fetch);
