#include "face/openapi.h"

/* Shorthand: T text, N number, I integer, B boolean, a second N "or null"; P a property. */
#define T "{\"type\":\"string\"}"
#define TN "{\"type\":[\"string\",\"null\"]}"
#define N "{\"type\":\"number\"}"
#define NN "{\"type\":[\"number\",\"null\"]}"
#define I "{\"type\":\"integer\"}"
#define IN "{\"type\":[\"integer\",\"null\"]}"
#define B "{\"type\":\"boolean\"}"
#define TIME                                                                                       \
    "{\"description\":\"RFC 3339, or milliseconds with "                                           \
    "time=unix\",\"type\":[\"string\",\"integer\",\"null\"]}"
#define OBJECT(properties) "{\"type\":\"object\",\"properties\":{" properties "}}"
#define NEEDS(required, properties)                                                                \
    "{\"type\":\"object\",\"required\":[" required "],\"properties\":{" properties "}}"
#define ARRAY(items) "{\"type\":\"array\",\"items\":" items "}"
#define REF(name) "{\"$ref\":\"#/components/schemas/" name "\"}"
#define ONE_OF(words) "{\"enum\":[" words "]}"
#define P(name, schema) "\"" name "\":" schema

#define ROLES "\"view\",\"control\",\"administrator\""
#define SCALAR "{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]}"

