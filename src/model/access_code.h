/* access_code - PINs and PUKs: judging the digits a person chose, making some at random.
 *
 * A PIN is short, so what protects it is the counting of wrong ones (access_pin.c); here only those
 * are refused that everybody tries first, the ones printed in manuals among them. A PUK is always
 * made here, never chosen. Hashed like passwords (access_password.h). No state, any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

#define ACCESS_PIN_LEAST 4 /* digits; how many a new one needs is a setting */
#define ACCESS_PIN_MOST 8  /* fewer than a password has characters: digits say what they are */
#define ACCESS_PUK_DIGITS 8
#define ACCESS_CODE_SIZE (ACCESS_PIN_MOST + 1) /* of a PIN or PUK, with its end */

/* Whether `text` is 4 to 8 digits, as a PIN or PUK is and a password never. */
bool access_code_is(const char *text);

/* Whether `pin` is acceptable as a new one of at least `digits`; -EINVAL with the sentence why not.
 */
int access_pin_check(const char *pin, int digits, struct err *err);

/* `digits` random ones (4 to 8) that access_pin_check accepts. */
void access_code_make(char code[ACCESS_CODE_SIZE], int digits);
