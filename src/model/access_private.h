/* access_private - what the access_*.c files share; nobody else includes this.
 *
 * Every change of users and tokens is made in memory, saved, and taken back when it could not be
 * saved.
 */
#pragma once

#include "model/access.h"
#include "model/access_password.h"
#include "model/access_session.h"
#include "model/access_slow.h"

struct access_account {
    char name[LIMIT_NAME + 1];
    enum access_role role;
    bool must_change;
    clock_us created; /* wall, 0 when the clock was not known */
    char hash[ACCESS_HASH_MAX];
};

#define ACCESS_TOKEN_ID 17

struct access_token_entry {
    char id[ACCESS_TOKEN_ID], name[LIMIT_NAME + 1];
    enum access_role role;
    clock_us created, expires;
    unsigned char hash[32];
};

struct access {
    struct loop *loop;
    char *path;
    struct access_settings settings;
    struct access_account *accounts; /* in the order they were made */
    struct access_token_entry *tokens;
    size_t account_count, token_count; /* arrays of LIMIT_USERS, LIMIT_TOKENS */
    struct access_sessions sessions;
    struct access_slow *slow;
    char dummy_hash[ACCESS_HASH_MAX]; /* checked for users that do not exist, so that it takes as
                                         long */
    struct access_job *jobs;          /* all, oldest first */
    size_t job_count, jobs_waiting, jobs_running;
    struct {
        clock_us begun;
        unsigned lines, unsaid;
    } refusals; /* in this minute of the log */
};

/* ---- access_store.c -------------------------------------------------------------------------- */

/* Fill accounts and tokens from the file. 0, -ENOENT when there is none, else `err` with file, line
 * and what to do. */
int access_store_load(struct access *access, struct err *err);
int access_store_save(const struct access *access, struct err *err);

/* ---- access.c -------------------------------------------------------------------------------- */

struct access_account *access_account_find(struct access *access, const char *name);

/* 0, or the sentence why a user cannot be called so. */
int access_check_name(const char *name, struct err *err);

/* -EPERM with a sentence when the account is the only administrator. */
int access_check_last(const struct access *access, const struct access_account *account,
                      struct err *err);

/* The wall time for records, 0 when it is not known. */
clock_us access_wall(const struct access *access);

/* ---- access_job.c ---------------------------------------------------------------------------- */

/* Forget all jobs; those on the pool free themselves when they come back. */
void access_jobs_end(struct access *access);
