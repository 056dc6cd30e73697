#include "face/certificate_view.h"

#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

static void write_name(struct json *json, const char *key, gnutls_x509_crt_t crt,
                       int (*get)(gnutls_x509_crt_t, gnutls_datum_t *, unsigned))
{
    gnutls_datum_t text = {0};
    json_key(json, key);
    if (get(crt, &text, 0) >= 0)
        json_text_n(json, (const char *)text.data, text.size);
    else
        json_text(json, ""); /* a certificate may have no subject at all */
    gnutls_free(text.data);
}

static void write_time(struct json *json, const char *key, time_t when, enum time_form form)
{
    json_key(json, key);
    if (when == (time_t)-1)
        json_none(json);
    else
        time_form_add(json, (clock_us)when * CLOCK_S, form);
}

static void write_address(struct json *json, const unsigned char *bytes, size_t size)
{
    char text[INET6_ADDRSTRLEN] = "";
    if (size == 4)
        inet_ntop(AF_INET, bytes, text, sizeof text);
    else if (size == 16)
        inet_ntop(AF_INET6, bytes, text, sizeof text);
    if (*text)
        json_text(json, text);
}

/* Host names and addresses; other kinds (mail, URI) say nothing about whom HTTPS reaches. */
static void write_names(struct json *json, gnutls_x509_crt_t crt)
{
    json_key(json, "names");
    json_open_array(json);
    for (unsigned i = 0;; i++) {
        unsigned char name[1024];
        size_t size = sizeof name;
        int kind = gnutls_x509_crt_get_subject_alt_name(crt, i, name, &size, NULL);
        if (kind == GNUTLS_E_SHORT_MEMORY_BUFFER)
            continue;
        if (kind < 0)
            break;
        if (kind == GNUTLS_SAN_DNSNAME)
            json_text_n(json, (const char *)name, strnlen((const char *)name, size));
        else if (kind == GNUTLS_SAN_IPADDRESS)
            write_address(json, name, size);
    }
    json_close_array(json);
}

static void write_serial(struct json *json, gnutls_x509_crt_t crt)
{
    unsigned char bytes[64];
    size_t size = sizeof bytes;
    char text[3 * sizeof bytes] = "";
    if (gnutls_x509_crt_get_serial(crt, bytes, &size) < 0)
        size = 0;
    for (size_t i = 0; i < size; i++)
        sprintf(text + i * 3, "%02X%s", bytes[i], i + 1 < size ? ":" : "");
    json_pair_text(json, "serial", text);
}

static void write_key(struct json *json, gnutls_x509_crt_t crt)
{
    unsigned bits = 0;
    int kind = gnutls_x509_crt_get_pk_algorithm(crt, &bits);
    char text[64];
    const char *name = kind == GNUTLS_PK_ECDSA
                           ? "ECDSA"
                           : gnutls_pk_algorithm_get_name((gnutls_pk_algorithm_t)kind);
    snprintf(text, sizeof text, "%s %u", name ? name : "unknown", bits);
    json_pair_text(json, "key", text);
}

static void write_own(struct json *json, const struct certificate *certificate,
                      gnutls_x509_crt_t crt, enum time_form form)
{
    write_name(json, "subject", crt, gnutls_x509_crt_get_dn3);
    write_name(json, "issuer", crt, gnutls_x509_crt_get_issuer_dn3);
    json_pair_bool(json, "self_signed", gnutls_x509_crt_check_issuer(crt, crt) == 1);
    write_names(json, crt);
    write_time(json, "valid_from", gnutls_x509_crt_get_activation_time(crt), form);
    write_time(json, "valid_until", gnutls_x509_crt_get_expiration_time(crt), form);
    write_serial(json, crt);
    json_pair_text(json, "fingerprint", certificate->fingerprint);
    write_key(json, crt);
}

static void write_nothing(struct json *json)
{
    static const char *const texts[] = {"subject", "issuer",      "self_signed", "valid_from",
                                        "serial",  "fingerprint", "valid_until", "key"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        json_pair_text(json, texts[i], NULL);
    json_key(json, "names");
    json_open_array(json);
    json_close_array(json);
}

static void write_link(struct json *json, gnutls_x509_crt_t crt, enum time_form form)
{
    json_open_object(json);
    write_name(json, "subject", crt, gnutls_x509_crt_get_dn3);
    write_name(json, "issuer", crt, gnutls_x509_crt_get_issuer_dn3);
    write_time(json, "valid_until", gnutls_x509_crt_get_expiration_time(crt), form);
    json_close_object(json);
}

void certificate_view(struct json *json, const struct certificate *certificate, enum time_form form)
{
    gnutls_x509_crt_t list[CERTIFICATE_CHAIN_MAX] = {0};
    unsigned count = 0;
    while (certificate && count < certificate->count &&
           certificate_export(certificate, count, &list[count]) >= 0)
        count++;
    if (count)
        write_own(json, certificate, list[0], form);
    else
        write_nothing(json);
    json_key(json, "chain");
    json_open_array(json);
    for (unsigned i = 1; i < count; i++)
        write_link(json, list[i], form);
    json_close_array(json);
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(list[i]);
}
