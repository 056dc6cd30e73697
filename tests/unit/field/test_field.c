#include "testing_driver.h"
#include "field_config.h"

#include "field/field.h"
#include "field/scan.h"

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct field *field;
    struct testing_library library;
    size_t lines, units;
    char last[400];
};

static const struct driver *find(void *user, const char *profile, void **library)
{
    struct fixture *f = user;
    *library = &f->library;
    if (strcmp(profile, "testing") != 0)
        return NULL;
    return f->library.find_points ? &testing_finder : &testing_driver;
}

static int setup(void **state)
{
    struct fixture *f = mem_new(sizeof *f);
    f->clock = clock_fake(TESTING_WALL);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    f->library = (struct testing_library){.reads = 2, .registers = 2};
    const struct field_resolver resolver = {.find = find, .user = f};
    f->field = field_new(f->loop, f->site, &resolver);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    field_free(f->field);
    assert_null(site_devices(f->site));
    assert_int_equal(f->library.opened, f->library.closed);
    site_free(f->site);
    loop_free(f->loop);
    free(f);
    return 0;
}

static void apply(struct fixture *f, const char *text)
{
    struct err_list errors = {0};
    struct config *config = field_config(text, &errors);
    if (!config)
        fail_msg("%s", errors.list[0].text);
    field_apply(f->field, config);
    config_free(config);
    err_list_deinit(&errors);
    loop_advance(f->loop, 0);
}

static void note_line(void *user, const struct field_line *line)
{
    struct fixture *f = user;
    f->lines++;
    snprintf(f->last, sizeof f->last, "%s %s %s %s %s", line->name, line->kind, line->endpoint,
             line->state, line->reason);
}

static void note_unit(void *user, const struct field_unit *unit)
{
    struct fixture *f = user;
    f->units++;
    snprintf(f->last, sizeof f->last, "%s %d %s %llu", unit->device, unit->unit, unit->state,
             (unsigned long long)unit->statistics->counts[STATISTICS_ROUNDS]);
}

static const char two[] =
    "lines: {demo: {kind: sim}, other: {kind: sim}}\n"
    "devices:\n"
    "  a: {line: demo, unit: 1, profile: testing}\n"
    "  b: {line: other, unit: 2, profile: testing, label: Kitchen, role: pdu}\n";

static void sim_devices_go_online(void **state)
{
    struct fixture *f = *state;
    apply(f, two);
    loop_advance(f->loop, 10 * CLOCK_S);
    struct device *b = site_device_find(f->site, "b");
    assert_int_equal(b->state, DEVICE_ONLINE);
    assert_string_equal(b->label, "Kitchen");
    assert_string_equal(b->role, "pdu");
    assert_string_equal(b->line, "other");
    const struct point *point = site_point_find(f->site, "b/outlet-1/voltage");
    assert_true(point->value.number == 230);
    assert_true(loop_now(f->loop) - point->value.mono <= CLOCK_S);
    field_lines_each(f->field, note_line, f);
    assert_int_equal(f->lines, 2);
    assert_string_equal(f->last, "other sim simulated open ");
    field_units_each(f->field, field_line_find(f->field, "demo"), note_unit, f);
    assert_int_equal(f->units, 1);
    assert_string_equal(f->last, "a 1 online 11");
}

static void reload_keeps_what_did_not_change(void **state)
{
    struct fixture *f = *state;
    apply(f, two);
    loop_advance(f->loop, 10 * CLOCK_S);
    struct device *a = site_device_find(f->site, "a"), *b = site_device_find(f->site, "b");
    point_id id = site_point_find(f->site, "a/outlet-1/voltage")->id;
    unsigned opened = f->library.opened;
    apply(f, two);
    assert_ptr_equal(site_device_find(f->site, "a"), a);
    assert_ptr_equal(site_device_find(f->site, "b"), b);
    assert_int_equal(a->state, DEVICE_ONLINE);
    assert_non_null(site_point(f->site, id));
    assert_int_equal(f->library.opened, opened);
    /* one changes, one goes, one comes */
    apply(f, "lines: {demo: {kind: sim}}\n"
             "devices:\n"
             "  a: {line: demo, unit: 1, profile: testing, every: 2 s}\n"
             "  c: {line: demo, unit: 3, profile: testing}\n");
    assert_null(site_device_find(f->site, "b"));
    assert_non_null(site_device_find(f->site, "c"));
    struct device *fresh = site_device_find(f->site, "a");
    assert_int_equal(fresh->every, 2 * CLOCK_S);
    /* the value has passed over, and its time with it */
    const struct point *point = site_point_find(f->site, "a/outlet-1/voltage");
    assert_true(point->value.number == 230);
    assert_int_equal(point->value.quality, QUALITY_GOOD);
    assert_null(site_point(f->site, id));
    field_units_each(f->field, field_line_find(f->field, "demo"), note_unit, f);
    assert_int_equal(f->units, 2);
    loop_advance(f->loop, 3 * CLOCK_S);
    assert_int_equal(site_device_find(f->site, "c")->state, DEVICE_ONLINE);
}

