/* What receivers are sent: messages of RFC 5424, the JSON of webhooks and its signature. Lines are
 * written by hand from the standards, digests by Python's hmac. */
#include "test.h"

#include <jansson.h>
#include <math.h>

#include "base/utf8.h"
#include "face/syslog_message.h"
#include "face/webhook_body.h"

/* 2026-11-23T10:00:00.250Z */
#define WALL (1795428000LL * CLOCK_S + 250 * CLOCK_MS)

static const struct notice alarm_notice = {.id = 0x6b040ea10000002a,
                                           .kind = NOTICE_ALARM,
                                           .severity = ALARM_CRITICAL,
                                           .change = ALARM_RAISED,
                                           .alarm = 17,
                                           .rule = "rack-hot",
                                           .path = "sensor-3/temperature",
                                           .label = "Rack 3 \"top\"",
                                           .unit = "°C",
                                           .actor = "",
                                           .origin = "",
                                           .number = 36.5,
                                           .limit = 35,
                                           .decimals = 1,
                                           .wall = WALL,
                                           .subject = "Critical: Rack 3",
                                           .text = "36.5 °C,\nover 35 °C",
                                           .recipients = ""};
static const struct syslog_sender sender = {.host = "unit 7", .process = 42, .facility = 3};

static const char *write(const struct notice *notice, const struct syslog_sender *from)
{
    static char text[4000];
    struct buf out = BUF_EMPTY;
    syslog_message_write(from, notice, &out);
    assert_false(out.failed);
    snprintf(text, sizeof text, "%s", buf_text(&out));
    buf_deinit(&out);
    return text;
}

static void a_message_is_as_rfc_5424_has_it(void **state)
{
    (void)state;
    assert_string_equal(
        write(&alarm_notice, &sender),
        "<26>1 2026-11-23T10:00:00.250Z unit7 busbar 42 alarm "
        "[busbar@32473 id=\"6b040ea10000002a\" severity=\"critical\" change=\"raised\" "
        "rule=\"rack-hot\" path=\"sensor-3/temperature\" label=\"Rack 3 \\\"top\\\"\" "
        "number=\"36.5\" limit=\"35\" unit=\"°C\"] "
        "Critical: Rack 3: 36.5 °C, over 35 °C");
}

static void what_is_not_known_is_a_dash_or_left_out(void **state)
{
    (void)state;
    const struct syslog_sender nobody = {.host = "", .process = 1, .facility = 16};
    struct notice notice = alarm_notice;
    notice.kind = NOTICE_BOOT;
    notice.severity = ALARM_INFO;
    notice.wall = 0;
    notice.number = notice.limit = NAN;
    notice.rule = notice.path = notice.label = notice.unit = "";
    notice.text = notice.subject = "busbar has started";
    assert_string_equal(write(&notice, &nobody),
                        "<134>1 - - busbar 1 boot "
                        "[busbar@32473 id=\"6b040ea10000002a\" severity=\"info\"] "
                        "busbar has started");
}

static void values_are_escaped_and_cannot_begin_another_message(void **state)
{
    (void)state;
    struct notice notice = alarm_notice;
    notice.label = "a]b\\c\"d\n<13>1 - evil";
    notice.text = "x\r\n<13>1 - - evil\x01\x7F";
    const char *text = write(&notice, &sender);
    assert_non_null(strstr(text, "label=\"a\\]b\\\\c\\\"d <13>1 - evil\""));
    assert_null(strpbrk(text, "\r\n\x01\x7F"));
}

static void a_long_message_is_cut_between_two_characters(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        char text[9000] = "xxxx";
        struct notice notice = alarm_notice;
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 4); /* U+20AC */
        notice.text = text;
        const char *message = write(&notice, &sender);
        size_t length = strlen(message);
        assert_in_range(length, SYSLOG_MESSAGE_MOST - 2, SYSLOG_MESSAGE_MOST);
        assert_int_equal(utf8_valid(message, length), length);
    }
}

