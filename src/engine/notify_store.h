/* notify_store - what waits, on the disk: `notices.db`.
 *
 * Texts of what waits are here alone once they are written; notify keeps records. Changed by small
 * steps (struct notify_op), several in one transaction; the records are read once, at the start.
 * Everything here blocks on the disk: the writer thread is its only user once it runs.
 * notify_fetch reads texts with a connection of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/database.h"
#include "engine/notify_queue.h"

struct notify_store;

/* MARK, KEEP and SWEEP bring a store that has missed steps back into line: what is not kept in
 * between goes. They belong into one transaction. */
enum notify_op_kind {
    NOTIFY_OP_ADD,  /* `entry` waits for `recipient` */
    NOTIFY_OP_JOB,  /* `id` belongs to `job` from now on (0: to none), and is kept */
    NOTIFY_OP_DONE, /* `id` is delivered or given up */
    NOTIFY_OP_LOST, /* `recipient` has not been told yet that `count` were lost since `since` */
    NOTIFY_OP_MARK,
    NOTIFY_OP_KEEP, /* of `recipient` and `severity`, what has `id` or a higher one */
    NOTIFY_OP_SWEEP,
};

struct notify_op {
    struct notify_op *next;
    enum notify_op_kind kind;
    enum alarm_severity severity;
    uint64_t id, job, count;
    clock_us since;
    struct notify_entry *entry; /* the op is one of its users */
    char recipient[64];
};

struct notify_op *notify_op_free(struct notify_op *op); /* and all that follow */

extern const struct database_kind notify_database;

/* Open (or make) the store in `folder`. `floor` is the wall time in seconds, 0 when it is not
 * known. NULL and `err`. */
struct notify_store *notify_store_open(const char *folder, int64_t floor, struct err *err);
struct notify_store *notify_store_close(struct notify_store *store);

/* Number of this run of the program: higher than that of any run before, also when the file was
 * lost in between as long as the clock is right. On the disk already. */
uint32_t notify_store_run(const struct notify_store *store);

/* What waited when it was opened: calls `fn` with records, without texts, in order and with the
 * job that each belongs to, then with what was lost (record NULL). 0, or negative with `err`. */
typedef void notify_store_fn(void *user, const char *recipient, const struct notify_record *record,
                             uint64_t job, uint64_t lost, clock_us since);
int notify_store_read(struct notify_store *store, notify_store_fn *fn, void *user, struct err *err);

/* Carry out lists of steps in one transaction. 0: durable; else nothing has changed and `err` says
 * why. After -EBADMSG a damaged file has been set aside: try again. Another file takes over what
 * can be read of the one before. */
int notify_store_write(struct notify_store *store, struct notify_op *const *lists, size_t count,
                       struct err *err);

/* Counts up when another file took the place of the open one: steps may have been missed. */
uint64_t notify_store_generation(const struct notify_store *store);
const char *notify_store_notice(const struct notify_store *store);
