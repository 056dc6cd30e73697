/* access_private - what the access_*.c files share; nobody else includes this.
 *
 * A change of users and tokens is a job (access_job.c). One at a time is made on a copy
 * (access_change.c), saved, and comes into force when it is durable; if it could not be saved, the
 * copy is dropped.
 *
 * Signing in by password is access_sign_in.c, by PIN and PUK access_pin.c; both are jobs, too.
 */
#pragma once

#include "base/buf.h"
#include "model/access.h"
#include "model/access_password.h"
#include "model/access_session.h"
#include "model/access_slow.h"

struct access_account {
    char name[LIMIT_NAME + 1];
    enum access_role role;
    bool must_change;
    clock_us created;                                /* wall, 0 when the clock was not known */
    char hash[ACCESS_HASH_MAX];                      /* "": no password */
    char pin[ACCESS_HASH_MAX], puk[ACCESS_HASH_MAX]; /* hashes; both or neither */
    unsigned pin_wrong, puk_wrong;                   /* until a right one */
    char home[ACCESS_HOME_SIZE];
};

struct access_token_entry {
    char id[ACCESS_TOKEN_ID], name[LIMIT_NAME + 1];
    enum access_role role;
    clock_us created, expires;
    unsigned char hash[32];
};

struct access {
    struct loop *loop;
    struct saver *saver;
    char *path;
    struct access_settings settings;
    struct access_account *accounts; /* in the order they were made */
    struct access_token_entry *tokens;
    size_t account_count, token_count; /* arrays of LIMIT_USERS, LIMIT_TOKENS */
    /* The same once more: while a change is made, the copy on which it is made; while it is saved,
     * what will be in force. */
    struct access_account *other_accounts;
    struct access_token_entry *other_tokens;
    size_t other_account_count, other_token_count;
    struct access_job *saving; /* whose change is being saved, or NULL */
    unsigned saves_asked;
    struct access_sessions sessions;
    struct access_slow *slow;
    char dummy_hash[ACCESS_HASH_MAX]; /* checked for users that do not exist, so that it takes as
                                         long */
    struct access_job *jobs;          /* all, oldest first */
    size_t job_count, jobs_waiting, jobs_running;
    size_t code_tries; /* by PIN and PUK, under way */
    struct {
        clock_us begun;
        unsigned lines, unsaid;
    } refusals; /* in this minute of the log */
    void (*watch)(void *user, const struct access_fact *fact);
    void *watch_user;
};

/* ---- access_store.c -------------------------------------------------------------------------- */

/* Fill accounts and tokens from the file. 0, -ENOENT when there is none, else `err` with file, line
 * and what to do. */
int access_store_load(struct access *access, struct err *err);

/* At once; for the first start, before there is a loop to wait for. */
int access_store_save(const struct access *access, struct err *err);

/* The file's content. */
void access_store_write(const struct access *access, struct buf *out);

/* ---- access.c -------------------------------------------------------------------------------- */

struct access_account *access_account_find(struct access *access, const char *name);

/* 0, or the sentence why a user cannot be called so. */
int access_check_name(const char *name, struct err *err);

/* -EPERM with a sentence when the account is the only administrator with a password. */
int access_check_last(const struct access *access, const struct access_account *account,
                      struct err *err);

#define ACCESS_TOKEN_PREFIX "bb_"

void access_token_hash(const char *token, unsigned char hash[32]);

/* 0, or why there can be no such token. */
int access_check_token(const struct access *access, const char *name, enum access_role role,
                       clock_us expires, struct err *err);

/* The wall time for records, 0 when it is not known. */
clock_us access_wall(const struct access *access);

/* ---- access_change.c ------------------------------------------------------------------------- */

enum access_job_state { JOB_ANSWERED, JOB_WAITING, JOB_RUNNING, JOB_SAVING };

