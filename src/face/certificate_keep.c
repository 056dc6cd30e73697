#include "face/certificate_keep.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define PATH_MOST 4096
#define RSA_LEAST 2048 /* browsers refuse shorter ones (CA/Browser Forum baseline, 6.1.5) */

/* ---- fit to serve ---------------------------------------------------------------------------- */

static void format_day(time_t when, char day[16])
{
    struct tm parts;
    if (!gmtime_r(&when, &parts) || !strftime(day, 16, "%Y-%m-%d", &parts))
        strcpy(day, "a strange date");
}

/* `place` is 0 for the unit's own certificate, else its number in the chain. */
static int check_time(gnutls_x509_crt_t crt, unsigned place, clock_us wall, struct err *err)
{
    char which[48] = "the certificate", day[16];
    time_t now = (time_t)(wall / CLOCK_S), from = gnutls_x509_crt_get_activation_time(crt),
           to = gnutls_x509_crt_get_expiration_time(crt);
    if (place)
        snprintf(which, sizeof which, "certificate %u of the chain", place + 1);
    if (to < now) {
        format_day(to, day);
        return err_set(err, -EINVAL, "%s expired on %s; get a new one from who issued it", which,
                       day);
    }
    if (from > now) {
        format_day(from, day);
        return err_set(err, -EINVAL,
                       "%s is not valid before %s; wait until then, or check the clock of this "
                       "unit",
                       which, day);
    }
    return 0;
}

static int check_key(gnutls_x509_crt_t crt, struct err *err)
{
    unsigned bits = 0;
    int kind = gnutls_x509_crt_get_pk_algorithm(crt, &bits);
    bool rsa = kind == GNUTLS_PK_RSA || kind == GNUTLS_PK_RSA_PSS;
    if (rsa && bits < RSA_LEAST)
        return err_set(err, -EINVAL,
                       "its RSA key has %u bits; browsers want at least %d: make a new key", bits,
                       RSA_LEAST);
    if (rsa || kind == GNUTLS_PK_ECDSA)
        return 0;
    return err_set(err, -EINVAL,
                   "browsers do not take %s keys; make one of kind ECDSA P-256 or RSA",
                   gnutls_pk_algorithm_get_name((gnutls_pk_algorithm_t)kind));
}

int certificate_check(const struct certificate *certificate, clock_us wall, struct err *err)
{
    int result = 0;
    for (unsigned i = 0; i < certificate->count && result >= 0; i++) {
        gnutls_x509_crt_t crt = NULL;
        if (certificate_export(certificate, i, &crt) < 0)
            return err_set(err, -ENOMEM, "no memory to look at the certificate");
        result = wall ? check_time(crt, i, wall, err) : 0;
        if (result >= 0 && i == 0)
            result = check_key(crt, err);
        gnutls_x509_crt_deinit(crt);
    }
    return result;
}

/* ---- the file -------------------------------------------------------------------------------- */

static int path_of(const char *folder, char *path, struct err *err)
{
    if (snprintf(path, PATH_MOST, "%s/tls.pem", folder) < PATH_MOST)
        return 0;
    return err_set(err, -ENAMETOOLONG, "%.200s...: the name of the state folder is too long",
                   folder);
}

static int add_chain(const struct certificate *certificate, struct buf *out)
{
    int result = 0;
    for (unsigned i = 0; i < certificate->count && result >= 0; i++) {
        gnutls_datum_t text = {0};
        result = gnutls_pem_base64_encode2("CERTIFICATE", &certificate->chain[i].cert, &text);
        if (result >= 0)
            buf_add(out, (const char *)text.data, text.size);
        gnutls_free(text.data);
    }
    return result;
}

static int add_key(const struct certificate *certificate, struct buf *out)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_datum_t text = {0};
    int result = gnutls_privkey_export_x509(certificate->key, &key);
    if (result >= 0)
        result = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
                                                   GNUTLS_PKCS_PLAIN, &text);
    if (result >= 0)
        buf_add(out, (const char *)text.data, text.size);
    if (text.data)
        gnutls_memset(text.data, 0, text.size);
    gnutls_free(text.data);
    if (key)
        gnutls_x509_privkey_deinit(key);
    return result;
}

/* Written anew from what was understood, so that nothing else that was in the input is kept. */
int certificate_keep(const struct certificate *certificate, const char *folder, struct err *err)
{
    char path[PATH_MOST];
    struct buf text = BUF_EMPTY;
    int result = path_of(folder, path, err);
    if (result < 0)
        return result;
    buf_reserve(&text, CERTIFICATE_FILE_MAX); /* no copies of the key left behind by growing */
    result = add_chain(certificate, &text);
    if (result >= 0)
        result = add_key(certificate, &text);
    if (result < 0 || text.failed)
        result = err_set(err, -EIO, "the certificate cannot be encoded: %s",
                         text.failed ? "no memory" : gnutls_strerror(result));
    else
        result = file_replace(path, text.data, text.length, 0600, err);
    if (text.data)
        gnutls_memset(text.data, 0, text.capacity);
    buf_deinit(&text);
    return result;
}

struct certificate *certificate_kept(const char *folder)
{
    char path[PATH_MOST];
    struct err err = ERR_EMPTY;
    if (path_of(folder, path, &err) < 0 || access(path, F_OK) < 0)
        return NULL;
    struct certificate *certificate = certificate_load(path, path, &err);
    if (!certificate)
        log_error("certificate", "%s; a self-signed one serves instead", err.text);
    return certificate;
}
