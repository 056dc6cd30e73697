/* file - whole files, read with a limit and replaced atomically. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Append the file's bytes to `into`. -EFBIG when longer than `most`; other negative errno; `err`
 * may be NULL. */
int file_read(const char *path, size_t most, struct buf *into, struct err *err);

/* The first line of a small file, cut to `size`; "" when it cannot be read. */
void file_read_line(const char *path, char *text, size_t size);

/* A line that is another one after each start of the machine. */
#define FILE_BOOT_ID "/proc/sys/kernel/random/boot_id"

/* Write a new file beside `path`, sync it, rename it over `path`, sync the folder: a crash leaves
 * the old or the new content, never a mixture, and a failure that is returned leaves the old one.
 * Not for paths of which `path`.new or `path`.old are somebody else's. */
int file_replace(const char *path, const void *bytes, size_t length, mode_t mode, struct err *err);

/* Make a folder and its parents; an existing folder is fine. */
int file_make_folder(const char *path, mode_t mode, struct err *err);

/* Make what was renamed, linked or removed at `path` durable: sync its folder. 0 or negative errno.
 */
int file_sync_folder_of(const char *path);
