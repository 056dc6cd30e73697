/* Signing in: what every way has in common, and the way by password. */

#include "model/access_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define LOG_LINES_PER_MINUTE 10

/* ---- in common ------------------------------------------------------------------------------- */

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

bool access_sign_in_slowed(struct access_job *job)
{
    struct access *access = job->access;
    clock_us wait = access_slow_ask(access->slow, job->source, job->user, loop_now(access->loop));
    if (wait <= 0)
        return false;
    job->result.outcome = ACCESS_SLOWED;
    job->result.retry_s = (int)((wait + CLOCK_S - 1) / CLOCK_S);
    log_refusal(access, job, "slowed down after failures");
    access_job_answer(job);
    return true;
}

void access_sign_in_refuse(struct access_job *job)
{
    job->result.outcome = ACCESS_REFUSED;
    log_refusal(job->access, job, "refused");
}

void access_sign_in_fail(struct access_job *job)
{
    access_slow_undo(job->access->slow, job->source, job->user);
    job->result.outcome = ACCESS_BUSY;
    err_set(&job->result.err, -ENOMEM, "not enough memory to check a password now");
}

void access_sign_in_welcome(struct access_job *job, const struct access_account *account)
{
    static const char *const changes[] = {[ACCESS_BY_PASSWORD] = " and changed the password",
                                          [ACCESS_BY_PIN] = " and changed the PIN",
                                          [ACCESS_BY_PUK] = " with the PUK and a new PIN"};
    struct access *access = job->access;
    struct access_sign_in *result = &job->result;
    const struct access_session *session = access_session_begin(
        &access->sessions, account->name, loop_now(access->loop), result->session);
    result->outcome = ACCESS_SIGNED_IN;
    memcpy(result->csrf, session->csrf, sizeof result->csrf);
    snprintf(result->user, sizeof result->user, "%s", account->name);
    result->role = account->role;
    log_notice("access", "%s signed in from %s%s", account->name, job->source,
               job->new_password ? changes[job->proof] : "");
}

/* ---- by password ----------------------------------------------------------------------------- */

static void check_password(struct access_job *job)
{
    job->matches = access_password_verify(job->stored, job->password);
    if (job->matches <= 0 || !job->new_password || !job->user_known)
        return;
    if (access_password_check(job->user, job->new_password, job->password, &job->work_err) == 0 &&
        access_password_hash(job->new_password, job->fresh) < 0)
        job->matches = -ENOMEM;
}

/* The new password has taken effect, or nothing has changed. */
static void on_password_changed(struct access_job *job)
{
    if (job->result.err.code == -ESTALE) {
        access_sign_in_refuse(job);
    } else if (job->result.err.code) {
        job->result.outcome = ACCESS_BUSY;
    } else {
        access_session_end_user(&job->access->sessions, job->user);
        access_sign_in_welcome(job, access_account_find(job->access, job->user));
    }
    access_job_answer(job);
}

/* What can be said at once; false when the password is to be changed first. */
static bool judge(struct access_job *job)
{
    struct access *access = job->access;
    struct access_sign_in *result = &job->result;
    struct access_account *account =
        job->user_known ? access_account_find(access, job->user) : NULL;
    /* The account may have been removed or changed while the pool worked. */
    if (job->matches < 0) {
        access_sign_in_fail(job);
    } else if (!job->matches || !account || strcmp(account->hash, job->stored) != 0) {
        access_sign_in_refuse(job);
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
            access_sign_in_welcome(job, account);
        }
    }
    return true;
}

static void finish(struct access_job *job)
{
    if (judge(job)) {
        access_job_answer(job);
        return;
    }
    job->apply = access_apply_password;
    job->applied = on_password_changed;
    access_change(job);
}

static void begin(struct access_job *job, const char *user)
{
    struct access *access = job->access;
    if (access_jobs_full(access, &job->result.err)) {
        job->result.outcome = ACCESS_BUSY;
        access_job_answer(job);
        return;
    }
    if (access_sign_in_slowed(job))
        return;
    const struct access_account *account =
        strcmp(job->user, user) == 0 ? access_account_find(access, job->user) : NULL;
    job->user_known = account && *account->hash && strlen(job->password) <= ACCESS_PASSWORD_MAX;
    memcpy(job->stored, job->user_known ? account->hash : access->dummy_hash, sizeof job->stored);
    access_job_enqueue(job);
}

struct access_job *
access_sign_in(struct access *access, const char *source, const char *user, const char *password,
               const char *new_password,
               void (*done)(void *user_data, const struct access_sign_in *result), void *user_data)
{
    struct access_job *job = access_job_new(access, user, password, new_password, user_data);
    if (!job)
        return NULL;
    job->signed_in = done;
    job->work = check_password;
    job->finish = finish;
    snprintf(job->source, sizeof job->source, "%s", source);
    begin(job, user);
    return job;
}
