/* The NUT server on the fake clock: names, what is told of what is not known, thresholds, limits.
 * Names are those of NUT's docs/nut-names.txt. */
#include "test.h"
#include "test_folder.h"

#include "nut_testing.h"

static const char yaml[] =
    "devices: {ups-1: {}, pdu: {}}\n"
    "nut_ups:\n"
    "  ups: {shows: ups-1, label: 'For the \"NAS\"', low_after: 30 s, fsd_after: 60 s, fsd_hold: "
    "10 s}\n"
    "nut_users: {monuser: {password: secret, networks: 192.0.2.0/24, ups: ups}}\n";

struct test {
    char folder[200];
    struct nut_rig *rig;
    int fd;
};

static int setup(void **state)
{
    struct test *t = calloc(1, sizeof *t);
    test_folder_in_memory(t->folder, sizeof t->folder);
    t->rig = nut_rig_new(t->folder, yaml);
    t->fd = nut_rig_connect(t->rig);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct test *t = *state;
    close(t->fd);
    nut_rig_free(t->rig);
    test_folder_remove(t->folder);
    free(t);
    return 0;
}

static void put(struct test *t, const char *path, double number)
{
    struct point *point = site_point_find(t->rig->site, path);
    assert_non_null(point);
    point_put(point, number, loop_now(t->rig->loop), loop_wall(t->rig->loop));
    loop_poll(t->rig->loop);
}

static const char *ask(struct test *t, const char *line)
{
    char text[600];
    snprintf(text, sizeof text, "%s\n", line);
    return nut_rig_ask(t->rig, t->fd, text, strlen(text));
}

#define ASK(t, line, wanted) assert_string_equal(ask(t, line), wanted "\n")

/* A second: readings are taken, stages looked at, and clients. */
static void second(struct test *t, double mains)
{
    loop_advance(t->rig->loop, CLOCK_S);
    put(t, "ups-1/mains/voltage", mains);
    nut_stage_look(t->rig->nut, NULL);
}

static void names_are_nuts(void **state)
{
    static const struct {
        const char *path, *name;
    } rows[] = {
        {"ups-1/mains/voltage", "input.voltage"},
        {"ups-1/supply/voltage", "output.voltage"},
        {"ups-1/supply/load", "ups.load"},
        {"ups-1/battery/voltage", "battery.voltage"},
        {"ups-1/battery/charge", "battery.charge"},
        {"ups-1/battery/runtime", "battery.runtime"},
        {"ups-1/battery/temperature", "battery.temperature"},
        {"pdu/outlet-1/state", "outlet.1.status"},
        {"pdu/outlet-1/current", "outlet.1.current"},
        {"pdu/outlet-1/energy", "experimental.outlet.1.energy"},
        {"pdu/phase-a/voltage", "input.L1-N.voltage"},
        {"pdu/phase-b/voltage", "input.L2-N.voltage"},
        {"pdu/phase-b/current", "input.L2.current"},
        {"pdu/line-ca/voltage", "input.L3-L1.voltage"},
        {"pdu/neutral/current", "input.N.current"},
        {"pdu/circuit-2/current", "outlet.group.2.current"},
        {"pdu/sensor-1/humidity", "ambient.1.humidity"},
        {"pdu/sensor-1/pressure", NULL},
    };
    struct test *t = *state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        const struct point *point = site_point_find(t->rig->site, rows[i].path);
        char name[NUT_NAME_MOST];
        bool has = nut_name(point->component, point->component->number, point->quantity, name);
        assert_int_equal(has, rows[i].name != NULL);
        if (has)
            assert_string_equal(name, rows[i].name);
    }
}

