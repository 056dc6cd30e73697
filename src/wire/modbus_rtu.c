#include "wire/modbus_rtu.h"

#include <errno.h>
#include <string.h>

#include "wire/modbus_pdu.h"

enum {
    FIXED_GAP_BAUD = 19200, /* 2.5.1.1: above it the silences no longer shrink with the speed */
    FIXED_GAP_US = 1750,
    FIXED_INNER_GAP_US = 750,
};

/* Remainders of all bytes for the polynomial x^16 + x^15 + x^2 + 1, bits reversed (0xA001). Made by
 * the eight shifts of the standard's appendix B; a test makes them again. */
/* clang-format off */
static const uint16_t crc_table[256] = {
    0x0000, 0xC0C1, 0xC181, 0x0140, 0xC301, 0x03C0, 0x0280, 0xC241, 0xC601, 0x06C0, 0x0780, 0xC741,
    0x0500, 0xC5C1, 0xC481, 0x0440, 0xCC01, 0x0CC0, 0x0D80, 0xCD41, 0x0F00, 0xCFC1, 0xCE81, 0x0E40,
    0x0A00, 0xCAC1, 0xCB81, 0x0B40, 0xC901, 0x09C0, 0x0880, 0xC841, 0xD801, 0x18C0, 0x1980, 0xD941,
    0x1B00, 0xDBC1, 0xDA81, 0x1A40, 0x1E00, 0xDEC1, 0xDF81, 0x1F40, 0xDD01, 0x1DC0, 0x1C80, 0xDC41,
    0x1400, 0xD4C1, 0xD581, 0x1540, 0xD701, 0x17C0, 0x1680, 0xD641, 0xD201, 0x12C0, 0x1380, 0xD341,
    0x1100, 0xD1C1, 0xD081, 0x1040, 0xF001, 0x30C0, 0x3180, 0xF141, 0x3300, 0xF3C1, 0xF281, 0x3240,
    0x3600, 0xF6C1, 0xF781, 0x3740, 0xF501, 0x35C0, 0x3480, 0xF441, 0x3C00, 0xFCC1, 0xFD81, 0x3D40,
    0xFF01, 0x3FC0, 0x3E80, 0xFE41, 0xFA01, 0x3AC0, 0x3B80, 0xFB41, 0x3900, 0xF9C1, 0xF881, 0x3840,
    0x2800, 0xE8C1, 0xE981, 0x2940, 0xEB01, 0x2BC0, 0x2A80, 0xEA41, 0xEE01, 0x2EC0, 0x2F80, 0xEF41,
    0x2D00, 0xEDC1, 0xEC81, 0x2C40, 0xE401, 0x24C0, 0x2580, 0xE541, 0x2700, 0xE7C1, 0xE681, 0x2640,
    0x2200, 0xE2C1, 0xE381, 0x2340, 0xE101, 0x21C0, 0x2080, 0xE041, 0xA001, 0x60C0, 0x6180, 0xA141,
    0x6300, 0xA3C1, 0xA281, 0x6240, 0x6600, 0xA6C1, 0xA781, 0x6740, 0xA501, 0x65C0, 0x6480, 0xA441,
    0x6C00, 0xACC1, 0xAD81, 0x6D40, 0xAF01, 0x6FC0, 0x6E80, 0xAE41, 0xAA01, 0x6AC0, 0x6B80, 0xAB41,
    0x6900, 0xA9C1, 0xA881, 0x6840, 0x7800, 0xB8C1, 0xB981, 0x7940, 0xBB01, 0x7BC0, 0x7A80, 0xBA41,
    0xBE01, 0x7EC0, 0x7F80, 0xBF41, 0x7D00, 0xBDC1, 0xBC81, 0x7C40, 0xB401, 0x74C0, 0x7580, 0xB541,
    0x7700, 0xB7C1, 0xB681, 0x7640, 0x7200, 0xB2C1, 0xB381, 0x7340, 0xB101, 0x71C0, 0x7080, 0xB041,
    0x5000, 0x90C1, 0x9181, 0x5140, 0x9301, 0x53C0, 0x5280, 0x9241, 0x9601, 0x56C0, 0x5780, 0x9741,
    0x5500, 0x95C1, 0x9481, 0x5440, 0x9C01, 0x5CC0, 0x5D80, 0x9D41, 0x5F00, 0x9FC1, 0x9E81, 0x5E40,
    0x5A00, 0x9AC1, 0x9B81, 0x5B40, 0x9901, 0x59C0, 0x5880, 0x9841, 0x8801, 0x48C0, 0x4980, 0x8941,
    0x4B00, 0x8BC1, 0x8A81, 0x4A40, 0x4E00, 0x8EC1, 0x8F81, 0x4F40, 0x8D01, 0x4DC0, 0x4C80, 0x8C41,
    0x4400, 0x84C1, 0x8581, 0x4540, 0x8701, 0x47C0, 0x4680, 0x8641, 0x8201, 0x42C0, 0x4380, 0x8341,
    0x4100, 0x81C1, 0x8081, 0x4040,
};
/* clang-format on */

