/* snmp_trap_way - how one receiver of notifications is reached: address, keys, engine.
 *
 * Names are looked up and passwords turned into keys on the worker pool; what was found is kept for
 * a while and shared by all that goes to this receiver. What a receiver of informs says about its
 * engine (id, boots, time) is kept here too. Owned by the sender (face/snmp_trap); loop thread
 * only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/loop.h"
#include "engine/notify_recipient.h"
#include "face/snmp_trap_usm.h"
#include "face/snmp_trap_v3.h"

struct resolve;
struct snmp_trap_keying;

#define SNMP_TRAP_WAY_ADDRESSES 4

/* Called once when the way is ready, or is not: then `problem` is a sentence, else NULL. */
struct snmp_trap_waiter {
    void (*done)(void *user, const char *problem);
    void *user;
    struct snmp_trap_waiter *next; /* the way's */
};

struct snmp_trap_way {
    struct snmp_trap_way *next; /* the sender's */
    struct loop *loop;
    char *host, *community, *user, *auth_password, *privacy_password; /* own copies */
    int port;
    enum recipient_version version;
    enum recipient_auth auth;
    enum recipient_privacy privacy;
    bool inform;

    struct sockaddr_storage addresses[SNMP_TRAP_WAY_ADDRESSES];
    size_t address_count, address; /* address: the one in use */
    clock_us looked;               /* monotonic */
    bool have_keys;
    struct snmp_trap_usm usm;

    struct snmp_trap_v3_engine engine; /* of informs: the receiver's, as of `engine_seen` */
    clock_us engine_seen;
    struct snmp_trap_usm_keys keys; /* of the engine that counts */

    struct resolve *resolve; /* NULL: none is under way; as is */
    struct snmp_trap_keying *keying;
    char problem[300]; /* of the last look-up, "" */
    struct snmp_trap_waiter *waiters;
    size_t users;
    bool dropped; /* no recipient any more: freed with its last user */
};

struct snmp_trap_way *snmp_trap_way_new(struct loop *loop, const struct recipient *recipient);
/* Nobody is told any more. Accepts NULL, returns NULL. */
struct snmp_trap_way *snmp_trap_way_free(struct snmp_trap_way *way);

/* Whether this is how the recipient is reached. */
bool snmp_trap_way_fits(const struct snmp_trap_way *way, const struct recipient *recipient);

/* Find address and keys, if they are not known; `waiter` is told, perhaps at once. An old address
 * is used, and looked up anew beside that: a dead name server delays nothing.
 * NULL: nobody waits for it yet. */
void snmp_trap_way_prepare(struct snmp_trap_way *way, struct snmp_trap_waiter *waiter);
/* The waiter has lost interest; it may have none. */
void snmp_trap_way_forget(struct snmp_trap_way *way, struct snmp_trap_waiter *waiter);

/* Nobody answers there: another address is next, if there is one, and the name is looked up anew.
 */
void snmp_trap_way_failed(struct snmp_trap_way *way);

/* This is the engine that counts now: keys are made for it. */
void snmp_trap_way_set_engine(struct snmp_trap_way *way, const struct snmp_trap_v3_engine *engine);
