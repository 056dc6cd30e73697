/* What a Modbus device is told, against the layouts of "MODBUS Application Protocol V1.1b3", and
 * every mistake of a profile's `write:`. */
#include "driver_testing.h"

#define SWITCH "points:\n  outlet-1/state: {"
#define ON_OFF "values: {0: off, 1: on}, "

static int encode(struct bench *bench, const char *path, double number,
                  struct driver_request *request)
{
    *request = (struct driver_request){0};
    bench->err = ERR_EMPTY;
    return modbus_driver.encode(bench->state, bench_point(bench, path), number, request,
                                &bench->err);
}

static void expect(const char *body, const char *path, double number, const char *bytes,
                   size_t length)
{
    struct bench bench;
    struct driver_request request;
    bench_open_text(&bench, body);
    assert_int_equal(encode(&bench, path, number, &request), 1);
    assert_int_equal(request.length, length);
    assert_memory_equal(request.bytes, bytes, length);
    assert_true(request.write);
    bench_deinit(&bench);
}

#define EXPECT(body, path, number, bytes) expect(body, path, number, bytes, sizeof bytes - 1)

static void test_coils_and_registers(void **state)
{
    (void)state;
    EXPECT(SWITCH "coil: 172, " ON_OFF "write: same}\n", "outlet-1/state", 1, "\x05\0\xAC\xFF\0");
    EXPECT(SWITCH "coil: 172, " ON_OFF "write: same}\n", "outlet-1/state", 0, "\x05\0\xAC\0\0");
    EXPECT(SWITCH "coil: 19, values: {0: on, 1: off}, write: {coil: 300, multiple: true}}\n",
           "outlet-1/state", 0, "\x0F\x01\x2C\0\x01\x01\0");
    EXPECT(SWITCH "discrete: 3, " ON_OFF "write: {coil: 3}}\n", "outlet-1/state", 1,
           "\x05\0\x03\xFF\0");
    EXPECT(SWITCH "holding: 1, type: uint16, " ON_OFF "write: same}\n", "outlet-1/state", 1,
           "\x06\0\x01\0\x01");
    EXPECT(SWITCH "input: 5, type: uint16, " ON_OFF "write: {holding: 9, multiple: true}}\n",
           "outlet-1/state", 1, "\x10\0\x09\0\x01\x02\0\x01");
    EXPECT(SWITCH "coil: 0, " ON_OFF
                  "write: {holding: 7, type: uint32, order: CDAB, codes: {on: 0x11223344}}}\n",
           "outlet-1/state", 1, "\x10\0\x07\0\x02\x04\x33\x44\x11\x22");
}

/* A breaker: one coil closes it, another opens it; a board with masks of its own. */
static void test_a_place_for_each_state(void **state)
{
    (void)state;
    static const char breaker[] =
        SWITCH "discrete: 0, values: {0: open, 1: closed, 2: tripped}, write: {codes: {"
               "closed: {coil: 10, value: 1}, open: {coil: 11, value: 1}}}}\n";
    EXPECT(breaker, "outlet-1/state", 1, "\x05\0\x0A\xFF\0");
    EXPECT(breaker, "outlet-1/state", 0, "\x05\0\x0B\xFF\0");
    struct bench bench;
    struct driver_request request;
    bench_open_text(&bench, breaker);
    assert_int_equal(encode(&bench, "outlet-1/state", 2, &request), -ERANGE);
    assert_non_null(strstr(bench.err.text, "gives no code"));
    bench_deinit(&bench);
}

/* 6.16: AND mask, then OR mask; what the mask lacks stays. */
static void test_masks(void **state)
{
    (void)state;
    static const char bits[] =
        SWITCH "holding: 4, type: uint16, bits: [2, 1], " ON_OFF "write: same}\n";
    EXPECT(bits, "outlet-1/state", 1, "\x16\0\x04\xFF\xFB\0\x04");
    EXPECT(bits, "outlet-1/state", 0, "\x16\0\x04\xFF\xFB\0\0");
    EXPECT(SWITCH "coil: 0, " ON_OFF
                  "write: {holding: 8, mask: 0x0F00, codes: {on: 0x0500, off: 0x0A00}}}\n",
           "outlet-1/state", 0, "\x16\0\x08\xF0\xFF\x0A\0");
}

