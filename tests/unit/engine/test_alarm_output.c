/* What alarms drive, and in which hours: outputs that several share, sounders, what the door or the
 * hardware does not do at once. */
#include "alarm_testing.h"

#define HOT "alarms: {hot: {points: pdu-a/phase-a/current, when: over, limit: 16"

/* ---- active hours ------------------------------------------------------------------------------ */

/* The fake clock begins on a Saturday at 12:00 UTC. */
#define MORNING (20 * 3600 * CLOCK_S) /* to Sunday, 08:00 */

static void outside_active_hours_nothing_is_told(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    testing_begin(f, HOT ", repeat: 30 min, outputs: dc-1/output-1}, "
                         "fire: {points: pdu-a/phase-a/current, when: over, limit: 30, "
                         "ignores_hours: true}}\n"
                         "active_hours: {enabled: true, days: daily, from: '08:00', to: '11:00'}");
    testing_put(f, current, 17);
    testing_put(f, current, 10);
    testing_put(f, current, 17);
    testing_advance(f, 3600 * CLOCK_S);
    assert_string_equal(f->log, "");
    assert_string_equal(f->wishes, "");
    struct alarm_view view = testing_view(f, "hot", "pdu-a/phase-a/current");
    assert_int_equal(view.state, ALARM_PENDING);
    assert_string_equal(view.suppressed_by, "active hours");
    testing_put(f, current, 31);
    assert_string_equal(f->log, "fire pdu-a/phase-a/current raised; ");
    testing_put(f, current, 17);
    testing_forget(f);
    testing_advance(f, MORNING - 3600 * CLOCK_S - CLOCK_S);
    assert_string_equal(f->log, "");
    testing_advance(f, CLOCK_S);
    assert_string_equal(f->log, "hot pdu-a/phase-a/current raised; ");
    assert_string_equal(f->wishes, "on dc-1/output-1; ");
    /* It clears after they have ended: nobody is told, the output goes off; at the next opening
     * whoever heard that it was raised hears that it is over. */
    testing_advance(f, 3 * 3600 * CLOCK_S + CLOCK_S);
    assert_int_equal(f->repeated, 5); /* 8:30 to 10:30; at 11:00 they have ended */
    testing_forget(f);
    testing_put(f, current, 10);
    assert_int_equal(testing_view(f, "hot", "pdu-a/phase-a/current").state, ALARM_NORMAL);
    assert_string_equal(f->log, "");
    testing_advance(f, CLOCK_MS);
    assert_string_equal(f->wishes, "off dc-1/output-1; ");
    testing_advance(f, 21 * 3600 * CLOCK_S);
    assert_string_equal(f->log, "hot pdu-a/phase-a/current cleared; ");
}

/* Restarted at night, and no device answers: in the morning people hear of it all the same. */
static void hours_begin_without_any_reading(void **state)
{
    struct fixture *f = *state;
    struct device *supply = testing_device(f, "dc-1", "", "");
    testing_begin(f, "alarms: {lost: {points: dc-1, when: lost}}\n"
                     "active_hours: {enabled: true, days: daily, from: '08:00', to: '11:00'}");
    testing_advance(f, CLOCK_S);
    device_set_state(supply, DEVICE_SILENT, "no answer");
    testing_advance(f, MORNING - CLOCK_S - CLOCK_S);
    assert_string_equal(f->log, "");
    testing_advance(f, CLOCK_S);
    assert_string_equal(f->log, "lost dc-1 raised; ");
}

