/* history_writer - the thread that owns the store: takes ticks from the loop, gives them back when
 * they are durable.
 *
 * The loop thread makes notes, gives them, and takes them back; whoever holds a note owns it. While
 * the disk refuses, notes wait here up to a bound in bytes and are written when it accepts again.
 * Between ticks the thread tidies the store step by step.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/mailbox.h"
#include "engine/history_store.h"

struct history_writer;

/* A tick on its way, or only a report. */
struct history_note {
    struct mailbox_block block;
    struct history_record record; /* its row points into `row` */
    struct buf row;
    struct history_definition *definitions;
    size_t definition_capacity;
    size_t series_end; /* the loop's: how many series are known once this tick is durable */
    /* filled by the writer */
    bool written; /* durable; else a report, or a tick that could not be written before the end */
    bool is_tick;
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

/* A tick or report that came back; NULL when there is none. */
struct history_note *history_writer_take(struct history_writer *writer);

/* Readable while there is something to take. */
int history_writer_fd(const struct history_writer *writer);
