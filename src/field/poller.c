#include "field/poller.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "wire/modbus_pdu.h"

#define SILENT_AFTER 3 /* failed rounds of a device that was online */

/* A silent unit is tried every so many of its time-outs, which bounds what it costs its line to
 * 1/10 at first and 1/30 later; "found again within 10 s" bounds the interval. */
#define PROBE_STEP 10
#define PROBE_LEAST (1 * CLOCK_S)
#define PROBE_MOST (8500 * CLOCK_MS)
/* Longer time-outs are cut to what the unit used to need. */
#define PROBE_TIMEOUT_MOST (450 * CLOCK_MS)

#define STAGGER (5 * CLOCK_MS) /* between the devices of a line when it opens */

/* Devices are read in slots: those of one share a turn of the loop, their answers mostly too, and
 * what follows from them. Waking for each of 200 devices alone would cost twice the processor time.
 */
#define SLOT_MOST (20 * CLOCK_MS)
#define SLOTS_LEAST 50 /* in the time from one reading to the next */

static void begin(struct poller *poller);
static void next_request(struct poller *poller);

static void on_timer(struct loop_timer *timer, void *user)
{
    (void)timer;
    begin(user);
}

static void wait_until(struct poller *poller, clock_us at)
{
    poller->stage = POLLER_WAITING;
    loop_timer_at(poller->loop, &poller->timer, at, on_timer, poller);
}

/* ---- coming and going ------------------------------------------------------------------------ */

static void lose(struct poller *poller, enum value_reason reason, const char *sentence, bool tell)
{
    struct device *device = poller->device;
    bool news = device->state != DEVICE_SILENT;
    if (news)
        poller->lost_since = loop_now(poller->loop);
    if (news || strcmp(device->reason, sentence) != 0)
        device_set_state(device, DEVICE_SILENT, sentence);
    device_mark_stale(device, reason);
    poller_tell(poller);
    poller->identified = false;
    if (tell && !poller->lost_logged) {
        poller->lost_logged = true;
        log_warning("poller", "%s: silent: %s", poller->name, sentence);
    }
}

static void come_online(struct poller *poller)
{
    poller->failures = 0;
    if (poller->device->state == DEVICE_ONLINE)
        return;
    device_set_state(poller->device, DEVICE_ONLINE, "");
    if (poller->lost_logged) {
        double gone = (double)(loop_now(poller->loop) - poller->lost_since) / CLOCK_S;
        log_notice("poller", "%s: answers again after %.1f s", poller->name, gone);
    }
    poller->lost_logged = false;
}

/* ---- time ------------------------------------------------------------------------------------ */

static clock_us timeout_of(const struct poller *poller, const struct driver_request *asked)
{
    if (asked->timeout)
        return asked->timeout;
    if (poller->settings.timeout_ms)
        return poller->settings.timeout_ms * CLOCK_MS;
    if (poller->limits.timeout)
        return poller->limits.timeout;
    return line_settings_of(poller->line)->timeout_ms * CLOCK_MS;
}

/* While a unit is silent its questions wait for an answer no longer than it used to take, with
 * room to spare: a patience of seconds would cost the other units more than they may lose. */
static clock_us probe_timeout(const struct poller *poller)
{
    clock_us timeout = timeout_of(poller, &poller->asked);
    const struct statistics *known =
        line_unit_statistics(poller->line, (uint8_t)poller->settings.unit);
    if (timeout <= PROBE_TIMEOUT_MOST || !known->latency.total)
        return timeout;
    clock_us enough = 4 * statistics_latency_at(&known->latency, 0.99);
    if (enough < PROBE_TIMEOUT_MOST)
        enough = PROBE_TIMEOUT_MOST;
    return enough < timeout ? enough : timeout;
}

/* The last due time that is not in the future. */
static clock_us grid_before(const struct poller *poller, clock_us now)
{
    clock_us every = poller->settings.every;
    clock_us past = (now - poller->phase) % every;
    return now - (past < 0 ? past + every : past);
}

static void schedule_next(struct poller *poller)
{
    clock_us now = loop_now(poller->loop), every = poller->settings.every;
    clock_us next = poller->due + every;
    if (next <= now) {
        struct statistics *statistics =
            line_unit_statistics(poller->line, (uint8_t)poller->settings.unit);
        statistics->counts[STATISTICS_OVERRUNS] += (uint64_t)((now - next) / every) + 1;
        next = now;
    }
    wait_until(poller, next);
}

/* ---- failures -------------------------------------------------------------------------------- */

static clock_us clamp(clock_us value, clock_us least, clock_us most)
{
    return value < least ? least : value > most ? most : value;
}

static void wait_after_failure(struct poller *poller)
{
    clock_us timeout = probe_timeout(poller), wait;
    if (poller->device->state == DEVICE_ONLINE) {
        clock_us soon = clamp(poller->settings.every, 4 * timeout, CLOCK_S);
        wait = clamp(soon, 0, PROBE_MOST);
    } else {
        clock_us steps = poller->failures > 3 ? poller->failures - 2 : 1;
        wait = clamp(PROBE_STEP * steps * timeout, PROBE_LEAST, PROBE_MOST);
    }
    clock_us now = loop_now(poller->loop), at = poller->began + wait;
    wait_until(poller, at > now ? at : now);
}

