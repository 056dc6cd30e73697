/* The alarm engine among its neighbours: who hears of an alarm beside notices and faces. */

#include "daemon/daemon_private.h"
#include "engine/alarm.h"
#include "engine/alarm_record.h"

void daemon_alarm_start(struct daemon *daemon)
{
    daemon->alarms = alarms_new(&(struct alarms_context){.loop = daemon->loop,
                                                         .site = daemon->site,
                                                         .commands = daemon->commands,
                                                         .events = daemon->events,
                                                         .saver = daemon->saver,
                                                         .folder = daemon->state_folder},
                                daemon->config);
    if (daemon->history)
        daemon->alarm_record = alarm_record_new(daemon->loop, daemon->alarms, daemon->history);
}

void daemon_alarm_configure(struct daemon *daemon, const struct config *fresh)
{
    alarms_configure(daemon->alarms, fresh);
}

void daemon_alarm_stop(struct daemon *daemon)
{
    if (daemon->alarms)
        alarms_stop(daemon->alarms);
}

void daemon_alarm_end(struct daemon *daemon)
{
    daemon->alarm_record = alarm_record_free(daemon->alarm_record);
    daemon->alarms = alarms_free(daemon->alarms);
}
