/* access_session - who is signed in, in memory only.
 *
 * The id is 256 random bits that only the client holds; here is its hash, so that a look at our
 * memory or a core file signs nobody in. Owned by access; loop thread only.
 */
#pragma once

#include <stdint.h>

#include "base/clock.h"
#include "model/limits.h"

#define ACCESS_SESSION_TEXT 48 /* base64url of 32 bytes, with its end */

struct access_session {
    unsigned char hash[32];
    char csrf[ACCESS_SESSION_TEXT];
    char user[LIMIT_NAME + 1]; /* "": free */
    clock_us begun, used;      /* monotonic */
};

struct access_sessions {
    struct access_session list[LIMIT_SESSIONS];
    clock_us idle, most; /* time-outs */
};

/* Begin one; `id` receives what the client keeps. When there is no room, the longest unused one
 * ends: the user's own when they have many, so that nobody crowds the others out. */
struct access_session *access_session_begin(struct access_sessions *sessions, const char *user,
                                            clock_us now, char id[ACCESS_SESSION_TEXT]);

/* The session behind an id, kept alive; NULL when there is none or it is over. */
struct access_session *access_session_find(struct access_sessions *sessions, const char *id,
                                           clock_us now);
void access_session_end(struct access_session *session);
void access_session_end_user(struct access_sessions *sessions, const char *user);

/* base64url (no padding) of 32 random bytes */
void access_random_text(char text[ACCESS_SESSION_TEXT]);
