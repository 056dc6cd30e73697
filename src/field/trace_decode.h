/* trace_decode - what the frames of a trace mean: unit, function, registers, values, refusal.
 *
 * An answer on the wire does not say which registers it brings, so the decoder is fed all frames in
 * order and remembers the last questions. Pure; borrows the frames' bytes, which must stay until
 * the decoder is done with.
 */
#pragma once

#include "field/trace.h"
#include "wire/modbus_pdu.h"

#define TRACE_QUESTIONS 64 /* remembered; more are never under way on one line */

struct trace_decoder {
    bool rtu;
    size_t count; /* questions seen */
    struct trace_question {
        uint16_t transaction;
        uint8_t unit;
        const uint8_t *pdu;
        size_t length;
        struct modbus_pdu_request request;
    } questions[TRACE_QUESTIONS];
};

struct trace_meaning {
    bool intact;   /* all below holds; else the bytes are no frame */
    bool from_us;  /* our question, or another master's */
    bool question; /* else an answer */
    uint8_t unit;
    uint16_t transaction; /* of RTU: made up, the same for question and answer */
    const uint8_t *pdu;
    size_t pdu_length;
    uint8_t function, exception; /* exception: 0 unless refused */
    const struct trace_question
        *asked;          /* what is answered, NULL: not known; of a question itself */
    const uint8_t *data; /* values; NULL: none, or not understood */
    size_t data_length;
};

void trace_decoder_start(struct trace_decoder *decoder, const struct trace *trace);
struct trace_meaning trace_decode(struct trace_decoder *decoder, const struct trace_frame *frame);

/* Value number `index` of an answer that has data: a register, or 0 or 1. */
unsigned trace_value(const struct trace_meaning *meaning, size_t index);
size_t trace_value_count(const struct trace_meaning *meaning);
