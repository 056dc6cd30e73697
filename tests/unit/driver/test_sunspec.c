/* SunSpec devices against images that an independent Modbus stack answered
 * (tests/captures/make_sunspec.py). */
#include "driver_testing.h"

#include "driver/sunspec.h"
#include "driver/sunspec_models.h"

#define CAPTURES TEST_SOURCE_ROOT "/tests/captures/"

static void open_sunspec(struct bench *bench, const char *capture)
{
    char path[512];
    bench_init(bench);
    bench_load(bench, TEST_SOURCE_ROOT "/profiles");
    if (capture) {
        snprintf(path, sizeof path, CAPTURES "%s.cap", capture);
        assert_true(unit_load(bench->unit, path));
    }
    bench_open(bench, "sunspec");
}

static void replay(const char *name, const char *role)
{
    struct bench bench;
    char path[512];
    open_sunspec(&bench, name);
    assert_int_equal(bench_identify(&bench), 0);
    assert_true(bench_round(&bench) > 0);
    snprintf(path, sizeof path, CAPTURES "%s.points", name);
    assert_true(points_compare(&bench, path));
    assert_string_equal(bench.device->vendor, "Analog Engines");
    char model[64];
    snprintf(model, sizeof model, "SM-%s", name);
    assert_string_equal(bench.device->model, model);
    assert_string_equal(bench.device->firmware, "4.2.1");
    assert_memory_equal(bench.device->serial, "SN-", 3);
    assert_string_equal(bench.device->role, role);
    bench_deinit(&bench);
}

static void test_integer_meter(void **state)
{
    (void)state;
    replay("sunspec-meter-int", "meter");
}

static void test_float_meter_at_the_second_base(void **state)
{
    (void)state;
    replay("sunspec-meter-float", "meter");
}

/* An unknown model in the middle, three modules, two further meters that become circuits. */
static void test_inverter_with_modules_and_meters(void **state)
{
    (void)state;
    replay("sunspec-inverter", "inverter");
}

static void test_battery_at_the_third_base(void **state)
{
    (void)state;
    replay("sunspec-battery", "battery");
}

/* One device for each model that the others lack; offsets come from the official definitions. */
static void test_every_other_model(void **state)
{
    (void)state;
    static const struct {
        const char *name, *role;
    } devices[] = {
        {"sunspec-101", "inverter"},    {"sunspec-102", "inverter"},   {"sunspec-111", "inverter"},
        {"sunspec-112", "inverter"},    {"sunspec-113", "inverter"},   {"sunspec-201", "meter"},
        {"sunspec-202", "meter"},       {"sunspec-204", "meter"},      {"sunspec-211", "meter"},
        {"sunspec-212", "meter"},       {"sunspec-214", "meter"},      {"sunspec-401", "combiner"},
        {"sunspec-403", "combiner"},    {"sunspec-module", "supply"},  {"sunspec-der", "inverter"},
        {"sunspec-status", "inverter"}, {"sunspec-string", "battery"}, {"sunspec-flow", "battery"},
    };
    for (size_t i = 0; i < TEST_COUNT(devices); i++) {
        print_message("# %s\n", devices[i].name);
        replay(devices[i].name, devices[i].role);
    }
}

