#include "face/snmp_settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip_net.h"
#include "model/config.h"

static const char *const accesses[] = {"none", "view", "control", NULL};
static const char *const user_accesses[] = {"none",          "view", "control",
                                            "administrator", "user", NULL};
static const char *const auths[] = {"md5",     "sha-1",   "sha-224", "sha-256",
                                    "sha-384", "sha-512", NULL};
static const char *const privacies[] = {"none",      "aes-128",   "aes-192", "aes-256",
                                        "aes-192-c", "aes-256-c", NULL};

#define NETWORKS_HELP                                                                              \
    "Networks that may ask, with a space between: 192.0.2.0/24 2001:db8::/32; empty is every "     \
    "address."

#define FIELD(name) .offset = offsetof(struct snmp_settings, name)
#define COMMUNITY(name) .offset = offsetof(struct snmp_community, name)
#define USER(name) .offset = offsetof(struct snmp_user, name)

static const struct setting_row rows[] = {
    {.key = "enabled",
     .type = SETTING_BOOL,
     FIELD(enabled),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Answer SNMP requests. Who may ask stands in communities and snmp_users; without any, "
             "nobody is answered."},
    {.key = "port",
     .type = SETTING_INT,
     FIELD(port),
     .max = 65535,
     .initial = "1161",
     .right = ROLE_ADMINISTRATOR,
     .help = "UDP port; 0 is off. The usual 161 needs the right to open ports below 1024, which "
             "the service has."},
    {.key = "listen",
     .type = SETTING_TEXT,
     FIELD(listen),
     .max = 63,
     .initial = "::",
     .right = ROLE_ADMINISTRATOR,
     .help = "Address to listen on; :: is every address, IPv4 included."},
    {.key = "enterprise",
     .type = SETTING_INT,
     FIELD(enterprise),
     .min = 1,
     .max = 4294967295.0,
     .initial = "32473",
     .right = ROLE_ADMINISTRATOR,
     .help = "Enterprise number below which the objects of BUSBAR-MIB stand. 32473 is the one for "
             "examples (RFC 5612); an organisation that has a number uses its own, and its own "
             "text of the MIB (busbar mib)."},
};

static const struct setting_row community_rows[] = {
    {.key = "community",
     .type = SETTING_TEXT,
     COMMUNITY(community),
     .min = 1,
     .max = 64,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .secret = true,
     .help = "The word that requests of SNMP v1 and v2c carry. It crosses the network in clear: "
             "use it inside a trusted network only."},
    {.key = "access",
     .type = SETTING_CHOICE,
     COMMUNITY(access),
     .choices = accesses,
     .initial = "view",
     .right = ROLE_ADMINISTRATOR,
     .help = "What it may do: read (view), also switch and acknowledge (control), nothing (none)."},
    {.key = "networks",
     .type = SETTING_TEXT,
     COMMUNITY(networks),
     .max = 1000,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = NETWORKS_HELP},
};

static const struct setting_row user_rows[] = {
    {.key = "access",
     .type = SETTING_CHOICE,
     USER(access),
     .choices = user_accesses,
     .initial = "view",
     .right = ROLE_ADMINISTRATOR,
     .help =
         "What it may do: a role, that of the user of the same name (user), or nothing (none)."},
    {.key = "auth",
     .type = SETTING_CHOICE,
     USER(auth),
     .choices = auths,
     .initial = "sha-256",
     .right = ROLE_ADMINISTRATOR,
     .help = "Hash that proves who asks. md5 and sha-1 are for old equipment only."},
    {.key = "auth_passphrase",
     .type = SETTING_TEXT,
     USER(auth_passphrase),
     .min = SNMP_PASSPHRASE_LEAST,
     .max = 255,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .secret = true,
     .help = "Passphrase of which the key of the hash is made."},
    {.key = "privacy",
     .type = SETTING_CHOICE,
     USER(privacy),
     .choices = privacies,
     .initial = "aes-128",
     .right = ROLE_ADMINISTRATOR,
     .help = "Cipher; requests without it are refused. aes-192-c and aes-256-c make their keys the "
             "way that other equipment calls AES192C and AES256C."},
    {.key = "privacy_passphrase",
     .type = SETTING_TEXT,
     USER(privacy_passphrase),
     .max = 255,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .secret = true,
     .help = "Passphrase of which the key of the cipher is made; empty is that of the hash."},
    {.key = "networks",
     .type = SETTING_TEXT,
     USER(networks),
     .max = 1000,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = NETWORKS_HELP},
};

/* ---- networks -------------------------------------------------------------------------------- */

