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

static void replay(const char *name)
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
    bench_deinit(&bench);
}

static void test_integer_meter(void **state)
{
    (void)state;
    replay("sunspec-meter-int");
}

static void test_float_meter_at_the_second_base(void **state)
{
    (void)state;
    replay("sunspec-meter-float");
}

/* An unknown model in the middle, three modules, two further meters that become circuits. */
static void test_inverter_with_modules_and_meters(void **state)
{
    (void)state;
    replay("sunspec-inverter");
}

static void test_battery_at_the_third_base(void **state)
{
    (void)state;
    replay("sunspec-battery");
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
        cmocka_unit_test(test_scale_factor_is_read_again),
        cmocka_unit_test(test_no_sunspec_is_another_device),
        cmocka_unit_test(test_silence_at_the_first_base),
        cmocka_unit_test(test_chain_without_end),
        cmocka_unit_test(test_model_shorter_than_its_definition),
        cmocka_unit_test(test_device_comes_back_changed),
        cmocka_unit_test(test_mistakes_in_model_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
