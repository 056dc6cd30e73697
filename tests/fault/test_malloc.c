/* Memory that runs out at the Nth allocation, for every N, over what a running daemon does:
 * settings are loaded, users and tokens change, a meter is read, JSON is written. Passing: nothing
 * crashes or is lost, and whoever asked is told. */
#include "failing_heap.h"
#include "field_testing.h"
#include "test_folder.h"
#include "test_sanitized.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/saver.h"
#include "driver/library.h"
#include "engine/alarm.h"
#include "engine/alarm_hours.h"
#include "engine/alarm_rule.h"
#include "field/device_settings.h"
#include "field/line_settings.h"
#include "field/poller.h"
#include "model/access.h"
#include "model/config.h"
#include "model/site_settings.h"

/* ---- settings -------------------------------------------------------------------------------- */

static const struct setting_table *const tables[] = {&site_settings_table, &line_settings_table,
                                                     &device_settings_table, NULL};
static const char *const profiles[] = {"p", NULL};

struct settings_case {
    struct config_words words;
    struct config_schema schema;
    char folder[200], site[260], overlay[260];
    bool broken;
    long loaded, refused;
};

/* A change as daemon/change.c makes it: load with it, write what is to be saved. Whether memory or
 * the file is at fault, there is a sentence. */
static void load(void *user)
{
    struct settings_case *c = user;
    struct err_list errors = ERR_LIST_EMPTY;
    const struct config_change change = {.key = "site.name", .text = "Lab"};
    /* As the daemon does it; libfyaml crashes when it is refused memory. */
    mem_lend();
    heap_refuse_ours_only(true);
    struct config *config = config_load(&c->schema, c->site, c->overlay, &change, 1, &errors);
    heap_refuse_ours_only(false);
    struct buf out = BUF_EMPTY;
    if (config) {
        config_write_overlay(config, &out);
        assert_true(strstr(buf_text(&out), "Lab") || out.failed);
        c->loaded++;
    } else {
        assert_true(errors.count > 0 && errors.list[0].text[0]);
        c->refused++;
    }
    assert_false(config && c->broken);
    buf_deinit(&out);
    config_free(config);
    err_list_deinit(&errors);
}

static void settings_are_loaded_or_refused(void **state)
{
    (void)state;
    static const char sound[] = "site: {location: here}\n"
                                "lines:\n  l: {kind: modbus-tcp, host: 192.0.2.1}\n"
                                "devices:\n  d: {line: l, unit: 1, profile: p}\n"
                                "  e: {line: l, unit: 2, profile: p, label: second}\n";
    struct settings_case c = {.words = {.name = "profiles", .words = profiles}};
    c.schema = (struct config_schema){.tables = tables, .words = &c.words, .word_lists = 1};
    test_folder(c.folder, sizeof c.folder);
    snprintf(c.site, sizeof c.site, "%s/site.yaml", c.folder);
    snprintf(c.overlay, sizeof c.overlay, "%s/overlay.json", c.folder);
    test_write_file(c.site, sound);
    test_write_file(c.overlay, "{\"site.contact\": \"me\"}");
    heap_try_both(true, load, &c);
    assert_true(c.loaded > 0);
    c.broken = true;
    test_write_file(c.site, "devices:\n  d: {line: none, unit: 1, profile: q, colour: red}\n");
    heap_try_both(true, load, &c);
    test_folder_remove(c.folder);
}

/* ---- users and tokens ------------------------------------------------------------------------ */

struct access_case {
    struct clock clock;
    struct loop *loop;
    struct saver *saver;
    struct access *access;
    char folder[200];
    bool came;
    int code;
};

static void on_changed(void *user, const struct err *err)
{
    struct access_case *c = user;
    c->came = true;
    c->code = err->code;
    assert_true(!err->code || err->text[0]);
}

static void on_added(void *user, const struct access_token_added *added)
{
    on_changed(user, &added->err);
    assert_true(!added->err.code == (added->secret[0] != '\0'));
}

static bool wait_done(struct access_case *c)
{
    for (int i = 0; i < 20000 && !c->came; i++) {
        loop_poll(c->loop);
        if (!c->came)
            usleep(200);
    }
    assert_true(c->came);
    return c->code == 0;
}

