/* statistics - what a line and each unit on it did: counters, latency, last error, share of time in
 * use.
 *
 * Plain embedded structs, updated by the line on its path without allocating; faces read them
 * through field.h. Counters start with the daemon and survive a reload. Latency is kept in buckets
 * four to an octave, so a median is right within 13 %; old answers fade out. Loop thread only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

enum statistics_count {
    STATISTICS_POLLS,      /* requests sent, repetitions included */
    STATISTICS_ANSWERS,    /* accepted, refusals of the device included */
    STATISTICS_TIMEOUTS,   /* nothing acceptable within the time */
    STATISTICS_CRC_ERRORS, /* an answer arrived broken */
    STATISTICS_EXCEPTIONS, /* answers in which the device refused */
    STATISTICS_MISMATCHES, /* well-formed, but not what was asked: other unit, function, length */
    STATISTICS_LATE,       /* answers to requests that had been given up */
    STATISTICS_RETRIES,    /* repetitions among the polls */
    STATISTICS_MALFORMED,  /* accepted, but the driver could not read it */
    STATISTICS_ROUNDS,     /* rounds of reading that were completed */
    STATISTICS_OVERRUNS,   /* rounds that were due while the one before was not finished */
    STATISTICS_RECONNECTS, /* a line that was open had to be opened again */
    STATISTICS_NOISE,      /* bytes that belonged to no frame */
    STATISTICS_TRUNCATED,  /* among the time-outs: an answer had begun and broke off */
    STATISTICS_FOREIGN,    /* among the mismatches: of a unit that was not asked */
    STATISTICS_DOUBLES,    /* among the mismatches: a second answer to one question */
    STATISTICS_SWAPS,      /* said to be another device, and then again the one before */
    STATISTICS_MASTERS,    /* requests of somebody else, heard on the line */
    STATISTICS_COUNTS
};

#define STATISTICS_EXCEPTION_CODES 12 /* by code; 0 collects those that the standard lacks */
#define STATISTICS_BUCKETS 84
#define STATISTICS_ERROR_MAX 144 /* longest cause, name of a line, unit */

struct statistics_latency {
    uint32_t buckets[STATISTICS_BUCKETS];
    uint32_t total;
    clock_us most; /* since start */
};

struct statistics {
    uint64_t counts[STATISTICS_COUNTS];
    uint64_t exceptions[STATISTICS_EXCEPTION_CODES];
    struct statistics_latency latency;
    char last_error[STATISTICS_ERROR_MAX]; /* "" while there was none */
    clock_us last_error_wall;
};

/* Counts as they were some time ago: what has happened lately is the difference. */
struct statistics_recent {
    clock_us marks[2]; /* when they were noted; the older one first */
    uint64_t counts[2][STATISTICS_COUNTS];
};

#define STATISTICS_RECENT (150 * CLOCK_S) /* "lately" is this long, up to twice */

/* Begin with the counts as they are. */
void statistics_recent_start(struct statistics_recent *recent, const struct statistics *statistics,
                             clock_us now);

/* Note them anew when it is time; call at each request. */
void statistics_recent_roll(struct statistics_recent *recent, const struct statistics *statistics,
                            clock_us now);

/* What has been counted since the older mark. */
uint64_t statistics_recent_count(const struct statistics_recent *recent,
                                 const struct statistics *statistics, enum statistics_count what);

void statistics_answer(struct statistics *statistics, clock_us latency);
void statistics_exception(struct statistics *statistics, uint8_t code);
void statistics_error(struct statistics *statistics, clock_us wall, const char *text);

/* Latency that `share` (0 to 1) of the answers did not exceed: the middle of its bucket, at most
 * `most`. 0 without answers. */
clock_us statistics_latency_at(const struct statistics_latency *latency, double share);

/* Answers by octave of their latency: `most` of each is in `*to`, in microseconds. Calls `fn` for
 * the octaves from the first to the last that has any. */
void statistics_latency_each(const struct statistics_latency *latency,
                             void (*fn)(void *user, clock_us to, uint32_t count), void *user);

/* "polls", "crc_errors", ...: the words of the API */
const char *statistics_count_name(enum statistics_count count);

/* Share of time in use, over the last 10 to 20 s. */
struct statistics_busy {
    clock_us start;       /* counted since */
    clock_us window;      /* begin of the current window */
    clock_us since;       /* in use since; CLOCK_NEVER while idle */
    clock_us used;        /* in this window, up to `since` */
    clock_us used_before; /* in the window before */
};

void statistics_busy_start(struct statistics_busy *busy, clock_us now);
void statistics_busy_begin(struct statistics_busy *busy, clock_us now);
void statistics_busy_end(struct statistics_busy *busy, clock_us now);
double statistics_busy_percent(const struct statistics_busy *busy, clock_us now);
