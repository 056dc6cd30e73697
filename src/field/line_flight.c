#include "field/line_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "wire/modbus_rtu.h"

#define DEAF_TIMEOUTS 3 /* unanswered requests, and */
#define DEAF_TIME                                                                                  \
    (5 * CLOCK_S) /* this long without a byte: the connection is dead though nobody says so */
#define RECENT_TRANSACTIONS 4096 /* numbers back that a late answer may carry */

static void count(struct line *line, struct line_unit *unit, enum statistics_count what)
{
    line->statistics.counts[what]++;
    if (unit)
        unit->statistics.counts[what]++;
}

static void note(struct line *line, const struct line_flight *flight, const char *what)
{
    char text[STATISTICS_ERROR_MAX];
    snprintf(text, sizeof text, "%s on %.64s, unit %u", what, line->name, flight->expected.unit);
    statistics_error(&line->statistics, loop_wall(line->loop), text);
    statistics_error(&flight->unit->statistics, loop_wall(line->loop), text);
}

/* The timer is only ever moved forward in time when it fires: answers come before their
 * deadline, and moving it for each would cost a system call a transaction. */
static void wake(struct line *line, clock_us at)
{
    if (!loop_timer_running(&line->timer) || line->timer.deadline > at)
        loop_timer_at(line->loop, &line->timer, at, line_timer_fired, line);
}

struct line_unit *line_unit_of(struct line *line, uint8_t unit)
{
    if (!line->units[unit]) {
        line->units[unit] = mem_new(sizeof *line->units[unit]);
        line->units[unit]->ended = INT64_MIN / 2;
    }
    return line->units[unit];
}

/* ---- sending --------------------------------------------------------------------------------- */

struct search {
    struct line *line;
    clock_us now, earliest;
};

static bool is_ready(void *user, const struct line_request *request)
{
    struct search *search = user;
    const struct line_unit *unit = search->line->units[request->unit];
    if (!unit)
        return true;
    if (unit->busy)
        return false;
    clock_us at = unit->ended + request->pause;
    if (unit->rest_until > at)
        at = unit->rest_until;
    /* The answer to the same question cannot be the wrong one, so only other requests must wait. */
    if (request->attempts == 0 && unit->hold_until > at)
        at = unit->hold_until;
    if (at <= search->now)
        return true;
    if (at < search->earliest)
        search->earliest = at;
    return false;
}

static struct line_flight *free_flight(struct line *line)
{
    struct line_flight *flight = line->flights;
    while (flight->used)
        flight++;
    return flight;
}

/* Time-outs are meant to wait for the begin of an answer; the bytes themselves take their time
 * on a serial line. */
static clock_us wait_of(const struct line *line, const struct line_request *request,
                        const struct frame_expected *expected)
{
    clock_us wait = request->timeout ? request->timeout : line->settings.timeout_ms * CLOCK_MS;
    if (!line->rtu)
        return wait;
    const struct modbus_rtu_line timing = {
        .baud = line_settings_baud(&line->settings),
        .parity = line->settings.parity != LINE_PARITY_NONE,
        .stop_bits = (uint8_t)line->settings.stop_bits,
    };
    size_t answer =
        expected->answer_length ? expected->answer_length + MODBUS_RTU_OVERHEAD : MODBUS_RTU_MAX;
    if (answer > MODBUS_RTU_MAX)
        answer = MODBUS_RTU_MAX;
    return wait + modbus_rtu_transfer_us(&timing, expected->length + answer);
}

static void discard_input(struct line *line)
{
    size_t noise = line->in_length;
    if (line->transport)
        noise += line->transport->kind->drain(line->transport);
    line->statistics.counts[STATISTICS_NOISE] += noise;
    line->in_length = 0;
}

/* A line without a transport answers from the deferred work; for the others this puts the bytes
 * out. */
static void put_out(struct line *line, const struct line_flight *flight)
{
    if (!line->transport) {
        line_sicken(line, 0);
        return;
    }
    const struct frame_expected *expected = &flight->expected;
    int result = line->transport->kind->send(line->transport, expected->bytes, expected->length);
    if (result < 0)
        line_sicken(line, result);
    else
        wake(line, flight->deadline);
}

