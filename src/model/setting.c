#include "model/setting.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/nearest.h"
#include "base/utf8.h"

#define QUOTE_MOST 60 /* bytes of a refused text that a message repeats */

/* ---- messages ----------------------------------------------------------------------------------
 */

/* "must be ..., not "text"" - the text of a secret is never repeated. */
static int refuse(const struct setting_row *row, const char *text, struct err *err,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

static int refuse(const struct setting_row *row, const char *text, struct err *err,
                  const char *format, ...)
{
    char sentence[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    if (row->secret)
        return err_set(err, -EINVAL, "%s", sentence);
    bool cut = strlen(text) > QUOTE_MOST;
    return err_set(err, -EINVAL, "%s, not \"%.*s%s\"", sentence, QUOTE_MOST, text,
                   cut ? "..." : "");
}

static bool has_range(const struct setting_row *row)
{
    return row->min != 0 || row->max != 0;
}

/* "1200 to 115200 baud" */
static void format_range(const struct setting_row *row, char *text, size_t size)
{
    if (row->type == SETTING_DURATION) {
        char low[40], high[40];
        setting_format_duration((int64_t)(row->min * CLOCK_S), low, sizeof low);
        setting_format_duration((int64_t)(row->max * CLOCK_S), high, sizeof high);
        snprintf(text, size, "%s to %s", low, high);
        return;
    }
    bool unit = row->unit && *row->unit;
    snprintf(text, size, "%.15g to %.15g%s%s", row->min, row->max, unit ? " " : "",
             unit ? row->unit : "");
}

/* `what` says the kind of text that is expected: "a whole number". */
static int refuse_kind(const struct setting_row *row, const char *text, const char *what,
                       struct err *err)
{
    if (!has_range(row))
        return refuse(row, text, err, "must be %s", what);
    char range[120];
    format_range(row, range, sizeof range);
    return refuse(row, text, err, "must be %s, %s", what, range);
}

static int check_range(const struct setting_row *row, double value, const char *text,
                       struct err *err)
{
    if (!has_range(row) || (value >= row->min && value <= row->max))
        return 0;
    char range[120];
    format_range(row, range, sizeof range);
    return refuse(row, text, err, "must be %s", range);
}

/* ---- text to value --------------------------------------------------------------------------- */

static int parse_bool(const struct setting_row *row, const char *text, bool *value, struct err *err)
{
    static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no", "off"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *value = strcmp(text, yes[i]) == 0;
            return 0;
        }
    }
    return refuse(row, text, err, "must be true or false");
}

static int parse_int(const struct setting_row *row, const char *text, int64_t *value,
                     struct err *err)
{
    const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
    bool hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, hex ? 16 : 10);
    /* strtoll skips blanks at the front: not so here. */
    if (!isdigit((unsigned char)*digits) || *end || errno)
        return refuse_kind(row, text, "a whole number", err);
    int result = check_range(row, (double)number, text, err);
    if (result == 0)
        *value = number;
    return result;
}

static int parse_number(const struct setting_row *row, const char *text, double *value,
                        struct err *err)
{
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end || isspace((unsigned char)*text) || !isfinite(number))
        return refuse_kind(row, text, "a number", err);
    int result = check_range(row, number, text, err);
    if (result == 0)
        *value = number;
    return result;
}

static int parse_text(const struct setting_row *row, const char *text, const char **value,
                      struct err *err)
{
    size_t length = strlen(text);
    if (has_range(row) && ((double)length < row->min || (double)length > row->max))
        return err_set(err, -EINVAL, "must be %.15g to %.15g characters long, not %zu", row->min,
                       row->max, length);
    if (utf8_valid(text, length) < length)
        return err_set(err, -EINVAL, "must be valid UTF-8 text");
    for (const char *at = text; *at; at++) {
        /* They would break lines of logs and protocols wherever the text is shown. */
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return err_set(err, -EINVAL, "must not hold control characters (line ends, tabs)");
    }
    *value = text;
    return 0;
}

static int parse_choice(const struct setting_row *row, const char *text, int64_t *value,
                        struct err *err)
{
    char list[200] = "";
    size_t count = 0, used = 0;
    for (; row->choices[count]; count++) {
        if (strcmp(text, row->choices[count]) == 0) {
            *value = (int64_t)count;
            return 0;
        }
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", count ? ", " : "",
                                     row->choices[count]);
    }
    const char *guess =
        row->secret ? NULL : nearest_word(text, row->choices, count, sizeof *row->choices);
    if (!guess)
        return refuse(row, text, err, "must be one of %s", list);
    return err_set(err, -EINVAL, "must be one of %s, not \"%.*s\"; did you mean \"%s\"?", list,
                   QUOTE_MOST, text, guess);
}

