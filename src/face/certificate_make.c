#include "face/certificate_make.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "face/certificate.h"

#define VALID_S (20LL * 365 * 86400 + 5 * 86400)
#define EARLIEST_S 1704067200LL /* 2024-01-01: no such machine made a certificate before */

static int add_address(gnutls_x509_crt_t crt, const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, &v4.sin_addr, 4,
                                                    GNUTLS_FSAN_APPEND);
    }
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof v6);
    if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr))
        return 0; /* needs a zone to be reached, which no certificate can name */
    return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, &v6.sin6_addr, 16,
                                                GNUTLS_FSAN_APPEND);
}

static int add_addresses(gnutls_x509_crt_t crt)
{
    struct ifaddrs *list;
    if (getifaddrs(&list) < 0)
        return 0; /* without addresses the certificate is poorer, not wrong */
    int result = 0;
    for (const struct ifaddrs *at = list; at && result >= 0; at = at->ifa_next) {
        if (!at->ifa_addr || (at->ifa_flags & IFF_LOOPBACK))
            continue;
        if (at->ifa_addr->sa_family == AF_INET || at->ifa_addr->sa_family == AF_INET6)
            result = add_address(crt, at->ifa_addr);
    }
    freeifaddrs(list);
    return result;
}

static int add_name(gnutls_x509_crt_t crt, const char *name)
{
    return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name,
                                                (unsigned)strlen(name), GNUTLS_FSAN_APPEND);
}

static int add_names(gnutls_x509_crt_t crt, const char *host)
{
    static const unsigned char loopback4[4] = {127, 0, 0, 1}, loopback6[16] = {[15] = 1};
    int result = add_name(crt, host);
    if (result >= 0 && strcmp(host, "localhost") != 0)
        result = add_name(crt, "localhost");
    if (result >= 0)
        result = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, loopback4, 4,
                                                      GNUTLS_FSAN_APPEND);
    if (result >= 0)
        result = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, loopback6, 16,
                                                      GNUTLS_FSAN_APPEND);
    return result < 0 ? result : add_addresses(crt);
}

/* One word of `names`: an address or a host name. What no certificate can carry is left out. */
static int add_word(gnutls_x509_crt_t crt, const char *word)
{
    unsigned char address[16];
    if (inet_pton(AF_INET, word, address) == 1)
        return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, address, 4,
                                                    GNUTLS_FSAN_APPEND);
    if (inet_pton(AF_INET6, word, address) == 1)
        return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, address, 16,
                                                    GNUTLS_FSAN_APPEND);
    for (const char *at = word; *at; at++) {
        if ((unsigned char)*at >= 0x80) /* dNSName is ASCII (RFC 5280 4.2.1.6) */
            return 0;
    }
    return add_name(crt, word);
}

static int add_more_names(gnutls_x509_crt_t crt, const char *names)
{
    int result = 0;
    while (names && result >= 0) {
        char word[256];
        names += strspn(names, " \t");
        size_t length = strcspn(names, " \t");
        if (!length)
            break;
        if (length < sizeof word) {
            memcpy(word, names, length);
            word[length] = '\0';
            result = add_word(crt, word);
        }
        names += length;
    }
    return result;
}

static int add_subject(gnutls_x509_crt_t crt, const char *host)
{
    unsigned char serial[16];
    int result = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);
    if (result < 0)
        return result;
    serial[0] = (unsigned char)((serial[0] & 0x7f) |
                                0x40); /* positive, and never zero (RFC 5280 4.1.2.2) */
    result = gnutls_x509_crt_set_version(crt, 3);
    if (result >= 0)
        result = gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
    /* A common name holds 64 characters at most; the full name stands among the alternative names.
     */
    if (result >= 0)
        result = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, host,
                                               (unsigned)strnlen(host, 64));
    if (result >= 0)
        result =
            gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, "busbar", 6);
    return result;
}

