#include "disk_vfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A test program has one disk: its state may be global. */
static atomic_long calls, fail_at;
static atomic_int fault_kind;
static atomic_bool fault_stays, has_failed;
static atomic_bool unreadable;
static sqlite3_vfs vfs;
static sqlite3_vfs *real_vfs;

static bool recording;
static struct disk_event *events;
static size_t event_count, event_capacity;

struct disk_file {
    sqlite3_file base;
    sqlite3_file *real; /* right behind this struct */
    enum disk_file_kind kind;
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct disk_file *)file)->real;
}

/* SQLITE_OK, or what this call shall fail with. */
static int pass(int error_code)
{
    long call = atomic_fetch_add(&calls, 1) + 1;
    long at = atomic_load(&fail_at);
    if (at == 0 || call < at || (call > at && !atomic_load(&fault_stays)))
        return SQLITE_OK;
    atomic_store(&has_failed, true);
    return atomic_load(&fault_kind) == DISK_FULL ? SQLITE_FULL : error_code;
}

static void record(sqlite3_file *file, int what, sqlite3_int64 offset, const void *bytes,
                   size_t length)
{
    if (!recording)
        return;
    if (event_count == event_capacity) {
        event_capacity = event_capacity ? event_capacity * 2 : 1024;
        events = realloc(events, event_capacity * sizeof *events);
    }
    struct disk_event *event = &events[event_count++];
    *event = (struct disk_event){.file = ((struct disk_file *)file)->kind,
                                 .offset = offset,
                                 .length = length,
                                 .bytes = length ? malloc(length) : NULL};
    event->what = what;
    if (length)
        memcpy(event->bytes, bytes, length);
}

static int disk_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int disk_read(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset)
{
    if (atomic_load(&unreadable))
        return SQLITE_IOERR_READ;
    return real_of(file)->pMethods->xRead(real_of(file), to, amount, offset);
}

static int disk_write(sqlite3_file *file, const void *from, int amount, sqlite3_int64 offset)
{
    int result = pass(SQLITE_IOERR_WRITE);
    if (result == SQLITE_OK) {
        record(file, DISK_WRITE, offset, from, (size_t)amount);
        return real_of(file)->pMethods->xWrite(real_of(file), from, amount, offset);
    }
    /* a write that fails may have done half its work */
    real_of(file)->pMethods->xWrite(real_of(file), from, amount / 2, offset);
    return result;
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int result = pass(SQLITE_IOERR_TRUNCATE);
    record(file, DISK_TRUNCATE, size, NULL, 0);
    return result == SQLITE_OK ? real_of(file)->pMethods->xTruncate(real_of(file), size) : result;
}

static int disk_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    record(file, DISK_SYNC, 0, NULL, 0);
    return pass(SQLITE_IOERR_FSYNC);
}

static int disk_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int disk_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int disk_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int disk_reserved(sqlite3_file *file, int *result)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), result);
}

static int disk_control(sqlite3_file *file, int what, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), what, argument);
}

static int disk_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int disk_kind(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int disk_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **map)
{
    int result = extend ? pass(SQLITE_IOERR_SHMSIZE) : SQLITE_OK;
    return result == SQLITE_OK
               ? real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, map)
               : result;
}

static int disk_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void disk_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int disk_shm_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_reserved,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_kind,
    .xShmMap = disk_shm_map,
    .xShmLock = disk_shm_lock,
    .xShmBarrier = disk_shm_barrier,
    .xShmUnmap = disk_shm_unmap,
};

static int disk_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
                     int *out_flags)
{
    (void)self;
    struct disk_file *disk = (struct disk_file *)file;
    disk->base.pMethods = NULL;
    disk->real = (sqlite3_file *)(disk + 1);
    disk->kind = flags & SQLITE_OPEN_MAIN_DB ? DISK_DATABASE
                 : flags & SQLITE_OPEN_WAL   ? DISK_LOG
                                             : DISK_OTHER;
    int result = real_vfs->xOpen(real_vfs, name, disk->real, flags, out_flags);
    if (result == SQLITE_OK)
        disk->base.pMethods = &methods;
    return result;
}

/* The linker leads every opening here (--wrap): SQLite gives a new connection its own rhythm of
 * checkpoints last of all, after anything that could be registered to be asked. */
int __real_sqlite3_open_v2(const char *name, sqlite3 **db, int flags, const char *vfs_name);
int __wrap_sqlite3_open_v2(const char *name, sqlite3 **db, int flags, const char *vfs_name);

int __wrap_sqlite3_open_v2(const char *name, sqlite3 **db, int flags, const char *vfs_name)
{
    int result = __real_sqlite3_open_v2(name, db, flags, vfs_name);
    if (result == SQLITE_OK)
        sqlite3_wal_autocheckpoint(*db, 12);
    return result;
}

void disk_vfs_install(void)
{
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "disk";
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct disk_file) + real_vfs->szOsFile;
    vfs.xOpen = disk_open;
    sqlite3_vfs_register(&vfs, 1);
}

void disk_vfs_fail(long call, enum disk_fault fault, bool stays)
{
    atomic_store(&fail_at, 0);
    atomic_store(&calls, 0);
    atomic_store(&has_failed, false);
    atomic_store(&fault_kind, fault);
    atomic_store(&fault_stays, stays);
    atomic_store(&fail_at, call);
}

void disk_vfs_unreadable(bool on)
{
    atomic_store(&unreadable, on);
}

bool disk_vfs_failed(void)
{
    return atomic_load(&has_failed);
}

long disk_vfs_calls(void)
{
    return atomic_load(&calls);
}

void disk_vfs_record(bool on)
{
    recording = on;
}

const struct disk_event *disk_vfs_events(size_t *count)
{
    *count = event_count;
    return events;
}

void disk_vfs_forget(void)
{
    for (size_t i = 0; i < event_count; i++)
        free(events[i].bytes);
    free(events);
    events = NULL;
    event_count = event_capacity = 0;
}