static int parse_duration(const struct setting_row *row, const char *text, int64_t *value,
                          struct err *err)
{
    int64_t us;
    if (setting_parse_duration(text, &us) < 0)
        return refuse_kind(
            row, text, "a time with its unit (\"250 ms\", \"1 s\", \"15 min\", \"4 h\", \"7 d\")",
            err);
    int result = check_range(row, (double)us / CLOCK_S, text, err);
    if (result == 0)
        *value = us;
    return result;
}

int setting_parse(const struct setting_row *row, const char *text, void *record, struct err *err)
{
    void *field = (char *)record + row->offset;
    switch (row->type) {
    case SETTING_BOOL:
        return parse_bool(row, text, field, err);
    case SETTING_INT:
        return parse_int(row, text, field, err);
    case SETTING_NUMBER:
        return parse_number(row, text, field, err);
    case SETTING_CHOICE:
        return parse_choice(row, text, field, err);
    case SETTING_DURATION:
        return parse_duration(row, text, field, err);
    case SETTING_TEXT:
    case SETTING_REFERENCE:
        break;
    }
    return parse_text(row, text, field, err);
}

/* ---- value to text --------------------------------------------------------------------------- */

/* The shortest form that reads back as the same number. */
static void format_number(double number, char *text, size_t size)
{
    snprintf(text, size, "%.15g", number);
    if (strtod(text, NULL) != number)
        snprintf(text, size, "%.17g", number);
}

static const char *choice_text(const struct setting_row *row, int64_t index)
{
    for (int64_t i = 0; row->choices[i]; i++) {
        if (i == index)
            return row->choices[i];
    }
    return "";
}

void setting_format(const struct setting_row *row, const void *record, char *text, size_t size)
{
    const void *field = (const char *)record + row->offset;
    switch (row->type) {
    case SETTING_BOOL:
        snprintf(text, size, "%s", *(const bool *)field ? "true" : "false");
        break;
    case SETTING_INT:
        snprintf(text, size, "%lld", (long long)*(const int64_t *)field);
        break;
    case SETTING_NUMBER:
        format_number(*(const double *)field, text, size);
        break;
    case SETTING_CHOICE:
        snprintf(text, size, "%s", choice_text(row, *(const int64_t *)field));
        break;
    case SETTING_DURATION:
        setting_format_duration(*(const int64_t *)field, text, size);
        break;
    case SETTING_TEXT:
    case SETTING_REFERENCE:
        snprintf(text, size, "%s", *(const char *const *)field);
        break;
    }
}

/* ---- durations ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int64_t us;
} duration_units[] = {
    {"d", 86400 * CLOCK_S}, {"h", 3600 * CLOCK_S}, {"min", 60 * CLOCK_S},
    {"s", CLOCK_S},         {"ms", CLOCK_MS},      {"us", 1},
};

#define DURATION_UNITS (sizeof duration_units / sizeof *duration_units)
#define FRACTION_DIGITS 6 /* so that a day times the fraction stays within 64 bits */

/* Reads digits into `*value`; returns how many, or -1 when the number is too large. */
static int read_digits(const char **at, int64_t *value)
{
    int count = 0;
    for (*value = 0; isdigit((unsigned char)**at); (*at)++, count++) {
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, **at - '0', value))
            return -1;
    }
    return count;
}

int setting_parse_duration(const char *text, int64_t *us)
{
    const char *at = text;
    int64_t whole, fraction = 0, divisor = 1;
    if (read_digits(&at, &whole) < 1)
        return -EINVAL;
    if (*at == '.') {
        at++;
        int digits = read_digits(&at, &fraction);
        if (digits < 1 || digits > FRACTION_DIGITS)
            return -EINVAL;
        while (digits--)
            divisor *= 10;
    }
    if (!*at && whole == 0 && fraction == 0) {
        *us = 0;
        return 0;
    }
    while (*at == ' ')
        at++;
    for (size_t i = 0; i < DURATION_UNITS; i++) {
        int64_t unit = duration_units[i].us, parts = unit * fraction, total;
        if (strcmp(at, duration_units[i].name) != 0)
            continue;
        if (parts % divisor != 0 || __builtin_mul_overflow(whole, unit, &total) ||
            __builtin_add_overflow(total, parts / divisor, &total))
            return -EINVAL;
        *us = total;
        return 0;
    }
    return -EINVAL;
}

void setting_format_duration(int64_t us, char *text, size_t size)
{
    for (size_t i = 0; us != 0 && i < DURATION_UNITS; i++) {
        if (us % duration_units[i].us == 0) {
            snprintf(text, size, "%lld %s", (long long)(us / duration_units[i].us),
                     duration_units[i].name);
            return;
        }
    }
    snprintf(text, size, "0 s");
}

const char *setting_type_name(enum setting_type type)
{
    static const char *const names[] = {
        [SETTING_BOOL] = "bool",           [SETTING_INT] = "int",
        [SETTING_NUMBER] = "number",       [SETTING_TEXT] = "text",
        [SETTING_CHOICE] = "choice",       [SETTING_DURATION] = "duration",
        [SETTING_REFERENCE] = "reference",
    };
    return names[type];
}