struct access_job {
    struct access_job *next;
    struct access *access; /* NULL when it was closed while the pool worked */
    enum access_job_state state;
    bool cancelled;
    struct loop_defer answer;
    /* one of: */
    void (*signed_in)(void *user_data, const struct access_sign_in *result);
    void (*changed)(void *user_data, const struct err *err);
    void (*user_set)(void *user_data, const struct access_codes *codes);
    void (*token_added)(void *user_data, const struct access_token_added *added);
    void *user_data;

    char source[64], user[LIMIT_NAME + 1];
    char by[LIMIT_NAME + 1];       /* who wishes the change, from `source` */
    char *password, *new_password; /* of a sign-in; access_user_set: only new_password */
    enum access_proof proof;       /* of a sign-in: what `password` is */
    enum access_role role;         /* access_user_set */
    char home[ACCESS_HOME_SIZE];
    bool new_home, no_pin;
    bool user_known; /* and has what `proof` asks for, not blocked */

    void (*work)(struct access_job *job);            /* on the pool: touches nothing but the job */
    void (*finish)(struct access_job *job);          /* afterwards, on the loop */
    char stored[ACCESS_HASH_MAX];                    /* to check against */
    char fresh[ACCESS_HASH_MAX];                     /* of `new_password` */
    struct access_codes codes;                       /* to set: the PIN also when it was chosen */
    bool made_pin;                                   /* the PIN was not chosen */
    char pin[ACCESS_HASH_MAX], puk[ACCESS_HASH_MAX]; /* of `codes` */
    int matches; /* of `password` and `stored`: 1, 0, negative errno */
    struct err work_err;

    /* the change: made on the copy; after it has been saved or has failed */
    int (*apply)(struct access_job *job, struct err *err);
    void (*applied)(struct access_job *job);
    unsigned turn;
    bool made_user; /* access_apply_user: there was none before */
    bool counted;   /* a wrong PIN or PUK: there was somebody to count it for */
    bool blocked;   /* and it was one too many */
    struct access_token_entry token;
    struct access_token_added added;

    struct access_sign_in result; /* also carries the err of the others */
};

/* Make the job's change when those before it are through; then `applied` is called, with the reason
 * in result.err if nothing was changed. */
void access_change(struct access_job *job);

/* What `apply` may be: on accounts and tokens of job->access, by what the job says. */
int access_apply_password(struct access_job *job, struct err *err);
int access_apply_user(struct access_job *job, struct err *err);
int access_apply_user_removal(struct access_job *job, struct err *err);
int access_apply_token(struct access_job *job, struct err *err);
int access_apply_token_removal(struct access_job *job, struct err *err);

/* ---- access_job.c ---------------------------------------------------------------------------- */

/* NULL when there are too many or no memory. Texts are copied. */
struct access_job *access_job_new(struct access *access, const char *user, const char *password,
                                  const char *new_password, void *user_data);

/* Tell the watcher, then the client, on the loop's next turn; the job is gone after that. */
void access_job_answer(struct access_job *job);

/* Whether so many wait for the pool that the next one is better refused, with the sentence. */
bool access_jobs_full(const struct access *access, struct err *err);

/* Do `work` on the pool when it is the job's turn, then `finish`. */
void access_job_enqueue(struct access_job *job);

/* Forget all jobs; those on the pool free themselves when they come back. */
void access_jobs_end(struct access *access);

/* ---- access_sign_in.c ------------------------------------------------------------------------ */

/* 0, or after too many failures the job is answered for with the time to wait. */
bool access_sign_in_slowed(struct access_job *job);
void access_sign_in_refuse(struct access_job *job);
void access_sign_in_fail(struct access_job *job);
void access_sign_in_welcome(struct access_job *job, const struct access_account *account);

/* ---- access_pin.c ---------------------------------------------------------------------------- */

/* Whether and how the account can sign in with a PIN. */
enum access_pin access_pin_state(const struct access *access, const struct access_account *account);
