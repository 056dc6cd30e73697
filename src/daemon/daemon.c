#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/saver.h"
#include "base/time_text.h"
#include "daemon/bus_doctor.h"
#include "daemon/daemon_private.h"
#include "daemon/log_settings.h"
#include "daemon/scanner.h"
#include "driver/library.h"
#include "engine/alarm.h"
#include "engine/alarm_hours.h"
#include "engine/alarm_rule.h"
#include "engine/channel.h"
#include "engine/demand_settings.h"
#include "engine/derive.h"
#include "engine/energy_settings.h"
#include "engine/export.h"
#include "engine/event_log.h"
#include "engine/history.h"
#include "engine/history_rules.h"
#include "engine/load_settings.h"
#include "engine/meter.h"
#include "engine/notify_hours.h"
#include "engine/notify_recipient.h"
#include "engine/notify_settings.h"
#include "engine/outlet_groups.h"
#include "engine/pulse.h"
#include "engine/output_settings.h"
#include "engine/schedule_rule.h"
#include "engine/switcher.h"
#include "engine/report_rule.h"
#include "face/mail_settings.h"
#include "face/snmp_library.h"
#include "face/snmp_settings.h"
#include "face/snmp_tables_settings.h"
#include "face/gateway_rule.h"
#include "face/gateway_settings.h"
#include "face/nut_settings.h"
#include "face/web_settings.h"
#include "field/device_settings.h"
#include "field/field.h"
#include "field/lamps.h"
#include "field/line_settings.h"
#include "model/access.h"
#include "model/site.h"
#include "model/site_settings.h"

/* How often values are looked at for being too old. */
#define AGE_EVERY (250 * CLOCK_MS)

/* What is on its way to the disk is waited for when stopping, and answered for. */
#define STOP_LOOK_EVERY (20 * CLOCK_MS)
#define STOP_WAIT_MOST (30 * CLOCK_S)

const struct setting_table *const daemon_tables[] = {
    &site_settings_table,      &access_settings_table,
    &web_settings_table,       &line_settings_table,
    &device_settings_table,    &channel_settings_table,
    &history_settings_table,   &export_settings_table,
    &history_rules_table,      &outlet_settings_table,
    &group_settings_table,     &interlock_settings_table,
    &switching_settings_table, &output_settings_table,
    &pulse_settings_table,     &schedule_settings_table,
    &load_settings_table,      &alarm_settings_table,
    &recipient_settings_table, &business_hours_table,
    &notify_settings_table,    &mail_settings_table,
    &report_settings_table,    &active_hours_table,
    &snmp_settings_table,      &snmp_community_table,
    &snmp_user_table,          &snmp_tables_settings_table,
    &gateways_table,           &nut_settings_table,
    &nut_ups_settings_table,   &nut_user_settings_table,
    &gateway_rules_table,      &event_settings_table,
    &log_settings_table,       &lamps_settings_table,
    &tariff_settings_table,    &energy_settings_table,
    &demand_settings_table,    NULL,
};

static char *join(const char *folder, const char *name)
{
    struct buf path = BUF_EMPTY;
    buf_add_format(&path, "%s/%s", folder, name);
    char *text = mem_text(buf_text(&path));
    buf_deinit(&path);
    return text;
}

static void look_at_ages(void *user)
{
    struct daemon *daemon = user;
    mem_reserve(); /* back in place as soon as there is memory again */
    pulses_refresh(daemon->pulses);
    derive_refresh(daemon->derive);
    site_age(daemon->site);
    daemon->aged = loop_now(daemon->loop);
}

static void on_gap(void *user)
{
    struct daemon *daemon = user;
    alarms_stood_still(daemon->alarms, loop_now(daemon->loop) - daemon->aged);
    look_at_ages(daemon);
}

static void on_age(struct loop_timer *timer, void *user)
{
    (void)timer;
    look_at_ages(user);
}

static bool is_saving(const struct daemon *daemon)
{
    return daemon->changes || saver_busy(daemon->saver);
}

static void on_stop(struct loop_timer *timer, void *user)
{
    struct daemon *daemon = user;
    (void)timer;
    bool late = loop_now(daemon->loop) >= daemon->stop_by;
    if (late)
        log_error("daemon", "the disk does not answer: a change of settings or users is lost");
    if (late || !is_saving(daemon))
        loop_stop(daemon->loop);
}

