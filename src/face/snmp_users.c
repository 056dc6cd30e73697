#include "face/snmp_users.h"

#include <errno.h>
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "face/snmp_settings.h"
#include "face/snmp_state.h"
#include "model/config.h"

/* As Net-SNMP calls them. */
static const char *const auth_names[SNMP_AUTHS] = {
    [SNMP_AUTH_MD5] = "MD5",        [SNMP_AUTH_SHA1] = "SHA",       [SNMP_AUTH_SHA224] = "SHA-224",
    [SNMP_AUTH_SHA256] = "SHA-256", [SNMP_AUTH_SHA384] = "SHA-384", [SNMP_AUTH_SHA512] = "SHA-512",
};
static const char *const privacy_names[SNMP_PRIVACIES] = {
    [SNMP_PRIVACY_AES128] = "AES",        [SNMP_PRIVACY_AES192] = "AES-192",
    [SNMP_PRIVACY_AES256] = "AES-256",    [SNMP_PRIVACY_AES192C] = "AES-192-C",
    [SNMP_PRIVACY_AES256C] = "AES-256-C",
};

#define PASSPHRASE_MOST 256 /* with its end */

struct key {
    u_char bytes[USM_AUTH_KU_LEN];
    size_t length; /* 0: could not be made */
};

struct user {
    char name[SNMP_USER_NAME_MOST + 1];
    unsigned char print[16]; /* of all that its keys are made of */
    int64_t auth, privacy;
    bool listed; /* in Net-SNMP's list */
    /* while the keys are not made */
    char auth_passphrase[PASSPHRASE_MOST], privacy_passphrase[PASSPHRASE_MOST];
};

/* Keys of one user, made on the pool. */
struct making {
    struct snmp_users *users; /* NULL: they are not wanted any more */
    struct user user;
    struct key auth, privacy;
};

struct snmp_users {
    struct loop *loop;
    const struct snmp_state *state;
    struct user list[SNMP_USERS_MOST];
    size_t count;
    struct making *making; /* NULL: none is under way */
};

/* ---- Net-SNMP's list ------------------------------------------------------------------------- */

static void unlist(struct snmp_users *users, struct user *user)
{
    size_t length;
    const uint8_t *engine = snmp_state_engine(users->state, &length);
    struct usmUser *found = user->listed ? usm_get_user(engine, length, user->name) : NULL;
    if (found) {
        usm_remove_user(found);
        usm_free_user(found);
    }
    user->listed = false;
}

static size_t add_hex(char *line, size_t size, size_t used, const void *bytes, size_t length)
{
    used += (size_t)snprintf(line + used, size - used, "0x");
    sodium_bin2hex(line + used, size - used, bytes, length);
    return used + 2 * length;
}

/* A line as in Net-SNMP's own files, which makes keys of the master keys for this engine and
 * stretches them where the cipher wants more. */
static void list(struct snmp_users *users, struct user *user, const struct making *making)
{
    char line[600];
    size_t used = 0, length;
    const uint8_t *engine = snmp_state_engine(users->state, &length);
    used += (size_t)snprintf(line, sizeof line, "-e ");
    used = add_hex(line, sizeof line, used, engine, length);
    used += (size_t)snprintf(line + used, sizeof line - used, " %s %s -m ", user->name,
                             auth_names[user->auth]);
    used = add_hex(line, sizeof line, used, making->auth.bytes, making->auth.length);
    if (user->privacy != SNMP_PRIVACY_NONE) {
        used += (size_t)snprintf(line + used, sizeof line - used, " %s -m ",
                                 privacy_names[user->privacy]);
        add_hex(line, sizeof line, used, making->privacy.bytes, making->privacy.length);
    }
    usm_parse_create_usmUser("createUser", line);
    sodium_memzero(line, sizeof line);
    user->listed = usm_get_user(engine, length, user->name) != NULL;
    if (!user->listed)
        log_error("snmp", "user %s cannot sign in: its keys could not be made", user->name);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void make_key(int64_t auth, const char *passphrase, struct key *key)
{
    size_t oid_length = 0;
    const oid *hash = sc_get_auth_oid(usm_lookup_auth_type(auth_names[auth]), &oid_length);
    key->length = sizeof key->bytes;
    if (!hash || generate_Ku(hash, (u_int)oid_length, (const u_char *)passphrase,
                             strlen(passphrase), key->bytes, &key->length) != SNMPERR_SUCCESS)
        key->length = 0;
}

/* On a thread of the pool. */
static void make_keys(void *work)
{
    struct making *making = work;
    const struct user *user = &making->user;
    make_key(user->auth, user->auth_passphrase, &making->auth);
    if (user->privacy != SNMP_PRIVACY_NONE)
        make_key(user->auth, user->privacy_passphrase, &making->privacy);
}

static void make_next(struct snmp_users *users);

static void forget_passphrases(struct user *user)
{
    sodium_memzero(user->auth_passphrase, sizeof user->auth_passphrase);
    sodium_memzero(user->privacy_passphrase, sizeof user->privacy_passphrase);
}

static void on_made(void *work)
{
    struct making *making = work;
    struct snmp_users *users = making->users;
    if (users) {
        users->making = NULL;
        for (size_t i = 0; i < users->count; i++) {
            struct user *user = &users->list[i];
            if (memcmp(user->print, making->user.print, sizeof user->print) == 0) {
                list(users, user, making);
                forget_passphrases(user);
            }
        }
        make_next(users);
    }
    sodium_memzero(making, sizeof *making);
    free(making);
}

static bool needs_keys(const struct user *user)
{
    return user->auth_passphrase[0] != '\0';
}

static void make_next(struct snmp_users *users)
{
    size_t at = 0;
    while (at < users->count && !needs_keys(&users->list[at]))
        at++;
    if (at == users->count || users->making)
        return;
    struct making *making = calloc(1, sizeof *making);
    if (making) {
        making->users = users;
        making->user = users->list[at];
    }
    if (!making || loop_job_start(users->loop, make_keys, on_made, making) < 0) {
        free(making);
        log_error("snmp", "user %s cannot sign in: too little memory", users->list[at].name);
        return;
    }
    users->making = making;
}

/* ---- settings -------------------------------------------------------------------------------- */

static void make_print(struct user *user)
{
    const char *const texts[] = {user->name, user->auth_passphrase, user->privacy_passphrase};
    const int64_t kinds[] = {user->auth, user->privacy};
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof user->print);
    crypto_generichash_update(&state, (const unsigned char *)kinds, sizeof kinds);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        crypto_generichash_update(&state, (const unsigned char *)texts[i], strlen(texts[i]) + 1);
    crypto_generichash_final(&state, user->print, sizeof user->print);
}

