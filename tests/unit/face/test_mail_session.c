/* What is said to mail servers, answer by answer. Sign-ins are the examples of RFC 2195 and RFC
 * 4616; the refusals are those of Postfix, qmail, Exchange and Dovecot as their manuals and logs
 * have them. */
#include "test.h"

#include "face/mail_session.h"

/* The server (S) and we (C) in turn; the last line may be the end of it. */
struct talk {
    struct mail_session session;
    struct mail_dialogue dialogue;
    struct mail_settings settings;
    struct mail_session_way way;
};

static void begin(struct talk *t, bool pop)
{
    t->settings.server = t->settings.pop_server = "mail.example.org";
    t->way = (struct mail_session_way){.settings = &t->settings,
                                       .pop = pop,
                                       .host = "rack-7",
                                       .secret = "tanstaaftanstaaf",
                                       .from = "busbar@example.org",
                                       .to = "a@example.org, b@example.org",
                                       .length = 1000};
    t->dialogue = (struct mail_dialogue){.keep = true};
    mail_dialogue_begin(&t->dialogue);
    mail_session_begin(&t->session, &t->way, t->settings.security == MAIL_TLS, &t->dialogue);
}

/* The server says these lines; what we say is `expected`, lines by "\r\n". */
static void server(struct talk *t, const char *said, const char *expected)
{
    buf_clear(&t->session.out);
    while (*said) {
        size_t length = strcspn(said, "\n");
        mail_session_take(&t->session, said, length);
        said += length + (said[length] == '\n');
    }
    assert_string_equal(buf_text(&t->session.out), expected);
}

static void end(struct talk *t)
{
    mail_session_deinit(&t->session);
    mail_dialogue_deinit(&t->dialogue);
}

static void a_message_goes_its_way(void **state)
{
    struct talk t = {0};
    (void)state;
    begin(&t, false);
    server(&t, "220-mail.example.org ESMTP\n220 be welcome", "EHLO rack-7\r\n");
    server(&t, "250-mail.example.org\n250-PIPELINING\n250 SIZE 10240000",
           "MAIL FROM:<busbar@example.org> SIZE=1000\r\n");
    server(&t, "250 2.1.0 Ok", "RCPT TO:<a@example.org>\r\n");
    server(&t, "550 5.1.1 no such user", "RCPT TO:<b@example.org>\r\n");
    server(&t, "250 2.1.5 Ok", "DATA\r\n");
    assert_int_equal(t.session.want, MAIL_WANT_LINE);
    server(&t, "354 go on", "");
    assert_int_equal(t.session.want, MAIL_WANT_CONTENT);
    t.session.want = MAIL_WANT_LINE;
    server(&t, "250 2.0.0 queued as 12", "");
    assert_int_equal(t.session.want, MAIL_WANT_NOTHING);
    assert_true(t.session.went_well);
    assert_int_equal(t.session.accepted, 2);
    assert_int_equal(t.session.never, 1);
    assert_string_equal(t.session.refusal, "550 5.1.1 no such user");
    /* the next one over the same connection, for the second address only */
    t.way.done_with = 1;
    buf_clear(&t.session.out);
    mail_session_again(&t.session, &t.way);
    assert_string_equal(buf_text(&t.session.out), "MAIL FROM:<busbar@example.org> SIZE=1000\r\n");
    server(&t, "250 Ok", "RCPT TO:<b@example.org>\r\n");
    end(&t);
}

static void nothing_is_said_before_encryption(void **state)
{
    struct talk t = {
        .settings = {.security = MAIL_STARTTLS, .auth = MAIL_AUTH_PLAIN, .user = "tim"}};
    (void)state;
    begin(&t, false);
    server(&t, "220 mail.example.org", "EHLO rack-7\r\n");
    server(&t, "250-mail.example.org\n250-STARTTLS\n250 AUTH PLAIN", "STARTTLS\r\n");
    server(&t, "220 go ahead", "");
    assert_int_equal(t.session.want, MAIL_WANT_TLS);
    buf_clear(&t.session.out);
    mail_session_encrypted(&t.session);
    assert_string_equal(buf_text(&t.session.out), "EHLO rack-7\r\n");
    server(&t, "250-mail.example.org\n250 AUTH LOGIN PLAIN",
           "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n");
    server(&t, "235 2.7.0 signed in", "MAIL FROM:<busbar@example.org>\r\n");
    assert_null(strstr(buf_text(&t.dialogue.text), "AHRpb"));
    assert_non_null(strstr(buf_text(&t.dialogue.text), "> AUTH PLAIN ***\n"));
    end(&t);
    /* what was offered in the clear counts no more */
    begin(&t, false);
    server(&t, "220 x\n250-x\n250-AUTH PLAIN\n250 STARTTLS\n220 go", "EHLO rack-7\r\nSTARTTLS\r\n");
    mail_session_encrypted(&t.session);
    server(&t, "250 x", "");
    assert_string_equal(t.session.problem, "mail.example.org does not offer the sign-in by PLAIN");
    end(&t);
}

