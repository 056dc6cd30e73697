#include "daemon/log_settings.h"

#include <stddef.h>

#include "base/log.h"

/* In the order of enum log_level. */
static const char *const levels[] = {"error", "warning", "notice", "info", "debug", NULL};

enum { SINK_AUTO, SINK_STDERR, SINK_JOURNAL, SINK_SYSLOG };
static const char *const sinks[] = {"auto", "stderr", "journal", "syslog", NULL};

static const struct setting_row rows[] = {
    {.key = "level",
     .type = SETTING_CHOICE,
     .offset = offsetof(struct log_settings, level),
     .choices = levels,
     .initial = "info",
     .right = ROLE_ADMINISTRATOR,
     .help = "The most detailed lines that are written to the log."},
    {.key = "sink",
     .type = SETTING_CHOICE,
     .offset = offsetof(struct log_settings, sink),
     .choices = sinks,
     .initial = "auto",
     .right = ROLE_ADMINISTRATOR,
     .apply = SETTING_RESTART,
     .help =
         "Where log lines go; auto is the journal when started by systemd, else standard error."},
};

const struct setting_table log_settings_table = {
    .name = "log",
    .label = "Log",
    .help = "The program's own messages.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct log_settings),
};

void log_settings_apply(const struct log_settings *settings)
{
    static const enum log_sink chosen[] = {
        [SINK_STDERR] = LOG_SINK_STDERR,
        [SINK_JOURNAL] = LOG_SINK_JOURNAL,
        [SINK_SYSLOG] = LOG_SINK_SYSLOG,
    };
    enum log_sink sink = settings->sink == SINK_AUTO ? log_sink_detect() : chosen[settings->sink];
    log_open(sink, (enum log_level)settings->level);
}
