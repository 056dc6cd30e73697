#include "model/access_code.h"

#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>

/* Ways over the key pad, and dates and numbers that lead the lists of leaked PINs (of those with
 * four and six digits), as far as the rules below do not catch them. A PIN that holds the whole of
 * one and no more than a digit beside it is as easy. */
static const char *const favourites[] = {
    "2580",   "0852",   "1379",   "1397",   "7931",     "3179",     "5683",     "1004",
    "2000",   "2001",   "1984",   "1998",   "1999",     "2468",     "1357",     "159753",
    "147258", "258456", "741852", "789456", "123654",   "147852",   "963852",   "852456",
    "142536", "102030", "112358", "314159", "31415926", "14725836", "12345679", "19283746",
};

bool access_code_is(const char *text)
{
    size_t length = strspn(text, "0123456789");
    return !text[length] && length >= ACCESS_PIN_LEAST && length <= ACCESS_PIN_MOST;
}

/* 0000, 1234, 9753, 7890: from each digit to the next the same step, round the clock. */
static bool has_one_step(const char *pin, size_t length)
{
    int step = (pin[1] - pin[0] + 10) % 10;
    for (size_t i = 2; i < length; i++) {
        if ((pin[i] - pin[i - 1] + 10) % 10 != step)
            return false;
    }
    return true;
}

/* 1212, 123123: made of one piece. */
static bool is_repeated(const char *pin, size_t length)
{
    for (size_t period = 1; period <= length / 2; period++) {
        if (length % period == 0 && memcmp(pin, pin + period, length - period) == 0)
            return true;
    }
    return false;
}

/* 112233, 1122, 445566, 111222. */
static bool is_of_runs(const char *pin, size_t length)
{
    size_t alike = 0;
    for (size_t i = 1; i < length; i++)
        alike += pin[i] == pin[i - 1];
    return alike * 2 >= length;
}

static bool is_favourite(const char *pin, size_t length)
{
    for (size_t i = 0; i < sizeof favourites / sizeof *favourites; i++) {
        if (strlen(favourites[i]) + 1 >= length && strstr(pin, favourites[i]))
            return true;
    }
    return false;
}

/* 123321, 987789: up and down the same steps. */
static bool turns_back(const char *pin, size_t length)
{
    size_t half = (length + 1) / 2;
    for (size_t i = 0; i < length / 2; i++) {
        if (pin[i] != pin[length - 1 - i])
            return false;
    }
    return has_one_step(pin, half);
}

static bool is_trivial(const char *pin)
{
    size_t length = strlen(pin);
    return has_one_step(pin, length) || is_repeated(pin, length) || is_of_runs(pin, length) ||
           turns_back(pin, length) || is_favourite(pin, length);
}

int access_pin_check(const char *pin, int digits, struct err *err)
{
    size_t length = strspn(pin, "0123456789");
    if (pin[length] || length < (size_t)digits || length > ACCESS_PIN_MOST)
        return digits < ACCESS_PIN_MOST
                   ? err_set(err, -EINVAL, "a PIN has %d to %d digits and nothing else", digits,
                             ACCESS_PIN_MOST)
                   : err_set(err, -EINVAL, "a PIN has %d digits and nothing else", digits);
    if (is_trivial(pin))
        return err_set(err, -EINVAL, "this PIN is among the first that are tried; choose another");
    return 0;
}

void access_code_make(char code[ACCESS_CODE_SIZE], int digits)
{
    do {
        for (int i = 0; i < digits; i++)
            code[i] = (char)('0' + randombytes_uniform(10));
        code[digits] = '\0';
    } while (is_trivial(code));
}
