/* How transactions end: with an answer, without one, or given up. */

#include "field/line_private.h"

#include <stdio.h>
#include <string.h>

#include "wire/modbus_rtu.h"

/* So many unanswered requests and so long without a byte: the connection is dead though nobody says
 * so. */
#define DEAF_TIMEOUTS 3
#define DEAF_TIME (5 * CLOCK_S)

void line_count(struct line *line, struct line_unit *unit, enum statistics_count what)
{
    line->statistics.counts[what]++;
    if (unit)
        unit->statistics.counts[what]++;
}

void line_look(struct line *line, enum trace_kind kind, uint8_t unit, const uint8_t *bytes,
               size_t length)
{
    if (line->trace && (length || kind == TRACE_SILENCE))
        trace_put(line->trace, loop_now(line->loop), loop_wall(line->loop), kind, unit, bytes,
                  length);
}

void line_note(struct line *line, const struct line_flight *flight, const char *what)
{
    char text[STATISTICS_ERROR_MAX];
    snprintf(text, sizeof text, "%s on %.64s, unit %u", what, line->name, flight->expected.unit);
    statistics_error(&line->statistics, loop_wall(line->loop), text);
    statistics_error(&flight->unit->statistics, loop_wall(line->loop), text);
}

/* ---- how a transaction ends ------------------------------------------------------------------ */

/* Frees the place; returns whose it was, NULL when it was cancelled. */
static struct line_request *land(struct line *line, struct line_flight *flight)
{
    clock_us now = loop_now(line->loop);
    struct line_unit *unit = flight->unit;
    unit->busy = false;
    unit->ended = line->ended = now;
    if (flight->write)
        unit->rest_until = now + flight->write_gap;
    flight->used = false;
    if (--line->loads[flight->load].flying == 0)
        statistics_busy_end(&line->loads[flight->load].busy, now);
    if (--line->flying == 0) {
        statistics_busy_end(&line->busy, now);
        line_idle(line);
        if (line->resting)
            line_settle(line);
    }
    return flight->request;
}

static void count_answer(struct line *line, struct line_flight *flight, const uint8_t *pdu,
                         size_t length)
{
    clock_us latency = loop_now(line->loop) - flight->sent;
    statistics_answer(&line->statistics, latency);
    statistics_answer(&flight->unit->statistics, latency);
    if (flight->way == DEBT_PROBE) /* that it was refused is nobody's trouble */
        return;
    if (length >= MODBUS_PDU_EXCEPTION_LENGTH && pdu[0] & MODBUS_PDU_EXCEPTION_FLAG) {
        statistics_exception(&line->statistics, pdu[1]);
        statistics_exception(&flight->unit->statistics, pdu[1]);
        char what[60];
        snprintf(what, sizeof what, "exception %u (%.36s)", pdu[1],
                 modbus_pdu_exception_name(pdu[1]));
        line_note(line, flight, what);
    }
}

static void owe(struct line *line, const struct line_flight *flight)
{
    uint8_t unit = flight->expected.unit;
    if (line->rtu && unit != MODBUS_RTU_BROADCAST && !flight->came)
        line_debt_owe(&line_unit_of(line, unit)->debt, &flight->expected, flight->way == DEBT_PROBE,
                      flight->number);
}

void line_flights_adopt(struct line *line, const struct line *old)
{
    for (int i = 0; old->rtu && i < old->width; i++) {
        if (old->flights[i].used)
            owe(line, &old->flights[i]);
    }
}

/* Whether the answer can only be this question's own, and what the unit owes after it. */
static bool settle(struct line *line, struct line_flight *flight, const uint8_t *pdu, size_t length)
{
    struct line_unit *unit = flight->unit;
    if (!line->rtu)
        return true;
    if (!line_debt_is_clear(&unit->debt, &flight->expected, pdu, length)) {
        owe(line, flight);
        if (!line_debt_unclear(&unit->debt, flight->way))
            unit->hold_until = flight->sent + 3 * unit->window;
        return false;
    }
    bool refused = pdu[0] & MODBUS_PDU_EXCEPTION_FLAG;
    line_debt_answered(&unit->debt, &flight->expected, flight->number, refused);
    if (flight->way == DEBT_PROBE) {
        unit->owed = 0;
        unit->hold_until = 0;
    } else if (unit->owed) {
        /* One of several attempts was answered, nobody knows which: the others may still be. */
        unit->hold_until = flight->sent + 2 * unit->window;
    }
    return true;
}

/* A probe was answered, or a question by who knows what: now the question, or another probe. */
static void ask_again(struct line *line, struct line_request *request)
{
    request->attempts = 0;
    line_queue_push(&line->queue, request, loop_now(line->loop), true);
}

void line_answered(struct line *line, struct line_flight *flight, const uint8_t *pdu, size_t length)
{
    bool clear = settle(line, flight, pdu, length);
    bool done = clear && flight->way != DEBT_PROBE;
    if (clear || flight->way == DEBT_PROBE)
        count_answer(line, flight, pdu, length);
    else
        line_count(line, flight->unit, STATISTICS_LATE);
    if (!line->useful)
        line_works(line);
    flight->unit->answered = true;
    flight->unit->answered_function = flight->expected.request.function;
    struct line_request *request = land(line, flight);
    if (!request)
        return;
    if (done)
        line_request_end(line, request, DRIVER_ANSWERED, pdu, length);
    else if (flight->write) /* there is no telling its confirmation from an older one's */
        line_request_end(line, request, DRIVER_TIMED_OUT, NULL, 0);
    else
        ask_again(line, request);
}

