/* The settings of switching: what they mean, and what is said of mistakes. */
#include "engine/switcher_testing.h"

static void mistake(const char *yaml, const char *sentence)
{
    char problem[ERR_TEXT_MAX] = "";
    struct config *config = rig_config(yaml, problem, sizeof problem);
    if (config || !strstr(problem, sentence))
        fail_msg("\"%s\" instead of \"%s\"", problem, sentence);
}

#define DEVICES "devices: {pdu-a: {}, pdu-b: {}}\n"

static void a_record_is_named_by_its_path(void **state)
{
    (void)state;
    struct config *config =
        rig_config(DEVICES "outlets: {pdu-a/outlet-3: {on_delay: 2 s}}\n", NULL, 0);
    struct config_key key;
    struct err err;
    assert_int_equal(config_find(config, &outlet_settings_table, "pdu-a/outlet-3"), 0);
    assert_int_equal(config_key(config, "outlets.pdu-a/outlet-3.on_delay", &key, &err), 0);
    assert_string_equal(key.name, "pdu-a/outlet-3");
    char text[40];
    setting_format(key.row, key.record, text, sizeof text);
    assert_string_equal(text, "2 s");
    assert_int_equal(config_key(config, "outlets.pdu-b/outlet-1.lock", &key, &err), 0);
    assert_null(key.record); /* it can be made */
    config_free(config);
}

/* What a page changes lies in the overlay and is read again. */
static void a_page_can_make_and_change_a_record(void **state)
{
    (void)state;
    char folder[200], site[240], overlay[240];
    test_folder(folder, sizeof folder);
    snprintf(site, sizeof site, "%s/site.yaml", folder);
    snprintf(overlay, sizeof overlay, "%s/overlay.json", folder);
    test_write_file(site, DEVICES);
    const struct config_change change = {"outlets.pdu-a/outlet-7.critical", "true"};
    struct err_list errors = ERR_LIST_EMPTY;
    struct err err;
    struct config *config = config_load(&rig_schema, site, overlay, &change, 1, &errors);
    assert_non_null(config);
    assert_int_equal(config_save_overlay(config, overlay, &err), 0);
    config_free(config);
    config = config_load(&rig_schema, site, overlay, NULL, 0, &errors);
    assert_non_null(config);
    const struct outlet_settings *settings = config_at(config, &outlet_settings_table, 0);
    assert_true(settings->critical);
    config_free(config);
    err_list_deinit(&errors);
    test_folder_remove(folder);
}

static void an_outlet_without_a_record_has_the_defaults_of_the_rows(void **state)
{
    (void)state;
    struct config *config = rig_config(DEVICES "outlets: {pdu-a/outlet-3: {}}\n", NULL, 0);
    const struct outlet_settings *read = config_at(config, &outlet_settings_table, 0);
    struct outlet_settings made = outlet_settings_default();
    for (size_t i = 0; i < outlet_settings_table.row_count; i++) {
        char left[200], right[200];
        setting_format(&outlet_settings_table.rows[i], read, left, sizeof left);
        setting_format(&outlet_settings_table.rows[i], &made, right, sizeof right);
        assert_string_equal(left, right);
    }
    config_free(config);
}

