/* webhook_body - what a webhook is sent: the JSON of a job, and its signature. Pure. */
#pragma once

#include "base/buf.h"
#include "engine/notify.h"

/* `host` is this machine's name. */
void webhook_body_write(const char *host, const struct notify_job *job, struct buf *out);

#define WEBHOOK_SIGNATURE_SIZE 65 /* SHA-256 in hexadecimal, with its end */

/* HMAC-SHA256 (RFC 2104) with `key` over the unix time in decimals, a dot and the body. 0, or
 * negative when the library refuses. */
int webhook_body_sign(const char *key, int64_t second, const struct buf *body,
                      char signature[WEBHOOK_SIGNATURE_SIZE]);
