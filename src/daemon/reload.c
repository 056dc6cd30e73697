#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/daemon_private.h"
#include "daemon/bus_doctor.h"
#include "daemon/log_settings.h"
#include "engine/channel.h"
#include "engine/export.h"
#include "engine/event_log.h"
#include "engine/history.h"
#include "engine/history_rules.h"
#include "engine/pulse.h"
#include "engine/switcher.h"
#include "field/field.h"
#include "model/access.h"

/* What a comparison of two configurations reports to. */
struct report {
    struct daemon *daemon;
    const struct daemon_author *author;
    web_applied_fn *applied;
    void *to;
    size_t changes, restarts;
};

static void report_key(void *user, const char *key, const struct config_key *before,
                       const struct config_key *after)
{
    struct report *report = user;
    const struct setting_row *row = after->row ? after->row : before->row;
    bool restart = row && row->apply == SETTING_RESTART;
    report->changes++;
    report->restarts += restart;
    if (daemon_event_setting_listed(report->changes))
        daemon_event_setting(report->daemon, report->author, key, before, after, restart);
    if (report->applied)
        report->applied(report->to, key, restart);
}

void daemon_set_history_rules(struct daemon *daemon)
{
    struct history_rules rules = HISTORY_RULES_EMPTY;
    history_rules_read(&rules, daemon->config);
    history_set_rules(daemon->history, &rules);
}

void daemon_adopt(struct daemon *daemon, struct config *fresh, const struct daemon_author *author,
                  web_applied_fn *applied, void *to)
{
    struct config *old = daemon->config;
    struct report report = {.daemon = daemon, .author = author, .applied = applied, .to = to};
    config_diff(old, fresh, report_key, &report);
    daemon_event_settings(daemon, author, report.changes);
    daemon->config = fresh;
    daemon->config_revision++;
    if (report.changes) {
        struct err err = ERR_EMPTY;
        log_settings_apply(config_record(fresh, &log_settings_table));
        event_log_configure(daemon->events, config_record(fresh, &event_settings_table));
        access_configure(daemon->access, config_record(fresh, &access_settings_table));
        if (daemon->history) {
            history_configure(daemon->history, config_record(fresh, &history_settings_table));
            daemon_set_history_rules(daemon);
        }
        if (web_configure(daemon->web, config_record(fresh, &web_settings_table), &err) < 0)
            log_error("reload", "%s", err.text);
        export_configure(daemon->export, config_record(fresh, &export_settings_table));
        daemon_gateway_hold(daemon);
        bus_doctor_hold(daemon->doctor);
        field_apply(daemon->field, fresh);
        daemon_gateway_configure(daemon, fresh);
        daemon_lamps_configure(daemon, fresh);
    }
    /* These borrow the configuration itself. */
    channels_configure(daemon->channels, fresh);
    pulses_configure(daemon->pulses, fresh);
    daemon_demand_configure(daemon, fresh);
    daemon_automation_configure(daemon, fresh);
    switcher_configure(daemon->switcher, fresh);
    daemon_mail_configure(daemon, fresh);
    daemon_notify_configure(daemon, fresh);
    daemon_alarm_configure(daemon, fresh); /* may have something to tell */
    daemon_snmp_configure(daemon, fresh);
    daemon_nut_configure(daemon, fresh);
    daemon_trap_configure(daemon, fresh);
    config_free(old);
}

static void remember_problem(struct daemon *daemon, const struct err_list *errors)
{
    snprintf(daemon->config_problem, sizeof daemon->config_problem,
             "the site file is not in force: %.400s", errors->count ? errors->list[0].text : "");
    for (size_t i = 1; i < errors->count; i++) /* the first one is in the event */
        log_error("reload", "%s", errors->list[i].text);
}

void daemon_reload(struct daemon *daemon)
{
    /* What is being saved was built on the old file: first that, then the new one. */
    if (daemon->changes) {
        daemon->reload_wanted = true;
        return;
    }
    if (!mem_reserve()) {
        log_error("reload",
                  "there is not enough memory to read the settings again; send the signal "
                  "once more later");
        return;
    }
    mem_lend(); /* as in change.c */
    struct err_list errors = {0};
    struct config *fresh = config_load(&daemon->schema, daemon->options.site_file,
                                       daemon->overlay_file, NULL, 0, &errors);
    mem_reserve();
    if (fresh) {
        daemon->config_problem[0] = '\0';
        daemon_adopt(daemon, fresh, &(struct daemon_author){"file", ""}, NULL, NULL);
    } else {
        remember_problem(daemon, &errors);
    }
    daemon_event_reload(daemon, &errors);
    err_list_deinit(&errors);
}
