/* Mail and what goes by mail only: the route of notices, and the status reports. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/daemon_private.h"
#include "engine/report.h"
#include "face/mail.h"

#define HOST_MOST 256

/* Where people reach the pages, as far as this machine knows: the settings of mail may know better.
 */
static void find_page(const struct daemon *daemon, const char *host, char *page, size_t size)
{
    int https = web_port_https(daemon->web), http = web_port_http(daemon->web);
    int port = https ? https : http;
    if (port)
        snprintf(page, size, "%s://%s:%d", https ? "https" : "http", host, port);
}

void daemon_reports_start(struct daemon *daemon)
{
    daemon->reports = reports_new(&(struct reports_context){.loop = daemon->loop,
                                                            .notify = daemon->notify,
                                                            .saver = daemon->saver,
                                                            .folder = daemon->state_folder},
                                  daemon->config);
}

void daemon_mail_start(struct daemon *daemon)
{
    char host[HOST_MOST] = "", page[HOST_MOST + 32] = "";
    if (gethostname(host, sizeof host - 1) < 0 || !*host)
        snprintf(host, sizeof host, "localhost");
    find_page(daemon, host, page, sizeof page);
    daemon->mail = mail_open(&(struct mail_context){.loop = daemon->loop,
                                                    .notify = daemon->notify,
                                                    .site = daemon->site,
                                                    .alarms = daemon->alarms,
                                                    .history = daemon->history,
                                                    .host = host,
                                                    .page = page},
                             daemon->config);
}

void daemon_mail_configure(struct daemon *daemon, const struct config *fresh)
{
    mail_configure(daemon->mail, fresh);
    reports_configure(daemon->reports, fresh);
}

void daemon_mail_end(struct daemon *daemon)
{
    daemon->reports = reports_free(daemon->reports);
    daemon->mail = mail_close(daemon->mail);
}
