#include "testing_driver.h"

#include "field/poller.h"

#define DEVICES 10

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct line_settings line_settings;
    struct fake *fake;
    struct line *line;
    struct testing_library library;
    struct poller pollers[DEVICES];
    size_t count;
};

static void on_changed(void *user)
{
    struct fixture *f = user;
    for (size_t i = 0; i < f->count; i++)
        poller_line_changed(&f->pollers[i]);
}

static int setup(void **state)
{
    struct fixture *f = mem_new(sizeof *f);
    f->clock = clock_fake(TESTING_WALL);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    f->line_settings = testing_settings(LINE_MODBUS_RTU);
    f->library = (struct testing_library){.reads = 3, .registers = 2, .ask_identity = true};
    *state = f;
    return 0;
}

static void start(struct fixture *f, size_t count, clock_us every)
{
    f->fake = fake_new(f->loop);
    f->fake->peer = testing_peer_rtu;
    if (f->line_settings.kind == LINE_MODBUS_TCP)
        f->fake->peer = testing_peer_tcp;
    f->line = line_new(f->loop, "bus-1", &f->line_settings, &f->fake->transport);
    line_watch(f->line, on_changed, f);
    f->count = count;
    for (size_t i = 0; i < count; i++) {
        struct poller *poller = &f->pollers[i];
        char name[16];
        snprintf(name, sizeof name, "meter-%zu", i + 1);
        poller->loop = f->loop;
        poller->name = mem_text(name);
        poller->ordinal = (uint32_t)i + 1;
        poller->settings = (struct device_settings){.line = "bus-1",
                                                    .profile = "testing",
                                                    .unit = (int64_t)i + 1,
                                                    .every = every,
                                                    .label = "",
                                                    .role = "",
                                                    .fed_by = "",
                                                    .enabled = true};
        poller->device = site_device_add(
            f->site, &(struct device_spec){.name = name, .unit = (int)i + 1, .every = every});
        poller->driver = &testing_driver;
        poller->library = &f->library;
        struct err err = ERR_EMPTY;
        const struct driver_settings settings = {.name = name, .unit = (int)i + 1};
        poller->state = testing_open(&f->library, &settings, poller->device, &err);
        poller_attach(poller, f->line, (unsigned)i, 0);
    }
    line_open(f->line);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < f->count; i++) {
        poller_detach(&f->pollers[i]);
        testing_close(f->pollers[i].state);
        free(f->pollers[i].name);
    }
    line_free(f->line);
    site_free(f->site);
    loop_free(f->loop);
    free(f);
    return 0;
}

static uint64_t rounds(struct fixture *f, size_t index)
{
    return line_unit_statistics(f->line, (uint8_t)(index + 1))->counts[STATISTICS_ROUNDS];
}

static void reads_on_schedule_without_drift(void **state)
{
    struct fixture *f = *state;
    start(f, 1, CLOCK_S);
    loop_advance(f->loop, CLOCK_S);
    assert_int_equal(f->pollers[0].device->state, DEVICE_ONLINE);
    uint64_t before = rounds(f, 0);
    loop_advance(f->loop, 1000 * CLOCK_S);
    assert_int_equal(rounds(f, 0) - before, 1000);
    const struct driver_device *driver = f->pollers[0].state;
    assert_int_equal(driver->wrong, 0);
    assert_int_equal(driver->identities, 1);
    assert_int_equal(driver->first_round, 1);
    /* each round began at the same place of its second */
    for (size_t i = 1; i < 64; i++)
        assert_int_equal(driver->began[i] % CLOCK_S, driver->began[0] % CLOCK_S);
    assert_int_equal(line_statistics(f->line)->counts[STATISTICS_OVERRUNS], 0);
    struct point *point = site_point_find(f->site, "meter-1/outlet-2/voltage");
    assert_int_equal(point->value.quality, QUALITY_GOOD);
    assert_true(loop_now(f->loop) - point->value.mono <= CLOCK_S + 100 * CLOCK_MS);
}

