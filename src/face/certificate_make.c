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

static int fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, bool rsa, clock_us wall)
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

int certificate_make(const char *certificate_path, const char *key_path, bool rsa, clock_us wall,
                     struct err *err)
{
    gnutls_x509_crt_t crt = NULL;
    gnutls_x509_privkey_t key = NULL;
    int result = gnutls_x509_crt_init(&crt);
    if (result >= 0)
        result = gnutls_x509_privkey_init(&key);
    if (result >= 0)
        result = gnutls_x509_privkey_generate(
            key, rsa ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA,
            rsa ? 3072 : (unsigned)GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (result >= 0)
        result = fill(crt, key, rsa, wall);
    if (result < 0)
        result = err_set(err, -EIO, "no certificate can be made: %s", gnutls_strerror(result));
    else
        result = save(crt, key, certificate_path, key_path, err);
    if (key)
        gnutls_x509_privkey_deinit(key);
    if (crt)
        gnutls_x509_crt_deinit(crt);
    return result;
}
