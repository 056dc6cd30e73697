#include "test.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "engine/meter.h"

#define WALL (1790000000LL * CLOCK_S)

/* ---- the ledger ------------------------------------------------------------------------------ */

static void the_first_reading_is_taken_as_it_is(void **state)
{
    (void)state;
    struct meter_entry entry = {0};
    assert_int_equal(meter_step(&entry, 12345.6, 0, 1), METER_COUNTED);
    assert_true(entry.published == 12345.6);
}

static void differences_are_counted(void **state)
{
    (void)state;
    struct meter_entry entry = {0};
    meter_step(&entry, 100, 0, 1);
    assert_int_equal(meter_step(&entry, 101.5, 0, 2), METER_COUNTED);
    assert_int_equal(meter_step(&entry, 101.5, 0, 3), METER_COUNTED);
    assert_true(entry.published == 101.5);
}

/* A 32-bit register of 0.01 kWh starts again at 42949672.96 kWh. */
static void a_roll_over_is_counted_across(void **state)
{
    (void)state;
    double rollover = 4294967296.0 * 0.01;
    struct meter_entry entry = {0};
    meter_step(&entry, 42949672.00, rollover, 1);
    assert_int_equal(meter_step(&entry, 1.04, rollover, 2), METER_ROLLED_OVER);
    assert_true(fabs(entry.published - (42949672.00 + 2.00)) < 1e-6);
    meter_step(&entry, 3.04, rollover, 3);
    assert_true(fabs(entry.published - (42949672.00 + 4.00)) < 1e-6);
}

/* homeassistant-solax-modbus#2252: a device that starts says 0 for a while; that must not be
 * counted as energy. */
static void a_zero_while_the_device_starts_adds_nothing(void **state)
{
    (void)state;
    struct meter_entry entry = {0};
    meter_step(&entry, 5000, 42949672.96, 1 * CLOCK_S);
    assert_int_equal(meter_step(&entry, 0, 42949672.96, 2 * CLOCK_S), METER_SUSPECTED);
    assert_int_equal(meter_step(&entry, 0, 42949672.96, 30 * CLOCK_S), METER_SUSPECTED);
    assert_true(entry.published == 5000);
    assert_int_equal(meter_step(&entry, 5000.1, 42949672.96, 40 * CLOCK_S), METER_COUNTED);
    assert_true(entry.published == 5000.1);
}

static void a_reset_is_accepted_when_it_stands(void **state)
{
    (void)state;
    struct meter_entry entry = {0};
    meter_step(&entry, 5000, 0, 1 * CLOCK_S);
    meter_step(&entry, 0, 0, 2 * CLOCK_S);
    meter_step(&entry, 0.4, 0, 40 * CLOCK_S);
    assert_int_equal(meter_step(&entry, 1.0, 0, 62 * CLOCK_S), METER_RESET);
    assert_true(entry.published == 5001.0);
    meter_step(&entry, 2.0, 0, 63 * CLOCK_S);
    assert_true(entry.published == 5002.0);
}

/* An exchanged meter comes with a count of its own: only what it counts from now on is ours. */
static void an_exchanged_meter_brings_no_energy(void **state)
{
    (void)state;
    struct meter_entry entry = {0};
    meter_step(&entry, 5000, 0, 1 * CLOCK_S);
    meter_step(&entry, 1200, 0, 2 * CLOCK_S);
    meter_step(&entry, 1203, 0, 100 * CLOCK_S);
    assert_true(entry.published == 5003);
}

/* Whatever a register does, the count never runs backwards and equals the sum of believed steps. */
static void random_registers_never_run_backwards(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    for (int run = 0; run < 200; run++) {
        struct meter_entry entry = {0};
        double reading = (double)(test_random(&random) % 100000), last = 0;
        clock_us now = CLOCK_S;
        for (int i = 0; i < 2000; i++) {
            uint64_t dice = test_random(&random) % 1000;
            if (dice < 3)
                reading = (double)(test_random(&random) % 100000);
            else if (dice >= 10)
                reading += (double)(test_random(&random) % 100) / 100;
            now += (clock_us)(test_random(&random) % (5 * CLOCK_S));
            enum meter_step step = meter_step(&entry, dice < 10 && dice >= 3 ? 0 : reading, 0, now);
            if (step != METER_SUSPECTED) {
                assert_true(entry.published >= last);
                last = entry.published;
            }
        }
    }
}

