/* Bytes from a TCP client. Frames found must be rebuilt byte for byte, and what is said about the
 * beginning of a stream must stay true when more of it arrives. */
#include <assert.h>
#include <string.h>

#include "wire/modbus_pdu.h"
#include "wire/modbus_tcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_prefixes(const uint8_t *data, size_t size)
{
    struct modbus_tcp_frame whole, part;
    enum modbus_tcp_state state = modbus_tcp_parse(data, size, &whole);
    size_t most = size < MODBUS_TCP_MAX ? size : MODBUS_TCP_MAX;
    for (size_t length = 0; length < most; length++) {
        enum modbus_tcp_state early = modbus_tcp_parse(data, length, &part);
        assert(early == MODBUS_TCP_MORE || early == state);
        assert(early != MODBUS_TCP_FRAME || part.length == whole.length);
    }
    /* No frame is longer than the largest: a full buffer always decides. */
    assert(size < MODBUS_TCP_MAX || state != MODBUS_TCP_MORE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_prefixes(data, size);
    struct modbus_tcp_frame frame;
    while (modbus_tcp_parse(data, size, &frame) == MODBUS_TCP_FRAME) {
        assert(frame.length <= size && frame.pdu_length >= 1);
        assert(frame.pdu + frame.pdu_length == data + frame.length);
        uint8_t again[MODBUS_TCP_MAX];
        int built = modbus_tcp_build(frame.transaction, frame.unit, frame.pdu, frame.pdu_length,
                                     again, sizeof(again));
        assert(built == (int)frame.length && memcmp(again, data, frame.length) == 0);

        struct modbus_pdu_request request;
        if (modbus_pdu_request_parse(frame.pdu, frame.pdu_length, &request) == 0) {
            built = modbus_pdu_request_build(&request, again, sizeof(again));
            assert(built == (int)frame.pdu_length);
            assert(memcmp(again, frame.pdu, frame.pdu_length) == 0);
        }
        data += frame.length;
        size -= frame.length;
    }
    return 0;
}
