#include "wire/modbus_bus.h"

#include <errno.h>

#include "wire/modbus_pdu.h"

#define MISCOUNTED_MIN 9 /* unit, function, address, quantity, byte count, CRC */

/* A whole frame of this length: it is intact. Not whole yet: it may become one. */
static bool is_frame(int need, const uint8_t *bytes, size_t length, struct modbus_rtu_frame *frame)
{
    return need > 0 && (size_t)need <= length &&
           modbus_rtu_parse(bytes, (size_t)need, frame) == MODBUS_RTU_FINE;
}

static bool may_become(int need, size_t length)
{
    return need == 0 || need == -ENOTSUP || (need > 0 && (size_t)need > length);
}

/* A write of several whose byte count is not that of the frame. Silence ends frames, not the count
 * (serial guide 2.5.1.1), so this is a question all the same, one that is refused: 6.11 and 6.12,
 * exception 3. A confirmation of such a write, of another unit with our address, has no byte count.
 */
static bool is_miscounted(const uint8_t *bytes, size_t length)
{
    return length >= MISCOUNTED_MIN &&
           (bytes[1] == MODBUS_PDU_WRITE_COILS || bytes[1] == MODBUS_PDU_WRITE_REGISTERS);
}

/* All that is there is one question, wherever the rules of length would end it: functions without
 * such a rule end by silence alone. */
static bool is_last_question(const uint8_t *bytes, size_t length, struct modbus_rtu_frame *frame)
{
    int need = modbus_rtu_request_length(bytes, length);
    return (need == -ENOTSUP || (need > 0 && (size_t)need == length) ||
            is_miscounted(bytes, length)) &&
           modbus_rtu_parse(bytes, length, frame) == MODBUS_RTU_FINE;
}

static struct modbus_bus_heard at_silence(const uint8_t *bytes, size_t length)
{
    struct modbus_bus_heard heard = {.event = MODBUS_BUS_LOST, .drop = length};
    for (size_t stray = 0; stray <= MODBUS_BUS_STRAY && stray < length; stray++) {
        if (is_last_question(bytes + stray, length - stray, &heard.frame)) {
            heard.event = MODBUS_BUS_REQUEST;
            break;
        }
    }
    return heard;
}

struct modbus_bus_heard modbus_bus_next(const struct modbus_bus_asked *asked, bool quiet,
                                        const uint8_t *bytes, size_t length)
{
    struct modbus_bus_heard heard = {.event = MODBUS_BUS_MORE};
    if (!length)
        return heard;
    int need = modbus_rtu_request_length(bytes, length);
    if (is_frame(need, bytes, length, &heard.frame)) {
        heard.event = MODBUS_BUS_REQUEST;
        heard.drop = (size_t)need;
        return heard;
    }
    bool more = may_become(need, length);
    /* Beside questions only what was asked of a neighbour is expected. */
    if (asked->function && bytes[0] == asked->unit &&
        (length < 2 || (bytes[1] & (uint8_t)~MODBUS_PDU_EXCEPTION_FLAG) == asked->function)) {
        need = modbus_rtu_answer_length(bytes, length);
        if (is_frame(need, bytes, length, &heard.frame)) {
            heard.event = MODBUS_BUS_OTHER;
            heard.drop = (size_t)need;
            return heard;
        }
        more |= may_become(need, length);
    }
    if (quiet)
        return at_silence(bytes, length);
    if (!more || length > MODBUS_RTU_MAX)
        heard.event = MODBUS_BUS_LOST;
    return heard;
}
