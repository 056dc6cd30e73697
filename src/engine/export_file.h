/* export_file - the file of one device and period, in parts of at most 5 MB.
 *
 * Each part is written under a name that nobody sees, made durable and renamed: a reader gets the
 * old part or the new one, never half of one. Everything blocks on the disk: one worker at a time
 * uses it, the loop only makes it.
 */
#pragma once

#include "base/err.h"
#include "engine/export_name.h"
#include "engine/history_csv.h"

#define EXPORT_PART_MOST 5000000u /* bytes */

struct export_file;

/* Where the last part begins: a file that grows is written again from here. */
struct export_place {
    unsigned part;
    clock_us begin; /* its first row; options.from before there was one */
};

/* `name` is of the first part to write, `options.from` the first time in it. Texts are copied.
 * NULL without memory. */
struct export_file *export_file_new(const char *folder, const struct export_name *name,
                                    const struct history_csv_options *options);

/* Append what `count` series (the same in each call) hold. Buckets before options.from only serve
 * the first differences. 0 or negative and `err`, then it can only be freed. */
int export_file_write(struct export_file *file, const struct history_series *series, size_t count,
                      struct err *err);

/* The last part takes its place, and parts of an earlier, longer file go. Without any row nothing
 * is made and nothing changes. */
int export_file_finish(struct export_file *file, struct err *err);

struct export_place export_file_place(const struct export_file *file);

/* What is unfinished is thrown away. Accepts NULL, returns NULL. */
struct export_file *export_file_free(struct export_file *file);
