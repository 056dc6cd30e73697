/* Making and changing users: passwords are hashed on the pool, PINs and PUKs made and hashed there.
 */

#include "model/access_private.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* ---- on the pool ----------------------------------------------------------------------------- */

static int hash_new_password(struct access_job *job)
{
    if (!job->new_password)
        return 0;
    job->matches = *job->stored ? access_password_verify(job->stored, job->new_password) : 0;
    if (job->matches == 1)
        return err_set(&job->work_err, -EINVAL, "the new password must differ from the old one");
    return job->matches < 0 ? job->matches : access_password_hash(job->new_password, job->fresh);
}

static int hash_code(const char *code, char *hash)
{
    return *code ? access_password_hash(code, hash) : 0;
}

/* What failed for another reason than a wish that cannot be is a lack of memory. */
static void hash_all(struct access_job *job)
{
    if (hash_new_password(job) == 0 && hash_code(job->codes.pin, job->pin) == 0 &&
        hash_code(job->codes.puk, job->puk) == 0)
        job->matches = 0;
    else if (!job->work_err.code)
        job->matches = -ENOMEM;
}

/* ---- on the loop ----------------------------------------------------------------------------- */

/* Only a new home leaves sessions as they are. */
static void on_user_changed(struct access_job *job)
{
    bool matters = job->role != ROLE_NONE || job->new_password || *job->pin || job->no_pin;
    if (!job->result.err.code && matters)
        access_session_end_user(&job->access->sessions, job->user);
    access_job_answer(job);
}

static void finish(struct access_job *job)
{
    if (job->matches < 0)
        err_set(&job->result.err, -ENOMEM, "not enough memory to hash a password now");
    else if (job->work_err.code)
        job->result.err = job->work_err;
    if (job->result.err.code) {
        access_job_answer(job);
        return;
    }
    job->apply = access_apply_user;
    job->applied = on_user_changed;
    access_change(job);
}

/* A PIN that was chosen is judged; what is to be made is made. */
static int make_codes(struct access_job *job, const struct access_wish *wish)
{
    int digits = (int)job->access->settings.pin_digits;
    job->made_pin = wish->pin && !*wish->pin;
    if (wish->pin && *wish->pin && access_pin_check(wish->pin, digits, &job->result.err) < 0)
        return job->result.err.code;
    if (job->made_pin)
        access_code_make(job->codes.pin, digits);
    else if (wish->pin)
        snprintf(job->codes.pin, sizeof job->codes.pin, "%s", wish->pin);
    if (wish->pin || wish->puk)
        access_code_make(job->codes.puk, ACCESS_PUK_DIGITS);
    return 0;
}

/* What can be refused without a hash; 0 when there is work to do. */
static int check(struct access_job *job, const char *name, const struct access_wish *wish)
{
    struct err *err = &job->result.err;
    const struct access_account *account = access_account_find(job->access, job->user);
    int result = access_check_name(name, err);
    if (result == 0 && (wish->role < ROLE_NONE || wish->role > ROLE_ADMINISTRATOR))
        result =
            err_set(err, -EINVAL, "a user's role is view, control, installer or administrator");
    if (result == 0 && !account && ((!wish->password && !wish->pin) || wish->role == ROLE_NONE))
        result = err_set(err, -EINVAL, "a new user needs a role and a password or PIN");
    if (result == 0 && wish->password)
        result = access_password_check(job->user, wish->password, NULL, err);
    if (result == 0 && access_jobs_full(job->access, err))
        result = err->code;
    if (result == 0)
        result = make_codes(job, wish);
    if (result == 0 && account)
        memcpy(job->stored, account->hash, sizeof job->stored);
    return result;
}

struct access_job *access_user_set(struct access *access, const char *name,
                                   const struct access_wish *wish,
                                   void (*done)(void *user_data, const struct access_codes *codes),
                                   void *user_data)
{
    struct access_job *job = access_job_new(access, name, NULL, wish->password, user_data);
    if (!job)
        return NULL;
    job->user_set = done;
    job->work = hash_all;
    job->finish = finish;
    job->role = wish->role;
    job->no_pin = wish->no_pin;
    job->new_home = wish->home;
    snprintf(job->home, sizeof job->home, "%s", wish->home ? wish->home : "");
    if (check(job, name, wish) < 0)
        access_job_answer(job);
    else if (wish->password || wish->pin || wish->puk)
        access_job_enqueue(job);
    else
        finish(job);
    return job;
}
