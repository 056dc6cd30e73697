/* What mails say, word by word. */
#include "test.h"

#include <math.h>

#include "face/mail_text.h"

/* 2026-11-21 01:02:03 UTC by `date -u -d`; the tests' zone is Berlin's. */
#define MOMENT (1795222923LL * CLOCK_S)

static const struct mail_site site = {
    .name = "Rack 7", .location = "Cellar", .page = "https://rack-7.example.org:8443"};

static const struct notice raised = {.kind = NOTICE_ALARM,
                                     .severity = ALARM_CRITICAL,
                                     .change = ALARM_RAISED,
                                     .alarm = 9,
                                     .rule = "amps",
                                     .label = "Phase <A>",
                                     .path = "m/phase-a/current",
                                     .unit = "A",
                                     .number = 20.25,
                                     .limit = 16,
                                     .decimals = 2,
                                     .wall = MOMENT,
                                     .subject = "Critical: Phase <A>",
                                     .text = "It is too much.\nLook."};
static const struct notice control = {.kind = NOTICE_CONTROL,
                                      .severity = ALARM_INFO,
                                      .rule = "command",
                                      .path = "pdu-a/outlet-3",
                                      .actor = "anna",
                                      .origin = "192.0.2.1",
                                      .number = NAN,
                                      .limit = NAN,
                                      .subject = "Outlet 3 was switched off",
                                      .text = "Outlet 3 was switched off"};

static void expect(struct buf *out, const char *text)
{
    assert_string_equal(buf_text(out), text);
    buf_deinit(out);
    *out = BUF_EMPTY;
}

static void an_alarm(void **state)
{
    struct buf out = BUF_EMPTY;
    (void)state;
    mail_text_subject(&out, &site, &raised, 1);
    expect(&out, "[Rack 7] Critical: Phase <A>");
    mail_text_plain(&out, &site, &raised, 1);
    mail_text_plain_end(&out, &site);
    expect(&out, "Critical: Phase <A>\n"
                 "\n"
                 "What   Phase <A>, critical, raised\n"
                 "Where  m/phase-a/current\n"
                 "Since  2026-11-21 02:02:03 +01:00\n"
                 "Value  20.25 A\n"
                 "Limit  16.00 A\n"
                 "\n"
                 "It is too much.\n"
                 "Look.\n"
                 "\n"
                 "Page   https://rack-7.example.org:8443\n"
                 "\n"
                 "Sent by busbar at Rack 7, Cellar.\n");
    mail_text_short(&out, &raised, 1);
    expect(&out, "Critical: Phase <A>");
}

static void what_is_not_known_is_not_said(void **state)
{
    struct buf out = BUF_EMPTY;
    const struct mail_site bare = {.name = "busbar", .location = "", .page = ""};
    struct notice lost = raised;
    (void)state;
    lost.change = ALARM_CLEARED;
    lost.number = lost.limit = NAN;
    lost.unit = lost.text = NULL;
    lost.wall = 0;
    mail_text_plain(&out, &bare, &lost, 1);
    mail_text_plain_end(&out, &bare);
    expect(&out, "Critical: Phase <A>\n"
                 "\n"
                 "What   Phase <A>, critical, cleared\n"
                 "Where  m/phase-a/current\n"
                 "When   not known, the clock was not set\n"
                 "\n"
                 "Sent by busbar at busbar.\n");
}

static void several(void **state)
{
    struct buf out = BUF_EMPTY;
    const struct notice notices[] = {control, raised};
    (void)state;
    mail_text_subject(&out, &site, notices, 2);
    expect(&out, "[Rack 7] 2 notices, among them: Critical: Phase <A>");
    mail_text_short(&out, notices, 2);
    expect(&out, "Outlet 3 was switched off; Critical: Phase <A>");
    mail_text_plain(&out, &site, notices, 1);
    expect(&out, "Outlet 3 was switched off\n"
                 "\n"
                 "Where  pdu-a/outlet-3\n"
                 "When   not known, the clock was not set\n"
                 "By     anna from 192.0.2.1\n");
    mail_text_plain(&out, &site, notices, 2);
    assert_non_null(strstr(buf_text(&out), "1 of 2: Outlet 3 was"));
    assert_non_null(strstr(buf_text(&out), "\n\n2 of 2: Critical: Phase <A>\n"));
    buf_deinit(&out);
}

static void html_is_escaped(void **state)
{
    struct buf out = BUF_EMPTY;
    const struct notice notices[] = {control, raised};
    (void)state;
    mail_text_html(&out, &site, notices, 2, &notices[1], "cid:picture.1@x");
    mail_text_html_end(&out, &site);
    const char *html = buf_text(&out);
    assert_null(strstr(html, "<A>"));
    assert_non_null(strstr(html, "<h3>Critical: Phase &lt;A&gt;</h3>"));
    assert_non_null(strstr(html, "<td>20.25 A</td>"));
    const char *picture = strstr(html, "<img width=\"480\" height=\"160\" src=\"cid:picture.1@x\"");
    assert_true(picture > strstr(html, "Critical"));
    assert_null(strstr(picture + 1, "<img"));
    assert_non_null(strstr(html, "<a href=\"https://rack-7.example.org:8443\">"));
    assert_non_null(strstr(html, "</html>\n"));
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alarm),
        cmocka_unit_test(what_is_not_known_is_not_said),
        cmocka_unit_test(several),
        cmocka_unit_test(html_is_escaped),
    };
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