/* What was answered with success is there, what was refused is not. */
static void change_access(void *user)
{
    struct access_case *c = user;
    size_t tokens = access_token_count(c->access);
    c->came = false;
    bool added = access_token_add(c->access, "t", ROLE_VIEW, 0, on_added, c) && wait_done(c);
    assert_int_equal(access_token_count(c->access), tokens + added);
    if (!access_token_count(c->access))
        return;
    char id[ACCESS_TOKEN_ID];
    snprintf(id, sizeof id, "%s", access_token_at(c->access, 0).id);
    tokens = access_token_count(c->access);
    c->came = false;
    bool removed = access_token_remove(c->access, id, on_changed, c) && wait_done(c);
    assert_int_equal(access_token_count(c->access), tokens - removed);
    c->came = false;
    if (access_user_remove(c->access, "administrator", on_changed, c))
        assert_false(wait_done(c)); /* the last one stays, whatever the reason given */
    assert_int_equal(access_user_count(c->access), 1);
}

static void users_and_tokens_change_or_do_not(void **state)
{
    (void)state;
    static const struct access_settings settings = {.session_idle = CLOCK_S,
                                                    .session_most = CLOCK_S};
    struct access_case c = {.clock = clock_fake(TESTING_WALL)};
    struct err err = ERR_EMPTY;
    char secret[64];
    test_folder(c.folder, sizeof c.folder);
    c.loop = loop_new(&c.clock);
    assert_int_equal(loop_pool_start(c.loop), 0);
    c.saver = saver_new(c.loop);
    c.access = access_open(c.loop, c.saver, c.folder, &settings, secret, &err);
    assert_non_null(c.access);
    heap_try_both(false, change_access, &c);
    size_t tokens = access_token_count(c.access);
    access_close(c.access);
    c.access = access_open(c.loop, c.saver, c.folder, &settings, secret, &err);
    assert_non_null(c.access);
    assert_int_equal(access_token_count(c.access), tokens);
    access_close(c.access);
    saver_free(c.saver);
    loop_free(c.loop);
    test_folder_remove(c.folder);
}

/* ---- wrong PINs ------------------------------------------------------------------------------ */

/* Of 482915 and 70316482, by the argon2 program. */
static const char one_with_a_pin[] =
    "{\"version\": 1, \"users\": [\n"
    "{\"name\":\"anna\",\"role\":\"administrator\",\"must_change\":false,\"created\":0,"
    "\"password\":"
    "\"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$8EbKwW81PezjsN60xKVlBZO3yffVz7VRlt8"
    "PHQaUzbA\",\"pin\":"
    "\"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$8EbKwW81PezjsN60xKVlBZO3yffVz7VRlt8"
    "PHQaUzbA\",\"puk\":"
    "\"$argon2id$v=19$m=19456,t=2,p=1$b3RoZXJzYWx0b3RoZXJzYWx0$qSMgO1PHpvKJyNmMW6Kb60/Pl4nH00xI97"
    "GJppJHXBg\",\"pin_wrong\":0,\"puk_wrong\":0}\n"
    "], \"tokens\": []}\n";

static int pins_refused;

static void on_tried(void *user, const struct access_sign_in *result)
{
    struct access_case *c = user;
    c->came = true;
    assert_true(result->outcome == ACCESS_REFUSED || result->outcome == ACCESS_BUSY);
    pins_refused += result->outcome == ACCESS_REFUSED;
}

static int pins_counted(const struct access_case *c)
{
    char path[240];
    snprintf(path, sizeof path, "%s/access.json", c->folder);
    char *text = test_read_file(path);
    const char *at = strstr(text, "\"pin_wrong\":");
    assert_non_null(at);
    int counted = (int)strtol(at + strlen("\"pin_wrong\":"), NULL, 10);
    free(text);
    return counted;
}

/* Refused is only what has been counted on disk. */
static void try_wrong_pin(void *user)
{
    struct access_case *c = user;
    c->came = false;
    loop_advance(c->loop, 86400 * CLOCK_S); /* nobody has to wait for failures before */
    if (!access_sign_in_code(c->access, ACCESS_BY_PIN, "192.0.2.1", "anna", "102947", NULL,
                             on_tried, c))
        return;
    for (int i = 0; i < 20000 && !c->came; i++) {
        loop_poll(c->loop);
        if (!c->came)
            usleep(200);
    }
    assert_true(c->came);
}

static void no_wrong_pin_is_forgotten(void **state)
{
    (void)state;
    static const struct access_settings settings = {
        .session_idle = CLOCK_S, .session_most = CLOCK_S, .pin_digits = 6, .pin_tries = 1000000};
    struct access_case c = {.clock = clock_fake(TESTING_WALL)};
    struct err err = ERR_EMPTY;
    char secret[64], path[240];
    test_folder(c.folder, sizeof c.folder);
    snprintf(path, sizeof path, "%s/access.json", c.folder);
    test_write_file(path, one_with_a_pin);
    c.loop = loop_new(&c.clock);
    assert_int_equal(loop_pool_start(c.loop), 0);
    c.saver = saver_new(c.loop);
    c.access = access_open(c.loop, c.saver, c.folder, &settings, secret, &err);
    assert_non_null(c.access);
    pins_refused = 0;
    heap_try_both(false, try_wrong_pin, &c);
    assert_true(pins_refused > 0);
    assert_true(pins_counted(&c) >= pins_refused);
    access_close(c.access);
    saver_free(c.saver);
    loop_free(c.loop);
    test_folder_remove(c.folder);
}

