#include "engine/notify_recipient.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "engine/notify_hours.h"

#define PASSWORD_LEAST 8 /* RFC 3414, 11.2 */

/* Each list in the order of its enum. */
static const char *const kinds[] = {"mail", "trap", "syslog", "webhook", NULL};
static const char *const whens[] = {"always", "business-hours", "after-hours", NULL};
static const char *const severities[] = {"info", "warning", "critical", NULL};
static const char *const forms[] = {"full", "short", NULL};
static const char *const versions[] = {"v1", "v2c", "v3", NULL};
/* the words of `snmp_users` */
static const char *const auths[] = {"none",    "md5",     "sha-1",   "sha-224",
                                    "sha-256", "sha-384", "sha-512", NULL};
static const char *const privacies[] = {"none",    "des",       "aes-128",   "aes-192",
                                        "aes-256", "aes-192-c", "aes-256-c", NULL};
static const char *const transports[] = {"udp", "tcp", "tls", NULL};
/* RFC 5424, table 1: the index is the number */
static const char *const facilities[] = {
    "kern",   "user",     "mail",   "daemon", "auth",   "syslog", "lpr",   "news",   "uucp",
    "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock", "local0", "local1",
    "local2", "local3",   "local4", "local5", "local6", "local7", NULL};

#define FIELD(name) .offset = offsetof(struct recipient, name)

