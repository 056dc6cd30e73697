/* Conditions of settings: what they mean, and what is said of those that mean nothing. */
#include "test.h"

#include "engine/condition.h"

#define WALL (1795222800LL * CLOCK_S)

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct point *charge, *mains;
};

static const struct word word_list[] = {{0, "off"}, {1, "on"}};
static const struct words on_off = {.list = word_list, .count = 2};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    struct device *ups =
        site_device_add(f->site, &(struct device_spec){.name = "ups", .unit = 1, .every = CLOCK_S});
    f->charge = component_point_add(device_component(ups, COMPONENT_BATTERY, 0), QUANTITY_CHARGE);
    f->mains = component_point_add(device_component(ups, COMPONENT_MAINS, 0), QUANTITY_STATE);
    f->mains->words = &on_off;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    site_free(f->site);
    loop_free(f->loop);
    free(f);
    return 0;
}

static int holds(struct fixture *f, const char *text)
{
    struct condition condition;
    struct err err = ERR_EMPTY;
    if (condition_parse(text, &condition, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return condition_holds(f->site, &condition);
}

static void put(struct fixture *f, struct point *point, double number)
{
    point_put(point, number, loop_now(f->loop), loop_wall(f->loop));
}

static void each_sign_means_what_it_says(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        int at_39, at_40, at_41;
    } rows[] = {
        {"ups/battery/charge >= 40", 0, 1, 1}, {"ups/battery/charge<=40", 1, 1, 0},
        {"ups/battery/charge > 40", 0, 0, 1},  {" ups/battery/charge <40 ", 1, 0, 0},
        {"ups/battery/charge = 40", 0, 1, 0},  {"", 1, 1, 1},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        put(f, f->charge, 39);
        assert_int_equal(holds(f, rows[i].text), rows[i].at_39);
        put(f, f->charge, 40);
        assert_int_equal(holds(f, rows[i].text), rows[i].at_40);
        put(f, f->charge, 41);
        assert_int_equal(holds(f, rows[i].text), rows[i].at_41);
    }
}

static void a_word_is_the_name_of_a_state(void **state)
{
    struct fixture *f = *state;
    put(f, f->mains, 1);
    assert_int_equal(holds(f, "ups/mains/state = on"), 1);
    assert_int_equal(holds(f, "ups/mains/state = off"), 0);
    assert_int_equal(holds(f, "ups/mains/state = 1"), 1);
    put(f, f->mains, 0);
    assert_int_equal(holds(f, "ups/mains/state = off"), 1);
}

static void what_is_not_good_is_not_known(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(holds(f, "ups/battery/charge > 40"), -1); /* never read */
    assert_int_equal(holds(f, "ups/battery/voltage > 40"), -1);
    assert_int_equal(holds(f, "gone/battery/charge > 40"), -1);
    put(f, f->charge, 50);
    assert_int_equal(holds(f, "ups/battery/charge > 40"), 1);
    point_mark(f->charge, QUALITY_STALE, REASON_SILENT);
    assert_int_equal(holds(f, "ups/battery/charge > 40"), -1);
    assert_int_equal(holds(f, "ups/battery/charge < 40"), -1);
}

static void it_is_said_in_words(void **state)
{
    struct fixture *f = *state;
    struct condition condition;
    struct err err;
    char text[200];
    assert_int_equal(condition_parse("ups/battery/charge < 15", &condition, &err), 0);
    assert_string_equal(condition_say(f->site, &condition, text, sizeof text),
                        "ups/battery/charge is below 15 (not known now)");
    put(f, f->mains, 0);
    assert_int_equal(condition_parse("ups/mains/state = on", &condition, &err), 0);
    assert_string_equal(condition_say(f->site, &condition, text, sizeof text),
                        "ups/mains/state is on (now off)");
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "charge >= 40",
        "ups/battery/charge",
        "ups/battery/charge 40",
        "ups/battery/charge >= ",
        "ups/battery/charge >= low",
        "ups/battery/charge >= nan",
        ">= 40",
        "ups/battery/charge >= 4 0",
        "ups/mains/state =",
    };
    for (size_t i = 0; i < TEST_COUNT(texts); i++) {
        struct condition condition;
        struct err err = ERR_EMPTY;
        if (condition_parse(texts[i], &condition, &err) == 0)
            fail_msg("\"%s\" is taken", texts[i]);
        assert_non_null(strstr(err.text, "as in dc-1/battery/charge >= 40"));
    }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_sign_means_what_it_says),  TEST(a_word_is_the_name_of_a_state),
        TEST(what_is_not_good_is_not_known), TEST(it_is_said_in_words),
        TEST(mistakes_are_refused),
    };
    return cmocka_run_group_tests_name("condition", tests, NULL, NULL);
}