static void on_signal(int number, void *user)
{
    struct daemon *daemon = user;
    if (number == SIGHUP) {
        daemon_reload(daemon);
        return;
    }
    bool twice = daemon->stopping;
    if (!twice)
        daemon_event_stop(daemon, number);
    daemon->stopping = true;
    daemon_switching_stop(daemon);
    daemon_alarm_stop(daemon);
    daemon_pulse_stop(daemon);
    daemon_snmp_stop(daemon);
    daemon_demand_stop(daemon);
    daemon->stop_by = loop_now(daemon->loop) + STOP_WAIT_MOST;
    if (twice || !is_saving(daemon)) {
        loop_stop(daemon->loop);
        return;
    }
    log_notice("daemon", "changes are being saved: waiting for the disk, at most %d s",
               (int)(STOP_WAIT_MOST / CLOCK_S));
    loop_timer_every(daemon->loop, &daemon->stop_timer, STOP_LOOK_EVERY, STOP_LOOK_EVERY, on_stop,
                     daemon);
}

/* ---- the start list, in order; daemon_close() is its mirror ---------------------------------- */

/* A profile with a mistake is left out and named in the log: it must not keep the site from being
 * measured. */
static void load_profiles(struct daemon *daemon)
{
    struct err_list mistakes = ERR_LIST_EMPTY;
    daemon->library = library_new();
    library_load(daemon->library, daemon->options.profiles_folder, &mistakes);
    library_load(daemon->library, daemon->user_profiles, &mistakes);
    for (size_t i = 0; i < mistakes.count; i++)
        log_error("daemon", "%s", mistakes.list[i].text);
    err_list_deinit(&mistakes);
}

static int start_settings(struct daemon *daemon, struct err_list *errors, struct err *err)
{
    daemon->clock = clock_system();
    daemon->loop = loop_new(&daemon->clock);
    if (!daemon->loop || loop_pool_start(daemon->loop) < 0)
        return err_set(err, -ENOMEM, "no event loop: too few descriptors or too little memory");
    if (file_make_folder(daemon->state_folder, 0750, err) < 0)
        return err->code;
    load_profiles(daemon);
    daemon->words[0] =
        (struct config_words){.name = "profiles", .words = library_words(daemon->library)};
    daemon->schema =
        (struct config_schema){.tables = daemon_tables, .words = daemon->words, .word_lists = 1};
    daemon->config = config_load(&daemon->schema, daemon->options.site_file, daemon->overlay_file,
                                 NULL, 0, errors);
    if (!daemon->config)
        return -EINVAL;
    log_settings_apply(config_record(daemon->config, &log_settings_table));
    const struct site_settings *site = config_record(daemon->config, &site_settings_table);
    if (time_text_use_zone(site->time_zone, err) < 0)
        return err->code;
    daemon->started_mono = loop_now(daemon->loop);
    daemon->started_wall = loop_wall(daemon->loop);
    return 0;
}

static int start_model(struct daemon *daemon, char *first_secret, struct err *err)
{
    daemon->site = site_new(daemon->loop);
    daemon->saver = saver_new(daemon->loop);
    if (!daemon->saver)
        return err_set(err, -ENOMEM, "out of memory");
    daemon->events = event_log_open(daemon->loop, daemon->state_folder,
                                    config_record(daemon->config, &event_settings_table));
    daemon_event_start(daemon);
    daemon->access =
        access_open(daemon->loop, daemon->saver, daemon->state_folder,
                    config_record(daemon->config, &access_settings_table), first_secret, err);
    return daemon->access ? 0 : err->code;
}

static int start_engine(struct daemon *daemon, struct err *err)
{
    daemon->channels = channels_new(daemon->site, daemon->config);
    daemon->meter = meter_open(daemon->site, daemon->state_folder, err);
    if (!daemon->meter || daemon_pulse_start(daemon, err) < 0)
        return err->code;
    daemon->derive = derive_new(daemon->site);
    /* Without history the daemon still measures and shows; it says so on every page. */
    struct err problem = ERR_EMPTY;
    daemon->history =
        history_open(daemon->loop, daemon->site, daemon->state_folder,
                     config_record(daemon->config, &history_settings_table), &problem);
    if (!daemon->history) {
        snprintf(daemon->history_problem, sizeof daemon->history_problem,
                 "nothing is recorded: %.450s", problem.text);
        log_error("daemon", "%s", daemon->history_problem);
    } else {
        daemon_set_history_rules(daemon);
    }
    daemon_events_watch(daemon);
    return 0;
}