static void a_cleared_alarm_is_a_notice(void **state)
{
    (void)state;
    struct notice notice = alarm_notice;
    notice.change = ALARM_CLEARED;
    assert_int_equal(strncmp(write(&notice, &sender), "<29>1 ", 6), 0);
    notice.kind = NOTICE_EVENT;
    notice.severity = ALARM_WARNING;
    assert_int_equal(strncmp(write(&notice, &sender), "<28>1 ", 6), 0);
}

/* ---- webhooks -------------------------------------------------------------------------------- */

static void a_body_says_all_that_is_known(void **state)
{
    (void)state;
    struct notice notices[2] = {alarm_notice, alarm_notice};
    notices[1].kind = NOTICE_CONTROL;
    notices[1].wall = 0;
    notices[1].actor = "eve";
    const struct notify_job job = {.name = "ops",
                                   .site = "Site \"1\"",
                                   .id = 0x6b040ea100000030,
                                   .count = 2,
                                   .notices = notices};
    struct buf out = BUF_EMPTY;
    webhook_body_write("unit-7", &job, &out);
    json_t *root = json_loadb(out.data, out.length, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    const char *delivery, *recipient, *site, *host;
    json_t *first, *second;
    assert_int_equal(json_unpack(root, "{s:s, s:s, s:s, s:s, s:[o,o]}", "delivery", &delivery,
                                 "recipient", &recipient, "site", &site, "host", &host, "notices",
                                 &first, &second),
                     0);
    assert_string_equal(delivery, "6b040ea100000030");
    assert_string_equal(recipient, "ops");
    assert_string_equal(site, "Site \"1\"");
    assert_string_equal(host, "unit-7");
    char *text = json_dumps(first, JSON_SORT_KEYS | JSON_COMPACT);
    assert_string_equal(
        text, "{\"alarm\":17,\"change\":\"raised\",\"id\":\"6b040ea10000002a\",\"kind\":\"alarm\","
              "\"label\":\"Rack 3 \\\"top\\\"\",\"limit\":35,\"number\":36.5,"
              "\"path\":\"sensor-3/temperature\",\"rule\":\"rack-hot\",\"severity\":\"critical\","
              "\"subject\":\"Critical: Rack 3\",\"text\":\"36.5 °C,\\nover 35 °C\","
              "\"time\":\"2026-11-23T10:00:00.250Z\",\"unit\":\"°C\"}");
    free(text);
    assert_true(json_is_null(json_object_get(second, "time")));
    assert_null(json_object_get(second, "number"));
    assert_string_equal(json_string_value(json_object_get(second, "actor")), "eve");
    json_decref(root);
    buf_deinit(&out);
}

/* python3 -c 'import hmac,hashlib
 * print(hmac.new(b"Jefe", b"1795428000." + b"{\"a\":1}", hashlib.sha256).hexdigest())' */
static void a_body_is_signed_as_python_would(void **state)
{
    (void)state;
    char signature[WEBHOOK_SIGNATURE_SIZE];
    struct buf body = BUF_EMPTY;
    buf_add_text(&body, "{\"a\":1}");
    assert_int_equal(webhook_body_sign("Jefe", 1795428000, &body, signature), 0);
    assert_string_equal(signature,
                        "0616885c85a6f096ea9f1ea0c7b6f53d66623b8390e8b02986dd41e9841fc0cc");
    buf_deinit(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_as_rfc_5424_has_it),
        cmocka_unit_test(what_is_not_known_is_a_dash_or_left_out),
        cmocka_unit_test(values_are_escaped_and_cannot_begin_another_message),
        cmocka_unit_test(a_long_message_is_cut_between_two_characters),
        cmocka_unit_test(a_cleared_alarm_is_a_notice),
        cmocka_unit_test(a_body_says_all_that_is_known),
        cmocka_unit_test(a_body_is_signed_as_python_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
