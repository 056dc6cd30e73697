#include "engine/notify.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/notify_private.h"

#define BYTES_EACH 1024 /* `most` times so many bytes is the bound of the queue on the disk */

const char *notice_kind_name(enum notice_kind kind)
{
    static const char *const names[] = {
        [NOTICE_ALARM] = "alarm",     [NOTICE_BOOT] = "boot",
        [NOTICE_CONTROL] = "control", [NOTICE_SIGN_IN_REFUSED] = "sign-in-refused",
        [NOTICE_REPORT] = "report",   [NOTICE_TEST] = "test",
        [NOTICE_LOSS] = "loss",       [NOTICE_EVENT] = "event",
        [NOTICE_UPS] = "ups",
    };
    return names[kind];
}

void notify_event(struct notify *notify, enum event_kind kind, const char *object,
                  const char *format, ...)
{
    char text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    event_log_add(notify->events, &(struct event){.kind = kind, .object = object, .text = text});
}

/* ---- targets --------------------------------------------------------------------------------- */

struct notify_target *notify_find(const struct notify *notify, const char *name)
{
    for (size_t i = 0; i < notify->target_count; i++) {
        if (strcmp(notify->targets[i]->name, name) == 0)
            return notify->targets[i];
    }
    return NULL;
}

static struct notify_target *add_target(struct notify *notify, const char *name)
{
    assert(notify->target_count < RECIPIENTS_MOST);
    struct notify_target *target = mem_new(sizeof *target);
    target->notify = notify;
    snprintf(target->name, sizeof target->name, "%s", name);
    target->notices = mem_new(NOTIFY_TOGETHER_MOST * sizeof *target->notices);
    target->picked = mem_new(NOTIFY_TOGETHER_MOST * sizeof *target->picked);
    target->timer = LOOP_TIMER_EMPTY;
    target->defer = LOOP_DEFER_EMPTY;
    target->due = CLOCK_NEVER;
    notify->targets[notify->target_count++] = target;
    return target;
}

static void free_target(struct notify_target *target)
{
    loop_timer_stop(&target->timer);
    loop_defer_cancel(&target->defer);
    notify_job_forget_fetch(target);
    for (size_t i = 0; i < target->picked_count; i++)
        notify_entry_drop(target->picked[i].entry);
    notify_queue_deinit(&target->queue);
    free(target->picked);
    free(target->notices);
    free(target->words);
    free(target);
}

/* Take it out of the sums and drop it; the disk is told. */
static void forget(struct notify_target *target, struct notify_record *record)
{
    target->notify->count--;
    target->notify->bytes -= record->bytes;
    notify_keep_done(target->notify, record, 1);
    record->entry = notify_entry_drop(record->entry);
}

void notify_lose(struct notify_target *target, struct notify_record *record)
{
    if (!target->lost++) {
        const struct clock *clock = loop_clock(target->notify->loop);
        target->lost_since = clock_wall_known(clock) ? loop_wall(target->notify->loop) : 0;
        notify_event(target->notify, EVENT_NOTICES_LOST, target->name,
                     "Notices for %s are given up: %s", target->name,
                     *target->problem ? target->problem : "more wait than may");
    }
    target->given_up++;
    if (record)
        forget(target, record);
    notify_keep_lost(target);
}

