/* history_backup - a copy of the history while it is in use, and back.
 *
 * A backup is one ordinary history file: every reading that was durable when it began, none after.
 * It is made from a snapshot through a read-only connection, in steps with pauses, so that ticks
 * are written meanwhile as always. Blocks on the disk; one thread.
 */
#pragma once

#include "base/err.h"
#include "engine/history_check.h"

#define HISTORY_BACKUP_PATH 4200

/* Copy the history in `folder` to the new file `to`, then check the copy: `report` is of it. 0, or
 * a code and `err`: then there is no file `to`. Damage that the copy shares with the original is
 * not a failure; the report tells it. */
int history_backup(const char *folder, const char *to, struct history_check_report *report,
                   struct err *err);

/* Put the history of the file `from` in the place of the one in `folder`, which stays beside it
 * under the name that is written to `former` (HISTORY_BACKUP_PATH
 * bytes; "" when there was none). -EBUSY while a
 * daemon uses it, -EBADMSG when `from` is damaged, another code; and `err`: then nothing was
 * changed. A crash on the way leaves the former or the new one in place. */
int history_restore(const char *from, const char *folder, char *former,
                    struct history_check_report *report, struct err *err);