static void devices_do_not_bunch(void **state)
{
    struct fixture *f = *state;
    start(f, DEVICES, CLOCK_S);
    loop_advance(f->loop, 10 * CLOCK_S);
    for (size_t i = 0; i < DEVICES; i++) {
        for (size_t j = 0; j < i; j++) {
            clock_us apart = llabs(f->pollers[i].phase - f->pollers[j].phase);
            apart = apart < CLOCK_S - apart ? apart : CLOCK_S - apart;
            assert_true(apart >= CLOCK_S / DEVICES / 3);
        }
    }
}

static void too_slow_a_line_is_counted(void **state)
{
    struct fixture *f = *state;
    f->library.reads =
        20; /* 20 x (5 ms answer + 3.6 ms gap): more than the 100 ms that are wanted */
    start(f, 1, CLOCK_S / 10);
    loop_advance(f->loop, 10 * CLOCK_S);
    const struct statistics *unit = line_unit_statistics(f->line, 1);
    assert_in_range(unit->counts[STATISTICS_ROUNDS], 50, 60);
    assert_in_range(unit->counts[STATISTICS_OVERRUNS], 95, 100); /* each due time but the first */
    assert_true(line_waiting(f->line) <= 1);
    /* back to back: the line is busy all the time but for the gaps */
    assert_true(line_busy_percent(f->line) > 50);
}

static void one_dead_of_ten(void **state)
{
    struct fixture *f = *state;
    f->library.reads = 6; /* a loaded line: 10 devices x 6 reads x 8.7 ms = 52 % */
    start(f, DEVICES, CLOCK_S);
    f->fake->dead[4] = true;
    loop_advance(f->loop, 60 * CLOCK_S);
    for (size_t i = 0; i < DEVICES; i++) {
        if (i != 3)
            assert_in_range(rounds(f, i), 57, 62);
    }
    struct device *dead = f->pollers[3].device;
    assert_int_equal(dead->state, DEVICE_SILENT);
    assert_string_equal(dead->reason, "time-out on bus-1, unit 4");
}

/* Flat out: the dead unit's time-outs are a tenth of the line's time at most. */
static void one_dead_of_ten_flat_out(void **state)
{
    struct fixture *f = *state;
    f->library.reads = 6;
    start(f, DEVICES, CLOCK_S / 10);
    loop_advance(f->loop, 60 * CLOCK_S);
    uint64_t healthy = 0, beside = 0;
    for (size_t i = 0; i < DEVICES; i++) {
        if (i != 3)
            healthy += rounds(f, i);
    }
    f->fake->dead[4] = true;
    loop_advance(f->loop, 60 * CLOCK_S);
    for (size_t i = 0; i < DEVICES; i++) {
        if (i != 3)
            beside += rounds(f, i);
    }
    beside -= healthy;
    print_message("# rounds of nine: %llu with ten alive, %llu with one dead\n",
                  (unsigned long long)healthy, (unsigned long long)beside);
    assert_true(beside * 10 >= healthy * 9);
}

static void silent_device_is_found_again(void **state)
{
    struct fixture *f = *state;
    start(f, 2, CLOCK_S);
    loop_advance(f->loop, 5 * CLOCK_S);
    struct device *device = f->pollers[0].device;
    struct point *point = site_point_find(f->site, "meter-1/outlet-1/voltage");
    f->fake->dead[1] = true;
    loop_advance(f->loop, 10 * CLOCK_S);
    assert_int_equal(device->state, DEVICE_SILENT);
    assert_int_equal(point->value.quality, QUALITY_STALE);
    assert_int_equal(point->value.reason, REASON_SILENT);
    loop_advance(f->loop, 300 * CLOCK_S);
    assert_in_range(poller_retry_in_ms(&f->pollers[0]), 0, 9000);
    f->fake->dead[1] = false;
    clock_us waited = 0;
    while (device->state != DEVICE_ONLINE && waited < 20 * CLOCK_S) {
        loop_advance(f->loop, CLOCK_S / 10);
        waited += CLOCK_S / 10;
    }
    assert_true(waited <= 10 * CLOCK_S);
    assert_int_equal(point->value.quality, QUALITY_GOOD);
    const struct driver_device *driver = f->pollers[0].state;
    assert_int_equal(driver->identities, 2);
    assert_int_equal(driver->first_round, 2);
    assert_int_equal(poller_retry_in_ms(&f->pollers[0]), -1);
}

