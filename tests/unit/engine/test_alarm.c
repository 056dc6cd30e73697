/* The alarm engine over a site made by hand: what is told, to whom it is shown, what people do with
 * it. Expected lines are worked out by hand from docs/alarms.md. */
#include "alarm_testing.h"
#include "base/utf8.h"

#include "test_allocations.h"

static struct point *current_of(struct fixture *f)
{
    struct device *device = testing_device(f, "pdu-a", "", "");
    return testing_point(device, COMPONENT_PHASE, 1, QUANTITY_CURRENT);
}

#define HOT "alarms: {hot: {points: pdu-a/phase-a/current, when: over, limit: 16, recover: 14"

/* ---- telling ----------------------------------------------------------------------------------- */

static void a_square_wave_within_the_hysteresis_is_one_alarm(void **state)
{
    struct fixture *f = *state;
    struct point *current = current_of(f);
    testing_begin(f, HOT "}}");
    for (int i = 0; i < 1000; i++) {
        testing_put(f, current, i % 2 ? 16.5 : 15.5);
        testing_advance(f, CLOCK_S);
    }
    testing_put(f, current, 13);
    assert_string_equal(f->log,
                        "hot pdu-a/phase-a/current raised; hot pdu-a/phase-a/current cleared; ");
    assert_string_equal(f->text, "hot: pdu-a/phase-a/current is 13 A, limit over 16 A");
}

static void it_is_told_in_the_turn_of_the_reading(void **state)
{
    struct fixture *f = *state;
    struct point *current = current_of(f);
    testing_begin(f, HOT ", label: Too hot, severity: critical, recipients: \"ops, boss\"}}");
    testing_advance(f, CLOCK_S);
    testing_put(f, current, 17.25);
    assert_int_equal(f->raised, 1);
    assert_string_equal(f->text, "Too hot: pdu-a/phase-a/current is 17.25 A, over 16 A");
    assert_int_equal(f->last.severity, ALARM_CRITICAL);
    assert_int_equal(f->last.state, ALARM_TRIPPED);
    assert_true(f->last.number == 17.25 && f->last.limit == 16);
    assert_string_equal(f->last.recipients, "ops, boss");
    assert_true(f->last.raised_wall == WALL + CLOCK_S);
}

static void states_follow_the_reading(void **state)
{
    struct fixture *f = *state;
    struct point *current = current_of(f);
    testing_begin(f, HOT ", for: 10 s}}");
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_LOST);
    testing_put(f, current, 10);
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_NORMAL);
    assert_int_equal(alarms_active(f->alarms), 0);
    testing_put(f, current, 17);
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_PENDING);
    testing_advance(f, 10 * CLOCK_S - 1);
    assert_int_equal(f->raised, 0);
    testing_advance(f, 1);
    assert_int_equal(f->raised, 1);
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_TRIPPED);
    point_mark(current, QUALITY_STALE, REASON_TOO_OLD);
    loop_poll(f->loop);
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_TRIPPED);
    testing_put(f, current, 15); /* in the band */
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_TRIPPED);
    assert_non_null(
        strstr(alarms_view(f->alarms, 0).text, "is 15 A, was over 16 A, well again at 14 A"));
    testing_put(f, current, 10);
    point_mark(current, QUALITY_BAD, REASON_OUT_OF_RANGE);
    loop_poll(f->loop);
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_LOST);
    assert_int_equal(f->raised + f->cleared, 2);
}

