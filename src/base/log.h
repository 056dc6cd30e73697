/* log - what the daemon tells its operator, one line a change of state.
 *
 * The sink is the only mutable file-scope object of the program: it is set once by main() before
 * any thread starts. Calls are thread-safe. Log a change (online -> silent, with duration on the
 * way back), never each attempt, and never a secret.
 */
#pragma once

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

enum log_sink {
    LOG_SINK_STDERR,  /* plain lines with the time of day */
    LOG_SINK_JOURNAL, /* stderr with the <N> priority prefix that systemd-journald understands */
    LOG_SINK_SYSLOG,
};

/* Choose sink and the most talkative level that is written. Call once, from main(). */
void log_open(enum log_sink sink, enum log_level level);

/* The sink that fits how we were started: journal when JOURNAL_STREAM is set, else stderr. */
enum log_sink log_sink_detect(void);

/* Write one line. `module` is the file's name; the text has no trailing newline. */
void log_write(enum log_level level, const char *module, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(module, ...) log_write(LOG_LEVEL_ERROR, module, __VA_ARGS__)
#define log_warning(module, ...) log_write(LOG_LEVEL_WARNING, module, __VA_ARGS__)
#define log_notice(module, ...) log_write(LOG_LEVEL_NOTICE, module, __VA_ARGS__)
#define log_info(module, ...) log_write(LOG_LEVEL_INFO, module, __VA_ARGS__)
#define log_debug(module, ...) log_write(LOG_LEVEL_DEBUG, module, __VA_ARGS__)
