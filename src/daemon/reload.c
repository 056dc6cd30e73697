#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/daemon_private.h"
#include "daemon/log_settings.h"
#include "engine/channel.h"
#include "engine/history.h"
#include "field/field.h"
#include "model/access.h"

/* What a comparison of two configurations reports to. */
struct report {
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
    log_notice("reload", "%s %s", key, restart ? "takes effect after a restart" : "is in force");
    if (report->applied)
        report->applied(report->to, key, restart);
}

void daemon_adopt(struct daemon *daemon, struct config *fresh, web_applied_fn *applied, void *to)
{
    struct config *old = daemon->config;
    struct report report = {.applied = applied, .to = to};
    config_diff(old, fresh, report_key, &report);
    daemon->config = fresh;
    daemon->config_revision++;
    if (report.changes) {
        struct err err = ERR_EMPTY;
        log_settings_apply(config_record(fresh, &log_settings_table));
        access_configure(daemon->access, config_record(fresh, &access_settings_table));
        if (daemon->history)
            history_configure(daemon->history, config_record(fresh, &history_settings_table));
        if (web_configure(daemon->web, config_record(fresh, &web_settings_table), &err) < 0)
            log_error("reload", "%s", err.text);
        field_apply(daemon->field, fresh);
    }
    /* Channels borrow the configuration itself. */
    channels_configure(daemon->channels, fresh);
    config_free(old);
}

static void remember_problem(struct daemon *daemon, const struct err_list *errors)
{
    snprintf(daemon->config_problem, sizeof daemon->config_problem,
             "the site file is not in force: %.400s", errors->count ? errors->list[0].text : "");
    for (size_t i = 0; i < errors->count; i++)
        log_error("reload", "%s", errors->list[i].text);
}

void daemon_reload(struct daemon *daemon)
{
    struct err_list errors = {0};
    struct config *fresh = config_load(&daemon->schema, daemon->options.site_file,
                                       daemon->overlay_file, NULL, 0, &errors);
    if (fresh) {
        daemon->config_problem[0] = '\0';
        daemon_adopt(daemon, fresh, NULL, NULL);
        log_notice("reload", "settings read again");
    } else {
        remember_problem(daemon, &errors);
        log_error("reload", "the settings stay as they were");
    }
    err_list_deinit(&errors);
}

int daemon_change(void *user, const struct web_change *change, struct err_list *errors,
                  web_applied_fn *applied, void *to)
{
    struct daemon *daemon = user;
    struct config *fresh = config_load(&daemon->schema, daemon->options.site_file,
                                       daemon->overlay_file, change->list, change->count, errors);
    if (!fresh)
        return -EINVAL;
    struct err err = ERR_EMPTY;
    int result = config_save_overlay(fresh, daemon->overlay_file, &err);
    if (result < 0) {
        err_list_add(errors, &err);
        config_free(fresh);
        return result;
    }
    log_notice("settings", "%s (%s) changed %zu setting%s", change->who, change->from,
               change->count, change->count == 1 ? "" : "s");
    daemon->config_problem[0] = '\0'; /* the site file was read with the change */
    daemon_adopt(daemon, fresh, applied, to);
    return 0;
}
