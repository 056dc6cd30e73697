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
#include "engine/history_points.h"
#include "engine/history_writer.h"

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
#define FIRST_TICK (5 * CLOCK_S)   /* after start: devices have been asked once by then */
#define SNAP_MOST (500 * CLOCK_MS) /* a timer that is this late still stands for its moment */
#define NOTICE_LASTS                                                                               \
    (24 * 3600 * CLOCK_S) /* how long a damaged file is a problem in the status                    \
                           */
#define NOTES_KEPT 4
#define BYTES_PER_READING                                                                          \
    1.3 /* until blocks have been made and tell; measured over a year of ten points */

struct history {
    struct loop *loop;
    struct history_settings settings;
    struct history_points points;
    struct history_writer *writer;
    struct history_asker *asker;
    struct loop_timer timer;
    struct loop_fd back; /* notes come back */
    struct history_note *spare[NOTES_KEPT];
    size_t spare_count;
    size_t last_points;
    uint64_t ticks_written, ticks_lost;
    bool ok;
    char problem[200], notice[200];
    clock_us notice_until;
    struct history_store_facts facts;
};

static const struct setting_row rows[] = {
    {.key = "enabled",
     .type = SETTING_BOOL,
     .offset = offsetof(struct history_settings, enabled),
     .initial = "true",
     .right = ROLE_ADMINISTRATOR,
     .help = "Record the readings of all points."},
    {.key = "every",
     .type = SETTING_DURATION,
     .offset = offsetof(struct history_settings, every),
     .min = 1,
     .max = 3600,
     .initial = "1 min",
     .right = ROLE_ADMINISTRATOR,
     .help = "Time between two recorded readings; shorter shows more and fills the disk sooner."},
};

const struct setting_table history_settings_table = {
    .name = "history",
    .label = "History",
    .help = "What is recorded for graphs, reports and CSV files.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct history_settings),
};

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

/* Append a tick that stands for the moment `late` ago. */
static void tick(struct history *history, clock_us late)
{
    struct clock *clock = loop_clock(history->loop);
    struct history_note *note = take_note(history);
    if (!note) {
        history->ticks_lost++;
        return;
    }
    note->record.mono = clock_mono(clock) - late;
    note->record.wall = clock_wall(clock) - late;
    note->record.wall_known = clock_wall_known(clock);
    history->last_points =
        history_points_read(&history->points, note->record.mono / CLOCK_MS, &note->row);
    if (history->last_points == 0) {
        recycle(history, note);
        return;
    }
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

void history_tick(struct history *history)
{
    tick(history, 0);
}

static void on_timer(struct loop_timer *timer, void *user);

/* The next multiple of the interval on the wall, or since start while the wall clock is not known.
 * `time` is now on that clock, as the last tick was stamped. */
static void arm(struct history *history, clock_us time, clock_us late)
{
    clock_us every = history->settings.every;
    clock_us wait = every - (time - late) % every - late;
    loop_timer_at(history->loop, &history->timer, loop_now(history->loop) + wait, on_timer,
                  history);
}

static clock_us time_now(const struct history *history)
{
    struct clock *clock = loop_clock(history->loop);
    return clock_wall_known(clock) ? clock_wall(clock) : clock_mono(clock);
}

static void on_timer(struct loop_timer *timer, void *user)
{
    struct history *history = user;
    (void)timer;
    clock_us every = history->settings.every;
    clock_us time = time_now(history);
    clock_us most = every / 20 < SNAP_MOST ? every / 20 : SNAP_MOST;
    /* A clock that is being slewed makes the timer a little early: then `late` is negative. */
    clock_us late = time % every;
    if (late > every / 2)
        late -= every;
    if (late > most || late < -most)
        late = 0;
    tick(history, late);
    arm(history, time, late);
}

static void start_timer(struct history *history)
{
    loop_timer_stop(&history->timer);
    if (!history->settings.enabled)
        return;
    clock_us every = history->settings.every;
    clock_us time = time_now(history);
    clock_us until_first = every - time % every;
    if (until_first > FIRST_TICK)
        until_first = FIRST_TICK;
    /* Not loop_now(): while the daemon starts, the turn of the loop began long ago. */
    loop_timer_at(history->loop, &history->timer,
                  clock_mono(loop_clock(history->loop)) + until_first, on_timer, history);
}

void history_configure(struct history *history, const struct history_settings *settings)
{
    bool same = settings->enabled == history->settings.enabled &&
                settings->every == history->settings.every;
    history->settings = *settings;
    if (!same)
        start_timer(history);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void read_boot_id(char *boot, size_t size)
{
    struct buf text = BUF_EMPTY;
    if (file_read(BOOT_ID_FILE, 256, &text, NULL) < 0)
        buf_clear(&text);
    snprintf(boot, size, "%s", buf_text(&text));
    boot[strcspn(boot, "\n")] = '\0';
    buf_deinit(&text);
}

struct history *history_open(struct loop *loop, struct site *site, const char *folder,
                             const struct history_settings *settings, struct err *err)
{
    char boot[64];
    read_boot_id(boot, sizeof boot);
    struct history_store *store = history_store_open(folder, boot, err);
    if (!store)
        return NULL;
    struct history *history = mem_new(sizeof *history);
    history->loop = loop;
    history->settings = *settings;
    history->ok = true;
    history->timer = LOOP_TIMER_EMPTY;
    history->back = LOOP_FD_EMPTY;
    history_points_init(&history->points, site, history_store_series(store));
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
    start_timer(history);
    return history;
}

struct history *history_close(struct history *history)
{
    if (!history)
        return NULL;
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
    free(history);
    return NULL;
}

/* ---- what is said about it ------------------------------------------------------------------- */

static double lasts_days(const struct history *history)
{
    double per_reading =
        history->facts.bytes_per_reading > 0 ? history->facts.bytes_per_reading : BYTES_PER_READING;
    double ticks_a_day = 86400.0 * CLOCK_S / (double)history->settings.every;
    double a_day = (double)history->last_points * ticks_a_day * per_reading;
    return a_day > 0 && history->settings.enabled ? (double)history->facts.free_bytes / a_day : 0;
}

struct history_status history_status(const struct history *history)
{
    struct history_status status = {
        .ok = history->ok,
        .every = history->settings.every,
        .points = history->last_points,
        .bytes = history->facts.bytes,
        .oldest = history->facts.oldest,
        .newest = history->facts.newest,
        .lasts_days = lasts_days(history),
        .ticks_written = history->ticks_written,
        .ticks_lost = history->ticks_lost,
    };
    memcpy(status.problem, history->problem, sizeof status.problem);
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