static void read_user(struct user *user, const char *name, const struct snmp_user *settings)
{
    const char *second =
        *settings->privacy_passphrase ? settings->privacy_passphrase : settings->auth_passphrase;
    *user = (struct user){.auth = settings->auth, .privacy = settings->privacy};
    snprintf(user->name, sizeof user->name, "%s", name);
    snprintf(user->auth_passphrase, sizeof user->auth_passphrase, "%s", settings->auth_passphrase);
    snprintf(user->privacy_passphrase, sizeof user->privacy_passphrase, "%s", second);
    make_print(user);
}

/* The entry with the same keys, if there is one. */
static const struct user *find_same(const struct snmp_users *users, const struct user *wanted)
{
    for (size_t i = 0; i < users->count; i++) {
        if (memcmp(users->list[i].print, wanted->print, sizeof wanted->print) == 0)
            return &users->list[i];
    }
    return NULL;
}

static bool is_wanted(const struct user *list, size_t count, const struct user *user)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(list[i].print, user->print, sizeof user->print) == 0)
            return true;
    }
    return false;
}

void snmp_users_configure(struct snmp_users *users, const struct config *config)
{
    static const size_t size = SNMP_USERS_MOST * sizeof(struct user);
    struct user *fresh = calloc(1, size);
    size_t count = 0;
    if (!fresh) {
        log_error("snmp", "the users of SNMP stay as they were: too little memory");
        return;
    }
    for (size_t i = 0; i < config_count(config, &snmp_user_table) && count < SNMP_USERS_MOST; i++) {
        const struct snmp_user *settings = config_at(config, &snmp_user_table, i);
        if (settings->access == SNMP_ACCESS_NONE)
            continue;
        read_user(&fresh[count], config_name_at(config, &snmp_user_table, i), settings);
        const struct user *same = find_same(users, &fresh[count]);
        if (same)
            fresh[count] = *same;
        count++;
    }
    for (size_t i = 0; i < users->count; i++) {
        if (!is_wanted(fresh, count, &users->list[i]))
            unlist(users, &users->list[i]);
    }
    sodium_memzero(users->list, sizeof users->list);
    memcpy(users->list, fresh, count * sizeof *fresh);
    users->count = count;
    sodium_memzero(fresh, size);
    free(fresh);
    make_next(users);
}

bool snmp_users_ready(const struct snmp_users *users)
{
    for (size_t i = 0; i < users->count; i++) {
        if (needs_keys(&users->list[i]))
            return false;
    }
    return true;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct snmp_users *snmp_users_new(struct loop *loop, const struct snmp_state *state)
{
    struct snmp_users *users = calloc(1, sizeof *users);
    if (users) {
        users->loop = loop;
        users->state = state;
    }
    return users;
}

struct snmp_users *snmp_users_free(struct snmp_users *users)
{
    if (!users)
        return NULL;
    for (size_t i = 0; i < users->count; i++)
        unlist(users, &users->list[i]);
    if (users->making)
        users->making->users = NULL;
    sodium_memzero(users, sizeof *users);
    free(users);
    return NULL;
}
