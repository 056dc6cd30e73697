#include "face/snmp_trap_way.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/mem.h"
#include "base/resolve.h"

/* Receivers seldom move; an address that did not answer is looked up anew after the failure. */
#define ADDRESS_GOOD_FOR (10 * 60 * CLOCK_S)

/* Passwords becoming keys. On the pool it touches nothing else; it outlives its way when that goes
 * first. */
struct snmp_trap_keying {
    struct snmp_trap_way *way; /* NULL: nobody waits any more; loop thread only */
    char *auth_password, *privacy_password;
    enum recipient_auth auth;
    enum recipient_privacy privacy;
    struct snmp_trap_usm usm;
};

/* ---- life ------------------------------------------------------------------------------------ */

struct snmp_trap_way *snmp_trap_way_new(struct loop *loop, const struct recipient *recipient)
{
    struct snmp_trap_way *way = mem_new(sizeof *way);
    way->loop = loop;
    way->host = mem_text(recipient->host);
    way->community = mem_text(recipient->community);
    way->user = mem_text(recipient->user);
    way->auth_password = mem_text(recipient->auth_password);
    way->privacy_password = mem_text(recipient->privacy_password);
    way->port = recipient_port(recipient);
    way->version = (enum recipient_version)recipient->version;
    way->auth = (enum recipient_auth)recipient->auth;
    way->privacy = (enum recipient_privacy)recipient->privacy;
    way->inform = recipient->inform && way->version != RECIPIENT_V1; /* v1 has none */
    way->have_keys = way->version != RECIPIENT_V3 || way->auth == RECIPIENT_AUTH_NONE;
    return way;
}

static char *wipe(char *secret)
{
    gnutls_memset(secret, 0, strlen(secret));
    free(secret);
    return NULL;
}

struct snmp_trap_way *snmp_trap_way_free(struct snmp_trap_way *way)
{
    if (!way)
        return NULL;
    resolve_cancel(way->resolve);
    if (way->keying)
        way->keying->way = NULL;
    free(way->host);
    free(way->user);
    wipe(way->community);
    wipe(way->auth_password);
    wipe(way->privacy_password);
    gnutls_memset(way, 0, sizeof *way);
    free(way);
    return NULL;
}

bool snmp_trap_way_fits(const struct snmp_trap_way *way, const struct recipient *recipient)
{
    bool inform = recipient->inform && recipient->version != RECIPIENT_V1;
    return strcmp(way->host, recipient->host) == 0 &&
           strcmp(way->community, recipient->community) == 0 &&
           strcmp(way->user, recipient->user) == 0 &&
           strcmp(way->auth_password, recipient->auth_password) == 0 &&
           strcmp(way->privacy_password, recipient->privacy_password) == 0 &&
           way->port == recipient_port(recipient) && way->version == recipient->version &&
           way->auth == recipient->auth && way->privacy == recipient->privacy &&
           way->inform == inform;
}

/* ---- waiters --------------------------------------------------------------------------------- */