static int fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, bool rsa, clock_us wall,
                const char *names)
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) < 0 || !host[0])
        strcpy(host, "localhost");
    int64_t from = wall / CLOCK_S - 86400;
    if (from < EARLIEST_S)
        from = EARLIEST_S;
    int result = add_subject(crt, host);
    if (result >= 0)
        result = add_names(crt, host);
    if (result >= 0)
        result = add_more_names(crt, names);
    if (result >= 0)
        result = gnutls_x509_crt_set_activation_time(crt, (time_t)from);
    if (result >= 0)
        result = gnutls_x509_crt_set_expiration_time(crt, (time_t)(from + VALID_S));
    if (result >= 0)
        result = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
    if (result >= 0)
        result = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE |
                                                        (rsa ? GNUTLS_KEY_KEY_ENCIPHERMENT : 0u));
    if (result >= 0)
        result = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
    if (result >= 0)
        result = gnutls_x509_crt_set_key(crt, key);
    return result < 0 ? result : gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
}

static int save(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *certificate_path,
                const char *key_path, struct err *err)
{
    gnutls_datum_t key_text = {0}, crt_text = {0};
    int result = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
                                                   GNUTLS_PKCS_PLAIN, &key_text);
    if (result >= 0)
        result = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &crt_text);
    if (result < 0)
        result = err_set(err, -EIO, "the new certificate cannot be encoded: %s",
                         gnutls_strerror(result));
    else
        result = file_replace(key_path, key_text.data, key_text.size, 0600, err);
    if (result >= 0)
        result = file_replace(certificate_path, crt_text.data, crt_text.size, 0644, err);
    if (key_text.data)
        gnutls_memset(key_text.data, 0, key_text.size);
    gnutls_free(key_text.data);
    gnutls_free(crt_text.data);
    return result;
}

struct making {
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_t key;
};

static void deinit(struct making *making)
{
    if (making->key)
        gnutls_x509_privkey_deinit(making->key);
    if (making->crt)
        gnutls_x509_crt_deinit(making->crt);
}

static int make(struct making *making, bool rsa, clock_us wall, const char *names, struct err *err)
{
    int result = gnutls_x509_crt_init(&making->crt);
    if (result >= 0)
        result = gnutls_x509_privkey_init(&making->key);
    if (result >= 0)
        result = gnutls_x509_privkey_generate(
            making->key, rsa ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA,
            rsa ? 3072 : (unsigned)GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (result >= 0)
        result = fill(making->crt, making->key, rsa, wall, names);
    if (result >= 0)
        return 0;
    return err_set(err, -EIO, "no certificate can be made: %s", gnutls_strerror(result));
}

int certificate_make(const char *certificate_path, const char *key_path, bool rsa, clock_us wall,
                     struct err *err)
{
    struct making making = {0};
    int result = make(&making, rsa, wall, NULL, err);
    if (result >= 0)
        result = save(making.crt, making.key, certificate_path, key_path, err);
    deinit(&making);
    return result;
}

struct certificate *certificate_make_pair(bool rsa, clock_us wall, const char *names,
                                          struct err *err)
{
    struct making making = {0};
    struct certificate *pair = NULL;
    gnutls_datum_t crt = {0}, key = {0};
    if (make(&making, rsa, wall, names, err) == 0) {
        int result = gnutls_x509_crt_export2(making.crt, GNUTLS_X509_FMT_DER, &crt);
        if (result >= 0)
            result = gnutls_x509_privkey_export2(making.key, GNUTLS_X509_FMT_DER, &key);
        if (result < 0)
            err_set(err, -EIO, "the new certificate cannot be encoded: %s",
                    gnutls_strerror(result));
        else
            pair = certificate_read(
                &(struct certificate_input){"the new certificate", (char *)crt.data, crt.size},
                &(struct certificate_input){"its key", (char *)key.data, key.size}, err);
    }
    if (key.data)
        gnutls_memset(key.data, 0, key.size);
    gnutls_free(key.data);
    gnutls_free(crt.data);
    deinit(&making);
    return pair;
}
