/* The layouts of the eight functions are regular: a read asks by address and count, a single write
 * by address and value, a multiple write by address, count and data. All code below turns on that
 * difference alone, so that each rule stands once and not eight times. */
#include "wire/modbus_pdu.h"

#include <errno.h>
#include <string.h>

enum {
    SPACE = 0x10000,  /* addresses of one bank */
    COIL_ON = 0xFF00, /* 6.5: the only two values that a single coil may be written with */
    COIL_OFF = 0x0000,
    FIXED_LENGTH = 5, /* function, address, count or value */
};

static uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void put16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static size_t bit_bytes(size_t bits)
{
    return (bits + 7) / 8;
}

bool modbus_pdu_known(uint8_t function)
{
    return (function >= MODBUS_PDU_READ_COILS && function <= MODBUS_PDU_WRITE_REGISTER) ||
           function == MODBUS_PDU_WRITE_COILS || function == MODBUS_PDU_WRITE_REGISTERS;
}

static bool is_read(uint8_t function)
{
    return function >= MODBUS_PDU_READ_COILS && function <= MODBUS_PDU_READ_INPUT;
}

static bool is_single_write(uint8_t function)
{
    return function == MODBUS_PDU_WRITE_COIL || function == MODBUS_PDU_WRITE_REGISTER;
}

/* Bytes that count values take in a message of this function. */
static size_t value_bytes(uint8_t function, size_t count)
{
    bool bits = function == MODBUS_PDU_READ_COILS || function == MODBUS_PDU_READ_DISCRETE ||
                function == MODBUS_PDU_WRITE_COILS;
    return bits ? bit_bytes(count) : 2 * count;
}

/* Limits of the standard, not of the frame: 125 registers would leave a byte free. Devices that
 * allow less say so in their profile. */
static uint16_t count_max(uint8_t function)
{
    switch (function) {
    case MODBUS_PDU_READ_COILS:
    case MODBUS_PDU_READ_DISCRETE:
        return MODBUS_PDU_READ_BITS_MAX;
    case MODBUS_PDU_READ_HOLDING:
    case MODBUS_PDU_READ_INPUT:
        return MODBUS_PDU_READ_MAX;
    case MODBUS_PDU_WRITE_COILS:
        return MODBUS_PDU_WRITE_BITS_MAX;
    case MODBUS_PDU_WRITE_REGISTERS:
        return MODBUS_PDU_WRITE_MAX;
    default:
        return 1;
    }
}

/* The order of these tests is the order of the standard's state diagrams (6.1 ff.): count, then
 * address. A server that looks at the address first refuses an empty read at 65535 with another
 * code. */
static enum modbus_pdu_exception known_exception(const struct modbus_pdu_request *request)
{
    uint8_t function = request->function;
    if (request->count < 1 || request->count > count_max(function)) {
        return MODBUS_PDU_ILLEGAL_VALUE;
    }
    if (function == MODBUS_PDU_WRITE_COIL && request->value != COIL_ON &&
        request->value != COIL_OFF) {
        return MODBUS_PDU_ILLEGAL_VALUE;
    }
    if (request->address + request->count > SPACE) {
        return MODBUS_PDU_ILLEGAL_ADDRESS;
    }
    return MODBUS_PDU_EXCEPTION_NONE;
}

/* Functions that are only passed through: whoever sends them knows what they mean. */
static int raw_build(uint8_t function, const uint8_t *data, size_t length, uint8_t *pdu,
                     size_t size)
{
    if (length > MODBUS_PDU_MAX - 1) {
        return -EINVAL;
    }
    if (size < 1 + length) {
        return -ENOSPC;
    }
    pdu[0] = function;
    if (length > 0) {
        memcpy(pdu + 1, data, length);
    }
    return (int)(1 + length);
}

int modbus_pdu_request_build(const struct modbus_pdu_request *request, uint8_t *pdu, size_t size)
{
    uint8_t function = request->function;
    if (function == 0 || function >= MODBUS_PDU_EXCEPTION_FLAG) {
        return -EINVAL;
    }
    if (!modbus_pdu_known(function)) {
        return raw_build(function, request->data, request->data_length, pdu, size);
    }
    if (known_exception(request) != MODBUS_PDU_EXCEPTION_NONE) {
        return -EINVAL;
    }
    bool single = is_single_write(function);
    /* Data of another length than count says would be sent with a byte count that contradicts it.
     */
    bool carries = !single && !is_read(function);
    size_t values = carries ? value_bytes(function, request->count) : 0;
    size_t length = FIXED_LENGTH + (carries ? 1 + values : 0);
    if (request->data_length != values) {
        return -EINVAL;
    }
    if (size < length) {
        return -ENOSPC;
    }
    pdu[0] = function;
    put16(pdu + 1, request->address);
    put16(pdu + 3, single ? request->value : request->count);
    if (carries) {
        pdu[FIXED_LENGTH] = (uint8_t)values;
        memcpy(pdu + FIXED_LENGTH + 1, request->data, values);
    }
    return (int)length;
}

