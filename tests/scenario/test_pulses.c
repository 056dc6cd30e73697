/* Pulse inputs from the edge of a contact to kWh and m3: a chip of the test's own, the daemon's
 * modules wired together, power that fails. What a story must come to is counted here. */
#include "test.h"
#include "test_folder.h"

#include <errno.h>
#include <math.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "driver/gpio.h"
#include "engine/meter.h"
#include "engine/pulse.h"
#include "field/gpio_chip.h"
#include "field/line.h"
#include "field/poller.h"
#include "field/pulse_counts.h"

#define WALL (1795262400LL * CLOCK_S)

/* cmocka compares floats, which is too coarse here. */
static void near(double number, double expected, double most)
{
    if (!(fabs(number - expected) <= most))
        fail_msg("%.17g is not %.17g", number, expected);
}

/* ---- a chip ---------------------------------------------------------------------------------- */

enum { WAITING_MOST = 64 };

struct fake_chip {
    struct gpio_chip chip; /* first */
    const struct clock *clock;
    uint64_t levels;
    int fds[2]; /* of each pulse */
    struct gpio_edge waiting[2][WAITING_MOST];
    size_t count[2];
    bool gone, is_open;
};

static struct fake_chip *fake_of(struct gpio_chip *chip)
{
    return (struct fake_chip *)chip;
}

static int fake_open(struct gpio_chip *chip, const char *path, const struct gpio_pin *pins,
                     size_t count, struct err *err)
{
    struct fake_chip *fake = fake_of(chip);
    (void)path;
    assert_int_equal(count, 2);
    assert_int_equal(pins[0].use, GPIO_PULSE);
    assert_int_equal(pins[0].wiring, GPIO_PULL_UP);
    if (fake->gone)
        return err_set(err, -ENODEV, "the chip is gone");
    for (int i = 0; i < 2; i++) {
        fake->fds[i] = eventfd(0, EFD_NONBLOCK);
        fake->count[i] = 0;
    }
    fake->is_open = true;
    return 0;
}

static void fake_close(struct gpio_chip *chip)
{
    struct fake_chip *fake = fake_of(chip);
    for (int i = 0; fake->is_open && i < 2; i++)
        close(fake->fds[i]);
    fake->is_open = false;
}

static int fake_get(struct gpio_chip *chip, uint64_t *levels)
{
    *levels = fake_of(chip)->levels;
    return fake_of(chip)->gone ? -ENODEV : 0;
}

static int fake_edge_fd(struct gpio_chip *chip, size_t pin)
{
    return fake_of(chip)->fds[pin];
}

static int fake_edges(struct gpio_chip *chip, size_t pin, struct gpio_edge *edges, size_t most)
{
    struct fake_chip *fake = fake_of(chip);
    uint64_t drained;
    if (fake->gone)
        return -ENODEV;
    size_t count = fake->count[pin];
    assert_true(count <= most);
    if (read(fake->fds[pin], &drained, sizeof drained) < 0)
        assert_int_equal(count, 0);
    memcpy(edges, fake->waiting[pin], count * sizeof *edges);
    fake->count[pin] = 0;
    return (int)count;
}

static void fake_free(struct gpio_chip *chip)
{
    fake_close(chip);
}

static const struct gpio_chip_kind fake_kind = {.open = fake_open,
                                                .close = fake_close,
                                                .get = fake_get,
                                                .edge_fd = fake_edge_fd,
                                                .edges = fake_edges,
                                                .free = fake_free};

/* An edge of pulse 1 or 2; its contact closes to ground. Nobody is told while the program is off.
 */
static void edge(struct fake_chip *chip, size_t pulse, bool closed)
{
    uint64_t bit = UINT64_C(1) << (pulse - 1), one = 1;
    chip->levels = closed ? chip->levels & ~bit : chip->levels | bit;
    if (!chip->is_open || chip->gone)
        return;
    assert_true(chip->count[pulse - 1] < WAITING_MOST);
    chip->waiting[pulse - 1][chip->count[pulse - 1]++] =
        (struct gpio_edge){.at = clock_mono(chip->clock), .level = !closed};
    assert_int_equal(write(chip->fds[pulse - 1], &one, sizeof one), sizeof one);
}

