#include "model/site_settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"

#define FIELD(name) offsetof(struct site_settings, name)

static const struct setting_row rows[] = {
    {.key = "name",
     .type = SETTING_TEXT,
     .offset = FIELD(name),
     .min = 1,
     .max = 64,
     .initial = "busbar",
     .right = ROLE_ADMINISTRATOR,
     .help = "What this installation is called, at the head of every page and in notices."},
    {.key = "location",
     .type = SETTING_TEXT,
     .offset = FIELD(location),
     .max = 255,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Where the equipment stands."},
    {.key = "contact",
     .type = SETTING_TEXT,
     .offset = FIELD(contact),
     .max = 255,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Who looks after it: a name, a telephone number, an address."},
    {.key = "time_zone",
     .type = SETTING_TEXT,
     .offset = FIELD(time_zone),
     .max = 63,
     .initial = "UTC",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_RESTART,
     .help = "Time zone of the site as in the IANA database (Europe/Vienna): local times, days, "
             "schedules."},
};

/* Zone names are paths below ZONE_FOLDER: letters, digits and a few signs, never a dot. */
static bool zone_exists(const char *zone)
{
    if (strcmp(zone, "UTC") == 0)
        return true;
    for (const char *at = zone; *at; at++) {
        if (!isalnum((unsigned char)*at) && !strchr("/_+-", *at))
            return false;
    }
    char path[128];
    struct stat about;
    snprintf(path, sizeof path, ZONE_FOLDER "/%s", zone);
    return *zone && *zone != '/' && stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    (void)config;
    const struct site_settings *site = record;
    *key = "time_zone";
    if (zone_exists(site->time_zone))
        return 0;
    return err_set(err, -EINVAL,
                   "there is no time zone \"%s\" in " ZONE_FOLDER
                   "; names look like Europe/Vienna or America/Chicago",
                   site->time_zone);
}

const struct setting_table site_settings_table = {
    .name = "site",
    .label = "Site",
    .help = "What the installation is called and where it is.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct site_settings),
    .check = check,
};
