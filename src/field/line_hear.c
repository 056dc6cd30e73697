/* What is heard on a line: answers, late ones, those of others, damage. */

#include "field/line_private.h"

#include <string.h>

#include "wire/modbus_rtu.h"

#define RECENT_TRANSACTIONS 4096 /* numbers back that a late answer may carry */

/* Whether this is one more answer to a question that was answered: two devices have heard it. It
 * comes within the time that the unit may take, or it is somebody's mistake. */
static bool is_double(const struct line *line, const struct line_unit *unit, uint8_t function)
{
    return unit && unit->answered && unit->answered_function == function &&
           loop_now(line->loop) - unit->ended <= unit->window;
}

/* An intact frame that nobody waited for. */
static void unasked_frame(struct line *line, struct line_unit *unit, uint8_t function)
{
    struct line_unit *asked = line->flying ? line->flights[0].unit : NULL;
    bool twice = is_double(line, unit, function);
    line_count(line, twice ? unit : asked, STATISTICS_MISMATCHES);
    if (twice)
        line_count(line, unit, STATISTICS_DOUBLES);
    else if (!unit || unit != asked)
        line_count(line, asked, STATISTICS_FOREIGN);
}

/* An intact frame that fits no request: the late answer of a unit that owes one, or somebody's
 * mistake. */
static void other_frame(struct line *line, const struct frame *frame)
{
    struct line_unit *unit = line->units[frame->unit];
    uint8_t function = frame->pdu[0] & (uint8_t)~MODBUS_PDU_EXCEPTION_FLAG;
    enum debt_late late =
        unit ? line_debt_late(&unit->debt, frame->pdu, frame->pdu_length) : DEBT_STRANGE;
    if (late == DEBT_STRANGE) {
        unasked_frame(line, unit, function);
        line_look(line, TRACE_OTHER, frame->unit, line->in + frame->noise,
                  frame->drop - frame->noise);
        return;
    }
    line_count(line, unit, STATISTICS_LATE);
    line_look(line, TRACE_LATE, frame->unit, line->in + frame->noise, frame->drop - frame->noise);
    if (!unit->owed || late != unit->owed_what)
        return;
    unit->owed--;
    unit->hold_until = loop_now(line->loop) + (unit->owed ? unit->window : 0);
}

static void consume(struct line *line, size_t length)
{
    line->in_length -= length;
    memmove(line->in, line->in + length, line->in_length);
}

static void take_rtu_answer(struct line *line, struct line_flight *flight,
                            const struct frame *frame)
{
    if (!flight->write)
        line->echo = flight->echo_seen;
    const uint8_t *rest = line->in + frame->drop;
    size_t left = line->in_length - frame->drop;
    line_look(line, TRACE_NOISE, 0, line->in, frame->noise);
    line_look(line, TRACE_ANSWER, frame->unit, line->in + frame->noise, frame->drop - frame->noise);
    line_look(line, TRACE_NOISE, 0, rest, left);
    /* What begins like the answer once more comes of another device. */
    if (left >= 2 && rest[0] == frame->unit && rest[1] == frame->pdu[0]) {
        line_count(line, flight->unit, STATISTICS_MISMATCHES);
        line_count(line, flight->unit, STATISTICS_DOUBLES);
    }
    /* What follows an answer is noise; its bytes stay where they are until the callback has read
     * them. */
    line->statistics.counts[STATISTICS_NOISE] += left;
    line->in_length = 0;
    line_answered(line, flight, frame->pdu, frame->pdu_length);
}

/* Damage that can be nothing but the answer; other bytes may have come before it. */
static bool is_damaged_answer(const struct line *line, const struct frame_expected *expected,
                              size_t length)
{
    return expected->answer_length && length == expected->answer_length + MODBUS_RTU_OVERHEAD &&
           line->in[0] == expected->unit && line->in[1] == expected->request.function;
}

/* Bytes that are no answer: damage, or what another master asks. */
static void broken_bytes(struct line *line, const struct line_flight *flight, size_t length)
{
    struct modbus_rtu_frame found;
    int need = modbus_rtu_request_length(line->in, length);
    bool master = !flight && need > 0 && (size_t)need == length &&
                  modbus_rtu_parse(line->in, length, &found) == MODBUS_RTU_FINE;
    if (master)
        line_count(line, NULL, STATISTICS_MASTERS);
    line_look(line, master ? TRACE_MASTER : TRACE_BROKEN, master ? found.unit : 0, line->in,
              length);
}

