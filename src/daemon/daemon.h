/* daemon - `busbar run`: everything assembled, in one start list and one stop list.
 *
 * Owns the loop and every module; nothing else in the program holds state. daemon_open() makes all
 * parts in order, daemon_run() serves until a signal ends it, daemon_close() undoes in reverse.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "model/config.h"

struct daemon;

struct daemon_options {
    const char *site_file;       /* NULL: defaults only */
    const char *state_folder;    /* made when missing */
    const char *profiles_folder; /* shipped profiles */
    const char *user_profiles;   /* own profiles over them; NULL: STATE/profiles */
};

/* All modules made and listening. NULL and `err` (or mistakes of the site file in `errors`) when
 * one cannot start; what was made is undone again. `first_secret` (32 bytes) receives the one-time
 * administrator secret of a first start, else "". */
struct daemon *daemon_open(const struct daemon_options *options, char *first_secret,
                           struct err_list *errors, struct err *err);

/* Serve until SIGINT or SIGTERM; SIGHUP reloads the site file. */
void daemon_run(struct daemon *daemon);

/* Accepts NULL, returns NULL. Everything acknowledged is on disk when it returns. */
struct daemon *daemon_close(struct daemon *daemon);

/* Ports listened on, 0 = none, for the line that a person reads at start. */
int daemon_port_https(const struct daemon *daemon);
int daemon_port_http(const struct daemon *daemon);

/* Every table of settings, in the order of the reference page. */
extern const struct setting_table *const daemon_tables[];
