/* Notices: the queue, what is told, and the routes by syslog and webhook. Routes of others (mail,
 * traps) attach between start and end, and share the transfers of curl. */

#include "base/log.h"
#include "daemon/daemon_private.h"
#include "engine/event_log.h"
#include "engine/notify.h"
#include "engine/notify_tell.h"
#include "face/curl_loop.h"
#include "face/syslog.h"
#include "face/webhook.h"

/* What cannot be kept at all is not waited for. */
static bool is_durable(void *user)
{
    const char *problem;
    return notify_durable(user) || !notify_kept(user, &problem);
}

void daemon_notify_start(struct daemon *daemon)
{
    const struct notify_context context = {
        .loop = daemon->loop, .events = daemon->events, .folder = daemon->state_folder};
    daemon->notify = notify_open(&context, daemon->config);
    daemon->syslog = syslog_new(daemon->loop, daemon->notify);
    daemon->curl = curl_loop_new(daemon->loop);
    if (daemon->curl)
        daemon->webhook = webhook_new(daemon->loop, daemon->curl, daemon->notify);
    else
        log_error("notify", "nothing is sent by webhook or mail: out of memory");
    daemon->notify_tell = notify_tell_new(&(struct notify_tell_context){.loop = daemon->loop,
                                                                        .notify = daemon->notify,
                                                                        .events = daemon->events,
                                                                        .alarms = daemon->alarms});
    const struct event_log_status before = event_log_status(daemon->events);
    alarms_wait_for(daemon->alarms, is_durable, daemon->notify);
    notify_tell_start(daemon->notify_tell, BUSBAR_VERSION, &before, daemon->started_mono);
}

void daemon_notify_configure(struct daemon *daemon, const struct config *fresh)
{
    notify_configure(daemon->notify, fresh);
}

void daemon_notify_end(struct daemon *daemon)
{
    if (daemon->alarms)
        alarms_wait_for(daemon->alarms, NULL, NULL);
    daemon->notify_tell = notify_tell_free(daemon->notify_tell);
    daemon->webhook = webhook_free(daemon->webhook);
    daemon->curl = curl_loop_free(daemon->curl);
    daemon->syslog = syslog_free(daemon->syslog);
    daemon->notify = notify_close(daemon->notify);
}
