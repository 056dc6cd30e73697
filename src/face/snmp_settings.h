/* snmp_settings - who may ask over SNMP and where: `snmp:`, `communities:` and `snmp_users:`.
 *
 * Nothing of it exists until somebody sets it: no community, no user, no open port. Read-only.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/access_role.h"
#include "model/setting.h"

#define SNMP_COMMUNITIES_MOST 32
#define SNMP_USERS_MOST 64
#define SNMP_USER_NAME_MOST 32  /* RFC 3414: octets of a user's name */
#define SNMP_PASSPHRASE_LEAST 8 /* RFC 3414 section 11.2 */

struct snmp_settings {
    bool enabled;
    int64_t port; /* 0: off */
    const char *listen;
    int64_t enterprise;
};

struct snmp_community {
    const char *community;
    int64_t access; /* enum snmp_access */
    const char *networks;
};

/* In the order of struct snmp_user.access; a community is one of the first three. */
enum snmp_access {
    SNMP_ACCESS_NONE, /* the record is kept, but lets nobody in */
    SNMP_ACCESS_VIEW,
    SNMP_ACCESS_CONTROL,
    SNMP_ACCESS_ADMINISTRATOR,
    SNMP_ACCESS_USER, /* the role of the user of the same name */
};

enum snmp_auth {
    SNMP_AUTH_MD5,
    SNMP_AUTH_SHA1,
    SNMP_AUTH_SHA224,
    SNMP_AUTH_SHA256,
    SNMP_AUTH_SHA384,
    SNMP_AUTH_SHA512,
    SNMP_AUTHS
};

/* The ones marked C stretch a short key the way of draft-reeder-snmpv3-usm-3desede, as equipment
 * of one large maker expects; the others that of draft-blumenthal-aes-usm, as Net-SNMP does. */
enum snmp_privacy {
    SNMP_PRIVACY_NONE,
    SNMP_PRIVACY_AES128,
    SNMP_PRIVACY_AES192,
    SNMP_PRIVACY_AES256,
    SNMP_PRIVACY_AES192C,
    SNMP_PRIVACY_AES256C,
    SNMP_PRIVACIES
};

struct snmp_user {
    int64_t access; /* enum snmp_access */
    int64_t auth;   /* enum snmp_auth */
    const char *auth_passphrase;
    int64_t privacy;                /* enum snmp_privacy */
    const char *privacy_passphrase; /* "": the same as the other */
    const char *networks;
};

extern const struct setting_table snmp_settings_table;
extern const struct setting_table snmp_community_table;
extern const struct setting_table snmp_user_table;

/* Whether an address (v4 ones as ::ffff:a.b.c.d) lies in one of the networks of a setting,
 * "192.0.2.0/24 2001:db8::/32"; an empty list is every address. */
bool snmp_networks_hold(const char *networks, const struct in6_addr *address);

/* 0, or -EINVAL with the word that is no network. */
int snmp_networks_check(const char *networks, struct err *err);
