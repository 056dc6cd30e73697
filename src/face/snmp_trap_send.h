/* snmp_trap_send - one job of notices on its way to one receiver.
 *
 * Traps are sent and that is all there is to know. Informs go one after the other: each is sent up
 * to three times until the receiver acknowledges it; with v3 the receiver is asked first who it is,
 * with a packet of our own, so that nothing waits. Owned by face/snmp_trap; loop thread only.
 */
#pragma once

#include <stdint.h>

#include "base/clock.h"
#include "base/loop.h"
#include "engine/notify.h"
#include "face/snmp_trap_way.h"

struct snmp_state;

struct snmp_trap_send {
    struct snmp_trap_send *next; /* the owner's */
    /* given */
    struct loop *loop;
    struct snmp_state *state;
    struct snmp_trap_way *way;
    struct notify_job *job;
    uint32_t enterprise;
    clock_us started; /* monotonic: sysUpTime counts from here */
    /* Called once, perhaps before snmp_trap_send_start() returns. */
    void (*done)(void *user, struct snmp_trap_send *send, enum notify_outcome outcome,
                 const char *words);
    void *user;
    /* its own */
    struct snmp_trap_waiter waiter;
    int fd;
    struct loop_fd watch;
    struct loop_timer timer;
    size_t place;    /* the notice that is being sent */
    unsigned tries;  /* of this notice, or of asking who answers */
    unsigned turned; /* how often the receiver sent us back to its engine's id or time */
    int32_t request_id, message_id;
};

void snmp_trap_send_start(struct snmp_trap_send *send);

/* Stop; `done` is not called. */
void snmp_trap_send_cancel(struct snmp_trap_send *send);