static void refusals_before_encryption(void **state)
{
    static const struct {
        const char *said, *problem;
    } rows[] = {
        {"220 x\n250 AUTH PLAIN", "mail.example.org does not offer to encrypt (STARTTLS), and "
                                  "mail.security asks for it"},
        {"220 x\n502 what\n250 x", "mail.example.org does not offer to encrypt (STARTTLS), and "
                                   "mail.security asks for it"},
        {"220 x\n250 STARTTLS\n454 4.7.0 not now",
         "mail.example.org refuses to encrypt: 454 4.7.0 not now"},
        {"554 5.7.1 go away", "mail.example.org refuses the connection: 554 5.7.1 go away"},
        {"421 too many", "mail.example.org refuses the connection: 421 too many"},
        {"SSH-2.0-OpenSSH", "mail.example.org does not speak SMTP: SSH-2.0-OpenSSH"},
        {"2200 x", "mail.example.org does not speak SMTP: 2200 x"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct talk t = {.settings = {.security = MAIL_STARTTLS}};
        begin(&t, false);
        const char *said = rows[i].said;
        while (*said) {
            size_t length = strcspn(said, "\n");
            mail_session_take(&t.session, said, length);
            said += length + (said[length] == '\n');
        }
        assert_string_equal(t.session.problem, rows[i].problem);
        assert_null(strstr(buf_text(&t.session.out), "MAIL"));
        assert_null(strstr(buf_text(&t.session.out), "AUTH"));
        assert_int_equal(t.session.never, 0);
        end(&t);
    }
}

static void sign_ins(void **state)
{
    struct talk t = {.settings = {.auth = MAIL_AUTH_CRAM_MD5, .user = "tim"}};
    (void)state;
    begin(&t, false);
    server(&t, "220 x\n250 AUTH PLAIN CRAM-MD5", "EHLO rack-7\r\nAUTH CRAM-MD5\r\n");
    server(&t, "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
           "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n");
    server(&t, "235 fine", "MAIL FROM:<busbar@example.org>\r\n");
    assert_null(strstr(buf_text(&t.dialogue.text), "dGltIGI5"));
    end(&t);

    t.settings.auth = MAIL_AUTH_LOGIN;
    begin(&t, false);
    server(&t, "220 x\n250 AUTH=LOGIN", "EHLO rack-7\r\nAUTH LOGIN\r\n"); /* the old form */
    server(&t, "334 VXNlcm5hbWU6", "dGlt\r\n");
    server(&t, "334 UGFzc3dvcmQ6", "dGFuc3RhYWZ0YW5zdGFhZg==\r\n");
    server(&t, "334 more", "");
    assert_string_equal(t.session.problem,
                        "mail.example.org asks for more than the sign-in by LOGIN has");
    end(&t);

    t.settings.auth = MAIL_AUTH_XOAUTH2;
    begin(&t, false);
    server(&t, "220 x\n250 AUTH XOAUTH2",
           "EHLO rack-7\r\nAUTH XOAUTH2 dXNlcj10aW0BYXV0aD1CZWFyZXIgdGFuc3RhYWZ0YW5zdGFhZgEB\r\n");
    server(&t, "334 eyJzdGF0dXMiOiI0MDEifQ==", "\r\n");
    server(&t, "535 5.7.8 stale", "");
    assert_string_equal(t.session.problem, "mail.example.org refuses the sign-in: 535 5.7.8 stale");
    assert_int_equal(t.session.never, 0);
    end(&t);
}

static void pop3(void **state)
{
    struct talk t = {.settings = {.pop_security = MAIL_STARTTLS, .pop_user = "tim"}};
    (void)state;
    begin(&t, true);
    server(&t, "+OK POP3 <1896.697170952@dbc.mtview.ca.us>", "STLS\r\n");
    server(&t, "+OK begin", "");
    assert_int_equal(t.session.want, MAIL_WANT_TLS);
    mail_session_encrypted(&t.session);
    server(&t, "+OK", "PASS tanstaaftanstaaf\r\n");
    assert_non_null(strstr(buf_text(&t.dialogue.text), "> USER tim\n< +OK\n> PASS ***\n"));
    server(&t, "+OK 3 messages", "");
    assert_true(t.session.went_well);
    end(&t);
    begin(&t, true);
    server(&t, "+OK\n-ERR no", "STLS\r\n");
    assert_string_equal(t.session.problem, "mail.example.org refuses to encrypt: -ERR no");
    end(&t);
}

static void what_refusals_mean(void **state)
{
    static const struct {
        enum mail_stage stage;
        const char *answer;
        enum notify_outcome meaning;
    } rows[] = {
        {MAIL_STAGE_RECIPIENT, "250 2.1.5 Ok", NOTIFY_DELIVERED},
        {MAIL_STAGE_RECIPIENT, "251 User not local; will forward", NOTIFY_DELIVERED},
        {MAIL_STAGE_RECIPIENT, "450 4.2.0 Greylisted, see http://postgrey.example", NOTIFY_LATER},
        {MAIL_STAGE_RECIPIENT, "452 4.2.2 Mailbox full", NOTIFY_LATER},
        {MAIL_STAGE_RECIPIENT, "550 5.1.1 User unknown in virtual mailbox table", NOTIFY_NEVER},
        {MAIL_STAGE_RECIPIENT, "550 No such user here", NOTIFY_NEVER},
        {MAIL_STAGE_RECIPIENT, "554 5.7.1 Relay access denied", NOTIFY_LATER},
        {MAIL_STAGE_RECIPIENT, "550 5.7.54 SMTP; Unable to relay recipient", NOTIFY_LATER},
        {MAIL_STAGE_RECIPIENT, "550 relay not permitted", NOTIFY_LATER},
        {MAIL_STAGE_RECIPIENT, "530 5.7.0 Must issue a STARTTLS command first", NOTIFY_LATER},
        {MAIL_STAGE_RECIPIENT, "550 Authentication is required for relay", NOTIFY_LATER},
        {MAIL_STAGE_SENDER, "550 5.1.0 sender rejected", NOTIFY_LATER},
        {MAIL_STAGE_SENDER, "552 5.3.4 Message size exceeds fixed limit", NOTIFY_NEVER},
        {MAIL_STAGE_SIGN_IN, "535 5.7.8 Authentication failed", NOTIFY_LATER},
        {MAIL_STAGE_SIGN_IN, "534 5.7.9 mechanism too weak", NOTIFY_LATER},
        {MAIL_STAGE_DATA, "554 5.5.1 no valid recipients", NOTIFY_LATER},
        {MAIL_STAGE_CONTENT, "451 4.3.0 try again", NOTIFY_LATER},
        {MAIL_STAGE_CONTENT, "554 5.6.0 message content rejected", NOTIFY_NEVER},
        {MAIL_STAGE_GREETING, "554 no SMTP service here", NOTIFY_LATER},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        if (mail_session_meaning(rows[i].stage, atoi(rows[i].answer), rows[i].answer) !=
            rows[i].meaning)
            fail_msg("%s", rows[i].answer);
    }
}

static void limits_and_odd_answers(void **state)
{
    struct talk t = {0};
    (void)state;
    begin(&t, false); /* the message has 1000 bytes */
    server(&t, "220 x\n250 SIZE 999", "EHLO rack-7\r\n");
    assert_string_equal(t.session.problem,
                        "mail.example.org takes at most 999 bytes, and this message has 1000");
    assert_int_equal(t.session.never, 3);
    end(&t);
    begin(&t, false); /* only 354 is followed by a message */
    server(&t, "220 x\n250 x\n250 x\n250 x\n250 x",
           "EHLO rack-7\r\nMAIL FROM:<busbar@example.org>\r\nRCPT TO:<a@example.org>\r\n"
           "RCPT TO:<b@example.org>\r\nDATA\r\n");
    server(&t, "250 fine", "");
    assert_int_equal(t.session.want, MAIL_WANT_NOTHING);
    assert_false(t.session.went_well);
    assert_int_equal(t.session.accepted, 0);
    end(&t);
    begin(&t, false);
    t.way.to = "a b, <c@d>";
    mail_session_begin(&t.session, &t.way, false, &t.dialogue);
    server(&t, "220 x\n250 x", "EHLO rack-7\r\n");
    assert_false(t.session.went_well);
    end(&t);
}

static void a_server_that_never_ends_is_left(void **state)
{
    struct talk t = {0};
    int lines = 0;
    (void)state;
    begin(&t, false);
    server(&t, "220 x", "EHLO rack-7\r\n");
    while (t.session.want == MAIL_WANT_LINE && lines < 100000) {
        mail_session_take(&t.session, "250-x", 5);
        lines++;
    }
    assert_int_equal(t.session.want, MAIL_WANT_NOTHING);
    assert_in_range(lines, 500, 2000);
    assert_false(t.session.went_well);
    assert_true(t.dialogue.text.length < 64 << 10);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_goes_its_way),
        cmocka_unit_test(nothing_is_said_before_encryption),
        cmocka_unit_test(refusals_before_encryption),
        cmocka_unit_test(sign_ins),
        cmocka_unit_test(pop3),
        cmocka_unit_test(what_refusals_mean),
        cmocka_unit_test(limits_and_odd_answers),
        cmocka_unit_test(a_server_that_never_ends_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
