/* fuzz_modbus_bus - what is said on a bus on which we are a slave, in whatever pieces it comes. The
 * first three bytes tell of a question before it and how it is cut. */
#include <assert.h>
#include <stdbool.h>

#include "wire/modbus_bus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct modbus_bus_heard *heard, bool quiet, const uint8_t *bytes,
                  size_t length)
{
    struct modbus_rtu_frame again;
    assert(heard->drop <= length);
    assert(!quiet || !length || heard->drop); /* after a silence nothing is waited for */
    if (heard->event == MODBUS_BUS_MORE)
        assert(heard->drop == 0);
    if (heard->event != MODBUS_BUS_REQUEST && heard->event != MODBUS_BUS_OTHER)
        return;
    const uint8_t *begin = heard->frame.pdu - 1;
    size_t whole = heard->frame.pdu_length + MODBUS_RTU_OVERHEAD;
    assert(begin >= bytes && begin <= bytes + MODBUS_BUS_STRAY);
    assert(begin + whole <= bytes + heard->drop);
    assert(modbus_rtu_parse(begin, whole, &again) == MODBUS_RTU_FINE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    const struct modbus_bus_asked asked = {data[0], data[1]};
    size_t step = 1u + data[2] % 32;
    data += 3;
    size -= 3;
    for (size_t length = 0; length <= size && length <= 2 * MODBUS_RTU_MAX; length += step) {
        struct modbus_bus_heard heard = modbus_bus_next(&asked, false, data, length);
        check(&heard, false, data, length);
        heard = modbus_bus_next(&asked, true, data, length);
        check(&heard, true, data, length);
    }
    return 0;
}
