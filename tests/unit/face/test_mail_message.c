/* Mails as bytes. The encoded forms were made by Python's base64, quopri and email. */
#include "test.h"

#include "face/mail_code.h"
#include "face/mail_message.h"

/* 2026-11-21 01:02:03 UTC by `date -u -d`, a Saturday; the tests' zone is Berlin's. */
#define MOMENT (1795222923LL * CLOCK_S)

static struct mail_message plain(void)
{
    return (struct mail_message){.id = "1f.2",
                                 .host = "rack-7.example.org",
                                 .from = "busbar@example.org",
                                 .from_name = "Rack 7",
                                 .to = "a@example.org, b@example.org",
                                 .wall = MOMENT,
                                 .subject = "Too warm",
                                 .text = "One line\nand another"};
}

static void expect(const struct mail_message *message, const char *text)
{
    struct buf out = BUF_EMPTY;
    mail_message_write(message, &out);
    assert_string_equal(buf_text(&out), text);
    buf_deinit(&out);
}

static void a_plain_mail(void **state)
{
    (void)state;
    struct mail_message message = plain();
    message.thread = "alarm-9";
    message.urgent = true;
    expect(&message, "Date: Sat, 21 Nov 2026 02:02:03 +0100\r\n"
                     "From: \"Rack 7\" <busbar@example.org>\r\n"
                     "To: a@example.org,\r\n"
                     " b@example.org\r\n"
                     "Subject: Too warm\r\n"
                     "Message-ID: <1f.2@rack-7.example.org>\r\n"
                     "References: <alarm-9@rack-7.example.org>\r\n"
                     "Auto-Submitted: auto-generated\r\n"
                     "Importance: high\r\n"
                     "MIME-Version: 1.0\r\n"
                     "Content-Type: text/plain; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: quoted-printable\r\n"
                     "\r\n"
                     "One line\r\n"
                     "and another\r\n");
}

static void all_parts(void **state)
{
    (void)state;
    struct mail_message message = plain();
    message.wall = 0; /* not known: no date */
    message.html = "<p>=</p>";
    message.png = (struct mail_bytes){.data = "\x89PNG", .length = 4};
    message.file = (struct mail_bytes){
        .name = "M\xC3\xA4rz 1.csv", .type = "text/csv; charset=utf-8", .data = "a,b", .length = 3};
    expect(&message, "From: \"Rack 7\" <busbar@example.org>\r\n"
                     "To: a@example.org,\r\n"
                     " b@example.org\r\n"
                     "Subject: Too warm\r\n"
                     "Message-ID: <1f.2@rack-7.example.org>\r\n"
                     "Auto-Submitted: auto-generated\r\n"
                     "MIME-Version: 1.0\r\n"
                     "Content-Type: multipart/mixed; boundary=\"=_busbar_mixed\"\r\n"
                     "\r\n"
                     "\r\n--=_busbar_mixed\r\n"
                     "Content-Type: multipart/related; type=\"multipart/alternative\";\r\n"
                     " boundary=\"=_busbar_related\"\r\n"
                     "\r\n"
                     "\r\n--=_busbar_related\r\n"
                     "Content-Type: multipart/alternative; boundary=\"=_busbar_alternative\"\r\n"
                     "\r\n"
                     "\r\n--=_busbar_alternative\r\n"
                     "Content-Type: text/plain; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: quoted-printable\r\n"
                     "\r\n"
                     "One line\r\nand another\r\n"
                     "\r\n--=_busbar_alternative\r\n"
                     "Content-Type: text/html; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: quoted-printable\r\n"
                     "\r\n"
                     "<p>=3D</p>\r\n"
                     "\r\n--=_busbar_alternative--\r\n"
                     "\r\n--=_busbar_related\r\n"
                     "Content-Type: image/png\r\n"
                     "Content-Transfer-Encoding: base64\r\n"
                     "Content-ID: <picture.1f.2@rack-7.example.org>\r\n"
                     "Content-Disposition: inline; filename=\"picture.png\"\r\n"
                     "\r\n"
                     "iVBORw==\r\n"
                     "\r\n--=_busbar_related--\r\n"
                     "\r\n--=_busbar_mixed\r\n"
                     "Content-Type: text/csv; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: base64\r\n"
                     "Content-Disposition: attachment;\r\n"
                     " filename=\"M_rz_1.csv\";\r\n"
                     " filename*=UTF-8''M%C3%A4rz%201.csv\r\n"
                     "\r\n"
                     "YSxi\r\n"
                     "\r\n--=_busbar_mixed--\r\n");
    struct buf picture = BUF_EMPTY;
    mail_message_picture(message.id, message.host, &picture);
    assert_string_equal(buf_text(&picture), "cid:picture.1f.2@rack-7.example.org");
    buf_deinit(&picture);
}

static void header(const char *text, const char *expected)
{
    struct buf out = BUF_EMPTY;
    size_t column = 0;
    mail_code_header(&out, text, &column);
    assert_string_equal(buf_text(&out), expected);
    buf_deinit(&out);
}

