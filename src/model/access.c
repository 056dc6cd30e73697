#include "model/access_private.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/log.h"

/* ---- settings -------------------------------------------------------------------------------- */

static const char *const views[] = {"open", "password", NULL};

#define FIELD(name) offsetof(struct access_settings, name)

static const struct setting_row rows[] = {
    {.key = "view",
     .type = SETTING_CHOICE,
     .offset = FIELD(view),
     .choices = views,
     .initial = "password",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether readings can be seen by everybody who reaches the page (open), or need "
             "signing in."},
    {.key = "session_idle",
     .type = SETTING_DURATION,
     .offset = FIELD(session_idle),
     .min = 60,
     .max = 30 * 86400,
     .initial = "12 h",
     .right = ROLE_ADMINISTRATOR,
     .help = "A session ends when it has not been used for this long."},
    {.key = "session_most",
     .type = SETTING_DURATION,
     .offset = FIELD(session_most),
     .min = 300,
     .max = 365 * 86400,
     .initial = "7 d",
     .right = ROLE_ADMINISTRATOR,
     .help = "A session ends this long after signing in, used or not."},
    {.key = "pin_digits",
     .type = SETTING_INT,
     .offset = FIELD(pin_digits),
     .min = ACCESS_PIN_LEAST,
     .max = ACCESS_PIN_MOST,
     .initial = "6",
     .right = ROLE_ADMINISTRATOR,
     .help = "Digits that a new PIN has at least."},
    {.key = "pin_tries",
     .type = SETTING_INT,
     .offset = FIELD(pin_tries),
     .min = 3,
     .max = 10,
     .initial = "5",
     .right = ROLE_ADMINISTRATOR,
     .help =
         "So many wrong PINs block a PIN, over whatever time, until a right one; then the PUK or "
         "an administrator helps."},
    {.key = "list_names",
     .type = SETTING_BOOL,
     .offset = FIELD(list_names),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether the sign-in page offers the names of those who have a PIN to everybody, and "
             "says when one is blocked."},
};

const struct setting_table access_settings_table = {
    .name = "access",
    .label = "Access",
    .help = "Who may see and change what.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct access_settings),
};

/* ---- life ------------------------------------------------------------------------------------ */

clock_us access_wall(const struct access *access)
{
    return clock_wall_known(loop_clock(access->loop)) ? loop_wall(access->loop) : 0;
}

static int make_first_account(struct access *access, char *secret, struct err *err)
{
    struct access_account *first = &access->accounts[0];
    snprintf(first->name, sizeof first->name, "administrator");
    first->role = ROLE_ADMINISTRATOR;
    first->must_change = true;
    first->created = access_wall(access);
    access_password_make(secret);
    if (access_password_hash(secret, first->hash) < 0)
        return err_set(err, -ENOMEM, "out of memory while making the first administrator");
    access->account_count = 1;
    return access_store_save(access, err);
}

static int start(struct access *access, char *first_secret, struct err *err)
{
    if (sodium_init() < 0)
        return err_set(err, -EIO, "libsodium cannot start: no random numbers");
    char dummy[ACCESS_SECRET_MAX];
    access_password_make(dummy);
    access->slow = access_slow_new();
    if (!access->slow || access_password_hash(dummy, access->dummy_hash) < 0)
        return err_set(err, -ENOMEM, "out of memory for access control");
    int result = access_store_load(access, err);
    return result == -ENOENT ? make_first_account(access, first_secret, err) : result;
}

struct access *access_open(struct loop *loop, struct saver *saver, const char *folder,
                           const struct access_settings *settings, char *first_secret,
                           struct err *err)
{
    *first_secret = '\0';
    struct access *access = calloc(1, sizeof *access);
    if (!access) {
        err_set(err, -ENOMEM, "out of memory for access control");
        return NULL;
    }
    access->loop = loop;
    access->saver = saver;
    access->accounts = calloc(LIMIT_USERS, sizeof *access->accounts);
    access->tokens = calloc(LIMIT_TOKENS, sizeof *access->tokens);
    access->other_accounts = calloc(LIMIT_USERS, sizeof *access->accounts);
    access->other_tokens = calloc(LIMIT_TOKENS, sizeof *access->tokens);
    int result = 0;
    if (asprintf(&access->path, "%s/access.json", folder) < 0) {
        access->path = NULL;
        result = err_set(err, -ENOMEM, "out of memory for access control");
    }
    if (!access->accounts || !access->tokens || !access->other_accounts || !access->other_tokens)
        result = err_set(err, -ENOMEM, "out of memory for access control");
    access_configure(access, settings);
    if (result == 0)
        result = start(access, first_secret, err);
    if (result == 0)
        return access;
    *first_secret = '\0';
    return access_close(access);
}

static void free_accounts(struct access_account *accounts)
{
    if (accounts)
        sodium_memzero(accounts, LIMIT_USERS * sizeof *accounts);
    free(accounts);
}

struct access *access_close(struct access *access)
{
    if (!access)
        return NULL;
    access_jobs_end(access);
    access_slow_free(access->slow);
    free_accounts(access->accounts);
    free_accounts(access->other_accounts);
    free(access->tokens);
    free(access->other_tokens);
    free(access->path);
    sodium_memzero(access, sizeof *access);
    free(access);
    return NULL;
}

void access_watch(struct access *access, void (*fn)(void *user, const struct access_fact *fact),
                  void *user)
{
    access->watch = fn;
    access->watch_user = user;
}

void access_configure(struct access *access, const struct access_settings *settings)
{
    access->settings = *settings;
    access->sessions.idle = settings->session_idle;
    access->sessions.most = settings->session_most;
}

