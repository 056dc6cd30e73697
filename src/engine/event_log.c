#include "engine/event_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "engine/event_asker.h"
#include "engine/event_limit.h"
#include "engine/event_writer.h"

#define HELD_EVERY (60 * CLOCK_S)

struct event_log {
    struct loop *loop;
    struct event_settings settings;
    struct event_writer *writer; /* NULL: no store */
    struct event_asker *asker;
    struct loop_fd back; /* notes come back */
    struct event_news *news;
    struct event_tap *taps;
    struct event_limit limits[EVENT_KINDS];
    struct loop_timer held_timer;
    struct event_log_status status;
    uint64_t told; /* newest id that subscribers know */
    /* while the disk refuses, and until that has been told */
    bool trouble_due; /* it is over, and no event says so yet */
    clock_us failing_since;
    int failing_code;
    char failing_text[200];
    uint64_t lost_before; /* status.lost when it was last told */
    bool damage_due;      /* `notice` is not an event yet */
    char notice[200];     /* of a damaged file */
};

static const struct setting_row rows[] = {
    {.key = "keep",
     .type = SETTING_DURATION,
     .offset = offsetof(struct event_settings, keep),
     .min = 86400,
     .max = 36525 * 86400.0,
     .initial = "1826 d",
     .right = ROLE_ADMINISTRATOR,
     .help = "Older events are removed, a few at a time."},
    {.key = "most",
     .type = SETTING_INT,
     .offset = offsetof(struct event_settings, most),
     .min = 1000,
     .max = 1000000,
     .initial = "100000",
     .unit = "events",
     .right = ROLE_ADMINISTRATOR,
     .help = "When there are more, the oldest are removed; one takes about 300 bytes on the disk."},
};

const struct setting_table event_settings_table = {
    .name = "events",
    .label = "Event log",
    .help = "How long it is remembered what happened and who did it.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct event_settings),
};

/* ---- notes ----------------------------------------------------------------------------------- */

/* A note with its texts behind it, in one piece of memory. What people and devices say comes into a
 * line of its own, whatever is in it: a log of which a reason can forge the next line is none. */
static struct event_note *make_note(struct event_log *log, const struct event *event,
                                    enum event_severity severity)
{
    const struct event_kind_row *row = event_kind_row(event->kind);
    const char *detail =
        event->detail && strlen(event->detail) <= EVENT_DETAIL_MOST ? event->detail : "";
    const struct {
        const char *text;
        size_t most;
    } texts[] = {
        {event->actor ? event->actor : "system", EVENT_NAME_MOST},
        {event->origin ? event->origin : "", EVENT_NAME_MOST},
        {event->object ? event->object : "", EVENT_OBJECT_MOST},
        {event->text ? event->text : "", EVENT_TEXT_MOST},
        {detail, EVENT_DETAIL_MOST},
    };
    size_t lengths[5], total = 0;
    for (size_t i = 0; i < 5; i++)
        total += (lengths[i] = utf8_fit(texts[i].text, strlen(texts[i].text), texts[i].most)) + 1;
    struct event_note *note = calloc(1, sizeof *note + total);
    if (!note)
        return NULL;
    const char **const places[] = {&note->record.actor, &note->record.origin, &note->record.object,
                                   &note->record.text, &note->record.detail};
    char *at = (char *)(note + 1);
    for (size_t i = 0; i < 5; i++) {
        *places[i] = at;
        at += utf8_clean(at, texts[i].text, lengths[i]) + 1;
    }
    const struct clock *clock = loop_clock(log->loop);
    note->record.wall = clock_wall(clock);
    note->record.wall_known = clock_wall_known(clock);
    note->record.mono = clock_mono(clock);
    note->record.kind = row->name;
    note->record.severity = severity;
    note->policy = (struct event_policy){log->settings.keep, (uint64_t)log->settings.most};
    note->durable = event->durable;
    note->user = event->user;
    note->batch.block.weight = sizeof *note + total;
    return note;
}

static void finish_note(struct event_log *log, struct event_note *note)
{
    if (!note->is_report) {
        log->status.waiting--;
        log->status.lost += !note->batch.written;
        if (note->durable)
            note->durable(note->user, note->batch.written ? note->record.id : 0);
    }
    free(note);
}

/* 0; -ENOMEM, or -ENOSPC while those that wait fill their bound. */
static int give(struct event_log *log, const struct event *event, enum event_severity severity)
{
    struct event_note *note = make_note(log, event, severity);
    if (!note)
        return -ENOMEM;
    if (event_writer_give(log->writer, note)) {
        log->status.waiting++;
        return 0;
    }
    free(note);
    return -ENOSPC;
}

/* ---- what is only counted -------------------------------------------------------------------- */

