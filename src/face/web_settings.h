/* web_settings - the `web:` table: ports, certificate, names, limits. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/setting.h"

struct web_settings {
    int64_t https, http;           /* ports, 0 = off */
    const char *listen;            /* address; "::" also serves IPv4 */
    const char *certificate, *key; /* files (PEM or DER); "" = our own in the state folder */
    int64_t key_type;              /* of our own certificate: index, see below */
    const char *names;             /* host names we answer to besides the obvious ones */
    bool redirect;                 /* http -> https */
    int64_t connections;           /* at once, each listener */
    int64_t menu;                  /* index into web_menus */
    int64_t home_view, home_control, home_installer, home_administrator; /* index into web_homes */
    int64_t connections_per_address;
};

/* For tests only, never in a file: any free port. */
#define WEB_PORT_ANY (-1)

enum { WEB_KEY_ECDSA, WEB_KEY_RSA };

extern const char *const web_menus[]; /* "side", "top" */
extern const char *const web_homes[]; /* "overview", "control", ... */

/* Whether there is such a home page. */
bool web_home_find(const char *name);

extern const struct setting_table web_settings_table;
