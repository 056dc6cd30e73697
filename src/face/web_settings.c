#include "face/web_settings.h"

#include <errno.h>
#include <string.h>

#include "model/limits.h"

static const char *const key_types[] = {"ecdsa", "rsa", NULL};

const char *const web_menus[] = {"side", "top", NULL};
const char *const web_homes[] = {"overview",    "control", "graphs", "events", "alarms",
                                 "diagnostics", "energy",  "meters", NULL};

#define FIELD(name) offsetof(struct web_settings, name)

static const struct setting_row rows[] = {
    {.key = "https",
     .type = SETTING_INT,
     .offset = FIELD(https),
     .min = 0,
     .max = 65535,
     .initial = "8443",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_RESTART,
     .help = "Port for HTTPS; 0 switches it off."},
    {.key = "http",
     .type = SETTING_INT,
     .offset = FIELD(http),
     .min = 0,
     .max = 65535,
     .initial = "8080",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_RESTART,
     .help = "Port for plain HTTP; 0 switches it off. Passwords cross it unencrypted: use it "
             "inside a trusted "
             "network only."},
    {.key = "listen",
     .type = SETTING_TEXT,
     .offset = FIELD(listen),
     .max = 63,
     .initial = "::",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_RESTART,
     .help = "Address to listen on; :: is every address, IPv4 included."},
    {.key = "certificate",
     .type = SETTING_TEXT,
     .offset = FIELD(certificate),
     .max = 1023,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_LIVE,
     .help = "File with the certificate and its chain (PEM, or one DER certificate); empty uses "
             "the one "
             "uploaded on the page, or the self-signed one made at the first start."},
    {.key = "key",
     .type = SETTING_TEXT,
     .offset = FIELD(key),
     .max = 1023,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_LIVE,
     .help = "File with the private key of the certificate (PEM or DER, without a password)."},
    {.key = "key_type",
     .type = SETTING_CHOICE,
     .offset = FIELD(key_type),
     .choices = key_types,
     .initial = "ecdsa",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_RESTART,
     .help = "Kind of key when a self-signed certificate is made; rsa only for very old clients."},
    {.key = "names",
     .type = SETTING_TEXT,
     .offset = FIELD(names),
     .max = 1023,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_LIVE,
     .help =
         "Host names under which the pages are reached, separated by spaces. Addresses, this "
         "machine's own "
         "name and local names always work; other names are refused so that a foreign page cannot "
         "read this one through a name of its own."},
    {.key = "redirect",
     .type = SETTING_BOOL,
     .offset = FIELD(redirect),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_LIVE,
     .help = "Send visitors of the plain port to HTTPS."},
    {.key = "connections",
     .type = SETTING_INT,
     .offset = FIELD(connections),
     .min = 8,
     .max = LIMIT_CONNECTIONS,
     .initial = "1100",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_RESTART,
     .help = "Connections at once on each port, live streams included."},
    {.key = "connections_per_address",
     .type = SETTING_INT,
     .offset = FIELD(connections_per_address),
     .min = 4,
     .max = LIMIT_CONNECTIONS,
     .initial = "128",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_RESTART,
     .help = "Connections at once from one address, so that one client cannot take them all."},
    {.key = "menu",
     .type = SETTING_CHOICE,
     .offset = FIELD(menu),
     .choices = web_menus,
     .initial = "side",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_LIVE,
     .help = "Where the menu of the pages stands: beside them, or above them as on older units."},
    {.key = "home_view",
     .type = SETTING_CHOICE,
     .offset = FIELD(home_view),
     .choices = web_homes,
     .initial = "overview",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_LIVE,
     .help = "The page at which who only looks begins after signing in."},
    {.key = "home_control",
     .type = SETTING_CHOICE,
     .offset = FIELD(home_control),
     .choices = web_homes,
     .initial = "overview",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_LIVE,
     .help = "The page at which who may switch begins after signing in."},
    {.key = "home_installer",
     .type = SETTING_CHOICE,
     .offset = FIELD(home_installer),
     .choices = web_homes,
     .initial = "diagnostics",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_LIVE,
     .help = "The page at which who sets up lines and devices begins after signing in."},
    {.key = "home_administrator",
     .type = SETTING_CHOICE,
     .offset = FIELD(home_administrator),
     .choices = web_homes,
     .initial = "overview",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_LIVE,
     .help = "The page at which administrators begin after signing in."},
};

bool web_home_find(const char *name)
{
    for (size_t i = 0; web_homes[i]; i++) {
        if (strcmp(web_homes[i], name) == 0)
            return true;
    }
    return false;
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    (void)config;
    const struct web_settings *web = record;
    if (!web->certificate[0] != !web->key[0]) {
        *key = web->key[0] ? "certificate" : "key";
        return err_set(err, -EINVAL, "certificate and key belong together: give both, or neither");
    }
    if (web->redirect && !web->https) {
        *key = "redirect";
        return err_set(err, -EINVAL, "there is nothing to redirect to: https is 0");
    }
    if (web->https && web->https == web->http) {
        *key = "http";
        return err_set(err, -EINVAL, "http and https cannot share port %d", (int)web->http);
    }
    return 0;
}

const struct setting_table web_settings_table = {
    .name = "web",
    .label = "Web",
    .help = "The pages and the API.",
    .rows = rows,
    .row_count = sizeof rows / sizeof rows[0],
    .record_size = sizeof(struct web_settings),
    .check = check,
};
