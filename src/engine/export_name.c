#include "engine/export_name.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time_text.h"

#define SUFFIX ".csv"

/* ---- periods --------------------------------------------------------------------------------- */

static struct tm local(time_t moment)
{
    struct tm parts = {0};
    localtime_r(&moment, &parts);
    return parts;
}

/* -1, 0, 1: the date of `moment` lies before, on or after the one of `date`. */
static int compare_date(time_t moment, const struct tm *date)
{
    struct tm here = local(moment);
    const int differences[] = {here.tm_year - date->tm_year, here.tm_mon - date->tm_mon,
                               here.tm_mday - date->tm_mday};
    for (size_t i = 0; i < sizeof differences / sizeof *differences; i++) {
        if (differences[i] != 0)
            return differences[i] < 0 ? -1 : 1;
    }
    return 0;
}

/* The first second of a date. Midnight itself may not exist, or exist twice, when clocks change at
 * midnight; noon always does, and dates never run backwards. */
static time_t first_second(int year, int month, int day)
{
    struct tm noon = {
        .tm_year = year, .tm_mon = month, .tm_mday = day, .tm_hour = 12, .tm_isdst = -1};
    time_t on = mktime(&noon); /* makes day 32 the first of the next month */
    time_t before = on - 26 * 3600;
    while (on - before > 1) {
        time_t middle = before + (on - before) / 2;
        if (compare_date(middle, &noon) < 0)
            before = middle;
        else
            on = middle;
    }
    return on;
}

/* Day of the month on which the period begins; may be 0 or less. */
static int first_day(enum export_period period, const struct tm *date)
{
    switch (period) {
    case EXPORT_WEEK:
        return date->tm_mday - (date->tm_wday + 6) % 7;
    case EXPORT_MONTH:
        return 1;
    case EXPORT_DAY:
        break;
    }
    return date->tm_mday;
}

static struct tm date_of(clock_us wall)
{
    clock_us seconds = wall / CLOCK_S - (wall % CLOCK_S < 0);
    return local((time_t)seconds);
}

clock_us export_period_begin(enum export_period period, clock_us wall)
{
    struct tm date = date_of(wall);
    return (clock_us)first_second(date.tm_year, date.tm_mon, first_day(period, &date)) * CLOCK_S;
}

clock_us export_period_end(enum export_period period, clock_us wall)
{
    struct tm date = date_of(wall);
    int day = first_day(period, &date);
    int month = date.tm_mon;
    if (period == EXPORT_MONTH)
        month++;
    else
        day += period == EXPORT_WEEK ? 7 : 1;
    return (clock_us)first_second(date.tm_year, month, day) * CLOCK_S;
}

/* ---- names ----------------------------------------------------------------------------------- */

struct export_name export_name_of(const char *device, clock_us begin, unsigned part)
{
    struct export_name name = {.part = part};
    char text[TIME_TEXT_SIZE];
    time_text_format_local(begin, text);
    snprintf(name.device, sizeof name.device, "%s", device);
    snprintf(name.date, sizeof name.date, "%.10s", text);
    return name;
}

void export_name_format(const struct export_name *name, char *text)
{
    if (name->part == 1)
        snprintf(text, EXPORT_NAME_SIZE, "%s_%s" SUFFIX, name->device, name->date);
    else
        snprintf(text, EXPORT_NAME_SIZE, "%s_%s_%u" SUFFIX, name->device, name->date, name->part);
}

/* "2026-11-21" */
static bool is_date(const char *text)
{
    static const char form[] = "dddd-dd-dd";
    for (size_t i = 0; form[i]; i++) {
        bool digit = isdigit((unsigned char)text[i]);
        if (form[i] == 'd' ? !digit : text[i] != form[i])
            return false;
    }
    return true;
}

/* "_2" and so on behind the date: where it begins, or NULL; `part` receives its number. */
static const char *find_part(const char *text, const char *end, unsigned *part)
{
    const char *at = end;
    while (at > text && isdigit((unsigned char)at[-1]))
        at--;
    if (at == end || end - at > 4 || at == text || at[-1] != '_' || *at == '0')
        return NULL;
    *part = (unsigned)strtoul(at, NULL, 10);
    return *part >= 2 ? at - 1 : NULL;
}

bool export_name_parse(const char *text, struct export_name *name)
{
    size_t length = strlen(text), suffix = strlen(SUFFIX);
    if (length >= EXPORT_NAME_SIZE || length <= suffix + 11 || strchr(text, '/') ||
        strcmp(text + length - suffix, SUFFIX) != 0)
        return false;
    const char *end = text + length - suffix;
    unsigned part = 1;
    const char *before = find_part(text, end, &part);
    if (before)
        end = before;
    /* a date has digits behind a "-", so that it is never taken for a part */
    if (end - text < 12 || end[-11] != '_' || !is_date(end - 10))
        return false;
    size_t device = (size_t)(end - text) - 11;
    if (device > LIMIT_NAME || *text == '.')
        return false;
    *name = (struct export_name){.part = part};
    memcpy(name->device, text, device);
    memcpy(name->date, end - 10, 10);
    return true;
}

int export_name_compare(const struct export_name *a, const struct export_name *b)
{
    int order = strcmp(a->date, b->date);
    if (order == 0)
        order = strcmp(a->device, b->device);
    return order ? order : (a->part > b->part) - (a->part < b->part);
}
