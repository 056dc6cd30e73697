#include "engine/export.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time_text.h"
#include "engine/export_task.h"

#define STATE_VERSION 1
#define STATE_MOST 4096
#define FIRST_RUN                                                                                  \
    (20 * CLOCK_S) /* after start or new settings: the rest of the house comes first */
#define AFTER_END (10 * CLOCK_S) /* by then the period's last reading is durable */
#define AFTER_ERROR (60 * CLOCK_S)
/* When it is switched on for the first time; `busbar export` gives what is older. */
#define FIRST_SPAN (31 * 86400 * CLOCK_S)

/* How far the file of a device has come in the running period. */
struct progress {
    char device[LIMIT_NAME + 1];
    clock_us period; /* begin */
    struct export_place place;
};

struct export
{
    struct loop *loop;
    struct site *site;
    struct history *history;
    char *folder, *state_file;
    struct export_settings settings; /* texts parsed into the two below */
    unsigned columns, counter_columns;
    struct loop_timer timer;
    struct export_task *task; /* NULL: none is under way */
    struct save *save;        /* likewise */
    clock_us closed_until;    /* begin of the first period that is not closed; 0: not begun yet */
    clock_us period;          /* begin of the one that is being written */
    clock_us until;           /* and how far */
    char **devices;           /* its devices, as they were when it was begun */
    size_t device_count, device_next;
    struct progress *progress;
    size_t progress_count, progress_capacity;
    struct export_facts facts;
    char problem[ERR_TEXT_MAX];
};

static void run(struct export *export);
static void rest(struct export *export, clock_us wait);

/* ---- what is remembered ---------------------------------------------------------------------- */

static void load_state(struct export *export)
{
    struct buf text = BUF_EMPTY;
    int result = file_read(export->state_file, STATE_MOST, &text, NULL);
    json_t *root =
        result == 0 ? json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *until = json_string_value(json_object_get(root, "closed_until"));
    if (!until || time_text_parse(until, 0, &export->closed_until) < 0) {
        export->closed_until = 0;
        if (result != -ENOENT)
            log_warning("export", "%s is not readable: the files of the last weeks are made again",
                        export->state_file);
    }
    json_decref(root);
    buf_deinit(&text);
}

struct save {
    struct export *export; /* NULL: it is gone or does something else */
    char *path;
    char text[128];
    struct err err;
};

static void work_save(void *user)
{
    struct save *save = user;
    file_replace(save->path, save->text, strlen(save->text), 0640, &save->err);
}

static void free_save(struct save *save)
{
    if (save)
        free(save->path);
    free(save);
}

static void on_saved(void *user)
{
    struct save *save = user;
    struct export *export = save->export;
    if (save->err.code) /* the period will be written again after a restart, which does no harm */
        log_warning("export", "%s", save->err.text);
    free_save(save);
    if (!export)
        return;
    export->save = NULL;
    run(export);
}

/* One at a time; run() goes on when it is done. False when it cannot be begun. */
static bool save_state(struct export *export)
{
    struct save *save = calloc(1, sizeof *save);
    char until[TIME_TEXT_SIZE];
    if (!save || !(save->path = strdup(export->state_file))) {
        free_save(save);
        return false;
    }
    time_text_format_utc(export->closed_until, until);
    snprintf(save->text, sizeof save->text, "{\"version\": %d, \"closed_until\": \"%s\"}\n",
             STATE_VERSION, until);
    save->export = export;
    if (loop_job_start(export->loop, work_save, on_saved, save) < 0) {
        free_save(save);
        return false;
    }
    export->save = save;
    return true;
}

/* ---- progress -------------------------------------------------------------------------------- */

static struct progress *progress_of(struct export *export, const char *device)
{
    for (size_t i = 0; i < export->progress_count; i++) {
        if (strcmp(export->progress[i].device, device) == 0)
            return &export->progress[i];
    }
    export->progress = mem_grow(export->progress, export->progress_count,
                                &export->progress_capacity, sizeof *export->progress);
    struct progress *fresh = &export->progress[export->progress_count++];
    *fresh = (struct progress){.period = 0};
    snprintf(fresh->device, sizeof fresh->device, "%s", device);
    return fresh;
}

static struct export_place place_of(struct export *export, const char *device)
{
    struct progress *progress = progress_of(export, device);
    if (progress->period != export->period) {
        progress->period = export->period;
        progress->place = (struct export_place){.part = 1, .begin = export->period};
    }
    return progress->place;
}

/* ---- one device ------------------------------------------------------------------------------ */

