/* certificate_keep - the certificate that an administrator gave: fit to serve, and kept.
 *
 * Chain and key lie in one file, tls.pem of the state folder (mode 0600), because two files cannot
 * be replaced at once: a crash between them would leave a pair that does not match, and no pages.
 * Loop thread only.
 */
#pragma once

#include <stdbool.h>

#include "face/certificate.h"

/* Whether browsers can be served with it at `wall` (0: the time is not known, then it is not
 * judged): valid now, with a kind and length of key that they take. 0, or -EINVAL and a sentence
 * with the way out. */
int certificate_check(const struct certificate *certificate, clock_us wall, struct err *err);

/* Write it as the pair of `folder`, atomically. 0 or negative and `err`; then the one before is
 * still there. */
int certificate_keep(const struct certificate *certificate, const char *folder, struct err *err);

/* The pair that was kept in `folder`; NULL when there is none, or (logged) it is damaged. */
struct certificate *certificate_kept(const char *folder);
