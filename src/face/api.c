#include "face/api.h"

#include "face/api_operations.h"

#define TEXT "{\"type\":\"string\"}"
#define TIME_PARAMETER                                                                             \
    {                                                                                              \
        "time", "{\"enum\":[\"utc\",\"local\",\"unix\"],\"default\":\"utc\"}",                     \
            "How times are written: RFC 3339 in UTC, in the site's zone, or milliseconds since "   \
            "1970.",                                                                               \
            false                                                                                  \
    }
#define SELECT_PARAMETERS                                                                          \
    {"device", TEXT, "Only points of this device.", true},                                         \
    {                                                                                              \
        "path", TEXT, "Only this point, or with * at the end all that begin so.", true             \
    }

static const struct route_parameter time_parameters[] = {TIME_PARAMETER, {0}};

static const struct route_parameter points_parameters[] = {SELECT_PARAMETERS, TIME_PARAMETER, {0}};

static const struct route_parameter live_parameters[] = {
    SELECT_PARAMETERS,
    {"interval_ms", "{\"type\":\"integer\",\"minimum\":0,\"maximum\":10000,\"default\":0}",
     "Gather changes for so long; 0 sends them at once.", false},
    {"last_event_id", TEXT, "Go on after this event, like the header Last-Event-ID.", false},
    TIME_PARAMETER,
    {0}};

#define HISTORY_PARAMETERS                                                                         \
    {"path", TEXT, "A point; up to 128.", true},                                                   \
        {"from", "{\"type\":\"string\",\"default\":\"-24h\"}",                                     \
         "RFC 3339, seconds since 1970, now, or back from now: -90s, -15min, -24h, -7d, -2w.",     \
         false},                                                                                   \
        {"to", "{\"type\":\"string\",\"default\":\"now\"}", "As from; not included.", false},      \
        {"step", TEXT,                                                                             \
         "Seconds of a bucket (at multiples since 1970), raw for every reading, or 1h, 1d, 1w, "   \
         "1mo, 3mo, 1y of the site's time zone.",                                                  \
         false},                                                                                   \
    {                                                                                              \
        "points", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":20000,\"default\":500}",        \
            "Without step: at most so many buckets.", false                                        \
    }

static const struct route_parameter history_parameters[] = {
    HISTORY_PARAMETERS, TIME_PARAMETER, {0}};

static const struct route_parameter csv_parameters[] = {
    HISTORY_PARAMETERS,
    {"separator", "{\"enum\":[\",\",\";\",\"tab\"],\"default\":\",\"}", "Between cells.", false},
    {"decimal", "{\"enum\":[\".\",\",\"],\"default\":\".\"}", "Decimal mark.", false},
    {"columns", TEXT, "Some of min,avg,max,last,count, and of counters delta and rise.", false},
    {"time", "{\"enum\":[\"utc\",\"local\"],\"default\":\"utc\"}", "Zone of the times.", false},
    {0}};

#define BELOW_PARAMETER                                                                            \
    {                                                                                              \
        "path", TEXT, "A point, component or device with all below it; none: everything.", true    \
    }

static const struct route_parameter below_parameters[] = {BELOW_PARAMETER, {0}};

static const struct route_parameter append_parameters[] = {BELOW_PARAMETER, TIME_PARAMETER, {0}};

#define EVENT_PARAMETERS                                                                           \
    {"from", TEXT,                                                                                 \
     "RFC 3339, seconds since 1970, now, or back from now: -90s, -15min, -24h, -7d, -2w.", false}, \
        {"to", TEXT, "As from; not included.", false},                                             \
        {"kind", TEXT, "Only this kind (GET /events/kinds); up to 16.", true},                     \
        {"severity", "{\"enum\":[\"info\",\"notice\",\"warning\",\"error\"]}",                     \
         "Only this and worse.", false},                                                           \
        {"actor", TEXT, "Only by this user or token, or by file or system.", false},               \
        {"object", TEXT, "Only about what begins so.", false},                                     \
        {"text", TEXT, "Only with this in the sentence, object, actor or origin.", false},         \
        {"before", "{\"type\":\"integer\"}", "Only older ones than this id.", false},              \
    {                                                                                              \
        "after", "{\"type\":\"integer\"}", "Only newer ones than this id.", false                  \
    }

