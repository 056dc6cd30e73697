#include "driver/modbus_write.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "wire/modbus_pdu.h"

/* Mask write register (application protocol, 6.16): result = (now AND and) OR (or AND NOT and). */
enum { MASK_WRITE = 22, MASK_WRITE_LENGTH = 7 };

/* ---- building -------------------------------------------------------------------------------- */

static void put16(uint8_t *bytes, unsigned word)
{
    bytes[0] = (uint8_t)(word >> 8);
    bytes[1] = (uint8_t)word;
}

static void build_mask(uint16_t address, uint16_t mask, uint16_t bits,
                       struct driver_request *request)
{
    request->bytes[0] = MASK_WRITE;
    put16(request->bytes + 1, address);
    put16(request->bytes + 3, (uint16_t)~mask);
    put16(request->bytes + 5, bits);
    request->length = MASK_WRITE_LENGTH;
}

static void build_coil(uint16_t address, bool on, bool multiple, struct driver_request *request)
{
    const uint8_t bit = on;
    struct modbus_pdu_request pdu = {.function = MODBUS_PDU_WRITE_COIL,
                                     .address = address,
                                     .count = 1,
                                     .value = on ? 0xFF00 : 0};
    if (multiple) {
        pdu.function = MODBUS_PDU_WRITE_COILS;
        pdu.data = &bit;
        pdu.data_length = 1;
    }
    request->length = (size_t)modbus_pdu_request_build(&pdu, request->bytes, sizeof request->bytes);
}

static void build_registers(const struct profile_register *at, const uint8_t *bytes, bool multiple,
                            struct driver_request *request)
{
    struct modbus_pdu_request pdu = {.function = MODBUS_PDU_WRITE_REGISTER,
                                     .address = at->address,
                                     .count = at->count,
                                     .value = (uint16_t)(bytes[0] << 8 | bytes[1])};
    if (multiple || at->count > 1) {
        pdu.function = MODBUS_PDU_WRITE_REGISTERS;
        pdu.data = bytes;
        pdu.data_length = 2 * (size_t)at->count;
    }
    request->length = (size_t)modbus_pdu_request_build(&pdu, request->bytes, sizeof request->bytes);
}

/* ---- states and gauges ----------------------------------------------------------------------- */

static const struct profile_code *find_code(const struct profile_write *write, double number)
{
    for (size_t i = 0; i < write->code_count; i++) {
        if ((double)write->codes[i].number == number)
            return &write->codes[i];
    }
    return NULL;
}

static int encode_state(const struct profile_point *profile, double number,
                        struct driver_request *request, struct err *err)
{
    const struct profile_write *write = profile->write;
    const struct profile_code *code = find_code(write, number);
    uint8_t bytes[8];
    if (!code)
        return err_set(err, -ERANGE, "%s can't be made %g: the profile gives no code for it",
                       profile->path, number);
    if (write->mask)
        build_mask(code->at.address, write->mask, (uint16_t)code->raw, request);
    else if (code->at.bank == PROFILE_COIL)
        build_coil(code->at.address, code->raw, write->multiple, request);
    else if (modbus_value_encode_raw(code->at.type, code->at.order, code->raw, bytes,
                                     sizeof bytes) > 0)
        build_registers(&code->at, bytes, write->multiple, request);
    return 1;
}

static int encode_gauge(const struct profile_point *profile, double number,
                        struct driver_request *request, struct err *err)
{
    const struct profile_write *write = profile->write;
    const struct quantity_row *row = quantity_row(profile->quantity);
    double low = profile->narrowed ? profile->low : row->low,
           high = profile->narrowed ? profile->high : row->high;
    if (!(number >= low && number <= high))
        return err_set(err, -ERANGE, "%s can be %g to %g %s, not %g", profile->path, low, high,
                       row->unit, number);
    double raw = (number - profile->offset) * profile->scale.down / profile->scale.up;
    struct modbus_value value = modbus_value_from_float(raw);
    uint8_t bytes[8];
    if (write->at.bank == PROFILE_COIL) {
        build_coil(write->at.address, raw != 0, write->multiple, request);
        return 1;
    }
    if (modbus_value_encode(write->at.type, write->at.order, &value, bytes, sizeof bytes) < 0)
        return err_set(err, -ERANGE, "%s can't be made %g: it does not fit a %s", profile->path,
                       number, modbus_value_type_name(write->at.type));
    build_registers(&write->at, bytes, write->multiple, request);
    return 1;
}

int modbus_write_encode(const struct profile_point *profile, double number,
                        struct driver_request *request, struct err *err)
{
    if (!profile->write)
        return err_set(err, -ENOTSUP, "%s can only be read: its profile does not say how to write",
                       profile->path);
    request->write = request->once = true;
    request->tag = 0;
    request->timeout = 0;
    return profile->write->code_count ? encode_state(profile, number, request, err)
                                      : encode_gauge(profile, number, request, err);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* Whether a refusal means that nothing was changed (application protocol, section 7). A failure in
 * the middle, an acknowledgement of something that takes long, and a gateway that waited in vain
 * leave it open. */
static bool is_no(uint8_t exception)
{
    switch (exception) {
    case MODBUS_PDU_ILLEGAL_FUNCTION:
    case MODBUS_PDU_ILLEGAL_ADDRESS:
    case MODBUS_PDU_ILLEGAL_VALUE:
    case MODBUS_PDU_BUSY:
    case MODBUS_PDU_PATH_UNAVAILABLE:
        return true;
    default:
        return false;
    }
}

int modbus_write_check(const struct driver_request *request, const struct driver_answer *answer,
                       struct err *err)
{
    struct modbus_pdu_request asked = {.function = request->bytes[0]};
    struct modbus_pdu_answer got;
    if (modbus_pdu_known(request->bytes[0]) &&
        modbus_pdu_request_parse(request->bytes, request->length, &asked) != 0)
        return -EPROTO;
    enum modbus_pdu_check check =
        modbus_pdu_answer_check(&asked, answer->bytes, answer->length, &got);
    /* A function whose layout the codec does not know is answered with the request itself. */
    if (check == MODBUS_PDU_FITS && !modbus_pdu_known(asked.function) &&
        (answer->length != request->length ||
         memcmp(answer->bytes, request->bytes, request->length) != 0))
        check = MODBUS_PDU_OTHER_VALUE;
    if (check == MODBUS_PDU_FITS)
        return 0;
    if (check != MODBUS_PDU_REFUSED)
        return err_set(err, -EPROTO, "the device's answer is no proper one: %s",
                       modbus_pdu_check_name(check));
    return err_set(err, is_no(got.exception) ? -EACCES : -EPROTO,
                   is_no(got.exception) ? "the device refused: %s"
                                        : "the device did not say whether it was done: %s",
                   modbus_pdu_exception_name(got.exception));
}
