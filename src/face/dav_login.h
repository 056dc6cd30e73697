/* dav_login - who a network drive is: HTTP Basic (RFC 7617) with a user's password or a token.
 *
 * Drives know no sessions and send the password with each request, and checking one costs 20 ms. So
 * a password that was right opens a session like any sign-in, which is remembered here under a
 * keyed hash of what was sent; it ends when the user's sessions end. Owned by web; loop thread
 * only.
 */
#pragma once

#include <stdbool.h>

#include "model/access.h"

struct dav_logins;

struct dav_logins *dav_logins_new(struct access *access); /* NULL without memory */
struct dav_logins *dav_logins_free(struct dav_logins *logins);

#define DAV_PASSWORD_MOST 1024

struct dav_credentials {
    char user[256];
    char password[DAV_PASSWORD_MOST + 1];
};

/* Read an Authorization field. False when it is none of Basic's form. Wipe with
 * dav_credentials_wipe. */
bool dav_credentials_parse(const char *field, struct dav_credentials *credentials);
void dav_credentials_wipe(struct dav_credentials *credentials);

/* The identity behind a token, or behind a password that was right a while ago; false: it must be
 * checked. Texts are valid until the loop's next turn. */
bool dav_logins_find(struct dav_logins *logins, const struct dav_credentials *credentials,
                     struct access_identity *identity);

/* The password was right and has opened this session. */
void dav_logins_keep(struct dav_logins *logins, const struct dav_credentials *credentials,
                     const char *session);