bool access_names_listed(const struct access *access)
{
    return access->settings.list_names;
}

/* ---- who is asking --------------------------------------------------------------------------- */

void access_token_hash(const char *token, unsigned char hash[32])
{
    crypto_generichash(hash, 32, (const unsigned char *)token, strlen(token), NULL, 0);
}

/* Without a known date, a token that expires cannot be trusted. */
static bool has_expired(const struct access *access, const struct access_token_entry *token)
{
    clock_us now = access_wall(access);
    return token->expires && (!now || now >= token->expires);
}

static const struct access_token_entry *find_token(const struct access *access, const char *text)
{
    unsigned char hash[32];
    access_token_hash(text, hash);
    const struct access_token_entry *found = NULL;
    for (size_t i = 0; i < access->token_count; i++) {
        if (sodium_memcmp(access->tokens[i].hash, hash, sizeof hash) == 0)
            found = &access->tokens[i];
    }
    return found && !has_expired(access, found) ? found : NULL;
}

struct access_identity access_identify(struct access *access, const char *session,
                                       const char *token)
{
    struct access_session *found =
        session ? access_session_find(&access->sessions, session, loop_now(access->loop)) : NULL;
    const struct access_account *account = found ? access_account_find(access, found->user) : NULL;
    if (account)
        return (struct access_identity){account->role, account->name, found->csrf};
    const struct access_token_entry *entry = token ? find_token(access, token) : NULL;
    if (entry)
        return (struct access_identity){entry->role, entry->name, NULL};
    bool open = access->settings.view == ACCESS_VIEW_OPEN;
    return (struct access_identity){open ? ROLE_VIEW : ROLE_NONE, "", NULL};
}

void access_sign_out(struct access *access, const char *session)
{
    struct access_session *found =
        access_session_find(&access->sessions, session, loop_now(access->loop));
    if (found)
        access_session_end(found);
}

/* ---- users ----------------------------------------------------------------------------------- */

struct access_account *access_account_find(struct access *access, const char *name)
{
    for (size_t i = 0; i < access->account_count; i++) {
        if (strcmp(access->accounts[i].name, name) == 0)
            return &access->accounts[i];
    }
    return NULL;
}

int access_check_name(const char *name, struct err *err)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");
    if (!length || length > LIMIT_NAME || name[length] || strchr("._-", *name))
        return err_set(err, -EINVAL,
                       "a user's name is up to %d lower-case letters, digits and \".\", \"_\", "
                       "\"-\", beginning with a letter or digit",
                       LIMIT_NAME);
    if (strcmp(name, "root") == 0 || strcmp(name, "admin") == 0)
        return err_set(err, -EINVAL,
                       "the name \"%s\" is what every attacker tries first; choose another", name);
    if (strcmp(name, "local") == 0)
        return err_set(err, -EINVAL,
                       "the name \"local\" stands for commands given on this machine itself");
    return 0;
}

size_t access_user_count(const struct access *access)
{
    return access->account_count;
}

struct access_user access_user_at(const struct access *access, size_t index)
{
    const struct access_account *account = &access->accounts[index];
    return (struct access_user){
        .name = account->name,
        .role = account->role,
        .must_change = account->must_change,
        .password = *account->hash,
        /* The hash is salted: another one even when the password is set to what it was. */
        .password_mark = crc32c(0, account->hash, strlen(account->hash)),
        .pin = access_pin_state(access, account),
        .home = account->home,
        .created = account->created,
        .locked_until = access_slow_until(access->slow, account->name, loop_now(access->loop)),
    };
}

/* A PIN can be blocked from afar, a password cannot: only who has one counts. */
static bool is_firm(const struct access_account *account)
{
    return account->role == ROLE_ADMINISTRATOR && *account->hash;
}

int access_check_last(const struct access *access, const struct access_account *account,
                      struct err *err)
{
    size_t others = 0;
    for (size_t i = 0; i < access->account_count; i++)
        others += &access->accounts[i] != account && is_firm(&access->accounts[i]);
    if (!is_firm(account) || others)
        return 0;
    return err_set(err, -EPERM,
                   "\"%s\" is the last administrator with a password: make another one first",
                   account->name);
}

/* ---- tokens ---------------------------------------------------------------------------------- */

size_t access_token_count(const struct access *access)
{
    return access->token_count;
}

struct access_token access_token_at(const struct access *access, size_t index)
{
    const struct access_token_entry *token = &access->tokens[index];
    return (struct access_token){token->id, token->name, token->role, token->created,
                                 token->expires};
}

int access_check_token(const struct access *access, const char *name, enum access_role role,
                       clock_us expires, struct err *err)
{
    size_t length = strlen(name);
    if (!length || length > LIMIT_NAME)
        return err_set(err, -EINVAL,
                       "a token needs a name of 1 to %d bytes that says what it is for",
                       LIMIT_NAME);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
            return err_set(err, -EINVAL, "the token's name must not hold control characters");
    }
    if (role < ROLE_VIEW || role > ROLE_ADMINISTRATOR)
        return err_set(err, -EINVAL, "a token's role is view, control, installer or administrator");
    if (access->token_count == LIMIT_TOKENS)
        return err_set(err, -ENOSPC, "there are %d tokens already; remove one first", LIMIT_TOKENS);
    clock_us now = access_wall(access);
    if (expires && !now)
        return err_set(err, -EINVAL,
                       "the date is not known yet: a token that expires cannot be made");
    if (expires && expires <= now)
        return err_set(err, -EINVAL, "the token would have expired already");
    return 0;
}
