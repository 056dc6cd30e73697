/* notify_testing - a notify on the fake clock with a route that the test is the other side of. */
#pragma once

#include "test.h"
#include "test_folder.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "engine/notify.h"
#include "engine/notify_hours.h"
#include "engine/notify_recipient.h"
#include "engine/notify_settings.h"
#include "model/config.h"
#include "model/site_settings.h"

/* 2026-11-23 10:00:00 UTC, a Monday */
#define TESTING_MONDAY (1795428000LL * CLOCK_S)

#define HOOK "kind: webhook, url: \"http://a/\", least: info"
#define ONE "recipients: {ops: {" HOOK "}}\n"
#define MINUTE (60 * CLOCK_S)
#define HOUR (3600 * CLOCK_S)

static const struct setting_table *const testing_tables[] = {
    &site_settings_table, &recipient_settings_table, &business_hours_table, &notify_settings_table,
    NULL};
static const struct config_schema testing_schema = {.tables = testing_tables};

#define TESTING_HEARD 31000

/* One thing that the route was given. */
struct testing_heard {
    char name[32], subject[48];
    uint64_t id;
    unsigned attempt;
    clock_us at; /* of the test: 0 is its beginning */
};

struct testing {
    struct clock clock;
    struct loop *loop;
    struct config *config;
    struct event_log *events; /* NULL: none */
    struct notify *notify;
    struct notify_route route;
    char folder[200];
    clock_us begin;
    /* the other side */
    enum notify_outcome answer;
    bool silent; /* takes jobs and says nothing */
    struct notify_job *held;
    struct testing_heard *heard; /* notices, one after the other */
    size_t heard_count;
    size_t jobs, delivered, abandoned;
    uint64_t job_ids[64]; /* of the first ones */
    size_t job_sizes[64];
};

static inline void testing_send(void *user, struct notify_job *job)
{
    struct testing *t = user;
    assert_true(job->count > 0 && job->id != 0 && job->recipient);
    if (t->jobs < 64) {
        t->job_ids[t->jobs] = job->id;
        t->job_sizes[t->jobs] = job->count;
    }
    t->jobs++;
    for (size_t i = 0; i < job->count; i++) {
        assert_true(t->heard_count < TESTING_HEARD);
        struct testing_heard *heard = &t->heard[t->heard_count++];
        snprintf(heard->name, sizeof heard->name, "%s", job->name);
        snprintf(heard->subject, sizeof heard->subject, "%s", job->notices[i].subject);
        heard->id = job->id;
        heard->attempt = job->attempt;
        heard->at = loop_now(t->loop) - t->begin;
    }
    if (t->silent) {
        assert_null(t->held);
        t->held = job;
        return;
    }
    t->delivered += t->answer == NOTIFY_DELIVERED ? job->count : 0;
    notify_done(t->notify, job, t->answer,
                t->answer == NOTIFY_DELIVERED ? "250 thanks" : "451 not\x1B today\nor later");
}

static inline void testing_abandon(void *user, struct notify_job *job)
{
    struct testing *t = user;
    assert_ptr_equal(job, t->held);
    t->held = NULL;
    t->abandoned++;
    notify_done(t->notify, job, NOTIFY_LATER, "abandoned");
}

/* The other side answers what it has held back. */
static inline void testing_answer(struct testing *t, enum notify_outcome outcome)
{
    struct notify_job *job = t->held;
    assert_non_null(job);
    t->held = NULL;
    t->delivered += outcome == NOTIFY_DELIVERED ? job->count : 0;
    notify_done(t->notify, job, outcome, "now");
}

static inline struct config *testing_config(struct testing *t, const char *text)
{
    char path[300];
    struct err_list errors = ERR_LIST_EMPTY;
    snprintf(path, sizeof path, "%s/site.yaml", t->folder);
    test_write_file(path, text);
    struct config *config = config_load(&testing_schema, path, NULL, NULL, 0, &errors);
    if (!config)
        fail_msg("%s", errors.list[0].text);
    err_list_deinit(&errors);
    return config;
}

