/* event_store - the writing side of the event log: records in, durable when write returns; what is
 * too old out again, in small steps.
 *
 * Gives ids and hashes. Everything here blocks on the disk: the writer thread is its only user once
 * it runs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/event_record.h"

struct event_store;

/* What may be kept. */
struct event_policy {
    int64_t keep;  /* us */
    uint64_t most; /* records */
};

/* Open the store in `folder`; `boot` names this start of the machine (its monotonic time begins
 * with it). NULL and `err`. */
struct event_store *event_store_open(const char *folder, const char *boot, struct err *err);
struct event_store *event_store_close(struct event_store *store);

/* Write `count` records in one transaction: fills in their ids (and boot). 0: all are durable; else
 * none is and `err` says why. A damaged file has been set aside after -EBADMSG; try again. */
int event_store_write(struct event_store *store, struct event_record *const *records, size_t count,
                      struct err *err);

/* Remove at most a thousand of the oldest records that the policy does not want, in one transaction
 * with the record that says so. Times are those of the last record written. 1 when there may be
 * more to do, 0 when not, else negative and `err`.
 *
 * By number: down to 99 % of `most`, when there are more than `most`. By age: once in a day of
 * running, and only when the wall clock agreed with the monotonic one over that day: a clock that
 * jumped years ahead must not empty the log. */
int event_store_prune(struct event_store *store, const struct event_policy *policy,
                      struct err *err);

struct event_store_facts {
    uint64_t first, last; /* ids; 0 when empty */
    uint64_t bytes;       /* on disk */
    uint64_t generation;  /* counts up when another file takes the place of the open one */
    const char *notice;   /* a sentence when a damaged file was set aside, else "" */
    bool ran_before;      /* there was a start before this one ... */
    bool ended_well;      /* ... and a stop after it */
};
struct event_store_facts event_store_facts(const struct event_store *store);