/* Row 1: what was not read, or is old, has no value; a status that nobody knows is empty. */
static void what_is_not_known_is_not_told(void **state)
{
    struct test *t = *state;
    ASK(t, "GET VAR ups-1 ups.status", "VAR ups-1 ups.status \"\"");
    ASK(t, "GET VAR ups-1 battery.charge", "ERR DATA-STALE");
    assert_null(strstr(ask(t, "LIST VAR ups-1"), "battery.charge"));
    put(t, "ups-1/battery/charge", 73.26);
    put(t, "ups-1/mains/voltage", 229);
    ASK(t, "GET VAR ups-1 battery.charge", "VAR ups-1 battery.charge \"73.3\"");
    ASK(t, "GET VAR ups-1 ups.status", "VAR ups-1 ups.status \"OL\"");
    ASK(t, "GET VAR pdu ups.status", "VAR pdu ups.status \"OL\""); /* what feeds it */
    ASK(t, "GET TYPE ups-1 battery.charge", "TYPE ups-1 battery.charge NUMBER");
    ASK(t, "GET UPSDESC ups", "UPSDESC ups \"For the \\\"NAS\\\"\"");
    loop_advance(t->rig->loop, 10 * CLOCK_S);
    site_age(t->rig->site);
    loop_poll(t->rig->loop);
    ASK(t, "GET VAR ups-1 battery.charge", "ERR DATA-STALE");
    ASK(t, "GET VAR ups-1 ups.status", "VAR ups-1 ups.status \"\"");
    device_set_state(t->rig->supply, DEVICE_SILENT, "no answer");
    ASK(t, "GET VAR ups-1 ups.status", "ERR DATA-STALE");
    device_set_state(t->rig->supply, DEVICE_DISABLED, "");
    ASK(t, "LIST VAR ups-1", "ERR DRIVER-NOT-CONNECTED");
    ASK(t, "GET VAR ups-2 ups.status", "ERR UNKNOWN-UPS");
}

/* Rows 3, 4, 5, 7 as a client sees them. */
static void stages_of_one_ups_are_its_own(void **state)
{
    struct test *t = *state;
    for (int i = 0; i < 5; i++)
        second(t, 230);
    second(t, 0);
    ASK(t, "GET VAR ups ups.status", "VAR ups ups.status \"OB DISCHRG\"");
    for (int i = 0; i < 29; i++)
        second(t, 0);
    ASK(t, "GET VAR ups ups.status", "VAR ups ups.status \"OB DISCHRG\"");
    second(t, 0);
    ASK(t, "GET VAR ups ups.status", "VAR ups ups.status \"OB DISCHRG LB\"");
    ASK(t, "GET VAR ups-1 ups.status", "VAR ups-1 ups.status \"OB DISCHRG\"");
    for (int i = 0; i < 30; i++)
        second(t, 0);
    ASK(t, "GET VAR ups ups.status", "VAR ups ups.status \"FSD OB DISCHRG LB\"");
    device_set_state(t->rig->supply, DEVICE_SILENT, "no answer");
    ASK(t, "GET VAR ups ups.status", "VAR ups ups.status \"FSD\"");
    ASK(t, "GET VAR ups battery.charge", "ERR DATA-STALE");
    device_set_state(t->rig->supply, DEVICE_ONLINE, "");
    for (int i = 0; i < 10; i++)
        second(t, 230);
    ASK(t, "GET VAR ups ups.status", "VAR ups ups.status \"FSD OL\"");
    second(t, 230);
    ASK(t, "GET VAR ups ups.status", "VAR ups ups.status \"OL\"");
}

/* A ups keeps its stage when the list is made anew. */
static void a_device_that_comes_changes_no_stage(void **state)
{
    struct test *t = *state;
    second(t, 0);
    for (int i = 0; i < 40; i++)
        second(t, 0);
    site_device_add(t->rig->site,
                    &(struct device_spec){.name = "new", .role = "meter", .every = CLOCK_S});
    loop_poll(t->rig->loop);
    second(t, 0);
    ASK(t, "GET VAR ups ups.status", "VAR ups ups.status \"OB DISCHRG LB\"");
}

static void nobody_does_anything_without_a_user(void **state)
{
    static const char *const lines[] = {
        "LOGIN ups",     "PRIMARY ups",          "MASTER ups",
        "FSD ups",       "INSTCMD ups load.off", "SET VAR ups ups.id x",
        "GET TRACKING 1"};
    struct test *t = *state;
    for (size_t i = 0; i < TEST_COUNT(lines); i++)
        assert_string_equal(ask(t, lines[i]), "ERR USERNAME-REQUIRED\n");
    ASK(t, "USERNAME monuser", "OK");
    ASK(t, "LOGIN ups", "ERR PASSWORD-REQUIRED");
    ASK(t, "USERNAME other", "ERR ALREADY-SET-USERNAME");
    ASK(t, "PASSWORD secret", "OK");
    ASK(t, "LOGIN ups", "OK");
    ASK(t, "LOGIN ups", "ERR ALREADY-LOGGED-IN");
    ASK(t, "LIST CLIENT ups", "BEGIN LIST CLIENT ups\nCLIENT ups 192.0.2.9\nEND LIST CLIENT ups");
    ASK(t, "FSD ups", "ERR ACCESS-DENIED");
    ASK(t, "LOGIN pdu", "ERR UNKNOWN-UPS");
    ASK(t, "STARTTLS", "ERR FEATURE-NOT-CONFIGURED");
    ASK(t, "LOGOUT", "OK Goodbye");
    assert_int_equal(t->rig->nut->client_count, 0);
}