struct paths {
    const char **list;
    size_t count, capacity;
};

static bool has_numbers(const struct point *point)
{
    return quantity_row(point->quantity)->kind != QUANTITY_KIND_TEXT;
}

static void collect_paths(const struct device *device, struct paths *paths)
{
    for (const struct component *component = device->components; component;
         component = component->next) {
        for (const struct point *point = component->points; point; point = point->next) {
            if (!has_numbers(point))
                continue;
            paths->list =
                mem_grow(paths->list, paths->count, &paths->capacity, sizeof *paths->list);
            paths->list[paths->count++] = point->path;
        }
    }
}

static void fail(struct export *export, const struct err *err)
{
    if (strcmp(export->problem, err->text) != 0)
        log_error("export", "%s", err->text);
    snprintf(export->problem, sizeof export->problem, "%s", err->text);
    rest(export, AFTER_ERROR);
}

static void on_task(void *user, const struct export_task_result *result)
{
    struct export *export = user;
    export->task = NULL;
    if (result->err.code) {
        fail(export, &result->err);
        return;
    }
    export->problem[0] = '\0';
    export->facts = result->facts;
    progress_of(export, export->devices[export->device_next - 1])->place = result->place;
    run(export);
}

/* False when the device has nothing to write; true when it is written, or that failed. */
static bool start_device(struct export *export, const char *name)
{
    const struct device *device = site_device_find(export->site, name);
    struct paths paths = {0};
    if (device)
        collect_paths(device, &paths);
    if (paths.count == 0) {
        free(paths.list);
        return false;
    }
    bool continental = export->settings.format == EXPORT_CONTINENTAL;
    const struct export_task_spec spec = {
        .loop = export->loop,
        .history = export->history,
        .folder = export->folder,
        .device = name,
        .paths = paths.list,
        .path_count = paths.count,
        .period_begin = export->period,
        .place = place_of(export, name),
        .end = export->until,
        .step = export->settings.step,
        .quota = (uint64_t) export->settings.quota_mb * 1000000,
        .options = {.columns = export->columns,
                    .counter_columns = export->counter_columns,
                    .separator = continental ? ';' : ',',
                    .decimal = continental ? ',' : '.'},
    };
    export->task = export_task_start(&spec, on_task, export);
    free(paths.list);
    if (!export->task) { /* not passed over: its period would be closed without it */
        struct err err = ERR_EMPTY;
        err_set(&err, -ENOMEM, "no memory to write the files of %s", name);
        fail(export, &err);
    }
    return true;
}

/* ---- periods --------------------------------------------------------------------------------- */

static void drop_devices(struct export *export)
{
    for (size_t i = 0; i < export->device_count; i++)
        free(export->devices[i]);
    free(export->devices);
    export->devices = NULL;
    export->device_count = export->device_next = 0;
}

/* A reload while the period is written may take devices away. */
static void note_devices(struct export *export)
{
    size_t count = 0;
    drop_devices(export);
    for (const struct device *at = site_devices(export->site); at; at = at->next)
        count++;
    export->devices = mem_new((count + 1) * sizeof *export->devices);
    for (const struct device *at = site_devices(export->site); at; at = at->next)
        export->devices[export->device_count++] = mem_text(at->name);
}

static clock_us end_of(const struct export *export, clock_us wall)
{
    return export_period_end((enum export_period) export->settings.period, wall);
}

static clock_us begin_of(const struct export *export, clock_us wall)
{
    return export_period_begin((enum export_period) export->settings.period, wall);
}

/* Where to go on: after what is closed, but neither before the first reading nor in a future that a
 * wrong clock once believed in. */
static clock_us first_period(const struct export *export, clock_us now, clock_us oldest)
{
    clock_us first = export->closed_until ? export->closed_until : now - FIRST_SPAN;
    if (first < oldest)
        first = oldest;
    return begin_of(export, first > now ? now : first);
}

/* False when there is nothing more to write now. */
static bool begin_period(struct export *export)
{
    clock_us now = loop_wall(export->loop);
    struct history_status past = history_status(export->history);
    if (past.newest == 0)
        return false;
    export->period = first_period(export, now, past.oldest);
    clock_us end = end_of(export, export->period), whole = now / export->settings.step;
    export->until = now >= end + AFTER_END ? end : whole * export->settings.step;
    if (export->until > end)
        export->until = end;
    note_devices(export);
    return true;
}

/* All devices have been written up to `until`. True when that closes the period; then run() is
 * called again. */
