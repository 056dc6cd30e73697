/* Rules of recording: patterns, what they refuse, and which of several counts. */
#include "test.h"
#include "test_folder.h"

#include <errno.h>
#include <fnmatch.h>

#include "engine/history_rules.h"

static void add(struct history_rules *rules, const char *name, const char *points,
                const char *every)
{
    struct history_rule_settings settings = {.points = points, .every = every};
    const char *key;
    struct err err = ERR_EMPTY;
    if (history_rules_add(rules, name, &settings, &key, &err) < 0)
        fail_msg("%s: %s", key, err.text);
}

/* fnmatch(3) with FNM_PATHNAME is the other implementation: its ? and [ are not allowed in ours. */
static void patterns_match_as_fnmatch_says(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    size_t matches = 0;
    for (int i = 0; i < 200000; i++) {
        char pattern[32], path[32];
        size_t pattern_length = 1 + test_below(&seed, 9), path_length = 1 + test_below(&seed, 12);
        for (size_t at = 0; at < pattern_length; at++)
            pattern[at] = "ab**/-"[test_below(&seed, 6)];
        for (size_t at = 0; at < path_length; at++)
            path[at] = "ab/-"[test_below(&seed, 4)];
        pattern[pattern_length] = path[path_length] = '\0';
        bool expected = fnmatch(pattern, path, FNM_PATHNAME | FNM_NOESCAPE) == 0;
        if (history_pattern_matches(pattern, path) != expected)
            fail_msg("\"%s\" on \"%s\" should be %d", pattern, path, expected);
        matches += expected;
    }
    assert_true(matches > 1000);
}

static void bad_patterns_are_refused_with_the_way_out(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *words;
    } rows[] = {
        {"pdu-a", "three parts"},
        {"pdu-a/outlet-1", "three parts"},
        {"*", "three parts"},
        {"a/total/energy/x", "three parts"},
        {"a//energy", "empty part"},
        {"/total/energy", "empty part"},
        {"a/total/", "empty part"},
        {"a/Total/energy", "character \"Tota"},
        {"a/outlet-?/energy", "character \"?"},
        {"a/total /energy", "character \" /en"},
        {"a/totl/energy", "did you mean \"total\""},
        {"a/total/enegry", "did you mean \"energy\""},
        {"a/total/serial-number", "is text"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct err err = ERR_EMPTY;
        assert_int_equal(history_pattern_check(rows[i].pattern, &err), -EINVAL);
        if (!strstr(err.text, rows[i].words))
            fail_msg("%s: %s", rows[i].pattern, err.text);
    }
    static const char *const good[] = {"*/*/*", "pdu-a/outlet-*/current", "*/total/energy",
                                       "m/phase-a/*", "a.b_c-1/*-1/*volt*"};
    for (size_t i = 0; i < TEST_COUNT(good); i++)
        assert_int_equal(history_pattern_check(good[i], NULL), 0);
}

/* The list in the header, from most to least specific; added in every order that a seed gives. */
static void the_most_specific_rule_counts(void **state)
{
    (void)state;
    static const char *const order[] = {
        "pdu-a/outlet-3/current", /* all written out */
        "pdu-a/outlet-3/*",       /* two: device before component */
        "pdu-a/outlet-*/current", /* two, and more letters of the component */
        "pdu-a/*/current",
        "*-a/outlet-3/current", /* two, without the device, but some of its letters */
        "*/outlet-3/current",
        "pdu-a/outlet-*/*", /* one: the device */
        "pdu-a/*/*",
        "pdu-*/outlet-3/*", /* one: the component, with letters of the device */
        "*/outlet-*/current",
        "*/*/current",
        "*/*/*",
    };
    uint64_t seed = test_seed();
    for (int round = 0; round < 200; round++) {
        size_t shuffled[TEST_COUNT(order)];
        for (size_t i = 0; i < TEST_COUNT(order); i++)
            shuffled[i] = i;
        for (size_t i = TEST_COUNT(order) - 1; i > 0; i--) {
            size_t other = test_below(&seed, i + 1), kept = shuffled[i];
            shuffled[i] = shuffled[other];
            shuffled[other] = kept;
        }
        struct history_rules rules = HISTORY_RULES_EMPTY;
        for (size_t i = 0; i < TEST_COUNT(order); i++) {
            char name[16];
            snprintf(name, sizeof name, "r%zu", shuffled[i] * 7 % 12); /* names say nothing */
            add(&rules, name, order[shuffled[i]], "");
        }
        for (size_t i = 0; i < TEST_COUNT(order); i++)
            assert_string_equal(rules.list[i].points, order[i]);
        assert_ptr_equal(history_rules_find(&rules, "pdu-a/outlet-3/current"), &rules.list[0]);
        assert_string_equal(history_rules_find(&rules, "pdu-a/outlet-4/current")->points,
                            "pdu-a/outlet-*/current");
        assert_string_equal(history_rules_find(&rules, "x/outlet-3/voltage")->points, "*/*/*");
        history_rules_deinit(&rules);
    }
}