/* ---- a house --------------------------------------------------------------------------------- */

static const struct setting_row device_rows[] = {
    {.key = "enabled", .type = SETTING_BOOL, .initial = "true", .help = "Whether."}};
static const struct setting_table devices = {.name = "devices",
                                             .collection = true,
                                             .rows = device_rows,
                                             .row_count = 1,
                                             .record_size = sizeof(bool)};
static const struct setting_table *const tables[] = {&devices, &pulse_settings_table, NULL};
static const struct config_schema schema = {.tables = tables};

static const char usual[] = "pulses:\n"
                            "  io/pulse-1: {name: Flat 1, weight: 1000, unit: pulses/kWh}\n"
                            "  io/pulse-2: {medium: water, weight: 10, unit: l}\n";

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct saver *saver;
    struct config *config;
    struct meter *meter;
    struct pulses *pulses;
    struct pulse_counts *counts;
    struct fake_chip chip;
    struct line_settings settings;
    struct line *line;
    struct poller poller;
    struct loop_timer ages;
    char folder[200];
};

static void on_line_changed(void *user)
{
    poller_line_changed(&((struct fixture *)user)->poller);
}

static void on_ages(struct loop_timer *timer, void *user)
{
    struct fixture *f = user;
    (void)timer;
    pulses_refresh(f->pulses);
    site_age(f->site);
}

static struct config *read_settings(struct fixture *f, const char *text)
{
    char path[300], whole[1000];
    struct err_list errors = ERR_LIST_EMPTY;
    snprintf(path, sizeof path, "%s/site.yaml", f->folder);
    snprintf(whole, sizeof whole, "devices: {io: {}}\n%s", text);
    test_write_file(path, whole);
    struct config *config = config_load(&schema, path, NULL, NULL, 0, &errors);
    if (!config)
        fail_msg("%s", errors.list[0].text);
    err_list_deinit(&errors);
    return config;
}

static void configure(struct fixture *f, const char *text)
{
    struct config *fresh = read_settings(f, text);
    pulses_configure(f->pulses, fresh);
    config_free(f->config);
    f->config = fresh;
}

static void start_line(struct fixture *f)
{
    f->settings = (struct line_settings){.kind = LINE_GPIO,
                                         .label = "",
                                         .host = "",
                                         .port = "/dev/gpiochip7",
                                         .outputs = "",
                                         .inputs = "",
                                         .pulses = "!17:up !27:up",
                                         .debounce_ms = 10,
                                         .timeout_ms = 300,
                                         .stop_bits = 1,
                                         .in_flight = 1,
                                         .enabled = true};
    f->line = line_new(f->loop, "pins", &f->settings,
                       transport_gpio_new(f->loop, &f->settings, &f->chip.chip));
    line_keep_pulses(f->line, f->counts);
    f->poller = (struct poller){
        .loop = f->loop,
        .name = mem_text("io"),
        .ordinal = 1,
        .settings = {.line = "pins", .unit = 1, .every = CLOCK_S, .enabled = true},
        .driver = &gpio_driver,
        .device = site_device_add(f->site, &(struct device_spec){.name = "io", .every = CLOCK_S})};
    f->poller.state = gpio_driver.open(NULL, NULL, f->poller.device, NULL);
    poller_attach(&f->poller, f->line, 0, 0);
    line_watch(f->line, on_line_changed, f);
    line_open(f->line);
}

static void start(struct fixture *f)
{
    struct err err = ERR_EMPTY;
    f->site = site_new(f->loop);
    f->saver = saver_new(f->loop);
    f->config = read_settings(f, usual);
    f->meter = meter_open(f->site, f->folder, &err);
    f->counts = pulse_counts_open(f->loop, f->saver, f->folder, &err);
    const struct pulses_context context = {.site = f->site, .saver = f->saver, .folder = f->folder};
    f->pulses = pulses_new(&context, f->config, &err);
    if (!f->meter || !f->counts || !f->pulses)
        fail_msg("%s", err.text);
    start_line(f);
    loop_timer_every(f->loop, &f->ages, 250 * CLOCK_MS, 250 * CLOCK_MS, on_ages, f);
}

