/* Reading profiles: every mistake has its place and, where there is one, the word that was meant.
 */
#include "driver_testing.h"

#include "driver/profile.h"

#define HEAD "profile: test\nvendor: V\nmodel: M\nrole: meter\n"
#define POINT(text) HEAD "points:\n  total/voltage: {" text "}\n"

#define RUN(orders, text) HEAD "points:\n  phase-a/harmonic-voltage-" orders ": {" text "}\n"

/* The mistakes of a text, each on a line. */
static void mistakes_of(const char *text, char *all, size_t size)
{
    struct err_list errors = ERR_LIST_EMPTY;
    struct profile *profile = profile_read_text("test.yaml", text, strlen(text), &errors);
    all[0] = '\0';
    for (size_t i = 0; i < errors.count; i++) {
        strncat(all, errors.list[i].text, size - strlen(all) - 1);
        strncat(all, "\n", size - strlen(all) - 1);
    }
    assert_true((profile == NULL) == (errors.found > 0));
    profile_free(profile);
    err_list_deinit(&errors);
}

struct mistake {
    const char *text, *message;
};

static const struct mistake mistakes[] = {
    {"", "test.yaml: empty file"},
    {"- a", "test.yaml:1:3: a profile must be a map"},
    {"profile: [", "test.yaml:"},
    {HEAD, "the key \"points\" is missing"},
    {"vendor: V\nmodel: M\nrole: meter\npoints: {total/voltage: {holding: 0, type: uint16}}\n",
     "the key \"profile\" is missing"},
    {"profile: Über\nvendor: V\nmodel: M\nrole: meter\n",
     "test.yaml:1:10: a profile's name is made of a-z, 0-9 and -"},
    {"profile: test\nvendor: V\nmodel: M\nrole: metre\npoints: {total/voltage: {holding: 0, type: "
     "uint16}}\n",
     "test.yaml:4:7: \"metre\" is no role; did you mean \"meter\"?"},
    {HEAD "poins: {}\n",
     "test.yaml:5:1: unknown key \"poins\" in a profile; did you mean \"points\"?"},
    {HEAD "confirmed: -1\n", "test.yaml:5:12: confirmed must be a whole number from 0 to 99"},
    {HEAD "order: ABDC\n", "test.yaml:5:8: \"ABDC\" is no order of a device (ABCD CDAB BADC DCBA)"},
    {HEAD "line: {parity: evn}\n", "test.yaml:5:16: \"evn\" is no parity; did you mean \"even\"?"},
    {HEAD "line: {bauds: 9600}\n", "unknown key \"bauds\" in line; did you mean \"baud\"?"},
    {HEAD "limits: {registers: 126}\n",
     "test.yaml:5:21: registers must be a whole number from 1 to 125, not \"126\""},
    {HEAD "limits: {registers: 1}\npoints:\n  total/energy: {holding: 0, type: uint32}\n",
     "total/energy takes 2 registers, but limits allow 1 per read: it cannot be reached"},
    {HEAD "points: {}\n", "points must be a map"},
    {HEAD "points:\n  voltage: {holding: 0, type: uint16}\n",
     "test.yaml:6:3: \"voltage\" is no component/quantity"},
    {HEAD "points:\n  total/voltag: {holding: 0, type: uint16}\n",
     "test.yaml:6:3: \"voltag\" is no quantity; did you mean \"voltage\"?"},
    {HEAD "points:\n  phase-d/voltage: {holding: 0, type: uint16}\n",
     "test.yaml:6:3: \"phase-d\" is no component; did you mean \"phase-"},
    {HEAD "points:\n  totl/voltage: {holding: 0, type: uint16}\n",
     "\"totl\" is no component; did you mean \"total\"?"},
    {HEAD "points:\n  total/voltage: 7\n", "test.yaml:6:18: a point must be a map"},
    {HEAD "points:\n  total/voltage: {holding: 0, type: uint16}\n  total/voltage: {holding: 1, "
          "type: uint16}\n",
     "test.yaml:"},
    {POINT("type: uint16"),
     "total/voltage needs a register: one of holding, input, coil, discrete"},
    {POINT("holding: 0, input: 0, type: uint16"), "total/voltage names two banks"},
    {POINT("holding: 65536, type: uint16"),
     "test.yaml:6:28: the address must be a whole number from 0 to 65535, not \"65536\""},
    {POINT("holding: 65535, type: uint32"), "total/voltage goes beyond address 65535"},
    {POINT("holding: 0"), "total/voltage needs a type"},
    {POINT("holding: 0, type: unit16"),
     "test.yaml:6:37: \"unit16\" is no type; did you mean \"uint16\"?"},
    {POINT("holding: 0, type: uint16, sacle: 2"),
     "unknown key \"sacle\" in a point; did you mean \"scale\"?"},
    {POINT("holding: 0, type: uint16, scale: 0"), "scale must not be 0"},
    {POINT("holding: 0, type: uint16, scale: x"),
     "test.yaml:6:52: scale must be a number, not \"x\""},
    {POINT("coil: 0, type: uint16"), "a coil or discrete input is a bool, not uint16"},
    {POINT("holding: 0, type: text"), "total/voltage is text and needs a length"},
    {POINT("holding: 0, type: text, length: 2"), "voltage is a number, but the register is text"},
    {POINT("holding: 0, type: text, length: 33"), "length must be a whole number from 1 to 32"},
    {POINT("holding: 0, type: uint16, length: 2"), "only text has a length"},
    {POINT("holding: 0, type: uint32, order: CDBA"),
     "\"CDBA\" is no order of 32 bits (ABCD CDAB BADC DCBA)"},
    {POINT("holding: 0, type: uint16, order: CDAB"), "\"CDAB\" is no order of 16 bits (AB BA)"},
    {POINT("holding: 0, type: uint16, bits: [14, 3]"),
     "the count of bits must be a whole number from 1 to 2"},
    {POINT("holding: 0, type: uint16, bits: [16, 1]"),
     "the lowest bit must be a whole number from 0 to 15"},
    {POINT("holding: 0, type: uint16, bits: 4"), "bits must be a pair"},
    {POINT("holding: 0, type: float32, bits: [0, 1]"), "bits are of integers, not of float32"},
    {POINT("holding: 0, type: uint16, values: {0: off}"),
     "values are for states; voltage is a gauge"},
    {POINT("holding: 0, type: uint16, absent: [nan]"), "only floats have nan, not uint16"},
    {POINT("holding: 0, type: uint16, absent: [0x10000]"),
     "\"0x10000\" is no raw value of a uint16"},
    {POINT("holding: 0, type: int16, absent: [-32769]"), "\"-32769\" is no raw value of a int16"},
    {POINT("holding: 0, type: int16, absent: [[5, -5]]"),
     "the first value of the range is above the second"},
    {POINT("holding: 0, type: uint16, valid: [5, 1]"),
     "valid: the first number is above the second"},
    {POINT("holding: 0, type: uint16, valid: [0, 1e9]"),
     "valid is wider than the catalogue's range of voltage"},
    {POINT("holding: 0, type: uint16, rollover: 1000"),
     "only counters roll over; voltage is a gauge"},
    {POINT("holding: 0, type: uint16, optional: maybe"),
     "optional must be true or false, not \"maybe\""},
    {POINT("holding: 0, type: uint16, every: slwo"), "\"slwo\" is no pace; did you mean \"slow\"?"},
    {POINT("holding: 0, type: uint16, sign: {holding: 1, type: uint16}"), "sign needs negative"},
    {POINT("holding: 0, type: uint16, scale_by: {holding: 1, type: uint16, below: 3}"),
     "scale_by needs below, scale and else"},
    {POINT("holding: 0, type: uint16, scale_register: {holding: 1, type: int16}"),
     "scale_register needs a kind: power_of_ten or factor"},
    {POINT(
         "holding: 0, type: uint16, scale_register: {holding: 1, type: int16, kind: power-of-ten}"),
     "\"power-of-ten\" is no kind of scale_register; did you mean \"power_of_ten\"?"},
    {POINT("holding: 0, type: uint16, plus: {holding: 1, type: text, length: 2}"),
     "unknown key \"length\" in plus"},
    {HEAD "points:\n  total/energy: {holding: 0, type: uint32, scale: -1}\n",
     "energy is a counter: its scale can't be negative"},
    {HEAD "points:\n  total/firmware: {holding: 0, type: float32}\n",
     "firmware is text: it comes from text or an integer"},
    {HEAD "points:\n  total/state: {holding: 0, type: uint16, values: {0: a}, flags: {0: b}}\n",
     "a state has values or flags, not both"},
    {HEAD "points:\n  total/state: {holding: 0, type: uint16, flags: {16: b}}\n",
     "a bit must be a whole number from 0 to 15, not \"16\""},
    {HEAD "points:\n  phase-a/voltage: {input: 0, type: float32}\n  phase-b/voltage: {input: 1, "
          "type: float32}\n",
     "test.yaml:7:3: register 1 lies inside phase-a/voltage of line 6, which takes 0 to 1"},
    {RUN("2..31", "holding: 0, type: uint16, sacle: 2"),
     "test.yaml:6:62: unknown key \"sacle\" in a point; did you mean \"scale\"?"},
    {RUN("31..2", "holding: 0, type: uint16"),
     "test.yaml:6:3: \"phase-a/harmonic-voltage-31..2\" is no run"},
    {RUN("2..", "holding: 0, type: uint16"),
     "test.yaml:6:3: \"phase-a/harmonic-voltage-2..\" is no run"},
    {RUN("02..31", "holding: 0, type: uint16"), "is no run"},
    {RUN("2..31x", "holding: 0, type: uint16"), "is no run"},
    {RUN("2..4000000000", "holding: 0, type: uint16"), "is no run"},
    {RUN("2..64", "holding: 0, type: uint16"), "test.yaml:6:3: \"harmonic-voltage-64\" is no "
                                               "quantity of the same kind as harmonic-voltage-2"},
    {RUN("1..31", "holding: 0, type: uint16"), "\"harmonic-voltage-1\" is no quantity"},
    {RUN("3..31", "holding: 0, type: uint16, step: 3"),
     "test.yaml:6:68: a run from 3 in steps of 3 never meets 31"},
    {RUN("3..31", "holding: 0, type: uint16, step: 0"),
     "step must be a whole number from 1 to 999"},
    {RUN("3..31", "holding: 0, type: float32, stride: 1"),
     "test.yaml:6:71: stride 1 is less than the 2 registers of float32"},
    {RUN("3..31", "holding: 65500, type: float32"),
     "test.yaml:6:3: the last of the 29 points would lie at 65557, beyond address 65535"},
    {RUN("3..31", "holding: 0, type: uint16, sign: {holding: 99, type: uint16, negative: 1}"),
     "the points of a run have neither sign nor plus"},
    {POINT("holding: 0, type: uint16, stride: 2"),
     "test.yaml:6:53: stride belongs to a run, such as phase-a/harmonic-voltage-3..31"},
    {RUN("2..9",
         "holding: 0, type: uint16") "  phase-a/harmonic-voltage-5: {holding: 50, type: uint16}\n",
     "test.yaml:7:3: phase-a/harmonic-voltage-5 is in line 6 already"},
    {RUN("2..9",
         "holding: 0, type: uint32") "  phase-a/harmonic-current-5: {holding: 5, type: uint16}\n",
     "test.yaml:7:3: register 5 lies inside phase-a/harmonic-voltage-4 of line 6, which takes 4 to "
     "5"},
    {HEAD "identify:\n  - {holding: 0, type: uint16}\n",
     "a rule of identify needs equals or between"},
    {HEAD "identify:\n  - {holding: 0, type: uint16, equals: 70000}\n",
     "\"70000\" is no raw value of a uint16"},
    {HEAD "identify:\n  - {holding: 0, type: uint16, between: [2, 1]}\n",
     "test.yaml:6:42: between: the first number is above the second"},
    {HEAD "identify: 5\n", "identify must be a list"},
    {HEAD "x: &a 1\n", "anchors"},
};

