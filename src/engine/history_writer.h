/* history_writer - the thread that owns the store: takes ticks from the loop, gives them back when
 * they are durable.
 *
 * The loop thread makes notes, gives them, and takes them back; whoever holds a note owns it. While
 * the disk refuses, notes wait here up to a bound in bytes and are written when it accepts again.
 * Between ticks the thread tidies the store step by step, and does other work on the store that the
 * loop asks for.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/mailbox.h"
#include "engine/history_store.h"

struct history_writer;

/* A piece of work on the store, on the writer's thread: 0 or negative and `err`. */
typedef int history_job_fn(struct history_store *store, void *user, struct err *err);

/* How it ended, on the thread that takes notes. */
typedef void history_job_done_fn(void *user, int result, const struct err *err);

/* A tick on its way, a job, or only a report. */
struct history_note {
    struct mailbox_block block;
    struct history_record record; /* its row points into `row` */
    struct buf row;
    struct history_definition *definitions;
    size_t definition_capacity;
    size_t series_end; /* the loop's: how many series are known once this tick is durable */
    /* filled by the writer */
    bool written; /* durable; else a report, or a tick that could not be written before the end */
    bool is_tick, is_call;
    bool ok;
    char problem[200];
    char notice[200];
    struct history_store_facts facts; /* its notice is not to be used */
};

struct history_note *history_note_new(void); /* NULL when out of memory */
struct history_note *history_note_free(struct history_note *note);

/* Start the thread, which takes over `store`. NULL (the store stays the caller's) when there is no
 * thread. */
struct history_writer *history_writer_start(struct history_store *store_take);

/* Let the thread write what it has, stop it, close the store. Notes that are left must be taken
 * with history_writer_take before history_writer_free. */
void history_writer_stop(struct history_writer *writer);
struct history_writer *history_writer_free(struct history_writer *writer);

/* Hand a tick over; false when the waiting ones fill their bound: then it stays the caller's, who
 * makes room. */
bool history_writer_give(struct history_writer *writer, struct history_note *note);

/* Take the oldest waiting tick out again, to make room: it will not be written. NULL when none
 * waits. */
struct history_note *history_writer_push_out(struct history_writer *writer);

/* Have `job` done on the writer's thread, after the ticks that wait now; while the disk refuses
 * them, between two attempts (it may be what makes room). `done` is called by
 * history_writer_take(), once; with -ECANCELED when the writer was stopped before. 0; -EBUSY when
 * too many wait, -ENOMEM: then neither is called. */
int history_writer_call(struct history_writer *writer, history_job_fn *job,
                        history_job_done_fn *done, void *user);

/* The bytes that the store may take, from its next step of tidying on; 0: no bound. */
void history_writer_set_space(struct history_writer *writer, uint64_t bytes);

/* A tick or report that came back; NULL when there is none. Of a job `done` has been called. */
struct history_note *history_writer_take(struct history_writer *writer);

/* Readable while there is something to take. */
int history_writer_fd(const struct history_writer *writer);
