/* worker - a named thread for a call that blocks: the store's writer, a serial line that must.
 *
 * A worker owns what it works on and talks to the loop through mailboxes only. It receives no
 * signals: those belong to the loop thread. There is no way to kill one; close its mailbox and join
 * it.
 */
#pragma once

struct worker;

/* Run `run(user)` on a new thread called `name` (at most 15 bytes are shown); NULL when there is no
 * thread to be had. */
struct worker *worker_start(const char *name, void (*run)(void *user), void *user);

/* Wait until `run` has returned; accepts NULL, returns NULL. */
struct worker *worker_join(struct worker *worker);
