#include "field/trace_decode.h"

#include "wire/modbus_rtu.h"
#include "wire/modbus_tcp.h"

void trace_decoder_start(struct trace_decoder *decoder, const struct trace *trace)
{
    decoder->rtu = trace_is_rtu(trace);
    decoder->count = 0;
}

static bool take_apart(const struct trace_decoder *decoder, const struct trace_frame *frame,
                       struct trace_meaning *meaning)
{
    struct modbus_rtu_frame rtu;
    struct modbus_tcp_frame tcp;
    if (decoder->rtu) {
        if (modbus_rtu_parse(frame->bytes, frame->length, &rtu) != MODBUS_RTU_FINE)
            return false;
        meaning->unit = rtu.unit;
        meaning->pdu = rtu.pdu;
        meaning->pdu_length = rtu.pdu_length;
    } else {
        if (modbus_tcp_parse(frame->bytes, frame->length, &tcp) != MODBUS_TCP_FRAME ||
            tcp.length != frame->length)
            return false;
        meaning->unit = tcp.unit;
        meaning->transaction = tcp.transaction;
        meaning->pdu = tcp.pdu;
        meaning->pdu_length = tcp.pdu_length;
    }
    meaning->function = meaning->pdu[0] & (uint8_t)~MODBUS_PDU_EXCEPTION_FLAG;
    return true;
}

/* Questions of RTU are numbered here, so that question and answer can be told to belong together.
 */
static void remember(struct trace_decoder *decoder, struct trace_meaning *meaning)
{
    struct trace_question *question = &decoder->questions[decoder->count % TRACE_QUESTIONS];
    decoder->count++;
    if (decoder->rtu)
        meaning->transaction = (uint16_t)decoder->count;
    *question = (struct trace_question){
        .transaction = meaning->transaction,
        .unit = meaning->unit,
        .pdu = meaning->pdu,
        .length = meaning->pdu_length,
    };
    if (modbus_pdu_request_parse(meaning->pdu, meaning->pdu_length, &question->request) == 0)
        meaning->asked = question;
}

static const struct trace_question *find(const struct trace_decoder *decoder,
                                         const struct trace_meaning *meaning)
{
    size_t most = decoder->count < TRACE_QUESTIONS ? decoder->count : TRACE_QUESTIONS;
    for (size_t back = 1; back <= most; back++) {
        const struct trace_question *question =
            &decoder->questions[(decoder->count - back) % TRACE_QUESTIONS];
        if (question->unit == meaning->unit &&
            (decoder->rtu ? question->request.function == meaning->function
                          : question->transaction == meaning->transaction))
            return question;
    }
    return NULL;
}

static void understand(const struct trace_decoder *decoder, struct trace_meaning *meaning)
{
    const struct trace_question *question = find(decoder, meaning);
    struct modbus_pdu_answer answer;
    if (meaning->pdu[0] & MODBUS_PDU_EXCEPTION_FLAG &&
        meaning->pdu_length >= MODBUS_PDU_EXCEPTION_LENGTH)
        meaning->exception = meaning->pdu[1];
    if (!question)
        return;
    if (decoder->rtu)
        meaning->transaction = question->transaction;
    if (modbus_pdu_answer_check(&question->request, meaning->pdu, meaning->pdu_length, &answer) >
        MODBUS_PDU_REFUSED)
        return;
    meaning->asked = question;
    if (!meaning->exception && answer.data_length) {
        meaning->data = answer.data;
        meaning->data_length = answer.data_length;
    }
}

struct trace_meaning trace_decode(struct trace_decoder *decoder, const struct trace_frame *frame)
{
    struct trace_meaning meaning = {
        .unit = frame->unit,
        .from_us = frame->kind == TRACE_SENT || frame->kind == TRACE_PROBE,
    };
    meaning.question = meaning.from_us || frame->kind == TRACE_MASTER;
    bool frames = meaning.question || frame->kind == TRACE_ANSWER || frame->kind == TRACE_LATE ||
                  frame->kind == TRACE_OTHER;
    if (!frames || !take_apart(decoder, frame, &meaning))
        return meaning;
    meaning.intact = true;
    if (meaning.question)
        remember(decoder, &meaning);
    else
        understand(decoder, &meaning);
    return meaning;
}

static bool has_bits(const struct trace_meaning *meaning)
{
    return meaning->function == MODBUS_PDU_READ_COILS ||
           meaning->function == MODBUS_PDU_READ_DISCRETE;
}

size_t trace_value_count(const struct trace_meaning *meaning)
{
    if (!meaning->data || !modbus_pdu_known(meaning->function))
        return 0;
    return has_bits(meaning) ? meaning->asked->request.count : meaning->data_length / 2;
}

unsigned trace_value(const struct trace_meaning *meaning, size_t index)
{
    if (has_bits(meaning))
        return modbus_pdu_bit(meaning->data, index);
    return (unsigned)meaning->data[2 * index] << 8 | meaning->data[2 * index + 1];
}