static void test_every_mistake_has_its_sentence(void **state)
{
    (void)state;
    size_t failed = 0;
    for (size_t i = 0; i < TEST_COUNT(mistakes); i++) {
        char all[8000];
        mistakes_of(mistakes[i].text, all, sizeof all);
        if (strstr(all, mistakes[i].message))
            continue;
        print_message("%s\n  wanted: %s\n  have: %s\n", mistakes[i].text, mistakes[i].message, all);
        failed++;
    }
    assert_int_equal(failed, 0);
}

static void test_all_mistakes_are_told_at_once(void **state)
{
    (void)state;
    char all[8000];
    mistakes_of(HEAD "order: AB\npoints:\n"
                     "  total/voltag: {holding: 0, type: uint16}\n"
                     "  total/current: {holding: 0, typ: uint16}\n"
                     "  total/energy: {holding: 1, type: uint32, scale: 0, every: never}\n",
                all, sizeof all);
    assert_non_null(strstr(all, "test.yaml:5:8: "));
    assert_non_null(strstr(all, "test.yaml:7:3: "));
    assert_non_null(strstr(all, "test.yaml:8:"));
    assert_non_null(strstr(all, "scale must not be 0"));
    assert_non_null(strstr(all, "\"never\" is no pace"));
}

static void test_more_mistakes_than_fit_are_still_mistakes(void **state)
{
    (void)state;
    char text[8000] = HEAD "points:\n";
    for (int i = 0; i < 130; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "  total/x%d: {holding: 0}\n", i);
    struct err_list errors = ERR_LIST_EMPTY;
    assert_null(profile_read_text("test.yaml", text, strlen(text), &errors));
    assert_int_equal(errors.count, ERR_LIST_MAX);
    assert_true(errors.found > ERR_LIST_MAX);
    /* A full list must not let the next profile pass. */
    assert_null(profile_read_text("test.yaml", text, strlen(text), &errors));
    err_list_deinit(&errors);
}