static void it_is_repeated_until_somebody_has_seen_it(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    struct point *current = current_of(f);
    testing_begin(f, HOT ", repeat: 10 min}}");
    testing_put(f, current, 17);
    testing_advance(f, 35 * 60 * CLOCK_S);
    assert_int_equal(f->repeated, 3);
    uint32_t id = alarms_view(f->alarms, 0).id;
    assert_int_equal(testing_do(f, ALARM_ACKNOWLEDGE, id, 0, &err), 0);
    struct alarm_view view = alarms_view(f->alarms, 0);
    assert_int_equal(view.state, ALARM_ACKNOWLEDGED);
    assert_string_equal(view.by, "anna");
    assert_true(view.by_wall == WALL + 35 * 60 * CLOCK_S);
    testing_advance(f, 3600 * CLOCK_S);
    assert_int_equal(f->repeated, 3);
    assert_int_equal(testing_do(f, ALARM_ACKNOWLEDGE, id, 0, &err), -EALREADY);
    testing_put(f, current, 10);
    assert_int_equal(f->cleared, 1);
    assert_string_equal(alarms_view(f->alarms, 0).by, "");
    testing_put(f, current, 17); /* is new again */
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_TRIPPED);
    assert_int_equal(alarms_view(f->alarms, 0).times, 2);
}

static void only_who_may_can_act(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    struct point *current = current_of(f);
    testing_begin(f, HOT "}}");
    uint32_t id = alarms_view(f->alarms, 0).id;
    struct alarm_wish wish = {
        .deed = ALARM_ACKNOWLEDGE, .id = id, .actor = "guest", .origin = "", .role = ROLE_VIEW};
    assert_int_equal(alarms_do(f->alarms, &wish, &err), -EACCES);
    assert_int_equal(testing_do(f, ALARM_ACKNOWLEDGE, id, 0, &err), -EINVAL); /* is calm */
    assert_int_equal(testing_do(f, ALARM_ACKNOWLEDGE, id + 1, 0, &err), -ENOENT);
    assert_int_equal(testing_do(f, ALARM_SHELVE, id, CLOCK_S, &err), -EINVAL);
    assert_int_equal(testing_do(f, ALARM_UNSHELVE, id, 0, &err), -EALREADY);
    testing_put(f, current, 17);
    assert_int_equal(testing_do(f, ALARM_CLEAR, id, 0, &err), -EINVAL); /* still holds */
}

static void what_is_latched_waits_for_a_person(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    struct point *current = current_of(f);
    testing_begin(f, HOT ", latch: true}}");
    testing_put(f, current, 17);
    testing_put(f, current, 10);
    struct alarm_view view = alarms_view(f->alarms, 0);
    assert_true(view.latched && view.state == ALARM_TRIPPED);
    assert_int_equal(f->cleared, 0);
    assert_int_equal(testing_do(f, ALARM_CLEAR, view.id, 0, &err), 0);
    assert_int_equal(f->cleared, 1);
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_NORMAL);
}

static void storms_take_no_memory_and_lose_nothing(void **state)
{
    struct fixture *f = *state;
    enum { DEVICES = 25, OUTLETS = 400 };
    static struct point *points[DEVICES * OUTLETS];
    for (int i = 0; i < DEVICES; i++) {
        char name[20];
        snprintf(name, sizeof name, "rack-%d", i);
        struct device *device = testing_device(f, name, "", "");
        for (int at = 0; at < OUTLETS; at++)
            points[i * OUTLETS + at] =
                testing_point(device, COMPONENT_OUTLET, at + 1, QUANTITY_CURRENT);
    }
    testing_begin(f, "alarms: {all: {points: rack-*/outlet-*/current, when: over, limit: 5}}");
    assert_int_equal(alarms_count(f->alarms), DEVICES * OUTLETS);
    clock_us now = loop_now(f->loop);
    for (size_t i = 0; i < TEST_COUNT(points); i++)
        point_put(points[i], 1, now, WALL);
    loop_poll(f->loop);
    size_t before = test_allocations;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < TEST_COUNT(points); i++)
            point_put(points[i], 2 + round, now, WALL);
        loop_poll(f->loop);
    }
    if (TEST_ALLOCATIONS_COUNTED)
        assert_true(test_allocations - before < 10);
    for (size_t i = 0; i < TEST_COUNT(points); i++)
        point_put(points[i], 6, now, WALL);
    loop_poll(f->loop);
    assert_int_equal(f->raised, DEVICES * OUTLETS);
    assert_int_equal(alarms_active(f->alarms), DEVICES * OUTLETS);
}