static void equals_go_by_name(void **state)
{
    (void)state;
    struct history_rules rules = HISTORY_RULES_EMPTY;
    add(&rules, "b", "*/total/energy", "2 s");
    add(&rules, "c", "*/total/energy", "3 s");
    add(&rules, "a", "*/total/energy", "1 s");
    assert_string_equal(history_rules_find(&rules, "m/total/energy")->name, "a");
    assert_null(history_rules_find(&rules, "m/total/voltage"));
    history_rules_deinit(&rules);
}

static void intervals_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        clock_us every;
    } good[] = {{"", HISTORY_EVERY_DEFAULT}, {"off", HISTORY_EVERY_OFF}, {"1 s", CLOCK_S},
                {"60 min", 3600 * CLOCK_S},  {"1 h", 3600 * CLOCK_S},    {"7 s", 7 * CLOCK_S}};
    static const char *const bad[] = {"0", "0 s", "999 ms", "61 min", "30", "never", "-1 s"};
    const char *key;
    for (size_t i = 0; i < TEST_COUNT(good); i++) {
        struct history_rules rules = HISTORY_RULES_EMPTY;
        add(&rules, "a", "*/*/*", good[i].text);
        assert_true(rules.list[0].every == good[i].every);
        history_rules_deinit(&rules);
    }
    for (size_t i = 0; i < TEST_COUNT(bad); i++) {
        struct history_rules rules = HISTORY_RULES_EMPTY;
        struct history_rule_settings settings = {.points = "*/*/*", .every = bad[i]};
        struct err err = ERR_EMPTY;
        assert_int_equal(history_rules_add(&rules, "a", &settings, &key, &err), -EINVAL);
        assert_string_equal(key, "every");
        assert_int_equal(rules.count, 0);
        history_rules_deinit(&rules);
    }
    assert_true(history_rule_every(NULL, 60) == 60);
}

static void counters_and_states_keep_their_nature(void **state)
{
    (void)state;
    struct history_rule average = {.mode = HISTORY_MODE_AVERAGE},
                        lowest = {.mode = HISTORY_MODE_LOWEST};
    assert_int_equal(history_rule_mode(&average, QUANTITY_KIND_GAUGE), HISTORY_MODE_AVERAGE);
    assert_int_equal(history_rule_mode(&average, QUANTITY_KIND_COUNTER), HISTORY_MODE_VALUE);
    assert_int_equal(history_rule_mode(&lowest, QUANTITY_KIND_COUNTER), HISTORY_MODE_VALUE);
    assert_int_equal(history_rule_mode(&average, QUANTITY_KIND_STATE), HISTORY_MODE_VALUE);
    assert_int_equal(history_rule_mode(&lowest, QUANTITY_KIND_STATE), HISTORY_MODE_LOWEST);
    assert_int_equal(history_rule_mode(NULL, QUANTITY_KIND_GAUGE), HISTORY_MODE_VALUE);
}

/* In a site file: line and column of the value. */
static void mistakes_have_their_place(void **state)
{
    (void)state;
    char folder[200], path[300];
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/site.yaml", folder);
    test_write_file(path,
                    "history_rules:\n"
                    "  fast:\n"
                    "    points: pdu-a/outlet-*/curent\n"
                    "    every: 1 s\n"
                    "  slow:\n"
                    "    points: '*/total/*'\n"
                    "    every: 2 h\n"
                    "  silent: {points: '*/total/thd-voltage', every: off, on_alarm: true}\n");
    static const struct setting_table *const tables[] = {&history_rules_table, NULL};
    const struct config_schema schema = {.tables = tables};
    struct err_list errors = ERR_LIST_EMPTY;
    assert_null(config_load(&schema, path, NULL, NULL, 0, &errors));
    assert_int_equal(errors.count, 2);
    assert_non_null(strstr(errors.list[0].text, ":3:13: history_rules.fast.points: \"curent\""));
    assert_non_null(strstr(errors.list[1].text, ":7:12: history_rules.slow.every: must be a time"));
    err_list_deinit(&errors);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_as_fnmatch_says),
        cmocka_unit_test(bad_patterns_are_refused_with_the_way_out),
        cmocka_unit_test(the_most_specific_rule_counts),
        cmocka_unit_test(equals_go_by_name),
        cmocka_unit_test(intervals_are_read),
        cmocka_unit_test(counters_and_states_keep_their_nature),
        cmocka_unit_test(mistakes_have_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