static const struct route_parameter events_parameters[] = {
    EVENT_PARAMETERS,
    {"limit", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"default\":100}",
     "At most so many, the newest.", false},
    TIME_PARAMETER,
    {0}};

static const struct route_parameter events_csv_parameters[] = {
    EVENT_PARAMETERS,
    {"limit", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":20000,\"default\":20000}",
     "At most so many, the newest.", false},
    TIME_PARAMETER,
    {0}};

static const struct route_parameter verify_parameters[] = {
    {"known", TEXT, "ID:HASH of an earlier check: that record must still be the same.", false},
    {0}};

static const struct route_parameter import_parameters[] = {
    {"line", "{\"type\":\"integer\",\"minimum\":0,\"default\":1}",
     "Number of the first row in the file that it comes from, for refusals.", false},
    {0}};

static const struct route_parameter commands_parameters[] = {
    {"state", "{\"enum\":[\"running\",\"done\",\"failed\",\"unknown\",\"refused\",\"cancelled\"]}",
     "Only those that stand so.", false},
    {"target", TEXT, "Only those with a step at this path.", false},
    {"limit", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"default\":100}",
     "At most so many, the newest.", false},
    TIME_PARAMETER,
    {0}};

static const struct route_parameter trace_parameters[] = {
    {"format", "{\"enum\":[\"json\",\"text\",\"pcap\",\"capture\"],\"default\":\"json\"}",
     "json; text; pcap for Wireshark; or the capture of one unit that a test replays.", false},
    {"unit", "{\"type\":\"integer\",\"minimum\":0,\"maximum\":255}", "Only frames of this unit.",
     false},
    {"after", "{\"type\":\"integer\",\"minimum\":0,\"default\":0}",
     "json: only frames after this number.", false},
    {0}};

static const struct route_parameter outlets_parameters[] = {
    {"device", TEXT, "Only those of this device.", false}, TIME_PARAMETER, {0}};

static const struct route_parameter alarms_parameters[] = {
    {"state", "{\"enum\":[\"normal\",\"pending\",\"tripped\",\"acknowledged\",\"lost\"]}",
     "Only those that stand so.", true},
    {"severity", "{\"enum\":[\"info\",\"warning\",\"critical\"]}", "Only this and worse.", false},
    {"device", TEXT, "Only at this device.", false},
    {"path", TEXT, "Only at this point, or with * at the end all that begin so.", false},
    {"rule", TEXT, "Only of this rule.", false},
    {"active", "{\"type\":\"boolean\",\"default\":false}", "Only what is not normal.", false},
    {"offset", "{\"type\":\"integer\",\"minimum\":0,\"default\":0}", "Without the first so many.",
     false},
    {"limit", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"default\":100}",
     "At most so many.", false},
    TIME_PARAMETER,
    {0}};

#define ENERGY_PARAMETERS                                                                          \
    {"period", "{\"enum\":[\"day\",\"week\",\"month\",\"year\"],\"default\":\"month\"}",           \
     "How long; compared with the one before.", false},                                            \
        {"at", TEXT, "A day of the period, as in 2026-01-31; the present one if not given.",       \
         false},                                                                                   \
        {"by", "{\"enum\":[\"meter\",\"group\",\"medium\"],\"default\":\"meter\"}",                \
         "What a row is.", false},                                                                 \
        {"group", TEXT, "Only this group, or by meter its members.", false},                       \
    {                                                                                              \
        "medium", "{\"enum\":[\"electricity\",\"water\",\"gas\",\"heat\"]}", "Only this one.",     \
            false                                                                                  \
    }

static const struct route_parameter energy_parameters[] = {ENERGY_PARAMETERS, {0}};

static const struct route_parameter energy_csv_parameters[] = {
    ENERGY_PARAMETERS,
    {"separator", "{\"enum\":[\",\",\";\",\"tab\"],\"default\":\",\"}", "Between cells.", false},
    {"decimal", "{\"enum\":[\".\",\",\"],\"default\":\".\"}", "Decimal mark.", false},
    {0}};

static const struct route_parameter calendar_parameters[] = {
    {"of", TEXT, "Id of a meter or of a group.", false},
    {"year", "{\"type\":\"integer\"}", "The present one if not given.", false},
    {0}};