static void test_a_whole_profile(void **state)
{
    (void)state;
    static const char text[] =
        "profile: test\naliases: [other, third]\nvendor: Maker\nmodel: M1\ntitle: Meter\nrole: "
        "pdu\nconfirmed: 3\n"
        "sources: [one, two]\nnotes: just one\nline: {baud: 19200, parity: even, stop_bits: 2}\n"
        "limits: {registers: 40, bits: 16, gap: 0, timeout_ms: 300, pause_ms: 5, write_gap_ms: "
        "6}\norder: DCBA\n"
        "identify: [{holding: 1, type: int16, equals: -2}, {input: 2, type: uint16, between: "
        "[0x10, 20]}]\n"
        "points:\n"
        "  outlet-12/energy: {input: 3, type: uint32, scale: 0.001, every: slow, optional: true}\n"
        "  total/energy: {holding: 3, type: bcd32, rollover: 1000}\n"
        "  total/energy-export: {holding: 5, type: int32}\n"
        "  total/count: {holding: 7, type: uint16, bits: [2, 10]}\n";
    struct err_list errors = ERR_LIST_EMPTY;
    struct profile *profile = profile_read_text("test.yaml", text, strlen(text), &errors);
    print_errors(&errors);
    assert_non_null(profile);
    assert_string_equal(profile->name, "test");
    assert_int_equal(profile->alias_count, 2);
    assert_string_equal(profile->aliases[1], "third");
    assert_string_equal(profile->role, "pdu");
    assert_int_equal(profile->confirmed, 3);
    assert_int_equal(profile->source_count, 2);
    assert_string_equal(profile->notes[0], "just one");
    assert_int_equal(profile->line.baud, 19200);
    assert_int_equal(profile->line.parity, PROFILE_PARITY_EVEN);
    assert_int_equal(profile->line.stop_bits, 2);
    assert_int_equal(profile->limits.registers, 40);
    assert_int_equal(profile->limits.gap, 0);
    assert_int_equal(profile->rule_count, 2);
    assert_true(profile->rules[0].equals && profile->rules[0].key == 0x7FFE);
    assert_true(profile->rules[1].low == 16 && profile->rules[1].high == 20);
    const struct profile_point *point = profile->points;
    assert_int_equal(profile->point_count, 4);
    assert_int_equal(point->component, COMPONENT_OUTLET);
    assert_int_equal(point->number, 12);
    assert_int_equal(point->quantity, QUANTITY_ENERGY);
    assert_int_equal(point->at.bank, PROFILE_INPUT);
    assert_int_equal(point->at.order, MODBUS_VALUE_DCBA);
    assert_true(point->scale.up == 1 && point->scale.down == 1000);
    assert_true(point->optional && point->every == PROFILE_SLOW);
    assert_true(point->rollover == 4294967296.0);
    assert_true(point[1].rollover == 1000);
    assert_true(point[2].rollover == 0); /* signed: it does not roll over at 2^32 */
    assert_true(point[3].rollover == 1024);
    profile_free(profile);
    err_list_deinit(&errors);
}

