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
    server(&t, "250-mail.example.org\n250 SIZE 10240000",
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

/* Access tokens have some thousand letters; RFC 4954, 4 allows lines of 12288. */
static void a_long_token_is_said_whole(void **state)
{
    enum { LENGTH = 6000 };
    static char token[LENGTH + 1];
    struct talk t = {.settings = {.auth = MAIL_AUTH_XOAUTH2, .user = "tim"}};
    (void)state;
    memset(token, 'x', LENGTH);
    begin(&t, false);
    t.session.way.secret = token;
    mail_session_take(&t.session, "220 x", 5);
    buf_clear(&t.session.out);
    mail_session_take(&t.session, "250 AUTH XOAUTH2", 16);
    /* "user=tim\1auth=Bearer ", the token and "\1\1": 22 + 6000 + 2 bytes, 4 letters for 3 */
    assert_int_equal(t.session.out.length, strlen("AUTH XOAUTH2 \r\n") + (24 + LENGTH) / 3 * 4);
    assert_int_equal(strcspn(buf_text(&t.session.out), "\r"), t.session.out.length - 2);
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

/* ---- RFC 2920 -------------------------------------------------------------------------------- */

#define GREETING "220 x\n250-x\n250-PIPELINING\n250 SIZE 10240000"
#define IN_ONE                                                                                     \
    "EHLO rack-7\r\nMAIL FROM:<busbar@example.org> SIZE=1000\r\nRCPT TO:<a@example.org>\r\n"       \
    "RCPT TO:<b@example.org>\r\nDATA\r\n"

/* What the answers to MAIL, two RCPT and DATA lead to. `then`: what we say to them; `last`: what
 * the server says to that, or to the message. */
static const struct {
    const char *answers, *then, *last;
    mail_mask accepted, never;
    bool content, well; /* the message is asked for; it has been delivered at the end */
    const char *problem;
} answers_in_one[] = {
    {"250 m\n250 a\n250 b\n354 go", "", "250 taken", 3, 0, true, true, ""},
    {"250 m\n550 5.1.1 no a\n250 b\n354 go", "", "250 taken", 2, 1, true, true, ""},
    {"250 m\n250 a\n450 4.2.0 later\n354 go", "", "250 taken", 1, 0, true, true, ""},
    {"250-m\n250 m\n250-a\n250-a\n250 a\n250 b\n354-go\n354 on", "", "250 ok", 3, 0, true, true,
     ""},
    {"250 m\n250 a\n250 b\n354 go", "", "554 5.6.0 spam", 0, 3, true, false,
     "mail.example.org refuses the message: 554 5.6.0 spam"},
    {"250 m\n250 a\n250 b\n354 go", "", "354 what", 0, 0, true, false,
     "mail.example.org refuses the message: 354 what"},
    {"250 m\n250 a\n250 b\n451 4.3.0 no space", "", "", 0, 0, false, false,
     "mail.example.org refuses the message: 451 4.3.0 no space"},
    {"250 m\n250 a\n250 b\n250 fine", "", "", 0, 0, false, false,
     "mail.example.org refuses the message: 250 fine"},
    /* nobody is there: DATA is refused, or taken and ended with nothing */
    {"250 m\n550 5.1.1 no a\n550 5.1.1 no b\n554 5.5.1 no valid recipients", "", "", 0, 3, false,
     false, "mail.example.org refuses the recipient: 550 5.1.1 no a"},
    {"250 m\n550 5.1.1 no a\n550 5.1.1 no b\n354 go", ".\r\n", "554 5.5.1 no valid recipients", 0,
     3, false, false, "mail.example.org refuses the recipient: 550 5.1.1 no a"},
    {"250 m\n550 5.1.1 no a\n450 4.2.0 later\n354 go", ".\r\n", "250 2.0.0 queued", 0, 1, false,
     false, "mail.example.org refuses the recipient: 550 5.1.1 no a"},
    /* the sender is refused, and then all the rest */
    {"550 5.1.0 who\n503 5.5.1 MAIL first\n503 5.5.1 MAIL first\n503 5.5.1 RCPT first", "", "", 0,
     0, false, false, "mail.example.org refuses the sender: 550 5.1.0 who"},
    {"552 5.3.4 too large\n503 x\n503 x\n503 x", "", "", 0, 3, false, false,
     "mail.example.org refuses the sender: 552 5.3.4 too large"},
    {"451 4.3.0 later\n250 a\n250 b\n354 go", ".\r\n", "250 2.0.0 queued", 0, 0, false, false,
     "mail.example.org refuses the sender: 451 4.3.0 later"},
    /* it closes: the other answers never come */
    {"421 4.3.2 closing", "", "", 0, 0, false, false,
     "mail.example.org refuses the sender: 421 4.3.2 closing"},
    {"250 m\n250 a\n421 4.3.2 closing", "", "", 0, 0, false, false,
     "mail.example.org refuses the recipient: 421 4.3.2 closing"},
    {"250 m\n250 a\n250 b\n421 4.3.2 closing", "", "", 0, 0, false, false,
     "mail.example.org refuses the message: 421 4.3.2 closing"},
    {"550 5.1.0 who\n503 x\n421 4.3.2 closing", "", "", 0, 0, false, false,
     "mail.example.org refuses the sender: 550 5.1.0 who"},
    /* one answer too many or too few shifts the rest: nothing is sent by mistake */
    {"250 m\n250 m\n250 a\n250 b", "", "", 0, 0, false, false,
     "mail.example.org refuses the message: 250 b"},
    {"250 m\n354 a\n354 b\n354 go", ".\r\n", "250 queued", 0, 0, false, false,
     "mail.example.org refuses the recipient: 354 a"},
};

static void each_answer_counts_for_its_command(void **state)
{
    (void)state;
    for (size_t row = 0; row < TEST_COUNT(answers_in_one); row++) {
        struct talk t = {0};
        begin(&t, false);
        server(&t, GREETING, IN_ONE);
        server(&t, answers_in_one[row].answers, answers_in_one[row].then);
        if ((t.session.want == MAIL_WANT_CONTENT) != answers_in_one[row].content)
            fail_msg("%s: the message is %sasked for", answers_in_one[row].answers,
                     answers_in_one[row].content ? "not " : "");
        if (*answers_in_one[row].last) {
            t.session.want = MAIL_WANT_LINE;
            server(&t, answers_in_one[row].last, "");
        }
        assert_int_equal(t.session.want, MAIL_WANT_NOTHING);
        assert_string_equal(t.session.problem, answers_in_one[row].problem);
        assert_int_equal(t.session.accepted, answers_in_one[row].accepted);
        assert_int_equal(t.session.never, answers_in_one[row].never);
        assert_int_equal(t.session.went_well, answers_in_one[row].well);
        end(&t);
    }
}

/* Cut after each answer: what had been said before counts, what had not is not invented. */
static void a_server_hangs_up_among_its_answers(void **state)
{
    static const struct {
        const char *answers, *problem; /* problem "": the break is what went wrong */
    } rows[] = {
        {"", ""},
        {"250 m", ""},
        {"250 m\n250 a", ""},
        {"250 m\n250 a\n550 no b", ""},
        {"250 m\n550 no a", ""},
        {"250 m\n550 no a\n550 no b", "mail.example.org refuses the recipient: 550 no a"},
        {"250 m\n550 no a\n550 no b\n354 go", "mail.example.org refuses the recipient: 550 no a"},
        {"550 who", "mail.example.org refuses the sender: 550 who"},
        {"550 who\n503 x\n503 x", "mail.example.org refuses the sender: 550 who"},
        {"250 m\n250 a\n250 b\n354 go", ""},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct talk t = {0};
        begin(&t, false);
        server(&t, GREETING, IN_ONE);
        for (const char *at = rows[i].answers; *at;) {
            size_t length = strcspn(at, "\n");
            mail_session_take(&t.session, at, length);
            at += length + (at[length] == '\n');
        }
        assert_int_equal(mail_session_lost(&t.session), *rows[i].problem != '\0');
        assert_string_equal(t.session.problem, rows[i].problem);
        assert_false(t.session.went_well);
        end(&t);
    }
}

/* Sender and recipients are said before the message is there: without its size. */
static void the_envelope_goes_ahead_of_the_message(void **state)
{
    (void)state;
    for (int pipelining = 0; pipelining < 2; pipelining++) {
        for (int large = 0; large < 2; large++) {
            struct talk t = {0};
            begin(&t, false);
            t.session.way.length = 0;
            if (pipelining)
                server(&t, "220 x\n250-x\n250-SIZE 2000\n250 PIPELINING",
                       "EHLO rack-7\r\nMAIL FROM:<busbar@example.org>\r\n"
                       "RCPT TO:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n");
            else
                server(&t, "220 x\n250-x\n250 SIZE 2000",
                       "EHLO rack-7\r\nMAIL FROM:<busbar@example.org>\r\n");
            server(&t, "250 m\n250 a\n250 b\n354 go",
                   pipelining ? ""
                              : "RCPT TO:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n");
            assert_int_equal(t.session.want, MAIL_WANT_CONTENT);
            assert_int_equal(mail_session_message(&t.session, large ? 2001 : 2000), !large);
            assert_int_equal(t.session.want, large ? MAIL_WANT_NOTHING : MAIL_WANT_CONTENT);
            assert_int_equal(t.session.never, large ? 3 : 0);
            assert_string_equal(
                t.session.problem,
                large ? "mail.example.org takes at most 2000 bytes, and this message has 2001"
                      : "");
            end(&t);
        }
    }
    struct talk t = {0}; /* it comes while the greeting is awaited: then its size is said */
    begin(&t, false);
    t.session.way.length = 0;
    assert_true(mail_session_message(&t.session, 77));
    server(&t, "220 x\n250 SIZE", "EHLO rack-7\r\nMAIL FROM:<busbar@example.org> SIZE=77\r\n");
    end(&t);
}

/* Only those who have not got it are asked again, in one go as well. */
static void the_second_message_goes_in_one_too(void **state)
{
    struct talk t = {0};
    (void)state;
    begin(&t, false);
    server(&t, GREETING, IN_ONE);
    server(&t, "250 m\n250 a\n450 4.2.0 later\n354 go", "");
    t.session.want = MAIL_WANT_LINE;
    server(&t, "250 taken", "");
    t.way.done_with = 1;
    t.way.length = 10;
    buf_clear(&t.session.out);
    mail_session_again(&t.session, &t.way);
    assert_string_equal(buf_text(&t.session.out),
                        "MAIL FROM:<busbar@example.org> SIZE=10\r\nRCPT TO:<b@example.org>\r\n"
                        "DATA\r\n");
    server(&t, "250 m\n250 b\n354 go", "");
    assert_int_equal(t.session.want, MAIL_WANT_CONTENT);
    assert_int_equal(t.session.accepted, 2);
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
        cmocka_unit_test(a_long_token_is_said_whole),
        cmocka_unit_test(pop3),
        cmocka_unit_test(what_refusals_mean),
        cmocka_unit_test(limits_and_odd_answers),
        cmocka_unit_test(each_answer_counts_for_its_command),
        cmocka_unit_test(a_server_hangs_up_among_its_answers),
        cmocka_unit_test(the_envelope_goes_ahead_of_the_message),
        cmocka_unit_test(the_second_message_goes_in_one_too),
        cmocka_unit_test(a_server_that_never_ends_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
