#include "field/line.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "field/line_private.h"
#include "wire/modbus_rtu.h"

/* Adaptors hand bytes over in lumps: USB up to 16 ms apart, networks more. */
#define SILENCE_SERIAL (20 * CLOCK_MS)
#define SILENCE_NETWORK (60 * CLOCK_MS)

#define IDLE_CLOSE (3 * CLOCK_S) /* a line that only a scan or a gateway's client had opened */

/* Two units that answer nonsense, each asked twice, do not stand for the whole line. */
#define SPOILED_MOST 4

/* Fast at first, since most breaks are short; the last one, with the time a connection may take,
 * keeps "found again within 10 s". */
static const clock_us back_off[] = {250 * CLOCK_MS, 500 * CLOCK_MS, 1 * CLOCK_S,
                                    2 * CLOCK_S,    4 * CLOCK_S,    5 * CLOCK_S};

static void on_reopen(struct loop_timer *timer, void *user);

/* From a timer, so that a port that cannot be opened is not told from inside a call. */
static void open_soon(struct line *line)
{
    line->state = LINE_STATE_OPENING;
    snprintf(line->reason, sizeof line->reason, "opening");
    loop_timer_at(line->loop, &line->reopen, loop_now(line->loop), on_reopen, line);
}

/* ---- requests -------------------------------------------------------------------------------- */

void line_request_end(struct line *line, struct line_request *request, enum driver_result result,
                      const uint8_t *bytes, size_t length)
{
    const struct driver_answer answer = {
        .result = result,
        .bytes = bytes,
        .length = length,
        .mono = request->attempts ? request->first_sent : loop_now(line->loop),
        .wall = request->attempts ? request->first_sent_wall : loop_wall(line->loop),
        /* Only where nobody else may speak meanwhile, and our own echo is not heard. */
        .heard = request->attempts && line->rtu && !line->echo && line->heard > request->first_sent,
    };
    request->line = NULL;
    if (line->listener && (result == DRIVER_ANSWERED || request->write))
        line->listener(line->listener_user, request, &answer);
    request->done(request, &answer);
}

static void on_deferred(struct loop_defer *defer, void *user);

void line_request_refuse(struct line *line, struct line_request *request)
{
    request->refused = true;
    line_queue_push(&line->refused, request, loop_now(line->loop), false);
    loop_defer(line->loop, &line->defer, on_deferred, line);
}

/* Those that are in the queue now; what their ends submit is another matter. */
static void end_all(struct line *line, struct line_queue *queue)
{
    for (size_t left = queue->count; left > 0 && queue->count > 0; left--)
        line_request_end(line, line_queue_pop(queue), DRIVER_LINE_DOWN, NULL, 0);
}

void line_submit(struct line *line, struct line_request *request)
{
    assert(!request->line && request->done);
    request->line = line;
    request->attempts = 0;
    request->refused = request->resent = false;
    if (line->state == LINE_STATE_FAILING || !line->settings.enabled) {
        line_request_refuse(line, request);
        return;
    }
    line_queue_push(&line->queue, request, loop_now(line->loop), false);
    if (line->state == LINE_STATE_CLOSED)
        open_soon(line);
    else
        line_pump(line);
}

void line_cancel(struct line_request *request)
{
    struct line *line = request->line;
    if (!line)
        return;
    request->line = NULL;
    if (request->queued) {
        line_queue_remove(request->refused ? &line->refused : &line->queue, request);
        return;
    }
    for (int i = 0; i < line->width; i++) {
        if (line->flights[i].used && line->flights[i].request == request)
            line->flights[i].request = NULL;
    }
}

/* ---- opening, breaking, closing -------------------------------------------------------------- */

static void tell(struct line *line)
{
    if (line->changed)
        line->changed(line->changed_user);
}

static void failing(struct line *line, const char *reason)
{
    clock_us now = loop_now(line->loop);
    bool news = line->failing_since == CLOCK_NEVER;
    snprintf(line->reason, sizeof line->reason, "%s", reason);
    statistics_error(&line->statistics, loop_wall(line->loop), reason);
    if (news) {
        line->failing_since = now;
        log_warning("line", "%s: %s", line->name, reason);
    }
    size_t last = sizeof back_off / sizeof *back_off - 1;
    clock_us wait = back_off[line->tries < last ? line->tries : last];
    line->tries++;
    line->state = line->wanted ? LINE_STATE_FAILING : LINE_STATE_CLOSED;
    if (line->wanted)
        loop_timer_at(line->loop, &line->reopen, now + wait, on_reopen, line);
    line_flights_drop(line, false);
    end_all(line, &line->queue);
    tell(line);
}

static void opened(struct line *line)
{
    clock_us now = loop_now(line->loop);
    line->state = LINE_STATE_OPEN;
    line->useful = line->sick = line->echo = false;
    line->reason[0] = '\0';
    line->heard = now;
    line->blocked = CLOCK_NEVER;
    /* Without a transport there is nothing that could fail. */
    if (!line->transport)
        line_works(line);
    tell(line);
    line_pump(line);
}

