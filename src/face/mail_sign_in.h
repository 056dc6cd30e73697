/* mail_sign_in - what is said to sign in to a mail server (RFC 4954): PLAIN (RFC 4616), LOGIN,
 * CRAM-MD5 (RFC 2195), XOAUTH2 (https://developers.google.com/gmail/imap/xoauth2-protocol).
 *
 * Makes one line for each turn of the server; who says them is mail_session. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "face/mail_settings.h"

/* As servers offer it: "PLAIN", ...; "" for MAIL_AUTH_NONE. */
const char *mail_sign_in_name(int64_t auth);

/* The mechanism of a word of an offer, MAIL_AUTH_NONE for one that we do not speak. */
enum mail_auth mail_sign_in_of(const char *word, size_t length);

enum mail_sign_in_line {
    MAIL_SIGN_IN_SAY,
    MAIL_SIGN_IN_ODD,    /* the challenge cannot be answered */
    MAIL_SIGN_IN_NO_MORE /* the server asks for more than the mechanism has */
};

/* Append the line (without its end) of `step`: 0 is the command, 1 the answer to the first
 * challenge, ... `shown` becomes what people may see of it, NULL: all. Wipe `out` when it is said:
 * it holds the secret. */
enum mail_sign_in_line mail_sign_in_say(const struct mail_settings *settings, const char *secret,
                                        int step, const char *challenge, size_t length,
                                        struct buf *out, const char **shown);
