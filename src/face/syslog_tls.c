#include "face/syslog_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"

struct syslog_tls {
    gnutls_session_t session;
};

static bool is_address(const char *host)
{
    struct in6_addr address;
    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

struct syslog_tls *syslog_tls_new(int fd, const char *host, gnutls_certificate_credentials_t trust,
                                  struct err *err)
{
    struct syslog_tls *tls = calloc(1, sizeof *tls);
    if (!tls ||
        gnutls_init(&tls->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0 ||
        gnutls_priority_set_direct(tls->session, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2",
                                   NULL) < 0 ||
        gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, trust) < 0) {
        err_set(err, -ENOMEM, "TLS cannot be begun");
        return syslog_tls_free(tls);
    }
    if (!is_address(host))
        gnutls_server_name_set(tls->session, GNUTLS_NAME_DNS, host, strlen(host));
    gnutls_session_set_verify_cert(tls->session, host, 0);
    gnutls_transport_set_int(tls->session, fd);
    return tls;
}

struct syslog_tls *syslog_tls_free(struct syslog_tls *tls)
{
    if (!tls)
        return NULL;
    if (tls->session)
        gnutls_deinit(tls->session);
    free(tls);
    return NULL;
}

/* For the socket to take more or to give more; which of both only the library knows. */
static bool must_wait(struct syslog_tls *tls, long result, int *wait)
{
    *wait = gnutls_record_get_direction(tls->session) ? LOOP_WRITE : LOOP_READ;
    return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED;
}

/* What is wrong with the certificate, in a library's words that people can act upon. */
static int refuse(struct syslog_tls *tls, int result, struct err *err)
{
    gnutls_datum_t words = {0};
    unsigned status = gnutls_session_get_verify_cert_status(tls->session);
    if (result != GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR ||
        gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &words, 0) < 0)
        return err_set(err, -EPROTO, "TLS: %s", gnutls_strerror(result));
    err_set(err, -EPROTO, "%.300s", (const char *)words.data);
    gnutls_free(words.data);
    return -EPROTO;
}

int syslog_tls_shake(struct syslog_tls *tls, int *wait, struct err *err)
{
    int result = gnutls_handshake(tls->session);
    if (result == GNUTLS_E_SUCCESS)
        return 1;
    if (must_wait(tls, result, wait) || !gnutls_error_is_fatal(result))
        return 0;
    return refuse(tls, result, err);
}

long syslog_tls_write(struct syslog_tls *tls, const void *bytes, size_t length, int *wait,
                      struct err *err)
{
    ssize_t result = gnutls_record_send(tls->session, bytes, length);
    if (result >= 0)
        return (long)result;
    if (must_wait(tls, (long)result, wait))
        return 0;
    return err_set(err, -EPIPE, "TLS: %s", gnutls_strerror((int)result));
}

int syslog_tls_read(struct syslog_tls *tls)
{
    char bytes[512];
    ssize_t result = gnutls_record_recv(tls->session, bytes, sizeof bytes);
    if (result > 0)
        return 1;
    return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED ? 0 : -1;
}
