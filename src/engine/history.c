#include "engine/history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/history_asker.h"
#include "engine/history_contact.h"
#include "engine/history_edit.h"
#include "engine/history_forecast.h"
#include "engine/history_import.h"
#include "engine/history_points.h"
#include "engine/history_rhythm.h"
#include "engine/history_writer.h"

#define FIRST_TICK (5 * CLOCK_S) /* after start: devices have been asked once by then */
#define NOTICE_LASTS                                                                               \
    (24 * 3600 * CLOCK_S) /* how long a damaged file is a problem in the status                    \
                           */
#define NOTES_KEPT 4

struct history {
    struct loop *loop;
    struct history_settings settings;
    struct site *site;
    struct history_points points;
    struct history_contact contact;
    struct history_rhythm rhythm;
    bool *due; /* of points.intervals */
    struct feed feed;
    struct history_writer *writer;
    struct history_asker *asker;
    struct loop_timer timer;
    struct loop_fd back; /* notes come back */
    struct history_note *spare[NOTES_KEPT];
    size_t spare_count;
    uint64_t ticks_written, ticks_lost;
    bool ok;
    char problem[200], notice[200];
    clock_us notice_until;
    struct history_store_facts facts;
};

static struct history_use use_of(const struct history *history)
{
    return (struct history_use){
        .bytes = history->facts.bytes,
        .free_bytes = history->facts.free_bytes,
        .bytes_per_reading = history->facts.bytes_per_reading,
    };
}

/* What the store may take changes with what else is on the disk. */
static void set_space(struct history *history)
{
    const struct history_use use = use_of(history);
    if (history->writer)
        history_writer_set_space(history->writer, history_space(history->settings.space, &use));
}

/* ---- notes ----------------------------------------------------------------------------------- */

static void recycle(struct history *history, struct history_note *note)
{
    if (history->spare_count < NOTES_KEPT)
        history->spare[history->spare_count++] = note;
    else
        history_note_free(note);
}

static void take_report(struct history *history, const struct history_note *note)
{
    history->ok = note->ok;
    memcpy(history->problem, note->problem, sizeof history->problem);
    history->facts = note->facts;
    set_space(history);
    history_asker_set_generation(history->asker, note->facts.generation);
    if (strcmp(history->notice, note->notice) != 0) {
        memcpy(history->notice, note->notice, sizeof history->notice);
        history->notice_until = loop_now(history->loop) + NOTICE_LASTS;
    }
}

static void lose(struct history *history, struct history_note *note)
{
    history->ticks_lost++;
    recycle(history, note);
}

static void take_back(struct history *history)
{
    struct history_note *note;
    while ((note = history_writer_take(history->writer))) {
        take_report(history, note);
        if (!note->is_tick) {
            history_note_free(note);
        } else if (note->written) {
            history->ticks_written++;
            if (note->series_end > history->points.stored)
                history->points.stored = note->series_end;
            recycle(history, note);
        } else {
            lose(history, note);
        }
    }
}

static void on_back(struct loop_fd *handle, int events, void *user)
{
    (void)handle;
    (void)events;
    take_back(user);
}

static struct history_note *take_note(struct history *history)
{
    struct history_note *note =
        history->spare_count > 0 ? history->spare[--history->spare_count] : history_note_new();
    if (note)
        buf_clear(&note->row);
    return note;
}

/* Series that the store may not know yet travel with every tick until one of them is durable. */
static bool add_definitions(struct history *history, struct history_note *note)
{
    const struct history_points *points = &history->points;
    size_t count = points->series.count - points->stored;
    if (count > note->definition_capacity) {
        struct history_definition *list = realloc(note->definitions, count * sizeof *list);
        if (!list)
            return false;
        note->definitions = list;
        note->definition_capacity = count;
    }
    if (count > 0)
        memcpy(note->definitions, points->series.list + points->stored,
               count * sizeof *note->definitions);
    note->record.definitions = note->definitions;
    note->record.definition_count = count;
    note->series_end = points->series.count;
    return true;
}

/* ---- ticks ----------------------------------------------------------------------------------- */

/* Hand a row over; `late` ago was the moment it stands for. */
static void send(struct history *history, struct history_note *note)
{
    if (note->row.failed || !add_definitions(history, note)) {
        lose(history, note);
        return;
    }
    note->record.row = (uint8_t *)note->row.data;
    note->record.length = note->row.length;
    while (!history_writer_give(history->writer, note)) {
        struct history_note *oldest = history_writer_push_out(history->writer);
        if (!oldest)
            continue; /* the writer was quicker: there is room now */
        if (history->ticks_lost == 0)
            log_error("history", "the disk has not kept up for so long that the oldest waiting "
                                 "readings are dropped");
        lose(history, oldest);
    }
}