static const struct setting_row rows[] = {
    {.key = "label",
     .type = SETTING_TEXT,
     FIELD(label),
     .max = 63,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What people call it; empty is its name."},
    {.key = "kind",
     .type = SETTING_CHOICE,
     FIELD(kind),
     .choices = kinds,
     .initial = "mail",
     .right = ROLE_ADMINISTRATOR,
     .help = "How it is told: by mail, SNMP trap, syslog or webhook."},
    {.key = "enabled",
     .type = SETTING_BOOL,
     FIELD(enabled),
     .initial = "true",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether anything is sent; what waits when it is switched off is given up."},
    {.key = "when",
     .type = SETTING_CHOICE,
     FIELD(when),
     .choices = whens,
     .initial = "always",
     .right = ROLE_ADMINISTRATOR,
     .help = "Which notices it is for: those of any time, of business hours, or of the time "
             "outside of them."},
    {.key = "quiet",
     .type = SETTING_TEXT,
     FIELD(quiet),
     .max = 400,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Local times in which only what is critical is sent, and the rest at their end, "
             "together: as in 22:00-06:00; sat-sun 00:00-24:00."},
    {.key = "least",
     .type = SETTING_CHOICE,
     FIELD(least),
     .choices = severities,
     .initial = "warning",
     .right = ROLE_ADMINISTRATOR,
     .help = "The least severity of alarms and events that are sent."},
    {.key = "min_interval",
     .type = SETTING_DURATION,
     FIELD(min_interval),
     .max = 86400,
     .initial = "0 s",
     .right = ROLE_ADMINISTRATOR,
     .help = "After one notice the next ones wait so long and are sent together; 0: each is sent "
             "at once."},
    {.key = "alarms",
     .type = SETTING_BOOL,
     FIELD(alarms),
     .initial = "true",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether alarms are sent that do not name their recipients."},
    {.key = "cleared",
     .type = SETTING_BOOL,
     FIELD(cleared),
     .initial = "true",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether it is also sent that an alarm is over."},
    {.key = "boot",
     .type = SETTING_BOOL,
     FIELD(boot),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether it is sent that the program has started, and why."},
    {.key = "sign_in",
     .type = SETTING_BOOL,
     FIELD(sign_in),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether refused sign-ins are sent."},
    {.key = "control",
     .type = SETTING_BOOL,
     FIELD(control),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether it is sent that something was switched, and by whom."},
    {.key = "reports",
     .type = SETTING_BOOL,
     FIELD(reports),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether reports are sent that do not name their recipients."},
    {.key = "events",
     .type = SETTING_BOOL,
     FIELD(events),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether all of the event log is sent as it is written, from the least severity on."},
    {.key = "ups",
     .type = SETTING_BOOL,
     FIELD(ups),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "For trap: whether it also gets the traps of UPS-MIB about the supply with a battery "
             "(snmp_tables.ups), for programs that know only those."},
    {.key = "address",
     .type = SETTING_TEXT,
     FIELD(address),
     .max = 1000,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "For mail: the address, or several with a comma between."},
    {.key = "form",
     .type = SETTING_CHOICE,
     FIELD(form),
     .choices = forms,
     .initial = "full",
     .right = ROLE_ADMINISTRATOR,
     .help = "For mail: full, or short for a text message, without attachments."},
    {.key = "host",
     .type = SETTING_TEXT,
     FIELD(host),
     .max = 253,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "For traps and syslog: name or address of the receiver."},
    {.key = "port",
     .type = SETTING_INT,
     FIELD(port),
     .max = 65535,
     .initial = "0",
     .right = ROLE_ADMINISTRATOR,
     .help = "For traps and syslog: port of the receiver; 0 is the usual one: 162 for traps; 514 "
             "by udp, 601 by tcp, 6514 by tls for syslog."},
    {.key = "version",
     .type = SETTING_CHOICE,
     FIELD(version),
     .choices = versions,
     .initial = "v2c",
     .right = ROLE_ADMINISTRATOR,
     .help = "For traps: version of SNMP."},
    {.key = "community",
     .type = SETTING_TEXT,
     FIELD(community),
     .max = 63,
     .secret = true,
     .initial = "public",
     .right = ROLE_ADMINISTRATOR,
     .help = "For traps of version 1 and 2c: the community."},
    {.key = "user",
     .type = SETTING_TEXT,
     FIELD(user),
     .max = 32,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "For traps of version 3: the user that the receiver knows."},
    {.key = "auth",
     .type = SETTING_CHOICE,
     FIELD(auth),
     .choices = auths,
     .initial = "none",
     .right = ROLE_ADMINISTRATOR,
     .help = "For traps of version 3: how they are signed."},
    {.key = "auth_password",
     .type = SETTING_TEXT,
     FIELD(auth_password),
     .max = 63,
     .secret = true,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "For traps of version 3: password of the signature, at least 8 characters."},
    {.key = "privacy",
     .type = SETTING_CHOICE,
     FIELD(privacy),
     .choices = privacies,
     .initial = "none",
     .right = ROLE_ADMINISTRATOR,
     .help = "For traps of version 3: how they are encrypted."},
    {.key = "privacy_password",
     .type = SETTING_TEXT,
     FIELD(privacy_password),
     .max = 63,
     .secret = true,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "For traps of version 3: password of the encryption, at least 8 characters."},
    {.key = "inform",
     .type = SETTING_BOOL,
     FIELD(inform),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "For traps of version 2c and 3: whether they are informs, which the receiver "
             "acknowledges and which are repeated until it does."},
    {.key = "transport",
     .type = SETTING_CHOICE,
     FIELD(transport),
     .choices = transports,
     .initial = "udp",
     .right = ROLE_ADMINISTRATOR,
     .help = "For syslog: udp, where nobody notices what gets lost, tcp, or tls."},
    {.key = "facility",
     .type = SETTING_CHOICE,
     FIELD(facility),
     .choices = facilities,
     .initial = "daemon",
     .right = ROLE_ADMINISTRATOR,
     .help = "For syslog: the facility."},
    {.key = "url",
     .type = SETTING_TEXT,
     FIELD(url),
     .max = 1000,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "For webhooks: where the notices are posted to, as in https://example.org/busbar."},
    {.key = "key",
     .type = SETTING_TEXT,
     FIELD(key),
     .max = 200,
     .secret = true,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "For webhooks: key by which the body is signed (HMAC-SHA256); empty: it is not."},
    {.key = "ca",
     .type = SETTING_TEXT,
     FIELD(ca),
     .max = 1000,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "For syslog by tls and webhooks: file of the certificates that are trusted (PEM); "
             "empty: those of the machine."},
};

/* ---- rules ----------------------------------------------------------------------------------- */

/* A local part, "@" and a domain of plain characters: enough to find a slip of the hand. */
static bool is_address(const char *text, size_t length)
{
    const char *at = memchr(text, '@', length);
    if (!at || at == text || at + 1 == text + length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] <= ' ' || strchr("<>()[],;:\\\"", text[i]))
            return false;
    }
    return !memchr(at + 1, '@', length - (size_t)(at + 1 - text));
}

static int check_mail(const struct recipient *recipient, const char **key, struct err *err)
{
    static const char between[] = ", ";
    *key = "address";
    const char *at = recipient->address + strspn(recipient->address, between);
    if (!*at)
        return err_set(err, -EINVAL, "must be given for mail, as in ops@example.org");
    while (*at) {
        size_t length = strcspn(at, between);
        if (!is_address(at, length))
            return err_set(err, -EINVAL, "\"%.*s\" is no mail address; write ops@example.org",
                           (int)(length < 60 ? length : 60), at);
        at += length;
        at += strspn(at, between);
    }
    return 0;
}

static int check_host(const struct recipient *recipient, const char **key, struct err *err)
{
    *key = "host";
    if (!*recipient->host)
        return err_set(err, -EINVAL, "must be given: name or address of the receiver");
    for (const char *at = recipient->host; *at; at++) {
        if (!isalnum((unsigned char)*at) && !strchr("-._:%", *at))
            return err_set(err, -EINVAL, "must be a name or an address, not \"%.60s\"",
                           recipient->host);
    }
    return 0;
}

static int check_v3(const struct recipient *recipient, const char **key, struct err *err)
{
    *key = "user";
    if (!*recipient->user)
        return err_set(err, -EINVAL, "must be given for version v3");
    *key = "auth_password";
    if (recipient->auth && strlen(recipient->auth_password) < PASSWORD_LEAST)
        return err_set(err, -EINVAL, "must have at least %d characters", PASSWORD_LEAST);
    *key = "privacy";
    if (recipient->privacy && !recipient->auth)
        return err_set(err, -EINVAL, "must be none as long as auth is");
    *key = "privacy_password";
    if (recipient->privacy && strlen(recipient->privacy_password) < PASSWORD_LEAST)
        return err_set(err, -EINVAL, "must have at least %d characters", PASSWORD_LEAST);
    return 0;
}

static int check_trap(const struct recipient *recipient, const char **key, struct err *err)
{
    if (check_host(recipient, key, err) < 0)
        return err->code;
    *key = "inform";
    if (recipient->inform && recipient->version == RECIPIENT_V1)
        return err_set(err, -EINVAL, "must be false for version v1, which has no informs");
    return recipient->version == RECIPIENT_V3 ? check_v3(recipient, key, err) : 0;
}

static int check_webhook(const struct recipient *recipient, const char **key, struct err *err)
{
    *key = "url";
    const char *url = recipient->url;
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;
    if (!scheme || !url[scheme] || strchr("/?#", url[scheme]))
        return err_set(err, -EINVAL, "must be given, as in https://example.org/busbar");
    for (const char *at = url; *at; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7F)
            return err_set(err, -EINVAL, "must not hold blanks");
    }
    if (memchr(url, '@', scheme + strcspn(url + scheme, "/?#")))
        return err_set(err, -EINVAL, "must not hold a user or a password: use the key");
    return 0;
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    static int (*const of_kind[])(const struct recipient *, const char **, struct err *) = {
        [RECIPIENT_MAIL] = check_mail,
        [RECIPIENT_TRAP] = check_trap,
        [RECIPIENT_SYSLOG] = check_host,
        [RECIPIENT_WEBHOOK] = check_webhook,
    };
    const struct recipient *recipient = record;
    struct schedule_hours spans[NOTIFY_SPANS_MOST];
    *key = NULL;
    if (config_count(config, &recipient_settings_table) > RECIPIENTS_MOST)
        return err_set(err, -E2BIG, "there are more than %d recipients", RECIPIENTS_MOST);
    *key = "quiet";
    if (notify_hours_parse(recipient->quiet, spans, err) < 0)
        return err->code;
    return of_kind[recipient->kind](recipient, key, err);
}

const struct setting_table recipient_settings_table = {
    .name = "recipients",
    .label = "Recipients",
    .help = "Who is told of alarms and other events, by which way, and when.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct recipient),
    .check = check,
};

/* ---- asking ---------------------------------------------------------------------------------- */

const char *recipient_kind_name(enum recipient_kind kind)
{
    return kinds[kind];
}

int recipient_port(const struct recipient *recipient)
{
    static const int of_syslog[] = {
        [RECIPIENT_UDP] = 514,  /* RFC 5426, 3.3 */
        [RECIPIENT_TCP] = 601,  /* RFC 3195, 9.2; RFC 6587 leaves it open */
        [RECIPIENT_TLS] = 6514, /* RFC 5425, 4.1 */
    };
    if (recipient->kind != RECIPIENT_TRAP && recipient->kind != RECIPIENT_SYSLOG)
        return 0;
    if (recipient->port)
        return (int)recipient->port;
    return recipient->kind == RECIPIENT_TRAP ? 162 : of_syslog[recipient->transport];
}

const struct recipient *recipient_find(const struct config *config, const char *name)
{
    int index = config_find(config, &recipient_settings_table, name);
    return index < 0 ? NULL : config_at(config, &recipient_settings_table, (size_t)index);
}

static bool same_field(const struct setting_row *row, const char *one, const char *other)
{
    switch (row->type) {
    case SETTING_TEXT:
        return strcmp(*(const char *const *)(one + row->offset),
                      *(const char *const *)(other + row->offset)) == 0;
    case SETTING_BOOL:
        return *(const bool *)(one + row->offset) == *(const bool *)(other + row->offset);
    default:
        return *(const int64_t *)(one + row->offset) == *(const int64_t *)(other + row->offset);
    }
}

bool recipient_same_way(const struct recipient *one, const struct recipient *other)
{
    bool same = one->kind == other->kind;
    size_t first = 0;
    while (rows[first].offset != offsetof(struct recipient, address))
        first++;
    for (size_t i = first; i < sizeof rows / sizeof *rows && same; i++)
        same = same_field(&rows[i], (const char *)one, (const char *)other);
    return same;
}

static bool is_named(const char *list, const char *name)
{
    static const char between[] = ", ";
    size_t wanted = strlen(name);
    for (const char *at = list + strspn(list, between); *at;) {
        size_t length = strcspn(at, between);
        if (length == wanted && strncmp(at, name, length) == 0)
            return true;
        at += length;
        at += strspn(at, between);
    }
    return false;
}

static bool wants_kind(const struct recipient *recipient, enum notice_kind kind)
{
    switch (kind) {
    case NOTICE_ALARM:
    case NOTICE_LOSS:
        return recipient->alarms;
    case NOTICE_BOOT:
        return recipient->boot;
    case NOTICE_SIGN_IN_REFUSED:
        return recipient->sign_in;
    case NOTICE_CONTROL:
        return recipient->control;
    case NOTICE_REPORT:
        return recipient->reports;
    case NOTICE_EVENT:
        return recipient->events;
    case NOTICE_UPS:
        return recipient->ups && recipient->kind == RECIPIENT_TRAP;
    case NOTICE_TEST: /* is for those whom it names */
    case NOTICE_KINDS:
        break;
    }
    return false;
}

bool recipient_wants(const struct recipient *recipient, const char *name,
                     const struct notice *notice)
{
    bool over = notice->kind == NOTICE_ALARM && notice->change == ALARM_CLEARED;
    bool seen = notice->kind == NOTICE_ALARM && notice->change == ALARM_SEEN;
    bool graded = notice->kind == NOTICE_ALARM || notice->kind == NOTICE_EVENT;
    /* A manager follows an alarm's state; people need not be told what one of them did. */
    if (seen && recipient->kind != RECIPIENT_TRAP)
        return false;
    if (over && !recipient->cleared)
        return false;
    if (notice->recipients && *notice->recipients)
        return is_named(notice->recipients, name);
    if (notice->kind == NOTICE_EVENT && wants_kind(recipient, notice->twin) &&
        notice->twin != NOTICE_EVENT)
        return false;
    return wants_kind(recipient, notice->kind) &&
           (!graded || (int64_t)notice->severity >= recipient->least);
}
