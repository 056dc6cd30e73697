/* condition - "dc-1/battery/charge >= 40": one point held against a number or a word of its own.
 *
 * Settings hold it as text; it is parsed when they are read and asked as often as anybody likes.
 * Pure but for reading the model. Loop thread only.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "model/site.h"

enum condition_op {
    CONDITION_NONE, /* an empty text: nothing is asked for */
    CONDITION_AT_LEAST,
    CONDITION_AT_MOST,
    CONDITION_ABOVE,
    CONDITION_BELOW,
    CONDITION_IS,
};

#define CONDITION_PATH 160 /* of a point, with its end */

struct condition {
    enum condition_op op;
    double number;
    char path[CONDITION_PATH];
    char word[LIMIT_TEXT_VALUE]; /* CONDITION_IS: the name of a state, else "" */
};

/* "" is CONDITION_NONE. 0, or -EINVAL with a sentence that begins like "must be". */
int condition_parse(const char *text, struct condition *condition, struct err *err);

/* 1 it holds, 0 it does not, -1 nobody knows: the point is not there or its value not good. */
int condition_holds(const struct site *site, const struct condition *condition);

/* "dc-1/battery/charge is at least 40 (now 35 %)" into `text`, which is returned. */
const char *condition_say(const struct site *site, const struct condition *condition, char *text,
                          size_t size);
