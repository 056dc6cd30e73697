#include "field/raw_memory.h"

#include <stdbool.h>
#include <string.h>

static bool is_read(uint8_t function)
{
    return function >= MODBUS_PDU_READ_COILS && function <= MODBUS_PDU_READ_INPUT;
}

static bool is_bits(uint8_t function)
{
    return function <= MODBUS_PDU_READ_DISCRETE;
}

/* The place of the same question, else of the oldest answer. */
static struct raw_span *place_of(struct raw_memory *memory,
                                 const struct modbus_pdu_request *request)
{
    struct raw_span *oldest = memory->spans;
    for (size_t i = 0; i < RAW_MEMORY_SPANS; i++) {
        struct raw_span *span = &memory->spans[i];
        if (span->function == request->function && span->address == request->address &&
            span->count == request->count)
            return span;
        if (span->at < oldest->at)
            oldest = span;
    }
    return oldest;
}

void raw_memory_keep(struct raw_memory *memory, const struct modbus_pdu_request *request,
                     const struct modbus_pdu_answer *answer, clock_us at)
{
    struct raw_span *span;
    if (!is_read(request->function) || answer->exception || answer->data_length > sizeof span->data)
        return;
    span = place_of(memory, request);
    span->function = request->function;
    span->address = request->address;
    span->count = request->count;
    span->at = at;
    span->length = (uint8_t)answer->data_length;
    memcpy(span->data, answer->data, answer->data_length);
}

static bool holds(const struct raw_span *span, const struct modbus_pdu_request *request)
{
    return span->at && span->function == request->function && span->address <= request->address &&
           (uint32_t)request->address + request->count <= (uint32_t)span->address + span->count;
}

static size_t build(const struct raw_span *span, const struct modbus_pdu_request *request,
                    uint8_t *pdu)
{
    uint8_t bits[(MODBUS_PDU_READ_BITS_MAX + 7) / 8] = {0};
    size_t skip = (size_t)(request->address - span->address);
    const uint8_t *data = span->data + 2 * skip;
    size_t length = 2u * request->count;
    if (is_bits(request->function)) {
        for (size_t i = 0; i < request->count; i++)
            modbus_pdu_bit_set(bits, i, modbus_pdu_bit(span->data, skip + i));
        data = bits;
        length = (request->count + 7u) / 8;
    }
    int built = modbus_pdu_answer_build(request, data, length, pdu, MODBUS_PDU_MAX);
    return built > 0 ? (size_t)built : 0;
}

size_t raw_memory_answer(const struct raw_memory *memory, const struct modbus_pdu_request *request,
                         clock_us since, uint8_t *pdu)
{
    const struct raw_span *youngest = NULL;
    if (!is_read(request->function))
        return 0;
    for (size_t i = 0; i < RAW_MEMORY_SPANS; i++) {
        const struct raw_span *span = &memory->spans[i];
        if (holds(span, request) && span->at >= since && (!youngest || span->at > youngest->at))
            youngest = span;
    }
    return youngest ? build(youngest, request, pdu) : 0;
}

void raw_memory_forget(struct raw_memory *memory)
{
    for (size_t i = 0; i < RAW_MEMORY_SPANS; i++)
        memory->spans[i].at = 0;
}
