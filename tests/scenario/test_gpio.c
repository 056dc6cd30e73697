/* Digital lines of this machine, from the settings to the model and back: against a chip of the
 * test's own, and against the kernel's gpio-sim where /dev/gpiochip-busbar-test names one. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "driver/gpio.h"
#include "field/gpio_chip.h"
#include "field/line.h"
#include "field/poller.h"

/* ---- a chip ---------------------------------------------------------------------------------- */

struct fake_chip {
    struct gpio_chip chip; /* first */
    uint64_t levels;
    size_t count;
    unsigned opens, sets;
    int open_result, result;
    bool freed;
};

static int fake_open(struct gpio_chip *chip, const char *path, const struct gpio_pin *pins,
                     size_t count, struct err *err)
{
    struct fake_chip *fake = (struct fake_chip *)chip;
    fake->opens++;
    fake->count = count;
    assert_string_equal(path, "/dev/gpiochip7");
    assert_string_equal(pins[1].name, "27");
    if (fake->open_result)
        return err_set(err, fake->open_result, "the chip says no");
    return 0;
}

static void fake_close(struct gpio_chip *chip)
{
    (void)chip;
}

static int fake_get(struct gpio_chip *chip, uint64_t *levels)
{
    *levels = ((struct fake_chip *)chip)->levels;
    return ((struct fake_chip *)chip)->result;
}

static int fake_set(struct gpio_chip *chip, size_t pin, bool level)
{
    struct fake_chip *fake = (struct fake_chip *)chip;
    fake->sets++;
    if (fake->result)
        return fake->result;
    fake->levels = (fake->levels & ~(UINT64_C(1) << pin)) | (uint64_t)level << pin;
    return 0;
}

static void fake_free(struct gpio_chip *chip)
{
    ((struct fake_chip *)chip)->freed = true;
}

static const struct gpio_chip_kind fake_kind = {
    .open = fake_open, .close = fake_close, .get = fake_get, .set = fake_set, .free = fake_free};

/* ---- a house --------------------------------------------------------------------------------- */

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct fake_chip chip;
    struct line_settings settings;
    struct line *line;
    struct poller poller;
    struct line_request request;
    struct driver_request asked;
    int written;
    unsigned done;
};

static void on_line_changed(void *user)
{
    poller_line_changed(&((struct fixture *)user)->poller);
}