static void start_field(struct daemon *daemon)
{
    daemon->export = export_open(daemon->loop, daemon->site, daemon->history, daemon->state_folder,
                                 config_record(daemon->config, &export_settings_table));
    struct field_resolver resolver = {.find = library_resolve, .user = daemon->library};
    daemon->field = field_new(daemon->loop, daemon->site, &resolver);
    daemon_pulse_field(daemon);
    field_apply(daemon->field, daemon->config);
    daemon_demand_start(daemon);
    daemon_outputs_start(daemon);
    daemon_switching_start(daemon);
    daemon_automation_start(daemon);
    daemon_alarm_start(daemon);
    daemon_notify_start(daemon);
    daemon->scanner = scanner_new(daemon->field, daemon->library);
    daemon->doctor = bus_doctor_new(daemon->loop, daemon->field);
    daemon_lamps_start(daemon);
    daemon_gateway_start(daemon);
    loop_timer_every(daemon->loop, &daemon->age_timer, AGE_EVERY, AGE_EVERY, on_age, daemon);
    /* After a standstill nobody sees a value before its age was looked at. */
    daemon->aged = loop_now(daemon->loop);
    loop_on_gap(daemon->loop, 2 * AGE_EVERY, on_gap, daemon);
}

static int start_faces(struct daemon *daemon, struct err *err)
{
    daemon_reports_start(daemon);
    struct web_context context = daemon_web_context(daemon);
    daemon_snmp_start(daemon);
    daemon_trap_start(daemon);
    daemon->web = web_open(&context, config_record(daemon->config, &web_settings_table), err);
    if (!daemon->web)
        return err->code;
    daemon_mail_start(daemon);
    daemon_nut_start(daemon);
    return 0;
}

static int start_signals(struct daemon *daemon, struct err *err)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int result = loop_on_signal(daemon->loop, numbers[i], on_signal, daemon);
        if (result < 0)
            return err_set_errno(err, result, "cannot watch for signals");
    }
    return 0;
}

static struct daemon *give_up(struct daemon *daemon, const struct err *err)
{
    if (daemon->events)
        daemon_event_give_up(daemon, err);
    return daemon_close(daemon);
}

struct daemon *daemon_open(const struct daemon_options *options, char *first_secret,
                           struct err_list *errors, struct err *err)
{
    struct daemon *daemon = mem_new(sizeof *daemon);
    daemon->options = *options;
    daemon->state_folder = mem_text(options->state_folder);
    daemon->overlay_file = join(options->state_folder, "overlay.json");
    daemon->socket_file = join(options->state_folder, "busbar.sock");
    daemon->user_profiles = options->user_profiles ? mem_text(options->user_profiles)
                                                   : join(options->state_folder, "profiles");
    *first_secret = '\0';
    daemon_harden();
    snmp_library_prepare();
    if (start_settings(daemon, errors, err) < 0 || start_model(daemon, first_secret, err) < 0 ||
        start_engine(daemon, err) < 0)
        return give_up(daemon, err);
    start_field(daemon);
    if (start_faces(daemon, err) < 0 || start_signals(daemon, err) < 0)
        return give_up(daemon, err);
    return daemon;
}

void daemon_run(struct daemon *daemon)
{
    loop_run(daemon->loop);
}

struct daemon *daemon_close(struct daemon *daemon)
{
    if (!daemon)
        return NULL;
    daemon_nut_end(daemon);
    web_close(daemon->web);
    loop_timer_stop(&daemon->stop_timer);
    loop_timer_stop(&daemon->age_timer);
    loop_on_gap(daemon->loop, CLOCK_NEVER, NULL, NULL);
    daemon_changes_end(daemon);
    daemon_mail_end(daemon);
    daemon_trap_end(daemon);
    daemon_snmp_end(daemon);
    daemon_events_unwatch(daemon);
    export_close(daemon->export);
    history_close(daemon->history);
    scanner_free(daemon->scanner);
    bus_doctor_free(daemon->doctor);
    daemon_lamps_end(daemon);
    daemon_gateway_end(daemon);
    daemon_switching_stop(daemon);
    field_free(daemon->field);
    daemon_notify_end(daemon);
    daemon_alarm_end(daemon);
    daemon_automation_end(daemon);
    daemon_switching_end(daemon);
    daemon_demand_end(daemon);
    daemon_pulse_end(daemon);
    derive_free(daemon->derive);
    meter_close(daemon->meter);
    channels_free(daemon->channels);
    access_close(daemon->access);
    event_log_close(daemon->events);
    saver_free(daemon->saver);
    site_free(daemon->site);
    config_free(daemon->config);
    library_free(daemon->library);
    loop_free(daemon->loop);
    free(daemon->state_folder);
    free(daemon->overlay_file);
    free(daemon->socket_file);
    free(daemon->user_profiles);
    free(daemon);
    mem_lend();
    return NULL;
}

int daemon_port_https(const struct daemon *daemon)
{
    return web_port_https(daemon->web);
}

int daemon_port_http(const struct daemon *daemon)
{
    return web_port_http(daemon->web);
}