uint16_t modbus_rtu_crc(const uint8_t *bytes, size_t length)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < length; i++) {
        crc = (uint16_t)(crc >> 8 ^ crc_table[(crc ^ bytes[i]) & 0xFF]);
    }
    return crc;
}

int modbus_rtu_build(uint8_t unit, const uint8_t *pdu, size_t pdu_length, uint8_t *frame,
                     size_t size)
{
    if (pdu_length < 1 || pdu_length > MODBUS_PDU_MAX) {
        return -EINVAL;
    }
    if (size < pdu_length + MODBUS_RTU_OVERHEAD) {
        return -ENOSPC;
    }
    frame[0] = unit;
    /* Callers may have built the PDU in place behind the unit. */
    memmove(frame + 1, pdu, pdu_length);
    uint16_t crc = modbus_rtu_crc(frame, pdu_length + 1);
    frame[pdu_length + 1] = (uint8_t)crc;
    frame[pdu_length + 2] = (uint8_t)(crc >> 8);
    return (int)(pdu_length + MODBUS_RTU_OVERHEAD);
}

enum modbus_rtu_check modbus_rtu_parse(const uint8_t *frame, size_t length,
                                       struct modbus_rtu_frame *out)
{
    if (length < MODBUS_RTU_MIN) {
        return MODBUS_RTU_SHORT;
    }
    if (length > MODBUS_RTU_MAX) {
        return MODBUS_RTU_LONG;
    }
    uint16_t crc = (uint16_t)(frame[length - 1] << 8 | frame[length - 2]);
    if (crc != modbus_rtu_crc(frame, length - 2)) {
        return MODBUS_RTU_CRC;
    }
    *out = (struct modbus_rtu_frame){
        .unit = frame[0],
        .pdu = frame + 1,
        .pdu_length = length - MODBUS_RTU_OVERHEAD,
    };
    return MODBUS_RTU_FINE;
}

/* A frame whose length stands in the byte (or the 16-bit word) at offset: fixed bytes around it,
 * CRC included, and as many as it says. */
static int counted(const uint8_t *bytes, size_t have, size_t offset, size_t width, size_t fixed)
{
    if (have < offset + width) {
        return 0;
    }
    size_t count = width == 1 ? bytes[offset] : (size_t)(bytes[offset] << 8 | bytes[offset + 1]);
    return fixed + count <= MODBUS_RTU_MAX ? (int)(fixed + count) : -EBADMSG;
}

/* The functions beyond the eight known ones are the rest of the application protocol's section 6:
 * the codec passes them through raw, but a gateway must still know where their frames end. */