static void first_timeout_ends_the_round(void **state)
{
    struct fixture *f = *state;
    f->library.reads = 20;
    start(f, 1, CLOCK_S);
    loop_advance(f->loop, 5 * CLOCK_S);
    f->fake->dead[1] = true;
    unsigned sends = f->fake->sends;
    /* the rest of a round that may be under way, then one request with one repetition */
    loop_advance(f->loop, 2 * CLOCK_S);
    assert_in_range(f->fake->sends - sends, 2, 4);
}

/* Says nothing to the read of register 2, the last of three. */
static void peer_of_two_reads(struct fake *fake, const uint8_t *bytes, size_t length)
{
    if (bytes[3] != 2)
        testing_peer_rtu(fake, bytes, length);
}

/* A read that the driver has put aside costs one time-out and the probe that goes before the next
 * question, is not repeated, and is no failure of the unit; its rounds are complete and keep their
 * time. */
static void what_is_put_aside_does_not_end_the_round(void **state)
{
    struct fixture *f = *state;
    f->library.put_aside = true;
    start(f, 2, CLOCK_S);
    f->fake->peer = peer_of_two_reads;
    loop_advance(f->loop, 5 * CLOCK_S);
    uint64_t before = rounds(f, 0);
    unsigned sends = f->fake->sends;
    loop_advance(f->loop, 20 * CLOCK_S);
    assert_int_equal(f->pollers[0].device->state, DEVICE_ONLINE);
    assert_in_range(rounds(f, 0) - before, 20, 21);
    assert_in_range(f->fake->sends - sends, 2 * (3 + 1) * 20, 2 * (3 + 1) * 21);
    const struct driver_device *driver = f->pollers[0].state;
    assert_true(driver->unanswered >= 20);
    assert_int_equal(driver->identities, 1);
    /* the line's 300 ms, and what the other unit had the line for */
    assert_in_range(driver->waited, 300 * CLOCK_MS, 400 * CLOCK_MS);
    /* put aside by the driver, but the unit answers nothing at all: dead as ever */
    f->fake->dead[1] = true;
    loop_advance(f->loop, 5 * CLOCK_S);
    assert_int_equal(f->pollers[0].device->state, DEVICE_SILENT);
    assert_int_equal(f->pollers[1].device->state, DEVICE_ONLINE);
}

static void peer_of_damaged_answers(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_rtu(bytes, length, answer);
    if (bytes[3] == 2)
        answer[size - 1] ^= 0x10;
    fake_say(fake, fake->delay, answer, size);
}

/* Answers that noise has damaged say nothing about the register: the driver is not told. */
static void noise_is_no_silence(void **state)
{
    struct fixture *f = *state;
    start(f, 1, CLOCK_S);
    f->fake->peer = peer_of_damaged_answers;
    loop_advance(f->loop, 20 * CLOCK_S);
    const struct driver_device *driver = f->pollers[0].state;
    assert_true(line_unit_statistics(f->line, 1)->counts[STATISTICS_CRC_ERRORS] > 10);
    assert_int_equal(driver->unanswered, 0);
    f->fake->peer = peer_of_two_reads;
    loop_advance(f->loop, 20 * CLOCK_S);
    assert_true(driver->unanswered > 5);
}

