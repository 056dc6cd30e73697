/* A unit comes and goes every few seconds for an hour, between two that stay. */
#include "house.h"

#include <malloc.h>
#include <unistd.h>

#define WALL (1795222800LL * CLOCK_S)

static const char site[] = "lines: {bus: {kind: modbus-tcp, host: gw, timeout_ms: 200}}\n"
                           "devices:\n"
                           "  a: {line: bus, unit: 1, profile: scenario-meter, every: 1 s}\n"
                           "  b: {line: bus, unit: 2, profile: scenario-meter, every: 1 s}\n"
                           "  c: {line: bus, unit: 3, profile: scenario-meter, every: 1 s}\n"
                           "history: {enabled: false}\n";

struct fixture {
    struct house house;
    struct feed feed;
    enum device_state known;
    unsigned silent, online; /* changes of b to it */
};

static void on_tree(void *user)
{
    struct fixture *fixture = user;
    enum device_state now = site_device_find(fixture->house.site, "b")->state;
    if (now == fixture->known)
        return;
    fixture->known = now;
    fixture->silent += now == DEVICE_SILENT;
    fixture->online += now == DEVICE_ONLINE;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct house *house = &fixture->house;
    house_make(house, WALL, site);
    house_keep_log(house);
    for (int unit = 1; unit <= 3; unit++) {
        gateway_fit(&house->gateway, unit, 1000);
        gateway_load(&house->gateway, unit, 36000, 36000, 36000);
    }
    house_start(house);
    fixture->feed = (struct feed){.tree = on_tree, .user = fixture};
    site_subscribe(house->site, &fixture->feed);
    loop_advance(house->loop, 10 * CLOCK_S); /* all are online: that is no return */
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    site_unsubscribe(fixture->house.site, &fixture->feed);
    house_remove(&fixture->house);
    free(fixture);
    return 0;
}

/* Periods that drift through those of polling and probing; the random part is the seed's. */
static void flap(struct fixture *fixture, clock_us span, uint64_t *random)
{
    struct house *house = &fixture->house;
    clock_us end = loop_now(house->loop) + span;
    while (loop_now(house->loop) < end) {
        house->gateway.meters[2].silent = !house->gateway.meters[2].silent;
        loop_advance(house->loop, 2 * CLOCK_S + (clock_us)test_below(random, 7 * CLOCK_S));
    }
}

static void each_change_is_told_once(void **state)
{
    struct fixture *fixture = *state;
    const struct house *house = &fixture->house;
    uint64_t random = test_seed();
    flap(fixture, HOUSE_HOUR, &random);
    assert_true(fixture->silent > 100 && fixture->online > 100);
    assert_int_equal(house_log_count(house, "b: silent:"), fixture->silent);
    assert_int_equal(house_log_count(house, "b: answers again"), fixture->online - 1);
    assert_int_equal(house_log_count(house, "\n"), fixture->silent + fixture->online - 1);
}

/* A unit's time-outs are its own: the others lose no more than a tenth of their rounds, and no
 * value of theirs is older than it may be. */
static void the_others_go_on(void **state)
{
    struct fixture *fixture = *state;
    struct house *house = &fixture->house;
    uint64_t random = test_seed();
    unsigned before[] = {house->gateway.meters[1].requests, house->gateway.meters[3].requests};
    int64_t last = 0;
    for (int minute = 0; minute < 60; minute++) {
        flap(fixture, HOUSE_MINUTE, &random);
        for (const char *const *path =
                 (const char *const[]){"a/total/energy", "c/total/energy", NULL};
             *path; path++)
            house_expect(house, *path, QUALITY_GOOD, REASON_NONE);
        int64_t now = house_wh(house, "b/total/energy");
        assert_true(now >= last);
        last = now;
    }
    clock_us span = loop_now(house->loop) - CLOCK_S;
    assert_true(house->gateway.meters[1].requests - before[0] >= 0.9 * (double)span / CLOCK_S);
    assert_true(house->gateway.meters[3].requests - before[1] >= 0.9 * (double)span / CLOCK_S);
}

/* The counters may be on their way to the disk, on a thread of real time: wait until that is no
 * more than `most`, or in vain. */
static size_t memory_in_use(struct house *house, size_t most)
{
    size_t least = SIZE_MAX;
    for (int i = 0; i < 30000 && least > most; i++) {
        loop_poll(house->loop);
        usleep(1000);
        size_t used = mallinfo2().uordblks;
        least = used < least ? used : least;
    }
    return least;
}

/* Under a sanitizer, whose allocator tells nothing, the leak check at the end has to do. */
static void memory_does_not_grow(void **state)
{
    struct fixture *fixture = *state;
    uint64_t random = test_seed();
    flap(fixture, 15 * HOUSE_MINUTE, &random); /* not when the counters are due to be saved */
    size_t before = memory_in_use(&fixture->house, mallinfo2().uordblks);
    flap(fixture, HOUSE_HOUR, &random);
    assert_true(memory_in_use(&fixture->house, before + 1024) <= before + 1024);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_change_is_told_once),
        TEST(the_others_go_on),
        TEST(memory_does_not_grow),
    };
    return cmocka_run_group_tests_name("flapping", tests, NULL, NULL);
}
