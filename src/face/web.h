/* web - the pages and the API over HTTP, HTTPS and a unix socket (docs/api.md).
 *
 * Owns the listeners, the certificate in force, all requests and live streams. What lies above or
 * beside this floor (field's statistics, the list of profiles, the overlay of settings) is asked
 * for through struct web_context, which the daemon fills; its pointers are borrowed until
 * web_close(). Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/loop.h"
#include "face/web_settings.h"
#include "model/access.h"
#include "model/config.h"
#include "model/site.h"

struct web;
struct alarms;
struct certificate;
struct commands;
struct demand;
struct doctor_door;
struct event_log;
struct gateway;
struct history;
struct load;
struct notify;
struct nut;
struct reports;
struct outputs;
struct pulses;
struct schedules;
struct switcher;

/* A wish to change settings, and who has it (for the journal). */
struct web_change {
    const struct config_change *list;
    size_t count;
    int64_t revision;       /* that it was thought out for; negative: any */
    const char *who, *from; /* user name, client's address */
};

/* Called once for each key that was changed: it holds now, or after a restart. */
typedef void web_applied_fn(void *to, const char *key, bool restart);

/* How it ended: 0, or negative with at least one sentence in `errors`: -EINVAL the wish is at
 * fault, -ESTALE the settings have another revision by now, anything else: we are, disk full for
 * example. */
typedef void web_changed_fn(void *to, int result, const struct err_list *errors);

/* Every function gets `user`. None may be NULL, except where said. */
struct web_context {
    struct loop *loop;
    struct site *site;
    struct access *access;

    /* The past; NULL, or a function that returns NULL: history is off and is answered with 503 and
     * a sentence, which is what `history_problem` says (NULL: only that it is so). */
    struct history *(*history)(void *user);
    const char *(*history_problem)(void *user);

    /* The configuration in force. Asked for at each request, never kept over the end of a turn. */
    const struct config *(*config)(void *user);

    /* Counts up whenever the configuration in force changes (page, API, or site file): the ETag of
     * the settings. */
    uint64_t (*config_revision)(void *user);

    /* All or nothing, one after the other: check, save the overlay, apply. Texts are copied. When
     * that is on disk and in force, or has failed, `applied` is called for each key and `changed`
     * once, perhaps before this returns. The result is what to cancel with when the one who wished
     * goes away: the change goes on, nothing is called. NULL when there is no memory or too many
     * wait: then nothing is called either. */
    void *(*change)(void *user, const struct web_change *change, web_applied_fn *applied,
                    web_changed_fn *changed, void *to);
    void (*cancel_change)(void *user, void *change);

    /* Write one JSON value: the arrays of GET /lines and GET /profiles, and the short `lines` of
     * GET /site. */
    void (*write_lines)(void *user, struct json *json);
    void (*write_profiles)(void *user, struct json *json);
    void (*write_site_lines)(void *user, struct json *json);

    /* Write the export folder's state as one JSON object (GET /export). NULL: answered with 503. */
    void (*write_export)(void *user, struct json *json);

    /* Write into an open array one text for each thing that is wrong with the program itself (GET
     * /health). */
    void (*write_problems)(void *user, struct json *json);

    /* The search for units on a line: start one (0, or -ENOENT, -EBUSY, -EINVAL and a sentence),
     * end it, and write how far it is as one JSON value; the serial ports that exist as an array.
     * All four may be NULL: then there is no field and they are answered with 503. */
    int (*start_scan)(void *user, const char *line, int first, int last, struct err *err);
    void (*stop_scan)(void *user);
    void (*write_scan)(void *user, struct json *json);
    void (*write_ports)(void *user, struct json *json);

    const struct doctor_door *doctor; /* findings and traces of buses; NULL: likewise */

    /* The door for wishes; NULL: nothing is switched here, and asking for it is answered with 503.
     */
    struct commands *commands;
    const struct switcher *switcher;   /* the outlets there are; NULL as above */
    const struct schedules *schedules; /* NULL: none are followed */
    struct pulses *pulses;             /* NULL: none are counted */
    const struct gateway *gateway;     /* NULL: there is none */
    /* The NUT server, opened after the web; NULL, or it returns NULL: there is none. */
    struct nut *(*nut)(void *user);
    const struct load *load;       /* NULL: there are no budgets */
    struct demand *demand;         /* NULL: no averages and peaks are kept */
    const struct outputs *outputs; /* how digital outputs look; NULL: plainly */

    struct alarms *alarms; /* NULL: there are none, and asking for them is answered with 503 */
    struct notify *notify; /* NULL: nobody is told anything; likewise */
    struct reports *reports;

    struct event_log *events; /* what clients did is recorded there; NULL: nowhere */

    void *user;

    clock_us started_wall, started_mono;

    const char *state_folder; /* certificates: tls.pem, tls.key (0600), tls.crt */
    const char *socket_path;  /* unix socket for the command line, mode 0600; NULL: none */
};

/* Open the listeners of `settings` (copied). NULL and `err` when a port, the certificate or the
 * socket cannot be used; what had been opened is closed again. */
struct web *web_open(const struct web_context *context, const struct web_settings *settings,
                     struct err *err);

/* Ends all streams and connections. Accepts NULL, returns NULL. */
struct web *web_close(struct web *web);

/* New settings of a reload: names, redirect and the certificate change at once, the rest is
 * restart-only and ignored. On failure (a pair that does not match) the old ones stay in force and
 * `err` says why. */
int web_configure(struct web *web, const struct web_settings *settings, struct err *err);

/* The certificate in force, borrowed until the loop's next turn, for others that speak TLS; made or
 * read now when HTTPS is off and nobody had asked. NULL: there is none (logged), or no web. */
struct certificate *web_certificate(struct web *web);

/* Ports that are really listened on (0: none), for the log line at start and for tests that ask for
 * any port. */
int web_port_https(const struct web *web);
int web_port_http(const struct web *web);
