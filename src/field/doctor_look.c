/* The facts of a line of the field, for doctor_judge(). */

#include <stdlib.h>

#include "field/doctor.h"
#include "field/line.h"

struct gathering {
    const struct line *line;
    struct doctor_unit *units;
    size_t count;
};

/* Devices that share a unit (parts of one) are one unit on the line. */
static void gather(void *user, const struct field_unit *unit)
{
    struct gathering *to = user;
    for (size_t i = 0; i < to->count; i++) {
        if (to->units[i].unit == unit->unit)
            return;
    }
    if (to->count == DOCTOR_UNITS)
        return;
    struct doctor_unit *facts = &to->units[to->count++];
    *facts = (struct doctor_unit){
        .device = unit->device,
        .unit = unit->unit,
        .latency_p99 = statistics_latency_at(&unit->statistics->latency, 0.99),
    };
    for (int i = 0; i < STATISTICS_COUNTS; i++)
        facts->recent[i] =
            line_unit_recent(to->line, (uint8_t)unit->unit, (enum statistics_count)i);
    for (size_t i = 0; i < STATISTICS_EXCEPTION_CODES; i++)
        facts->exceptions[i] = unit->statistics->exceptions[i];
}

size_t doctor_look(const struct field *field, const struct line *line,
                   struct doctor_finding *findings, size_t room)
{
    const struct line_settings *settings = line_settings_of(line);
    if (settings->kind == LINE_SIM || settings->kind == LINE_GPIO || !settings->enabled ||
        line_resting(line))
        return 0;
    struct gathering gathered = {
        .line = line,
        .units = calloc(DOCTOR_UNITS, sizeof *gathered.units),
    };
    if (!gathered.units)
        return 0;
    field_units_each(field, line, gather, &gathered);
    struct doctor_facts facts = {
        .serial = settings->kind == LINE_MODBUS_RTU,
        .rtu = settings->kind != LINE_MODBUS_TCP,
        .open = line_state(line) == LINE_STATE_OPEN,
        .reason = line_state(line) == LINE_STATE_FAILING ? line_reason(line) : "",
        .timeout_ms = (unsigned)settings->timeout_ms,
        .busy_percent = line_busy_percent(line),
        .units = gathered.units,
        .unit_count = gathered.count,
    };
    (void)line_faults(line, &facts.faults);
    for (int i = 0; i < STATISTICS_COUNTS; i++)
        facts.recent[i] = line_recent(line, (enum statistics_count)i);
    size_t count = doctor_judge(&facts, findings, room);
    free(gathered.units);
    return count;
}