/* Two hundred rules of one point, each with a limit and a time of its own: at each second those
 * hold that a count of seconds says. */
static void whatever_falls_due_does_so_in_its_second(void **state)
{
    struct fixture *f = *state;
    enum { RULES = 200, SECONDS = 400 };
    static char text[30000];
    int limits[RULES], holds[RULES], beyond[RULES] = {0};
    uint64_t seed = test_seed(), random = seed;
    struct point *current = current_of(f);
    size_t used = (size_t)snprintf(text, sizeof text, "alarms:\n");
    for (int i = 0; i < RULES; i++) {
        limits[i] = (int)test_below(&random, 40);
        holds[i] = (int)test_below(&random, 30);
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "  r-%d: {points: pdu-a/phase-a/current, when: over, limit: %d, "
                                 "for: %d s}\n",
                                 i, limits[i], holds[i]);
    }
    testing_begin(f, text);
    uint32_t ids[RULES];
    for (size_t i = 0; i < RULES; i++) {
        struct alarm_view view = alarms_view(f->alarms, i);
        ids[atoi(view.rule + 2)] = view.id;
    }
    int number = 0;
    for (int second = 0; second < SECONDS; second++) {
        for (int i = 0; i < RULES; i++)
            beyond[i] = number > limits[i] ? beyond[i] + 1 : 0;
        if (test_below(&random, 4) == 0)
            number = (int)test_below(&random, 41);
        testing_put(f, current, number);
        for (int i = 0; i < RULES; i++) {
            struct alarm_view view;
            bool holds_now = number > limits[i] && beyond[i] >= holds[i];
            assert_true(alarms_find(f->alarms, ids[i], &view));
            if ((view.state == ALARM_TRIPPED) != holds_now)
                fail_msg("seed %llu: after %d s r-%d (over %d for %d s) is %s",
                         (unsigned long long)seed, second, i, limits[i], holds[i],
                         alarm_state_name(view.state));
        }
        testing_advance(f, CLOCK_S);
    }
    assert_true(f->raised > 100);
}

/* ---- settings and tree ------------------------------------------------------------------------- */

static void what_is_known_outlasts_a_change_of_settings(void **state)
{
    struct fixture *f = *state;
    struct point *current = current_of(f);
    testing_begin(f, HOT "}}");
    testing_put(f, current, 17);
    uint32_t id = alarms_view(f->alarms, 0).id;
    testing_reload(f, HOT ", label: Other}, cold: {points: pdu-a/phase-a/current, when: under, "
                          "limit: 1}}");
    assert_int_equal(f->raised + f->cleared, 1);
    struct alarm_view view = testing_view(f, "hot", "pdu-a/phase-a/current");
    assert_true(view.id == id && view.state == ALARM_TRIPPED);
    assert_string_equal(view.label, "Other");
    /* A limit that it is within: it clears at once. */
    testing_reload(f, "alarms: {hot: {points: pdu-a/phase-a/current, when: over, limit: 20, "
                      "recover: 14}}");
    assert_int_equal(f->cleared, 1);
    testing_put(f, current, 21);
    assert_int_equal(f->raised, 2);
    /* The rule goes: whoever heard that it is raised hears that it is not any more. */
    testing_reload(f, "");
    assert_int_equal(f->cleared, 2);
    assert_string_equal(f->text, "hot: pdu-a/phase-a/current is not watched any more");
    assert_int_equal(alarms_count(f->alarms), 0);
}

/* Whoever wants to hear of what is critical only hears of it when it becomes so. */
static void a_higher_severity_is_told(void **state)
{
    struct fixture *f = *state;
    struct point *current = current_of(f);
    testing_begin(f, HOT ", severity: info}}");
    testing_put(f, current, 17);
    testing_forget(f);
    testing_reload(f, HOT ", severity: critical}}");
    testing_advance(f, 3600 * CLOCK_S);
    assert_string_equal(f->log, "hot pdu-a/phase-a/current repeated; ");
    assert_int_equal(f->last.severity, ALARM_CRITICAL);
    testing_reload(f, HOT ", severity: warning}}");
    testing_advance(f, 3600 * CLOCK_S);
    assert_int_equal(f->repeated, 1);
    testing_put(f, current, 10);
    assert_int_equal(f->cleared, 1);
}

