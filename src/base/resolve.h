/* resolve - looks up the addresses of a host name on the worker pool, so that nobody waits for a
 * name server.
 *
 * `done` is called from the loop, never from inside resolve_start(): for a numeric address at the
 * end of the turn, which needs no thread. The question is resolve's own and ends with `done` or
 * with resolve_cancel(). Loop thread only.
 */
#pragma once

#include <netdb.h>

#include "base/loop.h"

struct resolve;

/* `found` (the caller's from then on, freeaddrinfo) holds at least one address when `problem` is
 * NULL; else `problem` says why there is none. */
typedef void resolve_done_fn(void *user, struct addrinfo *found, const char *problem);

/* `socket_type` is SOCK_STREAM or SOCK_DGRAM, `port` 0 to 65535. NULL when there is no memory or
 * the name is longer than names can be. */
struct resolve *resolve_start(struct loop *loop, const char *host, int port, int socket_type,
                              resolve_done_fn *done, void *user);

/* `done` is not called any more. Accepts NULL, returns NULL. */
struct resolve *resolve_cancel(struct resolve *resolve);
