#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static enum log_sink sink = LOG_SINK_STDERR;
static enum log_level most = LOG_LEVEL_INFO;

/* Priorities of syslog(3), which the journal's line prefix uses too (sd-daemon(3)). */
static const int priorities[] = {
    [LOG_LEVEL_ERROR] = LOG_ERR, [LOG_LEVEL_WARNING] = LOG_WARNING, [LOG_LEVEL_NOTICE] = LOG_NOTICE,
    [LOG_LEVEL_INFO] = LOG_INFO, [LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

void log_open(enum log_sink where, enum log_level level)
{
    sink = where;
    most = level;
    if (sink == LOG_SINK_SYSLOG)
        openlog("busbar", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

enum log_sink log_sink_detect(void)
{
    return getenv("JOURNAL_STREAM") ? LOG_SINK_JOURNAL : LOG_SINK_STDERR;
}

/* Text from devices and clients may hold control characters: a log line must stay one line. */
static void make_printable(char *text)
{
    for (; *text; text++) {
        /* U+0080 to U+009F, which terminals obey like an escape */
        bool c1 = (unsigned char)text[0] == 0xC2 && ((unsigned char)text[1] & 0xE0) == 0x80;
        if ((unsigned char)*text < ' ' || *text == 0x7f || c1)
            *text = '?';
        if (c1)
            *++text = '?';
    }
}

/* Wall time for people only; records and deadlines go through base/clock. */
static void format_time_of_day(char *text, size_t size)
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &parts);
    snprintf(text, size, "%02d:%02d:%02d.%03ld", parts.tm_hour, parts.tm_min, parts.tm_sec,
             now.tv_nsec / 1000000);
}

void log_write(enum log_level level, const char *module, const char *format, ...)
{
    if (level > most)
        return;
    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    make_printable(text);
    if (sink == LOG_SINK_SYSLOG) {
        syslog(priorities[level], "%s: %s", module, text);
        return;
    }
    char line[LINE_MAX_BYTES + 64];
    int length;
    if (sink == LOG_SINK_JOURNAL) {
        length = snprintf(line, sizeof line, "<%d>%s: %s\n", priorities[level], module, text);
    } else {
        char when[24];
        format_time_of_day(when, sizeof when);
        length = snprintf(line, sizeof line, "%s %s: %s\n", when, module, text);
    }
    /* One write per line keeps lines of several threads apart; a full pipe is not our problem. */
    if (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0)
        return;
}