/* Every model that can be read stands in some capture: none is read on trust. */
static void test_every_model_is_in_a_capture(void **state)
{
    (void)state;
    struct bench bench;
    bool seen[65536] = {false};
    DIR *folder = opendir(CAPTURES);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char capture[256];
        snprintf(capture, sizeof capture, "%s", entry->d_name);
        char *dot = strstr(capture, ".cap");
        if (!dot || strncmp(capture, "sunspec-", 8) != 0)
            continue;
        *dot = '\0';
        open_sunspec(&bench, capture);
        bench_identify(&bench);
        for (size_t i = 0; i < bench.unit->asked_count; i++) {
            const struct modbus_pdu_request *asked = &bench.unit->asked[i];
            unsigned header = asked->count == 4 ? asked->address + 2u : asked->address;
            if (asked->count == 2 || asked->count == 4)
                seen[bench.unit->registers[PROFILE_HOLDING][header]] = true;
        }
        bench_deinit(&bench);
    }
    closedir(folder);
    struct sunspec_models models = {0};
    struct err_list errors = ERR_LIST_EMPTY;
    folder = opendir(TEST_SOURCE_ROOT "/profiles/sunspec");
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char path[600];
        snprintf(path, sizeof path, TEST_SOURCE_ROOT "/profiles/sunspec/%s", entry->d_name);
        if (strstr(path, ".yaml"))
            assert_true(sunspec_models_read_file(&models, path, &errors));
    }
    closedir(folder);
    assert_true(models.count >= 19);
    for (size_t i = 0; i < models.count; i++) {
        for (size_t k = 0; k < models.list[i]->id_count; k++) {
            if (!seen[models.list[i]->ids[k]])
                fail_msg("model %u is in no capture", models.list[i]->ids[k]);
        }
    }
    sunspec_models_deinit(&models);
    err_list_deinit(&errors);
}

/* What settings say about the device goes before what its models say. */
static void test_settings_tell_the_role(void **state)
{
    (void)state;
    struct bench bench;
    open_sunspec(&bench, "sunspec-battery");
    bench.driver->close(bench.state);
    bench.device->role = device_text(bench.device, "supply");
    const struct driver_settings settings = {
        .name = "x", .profile = "sunspec", .every = 10 * CLOCK_S};
    bench.state = bench.driver->open(bench.library, &settings, bench.device, &bench.err);
    assert_int_equal(bench_identify(&bench), 0);
    assert_string_equal(bench.device->role, "supply");
    bench_deinit(&bench);
}

/* Field gives a device that is rebuilt by a reload the points it had: the driver must go on with
 * these, not with a second set. */
static void test_points_from_before_a_reload(void **state)
{
    (void)state;
    struct bench bench;
    open_sunspec(&bench, "sunspec-battery");
    struct component *battery = device_component(bench.device, COMPONENT_BATTERY, 0);
    struct point *charge = component_point_add(battery, QUANTITY_CHARGE);
    struct point *humidity = component_point_add(battery, QUANTITY_HUMIDITY);
    point_put(charge, 12, 1, TESTING_WALL);
    point_put(humidity, 34, 1, TESTING_WALL);
    assert_int_equal(bench_identify(&bench), 0);
    assert_int_equal(charge->value.quality, QUALITY_GOOD);
    assert_true(charge->value.number == 12);
    bench_round(&bench);
    assert_true(charge->value.mono > 1 && charge->value.number != 12);
    /* what the device has no more */
    assert_int_equal(humidity->value.quality, QUALITY_ABSENT);
    bench_deinit(&bench);
}

/* A hand-made map: marker, model 1 of no use, model 713 with its scale factors, end. */
static void put_713(struct unit *unit, int16_t percent_exponent)
{
    static const uint16_t words[] = {0x5375, 0x6E53, 713, 7, 100,    50, 8750,
                                     9900,   1,      2,   0, 0xFFFF, 0};
    for (unsigned i = 0; i < TEST_COUNT(words); i++)
        unit_set(unit, PROFILE_HOLDING, 40000 + i, words[i]);
    unit_set(unit, PROFILE_HOLDING, 40010, (uint16_t)percent_exponent);
}

static void test_scale_factor_is_read_again(void **state)
{
    (void)state;
    struct bench bench;
    open_sunspec(&bench, NULL);
    put_713(bench.unit, -2);
    assert_int_equal(bench_identify(&bench), 0);
    bench_round(&bench);
    bench_expect(&bench, "battery/charge", 87.5);
    /* 50 * 10^2 Wh */
    bench_expect(&bench, "battery/stored-energy", 5);
    put_713(bench.unit, -3);
    bench_round(&bench);
    bench_expect(&bench, "battery/charge", 8.75);
    /* A scale factor that is "not implemented" (0x8000) makes no number, and no stale one either.
     */
    put_713(bench.unit, INT16_MIN);
    bench_round(&bench);
    assert_int_equal(bench_point(&bench, "battery/charge")->value.quality, QUALITY_BAD);
    bench_deinit(&bench);
}

