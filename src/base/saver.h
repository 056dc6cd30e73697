/* saver - replaces whole files on the worker pool, one after the other in the order of asking.
 *
 * A disk may take ten seconds for an fsync; the loop must not wait for it. Whoever has something to
 * keep builds it on the loop, hands it over, and answers for it only when `done` has said that it
 * is durable (base/file.h, file_replace). One saver per disk: however slow that is, one thread of
 * the pool waits. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"

struct saver;

typedef void saver_done_fn(void *user, const struct err *err); /* code 0: durable */

/* NULL when out of memory. */
struct saver *saver_new(struct loop *loop);

/* What is being written goes on by itself, what has not begun is dropped, no `done` is called any
 * more. Accepts NULL, returns NULL. */
struct saver *saver_free(struct saver *saver);

/* Make `content` the new content of `path`. Its memory passes to the saver, which wipes it (it may
 * hold secrets), also on failure. 0, then `done` is called once, never from inside this call; or
 * -ENOMEM with `err`. */
int saver_write(struct saver *saver, const char *path, mode_t mode, struct buf *content,
                saver_done_fn *done, void *user, struct err *err);

/* Whoever has asked as `user` goes away: its files are written, but nobody is told. */
void saver_forget(struct saver *saver, const void *user);

bool saver_busy(const struct saver *saver);