static void on_reopen(struct loop_timer *timer, void *user)
{
    (void)timer;
    struct line *line = user;
    if (line->resting) { /* it broke before it could rest */
        line_rest_begin(line);
        return;
    }
    struct err err = ERR_EMPTY;
    int result = line->transport ? line->transport->kind->open(line->transport, &err) : 0;
    if (result == 0)
        opened(line);
    else if (result != -EINPROGRESS)
        failing(line, err.text);
}

void line_works(struct line *line)
{
    line->useful = true;
    line->tries = line->spoiled = 0;
    if (line->failing_since == CLOCK_NEVER)
        return;
    double down = (double)(loop_now(line->loop) - line->failing_since) / CLOCK_S;
    line->failing_since = CLOCK_NEVER;
    log_notice("line", "%s: works again after %.1f s", line->name, down);
}

void line_broke(struct line *line, const char *reason)
{
    if (line->transport)
        line->transport->kind->close(line->transport);
    line->sick = false;
    line->statistics.counts[STATISTICS_RECONNECTS]++;
    /* Many gateways drop idle connections, some every one after its answer: as long as they
     * bring answers that is no trouble worth telling the devices. */
    if (!line->useful) {
        char text[sizeof line->reason];
        snprintf(text, sizeof text, "%.100s: %.120s", line->endpoint, reason);
        failing(line, text);
        return;
    }
    line->useful = false;
    line->state = LINE_STATE_OPENING;
    snprintf(line->reason, sizeof line->reason, "%s", reason);
    statistics_error(&line->statistics, loop_wall(line->loop), reason);
    loop_timer_at(line->loop, &line->reopen, loop_now(line->loop), on_reopen, line);
    line_flights_drop(line, true);
}

void line_spoiled(struct line *line, const char *reason)
{
    if (++line->spoiled <= SPOILED_MOST)
        line->useful = true;
    line_broke(line, reason);
}

void line_sicken(struct line *line, int code)
{
    line->sick = code < 0;
    line->sick_code = code;
    loop_defer(line->loop, &line->defer, on_deferred, line);
}

static void on_deferred(struct loop_defer *defer, void *user)
{
    (void)defer;
    struct line *line = user;
    if (line->sick && line->state == LINE_STATE_OPEN)
        line_broke(line, strerror(-line->sick_code));
    if (line->resting && !line->flying && line->state == LINE_STATE_OPEN)
        line_rest_begin(line);
    end_all(line, &line->refused);
    line_simulate(line);
}

void line_settle(struct line *line)
{
    loop_defer(line->loop, &line->defer, on_deferred, line);
}

void line_open(struct line *line)
{
    line->wanted = line->settings.enabled;
    if (line->wanted && line->state == LINE_STATE_CLOSED)
        open_soon(line);
}

static void on_idle(struct loop_timer *timer, void *user)
{
    (void)timer;
    struct line *line = user;
    if (!line->wanted && line->state == LINE_STATE_OPEN && !line->flying && !line->queue.count)
        line_close(line);
}

void line_idle(struct line *line)
{
    if (!line->wanted && line->state == LINE_STATE_OPEN)
        loop_timer_at(line->loop, &line->reopen, loop_now(line->loop) + IDLE_CLOSE, on_idle, line);
}

void line_close(struct line *line)
{
    if (line->transport)
        line->transport->kind->close(line->transport);
    loop_timer_stop(&line->reopen);
    loop_timer_stop(&line->timer);
    line->state = LINE_STATE_CLOSED;
    line->reason[0] = '\0';
    line->failing_since = CLOCK_NEVER;
    line->wanted = line->sick = line->resting = false;
    line->tries = 0;
    line_flights_drop(line, false);
    end_all(line, &line->queue);
    end_all(line, &line->refused);
}

/* ---- what the transport says ----------------------------------------------------------------- */

static void on_opened(void *user)
{
    opened(user);
}

static void on_received(void *user, const uint8_t *bytes, size_t length)
{
    line_heard(user, bytes, length);
}

