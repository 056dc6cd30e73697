/* disk_vfs - a disk that fails on command, under SQLite: the Nth call that changes a file fails,
 * once or from then on.
 *
 * Wraps the usual VFS and becomes the default one, so that the program under test needs to know
 * nothing. Syncs are counted but not done: these tests are about what is said, not about power.
 * Thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum disk_fault { DISK_FULL, DISK_ERROR };

/* Register as SQLite's default; every connection from then on checkpoints after a few pages, so
 * that all paths are walked. */
void disk_vfs_install(void);

/* Let call number `call` from now on (1 is the next) fail, and all after it if `stays`. 0: none
 * fails. */
void disk_vfs_fail(long call, enum disk_fault fault, bool stays);

/* Let every read fail, or none. */
void disk_vfs_unreadable(bool on);

/* Whether a call has failed since disk_vfs_fail, and how many calls there were. */
bool disk_vfs_failed(void);
long disk_vfs_calls(void);

/* ---- a record of what reaches the disk, for power that fails ---------------------------------- */

enum disk_file_kind { DISK_DATABASE, DISK_LOG, DISK_OTHER };

struct disk_event {
    enum { DISK_WRITE, DISK_TRUNCATE, DISK_SYNC } what;
    enum disk_file_kind file;
    long long offset; /* or the new size */
    size_t length;
    unsigned char *bytes;
};

/* Begin to record, or stop; the events so far stay. One thread. */
void disk_vfs_record(bool on);
const struct disk_event *disk_vfs_events(size_t *count);
void disk_vfs_forget(void);