/* Time passes in steps that are as long as nothing waits for the disk, which knows no fake clock.
 */
static void let_pass(struct fixture *f, clock_us by)
{
    while (by > 0) {
        clock_us step = by < 250 * CLOCK_MS ? by : 250 * CLOCK_MS;
        loop_advance(f->loop, step);
        for (int i = 0; i < 300000 && saver_busy(f->saver); i++) {
            usleep(100);
            loop_poll(f->loop);
        }
        by -= step;
    }
}

static void stop(struct fixture *f)
{
    loop_timer_stop(&f->ages);
    poller_detach(&f->poller);
    gpio_driver.close(f->poller.state);
    free(f->poller.name);
    line_free(f->line);
    pulses_free(f->pulses);
    pulse_counts_free(f->counts);
    meter_close(f->meter);
    saver_free(f->saver);
    site_free(f->site);
    config_free(f->config);
}

/* Nobody says goodbye; what the meter's ledger knew ten minutes ago is all that it knows. */
static void lose_power(struct fixture *f)
{
    char path[260];
    snprintf(path, sizeof path, "%s/counters.json", f->folder);
    char *before = test_read_file(path);
    stop(f); /* writes the ledger: as if it had not */
    if (before)
        test_write_file(path, before);
    else
        unlink(path);
    free(before);
}

static int set_up(void **state)
{
    struct fixture *f = mem_new(sizeof *f);
    test_folder_in_memory(f->folder, sizeof f->folder);
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    f->chip = (struct fake_chip){.chip.kind = &fake_kind, .clock = &f->clock, .levels = 3};
    start(f);
    let_pass(f, 3 * CLOCK_S);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    stop(f);
    loop_free(f->loop);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

static double number_of(struct fixture *f, const char *path)
{
    const struct point *point = site_point_find(f->site, path);
    if (!point || point->value.quality != QUALITY_GOOD)
        fail_msg("%s is not there or not good", path);
    return point->value.number;
}

static enum quality quality_of(struct fixture *f, const char *path)
{
    const struct point *point = site_point_find(f->site, path);
    return point ? point->value.quality : QUALITY_ABSENT;
}

/* A pulse of 50 ms with bounce, and nothing until `every` has passed. */
static void pulse(struct fixture *f, size_t number, clock_us every)
{
    for (int closed = 1; closed >= 0; closed--) {
        edge(&f->chip, number, closed);
        loop_advance(f->loop, CLOCK_MS);
        edge(&f->chip, number, !closed);
        loop_advance(f->loop, CLOCK_MS);
        edge(&f->chip, number, closed);
        loop_advance(f->loop, 48 * CLOCK_MS);
    }
    let_pass(f, every - 100 * CLOCK_MS);
}

/* ---- stories --------------------------------------------------------------------------------- */

/* 1000 pulses a kWh: one every 3.6 s is 1 kW. */
static void pulses_become_energy_and_power(void **state)
{
    struct fixture *f = *state;
    assert_true(number_of(f, "io/pulse-1/energy") == 0);
    assert_int_equal(quality_of(f, "io/pulse-1/real-power"), QUALITY_ABSENT); /* not known, not 0 */
    for (int i = 0; i < 100; i++)
        pulse(f, 1, 3600 * CLOCK_MS);
    near(number_of(f, "io/pulse-1/real-power"), 1000, 1);
    let_pass(f, 12 * CLOCK_S);
    assert_true(number_of(f, "io/pulse-1/count") == 100);
    near(number_of(f, "io/pulse-1/energy"), 0.1, 1e-12);
    assert_true(number_of(f, "io/pulse-2/volume") == 0);
    assert_string_equal(site_point_find(f->site, "io/pulse-1/count")->component->label, "Flat 1");
}

/* One pulse in the time since the last is all that can be: 3600 / seconds in watts here. */
static void power_falls_off_when_pulses_stop(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 10; i++)
        pulse(f, 1, 3600 * CLOCK_MS);
    let_pass(f, 60 * CLOCK_S);
    double power = number_of(f, "io/pulse-1/real-power");
    assert_true(power > 3600 / 65.0 * 1000 / 1000 && power <= 3600 / 59.0);
    let_pass(f, 600 * CLOCK_S);
    assert_true(number_of(f, "io/pulse-1/real-power") < 3600 / 650.0);
    assert_true(number_of(f, "io/pulse-1/real-power") > 0);
    loop_advance(f->loop, 3600 * CLOCK_S);
    assert_true(number_of(f, "io/pulse-1/real-power") == 0);
    /* who never saw one knows that there is none only after the same time */
    assert_true(number_of(f, "io/pulse-2/flow") == 0);
    near(number_of(f, "io/pulse-1/energy"), 0.01, 1e-12);
}