const struct openapi_schema openapi_schemas[] = {
    {"Problem",
     NEEDS("\"type\",\"title\",\"status\"", P("type", T) "," P("title", T) "," P("status", I) "," P(
                                                "detail", T) "," P("errors", ARRAY(T)))},
    {"OpenAPI", "{\"type\":\"object\"}"},
    {"Health", NEEDS("\"status\",\"version\",\"uptime_s\",\"problems\"",
                     P("status", ONE_OF("\"ok\",\"degraded\"")) "," P("version", T) "," P(
                         "uptime_s", I) "," P("problems", ARRAY(T)))},
    {"Session", OBJECT(P("user", TN) "," P("role", ONE_OF(ROLES ",null")) "," P("csrf", TN) "," P(
                    "view_open", B) "," P("first_start", B))},
    {"SignIn",
     NEEDS("\"user\",\"password\"", P("user", T) "," P("password", T) "," P("new_password", TN))},
    {"Value",
     NEEDS("\"path\",\"quantity\",\"unit\",\"value\",\"time\",\"age_ms\",\"quality\",\"reason\"",
           P("path", T) "," P("quantity", T) "," P("unit", T) "," P("value", "{\"type\":["
                                                                             "\"number\","
                                                                             "\"string\",\"null\"]"
                                                                             "}") "," P(
               "text", T) "," P("time", TIME) "," P("age_ms",
                                                    IN) "," P("quality",
                                                              ONE_OF("\"good\",\"stale\",\"bad\","
                                                                     "\"absent\"")) "," P("reason",
                                                                                          TN))},
    {"Values", ARRAY(REF("Value"))},
    {"Stream", "{\"type\":\"string\",\"description\":\"Events snapshot and points carry an array "
               "of Value, site "
               "carries {revision}.\"}"},
    {"Point",
     OBJECT(P("path", T) "," P("quantity", T) "," P("label", T) "," P(
         "kind", ONE_OF("\"gauge\",\"counter\",\"state\",\"text\"")) "," P("unit",
                                                                           T) "," P("decimals",
                                                                                    I))},
    {"Component",
     OBJECT(P("name", T) "," P("kind", T) "," P("number", I) "," P("label", T) "," P(
         "fed_by", T) "," P("rated_current", NN) "," P("points", ARRAY(REF("Point"))))},
    {"Device",
     OBJECT(P("name", T) "," P("label", T) "," P("role", ONE_OF("\"meter\",\"pdu\",\"supply\","
                                                                "\"battery\",\"sensor\",\"relay\"")) "," P("state", ONE_OF("\"starting\",\"online\",\"silent\",\"disabled\"")) "," P(
         "reason",
         TN) "," P("since",
                   TIME) "," P("line",
                               T) "," P("unit",
                                        IN) "," P("profile",
                                                  T) "," P("vendor",
                                                           T) "," P("model",
                                                                    T) "," P("serial",
                                                                             T) "," P("firmware",
                                                                                      T) "," P("fed"
                                                                                               "_b"
                                                                                               "y",
                                                                                               T) "," P("every_ms",
                                                                                                        I) "," P("components",
                                                                                                                 ARRAY(REF(
                                                                                                                     "Component"))))},
    {"Site",
     OBJECT(
         P("name", T) "," P("location", T) "," P("contact", T) "," P("time_zone", T) "," P("time", TIME) "," P("clock_known", B) "," P(
             "version",
             T) "," P("address",
                      TN) "," P("started",
                                TIME) "," P("revision",
                                            I) "," P("devices",
                                                     ARRAY(REF(
                                                         "Device"))) "," P("lines",
                                                                           ARRAY(OBJECT(P("name", T) "," P(
                                                                               "kind",
                                                                               T) "," P("state",
                                                                                        T) "," P("r"
                                                                                                 "e"
                                                                                                 "a"
                                                                                                 "s"
                                                                                                 "o"
                                                                                                 "n",
                                                                                                 TN)))))},
    {"History",
     OBJECT(P("from", TIME) "," P("to", TIME) "," P("step_s", I) "," P(
         "series",
         ARRAY(OBJECT(P("path", T) "," P("quantity", TN) "," P("unit", TN) "," P(
             "decimals",
             I) "," P("cut",
                      B) "," P("rows",
                               ARRAY(
                                   "{\"type\":\"array\",\"description\":\"time, min, avg, max, "
                                   "last, "
                                   "count\",\"minItems\":6,\"maxItems\":6}"))))))},
    {"Csv", T},
    {"Logging",
     OBJECT(P("ok", B) "," P("problem", TN) "," P("every_s", N) "," P("points", I) "," P(
         "bytes",
         I) "," P("oldest", TIME) "," P("newest", TIME) "," P("lasts_days",
                                                              NN) "," P("ticks_written",
                                                                        I) "," P("ticks_lost", I))},
    {"Lines",
     ARRAY(OBJECT(P("name", T) "," P("kind", T) "," P("endpoint", T) "," P("state", ONE_OF("\"open"
                                                                                           "\","
                                                                                           "\"close"
                                                                                           "d\","
                                                                                           "\"faili"
                                                                                           "ng\"")) "," P("reason", TN) "," P("queue", I) "," P(
         "busy_percent",
         N) "," P("units",
                  ARRAY(OBJECT(P("device", T) "," P("unit", IN) "," P("state", T) "," P("polls", I) "," P("answers", I) "," P(
                      "timeouts",
                      I) "," P("crc_errors",
                               I) "," P("exceptions",
                                        I) "," P("mismatches",
                                                 I) "," P("late",
                                                          I) "," P("latency_ms",
                                                                   OBJECT(
                                                                       P("median", NN) "," P("p99", NN) "," P(
                                                                           "max",
                                                                           NN))) "," P("retry_in_"
                                                                                       "ms",
                                                                                       IN) "," P("l"
                                                                                                 "a"
                                                                                                 "s"
                                                                                                 "t"
                                                                                                 "_"
                                                                                                 "e"
                                                                                                 "r"
                                                                                                 "r"
                                                                                                 "o"
                                                                                                 "r",
                                                                                                 TN) "," P("last_error_time",
                                                                                                           TIME))))))},
    {"Profiles", ARRAY("{\"type\":\"object\"}")},
    {"Setting", OBJECT(P("key", T) "," P("value", SCALAR) "," P("default", SCALAR) "," P(
                    "source", ONE_OF("\"default\",\"page\",\"file\"")) "," P("place", TN))},
    {"Settings", OBJECT(P("revision", I) "," P("values", ARRAY(REF("Setting"))))},
    {"SettingChange", NEEDS("\"value\"", P("value", SCALAR))},
    {"SettingsChange", "{\"type\":\"object\",\"additionalProperties\":" SCALAR "}"},
    {"SettingsApplied",
     OBJECT(P("revision", I) "," P("applied", ARRAY(T)) "," P("restart", ARRAY(T)))},
    {"SettingsSchema", OBJECT(P(
                           "tables",
                           ARRAY(OBJECT(P("name", T) "," P("label", T) "," P("help", T) "," P(
                               "collection", B) "," P("rows", ARRAY(OBJECT(P("key", T) "," P("type", ONE_OF("\"bool\",\"int\",\"number\",\"text\",\"choice\","
                                                                                                            "\"duration\",\"reference\"")) "," P("unit", TN) "," P("min", NN) "," P("max", NN) "," P("choices",
                                                                                                                                                                                                     "{\"type\":[\"array\",\"null\"],\"items\":" T "}") "," P("refers_to", TN) "," P("default", SCALAR) "," P("required", B) "," P("right",
                                                                                                                                                                                                                                                                                                                                   ONE_OF(ROLES)) "," P("apply",
                                                                                                                                                                                                                                                                                                                                                        ONE_OF("\"live\",\"restart\"")) "," P("secret",
                                                                                                                                                                                                                                                                                                                                                                                              B) "," P("help",
                                                                                                                                                                                                                                                                                                                                                                                                       T))))))))},
    {"User", OBJECT(P("name", T) "," P("role", ONE_OF(ROLES)) "," P("must_change", B) "," P(
                 "locked_until", TIME))},
    {"Users", ARRAY(REF("User"))},
    {"NewUser", NEEDS("\"name\",\"role\",\"password\"",
                      P("name", T) "," P("role", ONE_OF(ROLES)) "," P("password", T))},
    {"UserChange", OBJECT(P("role", ONE_OF(ROLES)) "," P("password", T))},
    {"Tokens", ARRAY(OBJECT(P("id", T) "," P("name", T) "," P("role", ONE_OF(ROLES)) "," P(
                   "created", TIME) "," P("expires", TIME)))},
    {"NewToken",
     NEEDS("\"name\",\"role\"", P("name", T) "," P("role", ONE_OF(ROLES)) "," P("expires", TN))},
    {"TokenMade", NEEDS("\"id\",\"token\"", P("id", T) "," P("token", T))},
};

const size_t openapi_schema_count = sizeof openapi_schemas / sizeof openapi_schemas[0];
