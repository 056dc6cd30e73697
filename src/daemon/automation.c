/* What switches by itself, and what has a say when people do: outputs, schedules, load budgets. */

#include "daemon/daemon_private.h"
#include "engine/load.h"
#include "engine/output.h"
#include "engine/schedule.h"
#include "engine/switcher.h"

/* struct switcher_output from the settings; inversion is done on the way to the board. */
static void on_output(void *user, const char *path, struct switcher_output *output)
{
    const struct daemon *daemon = user;
    struct output_way way = output_way(daemon->outputs, path);
    output->label = *way.label ? way.label : NULL;
    output->pulse = way.pulse;
    output->level = way.level;
}

static int on_scheduled(void *user, const char *path)
{
    const struct daemon *daemon = user;
    enum schedule_state state = schedules_state(daemon->schedules, path);
    return state == SCHEDULE_ON ? 1 : state == SCHEDULE_OFF ? 0 : -1;
}

void daemon_outputs_start(struct daemon *daemon)
{
    daemon->outputs = outputs_new(daemon->site, daemon->config);
}

void daemon_automation_start(struct daemon *daemon)
{
    daemon->load = load_new(&(struct load_context){.loop = daemon->loop,
                                                   .site = daemon->site,
                                                   .commands = daemon->commands,
                                                   .events = daemon->events,
                                                   .saver = daemon->saver,
                                                   .folder = daemon->state_folder},
                            daemon->config);
    daemon->schedules = schedules_new(&(struct schedules_context){.loop = daemon->loop,
                                                                  .site = daemon->site,
                                                                  .commands = daemon->commands,
                                                                  .events = daemon->events,
                                                                  .saver = daemon->saver,
                                                                  .folder = daemon->state_folder},
                                      daemon->config);
    switcher_set_outputs(daemon->switcher, on_output, daemon);
    switcher_set_budget(daemon->switcher, load_allows, daemon->load);
    switcher_set_schedule(daemon->switcher, on_scheduled, daemon);
}

void daemon_automation_configure(struct daemon *daemon, const struct config *fresh)
{
    outputs_configure(daemon->outputs, fresh);
    load_configure(daemon->load, fresh);
    schedules_configure(daemon->schedules, fresh);
}

void daemon_automation_end(struct daemon *daemon)
{
    daemon->schedules = schedules_free(daemon->schedules);
    daemon->load = load_free(daemon->load);
    daemon->outputs = outputs_free(daemon->outputs);
}