static void launch(struct line *line, struct line_request *request)
{
    struct line_flight *flight = free_flight(line);
    struct line_unit *unit = line_unit_of(line, request->unit);
    clock_us now = loop_now(line->loop);
    int built =
        line->rtu ? frame_rtu_build(&flight->expected, request->unit, request->pdu, request->length)
                  : frame_tcp_build(&flight->expected, ++line->transaction, request->unit,
                                    request->pdu, request->length);
    if (built < 0 && line->transport) {
        line_request_refuse(line, request);
        return;
    }
    if (line->rtu)
        discard_input(line);
    flight->expected.unit = request->unit;
    flight->used = true;
    flight->echo_seen = false;
    flight->request = request;
    flight->unit = unit;
    flight->write = request->write;
    flight->write_gap = request->write_gap;
    flight->sent = now;
    flight->deadline = now + wait_of(line, request, &flight->expected);
    unit->busy = true;
    unit->window = flight->deadline - now;
    if (request->attempts == 0) {
        unit->owed = 0;
        request->first_sent = now;
        request->first_sent_wall = loop_wall(line->loop);
    } else {
        count(line, unit, STATISTICS_RETRIES);
    }
    request->attempts++;
    count(line, unit, STATISTICS_POLLS);
    if (line->flying++ == 0)
        statistics_busy_begin(&line->busy, now);
    put_out(line, flight);
}

/* A bus that never falls silent must not hold its devices in a state of waiting: after a while
 * they are asked all the same, and found silent. */
static bool is_stuck(struct line *line, clock_us now)
{
    if (line->blocked == CLOCK_NEVER)
        line->blocked = now;
    return now - line->blocked >= line->settings.timeout_ms * CLOCK_MS + line->gap;
}

/* When the medium is free for the next request: `now` or later. */
static clock_us free_at(struct line *line, clock_us now)
{
    clock_us rest = line->ended + line->settings.pause_ms * CLOCK_MS;
    clock_us quiet = line->rtu ? line->heard + line->gap : rest;
    if (quiet > now && quiet > rest && !is_stuck(line, now))
        return quiet;
    if (rest > now)
        return rest;
    line->blocked = CLOCK_NEVER;
    return now;
}

void line_pump(struct line *line)
{
    while (line->state == LINE_STATE_OPEN && !line->sick && line->queue.count &&
           line->flying < line->width) {
        clock_us now = loop_now(line->loop);
        clock_us at = free_at(line, now);
        if (at > now) {
            wake(line, at);
            return;
        }
        struct search search = {.line = line, .now = now, .earliest = CLOCK_NEVER};
        struct line_request *request = line_queue_take(&line->queue, now, is_ready, &search);
        if (!request) {
            if (search.earliest != CLOCK_NEVER)
                wake(line, search.earliest);
            return;
        }
        launch(line, request);
    }
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
    if (--line->flying == 0) {
        statistics_busy_end(&line->busy, now);
        line_idle(line);
    }
    return flight->request;
}

static void answered(struct line *line, struct line_flight *flight, const uint8_t *pdu,
                     size_t length)
{
    clock_us latency = loop_now(line->loop) - flight->sent;
    statistics_answer(&line->statistics, latency);
    statistics_answer(&flight->unit->statistics, latency);
    if (length >= MODBUS_PDU_EXCEPTION_LENGTH && pdu[0] & MODBUS_PDU_EXCEPTION_FLAG) {
        statistics_exception(&line->statistics, pdu[1]);
        statistics_exception(&flight->unit->statistics, pdu[1]);
        char what[60];
        snprintf(what, sizeof what, "exception %u (%.36s)", pdu[1],
                 modbus_pdu_exception_name(pdu[1]));
        note(line, flight, what);
    }
    /* One of several attempts was answered, nobody knows which: the others may still be. */
    if (flight->unit->owed)
        flight->unit->hold_until = flight->sent + 2 * flight->unit->window;
    if (!line->useful)
        line_works(line);
    struct line_request *request = land(line, flight);
    if (request)
        line_request_end(line, request, DRIVER_ANSWERED, pdu, length);
}

/* Nothing acceptable: once more, or over. */
static void attempt_failed(struct line *line, struct line_flight *flight)
{
    struct line_request *request = land(line, flight);
    if (!request)
        return;
    int retries = request->retries < 0 ? (int)line->settings.retries : request->retries;
    if (!request->write && request->attempts <= retries)
        line_queue_push(&line->queue, request, loop_now(line->loop), true);
    else
        line_request_end(line, request, DRIVER_TIMED_OUT, NULL, 0);
}