/* Some inverters and meters change a scale factor with the load (SolarEdge does): the value and its
 * factor must come out of one read, also when two models do not fit into one. */
static void test_value_and_factor_in_one_read(void **state)
{
    (void)state;
    struct bench bench;
    struct driver_request request;
    uint8_t bytes[DRIVER_ANSWER_MAX];
    open_sunspec(&bench, NULL);
    HOLDING(&bench, 40000, 0x5375, 0x6E53);
    for (unsigned i = 0; i < 214; i++)
        unit_set(bench.unit, PROFILE_HOLDING, 40002 + i, 0);
    for (unsigned meter = 0; meter < 2; meter++)
        HOLDING(&bench, 40002 + 107 * meter, 203, 105);
    HOLDING(&bench, 40216, 0xFFFF, 0);
    for (unsigned turn = 0; turn < 8; turn++) {
        if (turn == 0)
            assert_int_equal(bench_identify(&bench), 0);
        bench.driver->round(bench.state, turn);
        for (unsigned asked = 0; bench.driver->plan(bench.state, &request); asked++) {
            bool coarse = (turn + asked) % 2;
            assert_true(asked < 3);
            for (unsigned meter = 0; meter < 2; meter++) {
                unsigned at = 40002 + 107 * meter;
                unit_set(bench.unit, PROFILE_HOLDING, at + 18, coarse ? 123 : 1234);
                unit_set(bench.unit, PROFILE_HOLDING, at + 22, coarse);
            }
            struct driver_answer answer = bench_ask(&bench, &request, bytes);
            assert_int_equal(bench.driver->decode(bench.state, &request, &answer), 0);
        }
        for (unsigned meter = 0; meter < 2; meter++) {
            double watts = bench_point(&bench, meter ? "circuit-1/real-power" : "total/real-power")
                               ->value.number;
            if (watts != 1234 && watts != 1230)
                fail_msg("meter %u tells %g W", meter, watts);
        }
    }
    bench_deinit(&bench);
}

static void test_no_sunspec_is_another_device(void **state)
{
    (void)state;
    struct bench bench;
    open_sunspec(&bench, NULL);
    unit_set(bench.unit, PROFILE_HOLDING, 0, 1);
    assert_int_equal(bench_identify(&bench), -ENODEV);
    assert_non_null(strstr(bench.err.text, "\"SunS\""));
    bench_deinit(&bench);
}

/* Field begins anew after each silence: the next place must get its turn. */
static void test_silence_at_the_first_base(void **state)
{
    (void)state;
    struct bench bench;
    struct driver_request request;
    open_sunspec(&bench, "sunspec-meter-float");
    assert_int_equal(bench.driver->identify(bench.state, NULL, &request, &bench.err), 1);
    assert_int_equal(request.bytes[1] << 8 | request.bytes[2], 40000);
    assert_int_equal(bench.driver->identify(bench.state, NULL, &request, &bench.err), 1);
    assert_int_equal(request.bytes[1] << 8 | request.bytes[2], 50000);
    uint8_t bytes[DRIVER_ANSWER_MAX];
    int result = 1;
    while (result == 1) {
        struct driver_answer answer = bench_ask(&bench, &request, bytes);
        result = bench.driver->identify(bench.state, &answer, &request, &bench.err);
    }
    assert_int_equal(result, 0);
    /* Known from then on. */
    assert_int_equal(bench.driver->identify(bench.state, NULL, &request, &bench.err), 1);
    assert_int_equal(request.bytes[1] << 8 | request.bytes[2], 50000);
    bench_deinit(&bench);
}

