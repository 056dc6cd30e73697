#include "disk_vfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

/* A test program has one disk: its state may be global. */
static atomic_long calls, fail_at;
static atomic_int fault_kind;
static atomic_bool fault_stays, has_failed;
static sqlite3_vfs vfs;
static sqlite3_vfs *real_vfs;

struct disk_file {
    sqlite3_file base;
    sqlite3_file *real; /* right behind this struct */
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

static int disk_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int disk_read(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), to, amount, offset);
}

static int disk_write(sqlite3_file *file, const void *from, int amount, sqlite3_int64 offset)
{
    int result = pass(SQLITE_IOERR_WRITE);
    if (result == SQLITE_OK)
        return real_of(file)->pMethods->xWrite(real_of(file), from, amount, offset);
    /* a write that fails may have done half its work */
    real_of(file)->pMethods->xWrite(real_of(file), from, amount / 2, offset);
    return result;
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int result = pass(SQLITE_IOERR_TRUNCATE);
    return result == SQLITE_OK ? real_of(file)->pMethods->xTruncate(real_of(file), size) : result;
}

static int disk_sync(sqlite3_file *file, int flags)
{
    (void)file;
    (void)flags;
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
    int result = real_vfs->xOpen(real_vfs, name, disk->real, flags, out_flags);
    if (result == SQLITE_OK)
        disk->base.pMethods = &methods;
    return result;
}

static int quick_checkpoints(sqlite3 *db, const char **message,
                             const struct sqlite3_api_routines *routines)
{
    (void)message;
    (void)routines;
    return sqlite3_wal_autocheckpoint(db, 12);
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
    sqlite3_auto_extension((void (*)(void))quick_checkpoints);
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

bool disk_vfs_failed(void)
{
    return atomic_load(&has_failed);
}

long disk_vfs_calls(void)
{
    return atomic_load(&calls);
}