/* What was only counted is told as one, when the limit lets another through again. */
static void tell_held(struct event_log *log, enum event_kind kind)
{
    const struct event_kind_row *row = event_kind_row(kind);
    struct event_limit *limit = &log->limits[kind];
    unsigned held = limit->held;
    if (held == 0 || !event_limit_pass(limit, row->an_hour, loop_now(log->loop))) {
        limit->held = held;
        return;
    }
    char text[200], detail[100];
    limit->held = 0;
    snprintf(text, sizeof text, "%u more of the kind \"%s\" came and are not listed one by one.",
             held, row->label);
    snprintf(detail, sizeof detail, "{\"kind\":\"%s\",\"count\":%u}", row->name, held);
    event_log_add(
        log, &(struct event){
                 .kind = EVENT_EVENTS_HELD, .object = row->name, .text = text, .detail = detail});
}

static void on_held(struct loop_timer *timer, void *user)
{
    struct event_log *log = user;
    bool more = false;
    for (int kind = 0; kind < EVENT_KINDS; kind++) {
        tell_held(log, (enum event_kind)kind);
        more |= log->limits[kind].held > 0;
    }
    if (!more)
        loop_timer_stop(timer);
}

/* Whether the event is one too many of its kind; then it is counted. */
static bool hold(struct event_log *log, enum event_kind kind)
{
    if (event_limit_pass(&log->limits[kind], event_kind_row(kind)->an_hour, loop_now(log->loop)))
        return false;
    if (!loop_timer_running(&log->held_timer))
        loop_timer_every(log->loop, &log->held_timer, HELD_EVERY, HELD_EVERY, on_held, log);
    return true;
}

/* ---- trouble with the disk is an event too --------------------------------------------------- */

/* Of the log itself. False when those that wait fill their bound: then it is to be tried again when
 * one of them has been written. */
static bool tell_own(struct event_log *log, enum event_kind kind, const char *text,
                     const char *detail)
{
    enum event_severity severity = event_kind_row(kind)->severity;
    const struct event event = {.kind = kind, .object = "events", .text = text, .detail = detail};
    return give(log, &event, severity) == 0;
}

static enum event_kind trouble_kind(const struct event_log *log)
{
    return log->failing_code == -ENOSPC ? EVENT_STORAGE_FULL : EVENT_EVENTS_PROBLEM;
}

/* For how long, why, and how many did not fit: once the first of those that waited is written, and
 * there is room. */
static void tell_trouble(struct event_log *log)
{
    uint64_t lost = log->status.lost - log->lost_before;
    int64_t seconds = (loop_now(log->loop) - log->failing_since) / CLOCK_S;
    enum event_kind kind = trouble_kind(log);
    char text[420], detail[120];
    snprintf(text, sizeof text,
             "For %" PRId64 " s events waited, because %.200s; %" PRIu64
             " of them did not fit and are lost.",
             seconds, log->failing_text, lost);
    snprintf(detail, sizeof detail, "{\"seconds\":%" PRId64 ",\"lost\":%" PRIu64 "}", seconds,
             lost);
    if (!tell_own(log, kind, text, detail))
        return;
    log->trouble_due = false;
    log->lost_before += lost;
    log_write(event_severity_log(event_kind_row(kind)->severity), event_kind_row(kind)->name, "%s",
              text);
}

static void tell_damage(struct event_log *log)
{
    log->damage_due = !tell_own(log, EVENT_EVENTS_PROBLEM, log->notice, NULL);
}

static void take_notice(struct event_log *log, const char *notice)
{
    if (!*notice || strcmp(log->notice, notice) == 0)
        return;
    snprintf(log->notice, sizeof log->notice, "%s", notice);
    log->damage_due = !hold(log, EVENT_EVENTS_PROBLEM);
}

static void take_problem(struct event_log *log, const struct err *problem)
{
    if (!log->status.ok == (problem->code != 0))
        return;
    log->status.ok = problem->code == 0;
    snprintf(log->status.problem, sizeof log->status.problem, "%.199s", problem->text);
    if (problem->code && !log->trouble_due) {
        log->failing_since = loop_now(log->loop);
        log->failing_code = problem->code;
        snprintf(log->failing_text, sizeof log->failing_text, "%.199s", problem->text);
    }
    if (problem->code)
        log_error("event_log", "%s", problem->text);
    log->trouble_due = !problem->code && !hold(log, trouble_kind(log));
}

static void take_report(struct event_log *log, const struct event_note *note)
{
    log->status.first = note->first;
    log->status.last = note->last;
    log->status.bytes = note->bytes;
    take_problem(log, &note->batch.problem);
    take_notice(log, note->notice);
}

static void tell_news(struct event_log *log)
{
    if (log->status.last == log->told)
        return;
    log->told = log->status.last;
    for (struct event_news *news = log->news, *next; news; news = next) {
        next = news->next;
        news->fn(news->user, log->told);
    }
}

