#include "model/access_private.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/saver.h"

/* Signing in and setting passwords: what needs an argon2 hash goes to the worker pool, four at a
 * time, the rest waits here. Every answer comes later, through `done`, also one that is known at
 * once. */

#define RUNNING_MOST 4  /* 19 MiB each */
#define WAITING_MOST 64 /* a third of a second of work for each of the four */
#define JOBS_MOST 256
#define LOG_LINES_PER_MINUTE 10

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

static struct access_job *new_job(struct access *access, const char *user, const char *password,
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
    if (!job->cancelled && job->token_added)
        deliver_token(job);
    free_job(job);
}

/* What the job has done, if anything, for the watcher. */
static bool describe(const struct access_job *job, struct access_fact *fact)
{
    bool known = access_account_find(job->access, job->user);
    *fact = (struct access_fact){.name = job->user,
                                 .label = "",
                                 .role = job->role,
                                 .password = job->new_password,
                                 .by = job->by,
                                 .from = job->source};
    if (job->signed_in) {
        bool signed_in = job->result.outcome == ACCESS_SIGNED_IN;
        fact->deed = signed_in ? ACCESS_DEED_SIGN_IN : ACCESS_DEED_SIGN_IN_REFUSED;
        fact->slowed = job->result.outcome == ACCESS_SLOWED;
        fact->name = fact->by = known ? job->user : "";
        return signed_in || fact->slowed || job->result.outcome == ACCESS_REFUSED;
    }
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

static void tell(const struct access_job *job)
{
    const struct access *access = job->access;
    struct access_fact fact;
    if (access->watch && describe(job, &fact))
        access->watch(access->watch_user, &fact);
}

static void answer(struct access_job *job)
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

/* Pool thread: touches nothing but the job. */
static void work(void *user)
{
    struct access_job *job = user;
    const char *checked = job->signed_in ? job->password : job->new_password;
    job->matches = *job->stored ? access_password_verify(job->stored, checked) : 0;
    if (!job->new_password || job->matches < 0)
        return;
    if (job->changed && job->matches == 1) {
        err_set(&job->work_err, -EINVAL, "the new password must differ from the old one");
        return;
    }
    if (job->signed_in && (job->matches == 0 || !job->user_known))
        return;
    if (access_password_check(job->user, job->new_password, job->password, &job->work_err) == 0 &&
        access_password_hash(job->new_password, job->fresh) < 0)
        job->matches = -ENOMEM;
}

static void finish_sign_in(struct access_job *job);
static void finish_user_set(struct access_job *job);

static void run_waiting(struct access *access);

static void finish_work(struct access_job *job)
{
    if (job->signed_in)
        finish_sign_in(job);
    else
        finish_user_set(job);
}

static void on_worked(void *user)
{
    struct access_job *job = user;
    struct access *access = job->access;
    if (!access) {
        free_job(job);
        return;
    }
    access->jobs_running--;
    finish_work(job);
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
        finish_work(job);
    }
}

static void enqueue(struct access_job *job)
{
    job->state = JOB_WAITING;
    job->access->jobs_waiting++;
    run_waiting(job->access);
}

/* ---- signing in ------------------------------------------------------------------------------ */

/* Each refusal, as long as they are few. A name that is no user's may be a password typed into the
 * wrong field. */
static void log_refusal(struct access *access, const struct access_job *job, const char *what)
{
    clock_us now = loop_now(access->loop);
    if (now - access->refusals.begun >= 60 * CLOCK_S) {
        if (access->refusals.unsaid)
            log_warning("access", "%u more refused sign-ins", access->refusals.unsaid);
        access->refusals.begun = now;
        access->refusals.lines = access->refusals.unsaid = 0;
    }
    if (access->refusals.lines == LOG_LINES_PER_MINUTE) {
        access->refusals.unsaid++;
        return;
    }
    access->refusals.lines++;
    bool known = access_account_find(access, job->user);
    log_warning("access", "sign-in of %s from %s %s", known ? job->user : "an unknown user",
                job->source, what);
}

static void refuse(struct access_job *job)
{
    job->result.outcome = ACCESS_REFUSED;
    log_refusal(job->access, job, "refused");
}

static void fail(struct access_job *job)
{
    access_slow_undo(job->access->slow, job->source, job->user);
    job->result.outcome = ACCESS_BUSY;
    err_set(&job->result.err, -ENOMEM, "not enough memory to check a password now");
}

static void begin_session(struct access_job *job, const struct access_account *account)
{
    struct access *access = job->access;
    struct access_sign_in *result = &job->result;
    const struct access_session *session = access_session_begin(
        &access->sessions, account->name, loop_now(access->loop), result->session);
    result->outcome = ACCESS_SIGNED_IN;
    memcpy(result->csrf, session->csrf, sizeof result->csrf);
    snprintf(result->user, sizeof result->user, "%s", account->name);
    result->role = account->role;
    log_notice("access", "%s signed in from %s%s", account->name, job->source,
               job->new_password ? " and changed the password" : "");
}

/* The new password has taken effect, or nothing has changed. */
static void on_password_changed(struct access_job *job)
{
    if (job->result.err.code == -ESTALE) {
        refuse(job);
    } else if (job->result.err.code) {
        job->result.outcome = ACCESS_BUSY;
    } else {
        access_session_end_user(&job->access->sessions, job->user);
        begin_session(job, access_account_find(job->access, job->user));
    }
    answer(job);
}

