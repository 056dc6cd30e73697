#include "model/access_private.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/saver.h"

/* Signing in and changing users and tokens: what needs an argon2 hash goes to the worker pool, four
 * at a time, the rest waits here. Every answer comes later, through `done`, also one that is known
 * at once. */

#define RUNNING_MOST 4  /* 19 MiB each */
#define WAITING_MOST 64 /* a third of a second of work for each of the four */
#define JOBS_MOST 256

/* ---- life of a job --------------------------------------------------------------------------- */

static void free_secret(char *text)
{
    if (text)
        sodium_memzero(text, strlen(text));
    free(text);
}

static void free_job(struct access_job *job)
{
    free_secret(job->password);
    free_secret(job->new_password);
    sodium_memzero(job, sizeof *job);
    free(job);
}

static void leave(struct access_job *job)
{
    struct access *access = job->access;
    struct access_job **at = &access->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    access->job_count--;
}

/* Copies what is given; a password beyond the limit is cut and cannot match: hashes of such do not
 * exist. */
static bool copy_secret(char **copy, const char *text)
{
    if (!text)
        return true;
    *copy = strndup(text, ACCESS_PASSWORD_MAX + 1);
    return *copy;
}

struct access_job *access_job_new(struct access *access, const char *user, const char *password,
                                  const char *new_password, void *user_data)
{
    if (access->job_count >= JOBS_MOST)
        return NULL;
    struct access_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->access = access;
    job->user_data = user_data;
    snprintf(job->user, sizeof job->user, "%s", user);
    if (!copy_secret(&job->password, password) || !copy_secret(&job->new_password, new_password)) {
        free_job(job);
        return NULL;
    }
    struct access_job **end = &access->jobs;
    while (*end)
        end = &(*end)->next;
    *end = job;
    access->job_count++;
    return job;
}

/* Codes are shown only when they are good, and a PIN only when it was made here. */
static void deliver_user(struct access_job *job)
{
    struct access_codes *codes = &job->codes;
    codes->err = job->result.err;
    if (codes->err.code || !job->made_pin)
        sodium_memzero(codes->pin, sizeof codes->pin);
    if (codes->err.code)
        sodium_memzero(codes->puk, sizeof codes->puk);
    job->user_set(job->user_data, codes);
}

/* A secret is shown only when it is good. */
static void deliver_token(struct access_job *job)
{
    job->added.err = job->result.err;
    if (job->result.err.code)
        sodium_memzero(job->added.secret, sizeof job->added.secret);
    job->token_added(job->user_data, &job->added);
}

static void deliver(struct loop_defer *defer, void *user)
{
    (void)defer;
    struct access_job *job = user;
    leave(job);
    if (!job->cancelled && job->signed_in)
        job->signed_in(job->user_data, &job->result);
    if (!job->cancelled && job->changed)
        job->changed(job->user_data, &job->result.err);
    if (!job->cancelled && job->user_set)
        deliver_user(job);
    if (!job->cancelled && job->token_added)
        deliver_token(job);
    free_job(job);
}

static bool describe_sign_in(const struct access_job *job, struct access_fact *fact)
{
    enum access_outcome outcome = job->result.outcome;
    bool known = access_account_find(job->access, job->user);
    bool signed_in = outcome == ACCESS_SIGNED_IN;
    fact->deed = signed_in ? ACCESS_DEED_SIGN_IN : ACCESS_DEED_SIGN_IN_REFUSED;
    fact->slowed = outcome == ACCESS_SLOWED;
    fact->name = fact->by = known ? job->user : "";
    fact->pin = job->new_password && job->proof != ACCESS_BY_PASSWORD;
    fact->password = job->new_password && job->proof == ACCESS_BY_PASSWORD;
    return signed_in || fact->slowed || outcome == ACCESS_REFUSED || outcome == ACCESS_BLOCKED;
}

/* What the job has done, if anything, for the watcher. */
static bool describe(const struct access_job *job, struct access_fact *fact)
{
    *fact = (struct access_fact){.name = job->user,
                                 .label = "",
                                 .role = job->role,
                                 .password = job->new_password,
                                 .pin = *job->pin,
                                 .puk = *job->puk,
                                 .no_pin = job->no_pin,
                                 .home = job->new_home ? job->home : NULL,
                                 .by_proof = job->proof,
                                 .by = job->by,
                                 .from = job->source};
    if (job->signed_in)
        return describe_sign_in(job, fact);
    if (job->apply == access_apply_user)
        fact->deed = job->made_user ? ACCESS_DEED_USER_ADDED : ACCESS_DEED_USER_CHANGED;
    else if (job->apply == access_apply_user_removal)
        fact->deed = ACCESS_DEED_USER_REMOVED;
    else
        fact->deed = job->token_added ? ACCESS_DEED_TOKEN_MADE : ACCESS_DEED_TOKEN_REVOKED;
    if (fact->deed == ACCESS_DEED_TOKEN_MADE || fact->deed == ACCESS_DEED_TOKEN_REVOKED) {
        fact->name = job->token.id;
        fact->label = job->token.name;
        fact->role = job->token.role;
    }
    return job->apply && !job->result.err.code;
}

