/* history_truth - readings of three series and, by plain arithmetic over them, what a store that
 * was given them must answer.
 *
 * The truth is one list per series, one reading after the other; buckets are made by the C
 * library's calendar alone. For tests that ask the store in many ways before and after it has
 * tidied up. */
#pragma once

#include "test.h"
#include "test_folder.h"

#include <math.h>
#include <sqlite3.h>
#include <time.h>

#include "base/time_text.h"
#include "engine/history_testing.h"

enum { TRUTH_SERIES = 3, TRUTH_MOST = 200000 };

/* Series 1 is a voltage (0.1 V), 2 a current (0.001 A), 3 a counter (0.001 kWh). */
struct truth_reading {
    int64_t time; /* ms */
    int64_t value;
    bool good;
};

static char truth_folder[200];
static struct truth_reading *truth[TRUTH_SERIES];
static size_t truth_count[TRUTH_SERIES];

static inline int truth_begin(void **state)
{
    (void)state;
    struct err err = ERR_EMPTY;
    assert_int_equal(time_text_use_zone("Europe/Rome", &err), 0);
    /* nothing here is about the disk: memory will do */
    test_folder_in_memory(truth_folder, sizeof truth_folder);
    for (int s = 0; s < TRUTH_SERIES; s++) {
        truth[s] = calloc(TRUTH_MOST, sizeof **truth);
        truth_count[s] = 0;
    }
    return 0;
}

static inline int truth_end(void **state)
{
    (void)state;
    test_folder_remove(truth_folder);
    for (int s = 0; s < TRUTH_SERIES; s++)
        free(truth[s]);
    return 0;
}

static inline struct history_store *truth_store(void)
{
    struct err err = ERR_EMPTY;
    struct history_store *store = history_store_open(truth_folder, "boot-1", &err);
    if (!store)
        fail_msg("%s", err.text);
    return store;
}

/* ---- readings -------------------------------------------------------------------------------- */

struct truth_source {
    int64_t volts, amps, counter;
    uint64_t seed;
};

static inline void truth_remember(int s, int64_t time, int64_t value, bool good)
{
    assert_true(truth_count[s] < TRUTH_MOST);
    truth[s][truth_count[s]++] = (struct truth_reading){time, value, good};
}

/* The next values of all series, now and then none, now and then a counter that begins anew. */
static inline void truth_next(struct truth_source *source, int64_t time,
                              struct history_reading *readings)
{
    uint64_t dice = test_random(&source->seed);
    source->volts += (int64_t)(dice % 9) - 4;
    if (dice % 97 == 0)
        source->amps = (int64_t)(dice >> 20) % 16000;
    source->counter += (int64_t)(dice >> 8) % 40;
    if (dice % 1999 == 0)
        source->counter = (int64_t)(dice >> 30) % 10; /* reset, or another meter */
    int64_t values[TRUTH_SERIES] = {source->volts, source->amps + (int64_t)(dice >> 40) % 20,
                                    source->counter};
    for (uint32_t s = 0; s < TRUTH_SERIES; s++) {
        bool good = (dice >> (50 + s)) % 64 != 0;
        readings[s] = (struct history_reading){s + 1, good ? QUALITY_GOOD : QUALITY_BAD,
                                               good ? values[s] : 0};
        truth_remember((int)s, time, readings[s].value, good);
    }
}

/* Ticks from `from` on, `count` of them, in transactions of many. */
static inline void truth_write(struct history_store *store, struct truth_source *source,
                               int64_t from, int64_t step, int count)
{
    enum { AT_ONCE = 512 };
    static struct history_record records[AT_ONCE];
    static struct buf rows[AT_ONCE];
    struct history_record *list[AT_ONCE];
    for (int at = 0; at < count;) {
        int n = count - at < AT_ONCE ? count - at : AT_ONCE;
        for (int i = 0; i < n; i++) {
            struct history_reading readings[TRUTH_SERIES];
            int64_t time = from + (int64_t)(at + i) * step;
            truth_next(source, time, readings);
            buf_clear(&rows[i]);
            history_row_encode(&rows[i], time - from, readings, TRUTH_SERIES);
            records[i] = (struct history_record){
                .mono = (time - from + 1000) * CLOCK_MS,
                .wall = time * CLOCK_MS,
                .wall_known = true,
                .row = (uint8_t *)rows[i].data,
                .length = rows[i].length,
                .definitions = testing_series,
                .definition_count = TRUTH_SERIES,
            };
            list[i] = &records[i];
        }
        struct err err = ERR_EMPTY;
        if (history_store_write(store, list, (size_t)n, &err) < 0)
            fail_msg("%s", err.text);
        at += n;
    }
    for (int i = 0; i < AT_ONCE; i++)
        buf_deinit(&rows[i]);
}