static int set_up(void **state)
{
    struct fixture *f = mem_new(sizeof *f);
    f->clock = clock_fake(1790000000LL * CLOCK_S);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    f->chip = (struct fake_chip){.chip.kind = &fake_kind, .levels = 0x9}; /* 1001 */
    f->settings = (struct line_settings){.kind = LINE_GPIO,
                                         .label = "",
                                         .host = "",
                                         .port = "/dev/gpiochip7",
                                         .outputs = "17, !27 RELAY3",
                                         .inputs = "!5",
                                         .timeout_ms = 300,
                                         .stop_bits = 1,
                                         .in_flight = 1,
                                         .enabled = true};
    f->line = line_new(f->loop, "pi", &f->settings,
                       transport_gpio_new(f->loop, &f->settings, &f->chip.chip));
    f->poller = (struct poller){
        .loop = f->loop,
        .name = mem_text("io"),
        .ordinal = 1,
        .settings = {.line = "pi", .unit = 1, .every = CLOCK_S, .enabled = true},
        .driver = &gpio_driver,
        .device = site_device_add(f->site, &(struct device_spec){.name = "io", .every = CLOCK_S})};
    f->poller.state = gpio_driver.open(NULL, NULL, f->poller.device, NULL);
    poller_attach(&f->poller, f->line, 0, 0);
    line_watch(f->line, on_line_changed, f);
    line_open(f->line);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    poller_detach(&f->poller);
    gpio_driver.close(f->poller.state);
    free(f->poller.name);
    line_free(f->line);
    assert_true(f->chip.freed);
    site_free(f->site);
    loop_free(f->loop);
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

static void on_written(struct line_request *request, const struct driver_answer *answer)
{
    struct fixture *f = request->user;
    struct err err = ERR_EMPTY;
    const struct point *point = site_point_find(f->site, "io/outlet-2/state");
    f->done++;
    f->written = gpio_driver.written(f->poller.state, point, answer, &f->asked, &err);
}

static void tell(struct fixture *f, const char *path, double number)
{
    struct err err = ERR_EMPTY;
    f->asked = (struct driver_request){0};
    assert_int_equal(gpio_driver.encode(f->poller.state, site_point_find(f->site, path), number,
                                        &f->asked, &err),
                     1);
    f->request = (struct line_request){
        .urgency = LINE_CONTROL, .client = 1, .pdu = f->asked.bytes, .done = on_written, .user = f};
    poller_fill_request(&f->poller, &f->asked, &f->request);
    f->done = 0;
    line_submit(f->line, &f->request);
    loop_advance(f->loop, 100 * CLOCK_MS);
    assert_int_equal(f->done, 1);
}

static void lines_are_outlets_and_inputs(void **state)
{
    struct fixture *f = *state;
    loop_advance(f->loop, 3 * CLOCK_S);
    assert_int_equal(f->poller.device->state, DEVICE_ONLINE);
    assert_int_equal(f->chip.count, 4);
    assert_true(number_of(f, "io/outlet-1/state") == 1);
    assert_true(number_of(f, "io/outlet-2/state") == 1); /* low, and active low */
    assert_true(number_of(f, "io/outlet-3/state") == 0);
    assert_true(number_of(f, "io/input-1/state") == 0); /* high, and active low */
    assert_null(site_point_find(f->site, "io/outlet-4/state"));
    f->chip.levels = 0;
    loop_advance(f->loop, 2 * CLOCK_S);
    assert_true(number_of(f, "io/outlet-1/state") == 0);
    assert_true(number_of(f, "io/input-1/state") == 1);
    assert_int_equal(f->chip.sets, 0); /* looking switches nothing */
}

static void outlets_switch_and_are_read_back(void **state)
{
    struct fixture *f = *state;
    loop_advance(f->loop, 2500 * CLOCK_MS);
    tell(f, "io/outlet-2/state", 0);
    assert_int_equal(f->written, 0);
    assert_int_equal(f->chip.levels, 0xB);
    tell(f, "io/outlet-3/state", 1);
    assert_int_equal(f->chip.levels, 0xF);
    loop_advance(f->loop, CLOCK_S);
    assert_true(number_of(f, "io/outlet-2/state") == 0);
    assert_true(number_of(f, "io/outlet-3/state") == 1);
    f->chip.result = -EIO;
    tell(f, "io/outlet-2/state", 1);
    assert_int_equal(f->written, -EPROTO); /* nobody knows */
    struct err err = ERR_EMPTY;
    assert_int_equal(gpio_driver.encode(f->poller.state,
                                        site_point_find(f->site, "io/input-1/state"), 1, &f->asked,
                                        &err),
                     -ENOTSUP);
}

static void a_chip_that_is_not_there_is_tried_again(void **state)
{
    struct fixture *f = *state;
    f->chip.open_result = -ENOENT;
    loop_advance(f->loop, 20 * CLOCK_S);
    assert_int_equal(line_state(f->line), LINE_STATE_FAILING);
    assert_string_equal(line_reason(f->line), "the chip says no");
    f->chip.open_result = 0;
    loop_advance(f->loop, 12 * CLOCK_S);
    assert_int_equal(f->poller.device->state, DEVICE_ONLINE);
}

static void names_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int count;
    } cases[] = {{"", 0},
                 {"17", 1},
                 {"17,!27,  RELAY3", 3},
                 {" , ", 0},
                 {"17, 17", -EINVAL},
                 {"!", -EINVAL},
                 {"a-name-that-is-longer-than-the-kernel-allows", -EINVAL}};
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct gpio_pin pins[GPIO_PINS_MAX];
        struct err err = ERR_EMPTY;
        int count = gpio_pins_parse(cases[i].text, GPIO_OUTPUT, pins, 0, &err);
        assert_int_equal(count, cases[i].count);
        assert_true(count >= 0 || err.text[0]);
        if (count == 3)
            assert_true(pins[1].inverted && !strcmp(pins[1].name, "27") && !pins[2].inverted);
    }
}

/* ---- the kernel ------------------------------------------------------------------------------ */

/* A chip of the module gpio-sim, made by whoever runs this: nothing is wired to it. */
static void the_kernels_lines_switch(void **state)
{
    static const char path[] = "/dev/gpiochip-busbar-test";
    (void)state;
    if (access(path, R_OK | W_OK) < 0) {
        print_message("# there is no %s\n", path);
        return;
    }
    const struct gpio_pin pins[] = {{.name = "0", .use = GPIO_OUTPUT},
                                    {.name = "1", .use = GPIO_OUTPUT, .inverted = true},
                                    {.name = "2", .use = GPIO_INPUT}};
    struct gpio_chip *chip = gpio_chip_new();
    struct err err = ERR_EMPTY;
    uint64_t levels;
    if (chip->kind->open(chip, path, pins, 3, &err) < 0)
        fail_msg("%s", err.text);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(chip->kind->set(chip, 0, i & 1), 0);
        assert_int_equal(chip->kind->set(chip, 1, i >> 1), 0);
        assert_int_equal(chip->kind->get(chip, &levels), 0);
        assert_int_equal(levels & 3, i);
    }
    chip->kind->free(chip);
}

/* What is no chip is refused with a sentence. */
static void other_files_are_no_chips(void **state)
{
    (void)state;
    static const char *const paths[] = {"/dev/null", "/nowhere/gpiochip0"};
    const struct gpio_pin pins[] = {{.name = "0", .use = GPIO_OUTPUT}};
    for (size_t i = 0; i < TEST_COUNT(paths); i++) {
        struct gpio_chip *chip = gpio_chip_new();
        struct err err = ERR_EMPTY;
        assert_true(chip->kind->open(chip, paths[i], pins, 1, &err) < 0);
        assert_non_null(strstr(err.text, paths[i]));
        chip->kind->free(chip);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(lines_are_outlets_and_inputs),
        TEST(outlets_switch_and_are_read_back),
        TEST(a_chip_that_is_not_there_is_tried_again),
        cmocka_unit_test(names_are_read),
        cmocka_unit_test(the_kernels_lines_switch),
        cmocka_unit_test(other_files_are_no_chips),
    };
    return cmocka_run_group_tests_name("scenario/gpio", tests, NULL, NULL);
}
