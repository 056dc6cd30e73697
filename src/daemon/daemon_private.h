/* daemon_private - what the files of this folder share; nobody else includes this. */
#pragma once

#include "base/clock.h"
#include "base/loop.h"
#include "daemon/daemon.h"
#include "face/web.h"
#include "model/config.h"

struct alarms;
struct alarm_record;
struct bus_doctor;
struct daemon_change;
struct demand;
struct event_log;
struct event_network;
struct event_watch;
struct driver_library;
struct curl_loop;
struct lamps;
struct load;
struct mail;
struct notify;
struct notify_tell;
struct nut;
struct gateway;
struct outputs;
struct pulse_counts;
struct pulses;
struct raw_lines;
struct reports;
struct saver;
struct schedules;
struct snmp_agent;
struct snmp_state;
struct snmp_trap;
struct switcher;
struct switching;
struct syslog;
struct webhook;

struct daemon {
    struct clock clock;
    struct loop *loop;
    struct driver_library *library;
    struct config_schema schema;
    struct config_words words[1];
    struct config *config;
    uint64_t config_revision;
    struct saver *saver;           /* of access.json and the overlay */
    struct daemon_change *changes; /* the first one is being saved */
    struct loop_defer next_change;
    bool reload_wanted; /* when they are through */
    bool stopping;
    clock_us stop_by;
    struct loop_timer stop_timer;
    struct event_log *events;
    struct event_watch *event_watch;
    struct event_network *event_network;
    struct loop_timer history_timer; /* looks whether it works */
    bool history_was_ok;
    struct site *site;
    struct access *access;
    struct channels *channels;
    struct meter *meter;
    struct pulse_counts *pulse_counts; /* of edges that busbar counts */
    struct pulses *pulses;
    struct derive *derive;
    struct history *history; /* NULL: the store cannot be used, see history_problem */
    char history_problem[ERR_TEXT_MAX];
    struct export *export;
    struct field *field;
    struct commands *commands;   /* the door */
    struct switcher *switcher;   /* carries them out */
    struct switching *switching; /* its ties to field and disk */
    struct outputs *outputs;
    struct load *load;
    struct demand *demand;
    struct schedules *schedules;
    struct alarms *alarms;
    struct notify *notify;
    struct notify_tell *notify_tell;
    struct syslog *syslog;
    struct webhook *webhook;
    struct mail *mail;
    struct reports *reports;
    struct curl_loop *curl; /* transfers of webhooks and mail; NULL without memory */
    struct alarm_record *alarm_record;
    struct scanner *scanner;
    struct bus_doctor *doctor;
    struct lamps *lamps;
    struct raw_lines *raw_lines; /* the gateway's way to the lines */
    struct gateway *gateway;
    struct snmp_state *snmp_state;
    struct snmp_agent *snmp;
    struct snmp_ups_trap *ups_trap;
    struct snmp_trap *trap;
    struct web *web;
    struct nut *nut;
    struct loop_timer age_timer;
    clock_us aged; /* monotonic: when the ages of values were looked at last */
    struct daemon_options options;
    char *state_folder, *overlay_file, *socket_file, *user_profiles;
    char config_problem[ERR_TEXT_MAX]; /* of the last reload that was refused, "" when none */
    clock_us started_mono, started_wall;
};

/* Who changed the settings: a user and an address, or the site file and "". */
struct daemon_author {
    const char *who, *from;
};

/* ---- reload.c -------------------------------------------------------------------------------- */

/* Put a configuration into force: compare with the one before, tell every module, free the old one.
 */
void daemon_adopt(struct daemon *daemon, struct config *fresh, const struct daemon_author *author,
                  web_applied_fn *applied, void *to);

/* Hand the history the rules of the configuration in force. */
void daemon_set_history_rules(struct daemon *daemon);

/* Read the site file again; a mistake leaves everything as it is and is logged. */
void daemon_reload(struct daemon *daemon);

/* ---- change.c -------------------------------------------------------------------------------- */

/* struct web_context.change and cancel_change */
void *daemon_change(void *user, const struct web_change *wish, web_applied_fn *applied,
                    web_changed_fn *changed, void *to);
void daemon_change_cancel(void *user, void *handle);

/* Forget all changes; nobody is told. */
void daemon_changes_end(struct daemon *daemon);

/* ---- bridge.c: what the web asks for and lies on other floors -------------------------------- */

struct web_context daemon_web_context(struct daemon *daemon);

/* ---- events.c: what the daemon puts into the event log ---------------------------------------- */

/* Watch access, devices, clock and history; all must be there. */
void daemon_events_watch(struct daemon *daemon);
void daemon_events_unwatch(struct daemon *daemon);

void daemon_event_start(struct daemon *daemon);
void daemon_event_stop(struct daemon *daemon, int signal_number);
void daemon_event_give_up(struct daemon *daemon, const struct err *err); /* could not start */

/* A key that has changed; with many at once only the first are listed. */
void daemon_event_setting(struct daemon *daemon, const struct daemon_author *author,
                          const char *key, const struct config_key *before,
                          const struct config_key *after, bool restart);
bool daemon_event_setting_listed(size_t changes);
void daemon_event_settings(struct daemon *daemon, const struct daemon_author *author,
                           size_t changes);

