#include "engine/history_code.h"

#include <errno.h>
#include <string.h>

#include "base/crc32c.h"

/* Quotients from here on are written as this many ones and the whole number. */
#define RICE_ESCAPE 24u

void history_code_begin(struct buf *out, uint8_t version)
{
    const uint8_t head[HISTORY_CODE_HEAD] = {version};
    buf_add(out, head, sizeof head);
}

static void put_little_endian(uint8_t *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

/* Over key, version and content: everything but the check sum itself. */
static uint32_t checksum(const uint8_t *bytes, size_t length, int64_t key)
{
    uint8_t first[9];
    put_little_endian(first, (uint64_t)key, 8);
    first[8] = bytes[0];
    return crc32c(crc32c(0, first, sizeof first), bytes + HISTORY_CODE_HEAD,
                  length - HISTORY_CODE_HEAD);
}

void history_code_seal(uint8_t *bytes, size_t length, int64_t key)
{
    put_little_endian(bytes + 1, checksum(bytes, length, key), 4);
}

int history_code_check(const uint8_t *bytes, size_t length, int64_t key)
{
    if (length < HISTORY_CODE_HEAD)
        return -EBADMSG;
    uint8_t sum[4];
    put_little_endian(sum, checksum(bytes, length, key), 4);
    return memcmp(sum, bytes + 1, sizeof sum) == 0 ? bytes[0] : -EBADMSG;
}

void history_code_put(struct buf *out, uint64_t value)
{
    uint8_t bytes[10];
    size_t length = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[length++] = (uint8_t)(value | 0x80);
    bytes[length++] = (uint8_t)value;
    buf_add(out, bytes, length);
}

bool history_code_take(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    uint64_t sum = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        if (shift == 63 && byte > 1)
            return false;
        sum |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = sum;
            return true;
        }
    }
    return false;
}

/* ---- bits, lowest first ---------------------------------------------------------------------- */

/* At most 32 bits at a time, so that they fit beside the seven that may be pending. */
static void put_bits(struct history_bits_writer *writer, uint64_t bits, unsigned count)
{
    writer->pending |= bits << writer->count;
    writer->count += count;
    uint8_t bytes[8];
    size_t length = 0;
    for (; writer->count >= 8; writer->count -= 8, writer->pending >>= 8)
        bytes[length++] = (uint8_t)writer->pending;
    buf_add(writer->out, bytes, length);
}

void history_bits_put(struct history_bits_writer *writer, uint64_t bits, unsigned count)
{
    if (count > 32) {
        put_bits(writer, bits & UINT32_MAX, 32);
        bits >>= 32;
        count -= 32;
    }
    put_bits(writer, bits, count);
}

void history_bits_put_rice(struct history_bits_writer *writer, uint64_t value, unsigned k)
{
    uint64_t quotient = value >> k;
    if (quotient >= RICE_ESCAPE) {
        put_bits(writer, (1u << RICE_ESCAPE) - 1, RICE_ESCAPE);
        history_bits_put(writer, value, 64);
        return;
    }
    put_bits(writer, (1u << quotient) - 1, (unsigned)quotient + 1);
    history_bits_put(writer, value & ((UINT64_C(1) << k) - 1), k);
}

void history_bits_end(struct history_bits_writer *writer)
{
    if (writer->count)
        put_bits(writer, 0, 8 - writer->count);
}

unsigned history_bits_rice_cost(uint64_t value, unsigned k)
{
    uint64_t quotient = value >> k;
    return quotient >= RICE_ESCAPE ? RICE_ESCAPE + 64 : (unsigned)quotient + 1 + k;
}

static void refill(struct history_bits_reader *reader)
{
    while (reader->count <= 56 && reader->at < reader->end) {
        reader->pending |= (uint64_t)*reader->at++ << reader->count;
        reader->count += 8;
    }
}

/* At most 56 bits at a time: what refill() guarantees while there are bytes. */
bool history_bits_take(struct history_bits_reader *reader, unsigned count, uint64_t *bits)
{
    refill(reader);
    if (reader->count < count)
        return false;
    *bits = reader->pending & ((UINT64_C(1) << count) - 1);
    reader->pending >>= count;
    reader->count -= count;
    return true;
}

bool history_bits_take_rice(struct history_bits_reader *reader, unsigned k, uint64_t *value)
{
    refill(reader);
    unsigned ones = ~reader->pending ? (unsigned)__builtin_ctzll(~reader->pending) : 64;
    uint64_t rest;
    if (ones >= RICE_ESCAPE) {
        uint64_t low, high;
        if (!history_bits_take(reader, RICE_ESCAPE, &rest) ||
            !history_bits_take(reader, 32, &low) || !history_bits_take(reader, 32, &high))
            return false;
        *value = high << 32 | low;
        return true;
    }
    if (!history_bits_take(reader, ones + 1, &rest) || !history_bits_take(reader, k, &rest))
        return false;
    *value = (uint64_t)ones << k | rest;
    return true;
}