static void take_back(struct event_log *log)
{
    struct event_note *note;
    while ((note = event_writer_take(log->writer))) {
        take_report(log, note);
        finish_note(log, note);
        if (log->trouble_due)
            tell_trouble(log);
        if (log->damage_due)
            tell_damage(log);
    }
    tell_news(log);
}

static void on_back(struct loop_fd *handle, int events, void *user)
{
    (void)handle;
    (void)events;
    take_back(user);
}

/* ---- adding ---------------------------------------------------------------------------------- */

int event_log_add(struct event_log *log, const struct event *event)
{
    const struct event_kind_row *row = event_kind_row(event->kind);
    enum event_severity severity = event->severity ? event->severity : row->severity;
    if (log && hold(log, event->kind))
        return -EAGAIN;
    if (!event->said && event->text)
        log_write(event_severity_log(severity), row->name, "%s", event->text);
    if (!log)
        return -ENODEV;
    for (struct event_tap *tap = log->taps, *next; tap; tap = next) {
        next = tap->next;
        tap->fn(tap->user, event, severity);
    }
    if (!log->writer)
        return -ENODEV;
    int result = give(log, event, severity);
    log->status.lost += result < 0;
    return result;
}

/* ---- life ------------------------------------------------------------------------------------ */

static int start_writer(struct event_log *log, struct event_store *store, struct err *err)
{
    const struct event_store_facts facts = event_store_facts(store);
    log->status = (struct event_log_status){
        .ok = true,
        .first = facts.first,
        .last = facts.last,
        .bytes = facts.bytes,
        .ran_before = facts.ran_before,
        .ended_well = facts.ended_well,
    };
    log->told = facts.last;
    char notice[200];
    snprintf(notice, sizeof notice, "%s", facts.notice);
    log->writer = event_writer_start(store);
    if (!log->writer) {
        event_store_close(store);
        return err_set(err, -EAGAIN, "the event log's writer cannot be started");
    }
    int result =
        loop_fd_start(log->loop, &log->back, event_writer_fd(log->writer), LOOP_READ, on_back, log);
    if (result < 0)
        return err_set_errno(err, result, "the event log's writer cannot be watched");
    take_notice(log, notice);
    if (log->damage_due)
        tell_damage(log);
    return 0;
}

struct event_log *event_log_open(struct loop *loop, const char *folder,
                                 const struct event_settings *settings)
{
    char boot[64];
    struct err err = ERR_EMPTY;
    struct event_log *log = mem_new(sizeof *log);
    log->loop = loop;
    log->settings = *settings;
    log->back = LOOP_FD_EMPTY;
    log->held_timer = LOOP_TIMER_EMPTY;
    log->asker = event_asker_new(loop, folder);
    file_read_line(FILE_BOOT_ID, boot, sizeof boot);
    struct event_store *store = event_store_open(folder, boot, &err);
    if (store && start_writer(log, store, &err) == 0)
        return log;
    log->status.ok = false;
    snprintf(log->status.problem, sizeof log->status.problem, "%.199s", err.text);
    log_error("event_log", "no events are recorded: %s", err.text);
    return log;
}

struct event_log *event_log_close(struct event_log *log)
{
    if (!log)
        return NULL;
    loop_timer_stop(&log->held_timer);
    loop_fd_stop(&log->back);
    log->asker = event_asker_free(log->asker);
    if (log->writer) {
        event_writer_stop(log->writer);
        struct event_note *note;
        while ((note = event_writer_take(log->writer)))
            finish_note(log, note);
        if (log->status.lost)
            log_warning("event_log", "%" PRIu64 " events could not be written", log->status.lost);
        log->writer = event_writer_free(log->writer);
    }
    free(log);
    return NULL;
}

void event_log_configure(struct event_log *log, const struct event_settings *settings)
{
    log->settings = *settings;
}

struct event_log_status event_log_status(const struct event_log *log)
{
    return log->status;
}

/* ---- news and questions ---------------------------------------------------------------------- */

void event_log_subscribe(struct event_log *log, struct event_news *news)
{
    news->next = log->news;
    log->news = news;
}

void event_log_unsubscribe(struct event_log *log, struct event_news *news)
{
    for (struct event_news **at = &log->news; *at; at = &(*at)->next) {
        if (*at == news) {
            *at = news->next;
            return;
        }
    }
}

void event_log_tap(struct event_log *log, struct event_tap *tap)
{
    tap->next = log->taps;
    log->taps = tap;
}

void event_log_untap(struct event_log *log, struct event_tap *tap)
{
    for (struct event_tap **at = &log->taps; *at; at = &(*at)->next) {
        if (*at == tap) {
            *at = tap->next;
            return;
        }
    }
}

struct event_ask *event_log_ask(struct event_log *log, const struct event_question *question,
                                const struct event_asking *asking, struct err *err)
{
    return event_asker_ask(log->asker, question, asking, err);
}
