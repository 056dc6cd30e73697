/* nut - busbar as a server of Network UPS Tools (RFC 9271): hosts see supplies, PDUs and groups of
 * outlets, attach to them, shut down in time, and switch what they may.
 *
 * `nut_settings` says what is offered to whom, `nut_ups` and `nut_names` read it from the model,
 * `nut_answer` has the verbs, `nut_command` goes to the door of commands, `nut_stage` follows the
 * batteries (engine/shutdown decides), `nut_client` is one connection over a `nut_link`. Owned by
 * the daemon; loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "model/access.h"
#include "model/config.h"

struct certificate;
struct commands;
struct event_log;
struct nut;
struct saver;
struct site;
struct switcher;

struct nut_context {
    struct loop *loop;
    struct site *site;
    struct access *access;
    struct commands *commands;
    const struct switcher *switcher;
    struct event_log *events; /* may be NULL */
    /* The one in force, borrowed for the call; NULL: there is none, and no STARTTLS. */
    struct certificate *(*certificate)(void *user);
    void *user;
    /* What must survive a restart goes to `nut.json` there; NULL: nothing is kept. */
    struct saver *saver;
    const char *state_folder;
};

/* Listens as `config` says, which is borrowed until nut_configure(); a port that cannot be had is
 * logged and tried again. */
struct nut *nut_open(const struct nut_context *context, const struct config *config);

/* Accepts NULL, returns NULL. */
struct nut *nut_close(struct nut *nut);

/* New settings. Clients stay connected while the port stays the same. */
void nut_configure(struct nut *nut, const struct config *config);

/* ---- for faces ------------------------------------------------------------------------------- */

enum nut_count {
    NUT_REQUESTS,
    NUT_ERRORS, /* of these: answered with ERR */
    NUT_SIGN_INS,
    NUT_SIGN_INS_REFUSED,
    NUT_COMMANDS,         /* accepted at the door */
    NUT_COMMANDS_REFUSED, /* by a right, a rule, or for want of confirmation */
    NUT_COUNTS
};
const char *nut_count_name(enum nut_count count);

struct nut_view {
    const char *listen;
    int port;            /* that listens; 0: does not */
    const char *problem; /* why it does not, "" */
    bool tls, tls_required;
    size_t clients;
    uint64_t accepted;    /* connections since the start */
    uint64_t turned_away; /* no room, not from its networks, or talked nonsense */
    uint64_t slow;        /* took no answers, or was silent for too long */
    const uint64_t *counts;
};
struct nut_view nut_view(const struct nut *nut);

struct nut_ups_view {
    const char *name, *label;
    const char *device, *group; /* one of them is NULL */
    const char *supply;         /* NULL: none is known */
    const char *contact;        /* "fine", "stale", "none" */
    const char *status;         /* "" when not known */
    size_t attached;
    bool low, forced, outlets_off;
    clock_us on_battery_since, forced_since; /* monotonic; CLOCK_NEVER */
};
void nut_ups_each(const struct nut *nut, void (*fn)(void *to, const struct nut_ups_view *view),
                  void *to);

struct nut_client_view {
    const char *address;
    int port;
    const char *user, *attached; /* "" */
    bool encrypted, primary;
    clock_us since, asked; /* monotonic; asked 0: never */
};
/* Newest first. */
void nut_clients_each(const struct nut *nut,
                      void (*fn)(void *to, const struct nut_client_view *view), void *to);

struct nut_person {
    const char *actor, *origin;
    enum access_role role;
};

/* A person begins a forced shutdown of a ups, or ends it. 0; -ENOENT with the nearest name,
 * -EALREADY when it stands so already, -EACCES when its outlets are not theirs to switch. */
int nut_shutdown_set(struct nut *nut, const char *ups, bool forced, const struct nut_person *person,
                     struct err *err);