static void another_device_is_not_read(void **state)
{
    struct fixture *f = *state;
    f->library.refuse_identity = true;
    start(f, 1, CLOCK_S);
    loop_advance(f->loop, 30 * CLOCK_S);
    assert_int_equal(f->pollers[0].device->state, DEVICE_SILENT);
    assert_string_equal(f->pollers[0].device->reason, "this is a toaster");
    const struct driver_device *driver = f->pollers[0].state;
    assert_int_equal(driver->decoded, 0);
    assert_in_range(driver->identities, 3, 5);
    f->library.refuse_identity = false;
    loop_advance(f->loop, 10 * CLOCK_S);
    assert_int_equal(f->pollers[0].device->state, DEVICE_ONLINE);
}

static void line_breaks_and_returns(void **state)
{
    struct fixture *f = *state;
    start(f, 3, CLOCK_S);
    loop_advance(f->loop, 5 * CLOCK_S);
    f->fake->open_result = -ENODEV;
    fake_hang_up(f->fake, 0);
    loop_advance(f->loop, CLOCK_S);
    struct point *point = site_point_find(f->site, "meter-2/outlet-1/voltage");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(f->pollers[i].device->state, DEVICE_SILENT);
        assert_string_equal(f->pollers[i].device->reason, "bus-1: the script says no");
    }
    assert_int_equal(point->value.quality, QUALITY_STALE);
    assert_int_equal(point->value.reason, REASON_LINE_DOWN);
    loop_advance(f->loop, 100 * CLOCK_S);
    f->fake->open_result = 0;
    loop_advance(f->loop, 7 * CLOCK_S);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(f->pollers[i].device->state, DEVICE_ONLINE);
    assert_int_equal(point->value.quality, QUALITY_GOOD);
}

static void short_break_is_not_told(void **state)
{
    struct fixture *f = *state;
    start(f, 3, CLOCK_S);
    loop_advance(f->loop, 5 * CLOCK_S);
    for (int i = 0; i < 20; i++) {
        fake_hang_up(f->fake, 0);
        loop_advance(f->loop, 730 * CLOCK_MS);
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(f->pollers[j].device->state, DEVICE_ONLINE);
    }
    const struct driver_device *driver = f->pollers[0].state;
    assert_int_equal(driver->identities, 1);
}

static void peer_gateway(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_tcp(bytes, length, answer);
    if (fake->dead[bytes[6]]) {
        const uint8_t refusal[] = {bytes[0], bytes[1], 0, 0, 0, 3, bytes[6], 0x83, 11};
        memcpy(answer, refusal, sizeof refusal);
        size = sizeof refusal;
    }
    fake_say(fake, fake->delay, answer, size);
}

static void gateway_says_that_nobody_answers(void **state)
{
    struct fixture *f = *state;
    f->line_settings.kind = LINE_MODBUS_TCP;
    start(f, 2, CLOCK_S);
    f->fake->peer = peer_gateway;
    f->fake->dead[2] = true;
    loop_advance(f->loop, 30 * CLOCK_S);
    assert_int_equal(f->pollers[0].device->state, DEVICE_ONLINE);
    assert_int_equal(f->pollers[1].device->state, DEVICE_SILENT);
    assert_string_equal(f->pollers[1].device->reason,
                        "the gateway gets no answer on bus-1, unit 2");
    f->fake->dead[2] = false;
    loop_advance(f->loop, 10 * CLOCK_S);
    assert_int_equal(f->pollers[1].device->state, DEVICE_ONLINE);
}

static void long_timeout_does_not_cost_the_others(void **state)
{
    struct fixture *f = *state;
    f->line_settings.timeout_ms = 3000;
    f->library.reads = 3;
    start(f, DEVICES, CLOCK_S / 2);
    loop_advance(f->loop, 60 * CLOCK_S);
    f->fake->dead[4] = true;
    loop_advance(f->loop, 30 * CLOCK_S); /* until it counts as silent, the others do wait */
    uint64_t before = rounds(f, 0);
    loop_advance(f->loop, 100 * CLOCK_S);
    assert_true(rounds(f, 0) - before >= 185);
}