static void hours_over_midnight_belong_to_the_day_they_begin_on(void **state)
{
    (void)state;
    struct active_hours_settings settings = {true, "mon-fri", "22:00", "06:00"};
    struct active_hours hours = active_hours_parse(&settings);
    const clock_us saturday = WALL - 12 * 3600 * CLOCK_S, hour = 3600 * CLOCK_S;
    clock_us until;
    assert_true(active_hours_at(&hours, saturday + 5 * hour, &until)); /* of Friday */
    assert_true(until == saturday + 6 * hour);
    assert_false(active_hours_at(&hours, saturday + 6 * hour, &until));
    assert_true(until == saturday + (48 + 22) * hour); /* Monday */
    assert_false(active_hours_at(&hours, saturday + 23 * hour, &until));
    assert_true(active_hours_at(&hours, 0, &until)); /* the time is not known */
    settings = (struct active_hours_settings){true, "sat, sun", "00:00", "24:00"};
    hours = active_hours_parse(&settings);
    assert_true(active_hours_at(&hours, saturday + 3 * hour, &until));
    assert_true(until == saturday + 48 * hour); /* days that touch are one span */
    settings.enabled = false;
    hours = active_hours_parse(&settings);
    assert_true(active_hours_at(&hours, saturday + 12 * hour, &until) && until == CLOCK_NEVER);
}

/* ---- outputs ----------------------------------------------------------------------------------- */

static void an_output_is_on_while_any_of_its_alarms_holds(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    testing_begin(f, HOT ", outputs: dc-1/output-1, outputs_off: dc-1/output-2}, "
                         "hotter: {points: pdu-a/phase-a/current, when: over, limit: 20, "
                         "outputs: dc-1/output-1}}");
    testing_put(f, current, 17);
    testing_put(f, current, 21);
    testing_put(f, current, 17);
    testing_advance(f, 3600 * CLOCK_S);
    const char *first = strstr(f->wishes, "on dc-1/output-1");
    assert_non_null(first);
    assert_non_null(strstr(f->wishes, "off dc-1/output-2"));
    assert_int_equal(strlen(f->wishes), strlen("on dc-1/output-1; off dc-1/output-2; "));
    testing_restart(f); /* it is driven already */
    testing_put(f, current, 18);
    testing_advance(f, CLOCK_S);
    assert_int_equal(strlen(f->wishes), strlen("on dc-1/output-1; off dc-1/output-2; "));
    testing_forget(f);
    testing_put(f, current, 10);
    testing_advance(f, CLOCK_S);
    assert_non_null(strstr(f->wishes, "off dc-1/output-1"));
    assert_non_null(strstr(f->wishes, "on dc-1/output-2"));
    assert_int_equal(strlen(f->wishes), strlen("on dc-1/output-2; off dc-1/output-1; "));
}

static void off_wins(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    testing_begin(f, HOT ", outputs_off: dc-1/output-1}, hotter: {points: pdu-a/phase-a/current, "
                         "when: over, limit: 12, outputs: dc-1/output-1}}");
    testing_put(f, current, 13);
    testing_advance(f, CLOCK_S);
    testing_put(f, current, 17);
    testing_advance(f, CLOCK_S);
    testing_put(f, current, 13);
    testing_advance(f, CLOCK_S);
    assert_string_equal(f->wishes, "on dc-1/output-1; off dc-1/output-1; on dc-1/output-1; ");
}

static void what_the_door_refuses_is_asked_for_again(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    testing_begin(f, HOT ", outputs: dc-1/output-1}}");
    f->verdict = COMMAND_BUSY;
    testing_put(f, current, 17);
    testing_advance(f, 29 * CLOCK_S); /* at once, after 10 s; then after 20 s more */
    assert_string_equal(f->wishes, "on dc-1/output-1; on dc-1/output-1; ");
    f->verdict = COMMAND_ACCEPTED;
    testing_advance(f, 3600 * CLOCK_S);
    assert_string_equal(f->wishes, "on dc-1/output-1; on dc-1/output-1; on dc-1/output-1; ");
    /* Cleared while it was refused: there is nothing to take back. */
    testing_forget(f);
    testing_put(f, current, 10);
    testing_advance(f, CLOCK_S);
    f->verdict = COMMAND_BUSY;
    testing_put(f, current, 17);
    testing_put(f, current, 10);
    testing_advance(f, 3600 * CLOCK_S);
    assert_string_equal(f->wishes, "off dc-1/output-1; on dc-1/output-1; ");
}

