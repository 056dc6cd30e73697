/* history_salvage - finds every blob of a history that can still be read, in a file that SQLite may
 * refuse.
 *
 * First the trees of pages are walked as SQLite would, from the roots that the schema names, or,
 * where that is gone, from where this program puts them. Then pages that no tree leads to, and
 * pages whose head makes no sense, are searched byte by byte for records whose check sum fits:
 * these are "strays", which may be older versions of what the trees hold. Free pages are left alone
 * as long as the list of them is whole. Reads only. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/history_image.h"
#include "engine/history_look.h"

struct history_found {
    enum history_table table;
    bool whole; /* its check sum fits and all of it can be read; else only table and key count */
    bool stray;
    int64_t key;      /* series: the number; undated: monotonic ms; boot, state: the value */
    const char *text; /* series: the path; undated: the boot; boot, state: the name; else "" */
    int64_t quantity, decimals, first, sum; /* of a series */
    const uint8_t *bytes;                   /* the blob, else NULL */
    size_t length;
    struct history_look look; /* of a blob */
};

/* Receives what is found, valid until it returns; 0 to go on, else the code to stop with. */
typedef int history_found_fn(void *user, const struct history_found *found);

struct history_salvage_tally {
    uint32_t pages;      /* of the file */
    uint32_t unreadable; /* ... the disk could not read */
    uint32_t damaged;    /* ... belong to a tree and make no sense */
    uint32_t stray;      /* ... belong to nothing, and were searched */
};

/* Series come first, strays last. 0, what `fn` returned, or -ENOMEM and `err`. */
int history_salvage(const struct history_image *image, history_found_fn *fn, void *user,
                    struct history_salvage_tally *tally, struct err *err);