/* A note for the moment `late` ago; NULL without memory: then the tick is lost. */
static struct history_note *begin_note(struct history *history, clock_us late)
{
    struct clock *clock = loop_clock(history->loop);
    struct history_note *note = take_note(history);
    if (!note) {
        history->ticks_lost++;
        return NULL;
    }
    note->record.mono = clock_mono(clock) - late;
    note->record.wall = clock_wall(clock) - late;
    note->record.wall_known = clock_wall_known(clock);
    return note;
}

/* A row without points says nothing. */
static void end_note(struct history *history, struct history_note *note, size_t points)
{
    if (points > 0)
        send(history, note);
    else
        recycle(history, note);
}

static size_t append(struct history *history, const char *const *names, size_t count, bool on_alarm)
{
    struct history_note *note = begin_note(history, 0);
    if (!note)
        return 0;
    size_t points = history_points_read_now(&history->points, names, count, on_alarm,
                                            note->record.mono / CLOCK_MS, &note->row);
    end_note(history, note, points);
    return points;
}

/* ---- the rhythm ------------------------------------------------------------------------------ */

static clock_us time_now(const struct history *history)
{
    struct clock *clock = loop_clock(history->loop);
    return clock_wall_known(clock) ? clock_wall(clock) : clock_mono(clock);
}

static void on_timer(struct loop_timer *timer, void *user);

static void arm(struct history *history)
{
    clock_us next = history_rhythm_next(&history->rhythm);
    if (next == CLOCK_NEVER)
        loop_timer_stop(&history->timer);
    else
        loop_timer_at(history->loop, &history->timer, next, on_timer, history);
}

/* Fit rhythm to points. */
static void set_rhythm(struct history *history)
{
    size_t count = history->settings.enabled ? history->points.interval_count : 0;
    clock_us *every = mem_new((count + 1) * sizeof *every);
    for (size_t i = 0; i < count; i++)
        every[i] = history->points.intervals[i].every;
    /* Not loop_now(): while the daemon starts, the turn of the loop began long ago. */
    history_rhythm_set(&history->rhythm, every, count, FIRST_TICK,
                       clock_mono(loop_clock(history->loop)), time_now(history));
    free(every);
    history->due = mem_resize(history->due, (count + 1) * sizeof *history->due);
    arm(history);
}

static void refresh(struct history *history)
{
    if (history_points_refresh(&history->points))
        set_rhythm(history);
}

static void on_timer(struct loop_timer *timer, void *user)
{
    struct history *history = user;
    struct history_rhythm *rhythm = &history->rhythm;
    (void)timer;
    refresh(history);
    clock_us late =
        history_rhythm_beat(rhythm, clock_mono(loop_clock(history->loop)), time_now(history));
    for (size_t i = 0; i < rhythm->count; i++)
        history->due[i] = rhythm->list[i].now;
    arm(history);
    struct history_note *note = rhythm->count ? begin_note(history, late) : NULL;
    if (note)
        end_note(history, note,
                 history_points_read_due(&history->points, history->due,
                                         note->record.mono / CLOCK_MS, &note->row));
}

/* Devices came or went, were lost or found again. */
static void on_tree(void *user)
{
    struct history *history = user;
    refresh(history);
    history_contact_look(&history->contact, history->site);
    if (history->contact.changed_count > 0)
        history_append_alarm(history, history->contact.changed, history->contact.changed_count);
}

void history_configure(struct history *history, const struct history_settings *settings)
{
    bool switched = settings->enabled != history->settings.enabled;
    history->settings = *settings;
    history_points_set_every(&history->points, settings->every);
    set_space(history);
    refresh(history);
    if (switched)
        set_rhythm(history);
}

void history_set_rules(struct history *history, struct history_rules *rules_take)
{
    history_points_set_rules(&history->points, rules_take);
    refresh(history);
}

/* ---- beside the rhythm ----------------------------------------------------------------------- */

size_t history_append(struct history *history, const char *const *names, size_t count)
{
    return append(history, names, count, false);
}

size_t history_append_alarm(struct history *history, const char *const *names, size_t count)
{
    return history->settings.enabled && count > 0 ? append(history, names, count, true) : 0;
}

void history_tick(struct history *history)
{
    append(history, NULL, 0, false);
}

int history_clear(struct history *history, const char *const *paths, size_t count,
                  void (*done)(void *user, int result, const struct err *err), void *user,
                  struct err *err)
{
    return history_edit_clear(history->writer, &history->points.series, paths, count, done, user,
                              err);
}