static void test_chain_without_end(void **state)
{
    (void)state;
    struct bench bench;
    open_sunspec(&bench, NULL);
    /* Models of length 0 for ever: the walk must stop by itself. */
    for (unsigned i = 0; i < 65536; i++)
        unit_set(bench.unit, PROFILE_HOLDING, i, 0);
    unit_set(bench.unit, PROFILE_HOLDING, 40000, 0x5375);
    unit_set(bench.unit, PROFILE_HOLDING, 40001, 0x6E53);
    assert_int_equal(bench_identify(&bench), 0);
    assert_int_equal(bench_round(&bench), 0);
    bench_deinit(&bench);
}

/* Half a chain would be half a device: a device that is busy at a header has not come to its end.
 */
static void test_busy_device_is_asked_later(void **state)
{
    (void)state;
    struct bench bench;
    struct driver_request request;
    uint8_t bytes[DRIVER_ANSWER_MAX];
    int asked = 1;
    open_sunspec(&bench, NULL);
    put_713(bench.unit, -2);
    bench.unit->exception = MODBUS_PDU_BUSY;
    int result = bench.driver->identify(bench.state, NULL, &request, &bench.err);
    for (; result == 1 && asked < 100; asked++) {
        struct driver_answer answer = bench_ask(&bench, &request, bytes);
        result = bench.driver->identify(bench.state, &answer, &request, &bench.err);
    }
    assert_int_equal(result, -ENODEV); /* and not asked in a circle */
    assert_true(asked < 10);
    assert_non_null(strstr(bench.err.text, "busy"));
    bench.unit->exception = 0;
    assert_int_equal(bench_identify(&bench), 0);
    bench_round(&bench);
    bench_expect(&bench, "battery/charge", 87.5);
    /* Busy once the marker is read. */
    bench.driver->identify(bench.state, NULL, &request, &bench.err);
    struct driver_answer answer = bench_ask(&bench, &request, bytes);
    assert_int_equal(bench.driver->identify(bench.state, &answer, &request, &bench.err), 1);
    bench.unit->exception = MODBUS_PDU_BUSY;
    for (result = 1, asked = 0; result == 1 && asked < 100; asked++) {
        answer = bench_ask(&bench, &request, bytes);
        result = bench.driver->identify(bench.state, &answer, &request, &bench.err);
    }
    assert_int_equal(result, -ENODEV);
    bench_deinit(&bench);
}

/* A map may end without its end model, with a refusal or with a failure; at its end by its length,
 * and beyond all registers. */
static void test_ends_of_a_chain(void **state)
{
    (void)state;
    static const struct {
        uint16_t length; /* of a model behind the 713 */
        uint8_t exception;
        bool points;
    } rows[] = {{0, 2, true}, {0, 4, true}, {25525, 0, true}, {25526, 0, true}, {65535, 0, true}};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct bench bench;
        open_sunspec(&bench, NULL);
        put_713(bench.unit, -2);
        if (rows[i].exception) {
            bench.unit->known[PROFILE_HOLDING][40011] = false;
        } else {
            unit_set(bench.unit, PROFILE_HOLDING, 40011, 64999);
            unit_set(bench.unit, PROFILE_HOLDING, 40012, rows[i].length);
        }
        assert_int_equal(bench_identify(&bench), 0);
        bench_round(&bench);
        bench_expect(&bench, "battery/charge", 87.5);
        bench_deinit(&bench);
    }
}

/* Only -10 to 10 is a scale factor: of any other there is no number, least of all 0. */
static void test_scale_factors_that_are_none(void **state)
{
    (void)state;
    static const struct {
        int16_t power;
        bool fine;
    } rows[] = {{-10, true},  {-11, false}, {-18, false},       {11, false},
                {-19, false}, {99, false},  {INT16_MAX, false}, {INT16_MIN, false}};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct bench bench;
        open_sunspec(&bench, NULL);
        put_713(bench.unit, rows[i].power);
        assert_int_equal(bench_identify(&bench), 0);
        bench_round(&bench);
        const struct value *charge = &bench_point(&bench, "battery/charge")->value;
        if (rows[i].fine)
            bench_expect(&bench, "battery/charge", 8750e-10);
        else if (charge->quality != QUALITY_BAD)
            fail_msg("10^%d: %g %s", rows[i].power, charge->number, quality_name(charge->quality));
        bench_deinit(&bench);
    }
}

