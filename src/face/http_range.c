#include "face/http_range.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* ---- ranges ---------------------------------------------------------------------------------- */

/* Digits to a number that fits; moves past them. */
static bool take_number(const char **at, uint64_t *number)
{
    const char *begin = *at;
    *number = 0;
    while (isdigit((unsigned char)**at) && *at - begin < 18)
        *number = *number * 10 + (uint64_t)(*(*at)++ - '0');
    return *at > begin && !isdigit((unsigned char)**at);
}

enum http_range http_range_parse(const char *range, uint64_t size, uint64_t *first,
                                 uint64_t *length)
{
    uint64_t last = size - 1;
    if (!range || strncasecmp(range, "bytes=", 6) != 0)
        return HTTP_RANGE_WHOLE;
    const char *at = range + 6;
    if (*at == '-') { /* the last so many bytes */
        at++;
        if (!take_number(&at, length) || *at)
            return HTTP_RANGE_WHOLE;
        if (*length == 0 || size == 0)
            return HTTP_RANGE_IMPOSSIBLE;
        if (*length > size)
            *length = size;
        *first = size - *length;
        return HTTP_RANGE_PART;
    }
    if (!take_number(&at, first) || *at++ != '-')
        return HTTP_RANGE_WHOLE;
    if (*at && (!take_number(&at, &last) || *at || last < *first))
        return HTTP_RANGE_WHOLE;
    if (*first >= size)
        return HTTP_RANGE_IMPOSSIBLE;
    if (last >= size)
        last = size - 1;
    *length = last - *first + 1;
    return HTTP_RANGE_PART;
}

/* ---- dates ----------------------------------------------------------------------------------- */

#define DATE_FORM "%a, %d %b %Y %H:%M:%S GMT" /* in English: the program sets no other language */

void http_date_format(int64_t seconds, char *text)
{
    time_t moment = (time_t)seconds;
    struct tm parts = {0};
    gmtime_r(&moment, &parts);
    if (strftime(text, HTTP_DATE_SIZE, DATE_FORM, &parts) == 0)
        *text = '\0';
}

int http_date_parse(const char *text, int64_t *seconds)
{
    struct tm parts = {0};
    const char *end = strptime(text, DATE_FORM, &parts);
    if (!end || *end)
        return -EINVAL;
    *seconds = timegm(&parts);
    return 0;
}

/* ---- conditions ------------------------------------------------------------------------------ */

/* Whether a list of entity tags names ours. `weak`: W/"x" stands for "x", too. */
static bool names(const char *list, const char *etag, bool weak)
{
    static const char between[] = " \t,";
    size_t wanted = strlen(etag);
    if (strcmp(list, "*") == 0)
        return true;
    while (*(list += strspn(list, between))) {
        bool is_weak = strncmp(list, "W/", 2) == 0;
        const char *tag = list + (is_weak ? 2 : 0);
        const char *end = *tag == '"' ? strchr(tag + 1, '"') : NULL;
        if (!end)
            return false;
        size_t length = (size_t)(end + 1 - tag);
        if ((weak || !is_weak) && length == wanted && memcmp(tag, etag, length) == 0)
            return true;
        list = end + 1;
    }
    return false;
}

/* RFC 9110 section 13.2.2: tags win over dates. */
unsigned http_conditions_check(const struct http_conditions *conditions, const char *etag,
                               int64_t modified)
{
    int64_t date;
    if (conditions->if_match) {
        if (!names(conditions->if_match, etag, false))
            return 412;
    } else if (conditions->if_unmodified_since &&
               http_date_parse(conditions->if_unmodified_since, &date) == 0 && modified > date) {
        return 412;
    }
    if (conditions->if_none_match)
        return names(conditions->if_none_match, etag, true) ? 304 : 0;
    if (conditions->if_modified_since &&
        http_date_parse(conditions->if_modified_since, &date) == 0 && modified <= date)
        return 304;
    return 0;
}

int http_conditions_range(const struct http_conditions *conditions, const char *etag,
                          int64_t modified)
{
    const char *wanted = conditions->if_range;
    int64_t date;
    if (!wanted)
        return true;
    if (*wanted == '"')
        return strcmp(wanted, etag) == 0;
    return http_date_parse(wanted, &date) == 0 && date == modified;
}
