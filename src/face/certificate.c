#include "face/certificate.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "face/certificate_keep.h"
#include "face/certificate_make.h"

#define KEY_ID 32 /* SHA-256 */

static bool is_pem(const struct certificate_input *input)
{
    return input->length && memmem(input->bytes, input->length, "-----BEGIN ", 11) != NULL;
}

static gnutls_datum_t datum(const struct certificate_input *input)
{
    /* GnuTLS does not write through it. */
    return (gnutls_datum_t){.data = (unsigned char *)(uintptr_t)input->bytes,
                            .size = (unsigned)input->length};
}

/* ---- certificate ----------------------------------------------------------------------------- */

static int import_chain(const struct certificate_input *input, gnutls_x509_crt_t *list,
                        unsigned *count)
{
    const gnutls_datum_t data = datum(input);
    if (is_pem(input))
        return gnutls_x509_crt_list_import(list, count, &data, GNUTLS_X509_FMT_PEM,
                                           GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED |
                                               GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
    int result = gnutls_x509_crt_init(&list[0]);
    if (result < 0)
        return result;
    *count = 1;
    return gnutls_x509_crt_import(list[0], &data, GNUTLS_X509_FMT_DER);
}

static void describe(struct certificate *certificate, gnutls_x509_crt_t crt)
{
    unsigned char hash[32];
    size_t size = sizeof hash;
    certificate->expires = (clock_us)gnutls_x509_crt_get_expiration_time(crt) * CLOCK_S;
    if (gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, hash, &size) < 0)
        return;
    for (size_t i = 0; i < size; i++)
        sprintf(certificate->fingerprint + i * 3, "%02X%s", hash[i], i + 1 < size ? ":" : "");
}

/* What GnuTLS says, with the way out where people go wrong most. */
static int refuse_chain(const struct certificate_input *input, int code, struct err *err)
{
    if (code == GNUTLS_E_SHORT_MEMORY_BUFFER)
        return err_set(err, -EINVAL, "%s: more than %d certificates; leave out those of the root",
                       input->name, CERTIFICATE_CHAIN_MAX);
    if (code == GNUTLS_E_CERTIFICATE_LIST_UNSORTED)
        return err_set(err, -EINVAL,
                       "%s: the chain is out of order; first comes this unit's own certificate, "
                       "then the one that signed it, and so on",
                       input->name);
    return err_set(err, -EINVAL, "%s: not a certificate in PEM or DER: %s", input->name,
                   gnutls_strerror(code));
}

static int read_chain(struct certificate *certificate, const struct certificate_input *input,
                      unsigned char *key_id, struct err *err)
{
    gnutls_x509_crt_t list[CERTIFICATE_CHAIN_MAX] = {0};
    unsigned count = CERTIFICATE_CHAIN_MAX;
    size_t id_size = KEY_ID;
    int result = import_chain(input, list, &count);
    if (result < 0)
        count = list[0] && !is_pem(input) ? 1 : 0;
    if (result >= 0)
        result = gnutls_x509_crt_get_key_id(list[0], GNUTLS_KEYID_USE_SHA256, key_id, &id_size);
    for (unsigned i = 0; i < count && result >= 0; i++) {
        result = gnutls_pcert_import_x509(&certificate->chain[i], list[i], 0);
        certificate->count += result >= 0;
    }
    if (result >= 0)
        describe(certificate, list[0]);
    else
        refuse_chain(input, result, err);
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(list[i]);
    return result < 0 ? -EINVAL : 0;
}

/* ---- key ------------------------------------------------------------------------------------- */

static int import_key(gnutls_x509_privkey_t key, const struct certificate_input *input)
{
    const gnutls_datum_t data = datum(input);
    return gnutls_x509_privkey_import2(
        key, &data, is_pem(input) ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER, NULL, 0);
}

static int refuse_key(const struct certificate_input *input, int code, struct err *err)
{
    if (is_pem(input) && memmem(input->bytes, input->length, "ENCRYPTED", 9))
        return err_set(
            err, -EINVAL,
            "%s: it has a password; take it off first (openssl pkey -in FILE -out PLAIN)",
            input->name);
    return err_set(err, -EINVAL, "%s: not a private key in PEM or DER without a password: %s",
                   input->name, gnutls_strerror(code));
}

