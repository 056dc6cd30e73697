/* The lamps of the unit on a folder that looks like the LED class. */
#include "field_testing.h"

#include <sys/stat.h>
#include <unistd.h>

#include "field/lamps.h"

static const char *const names[LAMPS] = {"busbar::power", "busbar::rx", "busbar::tx",
                                         "busbar::link"};

struct leds {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct field *field;
    struct lamps *lamps;
    char folder[64];
};

static void put(const struct leds *leds, const char *led, const char *file, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s/%s", leds->folder, led, file);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static const char *get(const struct leds *leds, const char *led, const char *file)
{
    static char text[100];
    char path[300];
    snprintf(path, sizeof path, "%s/%s/%s", leds->folder, led, file);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    size_t length = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    text[length] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return text;
}

/* A plain file keeps what was behind a shorter text; the kernel's files do not. */
static bool is_lit(const struct leds *leds, enum lamp lamp)
{
    return get(leds, names[lamp], "brightness")[0] != '0';
}

static struct lamps_settings settings_of(const struct leds *leds)
{
    struct lamps_settings settings = {.folder = leds->folder};
    memcpy(settings.names, names, sizeof names);
    return settings;
}

static int setup(void **state)
{
    struct leds *leds = mem_new(sizeof *leds);
    leds->clock = clock_fake(TESTING_WALL);
    leds->loop = loop_new(&leds->clock);
    leds->site = site_new(leds->loop);
    strcpy(leds->folder, "/tmp/busbar-leds-XXXXXX");
    assert_non_null(mkdtemp(leds->folder));
    for (int i = 0; i < LAMPS; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%s", leds->folder, names[i]);
        assert_int_equal(mkdir(path, 0700), 0);
        put(leds, names[i], "brightness", "7\n");
        put(leds, names[i], "max_brightness", "9\n");
        put(leds, names[i], "trigger", "none timer [heartbeat] default-on\n");
    }
    static const struct field_resolver resolver = {.find = NULL};
    leds->field = field_new(leds->loop, leds->site, &resolver);
    *state = leds;
    return 0;
}

static int teardown(void **state)
{
    struct leds *leds = *state;
    lamps_free(leds->lamps);
    field_free(leds->field);
    site_free(leds->site);
    loop_free(leds->loop);
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", leds->folder);
    assert_int_equal(system(command), 0);
    free(leds);
    return 0;
}

static void begin(struct leds *leds)
{
    const struct lamps_settings settings = settings_of(leds);
    leds->lamps = lamps_new(leds->loop, leds->field, &settings);
    loop_advance(leds->loop, CLOCK_S);
}

static void power_is_lit_and_leds_are_given_back(void **state)
{
    struct leds *leds = *state;
    begin(leds);
    assert_string_equal(get(leds, names[LAMP_POWER], "brightness"), "9");
    assert_string_equal(get(leds, names[LAMP_POWER], "trigger"), "none");
    assert_false(is_lit(leds, LAMP_LINK)); /* no line at all */
    leds->lamps = lamps_free(leds->lamps);
    for (int i = 0; i < LAMPS; i++) {
        assert_string_equal(get(leds, names[i], "brightness"), "7");
        assert_string_equal(get(leds, names[i], "trigger"), "heartbeat");
    }
}

static void what_is_missing_is_left_alone(void **state)
{
    struct leds *leds = *state;
    struct lamps_settings settings = settings_of(leds);
    settings.names[LAMP_RECEIVE] = "busbar::nowhere";
    leds->lamps = lamps_new(leds->loop, leds->field, &settings);
    loop_advance(leds->loop, 10 * CLOCK_S);
    assert_true(is_lit(leds, LAMP_POWER));
    assert_string_equal(get(leds, names[LAMP_RECEIVE], "trigger"),
                        "none timer [heartbeat] default-on");
    /* other settings: the one is given back, the other taken */
    settings.names[LAMP_RECEIVE] = names[LAMP_POWER];
    settings.names[LAMP_POWER] = "";
    lamps_configure(leds->lamps, &settings);
    loop_advance(leds->loop, CLOCK_S);
    assert_false(is_lit(leds, LAMP_POWER)); /* now the receiver's, and nothing is heard */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(power_is_lit_and_leds_are_given_back, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_is_left_alone, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
