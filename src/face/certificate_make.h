/* certificate_make - a new self-signed certificate with a key of its own. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"

struct certificate;

/* Write a fresh key (0600) and certificate (0644), each atomically, the key first. 0 or negative
 * and `err`. */
int certificate_make(const char *certificate_path, const char *key_path, bool rsa, clock_us wall,
                     struct err *err);

/* A fresh pair that is in no file yet, also for the host names and addresses in `names` (separated
 * by blanks; NULL: none besides this machine's own). NULL and `err`. May run on a pool thread: RSA
 * takes seconds on a small machine. */
struct certificate *certificate_make_pair(bool rsa, clock_us wall, const char *names,
                                          struct err *err);
