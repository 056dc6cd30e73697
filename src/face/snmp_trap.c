#include "face/snmp_trap.h"

#include <stdlib.h>

#include "base/mem.h"
#include "engine/notify.h"
#include "engine/notify_recipient.h"
#include "face/snmp_trap_send.h"
#include "face/snmp_trap_way.h"
#include "model/config.h"

/* A trap each; one job, so that they keep their order and share a socket. */
#define TOGETHER_MOST 16

struct snmp_trap {
    struct snmp_trap_context context;
    uint32_t enterprise;
    struct notify_route route;
    struct snmp_trap_way *ways;
    struct snmp_trap_send *sends;
};

/* ---- ways ------------------------------------------------------------------------------------ */

static struct snmp_trap_way *way_for(struct snmp_trap *trap, const struct recipient *recipient)
{
    for (struct snmp_trap_way *way = trap->ways; way; way = way->next) {
        if (!way->dropped && snmp_trap_way_fits(way, recipient))
            return way;
    }
    struct snmp_trap_way *way = snmp_trap_way_new(trap->context.loop, recipient);
    way->next = trap->ways;
    trap->ways = way;
    return way;
}

static void sweep(struct snmp_trap *trap)
{
    struct snmp_trap_way **at = &trap->ways;
    while (*at) {
        struct snmp_trap_way *way = *at;
        if (way->dropped && way->users == 0) {
            *at = way->next;
            snmp_trap_way_free(way);
        } else {
            at = &way->next;
        }
    }
}

/* ---- jobs ------------------------------------------------------------------------------------ */

/* What `words` point to may be the way's, which goes last. */
static void end(struct snmp_trap *trap, struct snmp_trap_send *send, enum notify_outcome outcome,
                const char *words)
{
    struct snmp_trap_send **at = &trap->sends;
    struct snmp_trap_way *way = send->way;
    struct notify_job *job = send->job;
    while (*at != send)
        at = &(*at)->next;
    *at = send->next;
    free(send);
    notify_done(trap->context.notify, job, outcome, words);
    way->users--;
    sweep(trap);
}

static void on_done(void *user, struct snmp_trap_send *send, enum notify_outcome outcome,
                    const char *words)
{
    end(user, send, outcome, words);
}

static void on_send(void *user, struct notify_job *job)
{
    struct snmp_trap *trap = user;
    struct snmp_trap_send *send = calloc(1, sizeof *send);
    if (!send) {
        notify_done(trap->context.notify, job, NOTIFY_LATER, "out of memory");
        return;
    }
    *send = (struct snmp_trap_send){
        .next = trap->sends,
        .loop = trap->context.loop,
        .state = trap->context.state,
        .way = way_for(trap, job->recipient),
        .job = job,
        .enterprise = trap->enterprise,
        .started = trap->context.started,
        .done = on_done,
        .user = trap,
    };
    send->way->users++;
    trap->sends = send;
    snmp_trap_send_start(send);
}

static void on_abandon(void *user, struct notify_job *job)
{
    struct snmp_trap *trap = user;
    struct snmp_trap_send *send = trap->sends;
    while (send && send->job != job)
        send = send->next;
    if (!send)
        return;
    snmp_trap_send_cancel(send);
    end(trap, send, NOTIFY_LATER, "ended: the settings have changed");
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Its way is kept, or made and looked up. */
static void keep(struct snmp_trap *trap, const struct recipient *recipient)
{
    struct snmp_trap_way *way = trap->ways;
    while (way && !snmp_trap_way_fits(way, recipient))
        way = way->next;
    if (!way)
        way = way_for(trap, recipient);
    way->dropped = false;
    snmp_trap_way_prepare(way, NULL);
}

void snmp_trap_configure(struct snmp_trap *trap, const struct config *config, uint32_t enterprise)
{
    trap->enterprise = enterprise;
    for (struct snmp_trap_way *way = trap->ways; way; way = way->next)
        way->dropped = true;
    for (size_t i = 0; i < config_count(config, &recipient_settings_table); i++) {
        const struct recipient *recipient = config_at(config, &recipient_settings_table, i);
        if (recipient->kind == RECIPIENT_TRAP && recipient->enabled)
            keep(trap, recipient);
    }
    sweep(trap);
}

struct snmp_trap *snmp_trap_open(const struct snmp_trap_context *context,
                                 const struct config *config, uint32_t enterprise)
{
    struct snmp_trap *trap = mem_new(sizeof *trap);
    trap->context = *context;
    trap->route = (struct notify_route){
        .kind = recipient_kind_name(RECIPIENT_TRAP),
        .most = TOGETHER_MOST,
        .send = on_send,
        .abandon = on_abandon,
        .user = trap,
    };
    snmp_trap_configure(trap, config, enterprise);
    notify_route_add(context->notify, &trap->route);
    return trap;
}

struct snmp_trap *snmp_trap_close(struct snmp_trap *trap)
{
    if (!trap)
        return NULL;
    while (trap->sends)
        on_abandon(trap, trap->sends->job);
    notify_route_remove(trap->context.notify, &trap->route);
    while (trap->ways) {
        struct snmp_trap_way *way = trap->ways;
        trap->ways = way->next;
        snmp_trap_way_free(way);
    }
    free(trap);
    return NULL;
}
