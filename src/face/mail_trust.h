/* mail_trust - the certificates that a mail server's is held against.
 *
 * Those of a machine take tens of milliseconds to read, so they are read on the worker pool, kept,
 * and read again after an hour or when a server was refused: the file may have been mended. One per
 * file; loop thread only.
 */
#pragma once

#include <gnutls/gnutls.h>

#include "base/err.h"
#include "base/loop.h"

struct mail_trust;

/* `loop` is borrowed. NULL without memory. */
struct mail_trust *mail_trust_new(struct loop *loop);

/* What is being read ends by itself. Accepts NULL, returns NULL. */
struct mail_trust *mail_trust_free(struct mail_trust *trust);

/* Make those of `ca` ready ("": the machine's): `done` is called once, perhaps before this returns,
 * with NULL and `err` when they cannot be read. The credentials live until the next call or
 * mail_trust_free(). One question at a time. */
typedef void mail_trust_fn(void *user, gnutls_certificate_credentials_t trust,
                           const struct err *err);
void mail_trust_get(struct mail_trust *trust, const char *ca, mail_trust_fn *done, void *user);

/* `done` is not called. Fine when nothing is asked. */
void mail_trust_cancel(struct mail_trust *trust);

/* Read them anew for the next connection. */
void mail_trust_forget(struct mail_trust *trust);
