#include "face/mail_session_private.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "face/mail_sign_in.h"

/* Fifty recipients and a long list of offers are two hundred. */
#define LINES_MOST 1000
/* Of ours, but for the sign-in: an address or a password and some words. */
#define LINE_MOST 600

/* ---- saying ---------------------------------------------------------------------------------- */

static void say_line(struct mail_session *session, enum mail_stage stage, const char *shown,
                     const char *line)
{
    buf_add_text(&session->out, line);
    buf_add_text(&session->out, "\r\n");
    mail_dialogue_ours(session->dialogue, shown ? shown : line);
    session->stage = stage;
    session->want = MAIL_WANT_LINE;
}

void mail_session_say(struct mail_session *session, enum mail_stage stage, const char *shown,
                      const char *format, ...)
{
    char line[LINE_MOST];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    say_line(session, stage, shown, line);
    explicit_bzero(line, sizeof line);
}

void mail_session_end(struct mail_session *session, bool went_well)
{
    session->stage = MAIL_STAGE_OVER;
    session->want = MAIL_WANT_NOTHING;
    session->went_well = went_well;
}

static void explain_by(struct mail_session *session, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void explain_by(struct mail_session *session, const char *format, va_list args)
{
    const struct mail_settings *settings = session->way.settings;
    int used = snprintf(session->problem, sizeof session->problem, "%s ",
                        session->way.pop ? settings->pop_server : settings->server);
    vsnprintf(session->problem + used, sizeof session->problem - (size_t)used, format, args);
}

void mail_session_explain(struct mail_session *session, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    explain_by(session, format, args);
    va_end(args);
}

static void fail(struct mail_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fail(struct mail_session *session, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    explain_by(session, format, args);
    va_end(args);
    mail_session_end(session, false);
}

void mail_session_explain_refusal(struct mail_session *session)
{
    static const char *const what[] = {
        [MAIL_STAGE_GREETING] = "the connection", [MAIL_STAGE_HELLO] = "the greeting",
        [MAIL_STAGE_ENCRYPT] = "to encrypt",      [MAIL_STAGE_SIGN_IN] = "the sign-in",
        [MAIL_STAGE_SENDER] = "the sender",       [MAIL_STAGE_RECIPIENT] = "the recipient",
        [MAIL_STAGE_DATA] = "the message",        [MAIL_STAGE_CONTENT] = "the message",
    };
    mail_session_explain(session, "refuses %s: %s", what[session->stage],
                         session->dialogue->answer);
}

static void refuse(struct mail_session *session)
{
    mail_session_explain_refusal(session);
    mail_session_end(session, false);
}

/* ---- signing in ------------------------------------------------------------------------------ */

/* The line of this step; what the server has said last is the challenge. */
static void say_sign_in(struct mail_session *session, const char *challenge, size_t length)
{
    const struct mail_settings *settings = session->way.settings;
    const char *shown, *name = mail_sign_in_name(settings->auth);
    struct buf line = BUF_EMPTY;
    switch (mail_sign_in_say(settings, session->way.secret, session->step, challenge, length, &line,
                             &shown)) {
    case MAIL_SIGN_IN_SAY:
        session->step++;
        say_line(session, MAIL_STAGE_SIGN_IN, shown, buf_text(&line));
        break;
    case MAIL_SIGN_IN_ODD:
        fail(session, "gave a challenge that cannot be answered");
        break;
    case MAIL_SIGN_IN_NO_MORE:
        fail(session, "asks for more than the sign-in by %s has", name);
        break;
    }
    if (line.data)
        explicit_bzero(line.data, line.capacity);
    buf_deinit(&line);
}

static void begin_sign_in(struct mail_session *session)
{
    int64_t auth = session->way.settings->auth;
    session->step = 0;
    if (auth == MAIL_AUTH_NONE || session->signed_in)
        mail_session_begin_sender(session);
    else if (session->offers >> auth & 1)
        say_sign_in(session, "", 0);
    else
        fail(session, "does not offer the sign-in by %s", mail_sign_in_name(auth));
}

/* ---- greeting -------------------------------------------------------------------------------- */

static void hello(struct mail_session *session)
{
    session->offers = 0;
    session->offers_tls = session->offers_size = session->offers_pipelining = false;
    session->most = 0;
    mail_session_say(session, MAIL_STAGE_HELLO, NULL, session->old ? "HELO %.200s" : "EHLO %.200s",
                     session->way.host);
}

static bool is_word(const char *at, size_t length, const char *word)
{
    return strlen(word) == length && strncasecmp(at, word, length) == 0;
}

/* "AUTH PLAIN LOGIN"; old servers say "AUTH=PLAIN". */
static void take_mechanisms(struct mail_session *session, const char *at, const char *end)
{
    while (at < end) {
        size_t length = 0;
        while (at + length < end && at[length] != ' ' && at[length] != '=')
            length++;
        session->offers |= 1u << mail_sign_in_of(at, length);
        at += length + 1;
    }
}

static void take_offer(struct mail_session *session, const char *line, size_t length)
{
    const char *at = line + 4, *end = line + length;
    size_t word = 0;
    if (length < 5)
        return;
    while (at + word < end && at[word] != ' ' && at[word] != '=')
        word++;
    if (is_word(at, word, "STARTTLS"))
        session->offers_tls = true;
    else if (is_word(at, word, "PIPELINING"))
        session->offers_pipelining = true;
    else if (is_word(at, word, "AUTH"))
        take_mechanisms(session, at + word, end);
    else if (is_word(at, word, "SIZE")) {
        session->offers_size = true;
        for (const char *digit = at + word + 1;
             digit < end && isdigit((unsigned char)*digit) && session->most < UINT64_MAX / 20;
             digit++)
            session->most = session->most * 10 + (uint64_t)(*digit - '0');
    }
}

static void greeted(struct mail_session *session)
{
    int64_t security = session->way.settings->security;
    if (security != MAIL_STARTTLS || session->encrypted)
        begin_sign_in(session);
    else if (session->offers_tls)
        mail_session_say(session, MAIL_STAGE_ENCRYPT, NULL, "STARTTLS");
    else
        fail(session, "does not offer to encrypt (STARTTLS), and mail.security asks for it");
}

/* ---- answers of SMTP ------------------------------------------------------------------------- */

/* Up to the sign-in: what has been granted. */
static void take_granted(struct mail_session *session, const char *line, size_t length, int code)
{
    if (session->stage == MAIL_STAGE_GREETING)
        hello(session);
    else if (session->stage == MAIL_STAGE_HELLO)
        greeted(session);
    else if (session->stage == MAIL_STAGE_ENCRYPT)
        session->want = MAIL_WANT_TLS;
    else if (code == 334)
        say_sign_in(session, line + 3 + (length > 3), length - 3 - (length > 3));
    else
        mail_session_begin_sender(session);
}

static int code_of(const char *line, size_t length)
{
    if (length < 3 || !isdigit((unsigned char)line[0]) || !isdigit((unsigned char)line[1]) ||
        !isdigit((unsigned char)line[2]) || (length > 3 && line[3] != ' ' && line[3] != '-'))
        return 0;
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
}

/* RFC 5321, 3.2 */
static void say_old_hello(struct mail_session *session)
{
    session->old = true;
    hello(session);
}

static void take_smtp(struct mail_session *session, const char *line, size_t length)
{
    int code = code_of(line, length);
    if (code < 200) {
        fail(session, "does not speak SMTP: %.100s", session->dialogue->answer);
        return;
    }
    if (session->stage == MAIL_STAGE_HELLO && code == 250)
        take_offer(session, line, length);
    if (length > 3 && line[3] == '-')
        return; /* there is more of this answer */
    if (session->stage >= MAIL_STAGE_SENDER)
        mail_session_take_envelope(session, code);
    else if (code < 300 || (session->stage == MAIL_STAGE_SIGN_IN && code == 334))
        take_granted(session, line, length, code);
    else if (session->stage == MAIL_STAGE_HELLO && code >= 500 && !session->old)
        say_old_hello(session);
    else
        refuse(session);
}

/* ---- answers of POP3 ------------------------------------------------------------------------- */

static void say_pop_user(struct mail_session *session)
{
    session->step = 1;
    mail_session_say(session, MAIL_STAGE_SIGN_IN, NULL, "USER %.255s",
                     session->way.settings->pop_user);
}

static void take_pop(struct mail_session *session, const char *line, size_t length)
{
    bool fine = length >= 3 && strncmp(line, "+OK", 3) == 0;
    if (!fine) {
        refuse(session);
    } else if (session->stage == MAIL_STAGE_ENCRYPT) {
        session->want = MAIL_WANT_TLS;
    } else if (session->stage == MAIL_STAGE_GREETING) {
        if (session->way.settings->pop_security == MAIL_STARTTLS && !session->encrypted)
            mail_session_say(session, MAIL_STAGE_ENCRYPT, NULL, "STLS");
        else
            say_pop_user(session);
    } else if (session->step == 1) {
        session->step = 2;
        mail_session_say(session, MAIL_STAGE_SIGN_IN, "PASS ***", "PASS %.255s",
                         session->way.secret);
    } else {
        mail_session_end(session, true);
    }
}

/* ---- public ---------------------------------------------------------------------------------- */

void mail_session_begin(struct mail_session *session, const struct mail_session_way *way,
                        bool encrypted, struct mail_dialogue *dialogue)
{
    struct buf out = session->out;
    *session = (struct mail_session){
        .way = *way, .dialogue = dialogue, .out = out, .encrypted = encrypted};
    buf_clear(&session->out);
}

void mail_session_again(struct mail_session *session, const struct mail_session_way *way)
{
    session->way = *way;
    session->went_well = false;
    session->lines = 0;
    session->problem[0] = session->refusal[0] = '\0';
    mail_session_begin_sender(session);
}

void mail_session_take(struct mail_session *session, const char *line, size_t length)
{
    if (session->want != MAIL_WANT_LINE)
        return;
    mail_dialogue_theirs(session->dialogue, line, length);
    if (++session->lines > LINES_MOST)
        fail(session, "says more than a mail server has to say");
    else if (session->way.pop)
        take_pop(session, line, length);
    else
        take_smtp(session, line, length);
}

void mail_session_encrypted(struct mail_session *session)
{
    session->encrypted = true;
    mail_dialogue_note(session->dialogue, "encrypted from here on");
    /* RFC 3207, 4.2: what was offered in the clear counts no more */
    if (session->way.pop)
        say_pop_user(session);
    else
        hello(session);
}

void mail_session_deinit(struct mail_session *session)
{
    if (session->out.data)
        explicit_bzero(session->out.data, session->out.capacity);
    buf_deinit(&session->out);
}
