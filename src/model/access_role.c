#include "model/access_role.h"

#include <string.h>

static const char *const names[] = {
    [ROLE_NONE] = "",
    [ROLE_VIEW] = "view",
    [ROLE_CONTROL] = "control",
    [ROLE_INSTALLER] = "installer",
    [ROLE_ADMINISTRATOR] = "administrator",
};

const char *access_role_name(enum access_role role)
{
    return names[role];
}

enum access_role access_role_find(const char *name)
{
    for (enum access_role role = ROLE_VIEW; role <= ROLE_ADMINISTRATOR; role++) {
        if (strcmp(name, names[role]) == 0)
            return role;
    }
    return ROLE_NONE;
}
