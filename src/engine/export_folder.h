/* export_folder - what lies in the export folder: listing it and keeping it within its quota.
 *
 * Only files with names of ours are seen; whatever else somebody puts there is neither shown nor
 * removed. Everything blocks on the disk: call it on the worker pool, from any thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/export_name.h"

/* What is being written has this before its name, and is not seen by anybody. */
#define EXPORT_UNFINISHED ".new-"

struct export_entry {
    struct export_name name;
    uint64_t bytes;
    int64_t modified_ns; /* since 1970 */
};

struct export_list {
    struct export_entry *entries;
    size_t count;
};

#define EXPORT_LIST_EMPTY ((struct export_list){0})

/* Fill an empty list, oldest period first. A folder that does not exist is empty. 0 or negative and
 * `err`; deinit in both cases. */
int export_folder_list(const char *folder, struct export_list *list, struct err *err);
void export_list_deinit(struct export_list *list);

struct export_facts {
    size_t files;
    uint64_t bytes;
    char oldest[11], newest[11]; /* dates, "" when there are no files */
};

/* Remove the oldest files until the rest has at most `quota` bytes, and say what is left. */
int export_folder_tidy(const char *folder, uint64_t quota, struct export_facts *facts,
                       struct err *err);

/* Remove what an earlier run left unfinished. */
void export_folder_sweep(const char *folder);
