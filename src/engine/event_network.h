/* event_network - events about the machine's addresses: one for each that appears or goes.
 *
 * Looks every few seconds; addresses that never leave the machine or its cable (127.0.0.0/8, ::1,
 * fe80::/10) do not count. Owned by the daemon; loop thread only.
 */
#pragma once

#include "base/loop.h"

struct event_log;
struct event_network;
struct ifaddrs;

#define EVENT_NETWORK_MOST 64 /* addresses that are watched; what a machine has beyond is not */

/* `log` and `loop` are borrowed. What is there at this moment is no change. */
struct event_network *event_network_new(struct event_log *log, struct loop *loop);

/* Accepts NULL, returns NULL. */
struct event_network *event_network_free(struct event_network *network);

/* Tell what differs from the list of the look before; done by itself, and by tests. */
void event_network_take(struct event_network *network, const struct ifaddrs *list);