static bool close_period(struct export *export)
{
    clock_us end = end_of(export, export->period);
    bool closed = loop_wall(export->loop) >= end + AFTER_END && export->until == end;
    drop_devices(export);
    if (!closed)
        return false;
    export->closed_until = end;
    if (!save_state(export))
        rest(export, AFTER_ERROR);
    return true;
}

/* ---- the timer ------------------------------------------------------------------------------- */

static void on_timer(struct loop_timer *timer, void *user)
{
    (void)timer;
    run(user);
}

static void rest(struct export *export, clock_us wait)
{
    drop_devices(export);
    loop_timer_at(export->loop, &export->timer, loop_now(export->loop) + wait, on_timer, export);
}

/* Until the next refresh, or the end of the period when that comes first. */
static clock_us wait_for_next(const struct export *export)
{
    clock_us now = loop_wall(export->loop), wait = export->settings.refresh;
    clock_us to_end = end_of(export, now) + AFTER_END - now;
    /* just behind midnight the period before is still to be closed */
    clock_us to_close = begin_of(export, now) + AFTER_END - now;
    if (to_close > 0 && to_close < wait)
        wait = to_close;
    return to_end < wait ? to_end : wait;
}

/* The next step: another device, another period, or a rest. */
static void run(struct export *export)
{
    if (!clock_wall_known(loop_clock(export->loop))) {
        rest(export, AFTER_ERROR);
        return;
    }
    if (!export->devices && !begin_period(export)) {
        rest(export, wait_for_next(export));
        return;
    }
    while (export->device_next < export->device_count) {
        if (start_device(export, export->devices[export->device_next++]))
            return;
    }
    if (!close_period(export))
        rest(export, wait_for_next(export));
}

/* ---- life ------------------------------------------------------------------------------------ */

static void stop(struct export *export)
{
    loop_timer_stop(&export->timer);
    if (export->task)
        export_task_cancel(export->task);
    export->task = NULL;
    if (export->save)
        export->save->export = NULL;
    export->save = NULL;
    drop_devices(export);
}

static void take_settings(struct export *export, const struct export_settings *settings)
{
    export->settings = *settings;
    /* they have been checked with the configuration */
    history_csv_parse_columns(settings->columns, &export->columns, NULL);
    history_csv_parse_columns(settings->counter_columns, &export->counter_columns, NULL);
    export->settings.columns = export->settings.counter_columns = NULL; /* not ours to keep */
    if (!settings->enabled || !export->history)
        return;
    file_make_folder(export->folder, 0750,
                     NULL); /* a drive can be connected before the first file */
    rest(export, FIRST_RUN);
}

struct export *export_open(struct loop *loop, struct site *site, struct history *history,
                           const char *state_folder, const struct export_settings *settings)
{
    struct export *export = mem_new(sizeof *export);
    struct buf path = BUF_EMPTY;
    export->loop = loop;
    export->site = site;
    export->history = history;
    export->timer = LOOP_TIMER_EMPTY;
    buf_add_format(&path, "%s/export", state_folder);
    export->folder = mem_text(buf_text(&path));
    buf_add_text(&path, ".json");
    export->state_file = mem_text(buf_text(&path));
    buf_deinit(&path);
    load_state(export);
    export_folder_sweep(export->folder);
    export_folder_tidy(export->folder, UINT64_MAX, &export->facts, NULL);
    take_settings(export, settings);
    return export;
}

struct export *export_close(struct export *export)
{
    if (!export)
        return NULL;
    stop(export);
    free(export->progress);
    free(export->folder);
    free(export->state_file);
    free(export);
    return NULL;
}

void export_configure(struct export *export, const struct export_settings *settings)
{
    unsigned columns = 0, counter_columns = 0;
    history_csv_parse_columns(settings->columns, &columns, NULL);
    history_csv_parse_columns(settings->counter_columns, &counter_columns, NULL);
    const struct export_settings *old = &export->settings;
    bool same = columns == export->columns && counter_columns == export->counter_columns &&
                old->enabled == settings->enabled && old->period == settings->period &&
                old->step == settings->step && old->format == settings->format &&
                old->quota_mb == settings->quota_mb && old->refresh == settings->refresh;
    if (same)
        return;
    stop(export);
    export->problem[0] = '\0';
    export->progress_count = 0; /* other rows: the running files are written from their begin */
    take_settings(export, settings);
}

struct export_status export_status(const struct export *export)
{
    return (struct export_status){
        .enabled = export->settings.enabled,
        .problem = export->problem,
        .facts = export->facts,
        .closed_until = export->closed_until,
        .busy = export->task || export->save,
    };
}
