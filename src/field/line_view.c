/* What can be known of a line, and what a new line takes over from the one it replaces. */

#include "field/line_private.h"

#include "base/mem.h"

struct line_unit *line_unit_of(struct line *line, uint8_t unit)
{
    if (!line->units[unit]) {
        line->units[unit] = mem_new(sizeof *line->units[unit]);
        line->units[unit]->ended = INT64_MIN / 2;
        statistics_recent_start(&line->units[unit]->recent, &line->units[unit]->statistics,
                                loop_now(line->loop));
    }
    return line->units[unit];
}

struct loop *line_loop(const struct line *line)
{
    return line->loop;
}

const char *line_name(const struct line *line)
{
    return line->name;
}

const struct line_settings *line_settings_of(const struct line *line)
{
    return &line->settings;
}

const char *line_endpoint(const struct line *line)
{
    return line->endpoint;
}

enum line_state line_state(const struct line *line)
{
    return line->state;
}

const char *line_state_name(enum line_state state)
{
    return state == LINE_STATE_OPEN ? "open" : state == LINE_STATE_FAILING ? "failing" : "closed";
}

const char *line_reason(const struct line *line)
{
    return line->settings.enabled ? line->reason : "switched off in the settings";
}

size_t line_waiting(const struct line *line)
{
    return line->queue.count;
}

double line_busy_percent(const struct line *line)
{
    return statistics_busy_percent(&line->busy, loop_now(line->loop));
}

const struct statistics *line_statistics(const struct line *line)
{
    return &line->statistics;
}

struct statistics *line_unit_statistics(struct line *line, uint8_t unit)
{
    return &line_unit_of(line, unit)->statistics;
}

/* What happened lately begins anew: the settings may have been what was wrong. What units still owe
 * they owe to the new line. */
void line_adopt_statistics(struct line *line, struct line *old)
{
    clock_us now = loop_now(line->loop);
    line->statistics = old->statistics;
    statistics_recent_start(&line->recent, &line->statistics, now);
    for (size_t i = 0; i < LINE_UNITS; i++) {
        if (!old->units[i])
            continue;
        struct line_unit *unit = line_unit_of(line, (uint8_t)i);
        unit->statistics = old->units[i]->statistics;
        statistics_recent_start(&unit->recent, &unit->statistics, now);
        unit->debt = old->units[i]->debt;
    }
    line_flights_adopt(line, old);
    if (old->trace && trace_is_rtu(old->trace) == line->rtu) {
        line->trace = old->trace;
        old->trace = NULL;
    }
}

uint64_t line_recent(const struct line *line, enum statistics_count what)
{
    return statistics_recent_count(&line->recent, &line->statistics, what);
}

uint64_t line_unit_recent(const struct line *line, uint8_t unit, enum statistics_count what)
{
    const struct line_unit *known = line->units[unit];
    return known ? statistics_recent_count(&known->recent, &known->statistics, what) : 0;
}

double line_load_percent(const struct line *line, enum line_load load)
{
    return statistics_busy_percent(&line->loads[load].busy, loop_now(line->loop));
}

bool line_faults(const struct line *line, struct transport_faults *faults)
{
    struct transport *transport = line->transport;
    return transport && transport->kind->faults && line->state == LINE_STATE_OPEN &&
           transport->kind->faults(transport, faults);
}

void line_unit_identity(struct line *line, uint8_t number, uint64_t identity)
{
    struct line_unit *unit = line_unit_of(line, number);
    if (identity == unit->identity[0])
        return;
    if (unit->identity[0] && identity == unit->identity[1]) {
        unit->statistics.counts[STATISTICS_SWAPS]++;
        line->statistics.counts[STATISTICS_SWAPS]++;
    }
    unit->identity[1] = unit->identity[0];
    unit->identity[0] = identity;
}

bool line_is_urgent(const struct line *line)
{
    return line->queue.classes[LINE_CONTROL].first != NULL;
}

/* ---- a look at the wire ---------------------------------------------------------------------- */

struct trace *line_trace_start(struct line *line, size_t size)
{
    line_trace_end(line);
    line->trace = trace_new(size, line->rtu);
    return line->trace;
}

void line_trace_end(struct line *line)
{
    line->trace = trace_free(line->trace);
}

struct trace *line_trace(const struct line *line)
{
    return line->trace;
}