/* What means "not implemented", of each type that a meter has, and what only looks like it
 * (SunSpec Device Information Model Specification, data types). */
static void test_not_implemented_of_each_type(void **state)
{
    (void)state;
    static const struct {
        unsigned model, at, registers;
        const char *path;
        uint32_t raw;
        bool good;
    } rows[] = {
        {203, 18, 1, "total/real-power", 0x8000, false},
        {203, 18, 1, "total/real-power", 0x8001, true},
        {203, 18, 1, "total/real-power", 0xFFFF, true}, /* -1 */
        {203, 46, 2, "total/energy", 0, false},
        {203, 46, 2, "total/energy", 0xFFFFFFFF, true},
        {203, 105, 2, "total/fault", 0xFFFFFFFF, false},
        {203, 105, 2, "total/fault", 0x80000004, false}, /* highest bit: ignore the others */
        {203, 105, 2, "total/fault", 0x00000004, true},
        {213, 28, 2, "total/real-power", 0x7FC00000, false},
        {213, 28, 2, "total/real-power", 0xFFFFFFFF, false},
        {213, 28, 2, "total/real-power", 0x7F800000, false}, /* infinite */
        {213, 28, 2, "total/real-power", 0x7F7FFFFF, false}, /* 3.4e38 W */
        {213, 28, 2, "total/real-power", 0x3F800000, true},
        {802, 11, 1, "battery/charge", 0xFFFF, false},
        {802, 44, 1, "battery/current", 0x8000, false},
        {802, 22, 1, "battery/state", 0xFFFF, false},
        {802, 22, 1, "battery/state", 3, true},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct bench bench;
        open_sunspec(&bench, NULL);
        unsigned length = rows[i].model == 203 ? 105 : rows[i].model == 213 ? 124 : 62;
        HOLDING(&bench, 40000, 0x5375, 0x6E53, (uint16_t)rows[i].model, (uint16_t)length);
        for (unsigned k = 2; k < length + 2; k++) /* scale factors of 0 */
            unit_set(bench.unit, PROFILE_HOLDING, 40002 + k, 0);
        HOLDING(&bench, 40004 + length, 0xFFFF, 0);
        if (rows[i].registers == 2)
            unit_set(bench.unit, PROFILE_HOLDING, 40002 + rows[i].at,
                     (uint16_t)(rows[i].raw >> 16));
        unit_set(bench.unit, PROFILE_HOLDING, 40002 + rows[i].at + rows[i].registers - 1,
                 (uint16_t)rows[i].raw);
        assert_int_equal(bench_identify(&bench), 0);
        bench_round(&bench);
        bool good = bench_point(&bench, rows[i].path)->value.quality == QUALITY_GOOD;
        if (good != rows[i].good)
            fail_msg("%u %s %08x", rows[i].model, rows[i].path, rows[i].raw);
        bench_deinit(&bench);
    }
}

static void test_model_shorter_than_its_definition(void **state)
{
    (void)state;
    struct bench bench;
    open_sunspec(&bench, NULL);
    put_713(bench.unit, -2);
    unit_set(bench.unit, PROFILE_HOLDING, 40003,
             5); /* L: ends after the state, before the scale factors */
    unit_set(bench.unit, PROFILE_HOLDING, 40009, 0xFFFF);
    assert_int_equal(bench_identify(&bench), 0);
    assert_true(bench_round(&bench) > 0);
    assert_null(site_point_find(bench.site, "unit/battery/charge"));
    bench_deinit(&bench);
}