/* ---- plain arithmetic ------------------------------------------------------------------------ */

struct truth_way {
    clock_us step;
    enum history_unit unit;
    int units;
};

/* The bucket of a time, by the C library's calendar alone; another road than the store's. */
static inline int64_t truth_bucket_of(const struct truth_way *asked, int64_t time)
{
    if (asked->unit == HISTORY_UNIT_NONE)
        return asked->step ? time - time % (asked->step / CLOCK_MS) : time;
    time_t seconds = (time_t)(time / 1000);
    struct tm parts;
    localtime_r(&seconds, &parts);
    if (asked->unit == HISTORY_UNIT_HOUR)
        return time - time % 3600000; /* Rome is a whole number of hours off */
    parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
    parts.tm_isdst = -1;
    if (asked->unit == HISTORY_UNIT_DAY && asked->units == 7)
        parts.tm_mday -= (parts.tm_wday + 6) % 7;
    if (asked->unit >= HISTORY_UNIT_MONTH)
        parts.tm_mday = 1;
    if (asked->unit == HISTORY_UNIT_YEAR)
        parts.tm_mon = 0;
    return (int64_t)mktime(&parts) * 1000;
}

struct truth_bucket {
    int64_t time, min, max, last, rise;
    double sum;
    uint32_t count;
};

/* Buckets of one series, one reading after the other. Readings must be in order of time. */
static inline size_t truth_buckets(int s, const struct truth_way *asked, int64_t from, int64_t to,
                                   struct truth_bucket *out)
{
    size_t count = 0;
    bool has_before = false;
    int64_t before = 0;
    for (size_t i = 0; i < truth_count[s]; i++) {
        const struct truth_reading *reading = &truth[s][i];
        if (!reading->good || reading->time >= to)
            continue;
        int64_t rise = !has_before                ? 0
                       : reading->value >= before ? reading->value - before
                                                  : reading->value;
        bool near = reading->time >= from - 86400000;
        before = reading->value;
        has_before = near || reading->time >= from; /* a rise is known across a day at most here */
        if (reading->time < from)
            continue;
        int64_t time = truth_bucket_of(asked, reading->time);
        bool same = count > 0 && out[count - 1].time == time && (asked->step || asked->unit);
        if (!same)
            out[count++] = (struct truth_bucket){.time = time, .min = INT64_MAX, .max = INT64_MIN};
        struct truth_bucket *bucket = &out[count - 1];
        if (reading->value < bucket->min)
            bucket->min = reading->value;
        if (reading->value > bucket->max)
            bucket->max = reading->value;
        bucket->last = reading->value;
        bucket->sum += (double)reading->value;
        bucket->rise += rise;
        bucket->count++;
    }
    return count;
}

static inline int truth_by_time(const void *a, const void *b)
{
    const struct truth_reading *left = a, *right = b;
    return left->time < right->time ? -1 : left->time > right->time;
}

static inline void truth_compare(int s, const struct history_series *series,
                                 const struct truth_bucket *plain, size_t count)
{
    static const double scales[TRUTH_SERIES] = {10, 1000, 1000};
    double scale = scales[s];
    assert_int_equal(series->count, count);
    for (size_t i = 0; i < count; i++) {
        const struct history_bucket *bucket = &series->buckets[i];
        assert_int_equal(bucket->time / CLOCK_MS, plain[i].time);
        assert_int_equal(bucket->count, plain[i].count);
        assert_true(bucket->min == (double)plain[i].min / scale);
        assert_true(bucket->max == (double)plain[i].max / scale);
        assert_true(bucket->last == (double)plain[i].last / scale);
        assert_true(bucket->sum == plain[i].sum / scale);
        if (s == 2)
            assert_true(fabs(bucket->rise - (double)plain[i].rise / scale) < 1e-6);
    }
}

