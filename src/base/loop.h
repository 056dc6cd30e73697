/* loop - the one place that waits.
 *
 * A thin shell over libuv: file descriptors, timers with microsecond deadlines, work for the end of
 * a turn, jobs for the worker pool, signals. Everything runs on the thread that calls loop_run(),
 * except the `work` function of a job. Timers live in a heap of our own and ask base/clock, so a
 * loop with a fake clock runs a year of deadlines in seconds (loop_advance).
 *
 * All handles are embedded in the structs of their users (`X_EMPTY` is valid, stop is idempotent)
 * and must be stopped before their memory goes away. Callbacks may stop or restart any handle,
 * their own included. Nothing here allocates after loop_new() except loop_job_start and growth of
 * the heap.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct loop;

/* A new loop that reads `clock` (borrowed, must outlive it); NULL when out of memory or
 * descriptors. */
struct loop *loop_new(struct clock *clock);

/* Frees the loop; accepts NULL; every handle must have been stopped. Returns NULL. */
struct loop *loop_free(struct loop *loop);

struct clock *loop_clock(struct loop *loop);

/* Monotonic and wall time as of the start of this turn: one reading shared by all that happens in
 * it. */
clock_us loop_now(const struct loop *loop);
clock_us loop_wall(const struct loop *loop);

/* Run until loop_stop(). */
void loop_run(struct loop *loop);

/* Handle what is ready now, without waiting. For tests and embedding. */
void loop_poll(struct loop *loop);

/* Fake clock only: let `by` pass, firing every timer at its own deadline, with descriptors served.
 */
void loop_advance(struct loop *loop, clock_us by);

void loop_stop(struct loop *loop);

/* Call `fn` first, before any callback, when more than `gap` has passed since the one before: the
 * program or the machine stood still, and timers that should have fired have not yet (descriptors
 * are served before them). One listener. */
void loop_on_gap(struct loop *loop, clock_us gap, void (*fn)(void *user), void *user);

/* ---- timers ---------------------------------------------------------------------------------- */

struct loop_timer;
typedef void loop_timer_fn(struct loop_timer *timer, void *user);

struct loop_timer {
    struct loop *loop; /* NULL while stopped */
    clock_us deadline;
    clock_us period; /* 0: once */
    size_t slot;     /* place in the heap */
    uint64_t order;  /* of two with the same deadline the one that was started first fires first */
    loop_timer_fn *fn;
    void *user;
};

#define LOOP_TIMER_EMPTY ((struct loop_timer){0})

/* Call `fn` once at the monotonic `deadline` (a past one fires in the next turn). Restarts a
 * running timer. */
void loop_timer_at(struct loop *loop, struct loop_timer *timer, clock_us deadline,
                   loop_timer_fn *fn, void *user);

/* Call `fn` after `delay`, then every `period` (> 0) without drift; missed periods are skipped, not
 * made up. */
void loop_timer_every(struct loop *loop, struct loop_timer *timer, clock_us delay, clock_us period,
                      loop_timer_fn *fn, void *user);

void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_running(const struct loop_timer *timer);

/* ---- file descriptors ------------------------------------------------------------------------ */

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };

struct loop_fd;
typedef void loop_fd_fn(struct loop_fd *handle, int events, void *user);

struct loop_fd {
    struct loop *loop; /* NULL while stopped */
    void *watch;       /* libuv's part, kept apart so that users need no libuv header */
    int fd, events;
    loop_fd_fn *fn;
    void *user;
};

#define LOOP_FD_EMPTY ((struct loop_fd){.fd = -1})

/* Call `fn` while `fd` is ready for `events` (level-triggered). Calling again changes the events.
 * The descriptor stays the caller's: stop first, then close. 0 or negative errno. */
int loop_fd_start(struct loop *loop, struct loop_fd *handle, int fd, int events, loop_fd_fn *fn,
                  void *user);
void loop_fd_stop(struct loop_fd *handle);

/* ---- end of the turn ------------------------------------------------------------------------- */

struct loop_defer;
typedef void loop_defer_fn(struct loop_defer *defer, void *user);

struct loop_defer {
    struct loop_defer *next;
    struct loop_defer **queue; /* the list it waits in; NULL while not queued */
    loop_defer_fn *fn;
    void *user;
};

#define LOOP_DEFER_EMPTY ((struct loop_defer){0})

/* Call `fn` once when all events of this turn have been handled; queueing twice calls once. */
void loop_defer(struct loop *loop, struct loop_defer *defer, loop_defer_fn *fn, void *user);
void loop_defer_cancel(struct loop_defer *defer);

/* ---- jobs for the worker pool ---------------------------------------------------------------- */

/* `work` runs on a pool thread and may block; it must touch nothing but `user`, which it owns until
 * `done` runs on the loop thread. 0 or negative errno. */
int loop_job_start(struct loop *loop, void (*work)(void *user), void (*done)(void *user),
                   void *user);

/* Make the threads of the pool now. libuv makes them for the first job and ends the program when it
 * cannot, which must not happen to a program that already serves. 0 or negative errno. */
int loop_pool_start(struct loop *loop);

/* ---- signals --------------------------------------------------------------------------------- */

/* Call `fn` on the loop thread whenever signal `number` arrives, until the loop is freed. 0 or
 * negative errno. */
int loop_on_signal(struct loop *loop, int number, void (*fn)(int number, void *user), void *user);
