/* access_testing - three users in a folder, and calls that wait for their answers. */
#pragma once

#include "model/access.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/saver.h"
#include "test.h"
#include "test_folder.h"

#define WALL (1790000000LL * CLOCK_S)
#define HOME "192.0.2.10"

/* Of "correct horse battery", by the argon2 program (see test_access_password.c). */
#define HASH                                                                                       \
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$/"                                      \
    "HetJC6LZ4lnwgLB+wJSS2a9bFu2Kq4HxwNWzoJq2qU"
#define PASSWORD "correct horse battery"

static const struct access_settings settings = {
    .view = ACCESS_VIEW_PASSWORD,
    .session_idle = 12 * 3600 * CLOCK_S,
    .session_most = 7 * 86400 * CLOCK_S,
    .pin_digits = 6,
    .pin_tries = 5,
};

/* anna is an administrator, bert may control, carl has a one-time secret; all have PASSWORD */
static const char stored[] =
    "{\"version\": 1, \"users\": [\n"
    "{\"name\":\"anna\",\"role\":\"administrator\",\"must_change\":false,\"created\":1700000000,"
    "\"password\":\"" HASH "\"},\n"
    "{\"name\":\"bert\",\"role\":\"control\",\"must_change\":false,\"created\":1700000001,"
    "\"password\":\"" HASH "\"},\n"
    "{\"name\":\"carl\",\"role\":\"view\",\"must_change\":true,\"created\":0,\"password\":\"" HASH
    "\"}\n"
    "], \"tokens\": []}\n";

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct saver *saver;
    struct access *access;
    char folder[200], path[240], secret[32];
};

static inline int set_up_empty(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    f->saver = saver_new(f->loop);
    test_folder(f->folder, sizeof f->folder);
    snprintf(f->path, sizeof f->path, "%s/access.json", f->folder);
    *state = f;
    return 0;
}

static inline void open_access(struct fixture *f)
{
    struct err err = ERR_EMPTY;
    f->access = access_open(f->loop, f->saver, f->folder, &settings, f->secret, &err);
    if (!f->access)
        fail_msg("%s", err.text);
}

static inline int set_up(void **state)
{
    set_up_empty(state);
    struct fixture *f = *state;
    test_write_file(f->path, stored);
    chmod(f->path, 0600);
    open_access(f);
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    access_close(f->access);
    saver_free(f->saver);
    loop_free(f->loop);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

/* ---- helpers --------------------------------------------------------------------------------- */

struct answer {
    bool came;
    struct access_sign_in result;
    struct access_token_added added;
    struct access_codes codes;
    struct err err;
};

static inline void on_signed_in(void *user_data, const struct access_sign_in *result)
{
    struct answer *answer = user_data;
    assert_false(answer->came);
    answer->came = true;
    answer->result = *result;
}

static inline void on_user_set(void *user_data, const struct err *err)
{
    struct answer *answer = user_data;
    assert_false(answer->came);
    answer->came = true;
    answer->err = *err;
}

/* The pool works in real time, the clock stands still. */
static inline void wait_for(struct fixture *f, const bool *came)
{
    for (int i = 0; i < 20000 && !*came; i++) {
        loop_poll(f->loop);
        usleep(500);
    }
    assert_true(*came);
}

static inline struct access_sign_in sign_in_from(struct fixture *f, const char *source,
                                                 const char *user, const char *password,
                                                 const char *new_password)
{
    struct answer answer = {0};
    assert_non_null(
        access_sign_in(f->access, source, user, password, new_password, on_signed_in, &answer));
    assert_false(answer.came); /* never from inside the call */
    wait_for(f, &answer.came);
    return answer.result;
}

static inline struct access_sign_in sign_in(struct fixture *f, const char *user,
                                            const char *password)
{
    return sign_in_from(f, HOME, user, password, NULL);
}

static inline void on_codes(void *user_data, const struct access_codes *codes)
{
    on_user_set(user_data, &codes->err);
    ((struct answer *)user_data)->codes = *codes;
}

static inline struct access_codes wish_user(struct fixture *f, const char *name,
                                            const struct access_wish *wish)
{
    struct answer answer = {0};
    assert_non_null(access_user_set(f->access, name, wish, on_codes, &answer));
    assert_false(answer.came); /* never from inside the call */
    wait_for(f, &answer.came);
    return answer.codes;
}

static inline struct err set_user(struct fixture *f, const char *name, const char *password,
                                  enum access_role role)
{
    return wish_user(f, name, &(struct access_wish){.password = password, .role = role}).err;
}

static inline int outcome(struct fixture *f, struct answer *answer, struct err *err)
{
    assert_false(answer->came); /* never from inside the call */
    wait_for(f, &answer->came);
    if (err)
        *err = answer->err;
    return answer->err.code;
}

static inline int remove_user(struct fixture *f, const char *name, struct err *err)
{
    struct answer answer = {0};
    assert_non_null(access_user_remove(f->access, name, on_user_set, &answer));
    return outcome(f, &answer, err);
}

static inline void on_token_added(void *user_data, const struct access_token_added *added)
{
    struct answer *answer = user_data;
    assert_false(answer->came);
    answer->came = true;
    answer->added = *added;
    answer->err = added->err;
}

static inline int add_token(struct fixture *f, const char *name, enum access_role role,
                            clock_us expires, char *secret, char *id, struct err *err)
{
    struct answer answer = {0};
    assert_non_null(access_token_add(f->access, name, role, expires, on_token_added, &answer));
    int result = outcome(f, &answer, err);
    strcpy(secret, answer.added.secret);
    strcpy(id, answer.added.id);
    return result;
}

static inline int remove_token(struct fixture *f, const char *id, struct err *err)
{
    struct answer answer = {0};
    assert_non_null(access_token_remove(f->access, id, on_user_set, &answer));
    return outcome(f, &answer, err);
}

static inline void reopen(struct fixture *f)
{
    access_close(f->access);
    open_access(f);
}
