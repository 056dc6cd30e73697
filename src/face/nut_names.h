/* nut_names - what is measured, under NUT's names (docs/nut-names.txt of NUT, RFC 9271 section 5).
 *
 * A name is made of what the part is (one table) and the last word of the catalogue's row: mains/
 * voltage is input.voltage, outlet-3/current is outlet.3.current. Energy has no name in NUT and
 * stands below `experimental.`. What is known by name but not good now has no value. Loop thread
 * only.
 */
#pragma once

#include <stdbool.h>

#include "face/nut_ups.h"

#define NUT_NAME_MOST 64

struct nut_var {
    const char *name;
    const char *value; /* NULL: there is none that counts now */
    const char *help;  /* a few words */
    bool number;
};

/* Call `fn` for each variable until it returns false. What it is given lives for the call. */
void nut_vars_each(const struct nut_model *model, const struct nut_ups *ups,
                   bool (*fn)(void *user, const struct nut_var *var), void *user);

/* The name of a point of a part, as outlet `number`; false: NUT has none, or another part of the
 * device has it already. `name` holds NUT_NAME_MOST bytes. */
bool nut_name(const struct component *part, int number, enum quantity quantity, char *name);