int modbus_pdu_request_parse(const uint8_t *pdu, size_t length, struct modbus_pdu_request *request)
{
    *request = (struct modbus_pdu_request){0};
    if (length < 1 || length > MODBUS_PDU_MAX || pdu[0] == 0 ||
        pdu[0] >= MODBUS_PDU_EXCEPTION_FLAG) {
        return -EBADMSG;
    }
    uint8_t function = pdu[0];
    request->function = function;
    if (!modbus_pdu_known(function)) {
        request->data = pdu + 1;
        request->data_length = length - 1;
        return 0;
    }
    /* Section 7 gives exception 3 for "the implied length is incorrect": the medium has delivered a
     * whole frame, so the sender is there and should hear why nothing happens. */
    if (length < FIXED_LENGTH) {
        return MODBUS_PDU_ILLEGAL_VALUE;
    }
    bool single = is_single_write(function);
    request->address = get16(pdu + 1);
    request->count = single ? 1 : get16(pdu + 3);
    request->value = single ? get16(pdu + 3) : 0;
    if (single || is_read(function)) {
        return length == FIXED_LENGTH ? (int)known_exception(request) : MODBUS_PDU_ILLEGAL_VALUE;
    }
    /* Three statements about the same thing: count, byte count, and what has really arrived. A
     * server that believes one without the others writes registers that nobody has sent. */
    size_t values = length > FIXED_LENGTH ? length - FIXED_LENGTH - 1 : 0;
    if (length == FIXED_LENGTH || pdu[FIXED_LENGTH] != values ||
        values != value_bytes(function, request->count)) {
        return MODBUS_PDU_ILLEGAL_VALUE;
    }
    request->data = pdu + FIXED_LENGTH + 1;
    request->data_length = values;
    return (int)known_exception(request);
}

size_t modbus_pdu_answer_length(const struct modbus_pdu_request *request)
{
    if (!modbus_pdu_known(request->function)) {
        return 0;
    }
    if (is_read(request->function)) {
        return 2 + value_bytes(request->function, request->count);
    }
    return FIXED_LENGTH;
}

int modbus_pdu_answer_build(const struct modbus_pdu_request *request, const uint8_t *data,
                            size_t data_length, uint8_t *pdu, size_t size)
{
    uint8_t function = request->function;
    if (function == 0 || function >= MODBUS_PDU_EXCEPTION_FLAG) {
        return -EINVAL;
    }
    if (!modbus_pdu_known(function)) {
        return raw_build(function, data, data_length, pdu, size);
    }
    if (known_exception(request) != MODBUS_PDU_EXCEPTION_NONE) {
        return -EINVAL;
    }
    size_t length = modbus_pdu_answer_length(request);
    if (is_read(function) && data_length != length - 2) {
        return -EINVAL;
    }
    if (size < length) {
        return -ENOSPC;
    }
    pdu[0] = function;
    if (is_read(function)) {
        pdu[1] = (uint8_t)data_length;
        memcpy(pdu + 2, data, data_length);
    } else {
        put16(pdu + 1, request->address);
        put16(pdu + 3, is_single_write(function) ? request->value : request->count);
    }
    return (int)length;
}

int modbus_pdu_exception_build(uint8_t function, uint8_t exception, uint8_t *pdu, size_t size)
{
    if (size < MODBUS_PDU_EXCEPTION_LENGTH) {
        return -ENOSPC;
    }
    pdu[0] = function | MODBUS_PDU_EXCEPTION_FLAG;
    pdu[1] = exception;
    return MODBUS_PDU_EXCEPTION_LENGTH;
}

static enum modbus_pdu_check exception_check(const uint8_t *pdu, size_t length,
                                             struct modbus_pdu_answer *answer)
{
    if (length != MODBUS_PDU_EXCEPTION_LENGTH) {
        return length < MODBUS_PDU_EXCEPTION_LENGTH ? MODBUS_PDU_SHORT : MODBUS_PDU_LONG;
    }
    answer->function = pdu[0] & (uint8_t)~MODBUS_PDU_EXCEPTION_FLAG;
    answer->exception = pdu[1];
    return MODBUS_PDU_REFUSED;
}

static enum modbus_pdu_check read_check(size_t wanted, const uint8_t *pdu, size_t length)
{
    if (length < 2) {
        return MODBUS_PDU_SHORT;
    }
    /* The count is compared before the length: a device that sends less, and says so, was asked for
     * too much; one whose frame ends early has a bad line. The cure is not the same. */
    if (pdu[1] != wanted - 2) {
        return MODBUS_PDU_OTHER_BYTE_COUNT;
    }
    if (length != wanted) {
        return length < wanted ? MODBUS_PDU_SHORT : MODBUS_PDU_LONG;
    }
    return MODBUS_PDU_FITS;
}

/* A device confirms a write by repeating address and value (or count). One that repeats something
 * else has perhaps written something else: the caller must read back, not believe. */
