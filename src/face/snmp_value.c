#include "face/snmp_value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/utf8.h"

/* ---- values ---------------------------------------------------------------------------------- */

bool snmp_integer(struct snmp_value *value, int64_t number)
{
    value->type = SNMP_INTEGER;
    value->integer = number > INT32_MAX   ? INT32_MAX
                     : number < INT32_MIN ? INT32_MIN
                                          : (int32_t)number;
    return true;
}

bool snmp_unsigned(struct snmp_value *value, uint64_t number)
{
    value->type = SNMP_UNSIGNED;
    value->number = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
    return true;
}

bool snmp_counter(struct snmp_value *value, uint32_t number)
{
    value->type = SNMP_COUNTER;
    value->number = number;
    return true;
}

bool snmp_counter64(struct snmp_value *value, uint64_t number)
{
    value->type = SNMP_COUNTER64;
    value->counter = number;
    return true;
}

bool snmp_ticks(struct snmp_value *value, int64_t us)
{
    value->type = SNMP_TICKS;
    value->number = (uint32_t)((uint64_t)us / 10000);
    return true;
}

bool snmp_octets(struct snmp_value *value, const void *bytes, size_t length)
{
    value->type = SNMP_TEXT;
    value->bytes = bytes;
    value->length = length;
    return true;
}

bool snmp_text(struct snmp_value *value, const char *text)
{
    size_t length = strlen(text);
    if (length > SNMP_TEXT_MOST) /* not in the middle of a character */
        length = utf8_valid(text, SNMP_TEXT_MOST);
    return snmp_octets(value, text, length);
}

bool snmp_object(struct snmp_value *value, const snmp_sub *oid, size_t length)
{
    value->type = SNMP_OBJECT;
    value->bytes = oid;
    value->length = length;
    return true;
}

bool snmp_format(struct snmp_value *value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(value->room, sizeof value->room, format, args);
    va_end(args);
    size_t length = strlen(value->room);
    return snmp_octets(value, value->room, utf8_valid(value->room, length));
}

bool snmp_date(struct snmp_value *value, int64_t wall_us)
{
    time_t seconds = (time_t)(wall_us / CLOCK_S);
    struct tm parts;
    if (!wall_us || !gmtime_r(&seconds, &parts))
        return snmp_octets(value, "", 0);
    int year = parts.tm_year + 1900;
    const unsigned char octets[11] = {(unsigned char)(year >> 8),
                                      (unsigned char)year,
                                      (unsigned char)(parts.tm_mon + 1),
                                      (unsigned char)parts.tm_mday,
                                      (unsigned char)parts.tm_hour,
                                      (unsigned char)parts.tm_min,
                                      (unsigned char)parts.tm_sec,
                                      (unsigned char)(wall_us % CLOCK_S / (CLOCK_S / 10)),
                                      '+',
                                      0,
                                      0};
    memcpy(value->room, octets, sizeof octets);
    return snmp_octets(value, value->room, sizeof octets);
}

/* ---- object identifiers ---------------------------------------------------------------------- */

int snmp_oid_order(const snmp_sub *a, size_t a_length, const snmp_sub *b, size_t b_length)
{
    size_t shared = a_length < b_length ? a_length : b_length;
    for (size_t i = 0; i < shared; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return (a_length > b_length) - (a_length < b_length);
}

void snmp_oid_format(const snmp_sub *oid, size_t length, char *text, size_t size)
{
    size_t used = 0;
    *text = '\0';
    for (size_t i = 0; i < length && used + 1 < size; i++) {
        int more = snprintf(text + used, size - used, ".%lu", oid[i]);
        used += more > 0 ? (size_t)more : 0;
    }
}

int snmp_oid_parse(const char *text, snmp_sub *oid, size_t most)
{
    size_t count = 0;
    const char *at = *text == '.' ? text + 1 : text;
    while (*at) {
        char *end;
        if (*at < '0' || *at > '9' || count == most)
            return -EINVAL;
        errno = 0;
        oid[count] = strtoul(at, &end, 10);
        if (errno || oid[count] > UINT32_MAX)
            return -EINVAL;
        count++;
        if (*end == '.' && end[1])
            end++;
        else if (*end)
            return -EINVAL;
        at = end;
    }
    return count ? (int)count : -EINVAL;
}

/* ---- sizes on the wire (X.690) --------------------------------------------------------------- */

/* Tag, length and content. */
static size_t with_header(size_t content)
{
    return content + (content < 0x80 ? 2 : content < 0x100 ? 3 : 4);
}

/* A number of 7 bits an octet. */
static size_t sub_size(snmp_sub sub)
{
    size_t octets = 1;
    while (sub >>= 7)
        octets++;
    return octets;
}

static size_t oid_size(const snmp_sub *oid, size_t length)
{
    if (length < 2)
        return 1;
    size_t octets = sub_size(oid[0] * 40 + oid[1]);
    for (size_t i = 2; i < length; i++)
        octets += sub_size(oid[i]);
    return octets;
}

/* A two's complement number of as few octets as there can be. */
static size_t integer_size(int64_t number)
{
    size_t octets = 1;
    while (number < -128 || number > 127) {
        number >>= 8;
        octets++;
    }
    return octets;
}

static size_t value_size(const struct snmp_value *value)
{
    switch (value->type) {
    case SNMP_INTEGER:
        return integer_size(value->integer);
    case SNMP_COUNTER:
    case SNMP_UNSIGNED:
    case SNMP_TICKS:
        return integer_size(value->number);
    case SNMP_COUNTER64:
        return value->counter > INT64_MAX ? 9 : integer_size((int64_t)value->counter);
    case SNMP_OBJECT:
        return oid_size(value->bytes, value->length);
    case SNMP_TEXT:
    case SNMP_ADDRESS:
        return value->length;
    case SNMP_NONE:
        break;
    }
    return 0;
}

size_t snmp_binding_size(const snmp_sub *oid, size_t length, const struct snmp_value *value)
{
    return with_header(with_header(oid_size(oid, length)) + with_header(value_size(value)));
}
