#include "base/tls_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"

struct tls_client {
    gnutls_session_t session;
};

static bool is_address(const char *host)
{
    struct in6_addr address;
    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

struct tls_client *tls_client_new(int fd, const char *host, gnutls_certificate_credentials_t trust,
                                  struct err *err)
{
    struct tls_client *tls = calloc(1, sizeof *tls);
    if (!tls ||
        gnutls_init(&tls->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0 ||
        gnutls_priority_set_direct(tls->session, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2",
                                   NULL) < 0 ||
        gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, trust) < 0) {
        err_set(err, -ENOMEM, "TLS cannot be begun");
        return tls_client_free(tls);
    }
    if (!is_address(host))
        gnutls_server_name_set(tls->session, GNUTLS_NAME_DNS, host, strlen(host));
    gnutls_session_set_verify_cert(tls->session, host, 0);
    gnutls_transport_set_int(tls->session, fd);
    return tls;
}

struct tls_client *tls_client_free(struct tls_client *tls)
{
    if (!tls)
        return NULL;
    if (tls->session)
        gnutls_deinit(tls->session);
    free(tls);
    return NULL;
}

static bool must_wait(long result)
{
    return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED;
}

/* What is wrong with the certificate, in a library's words that people can act upon. */
static int refuse(struct tls_client *tls, int result, struct err *err)
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

int tls_client_shake(struct tls_client *tls, struct err *err)
{
    int result = gnutls_handshake(tls->session);
    if (result == GNUTLS_E_SUCCESS)
        return 1;
    return must_wait(result) || !gnutls_error_is_fatal(result) ? 0 : refuse(tls, result, err);
}

long tls_client_write(struct tls_client *tls, const void *bytes, size_t length, struct err *err)
{
    ssize_t result = gnutls_record_send(tls->session, bytes, length);
    if (result >= 0)
        return (long)result;
    if (must_wait((long)result) || !gnutls_error_is_fatal((int)result))
        return 0;
    return err_set(err, -EPIPE, "TLS: %s", gnutls_strerror((int)result));
}

long tls_client_read(struct tls_client *tls, void *to, size_t room)
{
    ssize_t result = gnutls_record_recv(tls->session, to, room);
    if (result > 0)
        return (long)result;
    return result < 0 && !gnutls_error_is_fatal((int)result) ? 0 : -1;
}

int tls_client_wait(const struct tls_client *tls)
{
    return gnutls_record_get_direction(tls->session) ? LOOP_WRITE : LOOP_READ;
}

bool tls_client_pending(const struct tls_client *tls)
{
    return gnutls_record_check_pending(tls->session) > 0;
}

void tls_client_bye(struct tls_client *tls)
{
    gnutls_bye(tls->session, GNUTLS_SHUT_WR);
}
