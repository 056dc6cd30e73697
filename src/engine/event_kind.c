#include "engine/event_kind.h"

#include <assert.h>
#include <string.h>

static const struct event_kind_row rows[] = {
#define EVENT(constant, kind_name, usual, needed, most, text, sentence)                            \
    [EVENT_##constant] = {.name = kind_name,                                                       \
                          .severity = EVENT_##usual,                                               \
                          .right = ROLE_##needed,                                                  \
                          .an_hour = most,                                                         \
                          .label = text,                                                           \
                          .help = sentence},
#include "engine/events.def"
#undef EVENT
};

static const char *const severities[] = {
    [EVENT_USUAL] = "",          [EVENT_INFO] = "info",   [EVENT_NOTICE] = "notice",
    [EVENT_WARNING] = "warning", [EVENT_ERROR] = "error",
};

const struct event_kind_row *event_kind_row(enum event_kind kind)
{
    assert(kind >= 0 && kind < EVENT_KINDS);
    return &rows[kind];
}

enum event_kind event_kind_find(const char *name)
{
    for (int kind = 0; kind < EVENT_KINDS; kind++) {
        if (strcmp(rows[kind].name, name) == 0)
            return (enum event_kind)kind;
    }
    return EVENT_KINDS;
}

const char *event_severity_name(enum event_severity severity)
{
    return severities[severity > EVENT_USUAL && severity < EVENT_SEVERITIES ? severity
                                                                            : EVENT_ERROR];
}

enum event_severity event_severity_find(const char *name)
{
    for (int severity = EVENT_INFO; severity < EVENT_SEVERITIES; severity++) {
        if (strcmp(severities[severity], name) == 0)
            return (enum event_severity)severity;
    }
    return EVENT_USUAL;
}

enum log_level event_severity_log(enum event_severity severity)
{
    switch (severity) {
    case EVENT_ERROR:
        return LOG_LEVEL_ERROR;
    case EVENT_WARNING:
        return LOG_LEVEL_WARNING;
    case EVENT_INFO:
        return LOG_LEVEL_INFO;
    default:
        return LOG_LEVEL_NOTICE;
    }
}
