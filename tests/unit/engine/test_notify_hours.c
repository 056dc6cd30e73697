/* Business hours and quiet times: what is read, and what a local clock says over a year of a zone
 * with daylight saving. Moments were computed by Python's zoneinfo. */
#include "notify_testing.h"

#include <errno.h>

#include "base/time_text.h"

#define HOUR (3600 * CLOCK_S)

static clock_us at(const char *text)
{
    clock_us wall;
    assert_int_equal(time_text_parse(text, 0, &wall), 0);
    return wall;
}

static void spans_are_read_as_people_write_them(void **state)
{
    (void)state;
    struct schedule_hours spans[NOTIFY_SPANS_MOST];
    struct err err = ERR_EMPTY;
    assert_int_equal(notify_hours_parse("", spans, &err), 0);
    assert_int_equal(notify_hours_parse("22:00-06:30", spans, &err), 1);
    assert_int_equal(spans[0].days, 0x7F);
    assert_int_equal(spans[0].from, 22 * 3600);
    assert_int_equal(spans[0].to, 6 * 3600 + 1800);
    assert_int_equal(notify_hours_parse("mon-fri 22:00-06:00; sat, sun 00:00-24:00;", spans, &err),
                     2);
    assert_int_equal(spans[0].days, 0x1F);
    assert_int_equal(spans[1].days, 0x60);
    assert_int_equal(spans[1].to, 86400);
}

static void what_is_no_span_is_refused_with_its_words(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"22:00", "\"22:00\" is no span of time"},
        {"22:00-", "are no times"},
        {"-06:00", "are no times"},
        {"24:00-06:00", "are no times"},
        {"22:00-25:00", "are no times"},
        {"22:00-22:00", "no time at all"},
        {"someday 22:00-06:00", "\"someday\" is no day"},
        {"22:00 - 06:00", "no span of time"},
        {"22:00-06:00:00:00", "no span of time"},
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct schedule_hours spans[NOTIFY_SPANS_MOST];
        struct err err = ERR_EMPTY;
        assert_int_equal(notify_hours_parse(cases[i].text, spans, &err), -EINVAL);
        if (!strstr(err.text, cases[i].words))
            fail_msg("%s: %s", cases[i].text, err.text);
    }
    struct schedule_hours spans[NOTIFY_SPANS_MOST];
    struct err err = ERR_EMPTY;
    char many[400] = "";
    for (int i = 0; i < 17; i++)
        strcat(many, "10:00-11:00;");
    assert_int_equal(notify_hours_parse(many, spans, &err), -E2BIG);
}

/* The night of 2026-03-29 has eight hours less one in Berlin, that of 2026-10-25 one more. */
static void a_night_ends_when_the_clock_on_the_wall_says_so(void **state)
{
    (void)state;
    static const struct {
        const char *now, *end; /* "": not in the span */
    } cases[] = {
        {"2026-03-28T20:59:59Z", ""},
        {"2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z"}, /* 22:00 CET to 06:00 CEST */
        {"2026-03-29T01:30:00Z", "2026-03-29T04:00:00Z"},
        {"2026-03-29T03:59:59Z", "2026-03-29T04:00:00Z"},
        {"2026-03-29T04:00:00Z", ""},
        {"2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z"}, /* 22:00 CEST to 06:00 CET */
        {"2026-10-25T00:30:00Z", "2026-10-25T05:00:00Z"}, /* 02:30, the first one */
        {"2026-10-25T01:30:00Z", "2026-10-25T05:00:00Z"}, /* 02:30, the second one */
        {"2026-10-25T05:00:00Z", ""},
    };
    struct schedule_hours span = {.days = 0x7F, .from = 22 * 3600, .to = 6 * 3600};
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        clock_us end = schedule_hours_end(&span, 1, at(cases[i].now));
        clock_us expected = *cases[i].end ? at(cases[i].end) : 0;
        if (end != expected)
            fail_msg("%s: %lld instead of %s", cases[i].now, (long long)end, cases[i].end);
    }
}

static void spans_that_touch_are_one(void **state)
{
    (void)state;
    struct schedule_hours spans[NOTIFY_SPANS_MOST];
    struct err err = ERR_EMPTY;
    int count = notify_hours_parse("mon-fri 20:00-06:00; sat-sun 00:00-24:00", spans, &err);
    /* Friday night to Monday 00:00, where nothing follows */
    assert_int_equal(schedule_hours_end(spans, (size_t)count, at("2026-11-20T20:00:00+01:00")),
                     at("2026-11-23T00:00:00+01:00"));
    assert_int_equal(schedule_hours_end(spans, (size_t)count, at("2026-11-23T00:00:00+01:00")), 0);
    /* all day, every day: it ends, so that somebody looks again */
    spans[0] = (struct schedule_hours){.days = 0x7F, .from = 0, .to = 86400};
    clock_us now = at("2026-11-20T20:00:00+01:00");
    clock_us end = schedule_hours_end(spans, 1, now);
    assert_in_range(end, now + 24 * HOUR, now + 32 * 24 * HOUR);
}