static void mistakes_have_their_sentence(void **state)
{
    (void)state;
    mistake(DEVICES "outlets: {outlet-3: {}}\n",
            "the name \"outlet-3\" is no path of a component: write DEVICE/COMPONENT");
    mistake(DEVICES "outlets: {pdu-a/outlt-3: {}}\n", "did you mean \"outlet-1\"?");
    mistake(DEVICES "outlets: {pdu-c/outlet-3: {}}\n",
            "outlets.pdu-c/outlet-3: there is no device \"pdu-c\"; did you mean \"pdu-");
    mistake(DEVICES "outlets: {pdu-a/outlet-3: {power_up_when: pdu-b/battery/charge}}\n",
            "must be PATH, a sign and a value");
    mistake(DEVICES "outlets: {pdu-a/outlet-3: {cycle_after: ups/battery/charge < 15}}\n",
            "there is no device \"ups\"");
    mistake(DEVICES "outlets: {pdu-a/outlet-3: {fed_by: circut-3}}\n",
            "must be a component, as in circuit-3");
    mistake(DEVICES "outlets: {pdu-a/outlet-3: {fed_by: ups/circuit-3}}\n",
            "there is no device \"ups\"");
    mistake(DEVICES "outlets: {pdu-a/outlet-3: {url: 'javascript:alert(1)'}}\n",
            "must begin with http:// or https://");
    mistake(DEVICES "outlets: {pdu-a/outlet-3: {power_up: maybe}}\n", "last");
    mistake(DEVICES "outlets: {pdu-a/outlet-3: {reboot_hold: 2 d}}\n", "reboot_hold");
    mistake(DEVICES "groups: {g: {members: 'pdu-a'}}\n",
            "\"pdu-a\" is no path of an outlet or output");
    mistake(DEVICES "groups: {g: {members: 'pdu-a/total'}}\n", "is no path of an outlet");
    mistake(DEVICES "groups: {g: {members: 'pdu-c/outlet-1'}}\n", "there is no device \"pdu-c\"");
    mistake(DEVICES "groups: {g: {members: ' , '}}\n", "names nothing");
    mistake(DEVICES "groups: {g: {}}\n", "\"members\" is missing");
    mistake(DEVICES "interlocks: {i: {kind: parent-first, members: 'pdu-a/outlet-1'}}\n",
            "must be the path of one outlet");
    mistake(DEVICES "interlocks: {i: {kind: parent-first, members: 'pdu-a/*', parent: "
                    "pdu-a/outlet-1}}\n",
            "cannot be a member as well");
    mistake(DEVICES "interlocks: {i: {kind: one-of, members: 'pdu-a/*', parent: "
                    "pdu-a/outlet-1}}\n",
            "belongs to parent-first only");
    mistake(DEVICES "switching: {confirm_within: 0 s}\n", "confirm_within");
}

static void lists_are_read_word_by_word(void **state)
{
    (void)state;
    const char *at = " pdu-a/outlet-1 ,, pdu-b/outlet-* ,";
    size_t length;
    const char *word = outlet_list_next(&at, &length);
    assert_int_equal(length, strlen("pdu-a/outlet-1"));
    assert_memory_equal(word, "pdu-a/outlet-1", length);
    word = outlet_list_next(&at, &length);
    assert_int_equal(length, strlen("pdu-b/outlet-*"));
    assert_memory_equal(word, "pdu-b/outlet-*", length);
    assert_null(outlet_list_next(&at, &length));
    assert_true(outlet_list_has("anna, bert", "bert"));
    assert_false(outlet_list_has("anna, bert", "ber"));
    assert_false(outlet_list_has("", ""));
}

static void patterns_fit_within_a_part(void **state)
{
    (void)state;
    static const struct {
        const char *list, *path;
        bool fits;
    } rows[] = {
        {"pdu-a/outlet-1", "pdu-a/outlet-1", true},
        {"pdu-a/outlet-1", "pdu-a/outlet-11", false},
        {"pdu-*/outlet-1", "pdu-a/outlet-1", true},
        {"*/outlet-1*", "x/outlet-12", true},
        {"*", "pdu-a/outlet-1", false},
        {"*/*", "pdu-a/outlet-1", true},
        {"pdu-a/*-1", "pdu-a/outlet-1-1", true},
        {"pdu-a/*-1", "pdu-a/outlet-2", false},
        {"a/b, pdu-*/out*", "pdu-9/output-1", true},
        {"", "pdu-a/outlet-1", false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        assert_int_equal(outlet_list_matches(rows[i].list, rows[i].path), rows[i].fits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_named_by_its_path),
        cmocka_unit_test(a_page_can_make_and_change_a_record),
        cmocka_unit_test(an_outlet_without_a_record_has_the_defaults_of_the_rows),
        cmocka_unit_test(mistakes_have_their_sentence),
        cmocka_unit_test(lists_are_read_word_by_word),
        cmocka_unit_test(patterns_fit_within_a_part),
    };
    return cmocka_run_group_tests_name("outlet_settings", tests, NULL, NULL);
}
