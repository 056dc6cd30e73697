/* fuzz_mail_session - a mail server that says anything: what is said to it stays lines of ours, the
 * password is not among them before they are encrypted, and never in what people are shown. The
 * first byte chooses the settings, the rest is what the server says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "face/mail_session.h"

#define SECRET "tanstaaftanstaaf"
#define SECRET_BASE64 "dGFuc3RhYWZ0YW5zdGFhZg"
#define PLAIN_BASE64 "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_out(struct mail_session *session)
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
    buf_clear(&session->out);
}

static void go_on(struct mail_session *session)
{
    check_out(session);
    if (session->want == MAIL_WANT_TLS)
        mail_session_encrypted(session);
    if (session->want == MAIL_WANT_CONTENT)
        session->want = MAIL_WANT_LINE;
    check_out(session);
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
                                         .length = 1000};
    struct mail_dialogue dialogue = {.keep = true};
    struct mail_session session = {0};
    mail_dialogue_begin(&dialogue);
    mail_session_begin(&session, &way, false, &dialogue);
    const char *at = (const char *)data + (size > 0), *end = (const char *)data + size;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        mail_session_take(&session, at, (size_t)(stop - at));
        go_on(&session);
        at = stop + 1;
    }
    if (session.went_well && !way.pop && !session.accepted)
        abort();
    if (session.accepted & session.never)
        abort();
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
