/* A device as SunSpec registers: offsets and sentinels below are those of the published models 1,
 * 211 to 214, 713 and 802, written down by hand. */
#include "driver_testing.h"

#include "driver/sunspec_models.h"
#include "driver/sunspec_server.h"

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct driver_library *library;
    struct device *device;
    uint16_t words[SUNSPEC_SERVER_MAX];
    size_t count;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err_list errors = ERR_LIST_EMPTY;
    f->clock = clock_fake(TESTING_WALL);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    f->library = library_new();
    library_load(f->library, TEST_SOURCE_ROOT "/profiles", &errors);
    assert_int_equal(errors.found, 0);
    err_list_deinit(&errors);
    f->device = site_device_add(f->site, &(struct device_spec){.name = "thing", .profile = "x"});
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    site_free(f->site);
    library_free(f->library);
    loop_free(f->loop);
    free(f);
    return 0;
}

static struct point *put(struct fixture *f, enum component_kind kind, int number,
                         enum quantity quantity, double value)
{
    struct component *component = device_component(f->device, kind, number);
    struct point *point = component_point(component, quantity);
    if (!point)
        point = component_point_add(component, quantity);
    point_put(point, value, loop_now(f->loop), loop_wall(f->loop));
    return point;
}

static void make(struct fixture *f)
{
    f->count = sunspec_server_image(library_sunspec(f->library), f->device, 9, f->words);
    assert_int_equal(f->words[0], 0x5375);
    assert_int_equal(f->words[1], 0x6E53);
    assert_int_equal(f->words[2], 1);
    assert_int_equal(f->words[3], 66);
    assert_int_equal(f->words[4 + 64], 9);
    assert_int_equal(f->words[f->count - 2], 0xFFFF);
    assert_int_equal(f->words[f->count - 1], 0);
}

/* The words of a model from its ID on; NULL when it is not there. */
static const uint16_t *model(const struct fixture *f, unsigned id)
{
    for (size_t at = 2; f->words[at] != 0xFFFF; at += 2u + f->words[at + 1]) {
        if (f->words[at] == id)
            return f->words + at;
    }
    return NULL;
}

static float float_at(const uint16_t *words, size_t at)
{
    uint32_t bits = (uint32_t)words[at] << 16 | words[at + 1];
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static void test_wiring_chooses_the_model(void **state)
{
    struct fixture *f = *state;
    make(f);
    assert_int_equal(f->count, 2 + 68 + 2);
    put(f, COMPONENT_TOTAL, 0, QUANTITY_REAL_POWER, 1234.5);
    make(f);
    assert_non_null(model(f, 211));
    put(f, COMPONENT_LINE, 1, QUANTITY_VOLTAGE, 400.25);
    make(f);
    assert_non_null(model(f, 214));
    put(f, COMPONENT_PHASE, 2, QUANTITY_VOLTAGE, 230.5);
    make(f);
    const uint16_t *meter = model(f, 213);
    assert_non_null(meter);
    assert_int_equal(meter[1], 124);
    assert_true(float_at(meter, 28) == 1234.5F); /* W */
    assert_true(float_at(meter, 14) == 230.5F);  /* PhVphB */
    assert_true(float_at(meter, 20) == 400.25F); /* PPVphAB */
    assert_true(isnan(float_at(meter, 12)));     /* PhVphA */
    assert_int_equal(meter[124], 0xFFFF);        /* Evt */
    assert_int_equal(meter[125], 0xFFFF);
}

static void test_what_is_not_good_is_not_told(void **state)
{
    struct fixture *f = *state;
    struct point *power = put(f, COMPONENT_TOTAL, 0, QUANTITY_REAL_POWER, 1);
    struct point *charge = put(f, COMPONENT_BATTERY, 0, QUANTITY_CHARGE, 55.5);
    point_mark(power, QUALITY_STALE, REASON_TOO_OLD);
    point_mark(charge, QUALITY_BAD, REASON_OUT_OF_RANGE);
    make(f);
    assert_true(isnan(float_at(model(f, 211), 28)));
    assert_int_equal(model(f, 713)[4], 0xFFFF);
    assert_int_equal(model(f, 713)[8], 0x8000); /* its scale factor too */
    assert_int_equal(model(f, 802)[11], 0xFFFF);
}

/* The finest scale factor with which the number fits; never a number that does not. */
static void test_scale_factors(void **state)
{
    struct fixture *f = *state;
    static const struct {
        double volts;
        uint16_t raw;
        int16_t power;
    } rows[] = {{13.8, 138, -1},
                {6553.4, 65534, -1},
                {6553.5, 6554, 0},
                {700000, 7000, 2},
                {-0.2, 0xFFFF, INT16_MIN}};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        put(f, COMPONENT_BATTERY, 0, QUANTITY_VOLTAGE, rows[i].volts);
        make(f);
        const uint16_t *battery = model(f, 802);
        assert_int_equal(battery[34], rows[i].raw);
        assert_int_equal((int16_t)battery[59], rows[i].power);
    }
    put(f, COMPONENT_BATTERY, 0, QUANTITY_CURRENT, -12.34);
    put(f, COMPONENT_BATTERY, 0, QUANTITY_CHARGE, 55.5);
    put(f, COMPONENT_BATTERY, 0, QUANTITY_STORED_ENERGY, 4.321);
    make(f);
    assert_int_equal((int16_t)model(f, 802)[44], -1234);
    assert_int_equal((int16_t)model(f, 802)[61], -2);
    assert_int_equal(model(f, 713)[3], 4321); /* Wh */
    assert_int_equal(model(f, 713)[7], 0);
    assert_int_equal(model(f, 713)[4], 555);
    assert_int_equal((int16_t)model(f, 713)[8], -1);
}

