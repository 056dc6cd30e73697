/* history_check - is everything in a history whole, and what is there?
 *
 * Reads every blob of the file to its end through a read-only connection and one snapshot, so it
 * may run while a daemon records. Damage is told blob by blob with its series and time. Blocks on
 * the disk; one thread; logs nothing.
 */
#pragma once

#include <sqlite3.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/history_look.h"

struct history_damage {
    enum history_table table;
    int64_t key;
    struct history_look look; /* what the key says: series, level, from */
    const char *path;         /* of the series, NULL when it is of many or has no name */
};

typedef void history_damage_fn(void *user, const struct history_damage *damage);

struct history_check_report {
    uint64_t bytes; /* of the file and the log beside it */
    uint64_t series;
    uint64_t blobs[HISTORY_TABLES], damaged[HISTORY_TABLES];
    uint64_t readings, rows; /* in whole blobs */
    int64_t from, until;     /* ms, that those span; 0 when there is none */
    char structure[200];     /* what SQLite says of the pages; "" when it finds no fault */
};

/* 0 when the file could be checked, whatever was found; else a code and `err`: it is not there, not
 * a history, of a newer busbar. `damage` may be NULL. */
int history_check(const char *path, history_damage_fn *damage, void *user,
                  struct history_check_report *report, struct err *err);

/* Anything damaged. */
bool history_check_found_damage(const struct history_check_report *report);

/* A read-only connection to a history file by its name; a file in a folder that cannot be written,
 * too. NULL and `err`. Close with sqlite3_close. */
sqlite3 *history_check_connect(const char *path, struct err *err);
