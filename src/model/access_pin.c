/* Signing in by PIN, and by PUK with a new PIN.
 *
 * Six digits are guessed in a million tries, so tries are what is rationed. Every wrong PIN counts
 * until a right one, however long that takes; the count is on disk before the answer is told, so
 * that neither time nor a kill gives tries back. What keeps this sound:
 *   - one try at a time for a name, so that no two are judged by the same count;
 *   - what cannot be saved is not answered: BUSY, right or wrong, and counted in memory meanwhile;
 *   - names that are nobody's, users without a PIN and blocked ones take the same road: one hash,
 *     one write, the same refusal. Nothing tells them from a wrong PIN.
 * A password is not touched by any of this, and the last administrator always has one. */

#include "model/access_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Under way at once; each writes a file, and changes by administrators wait their turn behind. */
#define TRIES_MOST 8

enum access_pin access_pin_state(const struct access *access, const struct access_account *account)
{
    if (!*account->pin)
        return ACCESS_PIN_NONE;
    if (account->puk_wrong >= ACCESS_PUK_TRIES)
        return ACCESS_PUK_BLOCKED;
    bool blocked = account->pin_wrong >= (uint64_t)access->settings.pin_tries;
    return blocked ? ACCESS_PIN_BLOCKED : ACCESS_PIN_SET;
}

/* ---- what can be changed --------------------------------------------------------------------- */

/* The account that the try is for, if it is as it was when the try began. */
static struct access_account *find_same(struct access_job *job)
{
    struct access_account *account =
        job->user_known ? access_account_find(job->access, job->user) : NULL;
    const char *code = !account ? NULL : job->proof == ACCESS_BY_PUK ? account->puk : account->pin;
    return code && strcmp(code, job->stored) == 0 ? account : NULL;
}

static void count_wrong(struct access_job *job)
{
    struct access_account *account = find_same(job);
    job->counted = account != NULL;
    if (!account)
        return;
    enum access_pin before = access_pin_state(job->access, account);
    if (job->proof == ACCESS_BY_PUK)
        account->puk_wrong++;
    else
        account->pin_wrong++;
    job->blocked = access_pin_state(job->access, account) != before;
}

/* Without anybody to count for, the file is written all the same. */
static int apply_wrong_code(struct access_job *job, struct err *err)
{
    (void)err;
    count_wrong(job);
    return 0;
}

static int apply_right_code(struct access_job *job, struct err *err)
{
    struct access_account *account = find_same(job);
    if (!account)
        return err_set(err, -ESTALE, "the user was changed meanwhile; sign in again");
    if (job->new_password)
        memcpy(account->pin, job->fresh, sizeof account->pin);
    account->pin_wrong = 0;
    if (job->proof == ACCESS_BY_PUK)
        account->puk_wrong = 0;
    return 0;
}

/* ---- the verdict ----------------------------------------------------------------------------- */

static void answer(struct access_job *job)
{
    job->access->code_tries--;
    access_job_answer(job);
}

/* Where the page lists names, who is blocked need not be hidden either: they are told what helps.
 */
static void tell_blocked(struct access_job *job)
{
    const struct access *access = job->access;
    const struct access_account *account = access_account_find(job->access, job->user);
    if (!access->settings.list_names || !account)
        return;
    enum access_pin state = access_pin_state(access, account);
    if (state == ACCESS_PUK_BLOCKED ||
        (state == ACCESS_PIN_BLOCKED && job->proof == ACCESS_BY_PIN)) {
        job->result.outcome = ACCESS_BLOCKED;
        job->result.pin = state;
    }
}

static void on_wrong_saved(struct access_job *job)
{
    if (job->result.err.code) {
        count_wrong(job); /* in what is in force: at least until a restart */
        job->result.outcome = ACCESS_BUSY;
    } else {
        access_sign_in_refuse(job);
        tell_blocked(job);
    }
    answer(job);
}

