/* fuzz_mail_session - a mail server that says anything: what is said to it stays lines of ours, the
 * password is not among them before they are encrypted, and never in what people are shown. The
 * message goes out only when sender, each recipient and DATA have had an answer each and somebody
 * is to get it, and nothing else counts as sent. The first byte chooses the settings, the rest is
 * what the server says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "face/mail_session.h"

#define SECRET "tanstaaftanstaaf"
#define SECRET_BASE64 "dGFuc3RhYWZ0YW5zdGFhZg"
#define PLAIN_BASE64 "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What has been said and heard since the sender was named, counted apart from the session. */
struct count {
    int commands, answers;
    bool message, nothing; /* it was asked for; a message of nothing was sent instead */
};

static void check_lines(struct mail_session *session, struct count *count)
{
    const char *at = buf_text(&session->out);
    for (const char *line = at; *line; line = strchr(line, '\n') + 1) {
        if (strncmp(line, "MAIL FROM:", 10) == 0)
            *count = (struct count){0};
        count->commands += strncmp(line, "MAIL ", 5) == 0 || strncmp(line, "RCPT ", 5) == 0 ||
                           strncmp(line, "DATA\r", 5) == 0;
        count->nothing |= strcmp(line, ".\r\n") == 0;
    }
}

static void check_out(struct mail_session *session, struct count *count)
{
    const char *at = buf_text(&session->out);
    bool clear = (session->way.pop ? session->way.settings->pop_security
                                   : session->way.settings->security) == MAIL_STARTTLS &&
                 !session->encrypted;
    if (session->out.length &&
        (session->out.length < 2 || memcmp(at + session->out.length - 2, "\r\n", 2) != 0))
        abort();
    if (clear &&
        (strstr(at, "AUTH") || strstr(at, "MAIL") || strstr(at, "PASS") || strstr(at, "USER")))
        abort();
    for (size_t i = 0; i < session->out.length; i++) {
        if (at[i] == '\n' && (i == 0 || at[i - 1] != '\r'))
            abort();
    }
    check_lines(session, count);
    buf_clear(&session->out);
}

/* The message: with its length when the sender was said without. */
static void give(struct mail_session *session, struct count *count)
{
    if (!session->accepted || count->message || count->nothing ||
        count->answers != count->commands || count->commands < 3)
        abort();
    count->message = true;
    if (session->way.length || mail_session_message(session, 1000))
        session->want = MAIL_WANT_LINE;
    else if (session->want != MAIL_WANT_NOTHING || session->never != session->asked)
        abort();
}

static void go_on(struct mail_session *session, struct count *count)
{
    check_out(session, count);
    if (session->want == MAIL_WANT_TLS)
        mail_session_encrypted(session);
    if (session->want == MAIL_WANT_CONTENT)
        give(session, count);
    check_out(session, count);
}

static void check_end(struct mail_session *session, const struct count *count)
{
    if (session->went_well && !session->way.pop && (!session->accepted || !count->message))
        abort();
    if (session->went_well && count->nothing)
        abort();
    if (session->accepted & session->never)
        abort();
    if (session->want != MAIL_WANT_NOTHING && mail_session_lost(session) &&
        (session->went_well || !session->problem[0]))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned flags = size ? data[0] : 0;
    const struct mail_settings settings = {.server = "mail.example.org",
                                           .pop_server = "pop.example.org",
                                           .security = flags & 1 ? MAIL_STARTTLS : MAIL_CLEAR,
                                           .pop_security = flags & 1 ? MAIL_STARTTLS : MAIL_CLEAR,
                                           .auth = (flags >> 2) % 5,
                                           .user = "tim",
                                           .pop_user = "tim"};
    const struct mail_session_way way = {.settings = &settings,
                                         .pop = flags & 2,
                                         .host = "rack-7",
                                         .secret = SECRET,
                                         .from = "a@b",
                                         .to = "c@d,e@f,g@h",
                                         .length = (flags >> 2) / 5 % 2 ? 0 : 1000};
    struct mail_dialogue dialogue = {.keep = true};
    struct mail_session session = {0};
    struct count count = {0};
    mail_dialogue_begin(&dialogue);
    mail_session_begin(&session, &way, false, &dialogue);
    const char *at = (const char *)data + (size > 0), *end = (const char *)data + size;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        bool heard = session.want == MAIL_WANT_LINE && (stop - at < 4 || at[3] != '-');
        count.answers += heard;
        mail_session_take(&session, at, (size_t)(stop - at));
        go_on(&session, &count);
        at = stop + 1;
    }
    check_end(&session, &count);
    /* a server may say it itself */
    const char *text = buf_text(&dialogue.text);
    for (const char *line = text; (line = strstr(line, "\n> ")); line++) {
        size_t length = strcspn(line + 1, "\n");
        if (memmem(line, length, SECRET, strlen(SECRET)) ||
            memmem(line, length, SECRET_BASE64, strlen(SECRET_BASE64)) ||
            memmem(line, length, PLAIN_BASE64, strlen(PLAIN_BASE64)))
            abort();
    }
    mail_session_deinit(&session);
    mail_dialogue_deinit(&dialogue);
    return 0;
}
