#include "face/nut_settings.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/nearest.h"
#include "engine/outlet_groups.h"
#include "model/limits.h"

#define NETWORKS_MOST 1000
#define DAY_S 86400
#define NAMES_MOST 64 /* looked through for what was meant */
#define GROUP "group/"

static const char *const tls_words[] = {"offered", "required", NULL};
static const char *const offer_words[] = {"all", "listed", NULL};
static const char *const clear_words[] = {"on-line", "operator", NULL};

/* ---- nut: ------------------------------------------------------------------------------------ */

#define NUT(name) .offset = offsetof(struct nut_settings, name)

static const struct setting_row nut_rows[] = {
    {.key = "port",
     .type = SETTING_INT,
     NUT(port),
     .max = 65535,
     .initial = "0",
     .right = ROLE_ADMINISTRATOR,
     .help = "TCP port of the NUT server, 3493 by the standard; 0 is off."},
    {.key = "listen",
     .type = SETTING_TEXT,
     NUT(listen),
     .max = 63,
     .initial = "::",
     .right = ROLE_ADMINISTRATOR,
     .help = "Address of this machine at which it is reached; :: is all, 127.0.0.1 only programs "
             "on this machine."},
    {.key = "networks",
     .type = SETTING_TEXT,
     NUT(networks),
     .max = NETWORKS_MOST,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Addresses and networks of clients with a comma between, as in 192.0.2.7, "
             "198.51.100.0/24; empty: all."},
    {.key = "clients",
     .type = SETTING_INT,
     NUT(clients),
     .min = 1,
     .max = LIMIT_NUT_CLIENTS,
     .initial = "256",
     .right = ROLE_ADMINISTRATOR,
     .help = "Connections at once; when there are more, the one that is attached to no ups and "
             "was silent longest goes."},
    {.key = "idle",
     .type = SETTING_DURATION,
     NUT(idle),
     .min = 5,
     .max = DAY_S,
     .initial = "2 min",
     .right = ROLE_ADMINISTRATOR,
     .help = "A connection on which nothing was asked for so long is closed; a monitor asks every "
             "few seconds."},
    {.key = "tls",
     .type = SETTING_CHOICE,
     NUT(tls),
     .choices = tls_words,
     .initial = "offered",
     .right = ROLE_ADMINISTRATOR,
     .help = "required: no user name or password is taken before STARTTLS."},
    {.key = "offer",
     .type = SETTING_CHOICE,
     NUT(offer),
     .choices = offer_words,
     .initial = "all",
     .right = ROLE_ADMINISTRATOR,
     .help = "all: each supply with a battery, each device with outlets and each group of outlets "
             "under its own name, and the records of nut_ups; listed: those records only."},
};

static int check_address(const char *text, struct err *err)
{
    struct ip_net address;
    if (strchr(text, '/') || ip_net_parse(&address, text, strlen(text), NULL) < 0)
        return err_set(err, -EINVAL, "must be an address of this machine, or :: for all");
    return 0;
}

static int check_networks(const char *networks, struct err *err)
{
    const char *word;
    for (size_t length; (word = outlet_list_next(&networks, &length));) {
        struct ip_net net;
        if (ip_net_parse(&net, word, length, err) < 0)
            return err->code;
    }
    return 0;
}

bool nut_networks_hold(const char *networks, const struct ip_address *address)
{
    const char *word;
    bool any = false;
    for (size_t length; (word = outlet_list_next(&networks, &length)); any = true) {
        struct ip_net net;
        if (ip_net_parse(&net, word, length, NULL) == 0 && ip_net_holds(&net, address))
            return true;
    }
    return !any;
}

static int check_nut(const struct config *config, const void *record, const char **key,
                     struct err *err)
{
    const struct nut_settings *nut = record;
    (void)config;
    *key = "listen";
    if (check_address(nut->listen, err) < 0)
        return err->code;
    *key = "networks";
    return check_networks(nut->networks, err);
}