static void what_the_hardware_did_not_do_is_asked_for_again(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    f->keeps_commands = true;
    testing_begin(f, HOT ", outputs: dc-1/output-1}}");
    testing_put(f, current, 17);
    testing_advance(f, CLOCK_S);
    struct command *command = (struct command *)(uintptr_t)commands_at(f->commands, 0);
    assert_string_equal(command->origin, "alarm hot");
    command->steps[0].state = COMMAND_FAILED;
    snprintf(command->steps[0].reason, sizeof command->steps[0].reason, "it stayed off");
    commands_end(f->commands, command);
    testing_advance(f, 9 * CLOCK_S);
    assert_string_equal(f->wishes, "on dc-1/output-1; ");
    testing_advance(f, 2 * CLOCK_S);
    assert_string_equal(f->wishes, "on dc-1/output-1; on dc-1/output-1; ");
    command = (struct command *)(uintptr_t)commands_at(f->commands, 0);
    command->steps[0].state = COMMAND_CONFIRMED;
    commands_end(f->commands, command);
    testing_advance(f, 3600 * CLOCK_S);
    assert_string_equal(f->wishes, "on dc-1/output-1; on dc-1/output-1; ");
}

/* A board that is not there refuses in the same turn, before the door has answered. */
static void what_fails_at_once_is_asked_for_again(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    f->keeps_commands = true;
    f->at_once = COMMAND_REFUSED;
    testing_begin(f, HOT ", outputs: dc-1/output-1}}");
    testing_put(f, current, 17);
    testing_advance(f, 29 * CLOCK_S); /* at once, after 10 s; then after 20 s more */
    assert_string_equal(f->wishes, "on dc-1/output-1; on dc-1/output-1; ");
    f->at_once = COMMAND_CONFIRMED;
    testing_advance(f, 3600 * CLOCK_S);
    assert_string_equal(f->wishes, "on dc-1/output-1; on dc-1/output-1; on dc-1/output-1; ");
    testing_forget(f);
    testing_put(f, current, 10);
    testing_advance(f, 3600 * CLOCK_S);
    assert_string_equal(f->wishes, "off dc-1/output-1; ");
}

/* Driven when the program ended, and nobody wants it any more: it is released when its device has
 * told what it has, and not at all when it has gone from the settings. */
static void what_was_driven_before_is_released(void **state)
{
    struct fixture *f = *state;
    struct device *board = testing_device(f, "dc-1", "gw", "");
    char path[300];
    snprintf(path, sizeof path, "%s/alarms.json", f->folder);
    test_write_file(path, "{\"version\":1,\"alarms\":[],\"outputs\":"
                          "{\"gone-1/output-1\":true,\"dc-1/output-1\":true}}");
    f->verdict = COMMAND_NOT_FOUND;
    testing_begin(f, HOT ", outputs: dc-1/output-2}}");
    testing_advance(f, CLOCK_S);
    assert_string_equal(f->wishes, "off dc-1/output-1; ");
    f->verdict = COMMAND_ACCEPTED;
    device_set_state(board, DEVICE_ONLINE, "");
    testing_advance(f, 3600 * CLOCK_S);
    assert_string_equal(f->wishes, "off dc-1/output-1; off dc-1/output-1; ");
}

static void a_board_that_is_back_is_asked_at_once(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    struct device *board = testing_device(f, "dc-1", "gw", "");
    f->keeps_commands = true;
    f->at_once = COMMAND_REFUSED;
    testing_begin(f, HOT ", outputs: dc-1/output-1}}");
    testing_advance(f, CLOCK_S);
    device_set_state(board, DEVICE_SILENT, "no answer");
    testing_put(f, current, 17);
    testing_advance(f, 7200 * CLOCK_S);
    testing_forget(f);
    f->at_once = COMMAND_CONFIRMED;
    device_set_state(board, DEVICE_ONLINE, "");
    testing_advance(f, CLOCK_MS);
    assert_string_equal(f->wishes, "on dc-1/output-1; ");
}