static void duty_follows_business_hours(void **state)
{
    (void)state;
    static const struct business_hours hours = {.days = "mon-fri", .from = "08:00", .to = "18:00"};
    static const struct {
        const char *now;
        bool business;
    } cases[] = {
        {"2026-10-26T07:59:59+01:00", false}, {"2026-10-26T08:00:00+01:00", true},
        {"2026-10-26T17:59:59+01:00", true},  {"2026-10-26T18:00:00+01:00", false},
        {"2026-10-25T12:00:00+01:00", false}, {"2026-03-30T08:00:00+02:00", true},
        {"2026-03-30T07:59:00+02:00", false},
    };
    const struct recipient always = {.when = RECIPIENT_ALWAYS},
                           day = {.when = RECIPIENT_BUSINESS_HOURS},
                           night = {.when = RECIPIENT_AFTER_HOURS};
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        clock_us now = at(cases[i].now);
        assert_true(notify_hours_on_duty(&always, &hours, now));
        assert_int_equal(notify_hours_on_duty(&day, &hours, now), cases[i].business);
        assert_int_equal(notify_hours_on_duty(&night, &hours, now), !cases[i].business);
    }
    assert_true(notify_hours_on_duty(&day, &hours, 0)); /* nobody knows how late it is */
    assert_true(notify_hours_on_duty(&night, &hours, 0));
}

/* ---- recipients ------------------------------------------------------------------------------ */

static void a_recipient_with_a_mistake_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *record, *words;
    } cases[] = {
        {"{kind: mail}", "must be given for mail"},
        {"{kind: mail, address: ops}", "\"ops\" is no mail address"},
        {"{kind: mail, address: \"a@b, c d@e\"}", "\"c\" is no mail address"},
        {"{kind: mail, address: \"Ops <a@b>\"}", "\"Ops\" is no mail address"},
        {"{kind: trap}", "name or address of the receiver"},
        {"{kind: trap, host: \"a b\"}", "must be a name or an address"},
        {"{kind: trap, host: a, version: v1, inform: true}", "must be false for version v1"},
        {"{kind: trap, host: a, version: v3}", "must be given for version v3"},
        {"{kind: trap, host: a, version: v3, user: u, auth: sha-256, auth_password: short}",
         "at least 8 characters"},
        {"{kind: trap, host: a, version: v3, user: u, privacy: aes-128}", "must be none as long"},
        {"{kind: syslog, port: 514}", "name or address of the receiver"},
        {"{kind: webhook}", "as in https://"},
        {"{kind: webhook, url: \"ftp://a/\"}", "as in https://"},
        {"{kind: webhook, url: \"https:///x\"}", "as in https://"},
        {"{kind: webhook, url: \"https://u:p@a/\"}", "must not hold a user"},
        {"{kind: webhook, url: \"https://a/ b\"}", "must not hold blanks"},
        {"{kind: syslog, host: a, quiet: always}", "is no span of time"},
    };
    struct testing t = {.clock = clock_fake(TESTING_MONDAY)};
    test_folder(t.folder, sizeof t.folder);
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        char path[300], text[400];
        struct err_list errors = ERR_LIST_EMPTY;
        snprintf(path, sizeof path, "%s/site.yaml", t.folder);
        snprintf(text, sizeof text, "recipients: {ops: %s}\n", cases[i].record);
        test_write_file(path, text);
        assert_null(config_load(&testing_schema, path, NULL, NULL, 0, &errors));
        if (!strstr(errors.list[0].text, cases[i].words))
            fail_msg("%s: %s", cases[i].record, errors.list[0].text);
        err_list_deinit(&errors);
    }
    test_folder_remove(t.folder);
}

static void ports_and_ways_are_told_apart(void **state)
{
    (void)state;
    struct testing t = {.clock = clock_fake(TESTING_MONDAY)};
    test_folder(t.folder, sizeof t.folder);
    t.config = testing_config(&t, "recipients:\n"
                                  "  a: {kind: trap, host: h}\n"
                                  "  b: {kind: trap, host: h, label: Other, least: critical}\n"
                                  "  c: {kind: trap, host: h, community: other}\n"
                                  "  d: {kind: syslog, host: h}\n"
                                  "  e: {kind: syslog, host: h, transport: tcp}\n"
                                  "  f: {kind: syslog, host: h, transport: tls}\n"
                                  "  g: {kind: syslog, host: h, port: 10514}\n"
                                  "  h: {kind: mail, address: a@b}\n");
    static const int ports[] = {162, 162, 162, 514, 601, 6514, 10514, 0};
    const struct recipient *list[8];
    for (int i = 0; i < 8; i++) {
        const char name[] = {(char)('a' + i), '\0'};
        list[i] = recipient_find(t.config, name);
        assert_int_equal(recipient_port(list[i]), ports[i]);
    }
    assert_null(recipient_find(t.config, "none-such"));
    assert_true(recipient_same_way(list[0], list[1]));
    assert_false(recipient_same_way(list[0], list[2]));
    assert_false(recipient_same_way(list[0], list[3]));
    assert_false(recipient_same_way(list[3], list[4]));
    config_free(t.config);
    test_folder_remove(t.folder);
}

int main(void)
{
    struct err err;
    time_text_use_zone("Europe/Berlin", &err);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_are_read_as_people_write_them),
        cmocka_unit_test(what_is_no_span_is_refused_with_its_words),
        cmocka_unit_test(a_night_ends_when_the_clock_on_the_wall_says_so),
        cmocka_unit_test(spans_that_touch_are_one),
        cmocka_unit_test(duty_follows_business_hours),
        cmocka_unit_test(a_recipient_with_a_mistake_is_refused),
        cmocka_unit_test(ports_and_ways_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