static void two_edges_in_one_turn(void **state)
{
    struct fixture *f = *state;
    uint64_t levels = f->chip.levels;
    /* the loop stood still for a second: four whole pulses wait, with the kernel's times */
    for (int i = 0; i < 4; i++) {
        edge(&f->chip, 2, true);
        clock_fake_advance(&f->clock, 100 * CLOCK_MS);
        edge(&f->chip, 2, false);
        clock_fake_advance(&f->clock, 150 * CLOCK_MS);
    }
    /* both inputs in one turn, and one edge up and down in no time */
    edge(&f->chip, 1, true);
    edge(&f->chip, 1, false);
    let_pass(f, 12 * CLOCK_S);
    assert_int_equal(f->chip.levels, levels);
    assert_true(number_of(f, "io/pulse-2/count") == 4);
    near(number_of(f, "io/pulse-2/volume"), 0.04, 1e-12);
    assert_true(number_of(f, "io/pulse-1/count") == 0);
}

/* Hours with power lost at random moments: what is told never falls, and no more is missing than
 * came in the last ten seconds and while the program was off. */
static void a_loss_of_power_never_turns_back(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = test_seed();
    double told = 0, made = 0, missing = 0;
    for (int turn = 0; turn < 12; turn++) {
        unsigned pulses = 1 + (unsigned)test_below(&seed, 25);
        for (unsigned i = 0; i < pulses; i++) {
            pulse(f, 1, 700 * CLOCK_MS);
            made++;
            double now = number_of(f, "io/pulse-1/energy");
            assert_true(now >= told);
            told = now;
        }
        if (turn == 6)
            let_pass(f, 700 * CLOCK_S); /* the ledger is written on the way */
        lose_power(f);
        start(f);
        let_pass(f, 3 * CLOCK_S);
        double now = number_of(f, "io/pulse-1/energy");
        assert_true(now >= told - 1e-9);
        told = now;
        assert_true(made - missing - now * 1000 <= 10 / 0.7 + 1);
        missing = made - now * 1000;
    }
    assert_true(told * 1000 >= made / 4);
}

static void other_settings_leave_the_past_alone(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++)
        pulse(f, 1, CLOCK_S);
    let_pass(f, 12 * CLOCK_S);
    near(number_of(f, "io/pulse-1/energy"), 0.02, 1e-12);
    configure(f, "pulses: {io/pulse-1: {weight: 100, unit: Wh, multiplier: 40}}\n");
    let_pass(f, 3 * CLOCK_S);
    near(number_of(f, "io/pulse-1/energy"), 0.02, 1e-12);
    assert_int_equal(quality_of(f, "io/pulse-2/volume"), QUALITY_ABSENT); /* it has no record */
    assert_string_equal(site_point_find(f->site, "io/pulse-1/count")->component->label,
                        "Pulse input 1");
    for (int i = 0; i < 3; i++)
        pulse(f, 1, 5 * CLOCK_S);
    let_pass(f, 12 * CLOCK_S);
    near(number_of(f, "io/pulse-1/energy"), 0.02 + 3 * 4, 1e-9);
    lose_power(f);
    start(f); /* with the settings of the beginning */
    let_pass(f, 3 * CLOCK_S);
    near(number_of(f, "io/pulse-1/energy"), 12.02, 1e-9);
    pulse(f, 1, 12 * CLOCK_S);
    let_pass(f, 3 * CLOCK_S);
    near(number_of(f, "io/pulse-1/energy"), 12.021, 1e-9);
}

