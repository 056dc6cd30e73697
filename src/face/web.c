#include "face/web.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "face/history_download.h"
#include "face/listen.h"
#include "face/web_private.h"

#define SOCKET_CONNECTIONS 64

/* ---- certificate ----------------------------------------------------------------------------- */

static struct certificate *load_certificate(const struct web *web,
                                            const struct web_settings *settings, struct err *err)
{
    if (settings->certificate[0])
        return certificate_load(settings->certificate, settings->key, err);
    return certificate_own(web->context.state_folder, settings->key_type == WEB_KEY_RSA,
                           clock_wall(loop_clock(web->context.loop)), err);
}

static int renew_certificate(struct web *web, const struct web_settings *settings, struct err *err)
{
    if (!settings->https && !web->certificate)
        return 0; /* nobody needs one; others than HTTPS may have asked */
    struct certificate *fresh = load_certificate(web, settings, err);
    if (!fresh)
        return err->code;
    certificate_unref(web->certificate);
    web->certificate = fresh;
    return 0;
}

struct certificate *web_certificate(struct web *web)
{
    struct err err = ERR_EMPTY;
    if (web && !web->certificate) {
        web->certificate = load_certificate(web, &web->settings, &err);
        if (!web->certificate)
            log_error("web", "no certificate: %s", err.text);
    }
    return web ? web->certificate : NULL;
}

/* ---- settings -------------------------------------------------------------------------------- */

static void free_settings(struct web_settings *settings)
{
    const char *const texts[] = {settings->listen, settings->certificate, settings->key,
                                 settings->names};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free((void *)(uintptr_t)texts[i]);
    *settings = (struct web_settings){0};
}

/* The texts of a configuration die with it; ours must outlive it. */
static int copy_settings(struct web_settings *to, const struct web_settings *from)
{
    *to = *from;
    to->listen = strdup(from->listen);
    to->certificate = strdup(from->certificate);
    to->key = strdup(from->key);
    to->names = strdup(from->names);
    if (to->listen && to->certificate && to->key && to->names)
        return 0;
    free_settings(to);
    return -ENOMEM;
}

int web_configure(struct web *web, const struct web_settings *settings, struct err *err)
{
    struct web_settings fresh;
    if (copy_settings(&fresh, settings) < 0)
        return err_set(err, -ENOMEM, "no memory for the settings of the web pages");
    /* Ports and limits of the running listeners stay what they are. */
    fresh.https = web->settings.https;
    fresh.http = web->settings.http;
    fresh.connections = web->settings.connections;
    fresh.connections_per_address = web->settings.connections_per_address;
    int result = renew_certificate(web, &fresh, err);
    if (result < 0) {
        free_settings(&fresh);
        return result;
    }
    free_settings(&web->settings);
    web->settings = fresh;
    return 0;
}

/* ---- listeners ------------------------------------------------------------------------------- */

static int open_server(struct web *web, struct http_server *server, int fd, bool tls, bool local,
                       struct err *err)
{
    const struct http_server_spec spec = {
        .loop = web->context.loop,
        .fd = fd,
        .certificate = tls ? &web->certificate : NULL,
        .local = local,
        .connections = local ? SOCKET_CONNECTIONS : (unsigned)web->settings.connections,
        .connections_per_address = local ? 0 : (unsigned)web->settings.connections_per_address,
        .begin = web_begin,
        .serve = web_serve,
        .user = web,
    };
    return http_server_open(server, &spec, err);
}

static int open_port(struct web *web, struct http_server *server, int64_t wanted, bool tls,
                     int *port, struct err *err)
{
    if (!wanted)
        return 0;
    int fd = listen_tcp(web->settings.listen, wanted == WEB_PORT_ANY ? 0 : (int)wanted, err);
    if (fd < 0)
        return fd;
    *port = listen_port(fd);
    return open_server(web, server, fd, tls, false, err);
}