static void timed_out(struct line *line, struct line_flight *flight)
{
    clock_us now = loop_now(line->loop);
    count(line, flight->unit, STATISTICS_TIMEOUTS);
    note(line, flight, "time-out");
    line->barren++;
    bool half = !line->rtu && line->in_length > 0 && now - line->heard >= line->silence;
    bool deaf = !line->rtu && line->barren >= DEAF_TIMEOUTS && now - line->heard >= DEAF_TIME;
    if (line->rtu) {
        flight->unit->owed++;
        flight->unit->owed_function = flight->expected.request.function;
        flight->unit->hold_until = now + flight->unit->window;
        line->statistics.counts[STATISTICS_NOISE] += line->in_length;
        line->in_length = 0;
    }
    line->sick = half; /* nothing more is sent on this connection */
    attempt_failed(line, flight);
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
        flight->unit->owed = 0;
        if (!request)
            continue;
        if (again && !request->write && !request->resent) {
            request->resent = true;
            line_queue_push(&line->queue, request, loop_now(line->loop), true);
        } else {
            /* What became of a write that was sent is not known. */
            line_request_end(line, request, request->write ? DRIVER_TIMED_OUT : DRIVER_LINE_DOWN,
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
    answered(line, flight, answer, length);
    line_pump(line);
}

/* ---- listening ------------------------------------------------------------------------------- */

/* An intact frame that fits no request: the late answer of a unit that owes one, or somebody's
 * mistake. */
static void other_frame(struct line *line, const struct frame *frame)
{
    struct line_unit *unit = line->units[frame->unit];
    uint8_t function = frame->pdu[0] & (uint8_t)~MODBUS_PDU_EXCEPTION_FLAG;
    if (!unit || !unit->owed || function != unit->owed_function) {
        struct line_unit *asked = line->flying ? line->flights[0].unit : NULL;
        count(line, asked, STATISTICS_MISMATCHES);
        return;
    }
    count(line, unit, STATISTICS_LATE);
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
    /* What follows an answer is noise; its bytes stay where they are until the callback has read
     * them. */
    line->statistics.counts[STATISTICS_NOISE] += line->in_length - frame->drop;
    line->in_length = 0;
    answered(line, flight, frame->pdu, frame->pdu_length);
}

static void hear_rtu(struct line *line, bool quiet)
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
            break;
        case FRAME_BROKEN:
            consume(line, frame.drop);
            if (!flight || !quiet)
                return;
            count(line, flight->unit, STATISTICS_CRC_ERRORS);
            note(line, flight, "damaged answer");
            attempt_failed(line, flight);
            return;
        default:
            return;
        }
        consume(line, frame.drop);
    }
}

static void tcp_frame(struct line *line, const struct frame *frame)
{
    for (int i = 0; i < line->width; i++) {
        struct line_flight *flight = &line->flights[i];
        if (!flight->used || flight->expected.transaction != frame->transaction)
            continue;
        if (frame_fits(&flight->expected, frame->unit, frame->pdu, frame->pdu_length)) {
            answered(line, flight, frame->pdu, frame->pdu_length);
        } else {
            /* Its one answer has come and is none: waiting on would be in vain. */
            count(line, flight->unit, STATISTICS_MISMATCHES);
            note(line, flight, "answer to another question");
            attempt_failed(line, flight);
        }
        return;
    }
    bool late = (uint16_t)(line->transaction - frame->transaction) < RECENT_TRANSACTIONS;
    count(line, late ? line->units[frame->unit] : NULL,
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
        count(line, flight->unit, STATISTICS_MISMATCHES);
        note(line, flight, what);
        line->sick = true; /* nothing more is sent on this connection */
        attempt_failed(line, flight);
        break;
    }
    if (line->state == LINE_STATE_OPEN)
        line_spoiled(line, what);
}

static void hear_tcp(struct line *line)
{
    size_t at = 0;
    while (at < line->in_length) {
        struct frame frame = frame_tcp_next(line->in + at, line->in_length - at);
        if (frame.event == FRAME_MORE)
            break;
        if (frame.event == FRAME_GARBAGE) {
            line->statistics.counts[STATISTICS_NOISE] += frame.noise;
            tcp_garbage(line);
            return;
        }
        at += frame.drop;
        tcp_frame(line, &frame);
        if (line->state != LINE_STATE_OPEN)
            return;
    }
    consume(line, at);
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
            hear_rtu(line, false);
        else
            hear_tcp(line);
    }
    if (line->rtu && line->in_length)
        wake(line, now + line->silence);
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
            hear_rtu(line, true);
        } else {
            wake(line, line->heard + line->silence);
        }
    }
    for (int i = 0; i < line->width; i++) {
        struct line_flight *flight = &line->flights[i];
        if (flight->used && flight->deadline <= now && line->transport)
            timed_out(line, flight);
    }
    for (int i = 0; i < line->width; i++) {
        if (line->flights[i].used && line->transport)
            wake(line, line->flights[i].deadline);
    }
    line_pump(line);
}
