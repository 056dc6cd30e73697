/* syslog - the route of notices to receivers of syslog: RFC 5424 over UDP (RFC 5426), TCP with
 * counted octets (RFC 6587) and TLS (RFC 5425).
 *
 * A recipient with `events` gets the whole event log this way. Owned by the daemon; loop thread
 * only.
 */
#pragma once

#include "base/loop.h"
#include "engine/notify.h"

struct syslog;

struct syslog *syslog_new(struct loop *loop, struct notify *notify);

/* Gives back what is under way. Accepts NULL, returns NULL. */
struct syslog *syslog_free(struct syslog *syslog);