/* When there is nothing more to wait for. The last one told may be the end of the way. */
static void tell(struct snmp_trap_way *way)
{
    if (way->resolve || way->keying)
        return;
    bool known = way->address_count && way->have_keys;
    while (way->waiters) {
        struct snmp_trap_waiter *waiter = way->waiters;
        bool last = !waiter->next;
        way->waiters = waiter->next;
        waiter->done(waiter->user, known ? NULL : way->problem);
        if (last)
            return;
    }
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void make_keys(void *user)
{
    struct snmp_trap_keying *keying = user;
    snmp_trap_usm_init(&keying->usm, keying->auth, keying->auth_password, keying->privacy,
                       keying->privacy_password);
}

static void free_keying(struct snmp_trap_keying *keying)
{
    wipe(keying->auth_password);
    wipe(keying->privacy_password);
    gnutls_memset(keying, 0, sizeof *keying);
    free(keying);
}

static void keys_made(void *user)
{
    struct snmp_trap_keying *keying = user;
    struct snmp_trap_way *way = keying->way;
    if (way) {
        way->keying = NULL;
        way->usm = keying->usm;
        way->have_keys = true;
    }
    free_keying(keying);
    if (way)
        tell(way);
}

static void start_keying(struct snmp_trap_way *way)
{
    struct snmp_trap_keying *keying = mem_new(sizeof *keying);
    *keying = (struct snmp_trap_keying){
        .way = way,
        .auth_password = mem_text(way->auth_password),
        .privacy_password = mem_text(way->privacy_password),
        .auth = way->auth,
        .privacy = way->privacy,
    };
    if (loop_job_start(way->loop, make_keys, keys_made, keying) < 0) {
        free_keying(keying);
        snprintf(way->problem, sizeof way->problem, "out of memory");
    } else {
        way->keying = keying;
    }
}

/* ---- addresses ------------------------------------------------------------------------------- */

static void take_family(struct snmp_trap_way *way, const struct addrinfo *found, int family)
{
    for (; found && way->address_count < SNMP_TRAP_WAY_ADDRESSES; found = found->ai_next) {
        if (found->ai_family == family)
            memcpy(&way->addresses[way->address_count++], found->ai_addr, found->ai_addrlen);
    }
}

/* Those of IPv4 first: many receivers listen there only, and nobody answers a trap that went
 * elsewhere. */
static void take_addresses(struct snmp_trap_way *way, const struct addrinfo *found)
{
    memset(way->addresses, 0, sizeof way->addresses);
    way->address_count = 0;
    take_family(way, found, AF_INET);
    take_family(way, found, AF_INET6);
    way->address = way->address_count ? way->address % way->address_count : 0;
    way->looked = loop_now(way->loop);
}

static void on_found(void *user, struct addrinfo *found, const char *problem)
{
    struct snmp_trap_way *way = user;
    way->resolve = NULL;
    if (problem)
        snprintf(way->problem, sizeof way->problem, "%.150s cannot be found: %.100s", way->host,
                 problem);
    else
        take_addresses(way, found);
    if (found)
        freeaddrinfo(found);
    tell(way);
}

void snmp_trap_way_prepare(struct snmp_trap_way *way, struct snmp_trap_waiter *waiter)
{
    bool known = way->address_count && way->have_keys;
    bool fresh = way->address_count && loop_now(way->loop) - way->looked < ADDRESS_GOOD_FOR;
    if (!fresh && !way->resolve) {
        way->resolve = resolve_start(way->loop, way->host, way->port, SOCK_DGRAM, on_found, way);
        if (!way->resolve)
            snprintf(way->problem, sizeof way->problem, "%.150s cannot be looked up", way->host);
    }
    if (!way->have_keys && !way->keying)
        start_keying(way);
    if (!waiter)
        return;
    if (known || (!way->resolve && !way->keying)) {
        waiter->done(waiter->user, known ? NULL : way->problem);
        return;
    }
    waiter->next = way->waiters;
    way->waiters = waiter;
}

void snmp_trap_way_failed(struct snmp_trap_way *way)
{
    if (way->address_count)
        way->address = (way->address + 1) % way->address_count;
    way->looked = loop_now(way->loop) - ADDRESS_GOOD_FOR;
    way->engine.id_length = way->inform ? 0 : way->engine.id_length;
}

void snmp_trap_way_forget(struct snmp_trap_way *way, struct snmp_trap_waiter *waiter)
{
    struct snmp_trap_waiter **at = &way->waiters;
    while (*at && *at != waiter)
        at = &(*at)->next;
    if (*at)
        *at = waiter->next;
}

void snmp_trap_way_set_engine(struct snmp_trap_way *way, const struct snmp_trap_v3_engine *engine)
{
    bool same = way->engine.id_length == engine->id_length &&
                memcmp(way->engine.id, engine->id, engine->id_length) == 0;
    way->engine = *engine;
    way->engine_seen = loop_now(way->loop);
    if (!same)
        snmp_trap_usm_localize(&way->usm, engine->id, engine->id_length, &way->keys);
}
