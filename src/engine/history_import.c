#include "engine/history_import.h"

#include <errno.h>

/* The store cannot take readings of other times yet: what arrives is read, checked and refused. */
int history_import(struct history *history, struct history_import_point *points, size_t count,
                   void (*done)(void *user, uint64_t taken, uint64_t known, const struct err *err),
                   void *user, struct err *err)
{
    (void)history;
    (void)points;
    (void)count;
    (void)done;
    (void)user;
    return err_set(err, -ENOSYS, "this program's store does not take readings from elsewhere yet");
}
