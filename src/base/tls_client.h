/* tls_client - the client's side of TLS over a connected, non-blocking socket, with the certificate
 * and the host name verified (RFC 5425, 5.2; RFC 8314). TLS 1.2 and 1.3.
 *
 * The socket stays the caller's, who also waits: for what, each call tells as LOOP_READ or
 * LOOP_WRITE. One owner, one thread.
 */
#pragma once

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct tls_client;

/* `trust`: the certificates that are trusted; must outlive it. NULL and `err`. */
struct tls_client *tls_client_new(int fd, const char *host, gnutls_certificate_credentials_t trust,
                                  struct err *err);
struct tls_client *tls_client_free(struct tls_client *tls); /* accepts NULL, returns NULL */

/* 1 when the handshake is through, 0 when it waits, negative and `err`: what is wrong with the
 * certificate, in words that people can act upon, or with the protocol. */
int tls_client_shake(struct tls_client *tls, struct err *err);

/* How many bytes went, 0 when it waits, negative and `err`. After 0 the same bytes must be given
 * again; there may be more behind them. */
long tls_client_write(struct tls_client *tls, const void *bytes, size_t length, struct err *err);

/* Bytes that came, 0 when there are none now, -1 when the other side has closed or failed. */
long tls_client_read(struct tls_client *tls, void *to, size_t room);

/* What the last call waits for: LOOP_READ or LOOP_WRITE. */
int tls_client_wait(const struct tls_client *tls);

/* Whether bytes are there that the socket does not show any more. */
bool tls_client_pending(const struct tls_client *tls);

/* Tell the other side that nothing more comes; its answer is not waited for. */
void tls_client_bye(struct tls_client *tls);