static int open_socket(struct web *web, struct err *err)
{
    if (!web->context.socket_path)
        return 0;
    int fd = listen_unix(web->context.socket_path, err);
    if (fd == -EROFS || fd == -EACCES || fd == -EPERM || fd == -ENOSPC || fd == -EDQUOT) {
        /* A sick disk: the pages are still there, and say so. */
        log_error("web", "no socket for the command line: %s", err->text);
        *err = ERR_EMPTY;
        return 0;
    }
    return fd < 0 ? fd : open_server(web, &web->local, fd, false, true, err);
}

static int open_all(struct web *web, struct err *err)
{
    int result = renew_certificate(web, &web->settings, err);
    if (result >= 0)
        result = open_port(web, &web->https, web->settings.https, true, &web->https_port, err);
    if (result >= 0)
        result = open_port(web, &web->http, web->settings.http, false, &web->http_port, err);
    return result < 0 ? result : open_socket(web, err);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_news(void *user, uint64_t last)
{
    live_events(((struct web *)user)->live, last);
}

static bool make_parts(struct web *web)
{
    struct site *site = web->context.site;
    web->points = point_json_new(site);
    web->lists = web->points ? point_lists_new(site, web->points) : NULL;
    web->live =
        web->points ? live_new(web->context.loop, site, web->points, web->context.access) : NULL;
    web->pages = pages_new();
    if (web->points)
        point_json_set_alarms(web->points, web->context.alarms);
    web->logins = dav_logins_new(web->context.access);
    if (web->live && web->context.commands)
        web->live_commands =
            live_commands_new(web->context.loop, web->context.commands, site, web->live);
    if (web->live && web->context.alarms)
        web->live_alarms = live_alarms_new(web->context.loop, web->context.alarms, web->live);
    bool made = (web->live_commands || !web->context.commands) &&
                (web->live_alarms || !web->context.alarms) && web->points && web->lists &&
                web->live && web->pages && web->logins;
    web->news = (struct event_news){.fn = on_news, .user = web};
    if (made && web->context.events)
        event_log_subscribe(web->context.events, &web->news);
    return made;
}

struct web *web_open(const struct web_context *context, const struct web_settings *settings,
                     struct err *err)
{
    struct web *web = calloc(1, sizeof *web);
    if (!web) {
        err_set(err, -ENOMEM, "no memory for the web pages");
        return NULL;
    }
    web->context = *context;
    if (gethostname(web->host, sizeof web->host - 1) < 0)
        web->host[0] = '\0';
    if (copy_settings(&web->settings, settings) < 0 || !make_parts(web)) {
        err_set(err, -ENOMEM, "no memory for the web pages");
        return web_close(web);
    }
    if (open_all(web, err) < 0)
        return web_close(web);
    log_info("web", "listening: https %d, http %d%s%s", web->https_port, web->http_port,
             context->socket_path ? ", " : "", context->socket_path ? context->socket_path : "");
    return web;
}

struct web *web_close(struct web *web)
{
    if (!web)
        return NULL;
    struct http_server *const servers[] = {&web->https, &web->http, &web->local};
    bool own_socket = web->local.daemon; /* else it belongs to a daemon that is running */
    if (web->context.events)
        event_log_unsubscribe(web->context.events, &web->news);
    if (web->live)
        live_end(web->live);
    history_download_end(web);
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        http_server_drain(servers[i]);
        http_server_close(servers[i]);
    }
    if (own_socket)
        unlink(web->context.socket_path);
    api_certificate_leave(web);
    live_commands_free(web->live_commands);
    live_alarms_free(web->live_alarms);
    live_free(web->live);
    point_lists_free(web->lists);
    point_json_free(web->points);
    pages_free(web->pages);
    dav_logins_free(web->logins);
    block_unref(web->openapi);
    certificate_unref(web->certificate);
    free_settings(&web->settings);
    free(web);
    return NULL;
}

int web_port_https(const struct web *web)
{
    return web->https_port;
}

int web_port_http(const struct web *web)
{
    return web->http_port;
}
