#include "daemon/bus_doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "field/doctor.h"
#include "field/line.h"
#include "field/trace_form.h"
#include "field/trial.h"
#include "model/limits.h"
#include "wire/modbus_pdu.h"

#define KEPT (600 * CLOCK_S) /* a record, after its end */

/* A line that is being recorded, or was. */
struct record {
    char line[LIMIT_NAME + 1]; /* "" while not in use */
    clock_us begun_wall, until;
    struct loop_timer timer; /* ends it, and later forgets it */
    struct bus_doctor *doctor;
};

enum state { NONE, RUNNING, DONE, STOPPED, FAILED };

struct bus_doctor {
    struct loop *loop;
    struct field *field;
    struct doctor_door door;
    struct record records[BUS_DOCTOR_TRACES];

    struct trial *trial; /* while running */
    enum state state;
    char line[LIMIT_NAME + 1], problem[ERR_TEXT_MAX];
    uint8_t units[TRIAL_UNITS];
    size_t unit_count, found_count;
    struct {
        uint8_t unit;
        struct trial_setting setting;
    } found[TRIAL_UNITS];
};

/* ---- findings -------------------------------------------------------------------------------- */

struct writer {
    struct json *json;
    struct bus_doctor *doctor;
    const struct line *line;
};

static void write_finding(struct json *json, const struct doctor_finding *finding)
{
    json_open_object(json);
    json_pair_text(json, "kind", finding->kind);
    json_pair_text(json, "weight", doctor_weight_name(finding->weight));
    json_key(json, "unit");
    if (finding->unit < 0)
        json_none(json);
    else
        json_int(json, finding->unit);
    json_pair_text(json, "device", finding->device);
    json_pair_text(json, "what", finding->what);
    json_pair_text(json, "evidence", finding->evidence);
    json_pair_text(json, "way_out", finding->way_out);
    json_close_object(json);
}

static void write_findings(struct writer *writer)
{
    struct doctor_finding *findings = calloc(DOCTOR_FINDINGS, sizeof *findings);
    size_t count =
        findings ? doctor_look(writer->doctor->field, writer->line, findings, DOCTOR_FINDINGS) : 0;
    json_key(writer->json, "findings");
    json_open_array(writer->json);
    for (size_t i = 0; i < count; i++)
        write_finding(writer->json, &findings[i]);
    json_close_array(writer->json);
    free(findings);
}

/* ---- counters -------------------------------------------------------------------------------- */

static void write_bucket(void *user, clock_us to, uint32_t count)
{
    struct json *json = user;
    json_open_object(json);
    json_key(json, "to_ms");
    json_decimal(json, (double)to / CLOCK_MS, 3);
    json_pair_int(json, "count", count);
    json_close_object(json);
}

static void write_exceptions(struct json *json, const struct statistics *statistics)
{
    json_key(json, "exceptions");
    json_open_array(json);
    for (size_t i = 0; i < STATISTICS_EXCEPTION_CODES; i++) {
        if (!statistics->exceptions[i])
            continue;
        json_open_object(json);
        json_pair_int(json, "code", (int64_t)i);
        json_pair_text(json, "name", i ? modbus_pdu_exception_name((uint8_t)i) : "other codes");
        json_pair_int(json, "count", (int64_t)statistics->exceptions[i]);
        json_close_object(json);
    }
    json_close_array(json);
}

static void write_unit(void *user, const struct field_unit *unit)
{
    struct writer *writer = user;
    struct json *json = writer->json;
    json_open_object(json);
    json_pair_text(json, "device", unit->device);
    json_pair_int(json, "unit", unit->unit);
    json_key(json, "recent");
    json_open_object(json);
    for (int i = 0; i < STATISTICS_COUNTS; i++)
        json_pair_int(
            json, statistics_count_name((enum statistics_count)i),
            (int64_t)line_unit_recent(writer->line, (uint8_t)unit->unit, (enum statistics_count)i));
    json_close_object(json);
    write_exceptions(json, unit->statistics);
    json_key(json, "latency");
    json_open_array(json);
    statistics_latency_each(&unit->statistics->latency, write_bucket, json);
    json_close_array(json);
    json_close_object(json);
}

