#include "daemon/daemon_private.h"

#include <string.h>

#include "base/time_text.h"
#include "daemon/bus_doctor.h"
#include "daemon/scanner.h"
#include "driver/library.h"
#include "engine/event_log.h"
#include "engine/export.h"
#include "engine/history.h"
#include "engine/notify.h"
#include "face/snmp_agent.h"
#include "field/field.h"
#include "field/serial_ports.h"
#include "model/site.h"

/* ---- settings -------------------------------------------------------------------------------- */

static struct history *get_history(void *user)
{
    return ((struct daemon *)user)->history;
}

static const char *get_history_problem(void *user)
{
    return ((struct daemon *)user)->history_problem;
}

static const struct config *get_config(void *user)
{
    return ((struct daemon *)user)->config;
}

static uint64_t get_config_revision(void *user)
{
    return ((struct daemon *)user)->config_revision;
}

/* ---- lines and units ------------------------------------------------------------------------- */

struct writer {
    struct json *json;
    const struct field *field;
};

static void write_milliseconds(struct json *json, const char *key, clock_us us)
{
    json_key(json, key);
    json_decimal(json, (double)us / CLOCK_MS, 2);
}

static void write_counts(struct json *json, const struct statistics *statistics)
{
    for (int i = 0; i < STATISTICS_COUNTS; i++)
        json_pair_int(json, statistics_count_name((enum statistics_count)i),
                      (int64_t)statistics->counts[i]);
    json_key(json, "latency_ms");
    json_open_object(json);
    write_milliseconds(json, "median", statistics_latency_at(&statistics->latency, 0.5));
    write_milliseconds(json, "p99", statistics_latency_at(&statistics->latency, 0.99));
    write_milliseconds(json, "max", statistics->latency.most);
    json_close_object(json);
    bool failed = statistics->last_error[0] != '\0';
    char when[TIME_TEXT_SIZE];
    if (failed)
        time_text_format_utc(statistics->last_error_wall, when);
    json_pair_text(json, "last_error", failed ? statistics->last_error : NULL);
    json_pair_text(json, "last_error_time", failed ? when : NULL);
}

static void write_unit(void *user, const struct field_unit *unit)
{
    struct json *json = user;
    json_open_object(json);
    json_pair_text(json, "device", unit->device);
    json_pair_int(json, "unit", unit->unit);
    json_pair_text(json, "state", unit->state);
    write_counts(json, unit->statistics);
    json_key(json, "retry_in_ms");
    if (unit->retry_in_ms < 0)
        json_none(json);
    else
        json_int(json, unit->retry_in_ms);
    json_close_object(json);
}

static void write_line(void *user, const struct field_line *line)
{
    struct writer *writer = user;
    struct json *json = writer->json;
    json_open_object(json);
    json_pair_text(json, "name", line->name);
    json_pair_text(json, "label", line->label);
    json_pair_text(json, "kind", line->kind);
    json_pair_text(json, "endpoint", line->endpoint);
    json_pair_text(json, "state", line->state);
    json_pair_text(json, "reason", *line->reason ? line->reason : NULL);
    json_pair_int(json, "queue", (int64_t)line->queue);
    json_key(json, "busy_percent");
    json_decimal(json, line->busy_percent, 1);
    write_counts(json, line->statistics);
    json_key(json, "units");
    json_open_array(json);
    field_units_each(writer->field, line->line, write_unit, json);
    json_close_array(json);
    json_close_object(json);
}

static void write_lines(void *user, struct json *json)
{
    struct daemon *daemon = user;
    struct writer writer = {.json = json, .field = daemon->field};
    json_open_array(json);
    field_lines_each(daemon->field, write_line, &writer);
    json_close_array(json);
}

static void write_short_line(void *user, const struct field_line *line)
{
    struct json *json = user;
    json_open_object(json);
    json_pair_text(json, "name", line->name);
    json_pair_text(json, "kind", line->kind);
    json_pair_text(json, "state", line->state);
    json_pair_text(json, "reason", *line->reason ? line->reason : NULL);
    json_close_object(json);
}

static void write_site_lines(void *user, struct json *json)
{
    struct daemon *daemon = user;
    json_open_array(json);
    field_lines_each(daemon->field, write_short_line, json);
    json_close_array(json);
}

/* ---- profiles -------------------------------------------------------------------------------- */