const struct setting_table nut_settings_table = {
    .name = "nut",
    .label = "NUT server",
    .help = "Hosts that run Network UPS Tools see supplies, PDUs and groups of outlets here, and "
            "shut down in time.",
    .rows = nut_rows,
    .row_count = sizeof nut_rows / sizeof *nut_rows,
    .record_size = sizeof(struct nut_settings),
    .check = check_nut,
};

/* ---- nut_ups: -------------------------------------------------------------------------------- */

#define UPS(name) .offset = offsetof(struct nut_ups_settings, name)

#define SPAN(field, text)                                                                          \
    {                                                                                              \
        .key = #field, .type = SETTING_DURATION, UPS(field), .max = DAY_S, .initial = "0 s",       \
        .right = ROLE_ADMINISTRATOR, .help = (text)                                                \
    }
#define CHARGE(field, text)                                                                        \
    {                                                                                              \
        .key = #field, .type = SETTING_NUMBER, UPS(field), .unit = "%", .max = 100,                \
        .initial = "0", .right = ROLE_ADMINISTRATOR, .help = (text)                                \
    }

static const struct setting_row ups_rows[] = {
    {.key = "label",
     .type = SETTING_TEXT,
     UPS(label),
     .max = 63,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What clients are told it is; empty: what the device or group is called."},
    {.key = "shows",
     .type = SETTING_TEXT,
     UPS(shows),
     .max = LIMIT_NAME + sizeof GROUP,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What it is: a device, or group/NAME for a group of outlets; empty: the device or "
             "group of the same name. So equipment that knows one name only finds it."},
    {.key = "supply",
     .type = SETTING_REFERENCE,
     UPS(supply),
     .refers_to = "devices",
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "The supply with a battery behind it; empty: the first one upstream by fed_by."},
    SPAN(low_after, "On battery for so long, it says that the battery is low (LB), and hosts "
                    "attached to it shut down; 0 s: not by time."),
    CHARGE(low_charge, "The same from this charge down; 0: not by charge."),
    SPAN(low_runtime, "The same when so much time is left; 0 s: not by that."),
    SPAN(fsd_after, "On battery for so long, its shutdown is forced (FSD), for all that are "
                    "attached to it; 0 s: not by time."),
    CHARGE(fsd_charge, "The same from this charge down; 0: not by charge."),
    SPAN(fsd_runtime, "The same when so much time is left; 0 s: not by that."),
    {.key = "fsd_clear",
     .type = SETTING_CHOICE,
     UPS(fsd_clear),
     .choices = clear_words,
     .initial = "on-line",
     .right = ROLE_ADMINISTRATOR,
     .help = "A forced shutdown ends by itself when the mains are back for fsd_hold (on-line), or "
             "when a person ends it (operator)."},
    {.key = "fsd_hold",
     .type = SETTING_DURATION,
     UPS(fsd_hold),
     .min = 1,
     .max = DAY_S,
     .initial = "1 min",
     .right = ROLE_ADMINISTRATOR,
     .help = "How long the mains must be back."},
    SPAN(off_after, "So long after a forced shutdown began, its outlets are switched off, even if "
                    "the mains are back: hosts that shut down come up again only by that. They are "
                    "switched on again when it has ended and power_up_when of the outlet holds. "
                    "0 s: never. Not of a supply itself, whose battery may be among them."),
};

const char *nut_shows_group(const char *shows)
{
    return strncmp(shows, GROUP, sizeof GROUP - 1) == 0 ? shows + sizeof GROUP - 1 : NULL;
}

static bool exists(const struct config *config, const char *table, const char *name)
{
    const struct setting_table *found = config_table_named(config, table);
    return found && config_find(config, found, name) >= 0;
}

static const char *own_name(const struct config *config, const struct setting_table *table,
                            const void *record)
{
    for (size_t i = 0; i < config_count(config, table); i++) {
        if (config_at(config, table, i) == record)
            return config_name_at(config, table, i);
    }
    return "";
}

static int refuse_name(const struct config *config, const char *kind, const char *table,
                       const char *name, struct err *err)
{
    const char *names[NAMES_MOST] = {NULL};
    const struct setting_table *found = config_table_named(config, table);
    size_t count = found ? config_count(config, found) : 0;
    count = count < NAMES_MOST ? count : NAMES_MOST;
    for (size_t i = 0; i < count; i++)
        names[i] = config_name_at(config, found, i);
    const char *guess = nearest_word(name, names, count, sizeof *names);
    return err_set(err, -EINVAL, "there is no %s \"%.63s\"%s%s%s", kind, name,
                   guess ? "; did you mean " : "", guess ? guess : "", guess ? "?" : "");
}

static int check_ups(const struct config *config, const void *record, const char **key,
                     struct err *err)
{
    const struct nut_ups_settings *ups = record;
    const char *group = nut_shows_group(ups->shows);
    *key = NULL;
    if (config_count(config, &nut_ups_settings_table) > NUT_UPS_MOST)
        return err_set(err, -E2BIG, "there are more than %d", NUT_UPS_MOST);
    *key = "shows";
    if (group)
        return exists(config, "groups", group) ? 0
                                               : refuse_name(config, "group", "groups", group, err);
    if (*ups->shows)
        return exists(config, "devices", ups->shows)
                   ? 0
                   : refuse_name(config, "device", "devices", ups->shows, err);
    const char *name = own_name(config, &nut_ups_settings_table, record);
    if (exists(config, "devices", name) || exists(config, "groups", name))
        return 0;
    return err_set(err, -EINVAL,
                   "must be given: there is neither a device nor a group called \"%.63s\"", name);
}

const struct setting_table nut_ups_settings_table = {
    .name = "nut_ups",
    .label = "NUT: what is offered",
    .help = "What NUT clients see under which name, and when those attached to it shut down.",
    .collection = true,
    .rows = ups_rows,
    .row_count = sizeof ups_rows / sizeof *ups_rows,
    .record_size = sizeof(struct nut_ups_settings),
    .check = check_ups,
};

/* The same as the rows' defaults; a test compares them. */
struct nut_ups_settings nut_ups_settings_default(void)
{
    return (struct nut_ups_settings){
        .label = "", .shows = "", .supply = "", .fsd_hold = 60 * CLOCK_S};
}

/* ---- nut_users: ------------------------------------------------------------------------------ */

#define USER(name) .offset = offsetof(struct nut_user_settings, name)

static const struct setting_row user_rows[] = {
    {.key = "password",
     .type = SETTING_TEXT,
     USER(password),
     .min = 1,
     .max = 128,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .secret = true,
     .help = "What the equipment sends; it may be a poor one, as it opens nothing but reading."},
    {.key = "ups",
     .type = SETTING_TEXT,
     USER(ups),
     .max = 1000,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Names it may see and attach to, with a comma between; empty: all."},
    {.key = "networks",
     .type = SETTING_TEXT,
     USER(networks),
     .min = 1,
     .max = NETWORKS_MOST,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "Addresses and networks from which it is let in, with a comma between."},
};

static int check_user(const struct config *config, const void *record, const char **key,
                      struct err *err)
{
    const struct nut_user_settings *user = record;
    *key = NULL;
    if (config_count(config, &nut_user_settings_table) > NUT_USERS_MOST)
        return err_set(err, -E2BIG, "there are more than %d", NUT_USERS_MOST);
    *key = "networks";
    return check_networks(user->networks, err);
}

const struct setting_table nut_user_settings_table = {
    .name = "nut_users",
    .label = "NUT: equipment that only looks",
    .help = "Names and passwords of equipment that cannot be given others (storage boxes): it may "
            "read and attach, never switch or shut down.",
    .collection = true,
    .rows = user_rows,
    .row_count = sizeof user_rows / sizeof *user_rows,
    .record_size = sizeof(struct nut_user_settings),
    .check = check_user,
};