static void write_loads(struct writer *writer)
{
    static const char *const names[LINE_LOADS] = {[LINE_LOAD_CONTROL] = "control",
                                                  [LINE_LOAD_POLL] = "poll",
                                                  [LINE_LOAD_GATEWAY] = "gateway"};
    json_key(writer->json, "load_percent");
    json_open_object(writer->json);
    for (int i = 0; i < LINE_LOADS; i++) {
        json_key(writer->json, names[i]);
        json_decimal(writer->json, line_load_percent(writer->line, (enum line_load)i), 1);
    }
    json_close_object(writer->json);
}

static void write_line(void *user, const struct field_line *line)
{
    struct writer *writer = user;
    struct json *json = writer->json;
    const struct trace *trace = line_trace(line->line);
    writer->line = line->line;
    json_open_object(json);
    json_pair_text(json, "name", line->name);
    json_pair_bool(json, "resting", line_resting(line->line));
    json_pair_bool(json, "recording", trace && !trace_stopped(trace));
    json_pair_int(json, "recorded", trace ? (int64_t)trace_last(trace) : 0);
    write_loads(writer);
    json_key(json, "recent");
    json_open_object(json);
    for (int i = 0; i < STATISTICS_COUNTS; i++)
        json_pair_int(json, statistics_count_name((enum statistics_count)i),
                      (int64_t)line_recent(line->line, (enum statistics_count)i));
    json_close_object(json);
    write_findings(writer);
    json_key(json, "units");
    json_open_array(json);
    field_units_each(writer->doctor->field, line->line, write_unit, writer);
    json_close_array(json);
    json_close_object(json);
}

static void write_doctor(void *user, struct json *json)
{
    struct bus_doctor *doctor = user;
    struct writer writer = {.json = json, .doctor = doctor};
    json_open_object(json);
    json_key(json, "lines");
    json_open_array(json);
    field_lines_each(doctor->field, write_line, &writer);
    json_close_array(json);
    json_close_object(json);
}

/* ---- the trial of other speeds --------------------------------------------------------------- */

static void on_trial_answered(void *user, uint8_t unit, const struct trial_setting *setting)
{
    struct bus_doctor *doctor = user;
    doctor->found[doctor->found_count].unit = unit;
    doctor->found[doctor->found_count++].setting = *setting;
}

static void on_trial_done(void *user, const char *problem)
{
    struct bus_doctor *doctor = user;
    snprintf(doctor->problem, sizeof doctor->problem, "%s", problem ? problem : "");
    doctor->state = problem ? FAILED : DONE;
    doctor->trial = NULL;
    log_notice("doctor", "%s: other speeds were tried, %zu of %zu units answered", doctor->line,
               doctor->found_count, doctor->unit_count);
}

/* The first few units of the line, each once. */
static void collect_unit(void *user, const struct field_unit *unit)
{
    struct bus_doctor *doctor = user;
    for (size_t i = 0; i < doctor->unit_count; i++) {
        if (doctor->units[i] == unit->unit)
            return;
    }
    if (doctor->unit_count < TRIAL_UNITS)
        doctor->units[doctor->unit_count++] = (uint8_t)unit->unit;
}

static int start_trial(void *user, const char *name, struct err *err)
{
    struct bus_doctor *doctor = user;
    struct line *line = field_line_find(doctor->field, name);
    if (!line)
        return err_set(err, -ENOENT, "there is no line \"%.63s\"", name);
    if (doctor->trial)
        return err_set(err, -EBUSY,
                       "other speeds are being tried on %s; wait for its end or stop it",
                       doctor->line);
    doctor->unit_count = 0;
    field_units_each(doctor->field, line, collect_unit, doctor);
    struct trial_options options = {
        .unit_count = doctor->unit_count,
        .answered = on_trial_answered,
        .done = on_trial_done,
        .user = doctor,
    };
    memcpy(options.units, doctor->units, sizeof options.units);
    struct trial *trial = trial_start(line, &options, err);
    if (!trial)
        return err->code;
    doctor->trial = trial;
    doctor->found_count = 0;
    doctor->problem[0] = '\0';
    doctor->state = RUNNING;
    snprintf(doctor->line, sizeof doctor->line, "%s", name);
    log_notice("doctor", "%s: polling rests, other speeds are tried", name);
    return 0;
}