/* The site file was read again; refused when there is a mistake. */
void daemon_event_reload(struct daemon *daemon, const struct err_list *errors);

/* ---- switching.c ----------------------------------------------------------------------------- */

/* The door and the switcher, with what was pending before; the field must be there. */
void daemon_switching_start(struct daemon *daemon);
/* Nothing more is begun, and what is pending goes to the saver. Before the field goes away. */
void daemon_switching_stop(struct daemon *daemon);
/* After the field is gone. */
void daemon_switching_end(struct daemon *daemon);

/* ---- automation.c ---------------------------------------------------------------------------- */

/* Names and inversion of outputs: before the switcher, which reads and writes them. */
void daemon_outputs_start(struct daemon *daemon);
/* Schedules and load budgets: after the switcher. */
void daemon_automation_start(struct daemon *daemon);
/* Other settings, before the switcher gets them. */
void daemon_automation_configure(struct daemon *daemon, const struct config *fresh);
/* Before the door and the site go. */
void daemon_automation_end(struct daemon *daemon);

/* ---- daemon_energy.c ------------------------------------------------------------------------- */

/* After the field has made its points. */
void daemon_demand_start(struct daemon *daemon);
void daemon_demand_configure(struct daemon *daemon, const struct config *fresh);
/* What is known goes to the saver. */
void daemon_demand_stop(struct daemon *daemon);
/* Before the site goes. */
void daemon_demand_end(struct daemon *daemon);

/* ---- daemon_notify.c ------------------------------------------------------------------------- */

/* The queue of notices and the routes of syslog and webhooks; after the alarms. */
void daemon_notify_start(struct daemon *daemon);
void daemon_notify_configure(struct daemon *daemon, const struct config *fresh);
/* What waits is on the disk. After all other routes, before the alarms and the event log. */
void daemon_notify_end(struct daemon *daemon);

/* ---- daemon_mail.c --------------------------------------------------------------------------- */

/* Reports after the queue of notices, mail after the web, too: mails name its address. */
void daemon_reports_start(struct daemon *daemon);
void daemon_mail_start(struct daemon *daemon);
void daemon_mail_configure(struct daemon *daemon, const struct config *fresh);
/* Before the history and the queue of notices go. */
void daemon_mail_end(struct daemon *daemon);

/* ---- daemon_alarm.c --------------------------------------------------------------------------- */

/* Alarms: after the door of commands and whoever opens the site's devices. */
void daemon_alarm_start(struct daemon *daemon);
void daemon_alarm_configure(struct daemon *daemon, const struct config *fresh);
/* What is known goes to the saver. */
void daemon_alarm_stop(struct daemon *daemon);
/* Before the door, the event log and the site go. */
void daemon_alarm_end(struct daemon *daemon);

/* ---- daemon_snmp.c ---------------------------------------------------------------------------- */

/* After the door, the switcher and the alarms. */
void daemon_snmp_start(struct daemon *daemon);
void daemon_snmp_configure(struct daemon *daemon, const struct config *fresh);
/* What is known goes to the saver. */
void daemon_snmp_stop(struct daemon *daemon);
void daemon_snmp_end(struct daemon *daemon);

/* ---- daemon_trap.c ---------------------------------------------------------------------------- */

/* After notify and SNMP; ends before them. */
void daemon_trap_start(struct daemon *daemon);
void daemon_trap_configure(struct daemon *daemon, const struct config *fresh);
void daemon_trap_end(struct daemon *daemon);

/* ---- daemon_nut.c ----------------------------------------------------------------------------- */

/* After the web, whose certificate it shows; ends before it. */
void daemon_nut_start(struct daemon *daemon);
void daemon_nut_configure(struct daemon *daemon, const struct config *fresh);
void daemon_nut_end(struct daemon *daemon);

/* ---- daemon_pulse.c --------------------------------------------------------------------------- */

/* After the site, the saver and the event log; negative and `err` when counts cannot be read. */
int daemon_pulse_start(struct daemon *daemon, struct err *err);
/* Before the lines are made. */
void daemon_pulse_field(struct daemon *daemon);
/* What is counted goes to the saver. */
void daemon_pulse_stop(struct daemon *daemon);
/* After the field is gone, before the saver and the site. */
void daemon_pulse_end(struct daemon *daemon);

/* ---- gateway.c ------------------------------------------------------------------------------- */

void daemon_gateway_start(struct daemon *daemon);
/* Around a change of lines and devices: nothing is asked in between. */
void daemon_gateway_hold(struct daemon *daemon);
void daemon_gateway_configure(struct daemon *daemon, const struct config *fresh);
/* Before the field goes away. */
void daemon_gateway_end(struct daemon *daemon);

/* ---- daemon_lamps.c -------------------------------------------------------------------------- */

/* After the field; ends before it. */
void daemon_lamps_start(struct daemon *daemon);
void daemon_lamps_configure(struct daemon *daemon, const struct config *fresh);
void daemon_lamps_end(struct daemon *daemon);

/* ---- harden.c -------------------------------------------------------------------------------- */

/* Give up what is not needed to serve: new privileges, core dumps, loose file modes. */
void daemon_harden(void);
