/* site_settings - the `site:` table: what the installation is called and where it is. */
#pragma once

#include "model/setting.h"

struct site_settings {
    const char *name, *location, *contact, *time_zone;
};

extern const struct setting_table site_settings_table;
