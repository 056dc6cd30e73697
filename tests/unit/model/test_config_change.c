/* What pages and API change: the overlay, changes laid over it, keys, differences, and that nothing
 * whatever in the files is worse than a mistake. */
#include "config_files.h"

#include <sys/stat.h>

#include "base/clock.h"

/* ---- the overlay ----------------------------------------------------------------------------- */

static void test_overlay(void **state)
{
    (void)state;
    struct config *config =
        files_load_good(files_good_site,
                        "{\"web.https\": \"8444\", \"web.http\": \"0\","
                        " \"devices.m9.profile\": \"abb-b23\", \"devices.m9.line\": \"spare.2\","
                        " \"lines.spare.2.baud\": \"1200\"}",
                        NULL, 0);
    const struct demo_web *web = config_record(config, &demo_web_table);
    assert_int_equal(web->https, 443); /* the file wins */
    assert_int_equal(web->http, 0);
    assert_int_equal(config_find(config, &demo_devices_table, "m9"),
                     2); /* behind those of the file */
    const struct demo_device *m9 = config_at(config, &demo_devices_table, 2);
    assert_string_equal(m9->line, "spare.2");
    const struct demo_line *spare = config_at(config, &demo_lines_table, 1);
    assert_int_equal(spare->baud, 1200);
    /* what the file hides is not saved again */
    assert_int_equal(config_save_overlay(config, files_overlay, NULL), 0);
    char *saved = test_read_file(files_overlay);
    assert_string_equal(saved,
                        "{\n\"web.http\": \"0\",\n\"devices.m9.profile\": \"abb-b23\",\n"
                        "\"devices.m9.line\": \"spare.2\",\n\"lines.spare.2.baud\": \"1200\"\n}\n");
    free(saved);
    struct stat about;
    assert_int_equal(stat(files_overlay, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    config_free(config);
}

static void test_mistakes_in_the_overlay(void **state)
{
    (void)state;
    files_assert_mistakes(
        files_good_site,
        "{\"web.colour\": \"red\", \"web.http\": \"70000\", \"devices.meter-1.speed\": \"1\","
        " \"devices.m9.every\": \"1 s\", \"site\": \"x\", \"web\": \"x\", \"web.title\": 5,"
        " \"devices.meter-3\": \"x\", \"devices.UP.unit\": \"1\", \"devices.meter-1.lin\": "
        "\"bus-1\"}",
        NULL, 0,
        "overlay.json: web.title: the value must be a text in quotes\n"
        "overlay.json: web.http: must be 0 to 65535, not \"70000\"\n"
        "overlay.json: unknown key \"web.colour\"\n"
        "overlay.json: unknown key \"devices.meter-1.speed\"\n"
        "overlay.json: unknown key \"site\": there is no \"site\"\n"
        "overlay.json: unknown key \"web\": this is the name of a table of keys\n"
        "overlay.json: there is no \"meter-3\" in devices; did you mean \"meter-1\"?\n"
        "overlay.json: unknown key \"devices.UP.unit\": no record can have this name\n"
        "overlay.json: unknown key \"devices.meter-1.lin\"; did you mean "
        "\"devices.meter-1.line\"?\n"
        "overlay.json: devices.m9: \"profile\" is missing: What it is.\n");
}

static void test_broken_overlays(void **state)
{
    (void)state;
    static char text[2000];
    files_mistakes(files_good_site, "{\"web.http\": \"1\",\n\"web.http\": \"2\"}", NULL, 0, text,
                   sizeof text);
    assert_memory_equal(text, "overlay.json:2:", 15);
    assert_non_null(strstr(text, "duplicate"));
    files_mistakes(files_good_site, "{\"web.http\": ", NULL, 0, text, sizeof text);
    assert_memory_equal(text, "overlay.json:1:", 15);
    files_mistakes(files_good_site, "", NULL, 0, text, sizeof text);
    assert_memory_equal(text, "overlay.json:1:", 15);
    files_assert_mistakes(files_good_site, "[1]", NULL, 0,
                          "overlay.json: must be an object of keys and texts\n");
}

/* ---- changes --------------------------------------------------------------------------------- */

static void test_changes(void **state)
{
    (void)state;
    static const struct config_change changes[] = {
        {"web.http", "81"},
        {"web.title", NULL},
        {"devices.m9.profile", "abb-b23"},
        {"devices.m9.label", "Well \"9\""},
        {"devices.m8", NULL},
        {"lines.extra.port", "/dev/ttyS0"},
        {"web.http", "82"}, /* the last one counts */
        {"devices.meter-1.label", "Main"},
    };
    struct config *config = files_load_good(files_good_site,
                                            "{\"web.title\": \"Cellar\", \"devices.m8.profile\": "
                                            "\"abb-b23\", \"devices.m8.unit\": \"3\"}",
                                            changes, TEST_COUNT(changes));
    const struct demo_web *web = config_record(config, &demo_web_table);
    assert_int_equal(web->http, 82);
    assert_string_equal(web->title, "busbar");
    assert_int_equal(config_find(config, &demo_devices_table, "m8"), -1);
    assert_int_equal(config_save_overlay(config, files_overlay, NULL), 0);
    config_free(config);
    /* what was saved means the same without the changes */
    config = files_load_good(files_good_site, NULL, NULL, 0);
    web = config_record(config, &demo_web_table);
    assert_int_equal(web->http, 82);
    assert_int_equal(config_find(config, &demo_lines_table, "extra"), 2);
    const struct demo_device *m9 = config_at(
        config, &demo_devices_table, (size_t)config_find(config, &demo_devices_table, "m9"));
    assert_string_equal(m9->label, "Well \"9\"");
    config_free(config);
}

static void test_record_of_defaults(void **state)
{
    (void)state;
    static const struct config_change make = {"lines.l2", ""}, drop = {"lines.l2", NULL};
    static const struct config_change both[] = {{"lines.l2", ""}, {"lines.l2.port", "x"}};
    files_assert_mistakes(NULL, NULL, &make, 1, "lines.l2: \"port\" is missing: Serial port.\n");
    struct config *config = files_load_good(NULL, NULL, both, 2);
    assert_int_equal(config_save_overlay(config, files_overlay, NULL), 0);
    config_free(config);
    config = files_load_good(NULL, NULL, NULL, 0);
    assert_int_equal(config_find(config, &demo_lines_table, "l2"), 0);
    config_free(config);
    config = files_load_good(NULL, NULL, &drop, 1);
    assert_int_equal(config_count(config, &demo_lines_table), 0);
    assert_int_equal(config_save_overlay(config, files_overlay, NULL), 0);
    config_free(config);
    char *saved = test_read_file(files_overlay);
    assert_string_equal(saved, "{}\n");
    free(saved);
}

static void test_mistakes_in_changes(void **state)
{
    (void)state;
    static const struct config_change changes[] = {
        {"web.https", "444"},            /* in the file */
        {"web.view", NULL},              /* in the file, even to forget it */
        {"devices.meter-1", NULL},       /* a record of the file */
        {"devices.m9", NULL},            /* not there */
        {"devices.meter-1.profil", "x"}, /* mistyped */
        {"webb.https", "1"},
        {"web.http", "eighty"},
        {"devices.m9.unit", "1"},
        {"devices.m8.line", "bus-3"},
        {"devices.m8.profile", "abb-b24"},
        {"", "x"},
        {".", "x"},
        {"devices.", "x"},
        {"devices..unit", "1"},
    };
    files_assert_mistakes(
        files_good_site, NULL, changes, TEST_COUNT(changes),
        "web.https: fixed in the site file (busbar.yaml:3:10): change it there\n"
        "web.view: fixed in the site file (busbar.yaml:4:9): change it there\n"
        "devices.meter-1: fixed in the site file (busbar.yaml:10:3): change it there\n"
        "there is no \"m9\" in devices\n"
        "unknown key \"webb.https\": there is no \"webb\"; did you mean \"web\"?\n"
        "unknown key \"\": there is no \"\"\n"
        "unknown key \".\": there is no \"\"\n"
        "unknown key \"devices.\": the name \"\" is not allowed: up to 63 lower-case letters, "
        "digits "
        "and \".\", \"_\", \"-\", beginning with a letter or digit\n"
        "unknown key \"devices..unit\": no record can have this name\n"
        "web.http: must be a whole number, 0 to 65535, not \"eighty\"\n"
        "unknown key \"devices.meter-1.profil\"; did you mean \"devices.meter-1.profile\"?\n"
        "devices.m9: \"profile\" is missing: What it is.\n"
        "devices.m8.line: there is no \"bus-3\" in lines; did you mean \"bus-1\"?\n"
        "devices.m8.profile: there is no \"abb-b24\" in profiles; did you mean \"abb-b23\"?\n");
}

static void test_removing_what_others_need(void **state)
{
    (void)state;
    static const struct config_change change = {"lines.l2", NULL};
    files_assert_mistakes(NULL,
                          "{\"lines.l2.port\": \"x\", \"devices.d.profile\": \"abb-b23\", "
                          "\"devices.d.line\": \"l2\"}",
                          &change, 1,
                          "overlay.json: devices.d.line: there is no \"l2\" in lines\n");
}

/* Nothing of a configuration with one mistake is used, and the overlay stays what it was. */
static void test_all_or_nothing(void **state)
{
    (void)state;
    static const struct config_change changes[] = {{"web.http", "81"}, {"web.factor", "much"}};
    struct err_list errors = {0};
    assert_null(files_load(files_good_site, "{\"web.http\": \"80\"}", changes, 2, &errors));
    assert_int_equal(errors.count, 1);
    err_list_deinit(&errors);
    char *text = test_read_file(files_overlay);
    assert_string_equal(text, "{\"web.http\": \"80\"}");
    free(text);
}

static void test_save_failing(void **state)
{
    (void)state;
    struct err err = ERR_EMPTY;
    struct config *config = files_load_good(NULL, NULL, NULL, 0);
    assert_int_equal(config_save_overlay(config, "/nowhere/overlay.json", &err), -ENOENT);
    assert_string_equal(err.text, "cannot write /nowhere/overlay.json: No such file or directory");
    config_free(config);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void test_key(void **state)
{
    (void)state;
    struct config *config = files_load_good(
        files_good_site, "{\"web.http\": \"81\", \"devices.m9.profile\": \"abb-b23\"}", NULL, 0);
    struct config_key found;
    struct err err = ERR_EMPTY;
    char text[100], place[300];
    assert_int_equal(config_key(config, "web.https", &found, &err), 0);
    assert_ptr_equal(found.table, &demo_web_table);
    assert_string_equal(found.row->key, "https");
    assert_null(found.name);
    assert_int_equal(found.source, CONFIG_FILE);
    snprintf(place, sizeof place, "%s:3:10", files_site);
    assert_string_equal(found.place, place);
    setting_format(found.row, found.record, text, sizeof text);
    assert_string_equal(text, "443");
    assert_int_equal(config_key(config, "web.http", &found, &err), 0);
    assert_int_equal(found.source, CONFIG_PAGE);
    assert_string_equal(found.place, "");
    assert_int_equal(config_key(config, "lines.spare.2.baud", &found, &err), 0);
    assert_string_equal(found.name, "spare.2");
    assert_int_equal(found.source, CONFIG_DEFAULT);
    assert_int_equal(config_key(config, "devices.new.unit", &found, &err), 0);
    assert_string_equal(found.name, "new");
    assert_null(found.record);
    static const struct {
        const char *key, *sentence;
    } wrong[] = {
        {"web.htps", "unknown key \"web.htps\"; did you mean \"web.https\"?"},
        {"web.", "unknown key \"web.\""},
        {"line.bus-1.baud",
         "unknown key \"line.bus-1.baud\": there is no \"line\"; did you mean \"lines\"?"},
        {"devices.meter-1", "\"devices.meter-1\" is a record, not one key"},
        {"devices.meter-1.units",
         "unknown key \"devices.meter-1.units\"; did you mean \"devices.meter-1.unit\"?"},
        {"devices.metr-1", "there is no \"metr-1\" in devices; did you mean \"meter-1\"?"},
    };
    for (size_t i = 0; i < TEST_COUNT(wrong); i++) {
        assert_int_equal(config_key(config, wrong[i].key, &found, &err), -ENOENT);
        assert_string_equal(err.text, wrong[i].sentence);
    }
    config_free(config);
}

static void test_key_record(void **state)
{
    (void)state;
    struct config *config =
        files_load_good(files_good_site, "{\"devices.m9.profile\": \"abb-b23\"}", NULL, 0);
    struct config_key found;
    struct err err = ERR_EMPTY;
    assert_int_equal(config_key_record(config, "devices.m9", &found, &err), 0);
    assert_null(found.row);
    assert_string_equal(found.name, "m9");
    assert_int_equal(found.source, CONFIG_PAGE);
    assert_int_equal(config_key_record(config, "lines.spare.2", &found, &err), 0);
    assert_int_equal(found.source, CONFIG_FILE);
    assert_non_null(strstr(found.place, "busbar.yaml:8:3"));
    assert_int_equal(config_key_record(config, "devices.m8", &found, &err), -ENOENT);
    assert_string_equal(err.text, "there is no \"m8\" in devices; did you mean \"m9\"?");
    assert_int_equal(config_key_record(config, "web.https", &found, &err), -ENOENT);
    assert_int_equal(config_key_record(config, "devices.m9.unit", &found, &err), -ENOENT);
    config_free(config);
}

struct listing {
    char text[4000];
    size_t used;
};

static void list_key(void *user, const char *key, const struct config_key *found)
{
    static const char *const sources[] = {"default", "page", "file"};
    struct listing *listing = user;
    char value[100] = "***";
    if (!found->row->secret)
        setting_format(found->row, found->record, value, sizeof value);
    listing->used +=
        (size_t)snprintf(listing->text + listing->used, sizeof listing->text - listing->used,
                         "%s=%s (%s)\n", key, value, sources[found->source]);
}

static void test_each(void **state)
{
    (void)state;
    struct listing listing = {.used = 0};
    struct config *config = files_load_good(
        "lines: {b: {port: x}}\n", "{\"web.https\": \"1\", \"lines.a.port\": \"y\"}", NULL, 0);
    config_each(config, list_key, &listing);
    assert_string_equal(
        listing.text,
        "web.https=1 (page)\nweb.http=8080 (default)\nweb.view=password (default)\n"
        "web.idle=12 h (default)\nweb.factor=1.5 (default)\nweb.redirect=false (default)\n"
        "web.title=busbar (default)\nweb.password=*** (default)\n"
        "lines.b.port=x (file)\nlines.b.baud=19200 (default)\nlines.b.parity=even (default)\n"
        "lines.a.port=y (page)\nlines.a.baud=19200 (default)\nlines.a.parity=even (default)\n");
    config_free(config);
}

static void list_diff(void *user, const char *key, const struct config_key *before,
                      const struct config_key *after)
{
    struct listing *listing = user;
    char old[100] = "-", fresh[100] = "-";
    if (before->record)
        setting_format(before->row, before->record, old, sizeof old);
    if (after->record)
        setting_format(after->row, after->record, fresh, sizeof fresh);
    assert_ptr_equal(before->row, after->row);
    listing->used +=
        (size_t)snprintf(listing->text + listing->used, sizeof listing->text - listing->used,
                         "%s: %s > %s\n", key, old, fresh);
}

static void test_diff(void **state)
{
    (void)state;
    static const struct config_change changes[] = {
        {"web.http", "81"},  {"web.view", "open"},  {"web.idle", "720 min"},
        {"web.factor", "2"}, {"web.redirect", "1"}, {"lines.a.baud", "1200"},
        {"lines.b", NULL},   {"lines.c.port", "z"},
    };
    struct config *before = files_load_good(
        NULL, "{\"web.http\": \"80\", \"lines.a.port\": \"x\", \"lines.b.port\": \"y\"}", NULL, 0);
    struct err_list errors = {0};
    assert_null(
        files_load(NULL, NULL, changes, TEST_COUNT(changes), &errors)); /* redirect: 1 is no bool */
    err_list_deinit(&errors);
    struct config_change fixed[TEST_COUNT(changes)];
    memcpy(fixed, changes, sizeof changes);
    fixed[4].text = "yes";
    struct config *after = files_load_good(NULL, NULL, fixed, TEST_COUNT(changes));
    struct listing listing = {.used = 0};
    config_diff(before, before, list_diff, &listing);
    assert_int_equal(listing.used, 0);
    config_diff(before, after, list_diff, &listing);
    /* 720 min are the 12 h of the default */
    assert_string_equal(listing.text,
                        "web.http: 80 > 81\nweb.view: password > open\nweb.factor: 1.5 > 2\n"
                        "web.redirect: false > true\nlines.a.baud: 19200 > 1200\n"
                        "lines.b.port: y > -\nlines.b.baud: 19200 > -\nlines.b.parity: even > -\n"
                        "lines.c.port: - > z\nlines.c.baud: - > 19200\nlines.c.parity: - > even\n");
    config_free(before);
    config_free(after);
}

/* ---- anything at all ------------------------------------------------------------------------- */

/* One to four random edits of good text: bytes changed, cut out, doubled, or replaced by a telling
 * piece. */
static void mutate(uint64_t *random, char *text, size_t size)
{
    static const char *const pieces[] = {": ",   "\n",  "  ",     "{",  "}",     "[",
                                         "]",    "- ",  "\"",     "#",  "&a ",   "*a",
                                         "~",    "|",   "!!int ", "? ", "---\n", "99999999999999",
                                         "\xFF", "<<: "};
    for (uint64_t edits = 1 + test_below(random, 4); edits; edits--) {
        size_t length = strlen(text);
        if (length < 2 || length + 40 > size)
            return;
        size_t at = test_below(random, length), span = 1 + test_below(random, 12);
        if (at + span > length)
            span = length - at;
        const char *piece = pieces[test_below(random, TEST_COUNT(pieces))];
        switch (test_below(random, 4)) {
        case 0:
            text[at] = (char)(1 + test_below(random, 255));
            break;
        case 1:
            memmove(text + at, text + at + span, length - at - span + 1);
            break;
        case 2:
            memmove(text + at + span, text + at, length - at + 1);
            break;
        default:
            memmove(text + at + strlen(piece), text + at, length - at + 1);
            memcpy(text + at, piece, strlen(piece));
        }
    }
}

static void touch_key(void *user, const char *key, const struct config_key *found)
{
    char value[200];
    struct config_key again;
    struct err err;
    setting_format(found->row, found->record, value, sizeof value);
    assert_int_equal(config_key(user, key, &again, &err), 0);
    assert_ptr_equal(again.record, found->record);
}

static void test_mutations(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    static const char good_overlay[] = "{\"web.http\": \"0\", \"devices.m9.profile\": \"abb-b23\", "
                                       "\"devices.m9.line\": \"spare.2\"}";
    int accepted = 0;
    for (int i = 0; i < 4000; i++) {
        char site_text[2000], overlay_text[1000];
        struct err_list errors = {0};
        snprintf(site_text, sizeof site_text, "%s", files_good_site);
        snprintf(overlay_text, sizeof overlay_text, "%s", good_overlay);
        mutate(&random, i % 4 ? site_text : overlay_text,
               i % 4 ? sizeof site_text : sizeof overlay_text);
        struct config *config = files_load(site_text, overlay_text, NULL, 0, &errors);
        assert_int_equal(config == NULL, errors.count > 0);
        if (config)
            config_each(config, touch_key, config);
        accepted += config != NULL;
        for (size_t j = 0; j < errors.count; j++)
            assert_true(errors.list[j].code < 0 && errors.list[j].text[0]);
        config_free(config);
        err_list_deinit(&errors);
    }
    assert_in_range(accepted, 20, 3980); /* the edits are neither all fatal nor all harmless */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, files_set_up, files_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_overlay),
        TEST(test_mistakes_in_the_overlay),
        TEST(test_broken_overlays),
        TEST(test_changes),
        TEST(test_record_of_defaults),
        TEST(test_mistakes_in_changes),
        TEST(test_removing_what_others_need),
        TEST(test_all_or_nothing),
        TEST(test_save_failing),
        TEST(test_key),
        TEST(test_key_record),
        TEST(test_each),
        TEST(test_diff),
        TEST(test_mutations),
    };
    return cmocka_run_group_tests_name("config_change", tests, NULL, NULL);
}
