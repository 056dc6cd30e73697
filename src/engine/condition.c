#include "engine/condition.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *sign; /* the longer ones first: they begin like the others */
    enum condition_op op;
    const char *words;
} signs[] = {
    {">=", CONDITION_AT_LEAST, "at least"},
    {"<=", CONDITION_AT_MOST, "at most"},
    {">", CONDITION_ABOVE, "above"},
    {"<", CONDITION_BELOW, "below"},
    {"=", CONDITION_IS, ""},
};

#define SIGNS (sizeof signs / sizeof *signs)
#define BLANKS " \t"

/* Index of the sign at the beginning of the text, SIGNS when there is none. */
static size_t find_sign(const char *text)
{
    size_t i = 0;
    while (i < SIGNS && strncmp(text, signs[i].sign, strlen(signs[i].sign)) != 0)
        i++;
    return i;
}

/* A number, or for "=" a word; blanks behind it do not count. A number is a number also where a
 * state is meant: its raw value. */
static int parse_value(const char *text, struct condition *condition)
{
    char *end;
    size_t length = strlen(text);
    while (length > 0 && strchr(BLANKS, text[length - 1]))
        length--;
    condition->number = strtod(text, &end);
    if (end != text && end == text + length)
        return isfinite(condition->number) ? 0 : -EINVAL;
    if (condition->op != CONDITION_IS || length == 0 || length >= sizeof condition->word)
        return -EINVAL;
    memcpy(condition->word, text, length);
    return 0;
}

int condition_parse(const char *text, struct condition *condition, struct err *err)
{
    static const char shape[] = "must be PATH, a sign and a value, as in dc-1/battery/charge >= 40 "
                                "or ups/mains/state = on; not \"%.60s\"";
    *condition = (struct condition){0};
    text += strspn(text, BLANKS);
    if (!*text)
        return 0;
    size_t length = strcspn(text, "<>= \t");
    const char *at = text + length + strspn(text + length, BLANKS);
    size_t sign = find_sign(at);
    if (sign == SIGNS || length == 0 || length >= sizeof condition->path ||
        !memchr(text, '/', length))
        return err_set(err, -EINVAL, shape, text);
    memcpy(condition->path, text, length);
    condition->op = signs[sign].op;
    at += strlen(signs[sign].sign);
    at += strspn(at, BLANKS);
    return parse_value(at, condition) < 0 ? err_set(err, -EINVAL, shape, text) : 0;
}

/* What is old may have changed since: only a good value answers. */
static const struct point *good_point(const struct site *site, const struct condition *condition)
{
    const struct point *point = site_point_find(site, condition->path);
    return point && !point->text && point->value.quality == QUALITY_GOOD ? point : NULL;
}

/* The name of the state as people see it; "" for a number without one. */
static const char *word_of(const struct point *point)
{
    const struct words *words = point->words;
    for (size_t i = 0; words && !words->flags && i < words->count; i++) {
        if ((double)words->list[i].number == point->value.number)
            return words->list[i].text;
    }
    return "";
}

int condition_holds(const struct site *site, const struct condition *condition)
{
    const struct point *point = good_point(site, condition);
    double number = point ? point->value.number : NAN;
    if (condition->op == CONDITION_NONE)
        return 1;
    if (!point)
        return -1;
    switch (condition->op) {
    case CONDITION_AT_LEAST:
        return number >= condition->number;
    case CONDITION_AT_MOST:
        return number <= condition->number;
    case CONDITION_ABOVE:
        return number > condition->number;
    case CONDITION_BELOW:
        return number < condition->number;
    case CONDITION_IS:
    case CONDITION_NONE:
        break;
    }
    return *condition->word ? strcmp(word_of(point), condition->word) == 0
                            : number == condition->number;
}

const char *condition_say(const struct site *site, const struct condition *condition, char *text,
                          size_t size)
{
    const struct point *point = good_point(site, condition);
    char now[LIMIT_TEXT_VALUE + 24] = "not known now", wanted[LIMIT_TEXT_VALUE];
    size_t sign = 0;
    while (sign < SIGNS && signs[sign].op != condition->op)
        sign++;
    const char *words = sign < SIGNS ? signs[sign].words : "";
    if (*condition->word)
        snprintf(wanted, sizeof wanted, "%s", condition->word);
    else
        snprintf(wanted, sizeof wanted, "%g", condition->number);
    if (point && *condition->word)
        snprintf(now, sizeof now, "now %s", word_of(point));
    else if (point)
        snprintf(now, sizeof now, "now %g %s", point->value.number,
                 quantity_row(point->quantity)->unit);
    snprintf(text, size, "%s is %s%s%s (%s)", condition->path, words, *words ? " " : "", wanted,
             now);
    return text;
}
