#include "wire/snmp_ber.h"

#include <string.h>

/* ---- writing --------------------------------------------------------------------------------- */

struct snmp_ber_writer snmp_ber_writer(uint8_t *memory, size_t size)
{
    return (struct snmp_ber_writer){.begin = memory, .at = memory + size, .end = memory + size};
}

size_t snmp_ber_length(const struct snmp_ber_writer *writer)
{
    return (size_t)(writer->end - writer->at);
}

static void push(struct snmp_ber_writer *writer, uint8_t byte)
{
    if (writer->at > writer->begin)
        *--writer->at = byte;
    else
        writer->failed = true;
}

static void push_bytes(struct snmp_ber_writer *writer, const void *bytes, size_t length)
{
    if (length > (size_t)(writer->at - writer->begin)) {
        writer->failed = true;
        return;
    }
    writer->at -= length;
    if (length)
        memcpy(writer->at, bytes, length);
}

void snmp_ber_wrap(struct snmp_ber_writer *writer, uint8_t tag, size_t before)
{
    size_t length = snmp_ber_length(writer) - before;
    unsigned octets = 0;
    for (size_t left = length; length >= 0x80 && left; left >>= 8) {
        push(writer, (uint8_t)left);
        octets++;
    }
    push(writer, octets ? (uint8_t)(0x80 | octets) : (uint8_t)length);
    push(writer, tag);
}

/* Two's complement in as few bytes as hold the sign (X.690 8.3.2). */
void snmp_ber_put_int(struct snmp_ber_writer *writer, uint8_t tag, int64_t number)
{
    size_t before = snmp_ber_length(writer);
    int64_t left = number;
    uint8_t last;
    do {
        last = (uint8_t)left;
        push(writer, last);
        left >>= 8;
    } while (!(left == 0 && !(last & 0x80)) && !(left == -1 && (last & 0x80)));
    snmp_ber_wrap(writer, tag, before);
}

/* The same for types without a sign: a zero goes before a first bit that is set. */
void snmp_ber_put_unsigned(struct snmp_ber_writer *writer, uint8_t tag, uint64_t number)
{
    size_t before = snmp_ber_length(writer);
    uint64_t left = number;
    uint8_t last;
    do {
        last = (uint8_t)left;
        push(writer, last);
        left >>= 8;
    } while (left || (last & 0x80));
    snmp_ber_wrap(writer, tag, before);
}

void snmp_ber_put_bytes(struct snmp_ber_writer *writer, uint8_t tag, const void *bytes,
                        size_t length)
{
    size_t before = snmp_ber_length(writer);
    push_bytes(writer, bytes, length);
    snmp_ber_wrap(writer, tag, before);
}

static void push_arc(struct snmp_ber_writer *writer, uint64_t arc)
{
    uint8_t more = 0;
    do {
        push(writer, (uint8_t)(arc & 0x7f) | more);
        more = 0x80;
        arc >>= 7;
    } while (arc);
}

void snmp_ber_put_oid(struct snmp_ber_writer *writer, const uint32_t *arcs, size_t count)
{
    size_t before = snmp_ber_length(writer);
    if (count < 2 || count > SNMP_BER_OID_MOST || arcs[0] > 2) {
        writer->failed = true;
        return;
    }
    for (size_t i = count; i > 2; i--)
        push_arc(writer, arcs[i - 1]);
    push_arc(writer, (uint64_t)arcs[0] * 40 + arcs[1]); /* X.690 8.19.4 */
    snmp_ber_wrap(writer, SNMP_BER_OID, before);
}

/* ---- reading --------------------------------------------------------------------------------- */

struct snmp_ber_reader snmp_ber_reader(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    return (struct snmp_ber_reader){.at = at, .end = at + length};
}

static struct snmp_ber_reader fail(struct snmp_ber_reader *reader)
{
    reader->failed = true;
    reader->at = reader->end;
    return (struct snmp_ber_reader){.at = reader->end, .end = reader->end, .failed = true};
}

int snmp_ber_peek(const struct snmp_ber_reader *reader)
{
    return reader->at < reader->end ? *reader->at : -1;
}

/* The length behind the tag, moving past it; SIZE_MAX when it is malformed or longer than what is
 * there. */
static size_t take_length(struct snmp_ber_reader *reader)
{
    if (reader->at == reader->end)
        return SIZE_MAX;
    size_t length = *reader->at++;
    if (length & 0x80) {
        unsigned octets = length & 0x7f;
        if (octets == 0 || octets > 4 || octets > (size_t)(reader->end - reader->at))
            return SIZE_MAX;
        length = 0;
        while (octets--)
            length = length << 8 | *reader->at++;
    }
    return length <= (size_t)(reader->end - reader->at) ? length : SIZE_MAX;
}

struct snmp_ber_reader snmp_ber_enter(struct snmp_ber_reader *reader, uint8_t tag)
{
    if (reader->failed || snmp_ber_peek(reader) != tag)
        return fail(reader);
    reader->at++;
    size_t length = take_length(reader);
    if (length == SIZE_MAX)
        return fail(reader);
    const struct snmp_ber_reader inner = {.at = reader->at, .end = reader->at + length};
    reader->at += length;
    return inner;
}

int64_t snmp_ber_get_int(struct snmp_ber_reader *reader, uint8_t tag)
{
    struct snmp_ber_reader inner = snmp_ber_enter(reader, tag);
    size_t length = (size_t)(inner.end - inner.at);
    if (inner.failed || length == 0 || length > 8) {
        fail(reader);
        return 0;
    }
    uint64_t number = *inner.at & 0x80 ? UINT64_MAX : 0;
    while (inner.at < inner.end)
        number = number << 8 | *inner.at++;
    return (int64_t)number;
}

/* One arc of base 128; false when it ends in the middle or does not fit 32 bits. The first one
 * holds two, so up to 2 * 40 more. */
static bool take_arc(struct snmp_ber_reader *inner, uint64_t *arc)
{
    *arc = 0;
    while (inner->at < inner->end) {
        uint8_t byte = *inner->at++;
        *arc = *arc << 7 | (byte & 0x7f);
        if (!(byte & 0x80))
            return true;
        if (*arc > UINT32_MAX)
            return false;
    }
    return false;
}

size_t snmp_ber_get_oid(struct snmp_ber_reader *reader, uint32_t *arcs)
{
    struct snmp_ber_reader inner = snmp_ber_enter(reader, SNMP_BER_OID);
    size_t count = 0;
    uint64_t arc;
    while (inner.at < inner.end && !inner.failed && count < SNMP_BER_OID_MOST) {
        if (!take_arc(&inner, &arc)) {
            inner.failed = true;
            break;
        }
        uint64_t top = count ? 0 : arc >= 80 ? 2 : arc / 40;
        if (count == 0)
            arcs[count++] = (uint32_t)top;
        arc -= top * 40;
        inner.failed = arc > UINT32_MAX;
        arcs[count++] = (uint32_t)arc;
    }
    if (inner.failed || count == 0 || inner.at < inner.end) {
        fail(reader);
        return 0;
    }
    return count;
}

void snmp_ber_skip(struct snmp_ber_reader *reader)
{
    int tag = snmp_ber_peek(reader);
    if (tag < 0)
        fail(reader);
    else
        snmp_ber_enter(reader, (uint8_t)tag);
}
