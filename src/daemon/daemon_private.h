/* daemon_private - what daemon.c, reload.c and bridge.c share; nobody else includes this. */
#pragma once

#include "base/clock.h"
#include "base/loop.h"
#include "daemon/daemon.h"
#include "face/web.h"
#include "model/config.h"

struct driver_library;

struct daemon {
    struct clock clock;
    struct loop *loop;
    struct driver_library *library;
    struct config_schema schema;
    struct config_words words[1];
    struct config *config;
    uint64_t config_revision;
    struct site *site;
    struct access *access;
    struct channels *channels;
    struct meter *meter;
    struct derive *derive;
    struct history *history; /* NULL: the store cannot be used, see history_problem */
    char history_problem[ERR_TEXT_MAX];
    struct field *field;
    struct web *web;
    struct loop_timer age_timer;
    struct daemon_options options;
    char *state_folder, *overlay_file, *socket_file, *user_profiles;
    char config_problem[ERR_TEXT_MAX]; /* of the last reload that was refused, "" when none */
    clock_us started_mono, started_wall;
};

/* ---- reload.c -------------------------------------------------------------------------------- */

/* Put a configuration into force: compare with the one before, tell every module, free the old one.
 */
void daemon_adopt(struct daemon *daemon, struct config *fresh, web_applied_fn *applied, void *to);

/* Read the site file again; a mistake leaves everything as it is and is logged. */
void daemon_reload(struct daemon *daemon);

/* struct web_context.change */
int daemon_change(void *user, const struct web_change *change, struct err_list *errors,
                  web_applied_fn *applied, void *to);

/* ---- bridge.c: what the web asks for and lies on other floors -------------------------------- */

struct web_context daemon_web_context(struct daemon *daemon);

/* ---- harden.c -------------------------------------------------------------------------------- */

/* Give up what is not needed to serve: new privileges, core dumps, loose file modes. */
void daemon_harden(void);