/* ---- with the site --------------------------------------------------------------------------- */

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct meter *meter;
    struct point *point;
    char folder[64];
};

static void start(struct fixture *f)
{
    struct err err = ERR_EMPTY;
    f->site = site_new(f->loop);
    struct device *device =
        site_device_add(f->site, &(struct device_spec){.name = "m", .unit = 1, .every = CLOCK_S});
    f->point = component_point_add(device_component(device, COMPONENT_TOTAL, 0), QUANTITY_ENERGY);
    f->meter = meter_open(f->site, f->folder, &err);
    assert_non_null(f->meter);
    loop_poll(f->loop);
}

static void stop(struct fixture *f)
{
    meter_close(f->meter);
    site_free(f->site);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->folder, "/tmp/test_meter_XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    start(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[100];
    stop(f);
    loop_free(f->loop);
    snprintf(path, sizeof path, "%s/counters.json", f->folder);
    unlink(path);
    rmdir(f->folder);
    free(f);
    return 0;
}

static void put(struct fixture *f, double number)
{
    loop_advance(f->loop, CLOCK_S);
    point_put(f->point, number, loop_now(f->loop), loop_wall(f->loop));
}

static void counts_survive_a_restart(void **state)
{
    struct fixture *f = *state;
    put(f, 5000);
    put(f, 10);
    loop_advance(f->loop, 61 * CLOCK_S);
    put(f, 11); /* accepted as a reset: 5001 */
    assert_true(f->point->value.number == 5001);
    stop(f);
    start(f);
    put(f, 12);
    assert_true(f->point->value.number == 5002);
}

static void a_suspected_count_grows_stale(void **state)
{
    struct fixture *f = *state;
    put(f, 5000);
    for (int i = 0; i < 10; i++) {
        put(f, 0);
        site_age(f->site);
    }
    assert_int_equal(f->point->value.quality, QUALITY_STALE);
    assert_true(f->point->value.number == 5000);
}

static void a_broken_file_is_refused_with_its_place(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    char path[100];
    stop(f);
    snprintf(path, sizeof path, "%s/counters.json", f->folder);
    assert_int_equal(file_replace(path, "{\"version\":1,\n\"counters\":{oops}}", 32, 0600, NULL),
                     0);
    f->site = site_new(f->loop);
    assert_null(meter_open(f->site, f->folder, &err));
    assert_non_null(strstr(err.text, "counters.json:2:"));
    site_free(f->site);
    unlink(path);
    start(f);
}

/* From the next reading on the count begins at 0; the register goes on, over a restart too, and a
 * counter of something else is left alone. */
static void a_reset_by_hand_begins_at_nought(void **state)
{
    struct fixture *f = *state;
    point_put(f->point, 500, loop_now(f->loop), WALL);
    assert_int_equal(meter_reset(f->meter, "m/total/power/"), 0);
    assert_int_equal(meter_reset(f->meter, "other/"), 0);
    assert_int_equal(meter_reset(f->meter, "m/total/"), 1);
    point_put(f->point, 500.25, loop_now(f->loop), WALL);
    assert_true(f->point->value.number == 0.25);
    stop(f);
    start(f);
    point_put(f->point, 501, loop_now(f->loop), WALL);
    assert_true(f->point->value.number == 1);
    assert_int_equal(meter_reset(f->meter, "m/"), 1);
    point_put(f->point, 501, loop_now(f->loop), WALL);
    assert_true(f->point->value.number == 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_reading_is_taken_as_it_is),
        cmocka_unit_test(differences_are_counted),
        cmocka_unit_test(a_roll_over_is_counted_across),
        cmocka_unit_test(a_zero_while_the_device_starts_adds_nothing),
        cmocka_unit_test(a_reset_is_accepted_when_it_stands),
        cmocka_unit_test(an_exchanged_meter_brings_no_energy),
        cmocka_unit_test(random_registers_never_run_backwards),
        T(counts_survive_a_restart),
        T(a_suspected_count_grows_stale),
        T(a_reset_by_hand_begins_at_nought),
        T(a_broken_file_is_refused_with_its_place),
    };
#undef T
    return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
