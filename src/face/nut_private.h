/* nut_private - what the files of the NUT server share; nobody else includes this. */
#pragma once

#include "base/ip_net.h"
#include "face/dav_login.h"
#include "face/nut.h"
#include "face/nut_link.h"
#include "face/nut_names.h"
#include "face/nut_ups.h"
#include "model/limits.h"

struct access_slow;

struct nut_client {
    struct nut_client *next, *previous; /* newest first */
    struct nut *nut;
    struct nut_link link;
    struct ip_address address;
    char address_text[48];
    int remote_port;
    clock_us since, asked;
    /* who it is */
    char user[LIMIT_NAME + 1]; /* as sent; "" none yet */
    bool signed_in;
    uint32_t password_mark; /* of the password it signed in with */
    bool denied;            /* its last password was wrong; until the next name */
    char token[64];         /* signed in by one: its role is looked up with it */
    bool restricted;        /* signed in by a record of nut_users, of the name `user` */
    struct access_job *job; /* its password is being checked */
    struct dav_credentials *checked;
    /* what it does */
    char attached[LIMIT_NAME + 1]; /* the ups it is attached to, "" */
    bool primary, tracking;
};

/* An outlet that a forced shutdown has switched off. */
struct nut_off {
    char ups[LIMIT_NAME + 1], path[LIMIT_PATH + 1];
    clock_us since;      /* of a restart: since then */
    clock_us not_before; /* after a refusal */
};

struct nut {
    struct nut_context context;
    const struct config *config;
    const struct nut_settings *settings;
    struct nut_model model;
    struct nut_offer_list offer;
    bool offer_early;             /* made before the switcher knew of a change of the site */
    struct dav_logins *logins;    /* passwords that were right a while ago */
    struct access_slow *guessers; /* who guesses at passwords of nut_users */
    char *listen;
    int64_t port;
    struct loop_fd watch; /* its fd is -1 while it does not listen */
    int bound;
    char problem[200];
    struct nut_client *clients;
    size_t client_count;
    uint64_t accepted, turned_away, slow;
    uint64_t counts[NUT_COUNTS];
    struct loop_timer timer;
    struct feed feed;     /* stages follow the batteries */
    struct nut_off *offs; /* outlets that were switched off and wait */
    size_t off_count, off_capacity;
};

/* ---- nut.c ----------------------------------------------------------------------------------- */

/* The offer as the site is now. */
void nut_refresh(struct nut *nut);

/* ---- nut_client.c ---------------------------------------------------------------------------- */

/* Takes over `fd`, whose other end is `any`. */
void nut_client_begin(struct nut *nut, int fd, const struct sockaddr *any);
void nut_client_end(struct nut_client *client);

/* Whether it has had its time: idle, half a line, or takes no answers. */
bool nut_client_overdue(const struct nut_client *client, clock_us now);

/* Check its password, which is answered later. */
void nut_client_sign_in(struct nut_client *client, const char *password);

/* What it may do now: ROLE_NONE without viewing, ROLE_VIEW, or its user's role. */
enum access_role nut_client_role(const struct nut_client *client);

/* Whether it may see this ups. */
bool nut_client_sees(const struct nut_client *client, const struct nut_ups *ups);

size_t nut_attached(const struct nut *nut, const char *ups);

/* ---- nut_answer.c ---------------------------------------------------------------------------- */

/* Answer one line. */
void nut_answer(struct nut_client *client, const char *line, size_t length);

/* ---- nut_command.c --------------------------------------------------------------------------- */

/* Call `fn` for each command of the ups. */
void nut_commands_each(const struct nut_model *model, const struct nut_ups *ups,
                       bool (*fn)(void *user, const char *name, const char *help), void *user);

/* Carry a command out at the door: NULL, or the code of the error with a sentence in `err`. `id`
 * (24 bytes) gets the command's. `value` is a delay in seconds or "". */
const char *nut_command_run(struct nut_client *client, const struct nut_ups *ups, const char *name,
                            const char *value, char *id, struct err *err);

/* Whether the user may switch all outlets of the ups, which must be so to force its shutdown; of
 * one without outlets the role decides. */
bool nut_may_force(const struct nut *nut, const struct nut_ups *ups, const char *actor,
                   enum access_role role, struct err *err);

/* ---- nut_stage.c ----------------------------------------------------------------------------- */

/* With the offer there; what was forced before the restart is forced again. */
void nut_stage_open(struct nut *nut);
void nut_stage_close(struct nut *nut);
/* How each ups stands now, of those behind `supply` (NULL: all). */
void nut_stage_look(struct nut *nut, const struct device *supply);
/* Begin a forced shutdown, by whoever; false when it had begun. */
bool nut_stage_force(struct nut *nut, struct nut_ups *ups, const char *actor, const char *origin);
/* A person ends it; false when there is none. */
bool nut_stage_end(struct nut *nut, struct nut_ups *ups, const char *actor, const char *origin);