static void a_latched_alarm_stays_so_under_another_limit(void **state)
{
    struct fixture *f = *state;
    struct point *current = current_of(f);
    testing_begin(f, HOT ", latch: true}}");
    testing_put(f, current, 17);
    testing_put(f, current, 10);
    testing_reload(f, "alarms: {hot: {points: pdu-a/phase-a/current, when: over, limit: 20, latch: "
                      "true}}");
    assert_true(alarms_view(f->alarms, 0).latched);
    assert_int_equal(f->cleared, 0);
}

static void another_repeat_counts_at_once(void **state)
{
    struct fixture *f = *state;
    struct point *current = current_of(f);
    testing_begin(f, HOT ", repeat: 1 d}}");
    testing_put(f, current, 17);
    testing_reload(f, HOT ", repeat: 10 min}}");
    testing_advance(f, 3600 * CLOCK_S);
    assert_int_equal(f->repeated, 6);
    testing_reload(f, HOT "}}");
    testing_advance(f, 3600 * CLOCK_S);
    assert_int_equal(f->repeated, 6);
}

/* A slot is used again while the table is still that of before. */
static void another_point_in_the_slot_is_not_meant(void **state)
{
    struct fixture *f = *state;
    struct point *current = current_of(f);
    testing_begin(f, HOT "}}");
    testing_put(f, current, 10);
    uint32_t slot = point_slot(current->id);
    site_device_remove(f->site, site_device_find(f->site, "pdu-a"));
    struct device *device = testing_device(f, "pdu-b", "", "");
    current = testing_point(device, COMPONENT_PHASE, 1, QUANTITY_CURRENT);
    assert_int_equal(point_slot(current->id), slot);
    testing_put(f, current, 99);
    testing_advance(f, 10 * CLOCK_S);
    assert_string_equal(f->log, "");
}

static void a_device_that_is_made_again_keeps_its_alarms(void **state)
{
    struct fixture *f = *state;
    struct point *current = current_of(f);
    testing_begin(f, HOT "}}");
    testing_put(f, current, 17);
    testing_advance(f, 5 * CLOCK_S);
    site_device_remove(f->site, site_device_find(f->site, "pdu-a"));
    current = current_of(f);
    testing_put(f, current, 18);
    testing_advance(f, 5 * CLOCK_S);
    assert_int_equal(f->raised, 1);
    assert_int_equal(alarms_view(f->alarms, 0).times, 1);
    /* Its points come later than itself. */
    site_device_remove(f->site, site_device_find(f->site, "pdu-a"));
    struct device *device = testing_device(f, "pdu-a", "", "");
    testing_advance(f, 5 * CLOCK_S);
    assert_int_equal(alarms_count(f->alarms), 0);
    current = testing_point(device, COMPONENT_PHASE, 1, QUANTITY_CURRENT);
    testing_put(f, current, 18);
    testing_advance(f, 5 * CLOCK_S);
    assert_int_equal(f->raised + f->cleared, 1);
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_TRIPPED);
    /* It goes for good. */
    site_device_remove(f->site, device);
    testing_advance(f, 5 * CLOCK_S);
    assert_int_equal(f->cleared, 1);
}

