/* certificate - a certificate chain with its key: made at the first start, or given in files (PEM
 * or DER).
 *
 * Counted references, because a handshake under way keeps the pair it began with while a new one
 * comes into force. A pair that does not match is refused. Loop thread only.
 */
#pragma once

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"

#define CERTIFICATE_CHAIN_MAX 8
#define CERTIFICATE_FILE_MAX (256u * 1024)

struct certificate {
    unsigned refs;
    gnutls_pcert_st chain[CERTIFICATE_CHAIN_MAX];
    unsigned count;
    gnutls_privkey_t key;
    clock_us expires;     /* wall */
    char fingerprint[96]; /* SHA-256 of the first certificate, "AB:CD:..." */
};

/* Bytes of a certificate chain or a key; `name` is what a refusal calls them. */
struct certificate_input {
    const char *name, *bytes;
    size_t length;
};

/* Take a pair from memory; NULL and `err` with the input's name and what is wrong with it. */
struct certificate *certificate_read(const struct certificate_input *chain,
                                     const struct certificate_input *key, struct err *err);

/* The same from files. */
struct certificate *certificate_load(const char *certificate_path, const char *key_path,
                                     struct err *err);

/* The pair of `folder`: the one that was uploaded or made there (tls.pem, see certificate_keep.h),
 * else the self-signed one (tls.crt, tls.key), made when it is missing: ECDSA P-256, or RSA 3072;
 * valid for this machine's name and addresses, twenty years from `wall` (a machine without a clock
 * at its first start is common). A damaged tls.pem is logged and passed over. */
struct certificate *certificate_own(const char *folder, bool rsa, clock_us wall, struct err *err);

/* A copy of the certificate at `index` (below count) to look into, to be freed with
 * gnutls_x509_crt_deinit. 0, or a code of GnuTLS: no memory. */
int certificate_export(const struct certificate *certificate, unsigned index,
                       gnutls_x509_crt_t *crt);

struct certificate *certificate_ref(struct certificate *certificate);
struct certificate *
certificate_unref(struct certificate *certificate); /* accepts NULL, returns NULL */