static int read_key(struct certificate *certificate, const struct certificate_input *input,
                    unsigned char *key_id, struct err *err)
{
    gnutls_x509_privkey_t key = NULL;
    size_t id_size = KEY_ID;
    int result = gnutls_x509_privkey_init(&key);
    if (result >= 0)
        result = import_key(key, input);
    if (result >= 0)
        result = gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, key_id, &id_size);
    if (result >= 0)
        result = gnutls_privkey_init(&certificate->key);
    if (result >= 0)
        result = gnutls_privkey_import_x509(certificate->key, key, GNUTLS_PRIVKEY_IMPORT_COPY);
    if (result < 0)
        refuse_key(input, result, err);
    if (key)
        gnutls_x509_privkey_deinit(key);
    return result < 0 ? -EINVAL : 0;
}

/* ---- pair ------------------------------------------------------------------------------------ */

struct certificate *certificate_read(const struct certificate_input *chain,
                                     const struct certificate_input *key, struct err *err)
{
    unsigned char of_certificate[KEY_ID], of_key[KEY_ID];
    struct certificate *certificate = calloc(1, sizeof *certificate);
    if (!certificate) {
        err_set(err, -ENOMEM, "no memory for a certificate");
        return NULL;
    }
    certificate->refs = 1;
    if (read_chain(certificate, chain, of_certificate, err) < 0 ||
        read_key(certificate, key, of_key, err) < 0)
        return certificate_unref(certificate);
    if (memcmp(of_certificate, of_key, KEY_ID) != 0) {
        err_set(err, -EINVAL, "%s does not belong to %s: another key was certified", key->name,
                chain->name);
        return certificate_unref(certificate);
    }
    return certificate;
}

struct certificate *certificate_load(const char *certificate_path, const char *key_path,
                                     struct err *err)
{
    struct buf chain = BUF_EMPTY, key = BUF_EMPTY;
    struct certificate *certificate = NULL;
    if (file_read(certificate_path, CERTIFICATE_FILE_MAX, &chain, err) == 0 &&
        file_read(key_path, CERTIFICATE_FILE_MAX, &key, err) == 0)
        certificate = certificate_read(
            &(struct certificate_input){certificate_path, chain.data, chain.length},
            &(struct certificate_input){key_path, key.data, key.length}, err);
    if (chain.data) /* a pair in one file: here is the key, too */
        gnutls_memset(chain.data, 0, chain.capacity);
    if (key.data)
        gnutls_memset(key.data, 0, key.capacity);
    buf_deinit(&chain);
    buf_deinit(&key);
    return certificate;
}

struct certificate *certificate_own(const char *folder, bool rsa, clock_us wall, struct err *err)
{
    char certificate_path[4096], key_path[4096];
    if (snprintf(certificate_path, sizeof certificate_path, "%s/tls.crt", folder) >= 4096 ||
        snprintf(key_path, sizeof key_path, "%s/tls.key", folder) >= 4096) {
        err_set(err, -ENAMETOOLONG, "%.200s...: the name of the state folder is too long", folder);
        return NULL;
    }
    struct certificate *kept = certificate_kept(folder);
    if (kept)
        return kept;
    if (access(certificate_path, F_OK) < 0 || access(key_path, F_OK) < 0) {
        if (certificate_make(certificate_path, key_path, rsa, wall, err) < 0)
            return NULL;
        log_notice("certificate", "made a self-signed certificate: %s", certificate_path);
    }
    return certificate_load(certificate_path, key_path, err);
}

int certificate_export(const struct certificate *certificate, unsigned index,
                       gnutls_x509_crt_t *crt)
{
    /* GnuTLS only reads it, but does not say so in the type. */
    return gnutls_pcert_export_x509((gnutls_pcert_st *)(uintptr_t)&certificate->chain[index], crt);
}

struct certificate *certificate_ref(struct certificate *certificate)
{
    certificate->refs++;
    return certificate;
}

struct certificate *certificate_unref(struct certificate *certificate)
{
    if (!certificate || --certificate->refs > 0)
        return NULL;
    for (unsigned i = 0; i < certificate->count; i++)
        gnutls_pcert_deinit(&certificate->chain[i]);
    if (certificate->key)
        gnutls_privkey_deinit(certificate->key);
    free(certificate);
    return NULL;
}
