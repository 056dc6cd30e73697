#include "field/frame.h"

#include <errno.h>
#include <string.h>

#include "wire/modbus_rtu.h"

int frame_rtu_build(struct frame_expected *expected, uint8_t unit, const uint8_t *pdu,
                    size_t length)
{
    int built = modbus_rtu_build(unit, pdu, length, expected->bytes, sizeof expected->bytes);
    if (built < 0)
        return built;
    expected->length = (size_t)built;
    expected->pdu = expected->bytes + 1;
    expected->unit = unit;
    /* A request that the standard forbids (of a gateway's client) still goes out: the device
     * will refuse it. */
    if (modbus_pdu_request_parse(expected->pdu, length, &expected->request) < 0)
        return -EINVAL;
    expected->answer_length = modbus_pdu_answer_length(&expected->request);
    return 0;
}

/* Length of the whole frame that would be the answer if it began here; 0: no such frame, or not
 * known yet. */
static size_t wanted_length(const struct frame_expected *expected, const uint8_t *bytes,
                            size_t length)
{
    uint8_t function = expected->request.function;
    if (length < 2 || bytes[0] != expected->unit)
        return 0;
    if (bytes[1] == (function | MODBUS_PDU_EXCEPTION_FLAG))
        return MODBUS_PDU_EXCEPTION_LENGTH + MODBUS_RTU_OVERHEAD;
    if (bytes[1] != function)
        return 0;
    if (expected->answer_length)
        return expected->answer_length + MODBUS_RTU_OVERHEAD;
    int found = modbus_rtu_answer_length(bytes, length);
    return found > 0 ? (size_t)found : 0;
}

static struct frame whole(enum frame_event event, size_t at, const struct modbus_rtu_frame *found)
{
    return (struct frame){
        .event = event,
        .drop = at + found->pdu_length + MODBUS_RTU_OVERHEAD,
        .noise = at,
        .unit = found->unit,
        .pdu = found->pdu,
        .pdu_length = found->pdu_length,
    };
}

/* Our own bytes. Some writes are answered by a copy of the request: then only a line that is
 * known to echo has one to drop. */
static bool is_echo(const struct frame_expected *expected, bool echo, const uint8_t *bytes,
                    size_t length)
{
    if (length < expected->length || memcmp(bytes, expected->bytes, expected->length) != 0)
        return false;
    return echo ||
           !frame_fits(expected, bytes[0], bytes + 1, expected->length - MODBUS_RTU_OVERHEAD);
}

static bool find_answer(const struct frame_expected *expected, bool echo, bool quiet,
                        const uint8_t *bytes, size_t length, struct frame *out)
{
    /* A driver that is switched late leaves a stray byte or two in front, so every begin is
     * tried: unit, function, length and CRC together keep it as safe as the first. */
    for (size_t at = 0; at + MODBUS_RTU_MIN <= length; at++) {
        const uint8_t *begin = bytes + at;
        size_t left = length - at;
        if (is_echo(expected, echo, begin, left)) {
            *out = (struct frame){.event = FRAME_ECHO, .drop = at + expected->length, .noise = at};
            return true;
        }
        struct modbus_rtu_frame found;
        size_t need = wanted_length(expected, begin, left);
        /* Functions without a rule of length end by silence alone. */
        if (!need && quiet && begin[0] == expected->unit &&
            begin[1] == expected->request.function && !expected->answer_length)
            need = left;
        if (need && need <= left && modbus_rtu_parse(begin, need, &found) == MODBUS_RTU_FINE &&
            frame_fits(expected, found.unit, found.pdu, found.pdu_length)) {
            *out = whole(FRAME_ANSWER, at, &found);
            return true;
        }
    }
    return false;
}

/* An intact frame at the very begin that nobody asked for: a late answer, or another unit's. */
static bool find_other(const uint8_t *bytes, size_t length, struct frame *out)
{
    struct modbus_rtu_frame found;
    int need = modbus_rtu_answer_length(bytes, length);
    if (need <= 0 || (size_t)need > length ||
        modbus_rtu_parse(bytes, (size_t)need, &found) != MODBUS_RTU_FINE)
        return false;
    *out = whole(FRAME_OTHER, 0, &found);
    return true;
}

struct frame frame_rtu_next(const struct frame_expected *expected, bool echo, bool quiet,
                            const uint8_t *bytes, size_t length)
{
    struct frame out = {.event = FRAME_MORE};
    if (!length)
        return out;
    if (expected && find_answer(expected, echo, quiet, bytes, length, &out))
        return out;
    if (find_other(bytes, length, &out))
        return out;
    size_t enough = MODBUS_RTU_MAX;
    if (expected && expected->answer_length)
        enough = expected->answer_length + MODBUS_RTU_OVERHEAD;
    /* Shorter than the answer it may be a half frame, with the rest still on its way. */
    if ((quiet && (!expected || length >= enough)) || length > MODBUS_RTU_MAX + FRAME_MAX)
        out = (struct frame){.event = FRAME_BROKEN, .drop = length, .noise = length};
    return out;
}
