/* Changes of users and tokens: one after the other, each made on a copy, saved, and in force only
 * when it is durable. Whoever asks meanwhile sees the old. */

#include "model/access_private.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/saver.h"

/* ---- what can be changed --------------------------------------------------------------------- */

/* The account may have been removed or changed while the pool checked its password. */
int access_apply_password(struct access_job *job, struct err *err)
{
    struct access_account *account = access_account_find(job->access, job->user);
    if (!account || strcmp(account->hash, job->stored) != 0)
        return err_set(err, -ESTALE, "the user was changed meanwhile; sign in again");
    memcpy(account->hash, job->fresh, sizeof account->hash);
    account->must_change = false;
    return 0;
}

static int add_account(struct access_job *job, struct err *err)
{
    struct access *access = job->access;
    if ((!job->new_password && !*job->pin) || job->role == ROLE_NONE)
        return err_set(err, -EINVAL, "a new user needs a role and a password or PIN");
    if (access->account_count == LIMIT_USERS)
        return err_set(err, -ENOSPC, "there are %d users already; remove one first", LIMIT_USERS);
    struct access_account *account = &access->accounts[access->account_count++];
    *account = (struct access_account){.created = access_wall(access)};
    memcpy(account->name, job->user, sizeof account->name);
    return 0;
}

/* What the wish means for the PIN; 0 when that is possible. */
static int check_pin_wish(const struct access_job *job, const struct access_account *account,
                          struct err *err)
{
    bool puk_only = *job->puk && !*job->pin;
    if ((puk_only || job->no_pin) && !*account->pin)
        return err_set(err, -EINVAL, "\"%s\" has no PIN", account->name);
    if (job->no_pin && !*account->hash && !job->new_password)
        return err_set(err, -EPERM,
                       "\"%s\" has no password, so the PIN is all there is to sign in with: set a "
                       "password first",
                       account->name);
    return 0;
}

static void set_codes(const struct access_job *job, struct access_account *account)
{
    if (*job->pin || job->no_pin) {
        memcpy(account->pin, job->pin, sizeof account->pin);
        account->pin_wrong = 0;
    }
    if (*job->puk || job->no_pin) {
        memcpy(account->puk, job->puk, sizeof account->puk);
        account->puk_wrong = 0;
    }
}

int access_apply_user(struct access_job *job, struct err *err)
{
    struct access *access = job->access;
    struct access_account *account = access_account_find(access, job->user);
    job->made_user = !account;
    if (!account && add_account(job, err) < 0)
        return err->code;
    if (!account)
        account = access_account_find(access, job->user);
    if (job->role != ROLE_NONE && job->role != ROLE_ADMINISTRATOR &&
        access_check_last(access, account, err) < 0)
        return err->code;
    if (check_pin_wish(job, account, err) < 0)
        return err->code;
    if (job->role != ROLE_NONE)
        account->role = job->role;
    if (job->new_password) {
        memcpy(account->hash, job->fresh, sizeof account->hash);
        account->must_change = false;
    }
    set_codes(job, account);
    if (job->new_home)
        memcpy(account->home, job->home, sizeof account->home);
    return 0;
}

int access_apply_user_removal(struct access_job *job, struct err *err)
{
    struct access *access = job->access;
    struct access_account *account = access_account_find(access, job->user);
    if (!account)
        return err_set(err, -ENOENT, "there is no user \"%s\"", job->user);
    if (access_check_last(access, account, err) < 0)
        return err->code;
    size_t index = (size_t)(account - access->accounts);
    memmove(account, account + 1, (--access->account_count - index) * sizeof *account);
    return 0;
}

int access_apply_token(struct access_job *job, struct err *err)
{
    struct access *access = job->access;
    if (access->token_count == LIMIT_TOKENS)
        return err_set(err, -ENOSPC, "there are %d tokens already; remove one first", LIMIT_TOKENS);
    access->tokens[access->token_count++] = job->token;
    return 0;
}

int access_apply_token_removal(struct access_job *job, struct err *err)
{
    struct access *access = job->access;
    size_t index = 0;
    while (index < access->token_count && strcmp(access->tokens[index].id, job->token.id) != 0)
        index++;
    if (index == access->token_count)
        return err_set(err, -ENOENT, "there is no token \"%s\"", job->token.id);
    struct access_token_entry *token = &access->tokens[index];
    memmove(token, token + 1, (--access->token_count - index) * sizeof *token);
    return 0;
}

/* ---- one after the other --------------------------------------------------------------------- */

static void copy(struct access *access)
{
    memcpy(access->other_accounts, access->accounts, LIMIT_USERS * sizeof *access->accounts);
    memcpy(access->other_tokens, access->tokens, LIMIT_TOKENS * sizeof *access->tokens);
    access->other_account_count = access->account_count;
    access->other_token_count = access->token_count;
}

static void exchange(struct access *access)
{
    struct access_account *accounts = access->accounts;
    struct access_token_entry *tokens = access->tokens;
    size_t account_count = access->account_count, token_count = access->token_count;
    access->accounts = access->other_accounts;
    access->tokens = access->other_tokens;
    access->account_count = access->other_account_count;
    access->token_count = access->other_token_count;
    access->other_accounts = accounts;
    access->other_tokens = tokens;
    access->other_account_count = account_count;
    access->other_token_count = token_count;
}

static void run_next(struct access *access);

static void on_saved(void *user, const struct err *err)
{
    struct access *access = user;
    struct access_job *job = access->saving;
    access->saving = NULL;
    if (err->code)
        job->result.err = *err;
    else
        exchange(access);
    sodium_memzero(access->other_accounts, LIMIT_USERS * sizeof *access->accounts);
    job->applied(job);
    run_next(access);
}

/* The change is made where everything looks for accounts, then what was in force is put back. */
static int begin(struct access_job *job)
{
    struct access *access = job->access;
    struct err *err = &job->result.err;
    struct buf content = BUF_EMPTY;
    copy(access);
    int result = job->apply(job, err);
    if (result == 0)
        access_store_write(access, &content);
    exchange(access);
    if (result == 0)
        result = saver_write(access->saver, access->path, 0600, &content, on_saved, access, err);
    if (result == 0)
        access->saving = job;
    return result;
}

static struct access_job *next_job(struct access *access)
{
    struct access_job *next = NULL;
    for (struct access_job *job = access->jobs; job; job = job->next) {
        if (job->state == JOB_SAVING && (!next || job->turn - next->turn > UINT32_MAX / 2))
            next = job;
    }
    return next;
}

static void run_next(struct access *access)
{
    struct access_job *job;
    while (!access->saving && (job = next_job(access))) {
        if (begin(job) < 0)
            job->applied(job);
    }
}

void access_change(struct access_job *job)
{
    job->state = JOB_SAVING;
    job->turn = job->access->saves_asked++;
    run_next(job->access);
}