static void write_profiles(void *user, struct json *json)
{
    struct daemon *daemon = user;
    json_open_array(json);
    for (size_t i = 0; i < library_count(daemon->library); i++) {
        const struct library_entry *entry = library_at(daemon->library, i);
        json_open_object(json);
        json_pair_text(json, "name", entry->name);
        json_pair_text(json, "vendor", entry->vendor);
        json_pair_text(json, "model", entry->model);
        json_pair_text(json, "title", entry->title);
        json_pair_text(json, "role", entry->role);
        json_pair_text(json, "driver", entry->driver);
        json_pair_int(json, "confirmed", entry->confirmed);
        json_close_object(json);
    }
    json_close_array(json);
}

/* ---- what an installer asks ------------------------------------------------------------------ */

static int start_scan(void *user, const char *line, int first, int last, struct err *err)
{
    return scanner_start(((struct daemon *)user)->scanner, line, first, last, err);
}

static void stop_scan(void *user)
{
    scanner_stop(((struct daemon *)user)->scanner);
}

static void write_scan(void *user, struct json *json)
{
    scanner_write(((struct daemon *)user)->scanner, json);
}

static void write_port(void *user, const char *path, const char *device)
{
    struct json *json = user;
    json_open_object(json);
    json_pair_text(json, "path", path);
    json_pair_text(json, "device", device);
    json_close_object(json);
}

static void write_ports(void *user, struct json *json)
{
    (void)user;
    json_open_array(json);
    serial_ports_each("", write_port, json);
    json_close_array(json);
}

/* ---- what is wrong with the program itself --------------------------------------------------- */

static void write_export(void *user, struct json *json)
{
    struct daemon *daemon = user;
    const struct export_status status = export_status(daemon->export);
    json_open_object(json);
    json_pair_bool(json, "enabled", status.enabled);
    json_pair_text(json, "problem", *status.problem ? status.problem : NULL);
    json_pair_int(json, "files", (int64_t)status.facts.files);
    json_pair_int(json, "bytes", (int64_t)status.facts.bytes);
    json_pair_text(json, "oldest", status.facts.files ? status.facts.oldest : NULL);
    json_pair_text(json, "newest", status.facts.files ? status.facts.newest : NULL);
    json_close_object(json);
}

static void write_problems(void *user, struct json *json)
{
    struct daemon *daemon = user;
    const struct export_status export = export_status(daemon->export);
    if (*export.problem)
        json_text(json, export.problem);
    if (daemon->config_problem[0])
        json_text(json, daemon->config_problem);
    if (!daemon->history) {
        json_text(json, daemon->history_problem);
    } else {
        struct history_status status = history_status(daemon->history);
        if (!status.ok)
            json_text(json, status.problem);
    }
    const struct event_log_status events = event_log_status(daemon->events);
    if (!events.ok)
        json_text(json, events.problem);
    const char *kept;
    if (!notify_kept(daemon->notify, &kept))
        json_text(json, kept);
    if (*snmp_agent_problem(daemon->snmp))
        json_text(json, snmp_agent_problem(daemon->snmp));
    if (!clock_wall_known(&daemon->clock))
        json_text(json, "the time of day is not known: set the clock or name a time server");
}

static struct nut *nut_of(void *user)
{
    return ((struct daemon *)user)->nut;
}

struct web_context daemon_web_context(struct daemon *daemon)
{
    return (struct web_context){
        .loop = daemon->loop,
        .site = daemon->site,
        .access = daemon->access,
        .history = get_history,
        .history_problem = get_history_problem,
        .config = get_config,
        .config_revision = get_config_revision,
        .change = daemon_change,
        .cancel_change = daemon_change_cancel,
        .write_lines = write_lines,
        .write_profiles = write_profiles,
        .write_site_lines = write_site_lines,
        .write_problems = write_problems,
        .write_export = write_export,
        .start_scan = start_scan,
        .stop_scan = stop_scan,
        .write_scan = write_scan,
        .write_ports = write_ports,
        .doctor = bus_doctor_door(daemon->doctor),
        .commands = daemon->commands,
        .switcher = daemon->switcher,
        .schedules = daemon->schedules,
        .pulses = daemon->pulses,
        .gateway = daemon->gateway,
        .nut = nut_of,
        .load = daemon->load,
        .demand = daemon->demand,
        .outputs = daemon->outputs,
        .alarms = daemon->alarms,
        .notify = daemon->notify,
        .reports = daemon->reports,
        .events = daemon->events,
        .user = daemon,
        .started_wall = daemon->started_wall,
        .started_mono = daemon->started_mono,
        .state_folder = daemon->state_folder,
        .socket_path = daemon->socket_file,
    };
}
