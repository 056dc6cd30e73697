/* access_slow - the slowing down of those who guess.
 *
 * Three free failures, then each one doubles the wait, up to a minute; a failure is forgotten after
 * ten minutes. Failures count for the source address (IPv6: its /64) and for the user name. What a
 * name collected makes an address wait that never signed in with it, but each address has its own
 * turn: who comes back after the wait is let in whatever others did meanwhile, so nobody can be
 * kept out by failures from elsewhere. All tables are of fixed size; the least burdened and oldest
 * entry makes room. Owned by access; loop thread only.
 */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

struct access_slow;

struct access_slow *access_slow_new(void); /* NULL without memory */
struct access_slow *access_slow_free(struct access_slow *slow);

/* Microseconds until `source` may try `user`; 0: now, and the try is counted as a failure until
 * access_slow_right or access_slow_undo says otherwise. Asking early costs nothing. */
clock_us access_slow_ask(struct access_slow *slow, const char *source, const char *user,
                         clock_us now);

/* The try was right: this address is known for this user from now on. */
void access_slow_right(struct access_slow *slow, const char *source, const char *user,
                       clock_us now);

/* The try came to no verdict. */
void access_slow_undo(struct access_slow *slow, const char *source, const char *user);

/* Until when (same clock as `now`) wrong passwords for `user` make addresses wait that never signed
 * in with it; 0: they need not. For showing it. */
clock_us access_slow_until(struct access_slow *slow, const char *user, clock_us now);