/* ---- a meter --------------------------------------------------------------------------------- */

struct field_case {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct driver_library *library;
    struct line_settings line_settings;
    struct fake *fake;
    struct line *line;
    struct poller poller;
};

static void start_meter(struct field_case *c, const char *folder)
{
    struct err_list errors = ERR_LIST_EMPTY;
    struct err err = ERR_EMPTY;
    c->clock = clock_fake(TESTING_WALL);
    c->loop = loop_new(&c->clock);
    c->site = site_new(c->loop);
    c->library = library_new();
    assert_int_equal(library_load(c->library, folder, &errors), 1);
    c->line_settings = testing_settings(LINE_MODBUS_RTU);
    c->fake = fake_new(c->loop);
    c->fake->peer = testing_peer_rtu;
    c->line = line_new(c->loop, "bus-1", &c->line_settings, &c->fake->transport);
    c->poller = (struct poller){
        .loop = c->loop,
        .name = mem_text("m"),
        .ordinal = 1,
        .settings = {.line = "bus-1",
                     .profile = "test",
                     .unit = 1,
                     .every = CLOCK_S,
                     .label = "",
                     .role = "",
                     .fed_by = "",
                     .enabled = true},
        .device = site_device_add(c->site,
                                  &(struct device_spec){.name = "m", .unit = 1, .every = CLOCK_S})};
    const struct driver_settings settings = {
        .name = "m", .profile = "test", .unit = 1, .every = CLOCK_S};
    void *library;
    c->poller.driver = library_resolve(c->library, "test", &library);
    c->poller.library = library;
    c->poller.state = c->poller.driver->open(library, &settings, c->poller.device, &err);
    assert_non_null(c->poller.state);
    poller_attach(&c->poller, c->line, 0, 0);
    line_open(c->line);
}

static void stop_meter(struct field_case *c)
{
    poller_detach(&c->poller);
    c->poller.driver->close(c->poller.state);
    free(c->poller.name);
    line_free(c->line);
    site_free(c->site);
    library_free(c->library);
    loop_free(c->loop);
}

/* Ten rounds, then silence, a broken line, and the return: whatever fails meanwhile, it is read. */
static void read_meter(void *user)
{
    struct field_case *c = user;
    struct point *point = site_point_find(c->site, "m/phase-a/voltage");
    loop_advance(c->loop, 10 * CLOCK_S);
    assert_int_equal(c->poller.device->state, DEVICE_ONLINE);
    assert_true(loop_now(c->loop) - point->value.mono < 2 * CLOCK_S);
    c->fake->dead[1] = true;
    loop_advance(c->loop, 10 * CLOCK_S);
    assert_int_equal(c->poller.device->state, DEVICE_SILENT);
    c->fake->dead[1] = false;
    fake_hang_up(c->fake, 0);
    loop_advance(c->loop, 20 * CLOCK_S);
    assert_int_equal(c->poller.device->state, DEVICE_ONLINE);
    assert_int_equal(point->value.quality, QUALITY_GOOD);
}

static void a_meter_is_read_without_memory(void **state)
{
    (void)state;
    char folder[200], path[300];
    struct field_case c = {0};
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/modbus", folder);
    assert_int_equal(file_make_folder(path, 0700, NULL), 0);
    snprintf(path, sizeof path, "%s/modbus/test.yaml", folder);
    test_write_file(path, "profile: test\nvendor: V\nmodel: M\nrole: meter\npoints:\n"
                          "  phase-a/voltage: {holding: 10, type: uint16}\n"
                          "  phase-b/voltage: {holding: 40, type: uint16}\n");
    start_meter(&c, folder);
    read_meter(&c);
    /* Not one allocation can be had from here on. */
    heap_refuse_growth();
    for (int i = 0; i < 5; i++)
        read_meter(&c);
    print_message("# %ld allocations asked for in 200 s\n", heap_allow());
    stop_meter(&c);
    test_folder_remove(folder);
}

/* ---- alarms ---------------------------------------------------------------------------------- */

struct alarm_case {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct saver *saver;
    struct alarms *alarms;
    struct alarm_watch watch;
    struct point *point;
    unsigned raised, cleared;
};

