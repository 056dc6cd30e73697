/* syslog_tls - the client's side of TLS over a connected, non-blocking socket, with the certificate
 * and the host name verified (RFC 5425, 5.2).
 *
 * The socket stays the caller's. What a call wants to wait for is told as LOOP_READ or LOOP_WRITE.
 */
#pragma once

#include <gnutls/gnutls.h>
#include <stddef.h>

#include "base/err.h"

struct syslog_tls;

/* `trust` (face/mail_trust) must outlive it. NULL and `err`. */
struct syslog_tls *syslog_tls_new(int fd, const char *host, gnutls_certificate_credentials_t trust,
                                  struct err *err);
struct syslog_tls *syslog_tls_free(struct syslog_tls *tls);

/* 1 when the handshake is through, 0 when it waits for `*wait`, negative and `err`. */
int syslog_tls_shake(struct syslog_tls *tls, int *wait, struct err *err);

/* How many bytes went, 0 when it waits for `*wait`, negative and `err`. After 0 the same bytes must
 * be given again. */
long syslog_tls_write(struct syslog_tls *tls, const void *bytes, size_t length, int *wait,
                      struct err *err);

/* What the other side says is thrown away: 1 when there was something, 0 when not, negative when it
 * has closed. */
int syslog_tls_read(struct syslog_tls *tls);
