/* The lamps of the unit, which look at the lines. */

#include "daemon/daemon_private.h"
#include "field/lamps.h"

void daemon_lamps_start(struct daemon *daemon)
{
    daemon->lamps = lamps_new(daemon->loop, daemon->field,
                              config_record(daemon->config, &lamps_settings_table));
}

void daemon_lamps_configure(struct daemon *daemon, const struct config *fresh)
{
    lamps_configure(daemon->lamps, config_record(fresh, &lamps_settings_table));
}

void daemon_lamps_end(struct daemon *daemon)
{
    daemon->lamps = lamps_free(daemon->lamps);
}
