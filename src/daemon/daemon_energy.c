/* What is computed from readings and kept: demand, peaks, extremes. Energy itself is worked out
 * when somebody asks (engine/energy). */

#include "daemon/daemon_private.h"
#include "engine/demand.h"

void daemon_demand_start(struct daemon *daemon)
{
    daemon->demand = demand_new(&(struct demand_context){.loop = daemon->loop,
                                                         .site = daemon->site,
                                                         .saver = daemon->saver,
                                                         .folder = daemon->state_folder},
                                daemon->config);
}

void daemon_demand_configure(struct daemon *daemon, const struct config *fresh)
{
    demand_configure(daemon->demand, fresh);
}

void daemon_demand_stop(struct daemon *daemon)
{
    demand_save(daemon->demand);
}

void daemon_demand_end(struct daemon *daemon)
{
    daemon->demand = demand_free(daemon->demand);
}
