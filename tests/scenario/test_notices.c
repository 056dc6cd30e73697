/* A day without the mail server, with an alarm every ten seconds, and what is there when it is
 * back. The other side counts by itself; one day there is a restart in between. */
#include <malloc.h>
#include <sqlite3.h>

#include "../unit/engine/notify_testing.h"
#include "test_sanitized.h"

#define EVERY (10 * CLOCK_S)
#define DAY (24 * 3600 * CLOCK_S)
#define SILENCE (30 * CLOCK_S)     /* after which a route gives a mute server up */
#define QUICK (20 * CLOCK_MS)      /* what a server takes for a mail */
#define COUNT ((int)(DAY / EVERY)) /* 8640 */
/* Their records, 24 bytes each in rings of a power of two (8192 + 4096: 288 KiB), and the pages
 * that SQLite keeps (256 KiB, some counted twice); the texts would be 4 MB. */
#define RECORDS_MOST (896u * 1024)
#define SITE                                                                                       \
    "recipients: {ops: {kind: webhook, url: \"http://a/\", least: info},"                          \
    " log: {kind: syslog, host: a, least: info}}\n"

#ifdef TEST_SANITIZED
#define COUNTS_MEMORY false
#else
#define COUNTS_MEMORY true
#endif

/* A mail server with a clock: mute while it is dead. */
struct server {
    struct testing *t;
    struct notify_route route;
    struct loop_timer timer;
    struct notify_job *job;
    bool dead;
    size_t heard, doubled, disordered;
    uint64_t last_id;
    size_t loss;
};

/* Stands for those who are still reached. */
struct other {
    struct testing *t;
    struct notify_route route;
    size_t heard;
};

static void on_time(struct loop_timer *timer, void *user)
{
    struct server *server = user;
    struct notify_job *job = server->job;
    (void)timer;
    server->job = NULL;
    if (server->dead) {
        notify_done(server->t->notify, job, NOTIFY_LATER, "no answer");
        return;
    }
    for (size_t i = 0; i < job->count; i++) {
        const struct notice *notice = &job->notices[i];
        if (notice->kind == NOTICE_LOSS) {
            server->loss += (size_t)notice->number;
            continue;
        }
        server->heard++;
        server->doubled += notice->id == server->last_id;
        server->disordered += notice->id < server->last_id;
        server->last_id = notice->id;
    }
    notify_done(server->t->notify, job, NOTIFY_DELIVERED, "250 ok");
}

static void on_send(void *user, struct notify_job *job)
{
    struct server *server = user;
    server->job = job;
    loop_timer_at(server->t->loop, &server->timer,
                  loop_now(server->t->loop) + (server->dead ? SILENCE : QUICK), on_time, server);
}

static void on_abandon(void *user, struct notify_job *job)
{
    struct server *server = user;
    loop_timer_stop(&server->timer);
    server->job = NULL;
    notify_done(server->t->notify, job, NOTIFY_LATER, "abandoned");
}

static void other_send(void *user, struct notify_job *job)
{
    struct other *other = user;
    other->heard += job->count;
    notify_done(other->t->notify, job, NOTIFY_DELIVERED, "");
}

static void attach(struct testing *t, struct server *server, struct other *other)
{
    notify_route_remove(t->notify, &t->route); /* the one of notify_testing */
    server->route = (struct notify_route){
        .kind = "webhook", .most = 100, .send = on_send, .abandon = on_abandon, .user = server};
    other->route = (struct notify_route){
        .kind = "syslog", .most = 50, .send = other_send, .abandon = on_abandon, .user = other};
    notify_route_add(t->notify, &server->route);
    notify_route_add(t->notify, &other->route);
}

static void detach(struct testing *t, struct server *server, struct other *other)
{
    notify_route_remove(t->notify, &server->route);
    notify_route_remove(t->notify, &other->route);
    t->notify = notify_close(t->notify);
}

/* What is in use, the thread of the disk included. */
static size_t in_use(void)
{
    return mallinfo2().uordblks + (size_t)sqlite3_memory_used();
}

/* Ten seconds in which the server answers: the disk is read in real time, and counts for nothing
 * beside its 20 ms. */
static void listen_and_advance(struct testing *t)
{
    for (clock_us end = loop_now(t->loop) + EVERY; loop_now(t->loop) < end;) {
        testing_settle(t);
        loop_advance(t->loop, QUICK);
    }
}