static void on_right_saved(struct access_job *job)
{
    struct access *access = job->access;
    if (job->result.err.code == -ESTALE) {
        access_sign_in_refuse(job);
    } else if (job->result.err.code) {
        job->result.outcome = ACCESS_BUSY;
    } else {
        access_slow_right(access->slow, job->source, job->user, loop_now(access->loop));
        if (job->new_password)
            access_session_end_user(&access->sessions, job->user);
        access_sign_in_welcome(job, access_account_find(access, job->user));
    }
    answer(job);
}

static void finish(struct access_job *job)
{
    const struct access_account *account = find_same(job);
    if (job->matches < 0) {
        access_sign_in_fail(job);
        answer(job);
    } else if (!job->matches || !account) {
        job->apply = apply_wrong_code;
        job->applied = on_wrong_saved;
        access_change(job);
    } else if (job->new_password || account->pin_wrong) {
        job->apply = apply_right_code;
        job->applied = on_right_saved;
        access_change(job);
    } else {
        on_right_saved(job);
    }
}

/* ---- the try --------------------------------------------------------------------------------- */

static void check_code(struct access_job *job)
{
    job->matches = access_password_verify(job->stored, job->password);
    if (job->matches == 1 && job->user_known && job->new_password &&
        access_password_hash(job->new_password, job->fresh) < 0)
        job->matches = -ENOMEM;
}

/* By the name that was sent, whether or not it is a user's. */
static bool is_being_tried(const struct access_job *job)
{
    for (const struct access_job *other = job->access->jobs; other; other = other->next) {
        if (other != job && other->signed_in && other->proof != ACCESS_BY_PASSWORD &&
            other->state != JOB_ANSWERED && strcmp(other->user, job->user) == 0)
            return true;
    }
    return false;
}

static int check_new_pin(struct access_job *job)
{
    struct err *err = &job->result.err;
    if (!job->new_password)
        return job->proof == ACCESS_BY_PUK
                   ? err_set(err, -EINVAL, "with the PUK a new PIN is needed")
                   : 0;
    if (strcmp(job->new_password, job->password) == 0)
        return err_set(err, -EINVAL, "the new PIN must be another one");
    return access_pin_check(job->new_password, (int)job->access->settings.pin_digits, err);
}

/* What needs no look at the user; false when answered. */
static bool admit(struct access_job *job)
{
    struct access *access = job->access;
    struct access_sign_in *result = &job->result;
    if (check_new_pin(job) < 0) {
        result->outcome = ACCESS_WEAK;
    } else if (access->code_tries >= TRIES_MOST || is_being_tried(job)) {
        result->outcome = ACCESS_BUSY;
        err_set(&result->err, -EBUSY, "too many sign-ins at once; try again in a moment");
    } else if (access_jobs_full(access, &result->err)) {
        result->outcome = ACCESS_BUSY;
    } else {
        return !access_sign_in_slowed(job);
    }
    access_job_answer(job);
    return false;
}

static void begin(struct access_job *job, const char *user)
{
    struct access *access = job->access;
    if (!admit(job))
        return;
    const struct access_account *account =
        strcmp(job->user, user) == 0 ? access_account_find(access, job->user) : NULL;
    enum access_pin state = account ? access_pin_state(access, account) : ACCESS_PIN_NONE;
    bool by_puk = job->proof == ACCESS_BY_PUK;
    /* A PUK works also while the PIN does: whoever forgot it need not block it first. */
    job->user_known = state == ACCESS_PIN_SET || (by_puk && state == ACCESS_PIN_BLOCKED);
    const char *hash = !job->user_known ? access->dummy_hash : by_puk ? account->puk : account->pin;
    memcpy(job->stored, hash, sizeof job->stored);
    access->code_tries++;
    access_job_enqueue(job);
}

struct access_job *
access_sign_in_code(struct access *access, enum access_proof proof, const char *source,
                    const char *user, const char *code, const char *new_pin,
                    void (*done)(void *user_data, const struct access_sign_in *result),
                    void *user_data)
{
    struct access_job *job = access_job_new(access, user, code, new_pin, user_data);
    if (!job)
        return NULL;
    job->signed_in = done;
    job->proof = proof;
    job->work = check_code;
    job->finish = finish;
    snprintf(job->source, sizeof job->source, "%s", source);
    begin(job, user);
    return job;
}
