/* What is sent on a line, and when: whose turn it is, what must be silent before, what goes before
 * a question. */

#include "field/line_private.h"

#include "wire/modbus_rtu.h"

#define TURNAROUND (100 * CLOCK_MS) /* 2.4.1: all units have dealt with a broadcast after that */

static const enum line_load load_of[LINE_CLASSES] = {
    [LINE_CONTROL] = LINE_LOAD_CONTROL,
    [LINE_ALARM] = LINE_LOAD_CONTROL,
    [LINE_POLL] = LINE_LOAD_POLL,
    [LINE_GATEWAY] = LINE_LOAD_GATEWAY,
};

void line_wake(struct line *line, clock_us at)
{
    if (!loop_timer_running(&line->timer) || line->timer.deadline > at)
        loop_timer_at(line->loop, &line->timer, at, line_timer_fired, line);
}

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
    /* The answer to the same question cannot be the wrong one, so only other requests wait: for
     * most late answers that saves a probe's time-out. */
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
    if (request->unit == MODBUS_RTU_BROADCAST)
        wait = TURNAROUND;
    const struct modbus_rtu_line timing = {
        .baud = line_settings_baud(&line->settings),
        .parity = line->settings.parity != SERIAL_PARITY_NONE,
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
    line_look(line, TRACE_NOISE, 0, line->in, line->in_length);
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
    line_look(line, flight->way == DEBT_PROBE ? TRACE_PROBE : TRACE_SENT, flight->request->unit,
              expected->bytes, expected->length);
    int result = line->transport->kind->send(line->transport, expected->bytes, expected->length);
    if (result < 0)
        line_sicken(line, result);
    else
        line_wake(line, flight->deadline);
}

/* Puts into `flight` what is to be sent for the request: itself, or a probe that goes before it. */
static int prepare(struct line *line, struct line_flight *flight, struct line_unit *unit,
                   const struct line_request *request)
{
    uint8_t probe[DEBT_PROBE_LENGTH];
    const uint8_t *pdu = request->pdu;
    size_t length = request->length;
    flight->way = DEBT_ASK;
    if (!line->rtu)
        return frame_tcp_build(&flight->expected, ++line->transaction, request->unit, pdu, length);
    if (length)
        flight->way = line_debt_way(&unit->debt, pdu, length, request->write);
    if (flight->way == DEBT_PROBE) {
        line_debt_probe(&unit->debt, pdu, length, probe);
        pdu = probe;
        length = sizeof probe;
    }
    flight->number = line_debt_send(&unit->debt);
    return frame_rtu_build(&flight->expected, request->unit, pdu, length);
}

static void launch(struct line *line, struct line_request *request)
{
    struct line_flight *flight = free_flight(line);
    struct line_unit *unit = line_unit_of(line, request->unit);
    clock_us now = loop_now(line->loop);
    int built = prepare(line, flight, unit, request);
    if (built < 0 && line->transport) {
        line_request_refuse(line, request);
        return;
    }
    if (line->rtu)
        discard_input(line);
    flight->expected.unit = request->unit;
    flight->used = true;
    flight->echo_seen = flight->came = false;
    flight->request = request;
    flight->unit = unit;
    flight->write = request->write && flight->way != DEBT_PROBE;
    flight->write_gap = request->write_gap;
    flight->sent = now;
    flight->deadline = now + wait_of(line, request, &flight->expected);
    unit->busy = true;
    unit->answered = false;
    flight->load = load_of[request->urgency];
    statistics_recent_roll(&line->recent, &line->statistics, now);
    statistics_recent_roll(&unit->recent, &unit->statistics, now);
    unit->window = flight->deadline - now;
    if (request->attempts == 0) {
        unit->owed = 0;
        request->first_sent = now;
        request->first_sent_wall = loop_wall(line->loop);
    } else {
        line_count(line, unit, STATISTICS_RETRIES);
    }
    request->attempts++;
    line_count(line, unit, STATISTICS_POLLS);
    if (line->flying++ == 0)
        statistics_busy_begin(&line->busy, now);
    if (line->loads[flight->load].flying++ == 0)
        statistics_busy_begin(&line->loads[flight->load].busy, now);
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
    while (line->state == LINE_STATE_OPEN && !line->sick && !line->resting && line->queue.count &&
           line->flying < line->width) {
        clock_us now = loop_now(line->loop);
        clock_us at = free_at(line, now);
        if (at > now) {
            line_wake(line, at);
            return;
        }
        struct search search = {.line = line, .now = now, .earliest = CLOCK_NEVER};
        struct line_request *request = line_queue_take(&line->queue, now, is_ready, &search);
        if (!request) {
            if (search.earliest != CLOCK_NEVER)
                line_wake(line, search.earliest);
            return;
        }
        launch(line, request);
    }
}