static void failed(struct poller *poller, const char *what)
{
    poller->failures++;
    bool patient = poller->device->state == DEVICE_ONLINE && poller->failures < SILENT_AFTER;
    if (!patient) {
        char sentence[160];
        snprintf(sentence, sizeof sentence, "%s on %.64s, unit %d", what, line_name(poller->line),
                 (int)poller->settings.unit);
        lose(poller, REASON_SILENT, sentence, true);
    }
    wait_after_failure(poller);
}

static void line_failed(struct poller *poller)
{
    loop_timer_stop(&poller->timer);
    poller->stage = POLLER_WAITING;
    if (line_state(poller->line) != LINE_STATE_FAILING) {
        /* Lost between two connections: nothing is known against the device. */
        wait_until(poller, loop_now(poller->loop) + CLOCK_S / 2);
        return;
    }
    char sentence[200];
    snprintf(sentence, sizeof sentence, "%.64s: %.130s", line_name(poller->line),
             line_reason(poller->line));
    poller->failures = 0;
    /* The line has told it once for all its devices. */
    lose(poller, REASON_LINE_DOWN, sentence, false);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* A gateway says with these that the unit behind it does not answer (application protocol,
 * section 7). */
static bool is_gateway_refusal(const struct poller *poller, const struct driver_answer *answer)
{
    if (line_settings_of(poller->line)->kind != LINE_MODBUS_TCP ||
        answer->length < MODBUS_PDU_EXCEPTION_LENGTH ||
        !(answer->bytes[0] & MODBUS_PDU_EXCEPTION_FLAG))
        return false;
    return answer->bytes[1] == MODBUS_PDU_PATH_UNAVAILABLE ||
           answer->bytes[1] == MODBUS_PDU_TARGET_SILENT;
}

static clock_us first_of(int64_t setting_ms, clock_us wish)
{
    return setting_ms ? setting_ms * CLOCK_MS : wish;
}

void poller_fill_request(const struct poller *poller, const struct driver_request *asked,
                         struct line_request *request)
{
    request->unit = (uint8_t)poller->settings.unit;
    request->length = asked->length;
    request->write = asked->write;
    request->timeout = timeout_of(poller, asked);
    request->retries = asked->once ? 0 : -1;
    request->pause = first_of(poller->settings.pause_ms, poller->limits.pause);
    request->write_gap = first_of(poller->settings.write_gap_ms, poller->limits.write_gap);
}

static void ask(struct poller *poller)
{
    struct line_request *request = &poller->request;
    poller_fill_request(poller, &poller->asked, request);
    if (poller->failures) {
        request->timeout = probe_timeout(poller);
        request->retries = 0;
    }
    line_submit(poller->line, request);
}

void poller_tell(struct poller *poller)
{
    if (poller->told)
        poller->told(poller);
}

/* The setting takes the place of the usual time. Points that are read less often than each round
 * were given more by their driver and keep it. */
static void set_good_for(struct poller *poller)
{
    clock_us wanted = poller->settings.good_for,
             usual = point_usual_good_for(poller->device->every);
    if (!wanted)
        return;
    for (struct component *part = poller->device->components; part; part = part->next) {
        for (struct point *point = part->points; point; point = point->next) {
            if (point->good_for <= usual || point->good_for < wanted)
                point->good_for = wanted;
        }
    }
}

static void begin_round(struct poller *poller)
{
    poller->stage = POLLER_READING;
    poller->due = grid_before(poller, loop_now(poller->loop));
    if (poller->driver->round)
        poller->driver->round(poller->state, poller->round);
    next_request(poller);
}

/* Two devices under one address are found by this: who they say they are goes back and forth. */
static uint64_t identity_of(const struct poller *poller, const char *problem)
{
    const struct device *device = poller->device;
    const char *const texts[] = {device->vendor, device->model, device->serial, device->firmware,
                                 problem};
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a, 64 bits */
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (const char *c = texts[i] ? texts[i] : ""; *c; c++)
            hash = (hash ^ (uint8_t)*c) * 0x100000001b3;
        hash = (hash ^ 0xFF) * 0x100000001b3; /* between texts */
    }
    return hash;
}

static void identify(struct poller *poller, const struct driver_answer *answer)
{
    struct err err = ERR_EMPTY;
    poller->stage = POLLER_IDENTIFYING;
    poller->asked = (struct driver_request){0};
    int result = poller->driver->identify
                     ? poller->driver->identify(poller->state, answer, &poller->asked, &err)
                     : 0;
    if (result > 0) {
        ask(poller);
    } else if (result == 0) {
        poller->identified = true;
        line_unit_identity(poller->line, (uint8_t)poller->settings.unit, identity_of(poller, ""));
        poller->round = 0;
        set_good_for(poller);
        begin_round(poller);
    } else {
        /* Another device, or none of these: it may be exchanged, so it is asked again, but
         * seldom. */
        line_unit_identity(poller->line, (uint8_t)poller->settings.unit,
                           identity_of(poller, err.text));
        poller->failures = SILENT_AFTER + 2;
        lose(poller, REASON_SILENT, err.text, true);
        wait_after_failure(poller);
    }
}