static void test_gauges(void **state)
{
    (void)state;
    static const char level[] = "points:\n  output-1/charge: {holding: 2, type: uint16, "
                                "scale: 0.1, valid: [10, 90], write: same}\n";
    EXPECT(level, "output-1/charge", 55.5, "\x06\0\x02\x02\x2B");
    EXPECT("points:\n  output-1/charge: {holding: 2, type: float32, write: same}\n",
           "output-1/charge", 12.5, "\x10\0\x02\0\x02\x04\x41\x48\0\0");
    struct bench bench;
    struct driver_request request;
    bench_open_text(&bench, level);
    assert_int_equal(encode(&bench, "output-1/charge", 91, &request), -ERANGE);
    assert_int_equal(encode(&bench, "output-1/charge", (double)NAN, &request), -ERANGE);
    bench_deinit(&bench);
}

static void test_what_is_only_read(void **state)
{
    (void)state;
    struct bench bench;
    struct driver_request request;
    bench_open_text(&bench, SWITCH "coil: 0, " ON_OFF "}\n");
    assert_int_equal(encode(&bench, "outlet-1/state", 1, &request), -ENOTSUP);
    bench_deinit(&bench);
}

/* ---- answers --------------------------------------------------------------------------------- */

static int answer(const char *body, const char *bytes, size_t length)
{
    struct bench bench;
    struct driver_request request;
    bench_open_text(&bench, body);
    encode(&bench, "outlet-1/state", 1, &request);
    const struct driver_answer got = {
        .result = DRIVER_ANSWERED, .bytes = (const uint8_t *)bytes, .length = length};
    int result = modbus_driver.written(bench.state, bench_point(&bench, "outlet-1/state"), &got,
                                       &request, &bench.err);
    assert_true(result == 0 || result == -EPROTO || bench.err.text[0]);
    bench_deinit(&bench);
    return result;
}

#define ANSWER(body, bytes) answer(body, bytes, sizeof bytes - 1)

static void test_answers(void **state)
{
    (void)state;
    static const char coil[] = SWITCH "coil: 1, " ON_OFF "write: same}\n";
    static const char bits[] =
        SWITCH "holding: 4, type: uint16, bits: [2, 1], " ON_OFF "write: same}\n";
    assert_int_equal(ANSWER(coil, "\x05\0\x01\xFF\0"), 0);
    assert_int_equal(ANSWER(coil, "\x05\0\x01\0\0"), -EPROTO);
    assert_int_equal(ANSWER(coil, "\x05\0\x02\xFF\0"), -EPROTO);
    assert_int_equal(ANSWER(coil, "\x05\0\x01\xFF"), -EPROTO);
    static const struct {
        char code;
        int result;
    } exceptions[] = {{1, -EACCES}, {2, -EACCES},  {3, -EACCES},  {4, -EPROTO}, {5, -EPROTO},
                      {6, -EACCES}, {10, -EACCES}, {11, -EPROTO}, {77, -EPROTO}};
    for (size_t i = 0; i < TEST_COUNT(exceptions); i++) {
        const char bytes[] = {(char)0x85, exceptions[i].code};
        assert_int_equal(answer(coil, bytes, 2), exceptions[i].result);
    }
    assert_int_equal(ANSWER(bits, "\x16\0\x04\xFF\xFB\0\x04"), 0);
    assert_int_equal(ANSWER(bits, "\x16\0\x04\xFF\xFB\0\0"), -EPROTO);
    assert_int_equal(ANSWER(bits, "\x96\x01"), -EACCES);
}

/* ---- reading back ---------------------------------------------------------------------------- */

