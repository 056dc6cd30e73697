/* access - who may do what: users, sessions, tokens, and the slowing down of those who guess.
 *
 * Users and tokens live in `access.json` in the state folder (passwords, PINs and PUKs as argon2id,
 * tokens as hashes); sessions in memory only. The first start makes a user `administrator` with a
 * one-time secret that must be replaced at the first sign-in. Password hashes are computed on the
 * worker pool: checking one costs 20 ms by design. A change of users or tokens is in force and
 * answered for when it is on disk, not before; until then everybody sees the old. Loop thread only.
 *
 * Guessing: each source address and each user name has a delay that doubles with failures up to a
 * minute and fades with time. An address with a long record of success is not slowed by failures
 * from other addresses, so nobody can lock the owner out by failing on purpose. A PIN is short, so
 * wrong ones are also counted for good and block it (access_pin.c); a password is never blocked,
 * and there is always an administrator who has one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "model/access_code.h"
#include "model/access_role.h"
#include "model/limits.h"
#include "model/setting.h"

struct access;
struct saver;

struct access_settings {
    int64_t view;         /* index: open, password */
    int64_t session_idle; /* us */
    int64_t session_most; /* us */
    int64_t pin_digits;   /* of a new PIN, at least */
    int64_t pin_tries;    /* wrong ones in all that block it */
    bool list_names;      /* tell who may sign in with a PIN to everybody */
};

enum { ACCESS_VIEW_OPEN, ACCESS_VIEW_PASSWORD };

extern const struct setting_table access_settings_table;

/* Open the users of `folder`, which `saver` (borrowed) will write, making the first one when there
 * is none; then `first_secret` (at least 32 bytes) receives the one-time secret, else "". NULL and
 * `err` when the file is there but cannot be used. */
struct access *access_open(struct loop *loop, struct saver *saver, const char *folder,
                           const struct access_settings *settings, char *first_secret,
                           struct err *err);
/* Jobs under way are forgotten, their `done` is not called. Accepts NULL, returns NULL. */
struct access *access_close(struct access *access);
void access_configure(struct access *access, const struct access_settings *settings);

/* Whether everybody may hear who has a PIN, by the settings. */
bool access_names_listed(const struct access *access);

/* ---- what has been done ---------------------------------------------------------------------- */

enum access_deed {
    ACCESS_DEED_SIGN_IN,
    ACCESS_DEED_SIGN_IN_REFUSED,
    ACCESS_DEED_USER_ADDED,
    ACCESS_DEED_USER_CHANGED,
    ACCESS_DEED_USER_REMOVED,
    ACCESS_DEED_PIN_BLOCKED,
    ACCESS_DEED_PUK_BLOCKED,
    ACCESS_DEED_PIN_UNBLOCKED,
    ACCESS_DEED_TOKEN_MADE,
    ACCESS_DEED_TOKEN_REVOKED,
};

/* How a person shows who they are. */
enum access_proof { ACCESS_BY_PASSWORD, ACCESS_BY_PIN, ACCESS_BY_PUK };

struct access_fact {
    enum access_deed deed;
    const char *name;      /* the user, "" when there is none of that name; the token's id */
    const char *label;     /* the token's name, else "" */
    enum access_role role; /* that was given, ROLE_NONE: it stays */
    bool password;         /* a new one was set */
    bool pin, puk, no_pin; /* a new one was set; it was taken away */
    const char *home;      /* the new home page, "" by role; NULL: it stays */
    enum access_proof by_proof;
    bool slowed;           /* refused without a look, after too many failures */
    const char *by, *from; /* who did it, "" when nobody said; the client's address */
};

/* Call `fn` once for each thing done, when it is on disk, whether or not the client still waits;
 * nothing in it may be kept. One watcher; NULL: none. */
void access_watch(struct access *access, void (*fn)(void *user, const struct access_fact *fact),
                  void *user);

/* Who wished the change that `job` makes, for the watcher. Texts are copied. */
struct access_job;
void access_job_by(struct access_job *job, const char *by, const char *from);

/* ---- who is asking --------------------------------------------------------------------------- */

struct access_identity {
    enum access_role role;
    const char *user; /* name of the user or token, "" for an open view, "local" for the unix socket
                         of our own user */
    const char *csrf; /* of a session, else NULL; a request that changes something must repeat it */
};

/* The identity behind a session cookie and/or bearer token (either may be NULL); with neither, or
 * wrong ones, ROLE_VIEW when viewing is open, else ROLE_NONE. Keeps a session alive. Texts in it
 * are valid until the loop's next turn. */
struct access_identity access_identify(struct access *access, const char *session,
                                       const char *token);

/* ---- signing in ------------------------------------------------------------------------------ */

enum access_pin { ACCESS_PIN_NONE, ACCESS_PIN_SET, ACCESS_PIN_BLOCKED, ACCESS_PUK_BLOCKED };

