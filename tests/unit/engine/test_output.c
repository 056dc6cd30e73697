/* Digital outputs: names and texts of their states, inversion both ways, what the switcher is told.
 */
#include "test.h"
#include "test_folder.h"

#include "engine/output.h"

#define WALL (1795262400LL * CLOCK_S)

/* Stands in for the field's: records of outputs name devices that are there. */
static const struct setting_row device_rows[] = {
    {.key = "enabled", .type = SETTING_BOOL, .initial = "true", .help = "Whether."}};
static const struct setting_table devices = {.name = "devices",
                                             .collection = true,
                                             .rows = device_rows,
                                             .row_count = 1,
                                             .record_size = sizeof(bool)};

static const struct setting_table *const tables[] = {&devices, &output_settings_table, NULL};
static const struct config_schema schema = {.tables = tables};

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct config *config;
    struct outputs *outputs;
    char folder[200];
    struct point *state, *level, *other;
};

static const struct words contact_words = {
    .list = (const struct word[]){{0, "open"}, {1, "closed"}}, .count = 2};
static const struct words plain_words = {.list = (const struct word[]){{0, "off"}, {1, "on"}},
                                         .count = 2};

static struct config *read_settings(struct fixture *f, const char *text, struct err_list *errors)
{
    char path[300], whole[1000];
    snprintf(path, sizeof path, "%s/site.yaml", f->folder);
    snprintf(whole, sizeof whole, "devices: {dc-1: {}}\n%s", text);
    test_write_file(path, whole);
    return config_load(&schema, path, NULL, NULL, 0, errors);
}

/* The first settings, or other ones. */
static void apply(struct fixture *f, const char *text)
{
    struct err_list errors = ERR_LIST_EMPTY;
    struct config *fresh = read_settings(f, text, &errors);
    if (!fresh)
        fail_msg("%s", errors.list[0].text);
    err_list_deinit(&errors);
    if (f->outputs)
        outputs_configure(f->outputs, fresh);
    else
        f->outputs = outputs_new(f->site, fresh);
    config_free(f->config);
    f->config = fresh;
}