static void words_flags_and_texts_are_compared(void **state)
{
    struct fixture *f = *state;
    static const struct word door[] = {{0, "closed"}, {1, "open"}};
    static const struct word faults[] = {{0, "fan"}, {3, "overload"}};
    static const struct words states = {door, 2, false}, flags = {faults, 2, true};
    struct device *device = testing_device(f, "dc-1", "", "");
    struct point *contact = testing_point(device, COMPONENT_INPUT, 1, QUANTITY_STATE);
    struct point *fault = testing_point(device, COMPONENT_TOTAL, 0, QUANTITY_STATUS);
    struct point *other = testing_point(device, COMPONENT_INPUT, 2, QUANTITY_STATE);
    contact->words = &states;
    fault->words = &flags;
    (void)other; /* has no words: the rule does not fit */
    testing_begin(f, "alarms:\n"
                     "  door: {points: dc-1/input-*/state, when: equals, limit: open}\n"
                     "  over: {points: dc-1/total/status, when: equals, limit: overload}\n");
    assert_int_equal(alarms_count(f->alarms), 2);
    testing_put(f, contact, 1);
    assert_string_equal(f->text, "door: dc-1/input-1/state is open");
    testing_put(f, fault, 1);
    assert_int_equal(f->raised, 1);
    testing_put(f, fault, 9);
    assert_int_equal(f->raised, 2);
    testing_put(f, contact, 0);
    assert_string_equal(f->text, "door: dc-1/input-1/state is closed");
}

static void say(struct fixture *f, struct point *point, const char *text)
{
    point_put_text(point, text, loop_now(f->loop), loop_wall(f->loop));
    loop_poll(f->loop);
}

/* Serial numbers and versions are mostly digits: they are compared as they are written. */
static void texts_of_digits_are_texts(void **state)
{
    struct fixture *f = *state;
    struct device *device = testing_device(f, "dc-1", "", "");
    struct point *serial = testing_point(device, COMPONENT_TOTAL, 0, QUANTITY_SERIAL);
    struct point *firmware = testing_point(device, COMPONENT_TOTAL, 0, QUANTITY_FIRMWARE);
    testing_begin(f,
                  "alarms:\n"
                  "  other: {points: dc-1/total/serial-number, when: differs, limit: '0012345'}\n"
                  "  old: {points: dc-1/total/firmware, when: equals, limit: 2.10}\n");
    assert_int_equal(alarms_count(f->alarms), 2);
    say(f, serial, "0012345");
    say(f, firmware, "2.1");
    assert_string_equal(f->log, "");
    say(f, firmware, "2.10");
    assert_string_equal(f->text, "old: dc-1/total/firmware is \"2.10\"");
    say(f, serial, "12345");
    assert_string_equal(f->text, "other: dc-1/total/serial-number is \"12345\", not 0012345");
}

/* A long sentence ends where a character does, wherever the bound falls. */
static void a_long_sentence_is_cut_between_characters(void **state)
{
    struct fixture *f = *state;
    static const char name[] = "a-supply-of-a-name-as-long-as-one-may-be-in-the-far-cellar-0001";
    struct device *device = testing_device(f, name, "", "");
    struct point *serial = testing_point(device, COMPONENT_TOTAL, 0, QUANTITY_SERIAL);
    testing_begin(f, "alarms: {x: {label: \"Another supply was put in behind the long wall of the "
                     "old hall\", points: '*/total/serial-number', when: differs, limit: none}}");
    for (size_t first = 0; first < 3; first++) {
        char said[LIMIT_TEXT_VALUE] = "ab";
        said[first] = '\0';
        for (int i = 0; i < 20; i++)
            strcat(said, "\xE2\x82\xAC");
        point_put_text(serial, said, loop_now(f->loop), loop_wall(f->loop));
        loop_poll(f->loop);
        struct alarm_view view = alarms_view(f->alarms, 0);
        assert_in_range(strlen(view.text), sizeof view.text - 3, sizeof view.text - 1);
        assert_int_equal(utf8_valid(view.text, strlen(view.text)), strlen(view.text));
    }
}

