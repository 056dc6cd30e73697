#include "engine/report.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/saver.h"
#include "base/time_text.h"
#include "model/config.h"

#define VERSION 1
#define FILE_MOST (64u << 10)
/* After a start the devices come first: a report shall have readings. */
#define FIRST_LOOK (20 * CLOCK_S)
/* Between two looks at the clock, which may step or become known. */
#define LOOK_EVERY (10 * CLOCK_S)
/* A clock that went back further was wrong before. */
#define BACK_MOST (7200 * CLOCK_S)

struct progress {
    clock_us done; /* wall: until here everything is sent; 0: not looked at yet */
    clock_us last; /* was due */
    uint32_t sum;  /* of what decides when: another one begins anew */
};

struct reports {
    struct loop *loop;
    struct notify *notify;
    struct saver *saver;
    const struct config *config;
    size_t count;
    struct progress *progress; /* in the order of the settings */
    char *file;
    struct loop_timer timer;
};

static const struct report_settings *settings_at(const struct config *config, size_t index)
{
    return config_at(config, &report_settings_table, index);
}

static const char *name_at(const struct config *config, size_t index)
{
    return config_name_at(config, &report_settings_table, index);
}

static uint32_t sum_of(const struct report_settings *settings)
{
    char text[160];
    int length = snprintf(text, sizeof text, "%d %d %.16s %.90s", settings->enabled,
                          (int)settings->every, settings->at, settings->days);
    return crc32c(0, text, (size_t)length);
}

/* ---- the file -------------------------------------------------------------------------------- */

static void take_progress(struct progress *progress, const json_t *row)
{
    const char *done = json_string_value(json_object_get(row, "done"));
    const char *last = json_string_value(json_object_get(row, "last"));
    const json_t *sum = json_object_get(row, "sum");
    if (!done || !json_is_integer(sum) || (uint32_t)json_integer_value(sum) != progress->sum)
        return;
    if (time_text_parse(done, 0, &progress->done) < 0)
        progress->done = 0;
    if (!last || time_text_parse(last, 0, &progress->last) < 0)
        progress->last = 0;
}

static void load(struct reports *reports)
{
    struct buf text = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    int result = file_read(reports->file, FILE_MOST, &text, &err);
    json_t *root =
        result == 0 ? json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    bool ours = json_integer_value(json_object_get(root, "version")) == VERSION;
    for (size_t i = 0; ours && i < reports->count; i++)
        take_progress(&reports->progress[i], json_object_get(json_object_get(root, "reports"),
                                                             name_at(reports->config, i)));
    if (!ours && result != -ENOENT)
        log_warning("report", "%s is not readable: reports that were missed are not made up for",
                    reports->file);
    json_decref(root);
    buf_deinit(&text);
}

static void write_time(struct json *json, const char *key, clock_us wall)
{
    char text[TIME_TEXT_SIZE];
    time_text_format_utc(wall, text);
    json_pair_text(json, key, wall ? text : NULL);
}

static void on_saved(void *user, const struct err *err)
{
    const struct reports *reports = user;
    if (err->code)
        log_warning("report", "%s: %s", reports->file, err->text);
}

static void save(struct reports *reports)
{
    struct buf text = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    struct json json = json_writer(&text);
    json_open_object(&json);
    json_pair_int(&json, "version", VERSION);
    json_key(&json, "reports");
    json_open_object(&json);
    for (size_t i = 0; i < reports->count; i++) {
        json_key_text(&json, name_at(reports->config, i));
        json_open_object(&json);
        write_time(&json, "done", reports->progress[i].done);
        write_time(&json, "last", reports->progress[i].last);
        json_pair_int(&json, "sum", reports->progress[i].sum);
        json_close_object(&json);
    }
    json_close_object(&json);
    json_close_object(&json);
    buf_add_char(&text, '\n');
    if (saver_write(reports->saver, reports->file, 0640, &text, on_saved, reports, &err) < 0)
        on_saved(reports, &err);
}

/* ---- sending --------------------------------------------------------------------------------- */

static int send_report(struct reports *reports, size_t index, clock_us due)
{
    const struct report_settings *settings = settings_at(reports->config, index);
    const char *name = name_at(reports->config, index);
    char subject[160];
    snprintf(subject, sizeof subject, "Report: %s", *settings->label ? settings->label : name);
    const struct notice notice = {
        .kind = NOTICE_REPORT,
        .severity = ALARM_INFO,
        .rule = "report",
        .path = name,
        .label = settings->label,
        .number = NAN,
        .limit = NAN,
        .wall = due,
        .subject = subject,
        .recipients = settings->recipients,
    };
    return notify_add(reports->notify, &notice);
}