static void stop_trial(void *user)
{
    struct bus_doctor *doctor = user;
    if (!doctor->trial)
        return;
    doctor->trial = trial_stop(doctor->trial);
    doctor->state = STOPPED;
}

static void pair_setting(struct json *json, const struct trial_setting *setting)
{
    json_pair_int(json, "baud", setting->baud);
    json_pair_text(json, "parity", trial_parity_name(setting->parity));
}

static void write_trial(void *user, struct json *json)
{
    static const char *const states[] = {[NONE] = "none",
                                         [RUNNING] = "running",
                                         [DONE] = "done",
                                         [STOPPED] = "stopped",
                                         [FAILED] = "failed"};
    const struct bus_doctor *doctor = user;
    struct trial_setting now = {0};
    size_t tried = doctor->trial ? trial_progress(doctor->trial, &now) : 0;
    json_open_object(json);
    json_pair_text(json, "state", states[doctor->state]);
    json_pair_text(json, "line", doctor->state == NONE ? NULL : doctor->line);
    json_pair_text(json, "problem", *doctor->problem ? doctor->problem : NULL);
    json_pair_int(json, "tried", (int64_t)tried);
    json_pair_int(json, "settings", TRIAL_SETTINGS);
    json_pair_int(json, "units", (int64_t)doctor->unit_count);
    json_key(json, "trying");
    if (doctor->trial) {
        json_open_object(json);
        pair_setting(json, &now);
        json_close_object(json);
    } else {
        json_none(json);
    }
    json_key(json, "answered");
    json_open_array(json);
    for (size_t i = 0; i < doctor->found_count; i++) {
        json_open_object(json);
        json_pair_int(json, "unit", doctor->found[i].unit);
        pair_setting(json, &doctor->found[i].setting);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

/* ---- records of frames ----------------------------------------------------------------------- */

static struct record *record_of(struct bus_doctor *doctor, const char *line)
{
    for (size_t i = 0; i < BUS_DOCTOR_TRACES; i++) {
        if (strcmp(doctor->records[i].line, line) == 0)
            return &doctor->records[i];
    }
    return NULL;
}

static void forget(struct record *record)
{
    struct line *line = field_line_find(record->doctor->field, record->line);
    if (line)
        line_trace_end(line);
    loop_timer_stop(&record->timer);
    record->line[0] = '\0';
}

static void on_forget(struct loop_timer *timer, void *user)
{
    (void)timer;
    forget(user);
}

static void on_end(struct loop_timer *timer, void *user)
{
    struct record *record = user;
    struct loop *loop = record->doctor->loop;
    struct line *line = field_line_find(record->doctor->field, record->line);
    if (line && line_trace(line))
        trace_stop(line_trace(line));
    loop_timer_at(loop, timer, loop_now(loop) + KEPT, on_forget, record);
}

/* The place of this line, or a free one, or that of a record that has ended. */
static struct record *place_for(struct bus_doctor *doctor, const char *line)
{
    struct record *record = record_of(doctor, line);
    if (!record)
        record = record_of(doctor, "");
    for (size_t i = 0; !record && i < BUS_DOCTOR_TRACES; i++) {
        if (doctor->records[i].until <= loop_now(doctor->loop))
            record = &doctor->records[i];
    }
    if (record && *record->line)
        forget(record);
    return record;
}

static int start_trace(void *user, const char *name, int seconds, struct err *err)
{
    struct bus_doctor *doctor = user;
    struct line *line = field_line_find(doctor->field, name);
    if (!line)
        return err_set(err, -ENOENT, "there is no line \"%.63s\"", name);
    if (line_settings_of(line)->kind == LINE_SIM || line_settings_of(line)->kind == LINE_GPIO)
        return err_set(err, -EINVAL, "%.63s has no frames: nothing goes over a wire there", name);
    struct record *record = place_for(doctor, name);
    if (!record)
        return err_set(err, -EBUSY, "%d lines are being recorded; stop one first",
                       BUS_DOCTOR_TRACES);
    if (!line_trace_start(line, BUS_DOCTOR_TRACE_BYTES))
        return err_set(err, -ENOMEM, "there is not enough memory to record just now");
    snprintf(record->line, sizeof record->line, "%s", name);
    record->doctor = doctor;
    record->begun_wall = loop_wall(doctor->loop);
    record->until = loop_now(doctor->loop) + seconds * CLOCK_S;
    loop_timer_at(doctor->loop, &record->timer, record->until, on_end, record);
    return 0;
}

static int stop_trace(void *user, const char *name, struct err *err)
{
    struct bus_doctor *doctor = user;
    struct record *record = *name ? record_of(doctor, name) : NULL;
    if (!record)
        return err_set(err, -ENOENT, "%.63s is not recorded", name);
    forget(record);
    return 0;
}

static void write_trace(struct bus_doctor *doctor, const struct record *record,
                        const struct trace *trace, const struct doctor_wish *wish, struct buf *out)
{
    struct json json = json_writer(out);
    clock_us left = record->until - loop_now(doctor->loop);
    json_open_object(&json);
    json_pair_text(&json, "line", record->line);
    json_pair_bool(&json, "recording", !trace_stopped(trace));
    json_pair_int(&json, "seconds_left", left > 0 ? (left + CLOCK_S - 1) / CLOCK_S : 0);
    json_pair_int(&json, "last", (int64_t)trace_last(trace));
    json_pair_int(&json, "dropped", (int64_t)trace_dropped(trace));
    json_key(&json, "frames");
    trace_write_json(trace, wish->after, wish->unit, &json);
    json_close_object(&json);
}

static int read_trace(void *user, const char *name, const struct doctor_wish *wish, struct buf *out,
                      struct err *err)
{
    struct bus_doctor *doctor = user;
    struct line *line = field_line_find(doctor->field, name);
    const struct record *record = *name ? record_of(doctor, name) : NULL;
    const struct trace *trace = line && record ? line_trace(line) : NULL;
    if (!line)
        return err_set(err, -ENOENT, "there is no line \"%.63s\"", name);
    if (!trace)
        return err_set(err, -ENOENT, "%.63s was not recorded; start that first", name);
    switch (wish->form) {
    case DOCTOR_TEXT:
        trace_write_text(trace, wish->unit, out);
        return 0;
    case DOCTOR_PCAP:
        trace_write_pcap(trace, out);
        return 0;
    case DOCTOR_CAPTURE:
        if (wish->unit < 0)
            return err_set(err, -EINVAL, "a capture is of one device: give its unit");
        trace_write_capture(trace, (uint8_t)wish->unit, out);
        return 0;
    default:
        write_trace(doctor, record, trace, wish, out);
        return 0;
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

struct bus_doctor *bus_doctor_new(struct loop *loop, struct field *field)
{
    struct bus_doctor *doctor = mem_new(sizeof *doctor);
    doctor->loop = loop;
    doctor->field = field;
    doctor->door = (struct doctor_door){
        .write = write_doctor,
        .start_trial = start_trial,
        .stop_trial = stop_trial,
        .write_trial = write_trial,
        .start_trace = start_trace,
        .stop_trace = stop_trace,
        .read_trace = read_trace,
        .user = doctor,
    };
    return doctor;
}

struct bus_doctor *bus_doctor_free(struct bus_doctor *doctor)
{
    if (!doctor)
        return NULL;
    stop_trial(doctor);
    for (size_t i = 0; i < BUS_DOCTOR_TRACES; i++)
        loop_timer_stop(&doctor->records[i].timer);
    free(doctor);
    return NULL;
}

void bus_doctor_hold(struct bus_doctor *doctor)
{
    if (!doctor->trial)
        return;
    stop_trial(doctor);
    snprintf(doctor->problem, sizeof doctor->problem, "the settings were changed meanwhile");
}

const struct doctor_door *bus_doctor_door(struct bus_doctor *doctor)
{
    return &doctor->door;
}