static struct profile *read_good(const char *text)
{
    struct err_list errors = ERR_LIST_EMPTY;
    struct profile *profile = profile_read_text("test.yaml", text, strlen(text), &errors);
    if (!profile)
        fail_msg("%s", errors.list[0].text);
    err_list_deinit(&errors);
    return profile;
}

static void test_a_run_is_one_line_for_many_points(void **state)
{
    (void)state;
    struct profile *profile =
        read_good(RUN("2..63", "input: 100, type: float32, scale: 0.5, every: slow, optional: "
                               "true") "  total/voltage: {input: 0, type: uint16}\n");
    assert_int_equal(profile->point_count, 63);
    for (int order = 2; order <= 63; order++) {
        const struct profile_point *point = &profile->points[order - 2];
        char path[64];
        snprintf(path, sizeof path, "phase-a/harmonic-voltage-%d", order);
        assert_string_equal(point->path, path);
        assert_int_equal(point->quantity, 1000 + order);
        assert_int_equal(point->at.address, 100 + 2 * (order - 2));
        assert_int_equal(point->at.bank, PROFILE_INPUT);
        assert_int_equal(point->every, PROFILE_SLOW);
        assert_true(point->optional && point->scale.down == 2);
        assert_int_equal(point->line, 6);
    }
    assert_string_equal(profile->points[62].path, "total/voltage");
    profile_free(profile);
}