/* Whether it was sent. */
static bool look_at(struct reports *reports, size_t index, clock_us now)
{
    struct progress *progress = &reports->progress[index];
    const struct report_settings *settings = settings_at(reports->config, index);
    /* New, or a clock that was wrong: nothing is made up for. */
    if (!progress->done || progress->done - now > BACK_MOST)
        progress->done = now;
    clock_us due = report_due_before(settings, now);
    if (!settings->enabled || due <= progress->done)
        return false;
    progress->done = due;
    progress->last = due;
    send_report(reports, index, due); /* a full queue has told about it */
    return true;
}

static void on_timer(struct loop_timer *timer, void *user)
{
    struct reports *reports = user;
    clock_us now = loop_wall(reports->loop), wait = LOOK_EVERY;
    bool known = clock_wall_known(loop_clock(reports->loop)), save_now = false;
    for (size_t i = 0; known && i < reports->count; i++) {
        bool first = !reports->progress[i].done;
        save_now |= look_at(reports, i, now) || first;
        const struct report_settings *settings = settings_at(reports->config, i);
        clock_us left = settings->enabled ? report_due_after(settings, now) - now : wait;
        wait = left < wait ? left : wait;
    }
    if (save_now)
        save(reports);
    loop_timer_at(reports->loop, timer, loop_now(reports->loop) + wait, on_timer, reports);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void take_settings(struct reports *reports, const struct config *config)
{
    reports->config = config;
    reports->count = config_count(config, &report_settings_table);
    reports->progress = mem_new((reports->count + 1) * sizeof *reports->progress);
    for (size_t i = 0; i < reports->count; i++)
        reports->progress[i].sum = sum_of(settings_at(config, i));
}

struct reports *reports_new(const struct reports_context *context, const struct config *config)
{
    struct reports *reports = mem_new(sizeof *reports);
    size_t size = strlen(context->folder) + sizeof "/reports.json";
    *reports = (struct reports){.loop = context->loop,
                                .notify = context->notify,
                                .saver = context->saver,
                                .file = mem_new(size)};
    snprintf(reports->file, size, "%s/reports.json", context->folder);
    take_settings(reports, config);
    load(reports);
    loop_timer_at(reports->loop, &reports->timer, loop_now(reports->loop) + FIRST_LOOK, on_timer,
                  reports);
    return reports;
}

/* A report whose times are the same goes on; another one begins now. */
void reports_configure(struct reports *reports, const struct config *config)
{
    const struct config *old = reports->config;
    struct progress *before = reports->progress;
    bool changed = false;
    take_settings(reports, config);
    for (size_t i = 0; i < reports->count; i++) {
        int at = config_find(old, &report_settings_table, name_at(config, i));
        if (at >= 0 && before[at].sum == reports->progress[i].sum)
            reports->progress[i] = before[at];
        else
            changed = true;
    }
    free(before);
    if (changed)
        loop_timer_at(reports->loop, &reports->timer, loop_now(reports->loop) + CLOCK_S, on_timer,
                      reports);
}

struct reports *reports_free(struct reports *reports)
{
    if (!reports)
        return NULL;
    loop_timer_stop(&reports->timer);
    saver_forget(reports->saver, reports);
    free(reports->progress);
    free(reports->file);
    free(reports);
    return NULL;
}

/* ---- for faces ------------------------------------------------------------------------------- */

struct report_view reports_view(const struct reports *reports, size_t index)
{
    const struct report_settings *settings = settings_at(reports->config, index);
    bool runs = settings->enabled && clock_wall_known(loop_clock(reports->loop));
    return (struct report_view){
        .name = name_at(reports->config, index),
        .settings = settings,
        .last = reports->progress[index].last,
        .next = runs ? report_due_after(settings, loop_wall(reports->loop)) : CLOCK_NEVER,
    };
}

int reports_send(struct reports *reports, const char *name)
{
    int index = config_find(reports->config, &report_settings_table, name);
    bool known = clock_wall_known(loop_clock(reports->loop));
    return index < 0 ? -ENOENT
                     : send_report(reports, (size_t)index, known ? loop_wall(reports->loop) : 0);
}
