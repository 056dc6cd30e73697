#include "field/statistics.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define PER_OCTAVE 4
#define LOWEST_OCTAVE 6    /* the first bucket ends near 64 us: a loopback answer */
#define FADE_AT (1u << 16) /* answers, after which the old ones count half */
#define BUSY_WINDOW (10 * CLOCK_S)

/* Octave and quarter of an octave, from the position of the highest bit and the two behind it. */
static size_t bucket_of(clock_us latency)
{
    if (latency < 1 << LOWEST_OCTAVE)
        return 0;
    int octave = 63 - __builtin_clzll((unsigned long long)latency);
    size_t quarter = (size_t)(latency >> (octave - 2)) & (PER_OCTAVE - 1);
    size_t bucket = (size_t)(octave - LOWEST_OCTAVE) * PER_OCTAVE + quarter + 1;
    return bucket < STATISTICS_BUCKETS ? bucket : STATISTICS_BUCKETS - 1;
}

static clock_us bucket_middle(size_t bucket)
{
    if (bucket == 0)
        return (1 << LOWEST_OCTAVE) / 2;
    size_t octave = (bucket - 1) / PER_OCTAVE + LOWEST_OCTAVE;
    size_t quarter = (bucket - 1) % PER_OCTAVE;
    clock_us step = (clock_us)1 << (octave - 2);
    return ((clock_us)1 << octave) + (clock_us)quarter * step + step / 2;
}

static void fade(struct statistics_latency *latency)
{
    latency->total = 0;
    for (size_t i = 0; i < STATISTICS_BUCKETS; i++) {
        latency->buckets[i] /= 2;
        latency->total += latency->buckets[i];
    }
}

void statistics_answer(struct statistics *statistics, clock_us latency)
{
    statistics->counts[STATISTICS_ANSWERS]++;
    struct statistics_latency *record = &statistics->latency;
    record->buckets[bucket_of(latency)]++;
    if (latency > record->most)
        record->most = latency;
    if (++record->total >= FADE_AT)
        fade(record);
}

void statistics_exception(struct statistics *statistics, uint8_t code)
{
    statistics->counts[STATISTICS_EXCEPTIONS]++;
    statistics->exceptions[code < STATISTICS_EXCEPTION_CODES ? code : 0]++;
}

void statistics_error(struct statistics *statistics, clock_us wall, const char *text)
{
    snprintf(statistics->last_error, sizeof statistics->last_error, "%s", text);
    statistics->last_error_wall = wall;
}

clock_us statistics_latency_at(const struct statistics_latency *latency, double share)
{
    if (!latency->total)
        return 0;
    double wanted = share * latency->total;
    uint32_t seen = 0;
    for (size_t i = 0; i < STATISTICS_BUCKETS; i++) {
        seen += latency->buckets[i];
        if (latency->buckets[i] && seen >= wanted) {
            clock_us middle = bucket_middle(i);
            return middle < latency->most ? middle : latency->most;
        }
    }
    return latency->most;
}

/* Bucket 0 is below the lowest octave; from there PER_OCTAVE to each. */
void statistics_latency_each(const struct statistics_latency *latency,
                             void (*fn)(void *user, clock_us to, uint32_t count), void *user)
{
    uint32_t octaves[1 + STATISTICS_BUCKETS / PER_OCTAVE + 1] = {0};
    size_t first = SIZE_MAX, last = 0;
    for (size_t i = 0; i < STATISTICS_BUCKETS; i++) {
        size_t octave = (i + PER_OCTAVE - 1) / PER_OCTAVE;
        octaves[octave] += latency->buckets[i];
        if (!latency->buckets[i])
            continue;
        if (first == SIZE_MAX)
            first = octave;
        last = octave;
    }
    for (size_t i = first; i <= last; i++) /* first is past all of them when there is none */
        fn(user, (clock_us)1 << (i + LOWEST_OCTAVE), octaves[i]);
}

