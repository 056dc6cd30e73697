#include "field/pulse_counts.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "test_folder.h"

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct saver *saver;
    struct pulse_counts *counts;
    char folder[200], path[240];
};

static void open_counts(struct fixture *f)
{
    struct err err = ERR_EMPTY;
    f->saver = saver_new(f->loop);
    f->counts = pulse_counts_open(f->loop, f->saver, f->folder, &err);
    if (!f->counts)
        fail_msg("%s", err.text);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->clock = clock_fake(1790000000LL * CLOCK_S);
    f->loop = loop_new(&f->clock);
    test_folder_in_memory(f->folder, sizeof f->folder);
    snprintf(f->path, sizeof f->path, "%s/pulses.json", f->folder);
    open_counts(f);
    *state = f;
    return 0;
}

static void close_counts(struct fixture *f)
{
    f->counts = pulse_counts_free(f->counts);
    f->saver = saver_free(f->saver);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    close_counts(f);
    loop_free(f->loop);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

static struct pulse_count *water(struct fixture *f)
{
    return pulse_counts_find(f->counts, "/dev/gpiochip0", "17");
}

/* What the disk does takes as long as it takes; the fake clock stands still meanwhile. */
static void let_it_write(struct fixture *f)
{
    loop_advance(f->loop, 0);
    for (int i = 0; i < 30000 && saver_busy(f->saver); i++) {
        loop_poll(f->loop);
        usleep(1000);
    }
    assert_false(saver_busy(f->saver));
}

static void advance(struct fixture *f, clock_us by)
{
    loop_advance(f->loop, by);
    let_it_write(f);
}

/* Power fails: nobody says goodbye. What the pool writes at this moment ends by itself, so it is
 * waited for only where the test says that it was written. */
static void lose_power(struct fixture *f)
{
    close_counts(f);
    open_counts(f);
}

static void what_is_told_is_on_the_disk(void **state)
{
    struct fixture *f = *state;
    pulse_count_add(water(f), 1);
    assert_int_equal(pulse_count_told(water(f)), 0); /* counted, not told */
    let_it_write(f);                                 /* the first one at once */
    assert_int_equal(pulse_count_told(water(f)), 1);
    pulse_count_add(water(f), 2);
    advance(f, 9 * CLOCK_S);
    pulse_count_add(water(f), 3);
    assert_int_equal(pulse_count_told(water(f)), 1);
    lose_power(f);
    assert_int_equal(pulse_count_told(water(f)), 1); /* five pulses lost, none ever told */
    pulse_count_add(water(f), 2);
    advance(f, PULSE_COUNTS_EVERY);
    assert_int_equal(pulse_count_told(water(f)), 3);
    lose_power(f);
    assert_int_equal(pulse_count_told(water(f)), 3);
}

/* Half an hour of pulses with the power lost at random: never backwards, and never
 * more lost than came in the last ten seconds. */
static void a_loss_of_power_costs_ten_seconds(void **state)
{
    struct fixture *f = *state;
    uint64_t told = 0, made = 0, young[10] = {0};
    uint64_t seed = test_seed();
    for (unsigned second = 0; second < 1500; second++) {
        unsigned pulses = (unsigned)test_below(&seed, 3);
        pulse_count_add(water(f), pulses);
        made += pulses;
        young[second % 10] = pulses;
        advance(f, CLOCK_S);
        assert_true(pulse_count_told(water(f)) >= told);
        told = pulse_count_told(water(f));
        if (test_below(&seed, 20) == 0) {
            uint64_t most = 0;
            for (size_t i = 0; i < 10; i++)
                most += young[i];
            lose_power(f);
            assert_int_equal(pulse_count_told(water(f)), told);
            assert_true(made - told <= most);
            made = told;
            memset(young, 0, sizeof young);
        }
    }
    assert_true(made > 500);
}

static void the_end_of_the_program_loses_nothing(void **state)
{
    struct fixture *f = *state;
    pulse_count_add(water(f), 1);
    let_it_write(f);
    pulse_count_add(water(f), 4);
    pulse_counts_stop(f->counts);
    let_it_write(f);
    lose_power(f);
    assert_int_equal(pulse_count_told(water(f)), 5);
    /* a write is under way while the program is told to end */
    advance(f, PULSE_COUNTS_EVERY);
    pulse_count_add(water(f), 1);
    loop_advance(f->loop, 0);
    pulse_count_add(water(f), 1);
    pulse_counts_stop(f->counts);
    let_it_write(f);
    lose_power(f);
    assert_int_equal(pulse_count_told(water(f)), 7);
}

static void counts_belong_to_their_line(void **state)
{
    struct fixture *f = *state;
    struct pulse_count *gas = pulse_counts_find(f->counts, "/dev/gpiochip0", "GAS \"1\"");
    pulse_count_add(water(f), 3);
    pulse_count_add(gas, 5);
    let_it_write(f);
    lose_power(f);
    assert_int_equal(pulse_count_told(pulse_counts_find(f->counts, "/dev/gpiochip1", "17")), 0);
    assert_int_equal(pulse_count_told(water(f)), 3);
    gas = pulse_counts_find(f->counts, "/dev/gpiochip0", "GAS \"1\"");
    assert_int_equal(pulse_count_told(gas), 5);
}

static void a_disk_that_refuses_holds_the_count_up(void **state)
{
    struct fixture *f = *state;
    pulse_count_add(water(f), 1);
    let_it_write(f);
    test_folder_remove(f->folder);
    pulse_count_add(water(f), 1);
    advance(f, 30 * CLOCK_S);
    assert_int_equal(pulse_count_told(water(f)), 1);
    assert_false(pulse_count_held_up(water(f)));
    advance(f, 40 * CLOCK_S);
    assert_true(pulse_count_held_up(water(f)));
    assert_int_equal(mkdir(f->folder, 0700), 0);
    advance(f, PULSE_COUNTS_EVERY);
    assert_int_equal(pulse_count_told(water(f)), 2);
    assert_false(pulse_count_held_up(water(f)));
}

static void a_damaged_file_is_never_begun_anew(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {
        "", "{\"version\":1,\"counts\":{\"/dev/gpiochip0 17\":12", "{\"version\":2,\"counts\":{}}",
        "{\"version\":1,\"counts\":{\"a 1\":-1}}", "{\"version\":1,\"counts\":{\"a 1\":1.5}}"};
    for (size_t i = 0; i < TEST_COUNT(texts); i++) {
        struct err err = ERR_EMPTY;
        test_write_file(f->path, texts[i]);
        assert_null(pulse_counts_open(f->loop, f->saver, f->folder, &err));
        assert_non_null(strstr(err.text, f->path));
    }
}

static void without_a_folder_all_is_told(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    struct pulse_counts *counts = pulse_counts_open(f->loop, NULL, NULL, &err);
    struct pulse_count *count = pulse_counts_find(counts, "/dev/gpiochip0", "1");
    pulse_count_add(count, 2);
    pulse_count_add(count, 0);
    assert_int_equal(pulse_count_told(count), 2);
    pulse_counts_stop(counts);
    pulse_counts_free(counts);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_told_is_on_the_disk),
        TEST(a_loss_of_power_costs_ten_seconds),
        TEST(the_end_of_the_program_loses_nothing),
        TEST(counts_belong_to_their_line),
        TEST(a_disk_that_refuses_holds_the_count_up),
        TEST(a_damaged_file_is_never_begun_anew),
        TEST(without_a_folder_all_is_told),
    };
    return cmocka_run_group_tests_name("field/pulse_counts", tests, NULL, NULL);
}
