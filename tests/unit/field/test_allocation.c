/* Steady state allocates nothing on the polling path: a thousand rounds must not move the
 * counter. */
#include "testing_driver.h"

#include "field/poller.h"

#include "test_allocations.h"

static void thousand_rounds(void **state)
{
    (void)state;
    const enum line_kind kinds[] = {LINE_MODBUS_RTU, LINE_MODBUS_TCP, LINE_SIM};
    for (size_t k = 0; k < TEST_COUNT(kinds); k++) {
        struct clock clock = clock_fake(TESTING_WALL);
        struct loop *loop = loop_new(&clock);
        struct site *site = site_new(loop);
        struct line_settings settings = testing_settings(kinds[k]);
        struct fake *fake = kinds[k] == LINE_SIM ? NULL : fake_new(loop);
        if (fake)
            fake->peer = kinds[k] == LINE_MODBUS_TCP ? testing_peer_tcp : testing_peer_rtu;
        struct line *line = line_new(loop, "bus", &settings, fake ? &fake->transport : NULL);
        struct testing_library library = {.reads = 5, .registers = 30};
        struct poller *poller = mem_new(sizeof *poller);
        poller->loop = loop;
        poller->name = mem_text("meter");
        poller->ordinal = 1;
        poller->settings = (struct device_settings){.unit = 9, .every = CLOCK_S / 2};
        poller->device = site_device_add(site, &(struct device_spec){.name = "meter"});
        poller->driver = &testing_driver;
        poller->state =
            testing_open(&library, &(struct driver_settings){.unit = 9}, poller->device, NULL);
        line_open(line);
        poller_attach(poller, line, 0, 0);
        loop_advance(loop, 20 * CLOCK_S); /* heaps, lists and statistics have found their size */

        const struct statistics *unit = line_unit_statistics(line, 9);
        uint64_t rounds = unit->counts[STATISTICS_ROUNDS], before = test_allocations;
        loop_advance(loop, 500 * CLOCK_S);
        assert_int_equal(unit->counts[STATISTICS_ROUNDS] - rounds, 1000);
        assert_int_equal(test_allocations - before, 0);
        assert_int_equal(poller->state->wrong, 0);
        assert_true(before > 0 || !TEST_ALLOCATIONS_COUNTED);

        poller_detach(poller);
        testing_close(poller->state);
        line_free(line);
        free(poller->name);
        free(poller);
        site_free(site);
        loop_free(loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(thousand_rounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
