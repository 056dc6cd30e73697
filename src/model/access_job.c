#include "model/access_private.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Signing in and setting passwords: what needs an argon2 hash goes to the worker pool, four at a
 * time, the rest waits here. Every answer comes later, through `done`, also one that is known at
 * once. */

#define RUNNING_MOST 4  /* 19 MiB each */
#define WAITING_MOST 64 /* a third of a second of work for each of the four */
#define JOBS_MOST 256
#define SOURCE_MAX 64
#define LOG_LINES_PER_MINUTE 10

enum job_state { JOB_ANSWERED, JOB_WAITING, JOB_RUNNING };

struct access_job {
    struct access_job *next;
    struct access *access; /* NULL when it was closed while the pool worked */
    enum job_state state;
    bool cancelled;
    struct loop_defer answer;
    void (*signed_in)(void *user_data, const struct access_sign_in *result); /* or: */
    void (*user_set)(void *user_data, const struct err *err);
    void *user_data;

    char source[SOURCE_MAX], user[LIMIT_NAME + 1];
    char *password, *new_password; /* of a sign-in; user_set: only new_password */
    enum access_role role;         /* user_set */
    bool user_known;

    /* the pool's: hash to check against, what came out */
    char stored[ACCESS_HASH_MAX], fresh[ACCESS_HASH_MAX];
    int matches; /* of `password` and `stored`: 1, 0, negative errno */
    struct err work_err;

    struct access_sign_in result; /* also carries the err of user_set */
};

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

static void deliver(struct loop_defer *defer, void *user)
{
    (void)defer;
    struct access_job *job = user;
    leave(job);
    if (!job->cancelled && job->signed_in)
        job->signed_in(job->user_data, &job->result);
    if (!job->cancelled && job->user_set)
        job->user_set(job->user_data, &job->result.err);
    free_job(job);
}

static void answer(struct access_job *job)
{
    job->state = JOB_ANSWERED;
    loop_defer(job->access->loop, &job->answer, deliver, job);
}

void access_job_cancel(struct access_job *job)
{
    job->cancelled = true;
}

void access_jobs_end(struct access *access)
{
    struct access_job *job;
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
    if (job->user_set && job->matches == 1) {
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

static void on_worked(void *user)
{
    struct access_job *job = user;
    struct access *access = job->access;
    if (!access) {
        free_job(job);
        return;
    }
    access->jobs_running--;
    if (job->signed_in)
        finish_sign_in(job);
    else
        finish_user_set(job);
    answer(job);
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
        if (job->signed_in)
            finish_sign_in(job);
        else
            finish_user_set(job);
        answer(job);
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

/* The new password of the account takes effect, saved, or nothing changes. */
static int change_password(struct access_job *job, struct access_account *account)
{
    struct access_account before = *account;
    memcpy(account->hash, job->fresh, sizeof account->hash);
    account->must_change = false;
    int result = access_store_save(job->access, &job->result.err);
    if (result < 0)
        *account = before;
    else
        access_session_end_user(&job->access->sessions, account->name);
    sodium_memzero(&before, sizeof before);
    return result;
}

static void finish_sign_in(struct access_job *job)
{
    struct access *access = job->access;
    struct access_sign_in *result = &job->result;
    struct access_account *account =
        job->user_known ? access_account_find(access, job->user) : NULL;
    clock_us now = loop_now(access->loop);
    if (job->matches < 0) {
        fail(job);
        return;
    }
    /* The account may have been removed or changed while the pool worked. */
    if (!job->matches || !account || strcmp(account->hash, job->stored) != 0) {
        refuse(job);
        return;
    }
    access_slow_right(access->slow, job->source, job->user, now);
    if (!job->new_password && account->must_change) {
        result->outcome = ACCESS_CHANGE_REQUIRED;
        return;
    }
    if (job->new_password && job->work_err.code) {
        result->outcome = ACCESS_WEAK;
        result->err = job->work_err;
        return;
    }
    if (job->new_password && change_password(job, account) < 0) {
        result->outcome = ACCESS_BUSY;
        return;
    }
    const struct access_session *session =
        access_session_begin(&access->sessions, account->name, now, result->session);
    result->outcome = ACCESS_SIGNED_IN;
    memcpy(result->csrf, session->csrf, sizeof result->csrf);
    snprintf(result->user, sizeof result->user, "%s", account->name);
    result->role = account->role;
    log_notice("access", "%s signed in from %s%s", account->name, job->source,
               job->new_password ? " and changed the password" : "");
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

static int add_account(struct access_job *job)
{
    struct access *access = job->access;
    struct err *err = &job->result.err;
    if (!job->new_password || job->role == ROLE_NONE)
        return err_set(err, -EINVAL, "a new user needs a password and a role");
    if (access->account_count == LIMIT_USERS)
        return err_set(err, -ENOSPC, "there are %d users already; remove one first", LIMIT_USERS);
    struct access_account *account = &access->accounts[access->account_count];
    *account = (struct access_account){.role = job->role, .created = access_wall(access)};
    memcpy(account->name, job->user, sizeof account->name);
    memcpy(account->hash, job->fresh, sizeof account->hash);
    access->account_count++;
    int result = access_store_save(access, err);
    if (result < 0)
        access->account_count--;
    return result;
}

static int change_account(struct access_job *job, struct access_account *account)
{
    struct access *access = job->access;
    struct err *err = &job->result.err;
    if (job->role != ROLE_NONE && job->role != ROLE_ADMINISTRATOR &&
        access_check_last(access, account, err) < 0)
        return err->code;
    struct access_account before = *account;
    if (job->role != ROLE_NONE)
        account->role = job->role;
    if (job->new_password) {
        memcpy(account->hash, job->fresh, sizeof account->hash);
        account->must_change = false;
    }
    int result = access_store_save(access, err);
    if (result < 0)
        *account = before;
    else
        access_session_end_user(&access->sessions, account->name);
    sodium_memzero(&before, sizeof before);
    return result;
}

static void finish_user_set(struct access_job *job)
{
    if (job->matches < 0) {
        err_set(&job->result.err, -ENOMEM, "not enough memory to hash a password now");
        return;
    }
    if (job->work_err.code) {
        job->result.err = job->work_err;
        return;
    }
    struct access_account *account = access_account_find(job->access, job->user);
    int result = account ? change_account(job, account) : add_account(job);
    if (result == 0)
        log_notice("access", "user %s %s", job->user, account ? "changed" : "added");
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
    job->user_set = done;
    job->role = role;
    if (check_user_set(job, name) < 0) {
        answer(job);
    } else if (password) {
        enqueue(job);
    } else {
        finish_user_set(job);
        answer(job);
    }
    return job;
}