static void add_device(struct fixture *f)
{
    struct device *device = site_device_add(
        f->site, &(struct device_spec){.name = "dc-1", .unit = 1, .every = CLOCK_S});
    struct component *output = device_component(device, COMPONENT_OUTPUT, 1);
    component_set_label(output, "Relay 1");
    f->state = component_point_add(output, QUANTITY_STATE);
    f->state->words = &plain_words;
    f->level = component_point_add(output, QUANTITY_LEVEL);
    f->other = component_point_add(device_component(device, COMPONENT_OUTPUT, 2), QUANTITY_STATE);
    f->other->words = &contact_words;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    test_folder(f->folder, sizeof f->folder);
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    add_device(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    outputs_free(f->outputs);
    config_free(f->config);
    site_free(f->site);
    loop_free(f->loop);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

/* What the board says. */
static void board_says(struct fixture *f, struct point *point, double number)
{
    point_put(point, number, loop_now(f->loop), loop_wall(f->loop));
}

static const char *word_of(const struct point *point)
{
    for (size_t i = 0; i < point->words->count; i++) {
        if (point->words->list[i].number == (int64_t)point->value.number)
            return point->words->list[i].text;
    }
    return "";
}

static void names_and_texts_stand_in_the_model(void **state)
{
    struct fixture *f = *state;
    apply(f, "outputs:\n  dc-1/output-1: {name: Heater, off_text: cold, on_text: heating,\n"
             "    off_colour: blue, on_colour: red}\n");
    assert_string_equal(f->state->component->label, "Heater");
    board_says(f, f->state, 1);
    assert_string_equal(word_of(f->state), "heating");
    board_says(f, f->state, 0);
    assert_string_equal(word_of(f->state), "cold");
    struct output_look look = output_look(f->outputs, "dc-1/output-1", true);
    assert_string_equal(look.text, "heating");
    assert_string_equal(output_colour_name(look.colour), "red");
    look = output_look(f->outputs, "dc-1/output-1", false);
    assert_string_equal(look.text, "cold");
    assert_string_equal(output_colour_name(look.colour), "blue");
    /* one without a record is as its driver made it */
    look = output_look(f->outputs, "dc-1/output-2", true);
    assert_string_equal(look.text, "closed");
    assert_string_equal(output_colour_name(look.colour), "green");
    assert_ptr_equal(f->other->words, &contact_words);
}

static void inversion_turns_readings_and_writes(void **state)
{
    struct fixture *f = *state;
    board_says(f, f->state, 0);
    apply(f, "outputs: {dc-1/output-1: {inverted: true}, dc-1/output-2: {inverted: true}}\n");
    assert_true(f->state->value.number == 1); /* the reading that was there */
    board_says(f, f->state, 1);
    assert_true(f->state->value.number == 0);
    assert_string_equal(word_of(f->state), "off");
    assert_true(output_to_board(f->outputs, f->state->id, 1) == 0);
    assert_true(output_to_board(f->outputs, f->state->id, 0) == 1);
    board_says(f, f->level, 30);
    assert_true(f->level->value.number == 70);
    assert_true(output_to_board(f->outputs, f->level->id, 70) == 30);
    /* the board's own words say what the contact does */
    board_says(f, f->other, 0);
    assert_true(f->other->value.number == 1);
    assert_string_equal(word_of(f->other), "open");
    assert_string_equal(output_look(f->outputs, "dc-1/output-2", true).text, "open");
}

static void a_reload_takes_it_back(void **state)
{
    struct fixture *f = *state;
    apply(f, "outputs: {dc-1/output-1: {name: Heater, on_text: heating, inverted: true}}\n");
    board_says(f, f->state, 1);
    board_says(f, f->level, 0);
    point_mark(f->state, QUALITY_STALE, REASON_SILENT);
    apply(f, "");
    assert_string_equal(f->state->component->label, "Relay 1");
    assert_ptr_equal(f->state->words, &plain_words);
    assert_true(f->state->value.number == 1 && f->level->value.number == 0);
    assert_int_equal(f->state->value.quality, QUALITY_STALE); /* it did not become younger */
    assert_int_equal(f->state->value.reason, REASON_SILENT);
    assert_true(output_to_board(f->outputs, f->state->id, 1) == 1);
}

/* Counts what a history would record. */
static void count(void *user, const struct point *point)
{
    (void)point;
    (*(unsigned *)user)++;
}

static void other_changes_leave_it_alone(void **state)
{
    struct fixture *f = *state;
    unsigned readings = 0;
    apply(f, "outputs: {dc-1/output-1: {inverted: true, name: A}}\n");
    board_says(f, f->state, 1);
    f->state->tap = (struct point_tap){count, &readings};
    apply(f, "outputs: {dc-1/output-1: {inverted: true, name: B}}\n");
    site_device_add(f->site, &(struct device_spec){.name = "x", .unit = 2, .every = CLOCK_S});
    loop_poll(f->loop);
    assert_int_equal(readings, 0);
    assert_true(f->state->value.number == 0);
    assert_string_equal(f->state->component->label, "B");
    apply(f, "");
    assert_string_equal(f->state->component->label, "Relay 1");
}

static void a_device_that_is_made_anew_gets_it_again(void **state)
{
    struct fixture *f = *state;
    apply(f, "outputs: {dc-1/output-1: {inverted: true, on_text: heating}}\n");
    board_says(f, f->state, 0);
    site_device_remove(f->site, site_device_find(f->site, "dc-1"));
    add_device(f);
    loop_poll(f->loop);
    board_says(f, f->state, 0);
    assert_string_equal(word_of(f->state), "heating");
}

static void the_switcher_is_told(void **state)
{
    struct fixture *f = *state;
    apply(f, "outputs:\n"
             "  dc-1/output-1: {mode: pwm, name: Fan}\n"
             "  dc-1/output-2: {mode: pulse, pulse: 1500 ms}\n");
    struct output_way way = output_way(f->outputs, "dc-1/output-1");
    assert_string_equal(way.label, "Fan");
    assert_int_equal(way.pulse, 0);
    assert_int_equal(way.level, QUANTITY_LEVEL);
    way = output_way(f->outputs, "dc-1/output-2");
    assert_int_equal(way.pulse, 1500 * CLOCK_MS);
    assert_int_equal(way.level, QUANTITY_NONE);
    way = output_way(f->outputs, "dc-1/output-3");
    assert_string_equal(way.label, "");
    assert_int_equal(way.pulse, 0);
}

static void mistakes_are_named(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *record, *words;
    } rows[] = {
        {"dc-1/output-1: {on_text: x, off_text: x}", "must differ from off_text"},
        {"dc-1/output-1: {on_colour: pink}", "pink"},
        {"dc-1/output-1: {pulse: 10 ms}", "pulse"},
        {"dc-9/output-1: {}", "no device \"dc-9\""},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char text[200];
        struct err_list errors = ERR_LIST_EMPTY;
        snprintf(text, sizeof text, "outputs:\n  %s\n", rows[i].record);
        assert_null(read_settings(f, text, &errors));
        if (!strstr(errors.list[0].text, rows[i].words))
            fail_msg("%s: %s", rows[i].record, errors.list[0].text);
        err_list_deinit(&errors);
    }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_and_texts_stand_in_the_model),
        TEST(inversion_turns_readings_and_writes),
        TEST(a_reload_takes_it_back),
        TEST(other_changes_leave_it_alone),
        TEST(a_device_that_is_made_anew_gets_it_again),
        TEST(the_switcher_is_told),
        TEST(mistakes_are_named),
    };
    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