/* In the middle of a round, whose own answer comes after it: neither disturbs the other. */
static void test_reading_back_leaves_the_round_alone(void **state)
{
    (void)state;
    struct bench bench;
    struct driver_request round, back;
    uint8_t bytes[DRIVER_ANSWER_MAX], other[DRIVER_ANSWER_MAX];
    bench_open_text(&bench, "points:\n  outlet-1..8/state: {coil: 0, " ON_OFF "write: same}\n"
                            "  total/temperature: {holding: 3, type: uint16}\n");
    know_all(&bench, PROFILE_COIL, 0, 8);
    know_all(&bench, PROFILE_HOLDING, 0, 8);
    bench_identify(&bench);
    modbus_driver.round(bench.state, 0);
    assert_true(modbus_driver.plan(bench.state, &round));
    struct driver_answer answer = bench_ask(&bench, &round, bytes);
    assert_true(modbus_driver.read_back(bench.state, bench_point(&bench, "outlet-6/state"), &back));
    unit_set(bench.unit, PROFILE_COIL, 5, 1);
    struct driver_answer fresh = bench_ask(&bench, &back, other);
    assert_int_equal(modbus_driver.decode(bench.state, &back, &fresh), 0);
    bench_expect(&bench, "outlet-6/state", 1);
    assert_int_equal(modbus_driver.decode(bench.state, &round, &answer), 0);
    assert_true(modbus_driver.plan(bench.state, &round));
    answer = bench_ask(&bench, &round, bytes);
    assert_int_equal(modbus_driver.decode(bench.state, &round, &answer), 0);
    assert_false(modbus_driver.plan(bench.state, &round));
    fresh.length = 1;
    assert_int_equal(modbus_driver.decode(bench.state, &back, &fresh), -EPROTO);
    bench_deinit(&bench);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

#define HEAD "profile: test\nvendor: V\nmodel: M\nrole: relay\npoints:\n  outlet-1"

static const struct mistake {
    const char *text, *message;
} mistakes[] = {
    {HEAD "/state: {coil: 1, write: same}\n",
     "test.yaml:6:36: a state that can be written needs values"},
    {HEAD "/energy: {holding: 1, type: uint16, write: same}\n",
     "energy is a counter, which can't be written"},
    {HEAD "/state: {discrete: 1, " ON_OFF "write: same}\n",
     "discrete registers can't be written: write needs a coil or holding"},
    {HEAD "/state: {coil: 1, " ON_OFF "write: {coils: 1}}\n",
     "unknown key \"coils\" in write; did you mean \"coil\"?"},
    {HEAD "/state: {coil: 1, " ON_OFF "write: {holding: 1, codes: {onn: 1}}}\n",
     "test.yaml:6:82: \"onn\" is no word of this point's values"},
    {HEAD "/state: {coil: 1, " ON_OFF "write: {coil: 1, codes: {on: 2}}}\n",
     "the value of a coil must be a whole number from 0 to 1"},
    {HEAD "/state: {coil: 1, " ON_OFF "write: {coil: 1, holding: 2}}\n", "not to both"},
    {HEAD "/state: {coil: 1, " ON_OFF "write: {holding: 65536}}\n", "from 0 to 65535"},
    {HEAD "/state: {coil: 1, " ON_OFF "write: {holding: 1, mask: 1, codes: {on: 2}}}\n",
     "a code has bits that the mask 0x0001 lacks"},
    {HEAD "/state: {coil: 1, " ON_OFF "write: {holding: 1, codes: {on: {holding: 3}}}}\n",
     "a code with a place of its own needs a value"},
    {HEAD "/state: {coil: 1, " ON_OFF "write: {coil: 1, type: uint16}}\n", "a coil has no type"},
    {HEAD "..8/state: {coil: 1, " ON_OFF "write: {holding: 1, mask: 1, codes: {on: 1}}}\n",
     "the points of a run have no mask"},
    {HEAD "..8/state: {coil: 1, " ON_OFF "write: {holding: 65530, codes: {on: 1}}}\n",
     "beyond address 65535"},
};

static void test_every_mistake_has_its_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(mistakes); i++) {
        struct err_list errors = ERR_LIST_EMPTY;
        struct profile *profile =
            profile_read_text("test.yaml", mistakes[i].text, strlen(mistakes[i].text), &errors);
        assert_null(profile);
        assert_true(errors.count > 0);
        if (!strstr(errors.list[0].text, mistakes[i].message))
            fail_msg("\"%s\" gave \"%s\"", mistakes[i].text, errors.list[0].text);
        err_list_deinit(&errors);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coils_and_registers),
        cmocka_unit_test(test_a_place_for_each_state),
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_gauges),
        cmocka_unit_test(test_what_is_only_read),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_reading_back_leaves_the_round_alone),
        cmocka_unit_test(test_every_mistake_has_its_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
