#include "face/mail_letter.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_text.h"
#include "engine/notify.h"
#include "engine/notify_recipient.h"
#include "engine/report_rule.h"
#include "face/mail_energy.h"
#include "face/mail_graph.h"
#include "face/mail_message.h"
#include "face/mail_report.h"
#include "face/mail_table.h"
#include "face/mail_text.h"
#include "model/config.h"
#include "model/site_settings.h"

/* With its attachment encoded; most servers take ten megabytes and more. */
#define MESSAGE_MOST (9u << 20)

struct mail_letter_task {
    struct mail_letter_wish wish;
    void (*done)(void *user, struct buf *message_take, const char *never);
    void *user;
    struct loop_defer start;
    /* of alarms */
    const struct notice *shown; /* whose picture it is; NULL: none */
    struct mail_graph *graph;
    struct buf png;
    /* of reports */
    const struct notice *report; /* the newest; NULL: none */
    const struct report_settings *settings;
    struct mail_energy *energy;
    struct mail_energy_rows *rows; /* what was used; NULL: nothing is said */
    clock_us from, to;             /* of the table */
    struct mail_table *table;
    struct buf file;
    char note[240];
};

static struct loop *loop_of(const struct mail_letter_task *task)
{
    return task->wish.context->loop;
}

static clock_us wall_of(const struct mail_letter_task *task)
{
    return clock_wall_known(loop_clock(loop_of(task))) ? loop_wall(loop_of(task)) : 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct mail_letter_task *mail_letter_cancel(struct mail_letter_task *task)
{
    if (!task)
        return NULL;
    loop_defer_cancel(&task->start);
    mail_graph_cancel(task->graph);
    mail_table_cancel(task->table);
    mail_energy_cancel(task->energy);
    free(task->rows);
    buf_deinit(&task->png);
    buf_deinit(&task->file);
    free(task);
    return NULL;
}

static void end(struct mail_letter_task *task, struct buf *message, const char *never)
{
    void (*done)(void *user, struct buf *message_take, const char *never) = task->done;
    void *user = task->user;
    mail_letter_cancel(task);
    done(user, message, never);
}

/* ---- the texts ------------------------------------------------------------------------------- */

static struct mail_site site_of(const struct mail_letter_task *task)
{
    const struct site_settings *site = config_record(task->wish.config, &site_settings_table);
    return (struct mail_site){
        .name = site->name, .location = site->location, .page = task->wish.page};
}

static struct mail_report report_of(const struct mail_letter_task *task)
{
    return (struct mail_report){
        .site = task->wish.context->site,
        .alarms = task->wish.context->alarms,
        .settings = task->settings,
        .due = task->report->wall,
        .wall = wall_of(task),
        .now = loop_now(loop_of(task)),
        .note = task->note,
        .energy = task->rows,
    };
}

static void write_plain(const struct mail_letter_task *task, struct buf *out)
{
    const struct notify_job *job = task->wish.job;
    const struct mail_site site = site_of(task);
    mail_text_plain(out, &site, job->notices, job->count);
    if (task->settings) {
        const struct mail_report report = report_of(task);
        buf_add_char(out, '\n');
        mail_report_plain(out, &report);
    }
    mail_text_plain_end(out, &site);
}

static void write_html(const struct mail_letter_task *task, const char *picture, struct buf *out)
{
    const struct notify_job *job = task->wish.job;
    const struct mail_site site = site_of(task);
    mail_text_html(out, &site, job->notices, job->count, task->shown,
                   task->png.length ? picture : NULL);
    if (task->settings) {
        const struct mail_report report = report_of(task);
        mail_report_html(out, &report);
    }
    mail_text_html_end(out, &site);
}

/* ---- the message ----------------------------------------------------------------------------- */

/* What belongs together: all mails of an alarm, all of a report. */
static bool find_thread(const struct mail_letter_task *task, char *thread, size_t size)
{
    const struct notify_job *job = task->wish.job;
    uint32_t alarm = job->notices[0].alarm;
    if (task->report) {
        snprintf(thread, size, "report-%.60s", task->report->path);
        return true;
    }
    for (size_t i = 1; i < job->count; i++) {
        if (job->notices[i].alarm != alarm)
            return false;
    }
    snprintf(thread, size, "alarm-%08" PRIx32, alarm);
    return alarm != 0;
}

static bool is_urgent(const struct notify_job *job)
{
    bool urgent = false;
    for (size_t i = 0; i < job->count; i++)
        urgent |= job->notices[i].severity == ALARM_CRITICAL &&
                  (job->notices[i].kind != NOTICE_ALARM || job->notices[i].change == ALARM_RAISED);
    return urgent;
}

/* The time of the first notice is part of the id: numbers of jobs begin anew when somebody clears
 * the state folder, and no mail program shall take the new mails for the old ones. */
static void find_id(const struct notify_job *job, char *id, size_t size)
{
    snprintf(id, size, "%" PRIx64 ".%" PRIx64, job->id, (uint64_t)job->notices[0].wall);
}

static void name_file(const struct mail_letter_task *task, char *name, size_t size)
{
    char text[TIME_TEXT_SIZE];
    time_text_format_local(task->to, text);
    snprintf(name, size, "%.60s_%.10s_%.2s-%.2s.csv", task->report->path, text, text + 11,
             text + 14);
}

static void compose_full(const struct mail_letter_task *task, struct mail_message *message,
                         struct buf *out)
{
    struct buf text = BUF_EMPTY, html = BUF_EMPTY, picture = BUF_EMPTY;
    char name[100] = "";
    mail_message_picture(message->id, message->host, &picture);
    write_plain(task, &text);
    write_html(task, buf_text(&picture), &html);
    if (task->file.length)
        name_file(task, name, sizeof name);
    message->text = buf_text(&text);
    message->html = buf_text(&html);
    if (task->png.length)
        message->png = (struct mail_bytes){.data = task->png.data, .length = task->png.length};
    if (task->file.length)
        message->file = (struct mail_bytes){.name = name,
                                            .type = "text/csv; charset=utf-8; header=present",
                                            .data = task->file.data,
                                            .length = task->file.length,
                                            .encoded = true};
    mail_message_write(message, out);
    out->failed |= text.failed | html.failed | picture.failed;
    buf_deinit(&text);
    buf_deinit(&html);
    buf_deinit(&picture);
}

static void compose_short(const struct mail_letter_task *task, struct mail_message *message,
                          struct buf *out)
{
    struct buf text = BUF_EMPTY;
    const struct mail_site site = site_of(task);
    mail_text_short(&text, task->wish.job->notices, task->wish.job->count);
    message->subject = site.name;
    message->text = buf_text(&text);
    mail_message_write_short(message, out);
    out->failed |= text.failed;
    buf_deinit(&text);
}

static void compose(struct mail_letter_task *task)
{
    const struct notify_job *job = task->wish.job;
    const struct mail_site site = site_of(task);
    struct buf out = BUF_EMPTY, subject = BUF_EMPTY;
    char id[64], thread[80];
    find_id(job, id, sizeof id);
    mail_text_subject(&subject, &site, job->notices, job->count);
    struct mail_message message = {
        .id = id,
        .thread = find_thread(task, thread, sizeof thread) ? thread : NULL,
        .host = task->wish.context->host,
        .from = task->wish.from,
        .from_name = site.name,
        .to = job->recipient->address,
        .wall = wall_of(task),
        .urgent = is_urgent(job),
        .subject = buf_text(&subject),
    };
    out.limit = MESSAGE_MOST;
    if (job->recipient->form == RECIPIENT_SHORT)
        compose_short(task, &message, &out);
    else
        compose_full(task, &message, &out);
    bool failed = out.failed || subject.failed;
    buf_deinit(&subject);
    if (failed)
        buf_deinit(&out);
    end(task, failed ? NULL : &out, failed ? NULL : "");
}

/* ---- the picture ----------------------------------------------------------------------------- */

static void on_graph(void *user, struct buf *png_take)
{
    struct mail_letter_task *task = user;
    task->graph = NULL;
    if (png_take)
        task->png = *png_take;
    compose(task);
}

/* The first alarm at a point with numbers. */
static const struct notice *find_shown(const struct mail_letter_task *task)
{
    const struct notify_job *job = task->wish.job;
    for (size_t i = 0; i < job->count; i++) {
        const struct notice *notice = &job->notices[i];
        const struct point *point = notice->kind == NOTICE_ALARM && notice->path
                                        ? site_point_find(task->wish.context->site, notice->path)
                                        : NULL;
        if (point && quantity_row(point->quantity)->kind != QUANTITY_KIND_TEXT)
            return notice;
    }
    return NULL;
}

static bool ask_picture(struct mail_letter_task *task)
{
    task->shown = find_shown(task);
    if (!task->shown)
        return false;
    task->graph = mail_graph_start(loop_of(task), task->wish.context->history,
                                   &(struct mail_graph_wish){.path = task->shown->path,
                                                             .to = wall_of(task),
                                                             .limit = task->shown->limit,
                                                             .decimals = task->shown->decimals},
                                   on_graph, task);
    return task->graph;
}

/* ---- the table ------------------------------------------------------------------------------- */

static void on_table(void *user, struct mail_table_answer *answer)
{
    struct mail_letter_task *task = user;
    task->table = NULL;
    task->file = answer->lines;
    answer->lines = BUF_EMPTY;
    snprintf(task->note, sizeof task->note, "%s", answer->problem);
    compose(task);
}

/* From the report before the oldest one in the job to the newest one. */
static bool ask_table(struct mail_letter_task *task)
{
    const struct notify_job *job = task->wish.job;
    clock_us oldest = task->report->wall;
    if (!task->settings->csv || !oldest)
        return false;
    if (!task->wish.context->history) {
        snprintf(task->note, sizeof task->note,
                 "What was recorded is not attached: the history cannot be used.");
        return false;
    }
    for (size_t i = 0; i < job->count; i++) {
        if (job->notices[i].kind == NOTICE_REPORT && job->notices[i].wall &&
            strcmp(job->notices[i].path, task->report->path) == 0 && job->notices[i].wall < oldest)
            oldest = job->notices[i].wall;
    }
    task->to = task->report->wall;
    task->from = report_due_before(task->settings, oldest - 1);
    task->table =
        mail_table_start(loop_of(task), task->wish.context->history, task->wish.context->site,
                         task->settings, task->from, task->to, on_table, task);
    return task->table;
}

/* ---- energy ---------------------------------------------------------------------------------- */

static void on_energy(void *user, const struct mail_energy_rows *rows)
{
    struct mail_letter_task *task = user;
    task->energy = NULL;
    task->rows = rows->count ? malloc(sizeof *rows) : NULL;
    if (task->rows)
        *task->rows = *rows;
    if (!ask_table(task))
        compose(task);
}

static bool ask_energy(struct mail_letter_task *task)
{
    const struct mail_context *context = task->wish.context;
    clock_us now = wall_of(task);
    if (task->settings->energy && context->history && now)
        task->energy = mail_energy_start(loop_of(task), context->history, context->site,
                                         task->wish.config, now, on_energy, task);
    return task->energy;
}

/* ---- start ----------------------------------------------------------------------------------- */

static void find_report(struct mail_letter_task *task)
{
    const struct notify_job *job = task->wish.job;
    for (size_t i = 0; i < job->count; i++) {
        int index =
            job->notices[i].kind == NOTICE_REPORT
                ? config_find(task->wish.config, &report_settings_table, job->notices[i].path)
                : -1;
        if (index < 0)
            continue;
        task->report = &job->notices[i];
        task->settings = config_at(task->wish.config, &report_settings_table, (size_t)index);
    }
}

static bool only_reports(const struct notify_job *job)
{
    bool only = true;
    for (size_t i = 0; i < job->count; i++)
        only &= job->notices[i].kind == NOTICE_REPORT;
    return only;
}

/* What must be had before it can be written, so that its wait begins at once. False: nothing. */
static bool ask(struct mail_letter_task *task)
{
    const struct mail_context *context = task->wish.context;
    if (task->wish.job->recipient->form != RECIPIENT_FULL)
        return false;
    if (task->report)
        return ask_energy(task) || ask_table(task);
    return context->history && wall_of(task) && ask_picture(task);
}

static void on_start(struct loop_defer *defer, void *user)
{
    struct mail_letter_task *task = user;
    (void)defer;
    if (!task->report && only_reports(task->wish.job))
        end(task, NULL, "this report is no longer in the settings");
    else
        compose(task);
}

struct mail_letter_task *
mail_letter_start(const struct mail_letter_wish *wish,
                  void (*done)(void *user, struct buf *message_take, const char *never), void *user)
{
    struct mail_letter_task *task = calloc(1, sizeof *task);
    if (!task)
        return NULL;
    *task = (struct mail_letter_task){
        .wish = *wish,
        .done = done,
        .user = user,
        .start = LOOP_DEFER_EMPTY,
    };
    find_report(task);
    if (!ask(task))
        loop_defer(wish->context->loop, &task->start, on_start, task);
    return task;
}
