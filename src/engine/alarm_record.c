#include "engine/alarm_record.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/alarm.h"
#include "engine/history.h"

/* More at once are a storm: then all points whose rules say so are recorded. */
#define NAMES_MOST 64
#define NAME_SIZE (LIMIT_PATH + 40) /* a path with its quantity */

struct alarm_record {
    struct loop *loop;
    struct alarms *alarms;
    struct history *history;
    struct alarm_watch watch;
    struct loop_defer defer;
    size_t count;
    char names[NAMES_MOST][NAME_SIZE]; /* copies: the table of alarms may change in this turn */
};

static void on_defer(struct loop_defer *defer, void *user)
{
    struct alarm_record *record = user;
    const char *names[NAMES_MOST];
    bool storm = record->count > NAMES_MOST;
    (void)defer;
    for (size_t i = 0; i < record->count && !storm; i++)
        names[i] = record->names[i];
    history_append_alarm(record->history, names, storm ? 0 : record->count);
    record->count = 0;
}

static void on_changed(void *user, const struct alarm_view *alarm, enum alarm_change change)
{
    struct alarm_record *record = user;
    if (change != ALARM_RAISED && change != ALARM_CLEARED)
        return;
    if (record->count < NAMES_MOST)
        snprintf(record->names[record->count], NAME_SIZE, "%s", alarm->path);
    if (record->count <= NAMES_MOST)
        record->count++;
    loop_defer(record->loop, &record->defer, on_defer, record);
}

struct alarm_record *alarm_record_new(struct loop *loop, struct alarms *alarms,
                                      struct history *history)
{
    struct alarm_record *record = mem_new(sizeof *record);
    record->loop = loop;
    record->alarms = alarms;
    record->history = history;
    record->watch = (struct alarm_watch){.changed = on_changed, .user = record};
    alarms_watch(alarms, &record->watch);
    return record;
}

struct alarm_record *alarm_record_free(struct alarm_record *record)
{
    if (!record)
        return NULL;
    loop_defer_cancel(&record->defer);
    alarms_unwatch(record->alarms, &record->watch);
    free(record);
    return NULL;
}