static void on_closed(void *user, const char *reason)
{
    struct line *line = user;
    if (line->state == LINE_STATE_OPEN && line->useful)
        line_broke(line, reason);
    else
        failing(line, reason);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void describe(struct line *line)
{
    const struct line_settings *settings = &line->settings;
    switch (settings->kind) {
    case LINE_MODBUS_RTU:
        snprintf(line->endpoint, sizeof line->endpoint, "%s %u 8%c%d", settings->port,
                 line_settings_baud(settings), "NEO"[settings->parity], (int)settings -> stop_bits);
        break;
    case LINE_GPIO:
        snprintf(line->endpoint, sizeof line->endpoint, "%s", settings->port);
        break;
    case LINE_SIM:
        snprintf(line->endpoint, sizeof line->endpoint, "simulated");
        break;
    default:
        snprintf(line->endpoint, sizeof line->endpoint, "%s:%u", settings->host,
                 line_settings_tcp_port(settings));
    }
}

static void set_timing(struct line *line)
{
    const struct line_settings *settings = &line->settings;
    const struct modbus_rtu_line timing = {
        .baud = line_settings_baud(settings),
        .parity = settings->parity != SERIAL_PARITY_NONE,
        .stop_bits = (uint8_t)settings->stop_bits,
    };
    line->rtu = settings->kind == LINE_MODBUS_RTU || settings->kind == LINE_RTU_OVER_TCP;
    line->gap = settings->gap_ms ? settings->gap_ms * CLOCK_MS : modbus_rtu_gap_us(&timing);
    line->silence = settings->kind == LINE_MODBUS_RTU ? SILENCE_SERIAL : SILENCE_NETWORK;
    if (line->silence < 2 * line->gap)
        line->silence = 2 * line->gap;
    line->width = settings->kind == LINE_MODBUS_TCP ? (int)settings->in_flight : 1;
}

/* Without them the boards forget, which is no reason not to simulate them. */
static void open_contacts(struct line *line)
{
    struct err err = ERR_EMPTY;
    line->contacts = sim_contacts_open(line->settings.port, &err);
    if (!line->contacts)
        log_warning("line", "%s: its boards forget their contacts when busbar ends: %s", line->name,
                    err.text);
}

struct line *line_new(struct loop *loop, const char *name, const struct line_settings *settings,
                      struct transport *transport)
{
    static const struct transport_events events = {
        .opened = on_opened,
        .received = on_received,
        .closed = on_closed,
    };
    struct line *line = mem_new(sizeof *line);
    line->loop = loop;
    line->name = mem_text(name);
    line_settings_copy(&line->settings, settings);
    if (!transport && settings->kind == LINE_MODBUS_RTU)
        transport = transport_serial_new(loop, &line->settings);
    else if (!transport && settings->kind == LINE_GPIO)
        transport = transport_gpio_new(loop, &line->settings, NULL);
    else if (!transport && settings->kind != LINE_SIM)
        transport = transport_tcp_new(loop, &line->settings);
    line->transport = transport;
    if (transport) {
        transport->events = &events;
        transport->user = line;
    }
    if (settings->kind == LINE_SIM && *settings->port)
        open_contacts(line);
    describe(line);
    set_timing(line);
    line->flights = mem_new((size_t)line->width * sizeof *line->flights);
    line->failing_since = line->blocked = CLOCK_NEVER;
    line->ended = line->heard = INT64_MIN / 2;
    statistics_busy_start(&line->busy, loop_now(loop));
    for (int i = 0; i < LINE_LOADS; i++)
        statistics_busy_start(&line->loads[i].busy, loop_now(loop));
    statistics_recent_start(&line->recent, &line->statistics, loop_now(loop));
    return line;
}

void line_keep_pulses(struct line *line, struct pulse_counts *counts)
{
    if (line->settings.kind == LINE_GPIO && counts)
        transport_gpio_keep(line->transport, counts);
}

struct line *line_free(struct line *line)
{
    if (!line)
        return NULL;
    line_close(line);
    loop_defer_cancel(&line->defer);
    loop_timer_stop(&line->timer);
    loop_timer_stop(&line->reopen);
    if (line->transport)
        line->transport->kind->free(line->transport);
    line->contacts = sim_contacts_free(line->contacts);
    line->trace = trace_free(line->trace);
    for (size_t i = 0; i < LINE_UNITS; i++)
        free(line->units[i]);
    free(line->flights);
    line_settings_deinit(&line->settings);
    free(line->name);
    free(line);
    return NULL;
}

void line_watch(struct line *line, void (*changed)(void *user), void *user)
{
    line->changed = changed;
    line->changed_user = user;
}

void line_listen(struct line *line,
                 void (*heard)(void *user, const struct line_request *request,
                               const struct driver_answer *answer),
                 void *user)
{
    line->listener = heard;
    line->listener_user = user;
}

/* ---- lent to somebody ----------------------------------------------------------------------- */

/* As if it were being opened: then requests wait. */
void line_rest_begin(struct line *line)
{
    line->transport->kind->close(line->transport);
    loop_timer_stop(&line->reopen);
    line->sick = false;
    line->state = LINE_STATE_OPENING;
    snprintf(line->reason, sizeof line->reason, "%s", line->rest_why);
}

void line_rest(struct line *line, const char *why)
{
    if (!line->transport || line->resting)
        return;
    line->resting = true;
    line->rest_why = why;
    if (!line->flying)
        line_rest_begin(line);
}

void line_resume(struct line *line)
{
    if (!line->resting)
        return;
    line->resting = false;
    if (line->state == LINE_STATE_OPENING)
        open_soon(line);
    else
        line_pump(line);
}

bool line_resting(const struct line *line)
{
    return line->resting && line->state == LINE_STATE_OPENING;
}