/* clang-format off */
const struct route api_routes[] = {
    {HTTP_GET, "/health", ROLE_NONE, "Whether all is well", NULL, NULL, "Health", NULL, 0, api_state_health},
    {HTTP_GET, "/openapi.json", ROLE_NONE, "This document", NULL, NULL, "OpenAPI", NULL, 0, api_state_openapi},
    {HTTP_GET, "/mib", ROLE_VIEW, "The MIB of the SNMP agent, for the enterprise number that is set", NULL, NULL, "Mib", "text/plain", 0, api_mib_show},

    {HTTP_GET, "/session", ROLE_NONE, "Who I am", NULL, NULL, "Session", NULL, 0, api_session_show},
    {HTTP_POST, "/session", ROLE_NONE, "Sign in", NULL, "SignIn", "Session", NULL, ROUTE_ANONYMOUS, api_session_open},
    {HTTP_DELETE, "/session", ROLE_NONE, "Sign out", NULL, NULL, NULL, NULL, 0, api_session_close},

    {HTTP_GET, "/site", ROLE_VIEW, "Devices, components and points", time_parameters, NULL, "Site", NULL, 0, api_site_show},
    {HTTP_GET, "/points", ROLE_VIEW, "Values of points", points_parameters, NULL, "Values", NULL, 0, api_points_list},
    {HTTP_GET, "/points/{path+}", ROLE_VIEW, "Value of one point", time_parameters, NULL, "Value", NULL, 0, api_points_show},
    {HTTP_GET, "/live", ROLE_VIEW, "Values as they change", live_parameters, NULL, "Stream", "text/event-stream", 0, api_points_live},

    {HTTP_GET, "/history", ROLE_VIEW, "The past of points", history_parameters, NULL, "History", NULL, 0, api_history_show},
    {HTTP_GET, "/history.csv", ROLE_VIEW, "The past of points as a table", csv_parameters, NULL, "Csv", "text/csv", 0, api_history_csv},
    {HTTP_DELETE, "/history", ROLE_ADMINISTRATOR, "Forget what has been recorded, for ever", below_parameters, NULL, NULL, NULL, 0, api_history_clear},
    {HTTP_POST, "/history/append", ROLE_CONTROL, "Record what points say now", append_parameters, NULL, "HistoryAppended", NULL, 0, api_history_append},
    {HTTP_POST, "/history/forecast", ROLE_ADMINISTRATOR, "How long the space lasts with a choice of settings", NULL, "HistoryChoice", "HistoryForecast", NULL, 0, api_history_forecast},
    {HTTP_GET, "/energy", ROLE_VIEW, "What was used and what it cost, against the period before", energy_parameters, NULL, "Energy", NULL, 0, api_energy_show},
    {HTTP_GET, "/energy/calendar", ROLE_VIEW, "A year of one meter or group, day by day", calendar_parameters, NULL, "EnergyCalendar", NULL, 0, api_energy_calendar},
    {HTTP_GET, "/energy.csv", ROLE_VIEW, "What was used and what it cost as a table, step by step", energy_csv_parameters, NULL, "Csv", "text/csv", 0, api_energy_csv},
    {HTTP_GET, "/energy/demand", ROLE_VIEW, "Averages over a window, their peaks, highest and lowest readings", NULL, NULL, "Demands", NULL, 0, api_demand_list},
    {HTTP_DELETE, "/energy/demand/{path+}", ROLE_ADMINISTRATOR, "Let peaks and extremes of a point begin anew", NULL, NULL, NULL, NULL, 0, api_demand_reset},
    {HTTP_GET, "/tariffs", ROLE_VIEW, "What a unit costs, from which day on", NULL, NULL, "Records", NULL, 0, api_tariffs_list},
    {HTTP_PUT, "/tariffs/{name}", ROLE_ADMINISTRATOR, "Make or change a tariff", NULL, "RecordChange", "SettingsApplied", NULL, 0, api_tariffs_put},
    {HTTP_DELETE, "/tariffs/{name}", ROLE_ADMINISTRATOR, "Remove a tariff", NULL, NULL, "SettingsApplied", NULL, 0, api_tariffs_remove},
    {HTTP_GET, "/energy-groups", ROLE_VIEW, "Groups of meters", NULL, NULL, "Records", NULL, 0, api_energy_groups_list},
    {HTTP_PUT, "/energy-groups/{name}", ROLE_ADMINISTRATOR, "Make or change a group of meters", NULL, "RecordChange", "SettingsApplied", NULL, 0, api_energy_groups_put},
    {HTTP_DELETE, "/energy-groups/{name}", ROLE_ADMINISTRATOR, "Remove a group of meters", NULL, NULL, "SettingsApplied", NULL, 0, api_energy_groups_remove},
    {HTTP_GET, "/logging", ROLE_VIEW, "What is recorded", time_parameters, NULL, "Logging", NULL, 0, api_state_logging},

    {HTTP_GET, "/events", ROLE_VIEW, "What happened, newest first; each role sees what it may", events_parameters, NULL, "Events", NULL, 0, api_events_list},
    {HTTP_GET, "/events.csv", ROLE_VIEW, "What happened as a table", events_csv_parameters, NULL, "Csv", "text/csv", 0, api_events_csv},
    {HTTP_GET, "/events/kinds", ROLE_VIEW, "The kinds of events", NULL, NULL, "EventKinds", NULL, 0, api_events_kinds},
    {HTTP_GET, "/events/verify", ROLE_ADMINISTRATOR, "Whether the event log is as it was written", verify_parameters, NULL, "EventsVerdict", NULL, 0, api_events_verify},

    {HTTP_POST, "/history/import", ROLE_ADMINISTRATOR, "Put readings recorded elsewhere into the history", import_parameters, "Csv", "Import", NULL, ROUTE_TAKES_CSV, api_history_import},
    {HTTP_GET, "/export", ROLE_VIEW, "The folder of CSV files", NULL, NULL, "Export", NULL, 0, api_export_show},

    {HTTP_GET, "/commands", ROLE_VIEW, "What was asked for and what became of it, newest first", commands_parameters, NULL, "Commands", NULL, 0, api_commands_list},
    {HTTP_POST, "/commands", ROLE_CONTROL, "Switch outlets and outputs, or ask what would happen", time_parameters, "NewCommand", "CommandAnswer", NULL, ROUTE_ACCEPTS, api_commands_post},
    {HTTP_GET, "/commands/{id}", ROLE_VIEW, "One command with its steps", time_parameters, NULL, "Command", NULL, 0, api_commands_show},
    {HTTP_DELETE, "/commands/{id}", ROLE_CONTROL, "Cancel what is pending of a command", time_parameters, NULL, "Command", NULL, 0, api_commands_cancel},
    {HTTP_GET, "/outlets", ROLE_VIEW, "Outlets and outputs with their state and what is pending", outlets_parameters, NULL, "Outlets", NULL, 0, api_outlets_list},
    {HTTP_GET, "/outlets/{path+}", ROLE_VIEW, "One outlet", time_parameters, NULL, "Outlet", NULL, 0, api_outlets_show},
    {HTTP_PUT, "/outlets/{path+}", ROLE_CONTROL, "Change settings of an outlet; each setting has its own right", NULL, "RecordChange", "SettingsApplied", NULL, 0, api_outlets_put},
    {HTTP_GET, "/groups", ROLE_VIEW, "Groups of outlets", NULL, NULL, "Records", NULL, 0, api_groups_list},
    {HTTP_PUT, "/groups/{name}", ROLE_ADMINISTRATOR, "Make or change a group", NULL, "RecordChange", "SettingsApplied", NULL, 0, api_groups_put},
    {HTTP_DELETE, "/groups/{name}", ROLE_ADMINISTRATOR, "Remove a group", NULL, NULL, "SettingsApplied", NULL, 0, api_groups_remove},
    {HTTP_GET, "/interlocks", ROLE_VIEW, "Outlets that depend on each other", NULL, NULL, "Records", NULL, 0, api_interlocks_list},
    {HTTP_PUT, "/interlocks/{name}", ROLE_ADMINISTRATOR, "Make or change an interlock", NULL, "RecordChange", "SettingsApplied", NULL, 0, api_interlocks_put},
    {HTTP_DELETE, "/interlocks/{name}", ROLE_ADMINISTRATOR, "Remove an interlock", NULL, NULL, "SettingsApplied", NULL, 0, api_interlocks_remove},
    {HTTP_GET, "/schedules", ROLE_VIEW, "Schedules, what they hold and what comes next", time_parameters, NULL, "Schedules", NULL, 0, api_schedules_list},
    {HTTP_PUT, "/schedules/{name}", ROLE_ADMINISTRATOR, "Make or change a schedule", NULL, "RecordChange", "SettingsApplied", NULL, 0, api_schedules_put},
    {HTTP_DELETE, "/schedules/{name}", ROLE_ADMINISTRATOR, "Remove a schedule", NULL, NULL, "SettingsApplied", NULL, 0, api_schedules_remove},
    {HTTP_PUT, "/pulses/{path+}", ROLE_ADMINISTRATOR, "Say what the display of a pulse meter reads", NULL, "MeterReading", NULL, NULL, ROUTE_ACCEPTS, api_pulses_set},
    {HTTP_GET, "/budgets", ROLE_VIEW, "Load budgets and what they carry", NULL, NULL, "Budgets", NULL, 0, api_budgets_list},

    {HTTP_GET, "/alarms", ROLE_VIEW, "Alarms, what is not normal first, in order of harm", alarms_parameters, NULL, "Alarms", NULL, 0, api_alarms_list},
    {HTTP_GET, "/alarms/{id}", ROLE_VIEW, "One alarm", time_parameters, NULL, "Alarm", NULL, 0, api_alarms_show},
    {HTTP_POST, "/alarms/{id}/acknowledge", ROLE_CONTROL, "Somebody has seen it", time_parameters, "AlarmWish", "Alarm", NULL, 0, api_alarms_acknowledge},
    {HTTP_POST, "/alarms/{id}/shelve", ROLE_CONTROL, "Tell nobody of it for a time", time_parameters, "AlarmShelve", "Alarm", NULL, 0, api_alarms_shelve},
    {HTTP_POST, "/alarms/{id}/unshelve", ROLE_CONTROL, "End the time for which it is shelved", time_parameters, "AlarmWish", "Alarm", NULL, 0, api_alarms_unshelve},
    {HTTP_POST, "/alarms/{id}/mute", ROLE_CONTROL, "Silence its sounders until it trips anew", time_parameters, "AlarmWish", "Alarm", NULL, 0, api_alarms_mute},
    {HTTP_POST, "/alarms/{id}/clear", ROLE_CONTROL, "End one that has recovered and is latched", time_parameters, "AlarmWish", "Alarm", NULL, 0, api_alarms_clear},
    {HTTP_GET, "/alarm-rules", ROLE_VIEW, "What is an alarm", NULL, NULL, "Records", NULL, 0, api_alarm_rules_list},
    {HTTP_POST, "/alarm-rules/preview", ROLE_CONTROL, "How often a rule would have fired over what was recorded", time_parameters, "AlarmRuleDraft", "AlarmPreview", NULL, 0, api_alarm_rules_preview},
    {HTTP_PUT, "/alarm-rules/{name}", ROLE_ADMINISTRATOR, "Make or change a rule", NULL, "RecordChange", "SettingsApplied", NULL, 0, api_alarm_rules_put},
    {HTTP_DELETE, "/alarm-rules/{name}", ROLE_ADMINISTRATOR, "Remove a rule", NULL, NULL, "SettingsApplied", NULL, 0, api_alarm_rules_remove},
    {HTTP_GET, "/recipients", ROLE_ADMINISTRATOR, "Who is told, how and when; without secrets", NULL, NULL, "Records", NULL, 0, api_recipients_list},
    {HTTP_PUT, "/recipients/{name}", ROLE_ADMINISTRATOR, "Make or change a recipient", NULL, "RecordChange", "SettingsApplied", NULL, 0, api_recipients_put},
    {HTTP_DELETE, "/recipients/{name}", ROLE_ADMINISTRATOR, "Remove a recipient", NULL, NULL, "SettingsApplied", NULL, 0, api_recipients_remove},
    {HTTP_POST, "/recipients/{name}/test", ROLE_ADMINISTRATOR, "Send a test notice and tell the whole conversation, when it is over", NULL, NULL, "RecipientTest", NULL, 0, api_recipients_test},
    {HTTP_GET, "/reports", ROLE_ADMINISTRATOR, "Reports that are sent from time to time", NULL, NULL, "Records", NULL, 0, api_reports_list},
    {HTTP_PUT, "/reports/{name}", ROLE_ADMINISTRATOR, "Make or change a report", NULL, "RecordChange", "SettingsApplied", NULL, 0, api_reports_put},
    {HTTP_DELETE, "/reports/{name}", ROLE_ADMINISTRATOR, "Remove a report", NULL, NULL, "SettingsApplied", NULL, 0, api_reports_remove},
    {HTTP_POST, "/reports/{name}/send", ROLE_ADMINISTRATOR, "Send a report now, beside its times", NULL, NULL, NULL, NULL, 0, api_reports_send},
    {HTTP_GET, "/notices", ROLE_CONTROL, "What waits to be told, for each recipient, and why", time_parameters, NULL, "Notices", NULL, 0, api_notices_list},

    {HTTP_GET, "/lines", ROLE_VIEW, "Buses with their units and counters", NULL, NULL, "Lines", NULL, 0, api_state_lines},
    {HTTP_GET, "/gateways", ROLE_CONTROL, "Modbus gateways, their clients and counters", NULL, NULL, "Gateways", NULL, 0, api_gateways_list},
    {HTTP_GET, "/registers/{device}", ROLE_VIEW, "Where the values of a device are among busbar's own Modbus registers", NULL, NULL, "Registers", NULL, 0, api_gateways_registers},
    {HTTP_GET, "/nut", ROLE_CONTROL, "The NUT server: what it offers, its clients and counters", NULL, NULL, "Nut", NULL, 0, api_nut_show},
    {HTTP_POST, "/nut/{ups}/shutdown", ROLE_CONTROL, "Force the shutdown of all hosts that are attached to a ups", NULL, NULL, NULL, NULL, 0, api_nut_force},
    {HTTP_DELETE, "/nut/{ups}/shutdown", ROLE_CONTROL, "End a forced shutdown", NULL, NULL, NULL, NULL, 0, api_nut_end},
    {HTTP_GET, "/profiles", ROLE_VIEW, "Devices that are known", NULL, NULL, "Profiles", NULL, 0, api_state_profiles},
    {HTTP_GET, "/ports", ROLE_INSTALLER, "Serial ports that exist", NULL, NULL, "Ports", NULL, 0, api_scan_ports},
    {HTTP_GET, "/scan", ROLE_INSTALLER, "What the search for units on a line has found", NULL, NULL, "Scan", NULL, 0, api_scan_show},
    {HTTP_POST, "/scan", ROLE_INSTALLER, "Search a line for units, while polling goes on", NULL, "NewScan", "Scan", NULL, 0, api_scan_start},
    {HTTP_DELETE, "/scan", ROLE_INSTALLER, "End the search", NULL, NULL, NULL, NULL, 0, api_scan_stop},

    {HTTP_POST, "/reach", ROLE_ADMINISTRATOR, "Can this machine reach that one: name, echo, connection", NULL, "NewReach", "Reach", NULL, 0, api_reach_test},
    {HTTP_GET, "/reach/clock", ROLE_VIEW, "Whether somebody keeps the clock of this machine right", NULL, NULL, "ReachClock", NULL, 0, api_reach_clock},
    {HTTP_GET, "/doctor", ROLE_VIEW, "What is wrong on the buses: findings, errors by kind, latencies, load", NULL, NULL, "Doctor", NULL, 0, api_doctor_show},
    {HTTP_GET, "/doctor/trial", ROLE_ADMINISTRATOR, "At which speeds the units of a line have answered", NULL, NULL, "Trial", NULL, 0, api_doctor_trial_show},
    {HTTP_POST, "/doctor/trial", ROLE_ADMINISTRATOR, "Try other speeds on a serial line; polling rests for at most half a minute", NULL, "NewTrial", "Trial", NULL, 0, api_doctor_trial_start},
    {HTTP_DELETE, "/doctor/trial", ROLE_ADMINISTRATOR, "End the trial", NULL, NULL, NULL, NULL, 0, api_doctor_trial_stop},
    {HTTP_GET, "/lines/{line}/trace", ROLE_ADMINISTRATOR, "The frames of a line that were recorded", trace_parameters, NULL, "Trace", NULL, 0, api_trace_show},
    {HTTP_POST, "/lines/{line}/trace", ROLE_ADMINISTRATOR, "Record the frames of a line for some time", NULL, "NewTrace", NULL, NULL, 0, api_trace_start},
    {HTTP_DELETE, "/lines/{line}/trace", ROLE_ADMINISTRATOR, "End recording and forget what was recorded", NULL, NULL, NULL, NULL, 0, api_trace_stop},

    {HTTP_GET, "/settings", ROLE_INSTALLER, "Settings, those that one may change", NULL, NULL, "Settings", NULL, 0, api_settings_list},
    {HTTP_PUT, "/settings", ROLE_INSTALLER, "Change settings, all or none", NULL, "SettingsChange", "SettingsApplied", NULL, 0, api_settings_put_all},
    {HTTP_GET, "/settings/schema", ROLE_VIEW, "What settings there are", NULL, NULL, "SettingsSchema", NULL, 0, api_settings_schema},
    {HTTP_GET, "/settings/{key+}", ROLE_INSTALLER, "One setting", NULL, NULL, "Setting", NULL, 0, api_settings_show},
    {HTTP_PUT, "/settings/{key+}", ROLE_INSTALLER, "Change a setting", NULL, "SettingChange", "SettingsApplied", NULL, 0, api_settings_put},
    {HTTP_DELETE, "/settings/{key+}", ROLE_INSTALLER, "Return a setting to its default", NULL, NULL, "SettingsApplied", NULL, 0, api_settings_reset},

    {HTTP_GET, "/certificate", ROLE_ADMINISTRATOR, "The certificate of HTTPS", time_parameters, NULL, "Certificate", NULL, 0, api_certificate_show},
    {HTTP_PUT, "/certificate", ROLE_ADMINISTRATOR, "Put another certificate and its key into force", time_parameters, "CertificateChange", "Certificate", NULL, 0, api_certificate_put},
    {HTTP_POST, "/certificate", ROLE_ADMINISTRATOR, "Make a new self-signed certificate for the names of this unit", time_parameters, NULL, "Certificate", NULL, 0, api_certificate_make},

    {HTTP_GET, "/users", ROLE_ADMINISTRATOR, "Users", NULL, NULL, "Users", NULL, 0, api_users_list},
    {HTTP_POST, "/users", ROLE_ADMINISTRATOR, "Add a user", NULL, "NewUser", "UserMade", NULL, ROUTE_CREATES, api_users_add},
    {HTTP_PUT, "/users/{name}", ROLE_ADMINISTRATOR, "Change a user's role, password or home page", NULL, "UserChange", NULL, NULL, 0, api_users_change},
    {HTTP_DELETE, "/users/{name}", ROLE_ADMINISTRATOR, "Remove a user", NULL, NULL, NULL, NULL, 0, api_users_remove},
    {HTTP_PUT, "/users/{name}/pin", ROLE_ADMINISTRATOR, "Set a PIN and make a new PUK, which unblocks; shown once", NULL, "NewPin", "Codes", NULL, 0, api_users_set_pin},
    {HTTP_DELETE, "/users/{name}/pin", ROLE_ADMINISTRATOR, "Take a user's PIN and PUK away", NULL, NULL, NULL, NULL, 0, api_users_remove_pin},
    {HTTP_POST, "/users/{name}/puk", ROLE_ADMINISTRATOR, "Make a new PUK; shown once", NULL, NULL, "Codes", NULL, 0, api_users_make_puk},

    {HTTP_GET, "/tokens", ROLE_ADMINISTRATOR, "Tokens of programs", time_parameters, NULL, "Tokens", NULL, 0, api_tokens_list},
    {HTTP_POST, "/tokens", ROLE_ADMINISTRATOR, "Make a token; it is shown once", NULL, "NewToken", "TokenMade", NULL, ROUTE_CREATES, api_tokens_add},
    {HTTP_DELETE, "/tokens/{id}", ROLE_ADMINISTRATOR, "Withdraw a token", NULL, NULL, NULL, NULL, 0, api_tokens_remove},
};
/* clang-format on */

const size_t api_route_count = sizeof api_routes / sizeof api_routes[0];