static void good_for_is_set(void **state)
{
    struct fixture *f = *state;
    start(f, 1, CLOCK_S);
    poller_detach(&f->pollers[0]);
    f->pollers[0].settings.good_for = 42 * CLOCK_S;
    poller_attach(&f->pollers[0], f->line, 0, 0);
    loop_advance(f->loop, 2 * CLOCK_S);
    assert_int_equal(site_point_find(f->site, "meter-1/outlet-1/voltage")->good_for, 42 * CLOCK_S);
}

/* A point that its driver reads every tenth round must not go stale between two of its readings. */
static void seldom_points_keep_their_time(void **state)
{
    struct fixture *f = *state;
    start(f, 1, CLOCK_S);
    poller_detach(&f->pollers[0]);
    struct point *point = site_point_find(f->site, "meter-1/outlet-1/voltage");
    point->good_for = 30 * CLOCK_S;
    f->pollers[0].settings.good_for = 5 * CLOCK_S;
    poller_attach(&f->pollers[0], f->line, 0, 0);
    assert_int_equal(point->good_for, 30 * CLOCK_S);
}

/* 200 devices on lines of their own wake the loop fifty times a second, not 200 times; none of
 * these wakings has more than a few of them to read. */
static void devices_share_slots(void **state)
{
    struct fixture *f = *state;
    enum { LINES = 200, SLOTS = 50 };
    unsigned filled[SLOTS] = {0};
    start(f, 1, CLOCK_S);
    for (unsigned i = 0; i < LINES; i++) {
        poller_detach(&f->pollers[0]);
        poller_attach(&f->pollers[0], f->line, 0, i);
        clock_us phase = f->pollers[0].phase;
        assert_true(phase >= 0 && phase < CLOCK_S);
        assert_int_equal(phase % (CLOCK_S / SLOTS), 0);
        filled[phase / (CLOCK_S / SLOTS)]++;
    }
    for (unsigned i = 0; i < SLOTS; i++)
        assert_in_range(filled[i], LINES / SLOTS / 2, 2 * LINES / SLOTS);
}

/* Slots shrink with the interval and do not grow with it beyond what a person would see. */
static void slots_fit_the_interval(void **state)
{
    struct fixture *f = *state;
    static const clock_us every[] = {100 * CLOCK_MS, CLOCK_S, 60 * CLOCK_S};
    static const clock_us slot[] = {2 * CLOCK_MS, 20 * CLOCK_MS, 20 * CLOCK_MS};
    start(f, 1, CLOCK_S);
    for (size_t n = 0; n < sizeof every / sizeof *every; n++) {
        bool wider = true;
        for (unsigned i = 0; i < 100; i++) {
            poller_detach(&f->pollers[0]);
            f->pollers[0].settings.every = every[n];
            poller_attach(&f->pollers[0], f->line, 0, i);
            assert_int_equal(f->pollers[0].phase % slot[n], 0);
            wider &= f->pollers[0].phase % (2 * slot[n]) == 0;
        }
        assert_false(wider);
    }
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_on_schedule_without_drift),
        TEST(devices_do_not_bunch),
        TEST(too_slow_a_line_is_counted),
        TEST(one_dead_of_ten),
        TEST(one_dead_of_ten_flat_out),
        TEST(silent_device_is_found_again),
        TEST(first_timeout_ends_the_round),
        TEST(what_is_put_aside_does_not_end_the_round),
        TEST(noise_is_no_silence),
        TEST(another_device_is_not_read),
        TEST(line_breaks_and_returns),
        TEST(short_break_is_not_told),
        TEST(gateway_says_that_nobody_answers),
        TEST(long_timeout_does_not_cost_the_others),
        TEST(good_for_is_set),
        TEST(seldom_points_keep_their_time),
        TEST(devices_share_slots),
        TEST(slots_fit_the_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