static void begin(struct poller *poller)
{
    if (line_state(poller->line) == LINE_STATE_FAILING) {
        line_failed(poller);
        return;
    }
    poller->began = loop_now(poller->loop);
    if (poller->identified)
        begin_round(poller);
    else
        identify(poller, NULL);
}

static void next_request(struct poller *poller)
{
    /* Only the head is cleared: the bytes are written anew. */
    poller->asked.length = 0;
    poller->asked.tag = 0;
    poller->asked.timeout = 0;
    poller->asked.write = poller->asked.once = false;
    if (poller->driver->plan(poller->state, &poller->asked)) {
        ask(poller);
        return;
    }
    come_online(poller);
    poller->round++;
    line_unit_statistics(poller->line, (uint8_t)poller->settings.unit)->counts[STATISTICS_ROUNDS]++;
    schedule_next(poller);
}

/* A unit that answers everything but this is not silent: the driver finds out what it keeps silent
 * about, and the round goes on. A damaged answer is no silence: on a noisy line nothing is learnt.
 */
static void unanswered(struct poller *poller, const struct driver_answer *answer, const char *what)
{
    clock_us waited = loop_now(poller->loop) - answer->mono;
    if (poller->stage == POLLER_READING && !answer->heard && poller->driver->unanswered &&
        poller->driver->unanswered(poller->state, answer, waited))
        next_request(poller);
    else
        failed(poller, what);
}

static void on_done(struct line_request *request, const struct driver_answer *answer)
{
    struct poller *poller = request->user;
    if (answer->result == DRIVER_LINE_DOWN) {
        line_failed(poller);
        return;
    }
    if (answer->result == DRIVER_TIMED_OUT) {
        unanswered(poller, answer, "time-out");
        return;
    }
    if (is_gateway_refusal(poller, answer)) {
        unanswered(poller, answer, "the gateway gets no answer");
        return;
    }
    if (poller->stage == POLLER_IDENTIFYING) {
        identify(poller, answer);
        return;
    }
    come_online(poller);
    if (poller->driver->decode(poller->state, &poller->asked, answer) < 0)
        line_unit_statistics(poller->line, (uint8_t)poller->settings.unit)
            ->counts[STATISTICS_MALFORMED]++;
    poller_tell(poller);
    next_request(poller);
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Multiples of the golden ratio fill a circle evenly however many there are; the plastic
 * number's inverse shifts the lines against each other in the same way. */
static clock_us phase_of(clock_us every, unsigned place, unsigned line_number)
{
    double turn = place * 0.6180339887498949 + line_number * 0.7548776662466927;
    clock_us phase = (clock_us)((turn - floor(turn)) * (double)every);
    clock_us slot = every / SLOTS_LEAST < SLOT_MOST ? every / SLOTS_LEAST : SLOT_MOST;
    return phase - phase % slot;
}

void poller_attach(struct poller *poller, struct line *line, unsigned place, unsigned line_number)
{
    assert(!poller->line && poller->state);
    poller->line = line;
    poller->limits = (struct driver_limits){0};
    if (poller->driver->limits)
        poller->limits = poller->driver->limits(poller->state);
    poller->phase = phase_of(poller->settings.every, place, line_number);
    poller->request = (struct line_request){
        .urgency = LINE_POLL,
        .client = poller->ordinal,
        .pdu = poller->asked.bytes,
        .done = on_done,
        .user = poller,
    };
    poller->identified = false;
    poller->failures = 0;
    set_good_for(poller);
    line_unit_statistics(line, (uint8_t)poller->settings.unit);
    wait_until(poller, loop_now(poller->loop) + place * STAGGER);
}

void poller_detach(struct poller *poller)
{
    if (!poller->line)
        return;
    line_cancel(&poller->request);
    loop_timer_stop(&poller->timer);
    poller->line = NULL;
}

void poller_line_changed(struct poller *poller)
{
    if (poller->stage != POLLER_WAITING)
        return;
    if (line_state(poller->line) == LINE_STATE_FAILING) {
        line_failed(poller);
    } else if (poller->device->state != DEVICE_ONLINE && !loop_timer_running(&poller->timer)) {
        /* One with a timer is silent on its own account: a new connection is no news to it. */
        wait_until(poller, loop_now(poller->loop) + poller->ordinal % 32 * STAGGER);
    }
}

int64_t poller_retry_in_ms(const struct poller *poller)
{
    if (!poller->line || poller->device->state != DEVICE_SILENT ||
        !loop_timer_running(&poller->timer))
        return -1;
    clock_us left = poller->timer.deadline - loop_now(poller->loop);
    return left > 0 ? left / CLOCK_MS : 0;
}