/* The next word into `word`; its length, 0 at the end. */
static size_t next_word(const char **at, const char **word)
{
    *at += strspn(*at, " ,");
    *word = *at;
    *at += strcspn(*at, " ,");
    return (size_t)(*at - *word);
}

bool snmp_networks_hold(const char *networks, const struct in6_addr *address)
{
    const char *word;
    struct ip_address asked;
    bool any = false;
    memcpy(asked.bytes, address, sizeof asked.bytes);
    for (size_t length; (length = next_word(&networks, &word)) > 0; any = true) {
        struct ip_net net;
        if (ip_net_parse(&net, word, length, NULL) == 0 && ip_net_holds(&net, &asked))
            return true;
    }
    return !any;
}

int snmp_networks_check(const char *networks, struct err *err)
{
    const char *word;
    for (size_t length; (length = next_word(&networks, &word)) > 0;) {
        struct ip_net net;
        if (ip_net_parse(&net, word, length, err) < 0)
            return err->code;
    }
    return 0;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static int check_snmp(const struct config *config, const void *record, const char **key,
                      struct err *err)
{
    const struct snmp_settings *snmp = record;
    uint8_t address[16];
    (void)config;
    *key = "listen";
    if (inet_pton(AF_INET6, snmp->listen, address) == 1 ||
        inet_pton(AF_INET, snmp->listen, address) == 1)
        return 0;
    return err_set(err, -EINVAL, "must be an address like :: or 192.0.2.7, not \"%.60s\"",
                   snmp->listen);
}

/* What the record is called; NULL when it is not among them. */
static const char *record_name(const struct config *config, const struct setting_table *table,
                               const void *record)
{
    for (size_t i = 0; i < config_count(config, table); i++) {
        if (config_at(config, table, i) == record)
            return config_name_at(config, table, i);
    }
    return NULL;
}

static int check_count(const struct config *config, const struct setting_table *table, size_t most,
                       struct err *err)
{
    if (config_count(config, table) <= most)
        return 0;
    return err_set(err, -EINVAL, "there are more than %zu of %s", most, table->name);
}

static int check_community(const struct config *config, const void *record, const char **key,
                           struct err *err)
{
    static const char *const known[] = {"public", "private", "write", "admin"};
    const struct snmp_community *community = record;
    *key = "community";
    if (check_count(config, &snmp_community_table, SNMP_COMMUNITIES_MOST, err) < 0)
        return err->code;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (community->access == SNMP_ACCESS_CONTROL && strcmp(community->community, known[i]) == 0)
            return err_set(err, -EINVAL,
                           "everybody knows this word: choose another for a community that may "
                           "switch");
    }
    *key = "networks";
    return snmp_networks_check(community->networks, err);
}

static int check_user(const struct config *config, const void *record, const char **key,
                      struct err *err)
{
    const struct snmp_user *user = record;
    size_t length = strlen(user->privacy_passphrase);
    const char *name = record_name(config, &snmp_user_table, record);
    *key = "access";
    if (check_count(config, &snmp_user_table, SNMP_USERS_MOST, err) < 0)
        return err->code;
    if (name && strlen(name) > SNMP_USER_NAME_MOST)
        return err_set(err, -EINVAL, "the user's name must be at most %d characters long",
                       SNMP_USER_NAME_MOST);
    *key = "privacy_passphrase";
    if (user->privacy != SNMP_PRIVACY_NONE && length && length < SNMP_PASSPHRASE_LEAST)
        return err_set(err, -EINVAL, "must be at least %d characters long, or empty",
                       SNMP_PASSPHRASE_LEAST);
    *key = "networks";
    return snmp_networks_check(user->networks, err);
}

const struct setting_table snmp_settings_table = {
    .name = "snmp",
    .label = "SNMP",
    .help = "The SNMP agent: v1 and v2c by communities, v3 by snmp_users.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct snmp_settings),
    .check = check_snmp,
};

const struct setting_table snmp_community_table = {
    .name = "communities",
    .label = "SNMP communities",
    .help = "Communities of SNMP v1 and v2c; the name of the record is what events call it.",
    .collection = true,
    .rows = community_rows,
    .row_count = sizeof community_rows / sizeof *community_rows,
    .record_size = sizeof(struct snmp_community),
    .check = check_community,
};

const struct setting_table snmp_user_table = {
    .name = "snmp_users",
    .label = "SNMP users",
    .help = "Users of SNMP v3; the name of the record is the user's name, at most 32 characters.",
    .collection = true,
    .rows = user_rows,
    .row_count = sizeof user_rows / sizeof *user_rows,
    .record_size = sizeof(struct snmp_user),
    .check = check_user,
};
