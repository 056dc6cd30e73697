/* The NUT server: after the door, the switcher and the web, whose certificate it shows. */

#include "daemon/daemon_private.h"
#include "face/nut.h"

static struct certificate *certificate(void *user)
{
    const struct daemon *daemon = user;
    return web_certificate(daemon->web);
}

void daemon_nut_start(struct daemon *daemon)
{
    daemon->nut = nut_open(&(struct nut_context){.loop = daemon->loop,
                                                 .site = daemon->site,
                                                 .access = daemon->access,
                                                 .commands = daemon->commands,
                                                 .switcher = daemon->switcher,
                                                 .events = daemon->events,
                                                 .certificate = certificate,
                                                 .user = daemon,
                                                 .saver = daemon->saver,
                                                 .state_folder = daemon->state_folder},
                           daemon->config);
}

void daemon_nut_configure(struct daemon *daemon, const struct config *fresh)
{
    nut_configure(daemon->nut, fresh);
}

void daemon_nut_end(struct daemon *daemon)
{
    daemon->nut = nut_close(daemon->nut);
}