/* A device that describes itself has no points before it was asked; until then a reload must not
 * take those away which people are looking at. */
static void reload_keeps_points_that_were_found(void **state)
{
    struct fixture *f = *state;
    f->library.find_points = true;
    apply(f, "lines:\n  s: {kind: sim}\ndevices:\n  a: {line: s, profile: testing, every: 1 s}\n");
    loop_advance(f->loop, 3 * CLOCK_S);
    const struct point *before = site_point_find(f->site, "a/outlet-2/voltage");
    assert_non_null(before);
    assert_int_equal(before->value.quality, QUALITY_GOOD);
    f->library.find_points = false; /* another kind of driver: its points are its own */
    f->library.registers = 1;
    apply(f, "lines:\n  s: {kind: sim}\ndevices:\n  a: {line: s, profile: testing, label: New}\n");
    assert_null(site_point_find(f->site, "a/outlet-2/voltage"));

    f->library.find_points = true;
    f->library.registers = 2;
    apply(f, "lines:\n  s: {kind: sim}\ndevices:\n  a: {line: s, profile: testing, label: Old}\n");
    loop_advance(f->loop, 3 * CLOCK_S);
    clock_us acquired = site_point_find(f->site, "a/outlet-2/voltage")->value.mono;
    apply(f, "lines:\n  s: {kind: sim, enabled: false}\ndevices:\n"
             "  a: {line: s, profile: testing, label: Newer}\n");
    const struct point *after = site_point_find(f->site, "a/outlet-2/voltage");
    assert_non_null(after);
    const struct device *device = site_device_find(f->site, "a");
    assert_string_equal(device->label, "Newer");
    assert_string_equal(device->vendor, "Finders");
    assert_string_equal(device->serial, "0815");
    assert_string_equal(device->role, "battery");
    assert_true(after->value.number == 230 && after->value.mono == acquired);
    apply(f, "lines:\n  s: {kind: sim}\ndevices:\n"
             "  a: {line: s, profile: testing, label: Newer, role: meter}\n");
    assert_string_equal(site_device_find(f->site, "a")->role, "meter");
    uint64_t id = site_point_find(f->site, "a/outlet-2/voltage")->id;
    loop_advance(f->loop, 3 * CLOCK_S);
    after = site_point_find(f->site, "a/outlet-2/voltage");
    assert_int_equal(after->value.quality, QUALITY_GOOD);
    assert_true(after->value.mono > acquired && after->id == id);
}

static void changed_line_keeps_devices_and_counters(void **state)
{
    struct fixture *f = *state;
    apply(f, two);
    loop_advance(f->loop, 10 * CLOCK_S);
    struct device *a = site_device_find(f->site, "a");
    apply(f, "lines: {demo: {kind: sim, label: Cellar}, other: {kind: sim}}\n"
             "devices:\n"
             "  a: {line: demo, unit: 1, profile: testing}\n");
    assert_ptr_equal(site_device_find(f->site, "a"), a);
    loop_advance(f->loop, 5 * CLOCK_S);
    assert_int_equal(a->state, DEVICE_ONLINE);
    field_units_each(f->field, field_line_find(f->field, "demo"), note_unit, f);
    unsigned long long rounds = 0;
    sscanf(f->last, "a 1 online %llu", &rounds);
    assert_in_range(rounds, 15, 18);
    /* a line without devices frees its port */
    field_lines_each(f->field, note_line, f);
    assert_string_equal(f->last, "other sim simulated closed ");
}

