#include "face/mail_session.h"

#include <ctype.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "face/mail_code.h"

#define MD5_BYTES 16
/* Fifty recipients and a long list of offers are two hundred. */
#define LINES_MOST 1000

/* ---- saying ---------------------------------------------------------------------------------- */

/* `shown`: what people may see of it; NULL: all. */
static void say(struct mail_session *session, enum mail_stage stage, const char *shown,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

static void say(struct mail_session *session, enum mail_stage stage, const char *shown,
                const char *format, ...)
{
    char line[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    buf_add_text(&session->out, line);
    buf_add_text(&session->out, "\r\n");
    mail_dialogue_ours(session->dialogue, shown ? shown : line);
    session->stage = stage;
    session->want = MAIL_WANT_LINE;
    explicit_bzero(line, sizeof line);
}

static const char *server_of(const struct mail_session *session)
{
    const struct mail_settings *settings = session->way.settings;
    return session->way.pop ? settings->pop_server : settings->server;
}

static void end(struct mail_session *session, bool went_well)
{
    session->stage = MAIL_STAGE_OVER;
    session->want = MAIL_WANT_NOTHING;
    session->went_well = went_well;
}

static void fail(struct mail_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fail(struct mail_session *session, const char *format, ...)
{
    int used = snprintf(session->problem, sizeof session->problem, "%s ", server_of(session));
    va_list args;
    va_start(args, format);
    vsnprintf(session->problem + used, sizeof session->problem - (size_t)used, format, args);
    va_end(args);
    end(session, false);
}

/* ---- what answers mean ----------------------------------------------------------------------- */

/* RFC 3463, 3.8: a matter of rights or rules, which people can change. Old servers say it in words.
 */
static bool is_policy(const char *answer)
{
    const char *status = strlen(answer) > 4 ? answer + 4 : "";
    return strncmp(status, "5.7.", 4) == 0 || strcasestr(answer, "relay") ||
           strcasestr(answer, "authent");
}

enum notify_outcome mail_session_meaning(enum mail_stage stage, int code, const char *answer)
{
    if (code >= 200 && code < 400)
        return NOTIFY_DELIVERED;
    if (code < 500)
        return NOTIFY_LATER;
    /* RFC 1870, 6.1: too large is said about the sender already. */
    if (stage == MAIL_STAGE_CONTENT || (stage == MAIL_STAGE_SENDER && code == 552))
        return NOTIFY_NEVER;
    /* RFC 4954, 6: 530 and 535 are about the sign-in, whenever they are said. */
    if (stage == MAIL_STAGE_RECIPIENT && code != 530 && code != 535 && !is_policy(answer))
        return NOTIFY_NEVER;
    return NOTIFY_LATER;
}

static const char *const refused[] = {
    [MAIL_STAGE_GREETING] = "the connection", [MAIL_STAGE_HELLO] = "the greeting",
    [MAIL_STAGE_ENCRYPT] = "to encrypt",      [MAIL_STAGE_SIGN_IN] = "the sign-in",
    [MAIL_STAGE_SENDER] = "the sender",       [MAIL_STAGE_RECIPIENT] = "the recipient",
    [MAIL_STAGE_DATA] = "the message",        [MAIL_STAGE_CONTENT] = "the message",
};

static void refuse(struct mail_session *session, int code)
{
    const char *answer = session->dialogue->answer;
    if (mail_session_meaning(session->stage, code, answer) == NOTIFY_NEVER)
        session->never |= session->asked;
    session->accepted = 0;
    fail(session, "refuses %s: %s", refused[session->stage], answer);
}

/* ---- signing in ------------------------------------------------------------------------------ */

static const char *const mechanisms[] = {
    [MAIL_AUTH_NONE] = "",           [MAIL_AUTH_PLAIN] = "PLAIN",
    [MAIL_AUTH_LOGIN] = "LOGIN",     [MAIL_AUTH_CRAM_MD5] = "CRAM-MD5",
    [MAIL_AUTH_XOAUTH2] = "XOAUTH2",
};

static void wipe(struct buf *buf)
{
    if (buf->data)
        explicit_bzero(buf->data, buf->capacity);
    buf_deinit(buf);
}

/* Say `head` and the bytes in base64. */
static void say_encoded(struct mail_session *session, const char *shown, const char *head,
                        struct buf *secret)
{
    struct buf text = BUF_EMPTY;
    mail_code_base64_word(&text, secret->data, secret->length);
    say(session, MAIL_STAGE_SIGN_IN, shown, "%s%s", head, buf_text(&text));
    wipe(&text);
    wipe(secret);
}

/* RFC 4616 */
static void say_plain(struct mail_session *session)
{
    struct buf secret = BUF_EMPTY;
    buf_add_char(&secret, '\0');
    buf_add_text(&secret, session->way.settings->user);
    buf_add_char(&secret, '\0');
    buf_add_text(&secret, session->way.secret);
    say_encoded(session, "AUTH PLAIN ***", "AUTH PLAIN ", &secret);
}

/* https://developers.google.com/gmail/imap/xoauth2-protocol */
static void say_token(struct mail_session *session)
{
    struct buf secret = BUF_EMPTY;
    buf_add_format(&secret, "user=%s\1auth=Bearer %s\1\1", session->way.settings->user,
                   session->way.secret);
    say_encoded(session, "AUTH XOAUTH2 ***", "AUTH XOAUTH2 ", &secret);
}

static void say_word(struct mail_session *session, const char *word)
{
    struct buf secret = BUF_EMPTY;
    buf_add_text(&secret, word);
    say_encoded(session, "***", "", &secret);
}

/* RFC 2195: the user and HMAC-MD5 of the challenge in hexadecimal digits. */
static void say_digest(struct mail_session *session, const char *challenge, size_t length)
{
    gnutls_datum_t text = {.data = (void *)(uintptr_t)challenge, .size = (unsigned)length};
    gnutls_datum_t bytes = {0};
    unsigned char digest[MD5_BYTES];
    struct buf secret = BUF_EMPTY;
    if (gnutls_base64_decode2(&text, &bytes) < 0 ||
        gnutls_hmac_fast(GNUTLS_MAC_MD5, session->way.secret, strlen(session->way.secret),
                         bytes.data, bytes.size, digest) < 0) {
        gnutls_free(bytes.data);
        fail(session, "gave a challenge that cannot be answered");
        return;
    }
    gnutls_free(bytes.data);
    buf_add_format(&secret, "%s ", session->way.settings->user);
    for (size_t i = 0; i < MD5_BYTES; i++)
        buf_add_format(&secret, "%02x", digest[i]);
    say_encoded(session, "***", "", &secret);
}

static void begin_sender(struct mail_session *session);

static void begin_sign_in(struct mail_session *session)
{
    int64_t auth = session->way.settings->auth;
    session->step = 0;
    if (auth == MAIL_AUTH_NONE || session->signed_in) {
        begin_sender(session);
    } else if (!(session->offers >> auth & 1)) {
        fail(session, "does not offer the sign-in by %s", mechanisms[auth]);
    } else if (auth == MAIL_AUTH_PLAIN) {
        say_plain(session);
    } else if (auth == MAIL_AUTH_XOAUTH2) {
        say_token(session);
    } else {
        say(session, MAIL_STAGE_SIGN_IN, NULL, "AUTH %s", mechanisms[auth]);
    }
}

/* The server wants more: 334. */
static void go_on_sign_in(struct mail_session *session, const char *line, size_t length)
{
    int64_t auth = session->way.settings->auth;
    size_t head = length < 4 ? length : 4;
    int step = session->step++;
    if (auth == MAIL_AUTH_LOGIN && step == 0)
        say_word(session, session->way.settings->user);
    else if (auth == MAIL_AUTH_LOGIN && step == 1)
        say_word(session, session->way.secret);
    else if (auth == MAIL_AUTH_CRAM_MD5 && step == 0)
        say_digest(session, line + head, length - head);
    else if (auth == MAIL_AUTH_XOAUTH2 && step == 0)
        say(session, MAIL_STAGE_SIGN_IN, NULL, "%s", ""); /* it says why, then refuses */
    else
        fail(session, "asks for more than the sign-in by %s has", mechanisms[auth]);
}

/* ---- the message ----------------------------------------------------------------------------- */

/* The address of a bit that is to be asked about, from `from` on; -1 when there are no more. */
static int find_address(const struct mail_session *session, int from, const char **address,
                        size_t *length)
{
    const char *at = session->way.to;
    for (int bit = 0; bit < MAIL_ADDRESSES_MOST; bit++) {
        *length = mail_address_next(&at, address);
        if (!*length)
            return -1;
        if (bit >= from && !(session->way.done_with >> bit & 1) &&
            mail_address_valid(*address, *length))
            return bit;
    }
    return -1;
}

static void begin_sender(struct mail_session *session)
{
    const char *address;
    size_t length;
    session->signed_in = true;
    if (session->way.ahead) {
        end(session, true);
        return;
    }
    session->asked = session->accepted = session->never = 0;
    for (int bit = -1; (bit = find_address(session, bit + 1, &address, &length)) >= 0;)
        session->asked |= (mail_mask)1 << bit;
    if (!session->asked) {
        fail(session, "was not asked: there is no address that mail can be sent to");
    } else if (session->most && session->way.length > session->most) {
        session->never |= session->asked;
        fail(session, "takes at most %llu bytes, and this message has %zu",
             (unsigned long long)session->most, session->way.length);
    } else if (session->offers_size) {
        say(session, MAIL_STAGE_SENDER, NULL, "MAIL FROM:<%.254s> SIZE=%zu", session->way.from,
            session->way.length);
    } else {
        say(session, MAIL_STAGE_SENDER, NULL, "MAIL FROM:<%.254s>", session->way.from);
    }
}

static void next_recipient(struct mail_session *session, int from)
{
    const char *address;
    size_t length;
    session->bit = find_address(session, from, &address, &length);
    if (session->bit >= 0)
        say(session, MAIL_STAGE_RECIPIENT, NULL, "RCPT TO:<%.*s>", (int)length, address);
    else if (session->accepted)
        say(session, MAIL_STAGE_DATA, NULL, "DATA");
    else
        fail(session, "refuses the recipient: %s", session->refusal);
}

static void take_recipient(struct mail_session *session, int code)
{
    const char *answer = session->dialogue->answer;
    mail_mask bit = (mail_mask)1 << session->bit;
    enum notify_outcome meaning = mail_session_meaning(MAIL_STAGE_RECIPIENT, code, answer);
    if (meaning == NOTIFY_DELIVERED)
        session->accepted |= bit;
    else if (!session->refusal[0])
        memcpy(session->refusal, answer, sizeof session->refusal);
    if (meaning == NOTIFY_NEVER)
        session->never |= bit;
    next_recipient(session, session->bit + 1);
}

/* ---- greeting -------------------------------------------------------------------------------- */

static void hello(struct mail_session *session)
{
    session->offers = 0;
    session->offers_tls = session->offers_size = false;
    session->most = 0;
    say(session, MAIL_STAGE_HELLO, NULL, session->old ? "HELO %.200s" : "EHLO %.200s",
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
        for (unsigned i = 1; i < sizeof mechanisms / sizeof *mechanisms; i++) {
            if (is_word(at, length, mechanisms[i]))
                session->offers |= 1u << i;
        }
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
        say(session, MAIL_STAGE_ENCRYPT, NULL, "STARTTLS");
    else
        fail(session, "does not offer to encrypt (STARTTLS), and mail.security asks for it");
}

/* ---- answers of SMTP ------------------------------------------------------------------------- */

static void want_tls(struct mail_session *session)
{
    session->want = MAIL_WANT_TLS;
}

static void take_accepted(struct mail_session *session, const char *line, size_t length, int code)
{
    switch (session->stage) {
    case MAIL_STAGE_GREETING:
        hello(session);
        break;
    case MAIL_STAGE_HELLO:
        greeted(session);
        break;
    case MAIL_STAGE_ENCRYPT:
        want_tls(session);
        break;
    case MAIL_STAGE_SIGN_IN:
        if (code == 334)
            go_on_sign_in(session, line, length);
        else
            begin_sender(session);
        break;
    case MAIL_STAGE_SENDER:
        next_recipient(session, 0);
        break;
    case MAIL_STAGE_DATA:
        mail_dialogue_note(session->dialogue, "the message");
        session->stage = MAIL_STAGE_CONTENT;
        session->want = MAIL_WANT_CONTENT;
        break;
    case MAIL_STAGE_CONTENT:
        end(session, true);
        break;
    case MAIL_STAGE_RECIPIENT:
    case MAIL_STAGE_OVER:
        break;
    }
}

static int code_of(const char *line, size_t length)
{
    if (length < 3 || !isdigit((unsigned char)line[0]) || !isdigit((unsigned char)line[1]) ||
        !isdigit((unsigned char)line[2]) || (length > 3 && line[3] != ' ' && line[3] != '-'))
        return 0;
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
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
    if (session->stage == MAIL_STAGE_RECIPIENT) {
        take_recipient(session, code);
        return;
    }
    /* 354 is all that may answer DATA; nothing else is followed by a message */
    bool fine = session->stage == MAIL_STAGE_DATA ? code == 354 : code < 400;
    bool old = session->stage == MAIL_STAGE_HELLO && code >= 500 && !session->old;
    if (fine) {
        take_accepted(session, line, length, code);
    } else if (old) { /* RFC 5321, 3.2 */
        session->old = true;
        hello(session);
    } else {
        refuse(session, code);
    }
}

/* ---- answers of POP3 ------------------------------------------------------------------------- */

static void say_pop_user(struct mail_session *session)
{
    session->step = 1;
    say(session, MAIL_STAGE_SIGN_IN, NULL, "USER %.255s", session->way.settings->pop_user);
}

static void take_pop(struct mail_session *session, const char *line, size_t length)
{
    bool fine = length >= 3 && strncmp(line, "+OK", 3) == 0;
    if (!fine) {
        fail(session, "refuses %s: %s", refused[session->stage], session->dialogue->answer);
    } else if (session->stage == MAIL_STAGE_ENCRYPT) {
        want_tls(session);
    } else if (session->stage == MAIL_STAGE_GREETING) {
        if (session->way.settings->pop_security == MAIL_STARTTLS && !session->encrypted)
            say(session, MAIL_STAGE_ENCRYPT, NULL, "STLS");
        else
            say_pop_user(session);
    } else if (session->step == 1) {
        session->step = 2;
        say(session, MAIL_STAGE_SIGN_IN, "PASS ***", "PASS %.255s", session->way.secret);
    } else {
        end(session, true);
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
    begin_sender(session);
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