static void a_reading_is_set_beside_the_count(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    const struct pulses_author author = {.who = "anna", .origin = "local"};
    configure(f, "pulses: {io/pulse-1: {weight: 1000, multiplier: 40}}\n");
    pulse(f, 1, 12 * CLOCK_S);
    assert_null(site_point_find(f->site, "io/pulse-1/energy-reading"));
    assert_int_equal(pulses_set_reading(f->pulses, "io/pulse-1", 4711.5, &author, &err), 0);
    let_pass(f, 3 * CLOCK_S);
    near(number_of(f, "io/pulse-1/energy-reading"), 4711.5, 1e-9);
    near(number_of(f, "io/pulse-1/energy"), 0.04, 1e-9); /* no consumption */
    for (int i = 0; i < 10; i++)
        pulse(f, 1, CLOCK_S);
    let_pass(f, 12 * CLOCK_S);
    near(number_of(f, "io/pulse-1/energy-reading"), 4711.51, 1e-9);
    near(number_of(f, "io/pulse-1/energy"), 0.44, 1e-9);
    lose_power(f);
    start(f);
    let_pass(f, 3 * CLOCK_S);
    near(number_of(f, "io/pulse-1/energy-reading"), 4711.51, 1e-9);
    /* and down, when it was a mistake */
    assert_int_equal(pulses_set_reading(f->pulses, "io/pulse-1", 12, &author, &err), 0);
    let_pass(f, 3 * CLOCK_S);
    near(number_of(f, "io/pulse-1/energy-reading"), 12, 1e-9);
    near(number_of(f, "io/pulse-1/energy"), 0.44, 1e-9);
    assert_int_equal(pulses_set_reading(f->pulses, "io/pulse-1", -1, &author, &err), -ERANGE);
    assert_int_equal(pulses_set_reading(f->pulses, "io/pulse-1", NAN, &author, &err), -ERANGE);
    assert_int_equal(pulses_set_reading(f->pulses, "io/pulse-9", 1, &author, &err), -ENOENT);
}

/* A chip on USB is pulled out: what it counted is known, what flows is not. */
static void a_chip_that_goes_is_not_zero(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    const struct pulses_author author = {.who = "anna", .origin = "local"};
    for (int i = 0; i < 4; i++)
        pulse(f, 2, 5 * CLOCK_S);
    let_pass(f, 12 * CLOCK_S);
    f->chip.gone = true;
    let_pass(f, 30 * CLOCK_S);
    assert_int_equal(quality_of(f, "io/pulse-2/volume"), QUALITY_STALE);
    assert_int_equal(quality_of(f, "io/pulse-2/flow"), QUALITY_STALE);
    assert_true(site_point_find(f->site, "io/pulse-2/volume")->value.number > 0.039);
    assert_int_equal(pulses_set_reading(f->pulses, "io/pulse-2", 5, &author, &err), -EAGAIN);
    f->chip.gone = false;
    let_pass(f, 60 * CLOCK_S);
    near(number_of(f, "io/pulse-2/volume"), 0.04, 1e-12);
    pulse(f, 2, 12 * CLOCK_S);
    near(number_of(f, "io/pulse-2/volume"), 0.05, 1e-12);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(pulses_become_energy_and_power),
        TEST(power_falls_off_when_pulses_stop),
        TEST(two_edges_in_one_turn),
        TEST(a_loss_of_power_never_turns_back),
        TEST(other_settings_leave_the_past_alone),
        TEST(a_reading_is_set_beside_the_count),
        TEST(a_chip_that_goes_is_not_zero),
    };
    return cmocka_run_group_tests_name("scenario/pulses", tests, NULL, NULL);
}