static const struct truth_way truth_ways[] = {
    {0, HISTORY_UNIT_DAY, 1},
    {0, HISTORY_UNIT_HOUR, 1},
    {0, HISTORY_UNIT_DAY, 7},
    {0, HISTORY_UNIT_MONTH, 1},
    {0, HISTORY_UNIT_YEAR, 1},
    {60 * CLOCK_S, HISTORY_UNIT_NONE, 0},
    {900 * CLOCK_S, HISTORY_UNIT_NONE, 0},
    {3600 * CLOCK_S, HISTORY_UNIT_NONE, 0},
    {5000 * CLOCK_S, HISTORY_UNIT_NONE, 0},
    {86400 * CLOCK_S, HISTORY_UNIT_NONE, 0},
    {0, HISTORY_UNIT_NONE, 0},
};

/* One question in one way, page by page until its end. */
static inline void truth_check(const struct truth_way *asked, int64_t from, int64_t to)
{
    printf("# step %lld unit %d x %d, from %lld to %lld\n", (long long)(asked->step / CLOCK_S),
           (int)asked->unit, asked->units, (long long)from, (long long)to);
    static struct truth_bucket plain[TRUTH_MOST];
    static struct history_bucket pages[TRUTH_MOST];
    const char *paths[TRUTH_SERIES];
    for (int s = 0; s < TRUTH_SERIES; s++)
        paths[s] = testing_series[s].path;
    struct err err = ERR_EMPTY;
    struct history_reader *reader = history_reader_open(truth_folder, &err);
    atomic_bool cancel = false;
    for (int s = 0; s < TRUTH_SERIES; s++) {
        struct history_question question = {.paths = &paths[s],
                                            .path_count = 1,
                                            .from = from * CLOCK_MS,
                                            .to = to * CLOCK_MS,
                                            .step = asked->step,
                                            .unit = asked->unit,
                                            .units = asked->units,
                                            .most = 7000};
        struct history_series whole = {.buckets = pages};
        bool more = true;
        while (more) {
            struct history_answer *answer = history_reader_ask(reader, &question, &cancel, &err);
            if (!answer)
                fail_msg("%s", err.text);
            if (answer->series[0].count) /* else there is nothing to copy from */
                memcpy(pages + whole.count, answer->series[0].buckets,
                       answer->series[0].count * sizeof *pages);
            whole.count += answer->series[0].count;
            more = answer->series[0].cut;
            assert_true(!more || answer->until > question.from);
            question.from = answer->until;
            history_answer_free(answer);
        }
        size_t count = truth_buckets(s, asked, from, to, plain);
        truth_compare(s, &whole, plain, count);
    }
    history_reader_close(reader);
}

static inline void truth_check_all(uint64_t *seed)
{
    for (int s = 0; s < TRUTH_SERIES; s++)
        qsort(truth[s], truth_count[s], sizeof **truth, truth_by_time);
    int64_t first = truth[0][0].time, last = truth[0][truth_count[0] - 1].time;
    for (size_t way = 0; way < sizeof truth_ways / sizeof *truth_ways; way++) {
        truth_check(&truth_ways[way], 0, last + 1);
        for (int i = 0; i < 3; i++) {
            int64_t from = first + (int64_t)(test_random(seed) % (uint64_t)(last - first));
            int64_t to = from + (int64_t)(test_random(seed) % (uint64_t)(last - from + 1));
            truth_check(&truth_ways[way], from, to);
        }
    }
}

static inline int64_t truth_at(int year, int month, int day, int hour)
{
    struct tm parts = {
        .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour};
    return (int64_t)timegm(&parts) * 1000;
}
