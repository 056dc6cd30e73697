/* event_kind - the table of kinds of events (events.def) and their severities.
 *
 * Constant data. Names are permanent; a name that this program does not know may stand in a log
 * that a newer one wrote.
 */
#pragma once

#include "base/log.h"
#include "model/access_role.h"

enum event_kind {
#define EVENT(constant, name, severity, right, an_hour, label, help) EVENT_##constant,
#include "engine/events.def"
#undef EVENT
    EVENT_KINDS
};

/* Stored and hashed as these numbers. */
enum event_severity {
    EVENT_USUAL, /* of its kind; never stored */
    EVENT_INFO,
    EVENT_NOTICE,
    EVENT_WARNING,
    EVENT_ERROR,
    EVENT_SEVERITIES
};

struct event_kind_row {
    const char *name;
    enum event_severity severity;
    enum access_role right; /* who may read it */
    unsigned an_hour;       /* most that are recorded in an hour, 0: all */
    const char *label, *help;
};

const struct event_kind_row *event_kind_row(enum event_kind kind);

/* EVENT_KINDS for a name that is not known. */
enum event_kind event_kind_find(const char *name);

/* "info", "notice", "warning", "error"; a number out of range counts as error. */
const char *event_severity_name(enum event_severity severity);

/* EVENT_USUAL for any other word. */
enum event_severity event_severity_find(const char *name);

enum log_level event_severity_log(enum event_severity severity);