/* States go by their words; a fault that the model has no word for is not "no fault". */
static void test_words(void **state)
{
    struct fixture *f = *state;
    static const struct word charging[] = {{7, "float"}, {8, "testing"}, {9, "odd"}};
    static const struct word faults[] = {{0, "over-temp-alarm"}, {5, "ground-fault"}, {6, "odd"}};
    static const struct words states = {.list = charging, .count = 3};
    static const struct words flags = {.list = faults, .count = 3, .flags = true};
    struct point *state_point = put(f, COMPONENT_BATTERY, 0, QUANTITY_CHARGING, 7);
    struct point *fault = put(f, COMPONENT_BATTERY, 0, QUANTITY_FAULT, 0);
    state_point->words = &states;
    fault->words = &flags;
    static const struct {
        double charging, fault;
        uint16_t state;
        uint32_t event;
    } rows[] = {{7, 0, 6, 0}, {8, 0x21, 7, 1u << 1 | 1u << 22}, {9, 0x40, 0xFFFF, 0xFFFFFFFF}};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        put(f, COMPONENT_BATTERY, 0, QUANTITY_CHARGING, rows[i].charging);
        put(f, COMPONENT_BATTERY, 0, QUANTITY_FAULT, rows[i].fault);
        make(f);
        const uint16_t *battery = model(f, 802);
        assert_int_equal(battery[16], rows[i].state);
        assert_int_equal((uint32_t)battery[26] << 16 | battery[27], rows[i].event);
    }
}

static void test_answers(void **state)
{
    struct fixture *f = *state;
    uint8_t pdu[MODBUS_PDU_MAX];
    const struct sunspec_models *models = library_sunspec(f->library);
    struct modbus_pdu_request asked = {.function = 3, .address = 40000, .count = 2};
    assert_int_equal(sunspec_server_answer(models, f->device, 1, &asked, pdu), 2);
    assert_int_equal(pdu[1], 6); /* nothing is known of it yet */
    put(f, COMPONENT_TOTAL, 0, QUANTITY_CURRENT, 1);
    assert_int_equal(sunspec_server_answer(models, f->device, 1, &asked, pdu), 6);
    assert_memory_equal(pdu, "\x03\x04SunS", 6);
    make(f);
    asked.address = (uint16_t)(40000 + f->count - 2);
    assert_int_equal(sunspec_server_answer(models, f->device, 1, &asked, pdu), 6);
    assert_memory_equal(pdu, "\x03\x04\xFF\xFF\0\0", 6);
    asked.address++;
    assert_int_equal(sunspec_server_answer(models, f->device, 1, &asked, pdu), 2);
    assert_int_equal(pdu[1], 2);
    asked.function = 6;
    assert_int_equal(sunspec_server_answer(models, f->device, 1, &asked, pdu), 2);
    assert_int_equal(pdu[1], 1);
}

static void test_types_of_a_file_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *types, *mistake;
    } rows[] = {{"[int16 x 2]", NULL},
                {"[int16, int33]", "\"int33\" is no type of SunSpec"},
                {"[int16 x 0]", "is no type of SunSpec"},
                {"[int16 x 9999]", "no more than 1024 registers"},
                {"[int16]", "total/current lies outside the 1 registers"}};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct sunspec_models models = {0};
        struct err_list errors = ERR_LIST_EMPTY;
        char text[300];
        int length = snprintf(text, sizeof text,
                              "sunspec: [64000]\ntypes: %s\npoints:\n"
                              "  total/current: {holding: 3, type: int16}\n",
                              rows[i].types);
        bool fine = sunspec_models_read_text(&models, "x.yaml", text, (size_t)length, &errors);
        assert_int_equal(fine, !rows[i].mistake);
        if (rows[i].mistake && !strstr(errors.list[0].text, rows[i].mistake))
            fail_msg("%s: %s", rows[i].types, errors.list[0].text);
        sunspec_models_deinit(&models);
        err_list_deinit(&errors);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_wiring_chooses_the_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_not_good_is_not_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scale_factors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
        cmocka_unit_test(test_types_of_a_file_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
