/* certificate_make - a new self-signed certificate with a key of its own. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"

/* Write a fresh key (0600) and certificate (0644), each atomically, the key first. 0 or negative
 * and `err`. */
int certificate_make(const char *certificate_path, const char *key_path, bool rsa, clock_us wall,
                     struct err *err);
