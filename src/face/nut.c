#include "face/nut.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/mem.h"
#include "face/listen.h"
#include "face/nut_private.h"
#include "model/access_slow.h"

/* How often clients are looked at that have had their time, stages whose time may have come, and a
 * port that could not be had. */
#define LOOK_EVERY (1 * CLOCK_S)

const char *nut_count_name(enum nut_count count)
{
    static const char *const names[] = {
        [NUT_REQUESTS] = "requests", [NUT_ERRORS] = "errors",
        [NUT_SIGN_INS] = "sign_ins", [NUT_SIGN_INS_REFUSED] = "sign_ins_refused",
        [NUT_COMMANDS] = "commands", [NUT_COMMANDS_REFUSED] = "commands_refused",
    };
    return names[count];
}

void nut_refresh(struct nut *nut)
{
    if (nut->offer.revision == site_revision(nut->context.site))
        return;
    nut_offer_build(&nut->offer, &nut->model);
    nut->offer_early = true;
}

/* ---- listening ------------------------------------------------------------------------------- */

/* Room for a new client: of those that are attached to nothing the one that was silent longest
 * goes. A host that waits for its battery is never pushed out by others. */
static bool make_room(struct nut *nut)
{
    struct nut_client *oldest = NULL;
    if (nut->client_count < (size_t)nut->settings->clients)
        return true;
    for (struct nut_client *client = nut->clients; client; client = client->next) {
        if (!*client->attached && !client->job && (!oldest || client->asked <= oldest->asked))
            oldest = client;
    }
    if (oldest)
        nut_client_end(oldest);
    return oldest;
}

static bool take_client(void *user, int fd, const struct sockaddr *from)
{
    struct nut *nut = user;
    const struct ip_address address = ip_address_of(from);
    if (!nut_networks_hold(nut->settings->networks, &address) || !make_room(nut))
        return false;
    nut_client_begin(nut, fd, from);
    return true;
}

static void on_connection(struct loop_fd *handle, int events, void *user)
{
    struct nut *nut = user;
    (void)events;
    nut->turned_away += listen_accept(handle, take_client, nut);
}

static void stop_listening(struct nut *nut)
{
    listen_unwatch(&nut->watch);
    nut->bound = 0;
    nut->problem[0] = '\0';
}

/* Tried again each second; told once. */
static void start_listening(struct nut *nut)
{
    struct err err = ERR_EMPTY;
    int bound = listen_watch(nut->context.loop, &nut->watch, nut->listen, (int)nut->port,
                             on_connection, nut, &err);
    if (bound < 0) {
        if (!*nut->problem)
            log_warning("nut", "%s", err.text);
        snprintf(nut->problem, sizeof nut->problem, "%.190s", err.text);
        return;
    }
    nut->problem[0] = '\0';
    nut->bound = bound;
    log_info("nut", "listens on %s port %d", nut->listen, nut->bound);
}

static void on_look(struct loop_timer *timer, void *user)
{
    struct nut *nut = user;
    clock_us now = loop_now(nut->context.loop);
    (void)timer;
    if (nut->port && nut->watch.fd < 0)
        start_listening(nut);
    for (struct nut_client *client = nut->clients, *next; client; client = next) {
        next = client->next;
        if (!nut_client_overdue(client, now))
            continue;
        nut->slow++;
        nut_client_end(client);
    }
    nut_stage_look(nut, NULL);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void end_clients(struct nut *nut)
{
    while (nut->clients)
        nut_client_end(nut->clients);
}

/* Who is not let in any more, and who attached to what is not offered any more. */
static void check_clients(struct nut *nut)
{
    for (struct nut_client *client = nut->clients, *next; client; client = next) {
        next = client->next;
        if (!nut_networks_hold(nut->settings->networks, &client->address) ||
            (*client->attached && !nut_offer_find(&nut->offer, client->attached)))
            nut_client_end(client);
    }
}

static void use_port(struct nut *nut)
{
    const struct nut_settings *settings = nut->settings;
    if (nut->listen && strcmp(nut->listen, settings->listen) == 0 && nut->port == settings->port)
        return;
    stop_listening(nut);
    end_clients(nut);
    free(nut->listen);
    nut->listen = mem_text(settings->listen);
    nut->port = settings->port;
    if (!nut->port)
        return;
    start_listening(nut);
    /* one that must be made is made now, not while clients wait */
    nut->context.certificate(nut->context.user);
}

void nut_configure(struct nut *nut, const struct config *config)
{
    if (!nut)
        return; /* there was no memory for it */
    nut->config = nut->model.config = config;
    nut->settings = config_record(config, &nut_settings_table);
    nut_offer_build(&nut->offer, &nut->model);
    use_port(nut);
    check_clients(nut);
    /* outlets that wait for the end of a shutdown are brought back even when nobody may connect */
    if (nut->port || nut->off_count)
        loop_timer_every(nut->context.loop, &nut->timer, LOOK_EVERY, LOOK_EVERY, on_look, nut);
    else
        loop_timer_stop(&nut->timer);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct nut *nut_open(const struct nut_context *context, const struct config *config)
{
    struct nut *nut = mem_new(sizeof *nut);
    nut->context = *context;
    nut->model = (struct nut_model){.site = context->site, .switcher = context->switcher};
    nut->watch = LOOP_FD_EMPTY;
    nut->logins = dav_logins_new(context->access);
    nut->guessers = access_slow_new();
    if (nut->logins && nut->guessers) {
        nut_configure(nut, config);
        nut_stage_open(nut);
        return nut;
    }
    log_error("nut", "out of memory: the NUT server is off");
    return nut_close(nut);
}

struct nut *nut_close(struct nut *nut)
{
    if (!nut)
        return NULL;
    loop_timer_stop(&nut->timer);
    end_clients(nut);
    stop_listening(nut);
    nut_stage_close(nut);
    nut_offer_deinit(&nut->offer);
    dav_logins_free(nut->logins);
    access_slow_free(nut->guessers);
    free(nut->listen);
    free(nut);
    return NULL;
}