static void alarms(struct testing *t, const struct server *server, int first, int last)
{
    for (int i = first; i < last; i++) {
        char subject[32];
        snprintf(subject, sizeof subject, "Warning: rack 3 is hot (%d)", i);
        assert_int_equal(
            notify_add(t->notify, &(struct notice){.kind = NOTICE_ALARM,
                                                   .severity = (enum alarm_severity)(
                                                       i % 3 ? ALARM_INFO : ALARM_WARNING),
                                                   .change = i % 2 ? ALARM_CLEARED : ALARM_RAISED,
                                                   .rule = "rack-hot",
                                                   .path = "sensor-3/temperature",
                                                   .label = "Rack 3 temperature",
                                                   .unit = "°C",
                                                   .number = 36.5,
                                                   .limit = 35,
                                                   .decimals = 1,
                                                   .wall = loop_wall(t->loop),
                                                   .subject = subject,
                                                   .text = "Rack 3 temperature is "
                                                           "36.5 °C, over 35 °C."}),
            0);
        if (server->dead)
            loop_advance(t->loop, EVERY);
        else
            listen_and_advance(t);
    }
}

static void a_day_without_the_server_loses_nothing(void **state)
{
    (void)state;
    struct testing t;
    struct server server = {.t = &t, .dead = true};
    struct other other = {.t = &t};
    testing_begin(&t, TESTING_MONDAY, SITE);
    attach(&t, &server, &other);
    alarms(&t, &server, 0, 100);
    testing_settle(&t);
    size_t early = in_use();
    alarms(&t, &server, 100, COUNT / 2);
    detach(&t, &server, &other); /* a restart at noon */
    t.silent = true;             /* notify_testing's route, until ours take its place */
    testing_open(&t);
    attach(&t, &server, &other);
    alarms(&t, &server, COUNT / 2, COUNT);
    struct notify_status status = testing_status(&t, "ops");
    assert_int_equal(status.waiting, COUNT);
    assert_int_equal(other.heard, COUNT); /* whom the dead server does not concern */
    testing_settle(&t);
    size_t late = in_use();
    printf("# %d notices wait in %zu KiB\n", COUNT, (late - early) / 1024);
    if (COUNTS_MEMORY)
        assert_true(late < early + RECORDS_MOST);
    server.dead = false;
    /* The next alarm finds it back, and brings all of it within a minute of its return. */
    alarms(&t, &server, COUNT, COUNT + 6);
    assert_int_equal(server.heard, COUNT + 6);
    assert_int_equal(server.doubled + server.disordered + server.loss, 0);
    assert_int_equal(testing_status(&t, "ops").waiting, 0);
    /* Another outage takes nothing that is not given back. */
    testing_settle(&t);
    size_t after = in_use();
    server.dead = true;
    alarms(&t, &server, COUNT + 6, COUNT + 2000);
    server.dead = false;
    alarms(&t, &server, COUNT + 2000, COUNT + 2006);
    assert_int_equal(server.heard, COUNT + 2006);
    testing_settle(&t);
    if (COUNTS_MEMORY)
        assert_in_range(in_use(), after - 512 * 1024, after + 64 * 1024);
    detach(&t, &server, &other);
    /* all of it is known to be delivered */
    testing_open(&t);
    assert_int_equal(testing_status(&t, "ops").waiting, 0);
    testing_end(&t);
}

/* With room for a thousand, memory stays as it is from then on, and what went is told. */
static void a_queue_that_is_full_stays_as_large_as_it_is(void **state)
{
    (void)state;
    struct testing t;
    struct server server = {.t = &t, .dead = true};
    struct other other = {.t = &t};
    testing_begin(&t, TESTING_MONDAY, SITE "notices: {most: 1000}\n");
    attach(&t, &server, &other);
    alarms(&t, &server, 0, 2000);
    testing_settle(&t);
    size_t full = in_use();
    alarms(&t, &server, 2000, COUNT);
    assert_in_range(testing_status(&t, "ops").waiting, 999, 1000); /* the log needs room too */
    testing_settle(&t);
    if (COUNTS_MEMORY)
        assert_in_range(in_use(), full - 64 * 1024, full + 64 * 1024);
    server.dead = false;
    alarms(&t, &server, COUNT, COUNT + 6);
    assert_int_equal(server.heard + server.loss, COUNT + 6);
    assert_in_range(server.heard, 999, 1006);
    assert_int_equal(server.doubled + server.disordered, 0);
    detach(&t, &server, &other);
    testing_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_without_the_server_loses_nothing),
        cmocka_unit_test(a_queue_that_is_full_stays_as_large_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