enum access_outcome {
    ACCESS_SIGNED_IN,
    ACCESS_REFUSED, /* wrong user, password, PIN or PUK, or a blocked one: which is not said */
    ACCESS_BLOCKED, /* the PIN or PUK is blocked; said only where names are listed */
    ACCESS_SLOWED,  /* try again after `retry_s` */
    ACCESS_CHANGE_REQUIRED, /* right, but the one-time secret must be replaced by a new password */
    ACCESS_WEAK,            /* the new password is not acceptable; `err` says why */
    ACCESS_BUSY,            /* too many sign-ins under way, or the disk fails */
};

struct access_sign_in {
    enum access_outcome outcome;
    char session[48], csrf[48]; /* when signed in */
    char user[LIMIT_NAME + 1];
    enum access_role role;
    enum access_pin pin; /* when blocked */
    int retry_s;
    struct err err;
};

/* Check and answer through `done` on the loop thread. Texts are copied and wiped. `new_password`
 * may be NULL. `source` is the client's address as text. Returns a handle to cancel with when the
 * client goes away, valid until `done`; NULL when there is no memory or too many are under way:
 * then `done` is not called. A `new_password` also changes one that need not be changed. BUSY with
 * a filled `err` also says that the change could not be saved. */
struct access_job;
struct access_job *
access_sign_in(struct access *access, const char *source, const char *user, const char *password,
               const char *new_password,
               void (*done)(void *user_data, const struct access_sign_in *result), void *user_data);

/* The same by PIN or PUK (`proof`, not ACCESS_BY_PASSWORD). `new_pin` may be NULL for a PIN; a PUK
 * needs one, and with it unblocks and signs in. Every wrong one is counted on disk before `done` is
 * called: `pin_tries` wrong PINs in all until a right one block it, then only the PUK or an
 * administrator helps; ACCESS_PUK_TRIES wrong PUKs leave only the administrator. A user that does
 * not exist, has no PIN or is blocked costs the same time, the same write and gets the same answer
 * as a wrong PIN. One try for a name and a few in all at a time; more are BUSY. */
#define ACCESS_PUK_TRIES 10
struct access_job *
access_sign_in_code(struct access *access, enum access_proof proof, const char *source,
                    const char *user, const char *code, const char *new_pin,
                    void (*done)(void *user_data, const struct access_sign_in *result),
                    void *user_data);

void access_job_cancel(struct access_job *job);

void access_sign_out(struct access *access, const char *session);

/* ---- users and tokens (administrators) ------------------------------------------------------- */

#define ACCESS_HOME_SIZE 24

struct access_user {
    const char *name;
    enum access_role role;
    bool must_change;
    bool password;          /* has one; else a PIN only */
    uint32_t password_mark; /* another one after each change of the password */
    enum access_pin pin;
    const char *home; /* the page at which this user begins, "": that of the role */
    clock_us created; /* wall */
    clock_us
        locked_until; /* monotonic; until then wrong passwords make others wait, 0: nobody has to */
};

size_t access_user_count(const struct access *access);
struct access_user access_user_at(const struct access *access, size_t index);

/* What is to become of a user; what is zero stays as it is. */
struct access_wish {
    enum access_role role;
    const char *password;
    const char *home; /* "": that of the role */
    const char *pin;  /* "": one made at random; unblocks, and comes with a new PUK */
    bool puk;         /* a new PUK; wrong ones are forgotten, the PIN and its block stay */
    bool no_pin;      /* take PIN and PUK away */
};

/* PIN and PUK that were made here; shown this once. */
struct access_codes {
    struct err err;                                    /* code 0: done and saved */
    char pin[ACCESS_CODE_SIZE], puk[ACCESS_CODE_SIZE]; /* "": not made */
};

/* Make or change a user. A new one needs a role and a password or PIN. Hashes are computed on the
 * pool; the answer comes when all is on disk. There is always an administrator with a password: the
 * last one cannot be demoted or removed. Sessions of the user end, but for a new home. Returns as
 * access_sign_in. */
struct access_job *access_user_set(struct access *access, const char *name,
                                   const struct access_wish *wish,
                                   void (*done)(void *user_data, const struct access_codes *codes),
                                   void *user_data);
struct access_job *access_user_remove(struct access *access, const char *name,
                                      void (*done)(void *user_data, const struct err *err),
                                      void *user_data);

struct access_token {
    const char *id, *name;
    enum access_role role;
    clock_us created, expires; /* wall; expires 0 = never */
};

size_t access_token_count(const struct access *access);
struct access_token access_token_at(const struct access *access, size_t index);

#define ACCESS_TOKEN_ID 17

struct access_token_added {
    struct err err;  /* code 0: made */
    char secret[64]; /* what the client will send; shown this once */
    char id[ACCESS_TOKEN_ID];
};

/* Both return as access_sign_in. */
struct access_job *
access_token_add(struct access *access, const char *name, enum access_role role, clock_us expires,
                 void (*done)(void *user_data, const struct access_token_added *added),
                 void *user_data);
struct access_job *access_token_remove(struct access *access, const char *id,
                                       void (*done)(void *user_data, const struct err *err),
                                       void *user_data);