/* What can be said at once; false when the password is to be changed first. */
static bool judge_sign_in(struct access_job *job)
{
    struct access *access = job->access;
    struct access_sign_in *result = &job->result;
    struct access_account *account =
        job->user_known ? access_account_find(access, job->user) : NULL;
    /* The account may have been removed or changed while the pool worked. */
    if (job->matches < 0) {
        fail(job);
    } else if (!job->matches || !account || strcmp(account->hash, job->stored) != 0) {
        refuse(job);
    } else {
        access_slow_right(access->slow, job->source, job->user, loop_now(access->loop));
        if (job->new_password && !job->work_err.code)
            return false;
        if (job->new_password) {
            result->outcome = ACCESS_WEAK;
            result->err = job->work_err;
        } else if (account->must_change) {
            result->outcome = ACCESS_CHANGE_REQUIRED;
        } else {
            begin_session(job, account);
        }
    }
    return true;
}

static void finish_sign_in(struct access_job *job)
{
    if (judge_sign_in(job)) {
        answer(job);
        return;
    }
    job->apply = access_apply_password;
    job->applied = on_password_changed;
    access_change(job);
}

static void begin_sign_in(struct access_job *job, const char *user)
{
    struct access *access = job->access;
    clock_us now = loop_now(access->loop);
    if (access->jobs_waiting >= WAITING_MOST) {
        job->result.outcome = ACCESS_BUSY;
        err_set(&job->result.err, -EBUSY, "too many sign-ins at once; try again in a moment");
        answer(job);
        return;
    }
    clock_us wait = access_slow_ask(access->slow, job->source, job->user, now);
    if (wait > 0) {
        job->result.outcome = ACCESS_SLOWED;
        job->result.retry_s = (int)((wait + CLOCK_S - 1) / CLOCK_S);
        log_refusal(access, job, "slowed down after failures");
        answer(job);
        return;
    }
    const struct access_account *account =
        strcmp(job->user, user) == 0 ? access_account_find(access, job->user) : NULL;
    job->user_known = account && strlen(job->password) <= ACCESS_PASSWORD_MAX;
    memcpy(job->stored, job->user_known ? account->hash : access->dummy_hash, sizeof job->stored);
    enqueue(job);
}

struct access_job *
access_sign_in(struct access *access, const char *source, const char *user, const char *password,
               const char *new_password,
               void (*done)(void *user_data, const struct access_sign_in *result), void *user_data)
{
    struct access_job *job = new_job(access, user, password, new_password, user_data);
    if (!job)
        return NULL;
    job->signed_in = done;
    snprintf(job->source, sizeof job->source, "%s", source);
    begin_sign_in(job, user);
    return job;
}

/* ---- setting users --------------------------------------------------------------------------- */

static void on_user_changed(struct access_job *job)
{
    if (!job->result.err.code)
        access_session_end_user(&job->access->sessions, job->user);
    answer(job);
}

static void finish_user_set(struct access_job *job)
{
    if (job->matches < 0)
        err_set(&job->result.err, -ENOMEM, "not enough memory to hash a password now");
    else if (job->work_err.code)
        job->result.err = job->work_err;
    if (job->result.err.code) {
        answer(job);
        return;
    }
    job->apply = access_apply_user;
    job->applied = on_user_changed;
    access_change(job);
}

/* What can be refused without a hash; 0 when there is work to do. */
static int check_user_set(struct access_job *job, const char *name)
{
    struct err *err = &job->result.err;
    const struct access_account *account = access_account_find(job->access, job->user);
    int result = access_check_name(name, err);
    if (result == 0 && (job->role < ROLE_NONE || job->role > ROLE_ADMINISTRATOR))
        result = err_set(err, -EINVAL, "a user's role is view, control or administrator");
    if (result == 0 && !account && (!job->new_password || job->role == ROLE_NONE))
        result = err_set(err, -EINVAL, "a new user needs a password and a role");
    if (result == 0 && job->new_password)
        result = access_password_check(job->user, job->new_password, NULL, err);
    if (result == 0 && job->access->jobs_waiting >= WAITING_MOST)
        result = err_set(err, -EBUSY, "too many sign-ins at once; try again in a moment");
    if (result == 0 && account)
        memcpy(job->stored, account->hash, sizeof job->stored);
    return result;
}

struct access_job *access_user_set(struct access *access, const char *name, const char *password,
                                   enum access_role role,
                                   void (*done)(void *user_data, const struct err *err),
                                   void *user_data)
{
    struct access_job *job = new_job(access, name, NULL, password, user_data);
    if (!job)
        return NULL;
    job->changed = done;
    job->role = role;
    if (check_user_set(job, name) < 0) {
        answer(job);
    } else if (password) {
        enqueue(job);
    } else {
        finish_user_set(job);
    }
    return job;
}

struct access_job *access_user_remove(struct access *access, const char *name,
                                      void (*done)(void *user_data, const struct err *err),
                                      void *user_data)
{
    struct access_job *job = new_job(access, name, NULL, NULL, user_data);
    if (!job)
        return NULL;
    job->changed = done;
    job->apply = access_apply_user_removal;
    job->applied = on_user_changed;
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
    struct access_job *job = new_job(access, "", NULL, NULL, user_data);
    if (!job)
        return NULL;
    job->token_added = done;
    job->apply = access_apply_token;
    job->applied = answer;
    if (access_check_token(access, name, role, expires, &job->result.err) < 0) {
        answer(job);
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
    struct access_job *job = new_job(access, "", NULL, NULL, user_data);
    if (!job)
        return NULL;
    job->changed = done;
    job->apply = access_apply_token_removal;
    job->applied = answer;
    snprintf(job->token.id, sizeof job->token.id, "%s", id);
    access_change(job);
    return job;
}