/* Odd orders, three phases side by side: as the Siemens PAC meters have them. */
static void test_a_run_with_step_and_stride(void **state)
{
    (void)state;
    struct profile *profile = read_good(
        HEAD
        "points:\n"
        "  phase-a/harmonic-voltage-3..31: {holding: 9007, type: float32, step: 2, stride: 6}\n"
        "  phase-b/harmonic-voltage-3..31: {holding: 9009, type: float32, step: 2, stride: 6}\n");
    assert_int_equal(profile->point_count, 30);
    assert_string_equal(profile->points[1].path, "phase-a/harmonic-voltage-5");
    assert_int_equal(profile->points[1].at.address, 9013);
    assert_string_equal(profile->points[29].path, "phase-b/harmonic-voltage-31");
    assert_int_equal(profile->points[29].at.address, 9009 + 14 * 6);
    profile_free(profile);
}

/* A file of a few bytes cannot ask for much memory. */
static void test_runs_stay_below_the_most_points(void **state)
{
    (void)state;
    char text[16000] = HEAD "points:\n", all[8000];
    for (int i = 1; i <= 100; i++) {
        char line[100];
        snprintf(line, sizeof line,
                 "  outlet-%d/harmonic-voltage-2..63: {holding: %d, type: uint16}\n", i, i * 100);
        strcat(text, line);
    }
    mistakes_of(text, all, sizeof all);
    assert_non_null(strstr(all, "test.yaml:6:3: more than 4096 points"));
}

static void test_scales_are_exact_where_they_can_be(void **state)
{
    (void)state;
    static const struct {
        double factor, up, down;
    } cases[] = {{1, 1, 1},
                 {0.1, 1, 10},
                 {0.001, 1, 1000},
                 {-0.1, -1, 10},
                 {1000, 1000, 1},
                 {0.05, 1, 20},
                 {0.000030517578125, 1, 32768},
                 {0.7, 0.7, 1},
                 {-3, -3, 1}};
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct profile_scale scale = profile_scale(cases[i].factor);
        assert_true(scale.up == cases[i].up && scale.down == cases[i].down);
    }
}

static void test_file_name(void **state)
{
    (void)state;
    char folder[64], path[200];
    write_profile("modbus", "wrong.yaml", POINT("holding: 0, type: uint16"), folder);
    snprintf(path, sizeof path, "%s/modbus/wrong.yaml", folder);
    struct err_list errors = ERR_LIST_EMPTY;
    assert_null(profile_read_file(path, &errors));
    assert_int_equal(errors.count, 1);
    assert_non_null(strstr(errors.list[0].text, "wrong.yaml: the file must be called test.yaml"));
    remove_profile("modbus", "wrong.yaml", folder);
    err_list_deinit(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_mistake_has_its_sentence),
        cmocka_unit_test(test_all_mistakes_are_told_at_once),
        cmocka_unit_test(test_more_mistakes_than_fit_are_still_mistakes),
        cmocka_unit_test(test_a_whole_profile),
        cmocka_unit_test(test_a_run_is_one_line_for_many_points),
        cmocka_unit_test(test_a_run_with_step_and_stride),
        cmocka_unit_test(test_runs_stay_below_the_most_points),
        cmocka_unit_test(test_scales_are_exact_where_they_can_be),
        cmocka_unit_test(test_file_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