void line_hear_rtu(struct line *line, bool quiet)
{
    while (line->in_length) {
        struct line_flight *flight = line->flying ? line->flights : NULL;
        bool echo = line->echo && flight && !flight->echo_seen;
        struct frame frame = frame_rtu_next(flight ? &flight->expected : NULL, echo, quiet,
                                            line->in, line->in_length);
        line->statistics.counts[STATISTICS_NOISE] += frame.noise;
        switch (frame.event) {
        case FRAME_ANSWER:
            take_rtu_answer(line, flight, &frame);
            return;
        case FRAME_OTHER:
            other_frame(line, &frame);
            break;
        case FRAME_ECHO:
            line->echo = flight->echo_seen = true;
            line_look(line, TRACE_ECHO, flight->expected.unit, line->in + frame.noise,
                      frame.drop - frame.noise);
            break;
        case FRAME_BROKEN:
            broken_bytes(line, flight, frame.drop);
            if (flight)
                flight->came = is_damaged_answer(line, &flight->expected, frame.drop);
            consume(line, frame.drop);
            if (!flight || !quiet)
                return;
            line_count(line, flight->unit, STATISTICS_CRC_ERRORS);
            line_note(line, flight, "damaged answer");
            line_attempt_failed(line, flight);
            return;
        default:
            return;
        }
        consume(line, frame.drop);
    }
}

static void tcp_frame(struct line *line, const struct frame *frame, const uint8_t *bytes)
{
    for (int i = 0; i < line->width; i++) {
        struct line_flight *flight = &line->flights[i];
        if (!flight->used || flight->expected.transaction != frame->transaction)
            continue;
        if (frame_fits(&flight->expected, frame->unit, frame->pdu, frame->pdu_length)) {
            line_look(line, TRACE_ANSWER, frame->unit, bytes, frame->drop);
            line_answered(line, flight, frame->pdu, frame->pdu_length);
        } else {
            line_look(line, TRACE_OTHER, frame->unit, bytes, frame->drop);
            if (frame->unit != flight->expected.unit)
                line_count(line, flight->unit, STATISTICS_FOREIGN);
            /* Its one answer has come and is none: waiting on would be in vain. */
            line_count(line, flight->unit, STATISTICS_MISMATCHES);
            line_note(line, flight, "answer to another question");
            line_attempt_failed(line, flight);
        }
        return;
    }
    bool late = (uint16_t)(line->transaction - frame->transaction) < RECENT_TRANSACTIONS;
    line_look(line, late ? TRACE_LATE : TRACE_OTHER, frame->unit, bytes, frame->drop);
    line_count(line, late ? line->units[frame->unit] : NULL,
               late ? STATISTICS_LATE : STATISTICS_MISMATCHES);
}

/* Whoever was asked has answered with this; where several were, nobody knows who. */
static void tcp_garbage(struct line *line)
{
    static const char what[] = "sent bytes that are not Modbus";
    for (int i = 0; line->flying == 1 && i < line->width; i++) {
        struct line_flight *flight = &line->flights[i];
        if (!flight->used)
            continue;
        line_count(line, flight->unit, STATISTICS_MISMATCHES);
        line_note(line, flight, what);
        line->sick = true; /* nothing more is sent on this connection */
        line_attempt_failed(line, flight);
        break;
    }
    if (line->state == LINE_STATE_OPEN)
        line_spoiled(line, what);
}

void line_hear_tcp(struct line *line)
{
    size_t at = 0;
    while (at < line->in_length) {
        struct frame frame = frame_tcp_next(line->in + at, line->in_length - at);
        if (frame.event == FRAME_MORE)
            break;
        if (frame.event == FRAME_GARBAGE) {
            line->statistics.counts[STATISTICS_NOISE] += frame.noise;
            line_look(line, TRACE_NOISE, 0, line->in + at, line->in_length - at);
            tcp_garbage(line);
            return;
        }
        const uint8_t *bytes = line->in + at;
        at += frame.drop;
        tcp_frame(line, &frame, bytes);
        if (line->state != LINE_STATE_OPEN)
            return;
    }
    consume(line, at);
}
