#include "base/utf8.h"

#include <stdbool.h>

static size_t length_by_first(unsigned char c)
{
    if (c < 0x80)
        return 1;
    if (c >= 0xC2 && c < 0xE0)
        return 2;
    if ((c & 0xF0) == 0xE0)
        return 3;
    return c >= 0xF0 && c < 0xF5 ? 4 : 0;
}

size_t utf8_length(const char *text, size_t left)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t length = left ? length_by_first(at[0]) : 0;
    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    }
    bool overlong = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xF0 && at[1] < 0x90);
    bool surrogate = at[0] == 0xED && at[1] > 0x9F;
    bool beyond = at[0] == 0xF4 && at[1] > 0x8F;
    return overlong || surrogate || beyond ? 0 : length;
}

size_t utf8_valid(const char *text, size_t length)
{
    size_t at = 0;
    for (size_t step; (step = utf8_length(text + at, length - at)) != 0;)
        at += step;
    return at;
}

size_t utf8_fit(const char *text, size_t length, size_t most)
{
    if (length <= most)
        return length;
    while (most > 0 && ((unsigned char)text[most] & 0xC0) == 0x80)
        most--;
    return most;
}

/* Those of ASCII, and U+0080 to U+009F, which terminals obey as well. */
static bool is_control(const char *at, size_t step)
{
    unsigned char first = (unsigned char)at[0];
    return step == 1 ? first < 0x20 || first == 0x7F
                     : step == 2 && first == 0xC2 && (unsigned char)at[1] < 0xA0;
}

size_t utf8_clean(char *to, const char *text, size_t length)
{
    char *end = to;
    for (size_t at = 0, step; at < length; at += step ? step : 1) {
        step = utf8_length(text + at, length - at);
        if (step == 0 || is_control(text + at, step)) {
            *end++ = step ? ' ' : '?';
            continue;
        }
        for (size_t i = 0; i < step; i++)
            *end++ = text[at + i];
    }
    return (size_t)(end - to);
}