int modbus_rtu_answer_length(const uint8_t *bytes, size_t have)
{
    if (have < 2) {
        return 0;
    }
    uint8_t function = bytes[1];
    if (function >= MODBUS_PDU_EXCEPTION_FLAG) {
        return MODBUS_PDU_EXCEPTION_LENGTH + MODBUS_RTU_OVERHEAD;
    }
    switch (function) {
    case 0:
        return -EBADMSG;
    case MODBUS_PDU_READ_COILS:
    case MODBUS_PDU_READ_DISCRETE:
    case MODBUS_PDU_READ_HOLDING:
    case MODBUS_PDU_READ_INPUT:
    case 12: /* get comm event log */
    case 17: /* report server id */
    case 20: /* read file record */
    case 21: /* write file record */
    case 23: /* read/write multiple registers */
        return counted(bytes, have, 2, 1, 5);
    case MODBUS_PDU_WRITE_COIL:
    case MODBUS_PDU_WRITE_REGISTER:
    case MODBUS_PDU_WRITE_COILS:
    case MODBUS_PDU_WRITE_REGISTERS:
    case 11: /* get comm event counter */
        return 8;
    case 7: /* read exception status */
        return 5;
    case 22: /* mask write register */
        return 10;
    case 24: /* read FIFO queue: the only one with a 16-bit count */
        return counted(bytes, have, 2, 2, 6);
    default: /* also 8, diagnostics, whose test data may be of any length */
        return -ENOTSUP;
    }
}

int modbus_rtu_request_length(const uint8_t *bytes, size_t have)
{
    if (have < 2) {
        return 0;
    }
    uint8_t function = bytes[1];
    if (function == 0 || function >= MODBUS_PDU_EXCEPTION_FLAG) {
        return -EBADMSG;
    }
    switch (function) {
    case MODBUS_PDU_READ_COILS:
    case MODBUS_PDU_READ_DISCRETE:
    case MODBUS_PDU_READ_HOLDING:
    case MODBUS_PDU_READ_INPUT:
    case MODBUS_PDU_WRITE_COIL:
    case MODBUS_PDU_WRITE_REGISTER:
        return 8;
    case MODBUS_PDU_WRITE_COILS:
    case MODBUS_PDU_WRITE_REGISTERS:
        return counted(bytes, have, 6, 1, 9);
    case 7:
    case 11:
    case 12:
    case 17:
        return 4;
    case 20:
    case 21:
        return counted(bytes, have, 2, 1, 5);
    case 22:
        return 10;
    case 23:
        return counted(bytes, have, 10, 1, 13);
    case 24:
        return 6;
    default:
        return -ENOTSUP;
    }
}

static uint32_t character_bits(const struct modbus_rtu_line *line)
{
    uint32_t stop_bits = line->stop_bits > 0 ? line->stop_bits : 1;
    uint32_t parity_bits = line->parity ? 1 : 0;
    return 1 + 8 + parity_bits + stop_bits;
}

/* Counts half characters, because the standard's silences are 3.5 and 1.5 of them. */
static uint32_t half_characters_us(const struct modbus_rtu_line *line, size_t halves)
{
    if (line->baud == 0) {
        return 0;
    }
    uint64_t divisor = 2 * (uint64_t)line->baud;
    uint64_t bits = (uint64_t)halves * character_bits(line);
    return (uint32_t)((bits * 1000000 + divisor - 1) / divisor);
}

uint32_t modbus_rtu_transfer_us(const struct modbus_rtu_line *line, size_t count)
{
    return half_characters_us(line, 2 * count);
}

uint32_t modbus_rtu_gap_us(const struct modbus_rtu_line *line)
{
    return line->baud > FIXED_GAP_BAUD ? FIXED_GAP_US : half_characters_us(line, 7);
}

uint32_t modbus_rtu_inner_gap_us(const struct modbus_rtu_line *line)
{
    return line->baud > FIXED_GAP_BAUD ? FIXED_INNER_GAP_US : half_characters_us(line, 3);
}
