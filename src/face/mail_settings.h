/* mail_settings - the table `mail:`: the server that takes our mail, and who we are to it.
 *
 * Read-only, made by model/config and alive as long as its configuration.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/setting.h"

enum mail_security {
    MAIL_CLEAR,
    MAIL_STARTTLS, /* encrypted before anything else is said, or not at all */
    MAIL_TLS       /* from the first byte on */
};

enum mail_auth {
    MAIL_AUTH_NONE,
    MAIL_AUTH_PLAIN,
    MAIL_AUTH_LOGIN,
    MAIL_AUTH_CRAM_MD5,
    MAIL_AUTH_XOAUTH2
};

struct mail_settings {
    const char *server; /* "": mail is off */
    int64_t port;       /* 0: the usual one, see mail_port() */
    int64_t security;   /* enum mail_security */
    const char *ca;     /* file of certificates that are trusted; "": the machine's */
    int64_t auth;       /* enum mail_auth */
    const char *user, *password;
    const char *token_file, *token_command; /* of MAIL_AUTH_XOAUTH2: one of both */
    const char *from, *page;
    int64_t timeout;        /* us that the server may be silent */
    const char *pop_server; /* "": no POP3 before SMTP */
    int64_t pop_port, pop_security;
    const char *pop_user, *pop_password;
};

extern const struct setting_table mail_settings_table;

/* 25, 587 or 465 by security (110 or 995 of POP3), or what the settings say. */
int mail_port(const struct mail_settings *settings);
int mail_pop_port(const struct mail_settings *settings);

/* Whether they say the same. */
bool mail_settings_same(const struct mail_settings *one, const struct mail_settings *other);