/* Real time: until the disk owes nothing, neither what was written nor what is read. What is due is
 * sent on the way. */
static inline void testing_settle(struct testing *t)
{
    for (int i = 0; i < 30000; i++) {
        loop_poll(t->loop);
        const char *problem;
        bool kept = notify_kept(t->notify, &problem);
        if (!notify_reading(t->notify) && (notify_durable(t->notify) || !kept))
            return;
        usleep(1000);
    }
    fail_msg("waited in vain");
}

/* Fake time, with the disk quick enough. */
static inline void testing_advance(struct testing *t, clock_us by)
{
    testing_settle(t);
    loop_advance(t->loop, by);
    testing_settle(t);
}

static inline void testing_open(struct testing *t)
{
    t->notify = notify_open(
        &(struct notify_context){.loop = t->loop, .events = t->events, .folder = t->folder},
        t->config);
    t->held = NULL;
    t->route = (struct notify_route){.kind = "webhook",
                                     .most = 100,
                                     .send = testing_send,
                                     .abandon = testing_abandon,
                                     .user = t};
    notify_route_add(t->notify, &t->route);
}

static inline void testing_close(struct testing *t)
{
    notify_route_remove(t->notify, &t->route);
    t->notify = notify_close(t->notify);
}

static inline void testing_begin(struct testing *t, clock_us wall, const char *text)
{
    *t = (struct testing){.clock = clock_fake(wall), .answer = NOTIFY_DELIVERED};
    t->heard = calloc(TESTING_HEARD, sizeof *t->heard);
    t->loop = loop_new(&t->clock);
    assert_true(t->loop && t->heard);
    t->begin = loop_now(t->loop);
    test_folder_in_memory(t->folder, sizeof t->folder); /* its subject is not the disk */
    t->config = testing_config(t, text);
    testing_open(t);
}

static inline void testing_end(struct testing *t)
{
    if (t->notify)
        testing_close(t);
    config_free(t->config);
    loop_free(t->loop);
    test_folder_remove(t->folder);
    free(t->heard);
}

static inline void testing_configure(struct testing *t, const char *text)
{
    struct config *fresh = testing_config(t, text);
    notify_configure(t->notify, fresh);
    config_free(t->config);
    t->config = fresh;
}

static inline int testing_tell(struct testing *t, enum alarm_severity severity, const char *subject)
{
    return notify_add(t->notify, &(struct notice){.kind = NOTICE_ALARM,
                                                  .severity = severity,
                                                  .change = ALARM_RAISED,
                                                  .rule = "hot",
                                                  .number = NAN,
                                                  .limit = 35,
                                                  .wall = clock_wall(&t->clock),
                                                  .subject = subject,
                                                  .text = "It is hot.\nIndeed."});
}

/* Notices whose subjects are the numbers from `first` to `last`. */
static inline void testing_tell_many(struct testing *t, enum alarm_severity severity, int first,
                                     int last)
{
    for (int i = first; i <= last; i++) {
        char subject[16];
        snprintf(subject, sizeof subject, "%d", i);
        assert_int_equal(testing_tell(t, severity, subject), 0);
    }
}

static inline struct notify_status testing_status(const struct testing *t, const char *name)
{
    for (size_t i = 0; i < notify_count(t->notify); i++) {
        struct notify_status status = notify_status(t->notify, i);
        if (strcmp(status.recipient, name) == 0)
            return status;
    }
    fail_msg("there is no recipient %s", name);
    return (struct notify_status){0};
}

/* What was heard, subjects with a blank between. */
static inline const char *testing_words(const struct testing *t)
{
    static char text[8000];
    text[0] = '\0';
    for (size_t i = 0, used = 0; i < t->heard_count && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
                                 t->heard[i].subject);
    return text;
}
