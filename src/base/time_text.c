#include "base/time_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DAY_S 86400LL
#define FIRST_S (-62167219200LL) /* 0000-01-01T00:00:00Z */
#define LAST_S 253402300799LL    /* 9999-12-31T23:59:59Z */
#define ZONE_FOLDER "/usr/share/zoneinfo/"

int time_text_use_zone(const char *zone, struct err *err)
{
    if (zone && *zone) {
        char path[256];
        int length = snprintf(path, sizeof path, ZONE_FOLDER "%s", zone);
        /* glibc takes any nonsense for UTC without a word, so the file must be there. */
        if (*zone == '/' || strstr(zone, "..") || length >= (int)sizeof path ||
            access(path, R_OK) != 0)
            return err_set(
                err, -EINVAL,
                "there is no time zone \"%s\" here; write one such as Europe/Berlin or UTC", zone);
        if (setenv("TZ", zone, 1) != 0)
            return err_set_errno(err, -errno, "time zone \"%s\"", zone);
    }
    tzset();
    return 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void put_digits(char *to, int count, unsigned value)
{
    while (count-- > 0) {
        to[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* Seconds (rounded down, clamped) and milliseconds of a moment. */
static int64_t split(clock_us wall, unsigned *ms)
{
    int64_t seconds = wall / CLOCK_S;
    int64_t rest = wall % CLOCK_S;
    if (rest < 0) {
        rest += CLOCK_S;
        seconds--;
    }
    *ms = (unsigned)(rest / CLOCK_MS);
    return seconds < FIRST_S ? FIRST_S : seconds > LAST_S ? LAST_S : seconds;
}

/* Gregorian date of a day number: years are counted from March, so that the leap day is a year's
 * last. 400 years have 146097 days; 719468 days lie between 0000-03-01 and 1970-01-01. */
static void put_date(char *to, int64_t day)
{
    unsigned shifted =
        (unsigned)(day + 719468 + 146097); /* one era more keeps January of year 0 positive */
    unsigned era = shifted / 146097, of_era = shifted % 146097;
    unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned from_march = (5 * of_year + 2) / 153;
    unsigned month = from_march < 10 ? from_march + 3 : from_march - 9;
    put_digits(to, 4, year_of_era + era * 400 - 400 + (month <= 2));
    to[4] = '-';
    put_digits(to + 5, 2, month);
    to[7] = '-';
    put_digits(to + 8, 2, of_year - (153 * from_march + 2) / 5 + 1);
}

/* 23 characters, "2026-11-21T01:02:03.456" */
static void put_moment(char *to, int64_t seconds, unsigned ms)
{
    int64_t from_year_0 = seconds - FIRST_S;
    unsigned of_day = (unsigned)(from_year_0 % DAY_S);
    put_date(to, from_year_0 / DAY_S + FIRST_S / DAY_S);
    to[10] = 'T';
    put_digits(to + 11, 2, of_day / 3600);
    to[13] = ':';
    put_digits(to + 14, 2, of_day / 60 % 60);
    to[16] = ':';
    put_digits(to + 17, 2, of_day % 60);
    to[19] = '.';
    put_digits(to + 20, 3, ms);
}

size_t time_text_format_utc(clock_us wall, char *out)
{
    unsigned ms;
    int64_t seconds = split(wall, &ms);
    put_moment(out, seconds, ms);
    out[23] = 'Z';
    out[24] = '\0';
    return 24;
}

size_t time_text_format_local(clock_us wall, char *out)
{
    unsigned ms;
    int64_t seconds = split(wall, &ms);
    time_t moment = (time_t)seconds;
    struct tm parts;
    long offset = localtime_r(&moment, &parts) ? parts.tm_gmtoff : 0;
    /* RFC 3339 offsets have no seconds: local mean times of the 19th century are shown as the
     * nearest minute. */
    long minutes = (offset < 0 ? offset - 30 : offset + 30) / 60;
    int64_t local = seconds + minutes * 60;
    put_moment(out, local < FIRST_S ? FIRST_S : local > LAST_S ? LAST_S : local, ms);
    out[23] = minutes < 0 ? '-' : '+';
    unsigned size = (unsigned)labs(minutes);
    put_digits(out + 24, 2, size / 60);
    out[26] = ':';
    put_digits(out + 27, 2, size % 60);
    out[29] = '\0';
    return 29;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Exactly `count` digits; moves `at` past them. */
static bool take_digits(const char **at, int count, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++) {
        if (!isdigit((unsigned char)(*at)[i]))
            return false;
        *value = *value * 10 + ((*at)[i] - '0');
    }
    *at += count;
    return true;
}

static bool take_char(const char **at, const char *any_of)
{
    if (!**at || !strchr(any_of, **at))
        return false;
    (*at)++;
    return true;
}

/* ".5", ".123456789": microseconds, further digits are cut; nothing there is 0. */
static bool take_fraction(const char **at, int64_t *us)
{
    *us = 0;
    if (**at != '.')
        return true;
    const char *digit = *at + 1;
    int64_t weight = CLOCK_S / 10;
    for (; isdigit((unsigned char)*digit); digit++, weight /= 10)
        *us += (*digit - '0') * weight;
    bool any = digit > *at + 1;
    *at = digit;
    return any;
}

/* The inverse of put_date. */
static int64_t day_number(int year, int month, int day)
{
    unsigned shifted = (unsigned)(year + 400 - (month <= 2));
    unsigned era = shifted / 400, of_era = shifted % 400;
    unsigned of_year = (unsigned)((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1);
    return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468 -
           146097;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool take_offset(const char **at, int *minutes)
{
    *minutes = 0;
    if (take_char(at, "Zz"))
        return true;
    bool west = **at == '-';
    int hour, minute;
    if (!take_char(at, "+-") || !take_digits(at, 2, &hour) || !take_char(at, ":") ||
        !take_digits(at, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *minutes = (hour * 60 + minute) * (west ? -1 : 1);
    return true;
}

/* RFC 3339 section 5.6; lower case letters and a space for the T are allowed by its notes. */
static int parse_rfc3339(const char *at, clock_us *wall)
{
    int year, month, day, hour, minute, second, offset;
    int64_t fraction;
    bool date = take_digits(&at, 4, &year) && take_char(&at, "-") && take_digits(&at, 2, &month) &&
                take_char(&at, "-") && take_digits(&at, 2, &day) && take_char(&at, "Tt ");
    bool time = date && take_digits(&at, 2, &hour) && take_char(&at, ":") &&
                take_digits(&at, 2, &minute) && take_char(&at, ":") &&
                take_digits(&at, 2, &second) && take_fraction(&at, &fraction) &&
                take_offset(&at, &offset);
    if (!time || *at || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
        hour > 23 || minute > 59 || second > 60) /* 60: a leap second is the next second's start */
        return -EINVAL;
    int64_t seconds = day_number(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second;
    *wall = (seconds - offset * 60) * CLOCK_S + fraction;
    return 0;
}

static int parse_relative(const char *at, clock_us now, clock_us *wall)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } units[] = {{"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", DAY_S}, {"w", 7 * DAY_S}};
    int64_t sign = *at == '-' ? -1 : 1;
    int64_t number = 0;
    const char *digit = at + 1;
    for (; isdigit((unsigned char)*digit) && number < 10000000000; digit++)
        number = number * 10 + (*digit - '0');
    if (digit == at + 1)
        return -EINVAL;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(digit, units[i].unit) != 0)
            continue;
        /* Further back than the calendar reaches is no place on it. */
        if (number > LAST_S / units[i].seconds)
            return -EINVAL;
        *wall = now + sign * number * units[i].seconds * CLOCK_S;
        return 0;
    }
    return -EINVAL;
}

static int parse_unix(const char *at, clock_us *wall)
{
    int64_t seconds = 0, fraction;
    for (; isdigit((unsigned char)*at); at++) {
        seconds = seconds * 10 + (*at - '0');
        if (seconds > LAST_S)
            return -EINVAL;
    }
    if (!take_fraction(&at, &fraction) || *at)
        return -EINVAL;
    *wall = seconds * CLOCK_S + fraction;
    return 0;
}

int time_text_parse(const char *text, clock_us now, clock_us *wall)
{
    if (strcmp(text, "now") == 0) {
        *wall = now;
        return 0;
    }
    if (*text == '-' || *text == '+')
        return parse_relative(text, now, wall);
    if (!isdigit((unsigned char)*text))
        return -EINVAL;
    return strlen(text) > 4 && text[4] == '-' ? parse_rfc3339(text, wall) : parse_unix(text, wall);
}
