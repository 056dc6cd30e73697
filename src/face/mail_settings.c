#include "face/mail_settings.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "face/mail_message.h"

/* Each in the order of its enum. */
static const char *const securities[] = {"none", "starttls", "tls", NULL};
static const char *const auths[] = {"none", "plain", "login", "cram-md5", "xoauth2", NULL};

#define FIELD(name) .offset = offsetof(struct mail_settings, name)

static const struct setting_row rows[] = {
    {.key = "server",
     .type = SETTING_TEXT,
     FIELD(server),
     .max = 253,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Name or address of the mail server (SMTP); empty: no mail is sent."},
    {.key = "port",
     .type = SETTING_INT,
     FIELD(port),
     .max = 65535,
     .initial = "0",
     .right = ROLE_ADMINISTRATOR,
     .help = "Its port; 0 is the usual one: 587 with starttls, 465 with tls, 25 with none."},
    {.key = "security",
     .type = SETTING_CHOICE,
     FIELD(security),
     .choices = securities,
     .initial = "starttls",
     .right = ROLE_ADMINISTRATOR,
     .help = "How the connection is encrypted. With starttls and tls a server that cannot, or "
             "whose certificate is not valid for its name, gets nothing; with none the password "
             "can be read on the way."},
    {.key = "ca",
     .type = SETTING_TEXT,
     FIELD(ca),
     .max = 1000,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "File of the certificates that are trusted (PEM), for a server with a certificate of "
             "your own authority; empty: those of the machine."},
    {.key = "auth",
     .type = SETTING_CHOICE,
     FIELD(auth),
     .choices = auths,
     .initial = "none",
     .right = ROLE_ADMINISTRATOR,
     .help = "How busbar signs in at the server."},
    {.key = "user",
     .type = SETTING_TEXT,
     FIELD(user),
     .max = 255,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Name of the account, for every auth but none."},
    {.key = "password",
     .type = SETTING_TEXT,
     FIELD(password),
     .max = 255,
     .secret = true,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Password of the account, for plain, login and cram-md5."},
    {.key = "token_file",
     .type = SETTING_TEXT,
     FIELD(token_file),
     .max = 1000,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "For xoauth2: file with the access token, which another program keeps fresh; it is "
             "read for each connection."},
    {.key = "token_command",
     .type = SETTING_TEXT,
     FIELD(token_command),
     .max = 300,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help =
         "For xoauth2, in place of token_file: program that prints the access token and, behind "
         "it, for how many seconds it is good. Run without arguments and for 30 s at most; it "
         "must belong to root."},
    {.key = "from",
     .type = SETTING_TEXT,
     FIELD(from),
     .max = MAIL_ADDRESS_MOST,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Address of the sender; empty: busbar at this machine's name."},
    {.key = "page",
     .type = SETTING_TEXT,
     FIELD(page),
     .max = 500,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Address of the pages, as people reach them and as mails name it: "
             "https://rack-7.example.org:8443; empty: this machine's name and port."},
    {.key = "timeout",
     .type = SETTING_DURATION,
     FIELD(timeout),
     .min = 1,
     .max = 600,
     .initial = "60 s",
     .right = ROLE_ADMINISTRATOR,
     .help = "How long the server may be silent before the mail is tried again later."},
    {.key = "pop_server",
     .type = SETTING_TEXT,
     FIELD(pop_server),
     .max = 253,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "POP3 before SMTP: server at which to sign in before mail is sent; empty: none."},
    {.key = "pop_port",
     .type = SETTING_INT,
     FIELD(pop_port),
     .max = 65535,
     .initial = "0",
     .right = ROLE_ADMINISTRATOR,
     .help = "Its port; 0 is the usual one: 110, or 995 with tls."},
    {.key = "pop_security",
     .type = SETTING_CHOICE,
     FIELD(pop_security),
     .choices = securities,
     .initial = "starttls",
     .right = ROLE_ADMINISTRATOR,
     .help = "How the connection to it is encrypted, as with security."},
    {.key = "pop_user",
     .type = SETTING_TEXT,
     FIELD(pop_user),
     .max = 255,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Name of the account there."},
    {.key = "pop_password",
     .type = SETTING_TEXT,
     FIELD(pop_password),
     .max = 255,
     .secret = true,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Password of the account there."},
};

/* ---- rules ----------------------------------------------------------------------------------- */

/* They become part of a URL and of commands. */
static int check_host(const char *host, struct err *err)
{
    for (const char *at = host; *at; at++) {
        if (!isalnum((unsigned char)*at) && !strchr("-._:", *at))
            return err_set(err, -EINVAL,
                           "must be a name or an address, as in mail.example.org, not \"%.60s\"",
                           host);
    }
    return 0;
}

static int check_account(const struct mail_settings *settings, const char **key, struct err *err)
{
    *key = "auth";
    if (!settings->auth && *settings->user)
        return err_set(err, -EINVAL,
                       "must be plain, login, cram-md5 or xoauth2 when a user is given");
    *key = "user";
    if (settings->auth && !*settings->user)
        return err_set(err, -EINVAL, "must be given for this auth");
    *key = "token_file";
    bool token = settings->auth == MAIL_AUTH_XOAUTH2, file = *settings->token_file;
    if (token && !*settings->token_command && *settings->token_file != '/')
        return err_set(err, -EINVAL, "must be given for xoauth2, with its whole path");
    *key = "token_command";
    if (token && *settings->token_command && (file || *settings->token_command != '/'))
        return err_set(err, -EINVAL,
                       file ? "and token_file cannot both be given" : "must be a whole path");
    return 0;
}

/* They are said in lines of their own. */
static int check_words(const struct mail_settings *settings, const char **key, struct err *err)
{
    const struct {
        const char *key, *text;
    } words[] = {{"user", settings->user},
                 {"password", settings->password},
                 {"pop_user", settings->pop_user},
                 {"pop_password", settings->pop_password}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        *key = words[i].key;
        for (const char *at = words[i].text; *at; at++) {
            if ((unsigned char)*at < ' ' || *at == 0x7f)
                return err_set(err, -EINVAL, "must not hold control characters");
        }
    }
    return 0;
}

static int check_page(const struct mail_settings *settings, struct err *err)
{
    const char *page = settings->page;
    bool web = strncmp(page, "https://", 8) == 0 || strncmp(page, "http://", 7) == 0;
    for (const char *at = page; *at; at++)
        web &= (unsigned char)*at > ' ' && *at != 0x7f && !strchr("<>\"", *at);
    if (*page && !web)
        return err_set(err, -EINVAL, "must look like https://rack-7.example.org:8443");
    return 0;
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    (void)config;
    const struct mail_settings *settings = record;
    *key = "server";
    if (check_host(settings->server, err) < 0)
        return err->code;
    *key = "pop_server";
    if (check_host(settings->pop_server, err) < 0)
        return err->code;
    *key = "from";
    if (*settings->from && !mail_address_valid(settings->from, strlen(settings->from)))
        return err_set(err, -EINVAL, "\"%.60s\" is no mail address; write busbar@example.org",
                       settings->from);
    *key = "page";
    if (check_page(settings, err) < 0)
        return err->code;
    *key = "pop_user";
    if (*settings->pop_server && !*settings->pop_user)
        return err_set(err, -EINVAL, "must be given for POP3 before SMTP");
    if (check_words(settings, key, err) < 0)
        return err->code;
    return check_account(settings, key, err);
}

const struct setting_table mail_settings_table = {
    .name = "mail",
    .label = "Mail",
    .help = "The server that takes mail for the recipients of kind mail.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct mail_settings),
    .check = check,
};

int mail_port(const struct mail_settings *settings)
{
    /* RFC 5321, 4.5.4.2; RFC 6409, 3.1; RFC 8314, 3.3 */
    static const int usual[] = {[MAIL_CLEAR] = 25, [MAIL_STARTTLS] = 587, [MAIL_TLS] = 465};
    return settings->port ? (int)settings->port : usual[settings->security];
}

int mail_pop_port(const struct mail_settings *settings)
{
    if (settings->pop_port)
        return (int)settings->pop_port;
    return settings->pop_security == MAIL_TLS ? 995 : 110; /* RFC 1939, 3; RFC 8314, 3.1 */
}

bool mail_settings_same(const struct mail_settings *one, const struct mail_settings *other)
{
    bool same = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *left = (const char *)one + rows[i].offset;
        const char *right = (const char *)other + rows[i].offset;
        if (rows[i].type == SETTING_TEXT)
            same &= strcmp(*(const char *const *)left, *(const char *const *)right) == 0;
        else
            same &= *(const int64_t *)left == *(const int64_t *)right;
    }
    return same;
}