/* Nothing acceptable: once more, or over. */
void line_attempt_failed(struct line *line, struct line_flight *flight)
{
    owe(line, flight);
    struct line_request *request = land(line, flight);
    if (!request)
        return;
    int retries = request->retries < 0 ? (int)line->settings.retries : request->retries;
    /* A write that has not been sent yet is sent next, whatever became of its probe. */
    bool again = request->write ? flight->way == DEBT_PROBE : request->attempts <= retries;
    if (again)
        line_queue_push(&line->queue, request, loop_now(line->loop), true);
    else
        line_request_end(line, request, DRIVER_TIMED_OUT, NULL, 0);
}

/* Nobody answers a broadcast: it has been said, and there has been time to carry it out. */
static void broadcast_over(struct line *line, struct line_flight *flight)
{
    struct line_request *request = land(line, flight);
    if (request)
        line_request_end(line, request, DRIVER_ANSWERED, NULL, 0);
}

static void timed_out(struct line *line, struct line_flight *flight)
{
    clock_us now = loop_now(line->loop);
    if (line->rtu && flight->expected.unit == MODBUS_RTU_BROADCAST) {
        broadcast_over(line, flight);
        return;
    }
    line_count(line, flight->unit, STATISTICS_TIMEOUTS);
    line_note(line, flight, "time-out");
    line->barren++;
    bool half = !line->rtu && line->in_length > 0 && now - line->heard >= line->silence;
    bool deaf = !line->rtu && line->barren >= DEAF_TIMEOUTS && now - line->heard >= DEAF_TIME;
    if (line->rtu) {
        flight->unit->owed++;
        flight->unit->owed_what = flight->way == DEBT_PROBE ? DEBT_PROBED : DEBT_QUESTION;
        flight->unit->hold_until = now + flight->unit->window;
        line->statistics.counts[STATISTICS_NOISE] += line->in_length;
    }
    if (line->in_length && (line->rtu || half))
        line_count(line, flight->unit, STATISTICS_TRUNCATED);
    line_look(line, TRACE_SILENCE, flight->expected.unit, line->in, line->in_length);
    if (line->rtu)
        line->in_length = 0;
    line->sick = half; /* nothing more is sent on this connection */
    line_attempt_failed(line, flight);
    if (line->state != LINE_STATE_OPEN)
        return;
    /* The rest of a half frame would be taken for the begin of the next one. */
    if (half)
        line_spoiled(line, "half an answer, then silence");
    else if (deaf)
        line_broke(line, "accepts requests but never answers");
}

void line_flights_drop(struct line *line, bool again)
{
    for (int i = 0; i < line->width; i++) {
        struct line_flight *flight = &line->flights[i];
        if (!flight->used)
            continue;
        struct line_request *request = land(line, flight);
        owe(line, flight);
        flight->unit->owed = 0;
        if (!request)
            continue;
        if (again && !flight->write && !request->resent) {
            request->resent = true;
            line_queue_push(&line->queue, request, loop_now(line->loop), true);
        } else {
            /* What became of a write that was sent is not known. */
            line_request_end(line, request, flight->write ? DRIVER_TIMED_OUT : DRIVER_LINE_DOWN,
                             NULL, 0);
        }
    }
    line->in_length = 0;
    line->barren = 0;
}

void line_simulate(struct line *line)
{
    struct line_flight *flight = line->flights;
    if (line->transport || !flight->used)
        return;
    uint8_t answer[SIM_BOARD_CONTACTS];
    const struct line_request *request = flight->request;
    size_t length = 0;
    if (line->contacts && request)
        length = sim_contacts_answer(line->contacts, request->pdu, request->length, answer);
    line_answered(line, flight, answer, length);
    line_pump(line);
}

/* ---- listening ------------------------------------------------------------------------------- */

/* As long as bytes of the answer are missing silence tells nothing: the rest may still come until
 * the time is up. So no timer is set for each part of it that arrives. */
static bool is_on_its_way(const struct line *line)
{
    const struct frame_expected *expected = &line->flights[0].expected;
    return line->flying && expected->answer_length &&
           line->in_length < expected->answer_length + MODBUS_RTU_OVERHEAD;
}

void line_heard(struct line *line, const uint8_t *bytes, size_t length)
{
    clock_us now = loop_now(line->loop);
    line->heard = now;
    line->barren = 0;
    line->silence_told = false;
    while (length && line->state == LINE_STATE_OPEN) {
        size_t part = length < LINE_HEAR_MAX ? length : LINE_HEAR_MAX;
        memcpy(line->in + line->in_length, bytes, part);
        line->in_length += part;
        bytes += part;
        length -= part;
        if (line->rtu)
            line_hear_rtu(line, false);
        else
            line_hear_tcp(line);
    }
    if (line->rtu && line->in_length && !is_on_its_way(line))
        line_wake(line, now + line->silence);
    line_pump(line);
}

void line_timer_fired(struct loop_timer *timer, void *user)
{
    (void)timer;
    struct line *line = user;
    clock_us now = loop_now(line->loop);
    if (line->rtu && line->in_length && !line->silence_told) {
        if (now >= line->heard + line->silence) {
            line->silence_told = true;
            line_hear_rtu(line, true);
        } else if (!is_on_its_way(line)) {
            line_wake(line, line->heard + line->silence);
        }
    }
    for (int i = 0; i < line->width; i++) {
        struct line_flight *flight = &line->flights[i];
        if (flight->used && flight->deadline <= now && line->transport)
            timed_out(line, flight);
    }
    for (int i = 0; i < line->width; i++) {
        if (line->flights[i].used && line->transport)
            line_wake(line, line->flights[i].deadline);
    }
    line_pump(line);
}