const char *statistics_count_name(enum statistics_count count)
{
    static const char *const names[] = {
        [STATISTICS_POLLS] = "polls",
        [STATISTICS_ANSWERS] = "answers",
        [STATISTICS_TIMEOUTS] = "timeouts",
        [STATISTICS_CRC_ERRORS] = "crc_errors",
        [STATISTICS_EXCEPTIONS] = "exceptions",
        [STATISTICS_MISMATCHES] = "mismatches",
        [STATISTICS_LATE] = "late",
        [STATISTICS_RETRIES] = "retries",
        [STATISTICS_MALFORMED] = "malformed",
        [STATISTICS_ROUNDS] = "rounds",
        [STATISTICS_OVERRUNS] = "overruns",
        [STATISTICS_RECONNECTS] = "reconnects",
        [STATISTICS_NOISE] = "noise",
        [STATISTICS_TRUNCATED] = "truncated",
        [STATISTICS_FOREIGN] = "foreign",
        [STATISTICS_DOUBLES] = "doubles",
        [STATISTICS_SWAPS] = "swaps",
        [STATISTICS_MASTERS] = "masters",
    };
    assert(count < STATISTICS_COUNTS);
    return names[count];
}

/* ---- lately ---------------------------------------------------------------------------------- */

void statistics_recent_start(struct statistics_recent *recent, const struct statistics *statistics,
                             clock_us now)
{
    for (int i = 0; i < 2; i++) {
        recent->marks[i] = now;
        memcpy(recent->counts[i], statistics->counts, sizeof statistics->counts);
    }
}

void statistics_recent_roll(struct statistics_recent *recent, const struct statistics *statistics,
                            clock_us now)
{
    if (now - recent->marks[1] < STATISTICS_RECENT)
        return;
    recent->marks[0] = recent->marks[1];
    recent->marks[1] = now;
    memcpy(recent->counts[0], recent->counts[1], sizeof recent->counts[0]);
    memcpy(recent->counts[1], statistics->counts, sizeof statistics->counts);
}

uint64_t statistics_recent_count(const struct statistics_recent *recent,
                                 const struct statistics *statistics, enum statistics_count what)
{
    return statistics->counts[what] - recent->counts[0][what];
}

/* ---- share of time in use -------------------------------------------------------------------- */

static void roll(struct statistics_busy *busy, clock_us now)
{
    while (now - busy->window >= BUSY_WINDOW) {
        clock_us end = busy->window + BUSY_WINDOW;
        if (busy->since < end) {
            busy->used += end - busy->since;
            busy->since = end;
        }
        busy->used_before = busy->used;
        busy->used = 0;
        busy->window = end;
        /* After a long rest two empty windows say all. */
        if (busy->since == CLOCK_NEVER && now - end > 2 * BUSY_WINDOW)
            busy->window = now - (now - end) % BUSY_WINDOW - BUSY_WINDOW;
    }
}

void statistics_busy_start(struct statistics_busy *busy, clock_us now)
{
    *busy = (struct statistics_busy){.start = now, .window = now, .since = CLOCK_NEVER};
}

void statistics_busy_begin(struct statistics_busy *busy, clock_us now)
{
    roll(busy, now);
    busy->since = now;
}

void statistics_busy_end(struct statistics_busy *busy, clock_us now)
{
    roll(busy, now);
    if (busy->since != CLOCK_NEVER)
        busy->used += now - busy->since;
    busy->since = CLOCK_NEVER;
}

double statistics_busy_percent(const struct statistics_busy *busy, clock_us now)
{
    struct statistics_busy copy = *busy;
    roll(&copy, now);
    clock_us used = copy.used + copy.used_before;
    if (copy.since < now)
        used += now - copy.since;
    clock_us from = copy.window - BUSY_WINDOW > copy.start ? copy.window - BUSY_WINDOW : copy.start;
    return now > from ? 100.0 * (double)used / (double)(now - from) : 0;
}
