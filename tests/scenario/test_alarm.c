/* Forty meters behind one gateway, and who is told when it, or one of them, is not there. */
#include "house.h"

#include "base/log.h"
#include "base/saver.h"
#include "engine/alarm.h"

#define WALL (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */

enum { METERS = 40 };

struct fixture {
    struct house house;
    struct saver *saver;
    struct alarms *alarms;
    struct alarm_watch watch;
    char log[4000]; /* "rule path raised; " */
    unsigned told;
};

static void on_changed(void *user, const struct alarm_view *alarm, enum alarm_change change)
{
    struct fixture *f = user;
    size_t used = strlen(f->log);
    if (change == ALARM_TOUCHED)
        return;
    f->told++;
    snprintf(f->log + used, sizeof f->log - used, "%s %s %s; ", alarm->rule, alarm->path,
             alarm_change_name(change));
}

/* A daemon with its alarms, as src/daemon/daemon_alarm.c wires them. */
static void start(struct fixture *f)
{
    house_start(&f->house);
    f->saver = saver_new(f->house.loop);
    f->alarms = alarms_new(&(struct alarms_context){.loop = f->house.loop,
                                                    .site = f->house.site,
                                                    .saver = f->saver,
                                                    .folder = f->house.folder},
                           f->house.config);
    f->watch = (struct alarm_watch){.changed = on_changed, .user = f};
    alarms_watch(f->alarms, &f->watch);
}

static void stop(struct fixture *f)
{
    alarms_stop(f->alarms);
    while (saver_busy(f->saver))
        loop_poll(f->house.loop);
    f->alarms = alarms_free(f->alarms);
    f->saver = saver_free(f->saver);
    house_stop(&f->house);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char site[8000];
    size_t used =
        (size_t)snprintf(site, sizeof site,
                         "lines: {bus: {kind: modbus-tcp, host: gw}}\n"
                         "history: {every: 1 min}\n"
                         "alarms:\n"
                         "  gone: {points: '*', when: lost, for: 30 s}\n"
                         "  dark: {points: '*/phase-*/voltage', when: under, limit: 100}\n"
                         "devices:\n");
    for (int i = 1; i <= METERS; i++)
        used += (size_t)snprintf(
            site + used, sizeof site - used,
            "  m-%d: {line: bus, unit: %d, profile: scenario-meter, every: 5 s}\n", i, i);
    log_open(LOG_SINK_STDERR, LOG_LEVEL_ERROR);
    house_make(&f->house, WALL, site);
    for (int i = 1; i <= METERS; i++) {
        gateway_fit(&f->house.gateway, i, 1000);
        gateway_load(&f->house.gateway, i, 600, 600, 600);
    }
    start(f);
    loop_advance(f->house.loop, 10 * HOUSE_MINUTE);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    stop(f);
    house_remove(&f->house);
    free(f);
    return 0;
}

static void a_lost_gateway_is_one_alarm(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(f->log, "");
    f->house.gateway.away = true;
    loop_advance(f->house.loop, 3 * HOUSE_HOUR);
    assert_string_equal(f->log, "gone line/bus raised; ");
    f->house.gateway.away = false;
    loop_advance(f->house.loop, HOUSE_HOUR);
    assert_string_equal(f->log, "gone line/bus raised; gone line/bus cleared; ");
    assert_int_equal(alarms_active(f->alarms), 0);
}

/* The gateway takes connections and answers nothing: each meter falls silent by itself. */
static void meters_that_all_fall_silent_are_one_alarm(void **state)
{
    struct fixture *f = *state;
    for (int i = 1; i <= METERS; i++)
        f->house.gateway.meters[i].silent = true;
    loop_advance(f->house.loop, HOUSE_HOUR);
    assert_string_equal(f->log, "gone line/bus raised; ");
    for (int i = 1; i <= METERS; i++)
        f->house.gateway.meters[i].silent = i == 17;
    loop_advance(f->house.loop, HOUSE_HOUR);
    assert_string_equal(f->log, "gone line/bus raised; gone line/bus cleared; gone m-17 raised; ");
}

static void one_silent_meter_is_its_own_alarm(void **state)
{
    struct fixture *f = *state;
    f->house.gateway.meters[7].silent = true;
    loop_advance(f->house.loop, HOUSE_HOUR);
    assert_string_equal(f->log, "gone m-7 raised; ");
}

/* Each minute the network is away for four seconds: for an hour nobody hears of it. */
static void a_flapping_link_is_no_alarm(void **state)
{
    struct fixture *f = *state;
    for (int minute = 0; minute < 60; minute++) {
        f->house.gateway.away = true;
        loop_advance(f->house.loop, 4 * CLOCK_S);
        f->house.gateway.away = false;
        loop_advance(f->house.loop, 56 * CLOCK_S);
    }
    assert_string_equal(f->log, "");
}

/* Whenever it is restarted in an outage, and however often: the loss and its end are told once. */
static void restarts_in_an_outage_tell_nobody_twice(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = test_seed(), random = seed;
    f->house.gateway.away = true;
    loop_advance(f->house.loop, HOUSE_HOUR);
    for (int i = 0; i < 5; i++) {
        stop(f);
        loop_advance(f->house.loop, (clock_us)test_below(&random, 600) * CLOCK_S);
        start(f);
        loop_advance(f->house.loop, (clock_us)test_below(&random, 600) * CLOCK_S);
    }
    assert_string_equal(f->log, "gone line/bus raised; ");
    stop(f);
    f->house.gateway.away = false;
    start(f);
    loop_advance(f->house.loop, HOUSE_HOUR);
    assert_string_equal(f->log, "gone line/bus raised; gone line/bus cleared; ");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lost_gateway_is_one_alarm),
        TEST(meters_that_all_fall_silent_are_one_alarm),
        TEST(one_silent_meter_is_its_own_alarm),
        TEST(a_flapping_link_is_no_alarm),
        TEST(restarts_in_an_outage_tell_nobody_twice),
    };
    return cmocka_run_group_tests_name("alarm", tests, NULL, NULL);
}