static void subjects(void **state)
{
    (void)state;
    header("", "");
    header("\xC3\x9C"
           "bertemperatur 5 \xC2\xB0"
           "C",
           " =?UTF-8?B?w5xiZXJ0ZW1wZXJhdHVyIDUgwrBD?=");
    header(
        "twenty-byte-long-word twenty-byte-long-word twenty-byte-long-word twenty-byte-long-word",
        " twenty-byte-long-word twenty-byte-long-word twenty-byte-long-word\r\n"
        " twenty-byte-long-word");
    /* what looks like an encoded word is none */
    header("=?UTF-8?B?eA==?=", " =?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=");
    /* 23 two-byte letters: 22 fit into 45 bytes, none is cut */
    header(
        "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4"
        "\xC3\xA4"
        "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4",
        " =?UTF-8?B?w6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6Q=?=\r\n"
        " =?UTF-8?B?w6Q=?=");
}

static void nothing_adds_a_header(void **state)
{
    (void)state;
    header("a\r\nBcc: x@example.org", " a Bcc: x@example.org");
    header("a\nb\rc\td\x7f"
           "e",
           " a b c d e");
    header("\xC0\xAF\xED\xA0\x80", " =?UTF-8?B?77+977+977+977+977+9?="); /* five of U+FFFD */
    struct mail_message message = plain();
    message.from = "a@b>\r\nBcc: <c@d";
    message.from_name = "\"x\\\" <evil@example.org>\r\n";
    message.to = "a@b\r\nBcc: c@d, good@example.org, <x@y>, \xC3\xA4@example.org";
    message.id = "1>\r\nBcc: c@d";
    message.host = "\r\n";
    message.thread = "";
    message.subject = "\r\n\r\nbody";
    message.text = ".\r\nQUIT";
    expect(&message, "Date: Sat, 21 Nov 2026 02:02:03 +0100\r\n"
                     "From: =?UTF-8?B?InhcIiA8ZXZpbEBleGFtcGxlLm9yZz4g?= <>\r\n"
                     "To: c@d,\r\n good@example.org\r\n"
                     "Subject: =?UTF-8?B?ICBib2R5?=\r\n"
                     "Message-ID: <1Bcccd@busbar>\r\n"
                     "References: <busbar@busbar>\r\n"
                     "Auto-Submitted: auto-generated\r\n"
                     "MIME-Version: 1.0\r\n"
                     "Content-Type: text/plain; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: quoted-printable\r\n"
                     "\r\n"
                     ".\r\nQUIT\r\n");
}

static void quoted(const char *text, const char *expected)
{
    struct buf out = BUF_EMPTY;
    mail_code_quoted(&out, text);
    assert_string_equal(buf_text(&out), expected);
    buf_deinit(&out);
}

static void quoted_printable(void **state)
{
    (void)state;
    quoted("", "");
    quoted("a=b \nc", "a=3Db=20\r\nc\r\n");
    quoted("5 \xC2\xB0"
           "C\r\n\r\nx",
           "5 =C2=B0C\r\n\r\nx\r\n");
    quoted("0123456789012345678901234567890123456789012345678901234567890123456789012345678",
           "012345678901234567890123456789012345678901234567890123456789012345678901234=\r\n"
           "5678\r\n");
}

static void short_messages(void **state)
{
    (void)state;
    struct mail_message message = plain();
    struct buf out = BUF_EMPTY;
    char text[400];
    message.html = "<p>";
    message.text = "Outlet 3:\n13 A";
    mail_message_write_short(&message, &out);
    assert_non_null(strstr(buf_text(&out), "Content-Type: text/plain; charset=us-ascii\r\n"
                                           "Content-Transfer-Encoding: 7bit\r\n"
                                           "\r\nOutlet 3: 13 A\r\n"));
    assert_null(strstr(buf_text(&out), "multipart"));
    memset(text, 'x', sizeof text - 1);
    text[160] = '\0';
    message.text = text;
    buf_clear(&out);
    mail_message_write_short(&message, &out);
    assert_int_equal(strlen(strstr(buf_text(&out), "\r\n\r\n")), 4 + 160 + 2);
    text[160] = 'x';
    text[161] = '\0';
    buf_clear(&out);
    mail_message_write_short(&message, &out);
    assert_int_equal(strlen(strstr(buf_text(&out), "\r\n\r\n")), 4 + 160 + 2);
    assert_non_null(strstr(buf_text(&out), "xxx...\r\n"));
    buf_deinit(&out);
}

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {{"a@b", true},
                {"first.last+tag@mail.example.org", true},
                {"4915112345678@sms.example.com", true},
                {"x_y=z@a-b.example", true},
                {"", false},
                {"a", false},
                {"@b", false},
                {"a@", false},
                {"a@b@c", false},
                {"a b@c", false},
                {"a@b c", false},
                {"<a@b>", false},
                {"a@b\n", false},
                {"-f@b", false},
                {".a@b", false},
                {"a.@b", false},
                {"a@.b", false},
                {"a@b.", false},
                {"\"a b\"@c", false},
                {"\xC3\xA4@b", false}};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        if (mail_address_valid(rows[i].text, strlen(rows[i].text)) != rows[i].valid)
            fail_msg("%s", rows[i].text);
    }
    const char *list = " ,a@b ,; c@d", *address;
    assert_int_equal(mail_address_next(&list, &address), 3);
    assert_memory_equal(address, "a@b", 3);
    assert_int_equal(mail_address_next(&list, &address), 3);
    assert_memory_equal(address, "c@d", 3);
    assert_int_equal(mail_address_next(&list, &address), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_mail),     cmocka_unit_test(all_parts),
        cmocka_unit_test(subjects),         cmocka_unit_test(nothing_adds_a_header),
        cmocka_unit_test(quoted_printable), cmocka_unit_test(short_messages),
        cmocka_unit_test(addresses),
    };
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