/* Who is quiet, or sends half a line, has five seconds and the idle time. */
static void clients_have_their_time(void **state)
{
    struct test *t = *state;
    struct nut *nut = t->rig->nut;
    const struct nut_client *client = nut->clients;
    clock_us now = loop_now(t->rig->loop);
    assert_false(nut_client_overdue(client, now + 120 * CLOCK_S));
    assert_true(nut_client_overdue(client, now + 121 * CLOCK_S));
    nut_rig_ask(t->rig, t->fd, "VER", 3); /* no end */
    assert_true(nut_client_overdue(client, now + 6 * CLOCK_S));
    assert_false(nut_client_overdue(client, now + 4 * CLOCK_S));
    assert_string_equal(nut_rig_ask(t->rig, t->fd, "\n", 1), "busbar " BUSBAR_VERSION "\n");
    assert_false(nut_client_overdue(client, now + 6 * CLOCK_S));
}

/* Answers that nobody takes are not piled up: one of them waits, and no more is listened to. */
static void who_does_not_read_is_not_listened_to(void **state)
{
    struct test *t = *state;
    const struct nut_client *client = t->rig->nut->clients;
    put(t, "ups-1/mains/voltage", 230);
    for (int i = 0; i < 200; i++) {
        if (send(t->fd, "LIST VAR ups\n", 13, MSG_NOSIGNAL) < 0)
            break;
        loop_poll(t->rig->loop);
    }
    for (int i = 0; i < 2000 && client->link.stuck_since == CLOCK_NEVER; i++) {
        (void)!send(t->fd, "LIST VAR ups\n", 13, MSG_NOSIGNAL | MSG_DONTWAIT);
        loop_poll(t->rig->loop);
    }
    assert_true(client->link.stuck_since != CLOCK_NEVER);
    assert_true(client->link.out.length < 4096); /* of one answer */
    assert_true(nut_client_overdue(client, loop_now(t->rig->loop) + 11 * CLOCK_S));
}

static void settings_that_are_wrong_are_named(void **state)
{
    static const struct {
        const char *yaml, *sentence;
    } rows[] = {
        {"devices: {pdu: {}}\nnut_ups: {a: {shows: pdv}}", "did you mean pdu?"},
        {"devices: {pdu: {}}\nnut_ups: {a: {shows: group/x}}", "there is no group \"x\""},
        {"devices: {pdu: {}}\nnut_ups: {a: {}}", "neither a device nor a group called \"a\""},
        {"nut: {listen: here}", "must be an address"},
        {"nut: {networks: 192.0.2.0/33}", "192.0.2.0/33"},
        {"nut_users: {a: {password: x}}", "networks"},
    };
    struct test *t = *state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char problem[ERR_TEXT_MAX] = "";
        struct config *config = nut_rig_config(t->folder, rows[i].yaml, problem, sizeof problem);
        assert_null(config);
        if (!strstr(problem, rows[i].sentence))
            fail_msg("%s", problem);
    }
    struct config *config =
        nut_rig_config(t->folder, "devices: {a: {}}\nnut_ups: {a: {}}", NULL, 0);
    const struct nut_ups_settings *read = config_at(config, &nut_ups_settings_table, 0);
    struct nut_ups_settings usual = nut_ups_settings_default();
    assert_int_equal(read->fsd_hold, usual.fsd_hold);
    assert_int_equal(read->fsd_clear, usual.fsd_clear);
    assert_int_equal(read->low_after, usual.low_after);
    assert_int_equal(read->off_after, usual.off_after);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_are_nuts, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_known_is_not_told, setup, teardown),
        cmocka_unit_test_setup_teardown(stages_of_one_ups_are_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(a_device_that_comes_changes_no_stage, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_does_anything_without_a_user, setup, teardown),
        cmocka_unit_test_setup_teardown(clients_have_their_time, setup, teardown),
        cmocka_unit_test_setup_teardown(who_does_not_read_is_not_listened_to, setup, teardown),
        cmocka_unit_test_setup_teardown(settings_that_are_wrong_are_named, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
