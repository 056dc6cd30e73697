/* access_password - hashing passwords, judging new ones, making one-time secrets.
 *
 * argon2id with 2 passes over 19 MiB (OWASP password storage cheat sheet, 2023): about 20 ms and 19
 * MiB for each call, so hash and verify run on the worker pool. Nothing here keeps a password.
 */
#pragma once

#include "base/err.h"

#define ACCESS_HASH_MAX 128      /* crypto_pwhash_STRBYTES */
#define ACCESS_PASSWORD_MAX 1024 /* bytes */
#define ACCESS_SECRET_MAX 32

/* Hash with a fresh salt into `hash` (ACCESS_HASH_MAX bytes); 0 or -ENOMEM. */
int access_password_hash(const char *password, char *hash);

/* 1: right, 0: wrong, -ENOMEM: could not be computed. */
int access_password_verify(const char *hash, const char *password);

/* Whether text looks like a hash of access_password_hash. */
int access_password_is_hash(const char *text);

/* Whether a new password is acceptable for the user; -EINVAL with the sentence why not. Length
 * counts, composition does not (NIST SP 800-63B 5.1.1.2). `old` may be NULL. */
int access_password_check(const char *user, const char *password, const char *old, struct err *err);

/* A one-time secret of 99 bits that can be read aloud and typed: "kq7m-3fhd-...". */
void access_password_make(char secret[ACCESS_SECRET_MAX]);