static void on_alarm(void *user, const struct alarm_view *alarm, enum alarm_change change)
{
    struct alarm_case *c = user;
    (void)alarm;
    c->raised += change == ALARM_RAISED;
    c->cleared += change == ALARM_CLEARED;
}

static void say(struct alarm_case *c, double number)
{
    point_put(c->point, number, loop_now(c->loop), loop_wall(c->loop));
    loop_poll(c->loop);
}

/* It is raised, acknowledged and over, whatever fails: at most its sentence or its file is missing,
 * and the file is written later. */
static void raise_and_clear(void *user)
{
    struct alarm_case *c = user;
    struct err err = ERR_EMPTY;
    unsigned before = c->raised;
    say(c, 17);
    assert_int_equal(c->raised, before + 1);
    struct alarm_wish wish = {.deed = ALARM_ACKNOWLEDGE,
                              .id = alarms_view(c->alarms, 0).id,
                              .actor = "anna",
                              .origin = "",
                              .role = ROLE_CONTROL};
    assert_int_equal(alarms_do(c->alarms, &wish, &err), 0);
    assert_int_equal(alarms_view(c->alarms, 0).state, ALARM_ACKNOWLEDGED);
    say(c, 10);
    assert_int_equal(c->cleared, before + 1);
    while (saver_busy(c->saver))
        loop_poll(c->loop);
    loop_advance(c->loop, 3600 * CLOCK_S); /* no flapping between two attempts */
}

static void alarms_are_told_without_memory(void **state)
{
    (void)state;
    static const struct setting_table *const alarm_tables[] = {&alarm_settings_table,
                                                               &active_hours_table, NULL};
    static const struct config_schema schema = {.tables = alarm_tables};
    struct alarm_case c = {.clock = clock_fake(TESTING_WALL)};
    struct err_list errors = ERR_LIST_EMPTY;
    char folder[200], path[300];
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/site.yaml", folder);
    test_write_file(path, "alarms: {hot: {points: m/phase-a/current, when: over, limit: 16}}\n");
    struct config *config = config_load(&schema, path, NULL, NULL, 0, &errors);
    assert_non_null(config);
    c.loop = loop_new(&c.clock);
    c.site = site_new(c.loop);
    c.saver = saver_new(c.loop);
    struct device *device =
        site_device_add(c.site, &(struct device_spec){.name = "m", .unit = 1, .every = CLOCK_S});
    c.point = component_point_add(device_component(device, COMPONENT_PHASE, 1), QUANTITY_CURRENT);
    c.alarms = alarms_new(
        &(struct alarms_context){
            .loop = c.loop, .site = c.site, .saver = c.saver, .folder = folder},
        config);
    c.watch = (struct alarm_watch){.changed = on_alarm, .user = &c};
    alarms_watch(c.alarms, &c.watch);
    raise_and_clear(&c);
    heap_try_both(true, raise_and_clear, &c);
    snprintf(path, sizeof path, "%s/alarms.json", folder);
    char *text = test_read_file(path);
    assert_non_null(strstr(text, "\"told\":false"));
    free(text);
    alarms_free(c.alarms);
    while (saver_busy(c.saver))
        loop_poll(c.loop);
    saver_free(c.saver);
    site_free(c.site);
    loop_free(c.loop);
    config_free(config);
    test_folder_remove(folder);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* What is written is whole or marked as failed (which the web answers with 503). */
static void write_json(void *user)
{
    (void)user;
    struct buf out = BUF_EMPTY;
    struct json json = json_writer(&out);
    json_open_array(&json);
    for (int i = 0; i < 3000; i++) {
        json_open_object(&json);
        json_pair_text(&json, "path", "meter-1/phase-a/voltage");
        json_pair_int(&json, "n", i);
        json_close_object(&json);
    }
    json_close_array(&json);
    assert_true(out.failed ||
                (out.data[0] == '[' && out.data[out.length - 1] == ']' && out.length > 3000 * 30));
    buf_deinit(&out);
}

static void an_answer_is_whole_or_failed(void **state)
{
    (void)state;
    heap_try_both(false, write_json, NULL);
}

int main(void)
{
    log_open(LOG_SINK_STDERR, LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_loaded_or_refused),
        cmocka_unit_test(users_and_tokens_change_or_do_not),
        cmocka_unit_test(no_wrong_pin_is_forgotten),
        cmocka_unit_test(a_meter_is_read_without_memory),
        cmocka_unit_test(alarms_are_told_without_memory),
        cmocka_unit_test(an_answer_is_whole_or_failed),
    };
    int failed = cmocka_run_group_tests_name("fault/malloc", tests, NULL, NULL);
    mem_lend();
    return failed;
}
