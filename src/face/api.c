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
    {"path", TEXT, "A point; up to 64.", true},                                                    \
        {"from", "{\"type\":\"string\",\"default\":\"-24h\"}",                                     \
         "RFC 3339, seconds since 1970, now, or back from now: -90s, -15min, -24h, -7d, -2w.",     \
         false},                                                                                   \
        {"to", "{\"type\":\"string\",\"default\":\"now\"}", "As from; not included.", false},      \
        {"step", TEXT, "Seconds of a bucket, or raw for every reading.", false},                   \
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
    {"columns", TEXT, "Some of min,avg,max,last,count,delta.", false},
    {"time", "{\"enum\":[\"utc\",\"local\"],\"default\":\"utc\"}", "Zone of the times.", false},
    {0}};

/* clang-format off */
const struct route api_routes[] = {
    {HTTP_GET, "/health", ROLE_NONE, "Whether all is well", NULL, NULL, "Health", NULL, 0, api_state_health},
    {HTTP_GET, "/openapi.json", ROLE_NONE, "This document", NULL, NULL, "OpenAPI", NULL, 0, api_state_openapi},

    {HTTP_GET, "/session", ROLE_NONE, "Who I am", NULL, NULL, "Session", NULL, 0, api_session_show},
    {HTTP_POST, "/session", ROLE_NONE, "Sign in", NULL, "SignIn", "Session", NULL, ROUTE_ANONYMOUS, api_session_open},
    {HTTP_DELETE, "/session", ROLE_NONE, "Sign out", NULL, NULL, NULL, NULL, 0, api_session_close},

    {HTTP_GET, "/site", ROLE_VIEW, "Devices, components and points", time_parameters, NULL, "Site", NULL, 0, api_site_show},
    {HTTP_GET, "/points", ROLE_VIEW, "Values of points", points_parameters, NULL, "Values", NULL, 0, api_points_list},
    {HTTP_GET, "/points/{path+}", ROLE_VIEW, "Value of one point", time_parameters, NULL, "Value", NULL, 0, api_points_show},
    {HTTP_GET, "/live", ROLE_VIEW, "Values as they change", live_parameters, NULL, "Stream", "text/event-stream", 0, api_points_live},

    {HTTP_GET, "/history", ROLE_VIEW, "The past of points", history_parameters, NULL, "History", NULL, 0, api_history_show},
    {HTTP_GET, "/history.csv", ROLE_VIEW, "The past of points as a table", csv_parameters, NULL, "Csv", "text/csv", 0, api_history_csv},
    {HTTP_GET, "/logging", ROLE_VIEW, "What is recorded", time_parameters, NULL, "Logging", NULL, 0, api_state_logging},

    {HTTP_GET, "/lines", ROLE_VIEW, "Buses with their units and counters", NULL, NULL, "Lines", NULL, 0, api_state_lines},
    {HTTP_GET, "/profiles", ROLE_VIEW, "Devices that are known", NULL, NULL, "Profiles", NULL, 0, api_state_profiles},

    {HTTP_GET, "/settings", ROLE_ADMINISTRATOR, "All settings", NULL, NULL, "Settings", NULL, 0, api_settings_list},
    {HTTP_PUT, "/settings", ROLE_ADMINISTRATOR, "Change settings, all or none", NULL, "SettingsChange", "SettingsApplied", NULL, 0, api_settings_put_all},
    {HTTP_GET, "/settings/schema", ROLE_VIEW, "What settings there are", NULL, NULL, "SettingsSchema", NULL, 0, api_settings_schema},
    {HTTP_GET, "/settings/{key}", ROLE_ADMINISTRATOR, "One setting", NULL, NULL, "Setting", NULL, 0, api_settings_show},
    {HTTP_PUT, "/settings/{key}", ROLE_ADMINISTRATOR, "Change a setting", NULL, "SettingChange", "SettingsApplied", NULL, 0, api_settings_put},
    {HTTP_DELETE, "/settings/{key}", ROLE_ADMINISTRATOR, "Return a setting to its default", NULL, NULL, "SettingsApplied", NULL, 0, api_settings_reset},

    {HTTP_GET, "/users", ROLE_ADMINISTRATOR, "Users", NULL, NULL, "Users", NULL, 0, api_users_list},
    {HTTP_POST, "/users", ROLE_ADMINISTRATOR, "Add a user", NULL, "NewUser", "User", NULL, ROUTE_CREATES, api_users_add},
    {HTTP_PUT, "/users/{name}", ROLE_ADMINISTRATOR, "Change a user's role or password", NULL, "UserChange", NULL, NULL, 0, api_users_change},
    {HTTP_DELETE, "/users/{name}", ROLE_ADMINISTRATOR, "Remove a user", NULL, NULL, NULL, NULL, 0, api_users_remove},

    {HTTP_GET, "/tokens", ROLE_ADMINISTRATOR, "Tokens of programs", time_parameters, NULL, "Tokens", NULL, 0, api_tokens_list},
    {HTTP_POST, "/tokens", ROLE_ADMINISTRATOR, "Make a token; it is shown once", NULL, "NewToken", "TokenMade", NULL, ROUTE_CREATES, api_tokens_add},
    {HTTP_DELETE, "/tokens/{id}", ROLE_ADMINISTRATOR, "Withdraw a token", NULL, NULL, NULL, NULL, 0, api_tokens_remove},
};
/* clang-format on */

const size_t api_route_count = sizeof api_routes / sizeof api_routes[0];