static void a_sounder_is_quiet_when_somebody_has_seen_it(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    struct point *current = testing_current(f);
    testing_begin(f, HOT ", outputs: dc-1/output-1, sounders: dc-1/output-2}}");
    testing_put(f, current, 17);
    testing_advance(f, CLOCK_S);
    testing_forget(f);
    uint32_t id = alarms_view(f->alarms, 0).id;
    assert_int_equal(testing_do(f, ALARM_ACKNOWLEDGE, id, 0, &err), 0);
    testing_advance(f, CLOCK_S);
    assert_string_equal(f->wishes, "off dc-1/output-2; ");
    testing_forget(f);
    assert_int_equal(testing_do(f, ALARM_SHELVE, id, 3600 * CLOCK_S, &err), 0);
    testing_advance(f, CLOCK_S);
    assert_string_equal(f->wishes, "off dc-1/output-1; ");
}

/* The horn is off, the lamp and the alarm stay; a restart does not sound it again, a new trip does.
 */
static void a_muted_sounder_is_quiet_until_the_next_trip(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    struct point *current = testing_current(f);
    testing_begin(f, HOT ", outputs: dc-1/output-1, sounders: dc-1/output-2}}");
    uint32_t id = alarms_view(f->alarms, 0).id;
    assert_int_equal(testing_do(f, ALARM_MUTE, id, 0, &err), -EINVAL); /* it does not sound */
    testing_put(f, current, 17);
    testing_advance(f, CLOCK_S);
    testing_forget(f);
    assert_true(alarms_view(f->alarms, 0).sounding);
    assert_int_equal(testing_do(f, ALARM_MUTE, id, 0, &err), 0);
    assert_int_equal(testing_do(f, ALARM_MUTE, id, 0, &err), -EALREADY);
    testing_advance(f, CLOCK_S);
    assert_string_equal(f->wishes, "off dc-1/output-2; ");
    struct alarm_view view = alarms_view(f->alarms, 0);
    assert_int_equal(view.state, ALARM_TRIPPED);
    assert_true(view.muted && !view.sounding);
    testing_restart(f);
    testing_put(f, current, 18);
    testing_advance(f, CLOCK_S);
    assert_true(alarms_view(f->alarms, 0).muted);
    testing_put(f, current, 10);
    testing_advance(f, CLOCK_S);
    testing_forget(f);
    testing_put(f, current, 17);
    testing_advance(f, CLOCK_S);
    assert_non_null(strstr(f->wishes, "on dc-1/output-2; "));
    assert_true(alarms_view(f->alarms, 0).sounding);
}

static void an_alarm_that_flaps_does_not_chatter_with_its_relay(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    testing_begin(f, HOT ", outputs: dc-1/output-1}}");
    for (int i = 0; i < 200; i++) {
        testing_put(f, current, i % 2 ? 10 : 17);
        testing_advance(f, CLOCK_S);
    }
    testing_advance(f, 3600 * CLOCK_S);
    unsigned wishes = 0;
    for (const char *at = f->wishes; (at = strchr(at, ';')); at++)
        wishes++;
    assert_int_equal(wishes, 8); /* three times on and off, on again, off when it is quiet */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, testing_setup, testing_teardown)

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        CASE(outside_active_hours_nothing_is_told),
        CASE(hours_begin_without_any_reading),
        CASE(hours_over_midnight_belong_to_the_day_they_begin_on),
        CASE(an_output_is_on_while_any_of_its_alarms_holds),
        CASE(off_wins),
        CASE(what_the_door_refuses_is_asked_for_again),
        CASE(what_the_hardware_did_not_do_is_asked_for_again),
        CASE(what_fails_at_once_is_asked_for_again),
        CASE(a_board_that_is_back_is_asked_at_once),
        CASE(what_was_driven_before_is_released),
        CASE(a_sounder_is_quiet_when_somebody_has_seen_it),
        CASE(a_muted_sounder_is_quiet_until_the_next_trip),
        CASE(an_alarm_that_flaps_does_not_chatter_with_its_relay),
    };
    return cmocka_run_group_tests_name("alarm_output", tests, NULL, NULL);
}