int history_import(struct history *history, const struct history_import_point *points, size_t count,
                   void (*done)(void *user, uint64_t taken, uint64_t there, const struct err *err),
                   void *user, struct err *err)
{
    struct clock *clock = loop_clock(history->loop);
    if (!clock_wall_known(clock))
        return err_set(err, -EAGAIN,
                       "the time of day is not known yet, and with it which days are over");
    return history_import_begin(history->writer, &history->points, clock_wall(clock), points, count,
                                done, user, err);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct history *history_open(struct loop *loop, struct site *site, const char *folder,
                             const struct history_settings *settings, struct err *err)
{
    char boot[64];
    file_read_line(FILE_BOOT_ID, boot, sizeof boot);
    struct history_store *store = history_store_open(folder, boot, err);
    if (!store)
        return NULL;
    struct history *history = mem_new(sizeof *history);
    history->loop = loop;
    history->site = site;
    history->settings = *settings;
    history->ok = true;
    history->timer = LOOP_TIMER_EMPTY;
    history->back = LOOP_FD_EMPTY;
    history->feed = (struct feed){.tree = on_tree, .user = history};
    history_points_init(&history->points, site, history_store_series(store));
    history_points_set_every(&history->points, settings->every);
    history->facts = history_store_facts(store);
    snprintf(history->notice, sizeof history->notice, "%s", history->facts.notice);
    history->notice_until = loop_now(loop) + NOTICE_LASTS;
    history->asker = history_asker_new(loop, folder);
    history->writer = history_writer_start(store);
    if (!history->writer) {
        history_store_close(store);
        err_set(err, -EAGAIN, "the history's writer cannot be started");
        return history_close(history);
    }
    int result = loop_fd_start(loop, &history->back, history_writer_fd(history->writer), LOOP_READ,
                               on_back, history);
    if (result < 0) {
        err_set_errno(err, result, "the history's writer cannot be watched");
        return history_close(history);
    }
    set_space(history);
    site_subscribe(site, &history->feed);
    history_contact_look(&history->contact, site);
    refresh(history);
    return history;
}

struct history *history_close(struct history *history)
{
    if (!history)
        return NULL;
    site_unsubscribe(history->site, &history->feed);
    loop_timer_stop(&history->timer);
    loop_fd_stop(&history->back);
    if (history->writer) {
        history_writer_stop(history->writer);
        take_back(history);
        if (history->ticks_lost)
            log_warning("history", "%llu ticks could not be written",
                        (unsigned long long)history->ticks_lost);
        history->writer = history_writer_free(history->writer);
    }
    history_asker_free(history->asker);
    while (history->spare_count > 0)
        history_note_free(history->spare[--history->spare_count]);
    history_points_deinit(&history->points);
    history_contact_deinit(&history->contact);
    history_rhythm_deinit(&history->rhythm);
    free(history->due);
    free(history);
    return NULL;
}

/* ---- what is said about it ------------------------------------------------------------------- */

const struct history_settings *history_settings_now(const struct history *history)
{
    return &history->settings;
}

void history_foretell(const struct history *history, const struct history_choice *choice,
                      struct history_forecast *forecast, struct history_rule_use *uses)
{
    const struct history_choice now = {
        .enabled = history->settings.enabled,
        .every = history->settings.every,
        .space = history->settings.space,
        .rules = &history->points.rules,
    };
    const struct history_use use = use_of(history);
    history_forecast_make(history->site, choice ? choice : &now, &use, forecast, uses);
}

/* Asked for often: from what is recorded, without a look at each point. */
static struct history_forecast forecast_now(const struct history *history)
{
    struct history_forecast forecast = {0};
    const struct history_points *points = &history->points;
    const struct history_use use = use_of(history);
    for (size_t i = 0; i < points->interval_count && history->settings.enabled; i++)
        forecast.readings_per_day += (double)points->intervals[i].points * 86400 * CLOCK_S /
                                     (double)points->intervals[i].every;
    history_forecast_reckon(&forecast, history->settings.space, &use);
    return forecast;
}

struct history_status history_status(const struct history *history)
{
    struct history_forecast forecast = forecast_now(history);
    struct history_status status = {
        .ok = history->ok,
        .every = history->settings.every,
        .points = history_points_count(&history->points),
        .bytes = history->facts.bytes,
        .oldest = history->facts.oldest,
        .newest = history->facts.newest,
        .lasts_days = forecast.lasts_days,
        .budget = forecast.budget,
        .ticks_written = history->ticks_written,
        .ticks_lost = history->ticks_lost,
    };
    memcpy(status.problem, history->problem, sizeof status.problem);
    if (status.ok && history->facts.full) {
        status.ok = false;
        snprintf(status.problem, sizeof status.problem,
                 "the history's space of %llu MB is used up by what is kept for ever: give it more "
                 "(history.space), or clear what is not needed",
                 (unsigned long long)(status.budget / 1000000));
    }
    bool noticed = *history->notice && loop_now(history->loop) < history->notice_until;
    if (status.ok && noticed) {
        status.ok = false;
        memcpy(status.problem, history->notice, sizeof status.problem);
    }
    return status;
}

struct history_ask *history_ask(struct history *history, const struct history_question *question,
                                void (*done)(void *user, const struct history_answer *answer,
                                             const struct err *err),
                                void *user, struct err *err)
{
    return history_asker_ask(history->asker, question, done, user, err);
}