static void switched_off(void **state)
{
    struct fixture *f = *state;
    apply(f, "lines: {demo: {kind: sim}, off: {kind: sim, enabled: false}}\n"
             "devices:\n"
             "  a: {line: demo, unit: 1, profile: testing, enabled: false}\n"
             "  b: {line: off, unit: 1, profile: testing}\n");
    loop_advance(f->loop, 5 * CLOCK_S);
    struct device *a = site_device_find(f->site, "a"), *b = site_device_find(f->site, "b");
    assert_int_equal(a->state, DEVICE_DISABLED);
    assert_string_equal(a->reason, "switched off in the settings");
    assert_int_equal(b->state, DEVICE_DISABLED);
    assert_string_equal(b->reason, "its line is switched off in the settings");
    apply(f, "lines: {demo: {kind: sim}, off: {kind: sim}}\n"
             "devices:\n"
             "  a: {line: demo, unit: 1, profile: testing}\n"
             "  b: {line: off, unit: 1, profile: testing}\n");
    loop_advance(f->loop, 5 * CLOCK_S);
    assert_int_equal(site_device_find(f->site, "a")->state, DEVICE_ONLINE);
    assert_int_equal(site_device_find(f->site, "b")->state, DEVICE_ONLINE);
    apply(f, "lines: {demo: {kind: sim}, off: {kind: sim, enabled: false}}\n"
             "devices:\n"
             "  a: {line: demo, unit: 1, profile: testing}\n"
             "  b: {line: off, unit: 1, profile: testing}\n");
    assert_int_equal(site_device_find(f->site, "b")->state, DEVICE_DISABLED);
    loop_advance(f->loop, 5 * CLOCK_S);
    assert_int_equal(site_device_find(f->site, "b")->state, DEVICE_DISABLED);
}

static void driver_that_cannot_be_opened(void **state)
{
    struct fixture *f = *state;
    f->library.refuse_open = true;
    apply(f, two);
    loop_advance(f->loop, 5 * CLOCK_S);
    struct device *a = site_device_find(f->site, "a");
    assert_int_equal(a->state, DEVICE_SILENT);
    assert_string_equal(a->reason, "the profile is of no use");
    f->library.refuse_open = false;
    apply(f, two);
    loop_advance(f->loop, 5 * CLOCK_S);
    assert_int_equal(site_device_find(f->site, "a")->state, DEVICE_ONLINE);
    /* a profile that the resolver does not know */
    apply(f, "lines: {demo: {kind: sim}}\ndevices: {a: {line: demo, profile: eastron-sdm630}}\n");
    assert_string_equal(site_device_find(f->site, "a")->reason,
                        "there is no profile \"eastron-sdm630\"");
}

static void scan_of_a_line_that_is_none(void **state)
{
    struct fixture *f = *state;
    apply(f, two);
    struct err err = ERR_EMPTY;
    assert_null(field_scan(f->field, "nowhere", &(struct scan_options){0}, &err));
    assert_string_equal(err.text, "there is no line \"nowhere\"");
    assert_null(field_line_find(f->field, "nowhere"));
    assert_null(field_free(NULL));
}

/* Many lines and devices, applied again and again in random states: nothing is lost, leaked or
 * read twice. */
static void random_reloads(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = test_seed();
    for (int round = 0; round < 60; round++) {
        char text[8000] = "lines: {l0: {kind: sim}, l1: {kind: sim}";
        size_t used = strlen(text);
        if (test_random(&seed) % 2)
            used +=
                (size_t)snprintf(text + used, sizeof text - used, ", l2: {kind: sim, label: %u}",
                                 (unsigned)(test_random(&seed) % 3));
        bool third = strstr(text, "l2") != NULL;
        used += (size_t)snprintf(text + used, sizeof text - used, "}\ndevices: {");
        unsigned devices = 0;
        for (unsigned i = 0; i < 20; i++) {
            if (test_random(&seed) % 3 == 0)
                continue;
            used += (size_t)snprintf(text + used, sizeof text - used,
                                     "%sd%u: {line: l%u, unit: %u, profile: testing, every: %u s}",
                                     devices ? ", " : "", i,
                                     (unsigned)(test_random(&seed) % (third ? 3 : 2)), i,
                                     1 + (unsigned)(test_random(&seed) % 2));
            devices++;
        }
        snprintf(text + used, sizeof text - used, "}\n");
        apply(f, text);
        loop_advance(f->loop, (clock_us)(test_random(&seed) % 3000) * CLOCK_MS + 3 * CLOCK_S);
        unsigned online = 0;
        for (struct device *device = site_devices(f->site); device; device = device->next)
            online += device->state == DEVICE_ONLINE;
        assert_int_equal(online, devices);
        assert_int_equal(f->library.opened - f->library.closed, devices);
    }
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(sim_devices_go_online),
        TEST(reload_keeps_what_did_not_change),
        TEST(reload_keeps_points_that_were_found),
        TEST(changed_line_keeps_devices_and_counters),
        TEST(switched_off),
        TEST(driver_that_cannot_be_opened),
        TEST(scan_of_a_line_that_is_none),
        TEST(random_reloads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
