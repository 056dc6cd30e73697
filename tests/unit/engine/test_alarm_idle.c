/* Rules that watch nothing are told of, once, when all that they may mean has told what it has. */
#include "alarm_testing.h"
#include "engine/event_log.h"

struct idle {
    struct fixture *f;
    struct event_log *events;
    struct event_tap tap;
    char told[2000];
    unsigned count;
};

static void on_event(void *user, const struct event *event, enum event_severity severity)
{
    struct idle *idle = user;
    size_t used = strlen(idle->told);
    if (event->kind != EVENT_ALARM_IDLE)
        return;
    assert_int_equal(severity, EVENT_WARNING);
    idle->count++;
    snprintf(idle->told + used, sizeof idle->told - used, "%s\n", event->text);
}

/* A strip with one outlet; dc-1 has not answered yet. */
static void begin(struct idle *idle, void **state, const char *rules)
{
    static const struct event_settings usual = {.keep = 86400 * CLOCK_S, .most = 1000};
    static const struct word list[] = {{0, "off"}, {1, "on"}};
    static const struct words words = {list, 2, false};
    struct fixture *f = *state;
    *idle = (struct idle){.f = f};
    idle->events = event_log_open(f->loop, f->folder, &usual);
    idle->tap = (struct event_tap){.fn = on_event, .user = idle};
    event_log_tap(idle->events, &idle->tap);
    struct device *strip = testing_device(f, "pdu-a", "", "");
    testing_device(f, "dc-1", "", "");
    testing_point(strip, COMPONENT_OUTLET, 3, QUANTITY_STATE)->words = &words;
    testing_point(strip, COMPONENT_OUTLET, 3, QUANTITY_CURRENT);
    testing_point(strip, COMPONENT_TOTAL, 0, QUANTITY_SERIAL);
    device_set_state(strip, DEVICE_ONLINE, "");
    f->config = testing_config(f, rules, NULL);
    f->alarms = alarms_new(&(struct alarms_context){.loop = f->loop,
                                                    .site = f->site,
                                                    .events = idle->events,
                                                    .saver = f->saver,
                                                    .folder = f->folder},
                           f->config);
    loop_poll(f->loop);
}

static void end(struct idle *idle)
{
    struct fixture *f = idle->f;
    testing_saved(f);
    f->alarms = alarms_free(f->alarms);
    event_log_untap(idle->events, &idle->tap);
    event_log_close(idle->events);
}

static void each_is_told_with_its_reason(void **state)
{
    struct idle idle;
    begin(&idle, state,
          "alarms:\n"
          "  good: {points: pdu-a/outlet-3/current, when: over, limit: 10}\n"
          "  gone: {points: 'pdu-a/outlet-9/current, pdu-b/*/*', when: over, limit: 10}\n"
          "  word: {points: pdu-a/outlet-*/state, when: equals, limit: On}\n"
          "  number: {points: pdu-a/outlet-*/current, when: equals, limit: high}\n"
          "  text: {points: pdu-a/total/*, when: over, limit: 3}\n"
          "  nobody: {points: pdu-x, when: lost}\n"
          "  off: {points: pdu-x, when: lost, enabled: false}\n");
    testing_advance(idle.f, 59 * CLOCK_S);
    assert_string_equal(idle.told, "");
    testing_advance(idle.f, CLOCK_S);
    assert_string_equal(
        idle.told,
        "The alarm rule gone watches nothing: nothing here is called pdu-a/outlet-9/current, "
        "pdu-b/*/*\n"
        "The alarm rule word watches nothing: pdu-a/outlet-3/state is off, on, never \"On\"\n"
        "The alarm rule number watches nothing: pdu-a/outlet-3/current is a number, never "
        "\"high\"\n"
        "The alarm rule text watches nothing: pdu-a/total/serial-number is text, which has no "
        "threshold\n"
        "The alarm rule nobody watches nothing: nothing here is called pdu-x\n");
    testing_advance(idle.f, 86400 * CLOCK_S);
    assert_int_equal(idle.count, 5);
    end(&idle);
}

/* A device that has not answered may have it, and another one may come. */
static void who_has_not_told_is_waited_for(void **state)
{
    struct idle idle;
    begin(&idle, state,
          "alarms:\n"
          "  a: {points: dc-1/output-1/current, when: over, limit: 10}\n"
          "  b: {points: '*/output-2/current', when: over, limit: 10}\n");
    testing_advance(idle.f, 3600 * CLOCK_S);
    assert_int_equal(idle.count, 0);
    struct device *supply = site_device_find(idle.f->site, "dc-1");
    testing_point(supply, COMPONENT_OUTPUT, 1, QUANTITY_CURRENT);
    device_set_state(supply, DEVICE_ONLINE, "");
    testing_advance(idle.f, 3600 * CLOCK_S);
    assert_string_equal(
        idle.told, "The alarm rule b watches nothing: nothing here is called */output-2/current\n");
    end(&idle);
}

/* Hundreds of them are told one after the other, and under new settings those that are others. */
static void many_do_not_hold_up_the_loop(void **state)
{
    struct idle idle;
    char rules[8000] = "alarms:\n";
    for (size_t i = 0, used = strlen(rules); i < 100; i++)
        used += (size_t)snprintf(rules + used, sizeof rules - used,
                                 "  r%zu: {points: pdu-x/*/current, when: over, limit: 1}\n", i);
    begin(&idle, state, rules);
    testing_advance(idle.f, 60 * CLOCK_S);
    assert_int_equal(idle.count, 10);
    testing_advance(idle.f, CLOCK_S);
    assert_int_equal(idle.count, 100);
    char *points = strstr(rules, "pdu-x/*/current");
    memcpy(points, "pdu-y", 5);
    testing_reload(idle.f, rules);
    testing_advance(idle.f, 3600 * CLOCK_S);
    assert_int_equal(idle.count, 101);
    end(&idle);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, testing_setup, testing_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_is_told_with_its_reason),
        CASE(who_has_not_told_is_waited_for),
        CASE(many_do_not_hold_up_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