/* The same device comes back: points stay. Another chain: what is gone is absent. */
static void test_device_comes_back_changed(void **state)
{
    (void)state;
    struct bench bench;
    open_sunspec(&bench, NULL);
    put_713(bench.unit, -2);
    assert_int_equal(bench_identify(&bench), 0);
    bench_round(&bench);
    struct point *charge = bench_point(&bench, "battery/charge");
    assert_int_equal(bench_identify(&bench), 0);
    bench_round(&bench);
    assert_ptr_equal(bench_point(&bench, "battery/charge"), charge);
    assert_int_equal(charge->value.quality, QUALITY_GOOD);
    unit_set(bench.unit, PROFILE_HOLDING, 40002, 64999); /* an id that nobody knows */
    assert_int_equal(bench_identify(&bench), 0);
    bench_round(&bench);
    assert_int_equal(charge->value.quality, QUALITY_ABSENT);
    assert_int_equal(charge->value.reason, REASON_REFUSED);
    bench_deinit(&bench);
}

static void test_mistakes_in_model_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "m.yaml: empty file"},
        {"title: x\npoints: {total/voltage: {holding: 2, type: uint16}}\n",
         "the key \"sunspec\" is missing"},
        {"sunspec: [7]\n", "a model needs points or repeat"},
        {"sunspec: [65535]\npoints: {total/voltage: {holding: 2, type: uint16}}\n",
         "m.yaml:1:11: a model number must be a whole number from 1 to 65534"},
        {"sunspec: [7]\npoints: {total/voltage: {input: 2, type: uint16}}\n",
         "total/voltage: a SunSpec model has holding registers only"},
        {"sunspec: [7]\npoints: {total/voltage: {holding: 2, type: uint16, scale_register: "
         "{holding: "
         "3, type: int16, kind: factor}}}\n",
         "total/voltage: a SunSpec model has holding registers only, one power of ten"},
        {"sunspec: [7]\nrepeat: {first: 10, length: 4}\n", "repeat needs first, length and points"},
        {"sunspec: [7]\nrepeat: {first: 10, length: 4, points: {total/voltage: {holding: 10, type: "
         "uint16}}}\n",
         "total/voltage: points of a block belong to its first one"},
        {"sunspec: [7]\nrepeat: {first: 10, length: 4, points: {input-1/voltage: {holding: 13, "
         "type: "
         "uint32}}}\n",
         "input-1/voltage lies outside the first block, 10 to 13"},
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct sunspec_models models = {0};
        struct err_list errors = ERR_LIST_EMPTY;
        assert_false(sunspec_models_read_text(&models, "m.yaml", cases[i].text,
                                              strlen(cases[i].text), &errors));
        assert_int_equal(models.count, 0);
        bool found = false;
        for (size_t k = 0; k < errors.count; k++)
            found |= strstr(errors.list[k].text, cases[i].message) != NULL;
        if (!found)
            fail_msg("wanted %s, have %s", cases[i].message, errors.list[0].text);
        err_list_deinit(&errors);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integer_meter),
        cmocka_unit_test(test_float_meter_at_the_second_base),
        cmocka_unit_test(test_inverter_with_modules_and_meters),
        cmocka_unit_test(test_battery_at_the_third_base),
        cmocka_unit_test(test_every_other_model),
        cmocka_unit_test(test_every_model_is_in_a_capture),
        cmocka_unit_test(test_settings_tell_the_role),
        cmocka_unit_test(test_points_from_before_a_reload),
        cmocka_unit_test(test_scale_factor_is_read_again),
        cmocka_unit_test(test_value_and_factor_in_one_read),
        cmocka_unit_test(test_no_sunspec_is_another_device),
        cmocka_unit_test(test_silence_at_the_first_base),
        cmocka_unit_test(test_chain_without_end),
        cmocka_unit_test(test_busy_device_is_asked_later),
        cmocka_unit_test(test_ends_of_a_chain),
        cmocka_unit_test(test_scale_factors_that_are_none),
        cmocka_unit_test(test_not_implemented_of_each_type),
        cmocka_unit_test(test_model_shorter_than_its_definition),
        cmocka_unit_test(test_device_comes_back_changed),
        cmocka_unit_test(test_mistakes_in_model_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