/* All that waits for it is given up. */
static void empty_target(struct notify_target *target, const char *why)
{
    size_t count = target->picked_count;
    struct notify_record record;
    notify_send_abandon(target);
    notify_job_forget_fetch(target);
    notify_job_end(target);
    for (; notify_queue_take(&target->queue, ALARM_INFO, &record); count++)
        forget(target, &record);
    if (target->lost) {
        target->lost = 0;
        notify_keep_lost(target);
    }
    target->given_up += count;
    target->back_off = 0;
    target->problem[0] = '\0';
    if (count)
        notify_event(target->notify, EVENT_NOTICES_LOST, target->name,
                     "%zu notice%s for %s, which waited, %s given up: the recipient was %s", count,
                     count == 1 ? "" : "s", target->name, count == 1 ? "is" : "are", why);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void remove_unnamed(struct notify *notify)
{
    for (size_t i = notify->target_count; i-- > 0;) {
        struct notify_target *target = notify->targets[i];
        if (target->named)
            continue;
        empty_target(target, "removed");
        notify->target_count--;
        memmove(&notify->targets[i], &notify->targets[i + 1],
                (notify->target_count - i) * sizeof *notify->targets);
        free_target(target);
    }
}

/* Its settings from now on; what is under way by another way than before is taken back. */
static void adopt(struct notify_target *target, const struct recipient *settings)
{
    const struct recipient *before = target->settings;
    if (before && !recipient_same_way(before, settings)) {
        notify_send_abandon(target);
        target->back_off = 0; /* the new way may work */
    }
    target->settings = settings;
    target->job.recipient = settings;
    target->job.site = target->notify->site->name;
    if (!settings->enabled)
        empty_target(target, "switched off");
}

/* Names of before that are not there any more must make room first. */
static void mark_named(struct notify *notify, const struct config *config)
{
    for (size_t i = 0; i < notify->target_count; i++)
        notify->targets[i]->named = recipient_find(config, notify->targets[i]->name);
}

void notify_configure(struct notify *notify, const struct config *config)
{
    size_t count = config_count(config, &recipient_settings_table);
    notify->config = config;
    notify->settings = config_record(config, &notify_settings_table);
    notify->hours = config_record(config, &business_hours_table);
    notify->site = config_record(config, &site_settings_table);
    mark_named(notify, config);
    remove_unnamed(notify);
    for (size_t i = 0; i < count; i++) {
        const char *name = config_name_at(config, &recipient_settings_table, i);
        struct notify_target *target = notify_find(notify, name);
        adopt(target ? target : add_target(notify, name),
              config_at(config, &recipient_settings_table, i));
    }
    for (size_t i = 0; i < notify->target_count; i++)
        notify_send_due(notify->targets[i]);
}

/* ---- room ------------------------------------------------------------------------------------ */

static bool is_full(const struct notify *notify, size_t more)
{
    size_t most = (size_t)notify->settings->most;
    return notify->count >= most || notify->bytes + more > most * BYTES_EACH;
}

/* The oldest of the least severe that waits, of all recipients. Jobs stay whole. */
static struct notify_target *find_least(struct notify *notify, enum alarm_severity severity)
{
    struct notify_target *found = NULL;
    uint64_t oldest = UINT64_MAX;
    for (size_t i = 0; i < notify->target_count; i++) {
        const struct notify_record *record =
            notify_queue_oldest(&notify->targets[i]->queue, severity);
        if (record && record->id < oldest) {
            oldest = record->id;
            found = notify->targets[i];
        }
    }
    return found;
}

/* Give up one that is at most so severe; false when there is none. */
static bool make_room(struct notify *notify, enum alarm_severity most)
{
    for (int severity = 0; severity <= (int)most; severity++) {
        struct notify_target *target = find_least(notify, (enum alarm_severity)severity);
        struct notify_record record;
        if (!target ||
            !notify_queue_take_of(&target->queue, (enum alarm_severity)severity, &record))
            continue;
        notify_lose(target, &record);
        return true;
    }
    return false;
}

/* ---- what comes in --------------------------------------------------------------------------- */

/* One notice for one recipient; older and less severe ones make room for it. */
static int put(struct notify_target *target, const struct notice *notice)
{
    struct notify *notify = target->notify;
    struct notify_entry *entry = notify_entry_new(notice, notify->next_id);
    bool room = entry;
    while (room && is_full(notify, entry->bytes))
        room = make_room(notify, notice->severity);
    if (!room || !notify_queue_add(&target->queue, notify_record_of(entry))) {
        int code = entry && !room ? -ENOSPC : -ENOMEM;
        notify_entry_drop(entry);
        notify_lose(target, NULL);
        return code;
    }
    notify->next_id++;
    notify->count++;
    notify->bytes += entry->bytes;
    notify_keep_add(target, entry);
    notify_send_new(target, notice->kind == NOTICE_TEST);
    return 0;
}

int notify_add(struct notify *notify, const struct notice *notice)
{
    const struct clock *clock = loop_clock(notify->loop);
    clock_us wall = clock_wall_known(clock) ? loop_wall(notify->loop) : 0;
    int result = 0;
    for (size_t i = 0; i < notify->target_count; i++) {
        struct notify_target *target = notify->targets[i];
        const struct recipient *settings = target->settings;
        if (!settings->enabled || !recipient_wants(settings, target->name, notice) ||
            (notice->kind != NOTICE_TEST && !notify_hours_on_duty(settings, notify->hours, wall)))
            continue;
        int code = put(target, notice);
        if (result == 0)
            result = code;
    }
    return result;
}

/* ---- routes ---------------------------------------------------------------------------------- */

void notify_route_add(struct notify *notify, struct notify_route *route)
{
    route->next = notify->routes;
    notify->routes = route;
    for (size_t i = 0; i < notify->target_count; i++)
        notify_send_due(notify->targets[i]);
}

void notify_route_remove(struct notify *notify, struct notify_route *route)
{
    for (size_t i = 0; i < notify->target_count; i++) {
        if (notify->targets[i]->route == route)
            notify_send_abandon(notify->targets[i]);
    }
    for (struct notify_route **at = &notify->routes; *at; at = &(*at)->next) {
        if (*at == route) {
            *at = route->next;
            return;
        }
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

/* One that waited when the program ended, or (record NULL) what was lost and not told. */
static void on_kept(void *user, const char *name, const struct notify_record *record, uint64_t job,
                    uint64_t lost, clock_us since)
{
    struct notify *notify = user;
    struct notify_target *target = notify_find(notify, name);
    if (!target && notify->target_count < RECIPIENTS_MOST)
        target = add_target(notify, name);
    if (!target)
        return; /* the settings have another full set of recipients */
    if (!record) {
        target->lost = lost;
        target->lost_since = since;
        return;
    }
    notify->count++;
    notify->bytes += record->bytes;
    notify_job_resume(target, *record, job);
}

struct notify *notify_open(const struct notify_context *context, const struct config *config)
{
    struct notify *notify = mem_new(sizeof *notify);
    notify->loop = context->loop;
    notify->events = context->events;
    snprintf(notify->folder, sizeof notify->folder, "%s", context->folder);
    notify_keep_open(notify, on_kept);
    notify_configure(notify, config);
    return notify;
}

struct notify *notify_close(struct notify *notify)
{
    if (!notify)
        return NULL;
    assert(!notify->routes);
    notify->closing = true;
    notify_keep_close(notify);
    for (size_t i = 0; i < notify->target_count; i++)
        free_target(notify->targets[i]);
    free(notify);
    return NULL;
}

/* ---- for faces ------------------------------------------------------------------------------- */

size_t notify_count(const struct notify *notify)
{
    return notify->target_count;
}

struct notify_status notify_status(const struct notify *notify, size_t index)
{
    const struct notify_target *target = notify->targets[index];
    return (struct notify_status){
        .recipient = target->name,
        .settings = target->settings,
        .kind = recipient_kind_name((enum recipient_kind)target->settings->kind),
        .waiting = target->picked_count + target->queue.count,
        .last_wall = target->last_wall,
        .next = target->due,
        .problem = target->problem,
        .words = target->words ? target->words : "",
        .tries = target->tries,
        .went_well = target->went_well,
        .delivered = target->delivered,
        .given_up = target->given_up,
    };
}

bool notify_durable(const struct notify *notify)
{
    return notify->kept && !notify->behind && notify->unwritten == 0;
}

bool notify_reading(const struct notify *notify)
{
    return notify->fetching > 0;
}

bool notify_kept(const struct notify *notify, const char **problem)
{
    *problem = notify->kept_problem;
    return notify->kept;
}
