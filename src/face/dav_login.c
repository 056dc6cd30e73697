#include "face/dav_login.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOGINS 32
#define DIGEST 32 /* SHA-256 */
#define TOKEN_PREFIX "bb_"

struct login {
    unsigned char digest[DIGEST];
    char session[48]; /* "": free */
    uint64_t used;
};

struct dav_logins {
    struct access *access;
    unsigned char key[DIGEST];
    uint64_t uses;
    struct login list[LOGINS];
};

struct dav_logins *dav_logins_new(struct access *access)
{
    struct dav_logins *logins = calloc(1, sizeof *logins);
    if (!logins)
        return NULL;
    logins->access = access;
    if (gnutls_rnd(GNUTLS_RND_KEY, logins->key, sizeof logins->key) < 0)
        return dav_logins_free(logins);
    return logins;
}

struct dav_logins *dav_logins_free(struct dav_logins *logins)
{
    if (!logins)
        return NULL;
    gnutls_memset(logins, 0, sizeof *logins);
    free(logins);
    return NULL;
}

/* ---- credentials ----------------------------------------------------------------------------- */

bool dav_credentials_parse(const char *field, struct dav_credentials *credentials)
{
    if (!field || strncasecmp(field, "Basic ", 6) != 0)
        return false;
    field += 6 + strspn(field + 6, " ");
    const gnutls_datum_t coded = {.data = (unsigned char *)(uintptr_t)field,
                                  .size = (unsigned)strlen(field)};
    gnutls_datum_t plain = {0};
    if (coded.size == 0 || coded.size > 2 * DAV_PASSWORD_MOST ||
        gnutls_base64_decode2(&coded, &plain) < 0)
        return false;
    const char *text = (const char *)plain.data;
    const char *colon = memchr(plain.data, ':', plain.size);
    size_t user = colon ? (size_t)(colon - text) : 0, password = colon ? plain.size - user - 1 : 0;
    bool good = colon && user < sizeof credentials->user && password <= DAV_PASSWORD_MOST &&
                !memchr(plain.data, '\0', plain.size);
    if (good) {
        snprintf(credentials->user, sizeof credentials->user, "%.*s", (int)user, text);
        snprintf(credentials->password, sizeof credentials->password, "%.*s", (int)password,
                 colon + 1);
    }
    gnutls_memset(plain.data, 0, plain.size);
    gnutls_free(plain.data);
    return good;
}

void dav_credentials_wipe(struct dav_credentials *credentials)
{
    gnutls_memset(credentials, 0, sizeof *credentials);
}

/* ---- what is remembered ---------------------------------------------------------------------- */

/* The user's name ends with a zero, so that no other pair gives the same bytes. */
static bool digest_of(const struct dav_logins *logins, const struct dav_credentials *credentials,
                      unsigned char digest[DIGEST])
{
    gnutls_hmac_hd_t hmac;
    if (gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, logins->key, sizeof logins->key) < 0)
        return false;
    bool good = gnutls_hmac(hmac, credentials->user, strlen(credentials->user) + 1) == 0 &&
                gnutls_hmac(hmac, credentials->password, strlen(credentials->password)) == 0;
    gnutls_hmac_deinit(hmac, digest);
    return good;
}

static struct login *find(struct dav_logins *logins, const unsigned char digest[DIGEST])
{
    for (size_t i = 0; i < LOGINS; i++) {
        struct login *login = &logins->list[i];
        if (login->session[0] && gnutls_memcmp(login->digest, digest, DIGEST) == 0)
            return login;
    }
    return NULL;
}

bool dav_logins_find(struct dav_logins *logins, const struct dav_credentials *credentials,
                     struct access_identity *identity)
{
    unsigned char digest[DIGEST];
    if (strncmp(credentials->password, TOKEN_PREFIX, strlen(TOKEN_PREFIX)) == 0) {
        *identity = access_identify(logins->access, NULL, credentials->password);
        if (identity->user && identity->user[0])
            return true;
    }
    struct login *login = digest_of(logins, credentials, digest) ? find(logins, digest) : NULL;
    if (!login)
        return false;
    *identity = access_identify(logins->access, login->session, NULL);
    /* signed out, changed or expired: then the password is looked at again */
    if (!identity->user || !identity->user[0]) {
        login->session[0] = '\0';
        return false;
    }
    login->used = ++logins->uses;
    return true;
}

void dav_logins_keep(struct dav_logins *logins, const struct dav_credentials *credentials,
                     const char *session)
{
    unsigned char digest[DIGEST];
    struct login *place = &logins->list[0];
    if (!digest_of(logins, credentials, digest))
        return;
    struct login *known = find(logins, digest);
    for (size_t i = 0; i < LOGINS && !known; i++) {
        if (!logins->list[i].session[0] || logins->list[i].used < place->used)
            place = &logins->list[i];
        if (!place->session[0])
            break;
    }
    if (known)
        place = known; /* two requests of the same drive were checked at once */
    if (place->session[0])
        access_sign_out(logins->access, place->session);
    memcpy(place->digest, digest, DIGEST);
    snprintf(place->session, sizeof place->session, "%s", session);
    place->used = ++logins->uses;
}
