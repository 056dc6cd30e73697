/* snmp_table - what the SNMP agent serves: tables of columns over rows, and the walk through them.
 *
 * A table is constant columns (one function each that reads the model) over rows that its owner
 * enumerates whenever they may have changed: nothing is copied from the model, and no value is
 * kept. Scalars are a table whose one row has the index 0. The tree keeps tables in the order of
 * their object identifiers and each table's rows sorted, so GETNEXT is a binary search and the rest
 * of a bulk is one step a cell. Knows nothing of packets and of Net-SNMP. Loop thread only.
 *
 * To serve another MIB: fill a struct snmp_table per table, put them into a struct snmp_part
 * (face/snmp_part.h) and add that to the list in face/snmp_parts.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "face/snmp_value.h"
#include "model/access_role.h"

#define SNMP_INDEX_MOST 4  /* sub-identifiers of a row */
#define SNMP_ENTRY_MOST 24 /* of a table's entry */

/* Who asks, and when: the same for a whole request. */
struct snmp_ask {
    clock_us now, wall; /* monotonic; wall time, 0 while it is not known */
    enum access_role role;
    const char *actor, *origin; /* for commands and events */
};

struct snmp_row {
    uint32_t index[SNMP_INDEX_MOST];
    uint8_t index_length;
    uint32_t number;   /* the table's own, as is: */
    const void *thing; /* alive as long as the table's revision */
};

struct snmp_column {
    uint32_t number; /* its sub-identifier below the entry */
    /* NULL: not to be read (part of an index). The value now; false: this row has none, and the
     * walk goes on with the next. `value` has room for text that is made on the spot. */
    bool (*get)(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                struct snmp_value *value);
    bool writable; /* through the table's `set` */
    /* For the text of our own MIB (face/snmp_mib.h); NULL in tables of other MIBs. */
    const char *name, *syntax, *help;
};

/* One variable of a SET that was found in a table. */
struct snmp_set_item {
    const struct snmp_table *table;
    const struct snmp_column *column;
    const struct snmp_row *row;
    struct snmp_value value;
};

/* All of one SET, so that a column may look at what is wished beside it. */
struct snmp_set {
    const struct snmp_ask *ask;
    size_t count;
    const struct snmp_set_item *items;
};

struct snmp_rows; /* being enumerated */

struct snmp_table {
    snmp_sub entry[SNMP_ENTRY_MOST]; /* of the entry: columns are below it */
    size_t entry_length;
    const struct snmp_column *columns; /* ascending numbers */
    size_t column_count;

    /* Say every row with snmp_rows_add(), in any order. NULL: scalars. */
    void (*rows)(void *user, struct snmp_rows *rows);
    /* Another number whenever rows come, go or lose their `thing`. NULL: never (scalars). */
    uint64_t (*revision)(void *user);
    /* One item of a SET: first each with `commit` false (check everything, change nothing), then
     * each with true. 0 or an error status of RFC 3416 (enum snmp_status). Called only for writable
     * columns and for who may control. NULL when nothing is writable. */
    int (*set)(void *user, const struct snmp_set *set, size_t item, bool commit);
    void *user;

    /* the tree's */
    struct snmp_row *list;
    size_t count, capacity;
    uint64_t seen;
    bool fresh;
};

/* An index that was said before is left out. */
void snmp_rows_add(struct snmp_rows *rows, const struct snmp_row *row);

/* Other variables of the same row: the item of `column` (its number), or NULL. */
const struct snmp_set_item *snmp_set_beside(const struct snmp_set *set, size_t item,
                                            uint32_t column);

/* ---- the tree -------------------------------------------------------------------------------- */

struct snmp_tree;

struct snmp_tree *snmp_tree_new(void);
/* Tables are their owners'; accepts NULL, returns NULL. */
struct snmp_tree *snmp_tree_free(struct snmp_tree *tree);

/* `table` is borrowed until it is removed; it has a column at least. Nothing of one table may stand
 * between cells of another (asserted): scalars around a table are two tables. */
void snmp_tree_add(struct snmp_tree *tree, struct snmp_table *table);
void snmp_tree_remove(struct snmp_tree *tree, struct snmp_table *table);

/* Whether something was left out since this was last asked: there was no memory for rows, or the
 * request made too much work. To be called after each request. */
bool snmp_tree_failed(struct snmp_tree *tree);

/* A cell: what an object identifier means. Dead when the model changes: use it within a request. */
struct snmp_cell {
    struct snmp_table *table;
    size_t column, row; /* indices */
};

enum snmp_found {
    SNMP_FOUND,
    SNMP_NO_OBJECT,   /* there is no such table or column */
    SNMP_NO_INSTANCE, /* there is no such row, or it has no value now */
};

/* Exactly this one. With SNMP_FOUND `value` is filled (`value` NULL: the cell is only looked for,
 * whether or not it has a value now). */
enum snmp_found snmp_tree_get(struct snmp_tree *tree, const snmp_sub *oid, size_t length,
                              const struct snmp_ask *ask, struct snmp_cell *cell,
                              struct snmp_value *value);

/* The first cell with a value after this identifier; false at the end. */
bool snmp_tree_next(struct snmp_tree *tree, const snmp_sub *oid, size_t length,
                    const struct snmp_ask *ask, struct snmp_cell *cell, struct snmp_value *value);

/* The next one after a cell of the same request. */
bool snmp_tree_step(struct snmp_tree *tree, const struct snmp_ask *ask, struct snmp_cell *cell,
                    struct snmp_value *value);

/* The cell's identifier into `oid` (SNMP_OID_MOST); returns its length. */
size_t snmp_cell_oid(const struct snmp_cell *cell, snmp_sub *oid);