/* What a try did to the PIN besides. */
static bool describe_block(const struct access_job *job, struct access_fact *fact)
{
    bool by_puk = job->proof == ACCESS_BY_PUK;
    bool unblocked = by_puk && job->signed_in && job->result.outcome == ACCESS_SIGNED_IN;
    *fact = (struct access_fact){.name = job->user,
                                 .label = "",
                                 .by = unblocked ? job->user : "",
                                 .from = job->source,
                                 .by_proof = job->proof};
    fact->deed = unblocked ? ACCESS_DEED_PIN_UNBLOCKED
                 : by_puk  ? ACCESS_DEED_PUK_BLOCKED
                           : ACCESS_DEED_PIN_BLOCKED;
    return unblocked || job->blocked;
}

static void tell(const struct access_job *job)
{
    const struct access *access = job->access;
    struct access_fact fact;
    if (!access->watch)
        return;
    if (describe(job, &fact))
        access->watch(access->watch_user, &fact);
    if (describe_block(job, &fact))
        access->watch(access->watch_user, &fact);
}

void access_job_answer(struct access_job *job)
{
    tell(job);
    job->state = JOB_ANSWERED;
    loop_defer(job->access->loop, &job->answer, deliver, job);
}

void access_job_cancel(struct access_job *job)
{
    job->cancelled = true;
}

void access_job_by(struct access_job *job, const char *by, const char *from)
{
    snprintf(job->by, sizeof job->by, "%s", by);
    snprintf(job->source, sizeof job->source, "%s", from);
}

void access_jobs_end(struct access *access)
{
    struct access_job *job;
    saver_forget(access->saver, access);
    while ((job = access->jobs)) {
        leave(job);
        loop_defer_cancel(&job->answer);
        if (job->state == JOB_RUNNING)
            job->access = NULL;
        else
            free_job(job);
    }
}

/* ---- on the pool ----------------------------------------------------------------------------- */

static void work(void *user)
{
    struct access_job *job = user;
    job->work(job);
}

static void run_waiting(struct access *access);

static void on_worked(void *user)
{
    struct access_job *job = user;
    struct access *access = job->access;
    if (!access) {
        free_job(job);
        return;
    }
    access->jobs_running--;
    job->finish(job);
    run_waiting(access);
}

static void run_waiting(struct access *access)
{
    for (struct access_job *job = access->jobs; job && access->jobs_running < RUNNING_MOST;
         job = job->next) {
        if (job->state != JOB_WAITING)
            continue;
        access->jobs_waiting--;
        access->jobs_running++;
        job->state = JOB_RUNNING;
        if (loop_job_start(access->loop, work, on_worked, job) == 0)
            continue;
        access->jobs_running--;
        job->matches = -ENOMEM;
        job->finish(job);
    }
}

void access_job_enqueue(struct access_job *job)
{
    job->state = JOB_WAITING;
    job->access->jobs_waiting++;
    run_waiting(job->access);
}

bool access_jobs_full(const struct access *access, struct err *err)
{
    if (access->jobs_waiting < WAITING_MOST)
        return false;
    err_set(err, -EBUSY, "too many sign-ins at once; try again in a moment");
    return true;
}

/* ---- removing users --------------------------------------------------------------------------- */

static void on_user_removed(struct access_job *job)
{
    if (!job->result.err.code)
        access_session_end_user(&job->access->sessions, job->user);
    access_job_answer(job);
}

struct access_job *access_user_remove(struct access *access, const char *name,
                                      void (*done)(void *user_data, const struct err *err),
                                      void *user_data)
{
    struct access_job *job = access_job_new(access, name, NULL, NULL, user_data);
    if (!job)
        return NULL;
    job->changed = done;
    job->apply = access_apply_user_removal;
    job->applied = on_user_removed;
    access_change(job);
    return job;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static void make_token(struct access_job *job, const char *name, enum access_role role,
                       clock_us expires)
{
    struct access_token_entry *token = &job->token;
    *token = (struct access_token_entry){
        .role = role, .created = access_wall(job->access), .expires = expires / CLOCK_S * CLOCK_S};
    snprintf(token->name, sizeof token->name, "%s", name);
    unsigned char random[(ACCESS_TOKEN_ID - 1) / 2];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(token->id, sizeof token->id, random, sizeof random);
    memcpy(job->added.id, token->id, sizeof job->added.id);
    char text[ACCESS_SESSION_TEXT];
    access_random_text(text);
    snprintf(job->added.secret, sizeof job->added.secret, ACCESS_TOKEN_PREFIX "%s", text);
    sodium_memzero(text, sizeof text);
    access_token_hash(job->added.secret, token->hash);
}

struct access_job *
access_token_add(struct access *access, const char *name, enum access_role role, clock_us expires,
                 void (*done)(void *user_data, const struct access_token_added *added),
                 void *user_data)
{
    struct access_job *job = access_job_new(access, "", NULL, NULL, user_data);
    if (!job)
        return NULL;
    job->token_added = done;
    job->apply = access_apply_token;
    job->applied = access_job_answer;
    if (access_check_token(access, name, role, expires, &job->result.err) < 0) {
        access_job_answer(job);
        return job;
    }
    make_token(job, name, role, expires);
    access_change(job);
    return job;
}

struct access_job *access_token_remove(struct access *access, const char *id,
                                       void (*done)(void *user_data, const struct err *err),
                                       void *user_data)
{
    struct access_job *job = access_job_new(access, "", NULL, NULL, user_data);
    if (!job)
        return NULL;
    job->changed = done;
    job->apply = access_apply_token_removal;
    job->applied = access_job_answer;
    snprintf(job->token.id, sizeof job->token.id, "%s", id);
    access_change(job);
    return job;
}
