#include "face/mail_sign_in.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <strings.h>

#include "face/mail_code.h"

#define MD5_BYTES 16

static const char *const names[] = {
    [MAIL_AUTH_NONE] = "",           [MAIL_AUTH_PLAIN] = "PLAIN",
    [MAIL_AUTH_LOGIN] = "LOGIN",     [MAIL_AUTH_CRAM_MD5] = "CRAM-MD5",
    [MAIL_AUTH_XOAUTH2] = "XOAUTH2",
};

const char *mail_sign_in_name(int64_t auth)
{
    return names[auth];
}

enum mail_auth mail_sign_in_of(const char *word, size_t length)
{
    for (unsigned i = 1; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i]) == length && strncasecmp(word, names[i], length) == 0)
            return (enum mail_auth)i;
    }
    return MAIL_AUTH_NONE;
}

static void wipe(struct buf *buf)
{
    if (buf->data)
        explicit_bzero(buf->data, buf->capacity);
    buf_deinit(buf);
}

/* `text`, which is wiped, in base64. */
static void add_secret(struct buf *out, struct buf *text)
{
    mail_code_base64_word(out, text->data, text->length);
    out->failed |= text->failed;
    wipe(text);
}

static void add_word(struct buf *out, const char *word)
{
    mail_code_base64_word(out, word, strlen(word));
}

static void add_plain(struct buf *out, const char *user, const char *secret)
{
    struct buf text = BUF_EMPTY;
    buf_add_char(&text, '\0');
    buf_add_text(&text, user);
    buf_add_char(&text, '\0');
    buf_add_text(&text, secret);
    add_secret(out, &text);
}

static void add_token(struct buf *out, const char *user, const char *secret)
{
    struct buf text = BUF_EMPTY;
    buf_add_format(&text, "user=%s\1auth=Bearer %s\1\1", user, secret);
    add_secret(out, &text);
}

/* The user and HMAC-MD5 of the challenge in hexadecimal digits. */
static bool add_digest(struct buf *out, const char *user, const char *secret, const char *challenge,
                       size_t length)
{
    gnutls_datum_t text = {.data = (void *)(uintptr_t)challenge, .size = (unsigned)length};
    gnutls_datum_t bytes = {0};
    unsigned char digest[MD5_BYTES];
    struct buf answer = BUF_EMPTY;
    bool made = gnutls_base64_decode2(&text, &bytes) >= 0 &&
                gnutls_hmac_fast(GNUTLS_MAC_MD5, secret, strlen(secret), bytes.data, bytes.size,
                                 digest) >= 0;
    gnutls_free(bytes.data);
    if (!made)
        return false;
    buf_add_format(&answer, "%s ", user);
    for (size_t i = 0; i < MD5_BYTES; i++)
        buf_add_format(&answer, "%02x", digest[i]);
    add_secret(out, &answer);
    return true;
}

/* The command; PLAIN and XOAUTH2 say all with it (RFC 4954, 4: the initial response). */
static void add_command(struct buf *out, const struct mail_settings *settings, const char *secret,
                        const char **shown)
{
    buf_add_format(out, "AUTH %s", names[settings->auth]);
    if (settings->auth == MAIL_AUTH_PLAIN) {
        *shown = "AUTH PLAIN ***";
        buf_add_char(out, ' ');
        add_plain(out, settings->user, secret);
    } else if (settings->auth == MAIL_AUTH_XOAUTH2) {
        *shown = "AUTH XOAUTH2 ***";
        buf_add_char(out, ' ');
        add_token(out, settings->user, secret);
    }
}

enum mail_sign_in_line mail_sign_in_say(const struct mail_settings *settings, const char *secret,
                                        int step, const char *challenge, size_t length,
                                        struct buf *out, const char **shown)
{
    int64_t auth = settings->auth;
    *shown = step == 0 ? NULL : "***";
    if (step == 0) {
        add_command(out, settings, secret, shown);
    } else if (auth == MAIL_AUTH_LOGIN && step <= 2) {
        add_word(out, step == 1 ? settings->user : secret);
    } else if (auth == MAIL_AUTH_CRAM_MD5 && step == 1) {
        if (!add_digest(out, settings->user, secret, challenge, length))
            return MAIL_SIGN_IN_ODD;
    } else if (auth == MAIL_AUTH_XOAUTH2 && step == 1) {
        *shown = NULL; /* an empty line: the server says why, then refuses */
    } else {
        return MAIL_SIGN_IN_NO_MORE;
    }
    return MAIL_SIGN_IN_SAY;
}
