/* notify_recipient - the records of `recipients:`: who is told of what, how and when.
 *
 * One struct for all kinds; each reads the fields of its own. Read-only, made by model/config and
 * alive as long as its configuration; what stands in texts (quiet times, addresses) is checked when
 * the settings are read. Its hours are notify_hours' affair. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/notify.h"
#include "model/config.h"
#include "model/setting.h"

#define RECIPIENTS_MOST 64

enum recipient_kind {
    RECIPIENT_MAIL,
    RECIPIENT_TRAP,
    RECIPIENT_SYSLOG,
    RECIPIENT_WEBHOOK,
    RECIPIENT_KINDS
};

/* "mail", "trap", "syslog", "webhook": the settings, struct notify_route and faces say so. */
const char *recipient_kind_name(enum recipient_kind kind);

enum recipient_when { RECIPIENT_ALWAYS, RECIPIENT_BUSINESS_HOURS, RECIPIENT_AFTER_HOURS };
enum recipient_form { RECIPIENT_FULL, RECIPIENT_SHORT /* text message */ };
enum recipient_version { RECIPIENT_V1, RECIPIENT_V2C, RECIPIENT_V3 };
enum recipient_auth { /* of SNMPv3; in the order of their strength */
                      RECIPIENT_AUTH_NONE,
                      RECIPIENT_MD5,
                      RECIPIENT_SHA1,
                      RECIPIENT_SHA224,
                      RECIPIENT_SHA256,
                      RECIPIENT_SHA384,
                      RECIPIENT_SHA512
};
enum recipient_privacy { /* of SNMPv3 */
                         RECIPIENT_PRIVACY_NONE,
                         RECIPIENT_DES,
                         RECIPIENT_AES128,
                         RECIPIENT_AES192,
                         RECIPIENT_AES256,
                         /* long keys made as other equipment does */
                         RECIPIENT_AES192C,
                         RECIPIENT_AES256C
};
enum recipient_transport { RECIPIENT_UDP, RECIPIENT_TCP, RECIPIENT_TLS };

struct recipient {
    const char *label;
    int64_t kind; /* enum recipient_kind */
    bool enabled;
    /* when */
    int64_t when;         /* enum recipient_when */
    const char *quiet;    /* times in which only what is critical is sent at once */
    int64_t least;        /* enum alarm_severity */
    int64_t min_interval; /* us; 0: each notice at once */
    /* what, unless a notice names its recipients */
    bool alarms, cleared, boot, sign_in, control, reports, events;
    bool ups; /* of traps */
    /* mail */
    const char *address; /* one or several, comma between */
    int64_t form;        /* enum recipient_form */
    /* trap, syslog */
    const char *host;
    int64_t port; /* 0: the usual one, see recipient_port() */
    /* trap */
    int64_t version;       /* enum recipient_version */
    const char *community; /* secret */
    const char *user;
    int64_t auth;                 /* enum recipient_auth */
    const char *auth_password;    /* secret */
    int64_t privacy;              /* enum recipient_privacy */
    const char *privacy_password; /* secret */
    bool inform;                  /* acknowledged, v2c and v3 */
    /* syslog */
    int64_t transport; /* enum recipient_transport */
    int64_t facility;  /* number of RFC 5424, table 1 */
    /* webhook */
    const char *url;
    const char *key; /* secret: signs the body, "" for none */
    /* syslog by TLS, webhook */
    const char *ca; /* file of certificates that are trusted; "": the machine's */
};

extern const struct setting_table recipient_settings_table;

/* 162, 514 (udp), 601 (tcp), 6514 (tls), or what the settings say; 0 for mail and webhook. */
int recipient_port(const struct recipient *recipient);

/* NULL when there is none of that name. */
const struct recipient *recipient_find(const struct config *config, const char *name);

/* Whether all that decides how it is reached is the same in two records. */
bool recipient_same_way(const struct recipient *one, const struct recipient *other);

/* ---- what ------------------------------------------------------------------------------------ */

/* Whether the recipient is told: named by the notice, or of a kind and severity that it wants. Its
 * hours and whether it is enabled are not looked at. `name` is that of the record. */
bool recipient_wants(const struct recipient *recipient, const char *name,
                     const struct notice *notice);