static enum modbus_pdu_check write_check(const struct modbus_pdu_request *request,
                                         const uint8_t *pdu, size_t length)
{
    if (length != FIXED_LENGTH) {
        return length < FIXED_LENGTH ? MODBUS_PDU_SHORT : MODBUS_PDU_LONG;
    }
    if (get16(pdu + 1) != request->address) {
        return MODBUS_PDU_OTHER_ADDRESS;
    }
    uint16_t echo = is_single_write(request->function) ? request->value : request->count;
    return get16(pdu + 3) == echo ? MODBUS_PDU_FITS : MODBUS_PDU_OTHER_VALUE;
}

enum modbus_pdu_check modbus_pdu_answer_check(const struct modbus_pdu_request *request,
                                              const uint8_t *pdu, size_t length,
                                              struct modbus_pdu_answer *answer)
{
    *answer = (struct modbus_pdu_answer){0};
    if (length < 1) {
        return MODBUS_PDU_SHORT;
    }
    if (length > MODBUS_PDU_MAX) {
        return MODBUS_PDU_LONG;
    }
    /* Only the refusal of this very function counts: a late one may still belong to what was asked
     * before, and its reason to another register. */
    uint8_t function = request->function;
    if (pdu[0] == (function | MODBUS_PDU_EXCEPTION_FLAG)) {
        return exception_check(pdu, length, answer);
    }
    if (pdu[0] != function) {
        return MODBUS_PDU_OTHER_FUNCTION;
    }
    enum modbus_pdu_check check = MODBUS_PDU_FITS;
    size_t header = 1;
    if (is_read(function)) {
        header = 2;
        check = read_check(modbus_pdu_answer_length(request), pdu, length);
    } else if (modbus_pdu_known(function)) {
        header = FIXED_LENGTH;
        check = write_check(request, pdu, length);
    }
    if (check == MODBUS_PDU_FITS) {
        answer->function = function;
        answer->data = pdu + header;
        answer->data_length = length - header;
    }
    return check;
}

bool modbus_pdu_bit(const uint8_t *data, size_t index)
{
    return (data[index / 8] >> (index % 8) & 1) != 0;
}

void modbus_pdu_bit_set(uint8_t *data, size_t index, bool on)
{
    uint8_t mask = (uint8_t)(1 << (index % 8));
    data[index / 8] = (uint8_t)(on ? data[index / 8] | mask : data[index / 8] & ~mask);
}

/* Section 7 names them by what a programmer did wrong; these words are for who looks at a meter. */
const char *modbus_pdu_exception_name(uint8_t exception)
{
    switch (exception) {
    case MODBUS_PDU_EXCEPTION_NONE:
        return "no exception";
    case MODBUS_PDU_ILLEGAL_FUNCTION:
        return "illegal function";
    case MODBUS_PDU_ILLEGAL_ADDRESS:
        return "illegal address";
    case MODBUS_PDU_ILLEGAL_VALUE:
        return "illegal value";
    case MODBUS_PDU_DEVICE_FAILURE:
        return "device failure";
    case MODBUS_PDU_ACKNOWLEDGE:
        return "accepted, still working";
    case MODBUS_PDU_BUSY:
        return "device busy";
    case MODBUS_PDU_MEMORY_PARITY:
        return "memory parity error";
    case MODBUS_PDU_PATH_UNAVAILABLE:
        return "gateway path unavailable";
    case MODBUS_PDU_TARGET_SILENT:
        return "device behind the gateway is silent";
    default:
        return "unknown exception";
    }
}

const char *modbus_pdu_function_name(uint8_t function)
{
    switch (function) {
    case MODBUS_PDU_READ_COILS:
        return "read coils";
    case MODBUS_PDU_READ_DISCRETE:
        return "read discrete inputs";
    case MODBUS_PDU_READ_HOLDING:
        return "read holding registers";
    case MODBUS_PDU_READ_INPUT:
        return "read input registers";
    case MODBUS_PDU_WRITE_COIL:
        return "write single coil";
    case MODBUS_PDU_WRITE_REGISTER:
        return "write single register";
    case MODBUS_PDU_WRITE_COILS:
        return "write coils";
    case MODBUS_PDU_WRITE_REGISTERS:
        return "write registers";
    default:
        return "other function";
    }
}

const char *modbus_pdu_check_name(enum modbus_pdu_check check)
{
    static const char *const names[MODBUS_PDU_CHECK_COUNT] = {
        [MODBUS_PDU_FITS] = "fits",
        [MODBUS_PDU_REFUSED] = "refused",
        [MODBUS_PDU_SHORT] = "short answer",
        [MODBUS_PDU_LONG] = "answer too long",
        [MODBUS_PDU_OTHER_FUNCTION] = "answer to another function",
        [MODBUS_PDU_OTHER_BYTE_COUNT] = "answer with another byte count",
        [MODBUS_PDU_OTHER_ADDRESS] = "confirmed another address",
        [MODBUS_PDU_OTHER_VALUE] = "confirmed another value",
    };
    return (unsigned)check < MODBUS_PDU_CHECK_COUNT ? names[check] : "unknown";
}