static void the_worst_comes_first(void **state)
{
    struct fixture *f = *state;
    struct device *device = testing_device(f, "pdu-a", "", "");
    struct point *a = testing_point(device, COMPONENT_PHASE, 1, QUANTITY_CURRENT);
    struct point *b = testing_point(device, COMPONENT_PHASE, 2, QUANTITY_CURRENT);
    struct point *c = testing_point(device, COMPONENT_PHASE, 3, QUANTITY_CURRENT);
    struct err err = ERR_EMPTY;
    testing_begin(f,
                  "alarms:\n"
                  "  a: {points: pdu-a/phase-a/current, when: over, limit: 1, for: 1 min}\n"
                  "  b: {points: pdu-a/phase-b/current, when: over, limit: 1}\n"
                  "  c: {points: pdu-a/phase-c/current, when: over, limit: 1, severity: critical}\n"
                  "  d: {points: pdu-a/phase-a/current, when: under, limit: 0}\n");
    testing_put(f, c, 2);
    testing_put(f, a, 2);
    testing_advance(f, CLOCK_S);
    testing_put(f, b, 2);
    const char *order = "cbad";
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(alarms_view(f->alarms, i).rule[0], order[i]);
    assert_int_equal(alarms_active(f->alarms), 3);
    uint32_t id = alarms_view(f->alarms, 0).id;
    assert_int_equal(testing_do(f, ALARM_ACKNOWLEDGE, id, 0, &err), 0);
    assert_string_equal(alarms_view(f->alarms, 0).rule, "b");
    testing_advance(f, 60 * CLOCK_S); /* "a" trips, too, and is newer */
    assert_string_equal(alarms_view(f->alarms, 0).rule, "a");
    testing_put(f, a, 0.5);
    testing_put(f, a, 2);
    struct alarm_view view;
    assert_true(alarms_worst(f->alarms, "pdu-a", &view) && view.rule[0] == 'b');
    assert_true(alarms_worst(f->alarms, "pdu-a/phase-c", &view) && view.rule[0] == 'c');
    assert_true(alarms_worst(f->alarms, "pdu-a/phase-a/current", &view) && view.rule[0] == 'a');
    assert_false(alarms_worst(f->alarms, "pdu-a/phase-d", &view));
    assert_true(alarms_find(f->alarms, id, &view) && view.rule[0] == 'c');
    assert_false(alarms_find(f->alarms, 0, &view));
}

static void a_reading_that_grows_old_is_found_without_a_change(void **state)
{
    struct fixture *f = *state;
    struct point *current = current_of(f);
    current->good_for = 3600 * CLOCK_S;
    testing_begin(f, "alarms: {old: {points: pdu-a/phase-a/current, when: older, limit: 1 min}}");
    for (int i = 0; i < 300; i++) { /* the same number again and again: the feed says nothing */
        testing_put(f, current, 5);
        testing_advance(f, CLOCK_S);
    }
    assert_int_equal(f->raised, 0);
    testing_advance(f, 58 * CLOCK_S);
    assert_int_equal(f->raised, 0);
    testing_advance(f, 2 * CLOCK_S);
    assert_int_equal(f->raised, 1);
    testing_put(f, current, 5);
    testing_advance(f, 20 * CLOCK_S);
    assert_int_equal(f->cleared, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, testing_setup, testing_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_square_wave_within_the_hysteresis_is_one_alarm),
        CASE(it_is_told_in_the_turn_of_the_reading),
        CASE(states_follow_the_reading),
        CASE(it_is_repeated_until_somebody_has_seen_it),
        CASE(only_who_may_can_act),
        CASE(what_is_latched_waits_for_a_person),
        CASE(storms_take_no_memory_and_lose_nothing),
        CASE(a_higher_severity_is_told),
        CASE(a_latched_alarm_stays_so_under_another_limit),
        CASE(another_repeat_counts_at_once),
        CASE(another_point_in_the_slot_is_not_meant),
        CASE(whatever_falls_due_does_so_in_its_second),
        CASE(what_is_known_outlasts_a_change_of_settings),
        CASE(a_device_that_is_made_again_keeps_its_alarms),
        CASE(words_flags_and_texts_are_compared),
        CASE(texts_of_digits_are_texts),
        CASE(a_long_sentence_is_cut_between_characters),
        CASE(the_worst_comes_first),
        CASE(a_reading_that_grows_old_is_found_without_a_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
