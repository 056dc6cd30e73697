/* Register bytes as numbers of every type and order, and numbers into every type. The first byte
 * chooses type and order. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "wire/modbus_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_decode(enum modbus_value_type type, enum modbus_value_order order,
                         const uint8_t *data, size_t size)
{
    struct modbus_value value = modbus_value_decode(type, order, data, size);
    size_t length = 2 * modbus_value_registers(type);
    uint8_t again[8];
    if (length == 0 || size < length) {
        assert(value.kind == MODBUS_VALUE_INVALID && value.raw == 0);
        return;
    }
    int built = modbus_value_encode_raw(type, order, value.raw, again, sizeof(again));
    assert(built == (int)length && memcmp(again, data, length) == 0);
    bool number = value.kind != MODBUS_VALUE_INVALID && value.kind != MODBUS_VALUE_NAN;
    assert(number == (isfinite(modbus_value_number(&value)) != 0));
    if (number && type != MODBUS_VALUE_BOOL) {
        built = modbus_value_encode(type, order, &value, again, sizeof(again));
        assert(built == (int)length && memcmp(again, data, length) == 0);
    }
}

/* What an encoder accepts must be read back as the same number, within half a step of the type. */
static void check_encode(enum modbus_value_type type, enum modbus_value_order order, double number)
{
    struct modbus_value value = modbus_value_from_float(number);
    uint8_t bytes[8];
    int built = modbus_value_encode(type, order, &value, bytes, sizeof(bytes));
    if (built < 0 || type == MODBUS_VALUE_BOOL || !isfinite(number)) {
        return;
    }
    struct modbus_value back = modbus_value_decode(type, order, bytes, (size_t)built);
    double error = fabs(modbus_value_number(&back) - number);
    double step = type == MODBUS_VALUE_FLOAT64   ? 0
                  : type == MODBUS_VALUE_FLOAT32 ? fmax(fabs(number) * 0x1p-24, 0x1p-150)
                  : type == MODBUS_VALUE_FLOAT16 ? fmax(fabs(number) * 0x1p-11, 0x1p-25)
                                                 : 0.5;
    assert(error <= step);
}

static void check_text(enum modbus_value_order order, const uint8_t *data, size_t size)
{
    char text[65], again[65];
    uint8_t registers[64];
    size_t length = modbus_value_text_decode(order, data, size, text, sizeof(text));
    assert(length < sizeof(text) && length <= size && strlen(text) == length);
    assert(modbus_value_text_encode(order, text, 32, registers, sizeof(registers)) == 64);
    size_t back = modbus_value_text_decode(order, registers, 64, again, sizeof(again));
    assert(back == length && memcmp(text, again, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    enum modbus_value_type type = (enum modbus_value_type)(data[0] % MODBUS_VALUE_TYPE_COUNT);
    enum modbus_value_order order =
        (enum modbus_value_order)(data[0] / MODBUS_VALUE_TYPE_COUNT % MODBUS_VALUE_ORDER_COUNT);
    data++;
    size--;
    check_decode(type, order, data, size);
    check_text(order, data, size);
    double number;
    if (size >= sizeof(number)) {
        memcpy(&number, data, sizeof(number));
        check_encode(type, order, number);
    }
    char word[12] = {0};
    enum modbus_value_order found;
    unsigned bits;
    memcpy(word, data, size < 11 ? size : 11);
    if (modbus_value_order_find(word, &found, &bits) == 0) {
        assert(strcmp(modbus_value_order_name(found, bits), word) == 0);
    }
    return 0;
}
