/* What is kept for long, against plain arithmetic over the same readings: every way of asking gives
 * the same answer before and after tidying, through gaps, resets, late readings and changes of the
 * clock. */
#include "test.h"
#include "test_folder.h"

#include <math.h>
#include <sqlite3.h>
#include <time.h>

#include "base/time_text.h"
#include "engine/history_block.h"
#include "engine/history_evict.h"
#include "history_testing.h"

enum { SERIES = 3, READINGS_MOST = 200000 };

/* Series 1 is a voltage (0.1 V), 2 a current (0.001 A), 3 a counter (0.001 kWh). */
struct reading {
    int64_t time; /* ms */
    int64_t value;
    bool good;
};

static char folder[200];
static struct reading *truth[SERIES];
static size_t truth_count[SERIES];

static int begin(void **state)
{
    (void)state;
    struct err err = ERR_EMPTY;
    assert_int_equal(time_text_use_zone("Europe/Rome", &err), 0);
    /* nothing here is about the disk: memory will do */
    test_folder_in_memory(folder, sizeof folder);
    for (int s = 0; s < SERIES; s++) {
        truth[s] = calloc(READINGS_MOST, sizeof **truth);
        truth_count[s] = 0;
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_folder_remove(folder);
    for (int s = 0; s < SERIES; s++)
        free(truth[s]);
    return 0;
}

static struct history_store *open_store(void)
{
    struct err err = ERR_EMPTY;
    struct history_store *store = history_store_open(folder, "boot-1", &err);
    if (!store)
        fail_msg("%s", err.text);
    return store;
}

/* ---- readings -------------------------------------------------------------------------------- */

struct source {
    int64_t volts, amps, counter;
    uint64_t seed;
};

static void remember(int s, int64_t time, int64_t value, bool good)
{
    assert_true(truth_count[s] < READINGS_MOST);
    truth[s][truth_count[s]++] = (struct reading){time, value, good};
}

/* The next values of all series, now and then none, now and then a counter that begins anew. */
static void next_readings(struct source *source, int64_t time, struct history_reading *readings)
{
    uint64_t dice = test_random(&source->seed);
    source->volts += (int64_t)(dice % 9) - 4;
    if (dice % 97 == 0)
        source->amps = (int64_t)(dice >> 20) % 16000;
    source->counter += (int64_t)(dice >> 8) % 40;
    if (dice % 1999 == 0)
        source->counter = (int64_t)(dice >> 30) % 10; /* reset, or another meter */
    int64_t values[SERIES] = {source->volts, source->amps + (int64_t)(dice >> 40) % 20,
                              source->counter};
    for (uint32_t s = 0; s < SERIES; s++) {
        bool good = (dice >> (50 + s)) % 64 != 0;
        readings[s] = (struct history_reading){s + 1, good ? QUALITY_GOOD : QUALITY_BAD,
                                               good ? values[s] : 0};
        remember((int)s, time, readings[s].value, good);
    }
}

/* Ticks from `from` on, `count` of them, in transactions of many. */
static void write_ticks(struct history_store *store, struct source *source, int64_t from,
                        int64_t step, int count)
{
    enum { AT_ONCE = 512 };
    static struct history_record records[AT_ONCE];
    static struct buf rows[AT_ONCE];
    struct history_record *list[AT_ONCE];
    for (int at = 0; at < count;) {
        int n = count - at < AT_ONCE ? count - at : AT_ONCE;
        for (int i = 0; i < n; i++) {
            struct history_reading readings[SERIES];
            int64_t time = from + (int64_t)(at + i) * step;
            next_readings(source, time, readings);
            buf_clear(&rows[i]);
            history_row_encode(&rows[i], time - from, readings, SERIES);
            records[i] = (struct history_record){
                .mono = (time - from + 1000) * CLOCK_MS,
                .wall = time * CLOCK_MS,
                .wall_known = true,
                .row = (uint8_t *)rows[i].data,
                .length = rows[i].length,
                .definitions = testing_series,
                .definition_count = SERIES,
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

struct asked {
    clock_us step;
    enum history_unit unit;
    int units;
};

/* The bucket of a time, by the C library's calendar alone; another road than the store's. */
static int64_t bucket_of(const struct asked *asked, int64_t time)
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

struct plain {
    int64_t time, min, max, last, rise;
    double sum;
    uint32_t count;
};

/* Buckets of one series, one reading after the other. Readings must be in order of time. */
static size_t plain_buckets(int s, const struct asked *asked, int64_t from, int64_t to,
                            struct plain *out)
{
    size_t count = 0;
    bool has_before = false;
    int64_t before = 0;
    for (size_t i = 0; i < truth_count[s]; i++) {
        const struct reading *reading = &truth[s][i];
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
        int64_t time = bucket_of(asked, reading->time);
        bool same = count > 0 && out[count - 1].time == time && (asked->step || asked->unit);
        if (!same)
            out[count++] = (struct plain){.time = time, .min = INT64_MAX, .max = INT64_MIN};
        struct plain *bucket = &out[count - 1];
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

static int by_time(const void *a, const void *b)
{
    const struct reading *left = a, *right = b;
    return left->time < right->time ? -1 : left->time > right->time;
}

static void compare_with(int s, const struct history_series *series, const struct plain *plain,
                         size_t count)
{
    static const double scales[SERIES] = {10, 1000, 1000};
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

static const struct asked ways[] = {
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
static void check_question(const struct asked *asked, int64_t from, int64_t to)
{
    printf("# step %lld unit %d x %d, from %lld to %lld\n", (long long)(asked->step / CLOCK_S),
           (int)asked->unit, asked->units, (long long)from, (long long)to);
    static struct plain plain[READINGS_MOST];
    static struct history_bucket pages[READINGS_MOST];
    const char *paths[SERIES];
    for (int s = 0; s < SERIES; s++)
        paths[s] = testing_series[s].path;
    struct err err = ERR_EMPTY;
    struct history_reader *reader = history_reader_open(folder, &err);
    atomic_bool cancel = false;
    for (int s = 0; s < SERIES; s++) {
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
        size_t count = plain_buckets(s, asked, from, to, plain);
        compare_with(s, &whole, plain, count);
    }
    history_reader_close(reader);
}

static void check_all(uint64_t *seed)
{
    for (int s = 0; s < SERIES; s++)
        qsort(truth[s], truth_count[s], sizeof **truth, by_time);
    int64_t first = truth[0][0].time, last = truth[0][truth_count[0] - 1].time;
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        check_question(&ways[way], 0, last + 1);
        for (int i = 0; i < 3; i++) {
            int64_t from = first + (int64_t)(test_random(seed) % (uint64_t)(last - first));
            int64_t to = from + (int64_t)(test_random(seed) % (uint64_t)(last - from + 1));
            check_question(&ways[way], from, to);
        }
    }
}

static int64_t at(int year, int month, int day, int hour)
{
    struct tm parts = {
        .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour};
    return (int64_t)timegm(&parts) * 1000;
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Over both changes of the clock, a turn of the year, and gaps of hours and months. */
static void tidying_changes_no_answer_of_years(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = open_store();
    write_ticks(store, &source, at(2025, 9, 20, 5), 600000, 8000); /* to 14 November */
    write_ticks(store, &source, at(2025, 12, 28, 0) + 1234, 300000, 3000);
    write_ticks(store, &source, at(2026, 3, 20, 0), 1800000, 3000); /* to 21 May */
    testing_tidy(store, NULL);
    write_ticks(store, &source, at(2026, 7, 1, 0), 60000, 5000);
    check_all(&seed);
    testing_tidy(store, NULL);
    check_all(&seed);
    history_store_close(store);
}

/* A reading each second is also kept as rows of minutes. */
static void dense_readings_agree(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = open_store();
    write_ticks(store, &source, at(2026, 3, 28, 20), 2000, 60000); /* 33 h */
    write_ticks(store, &source, at(2026, 4, 2, 1), 60000, 10);
    testing_tidy(store, NULL);
    check_all(&seed);
    history_store_close(store);
}

/* Readings that come late, into hours, days and periods that are tidied already. */
static void late_readings_find_their_place(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = open_store();
    write_ticks(store, &source, at(2026, 1, 1, 0), 3600000, 24 * 80);
    testing_tidy(store, NULL);
    check_all(&seed);
    /* between the others, on days that have readings and on days that have none */
    for (int i = 0; i < 8; i++) {
        int64_t time = at(2025, 12, 20, 0) + (int64_t)(test_random(&seed) % 7776000) * 1000 + 500;
        write_ticks(store, &source, time, 7200000, 30);
        /* the clock is right again */
        write_ticks(store, &source, at(2026, 4, 1, 0) + i * 86400000LL, 60000, 10);
        testing_tidy(store, NULL);
    }
    check_all(&seed);
    history_store_close(store);
}

static void imports_are_taken_once(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct history_store *store = open_store();
    enum { COUNT = 30000 };
    struct history_sample *samples = calloc(COUNT, sizeof *samples);
    int64_t first = at(2025, 11, 1, 0);
    for (int i = 0; i < COUNT; i++) {
        samples[i] = (struct history_sample){.time = first + i * 600000LL,
                                             .value = (int64_t)(test_random(&seed) % 500),
                                             .quality = QUALITY_GOOD};
        remember(0, samples[i].time, samples[i].value, true);
    }
    clock_us now = at(2026, 5, 20, 12) * CLOCK_MS; /* in the middle of what is imported */
    struct err err = ERR_EMPTY;
    for (int round = 0; round < 3; round++) {
        /* the last third first, then all of it, then all again */
        size_t from = round == 0 ? COUNT * 2 / 3 : 0;
        uint64_t known;
        int result = history_store_import(store, &testing_series[0], samples + from, COUNT - from,
                                          now, &known, &err);
        if (result < 0)
            fail_msg("%s", err.text);
        assert_int_equal(known, round == 0 ? 0 : round == 1 ? COUNT / 3 : COUNT);
    }
    free(samples);
    remember(1, first, 0, false);
    remember(2, first, 0, false);
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++)
        check_question(&ways[way], 0, first + COUNT * 600000LL);
    history_store_close(store);
}

/* Readings of the running hour lie in the tail: an import must find them there, too. */
static void imports_know_the_tail(void **state)
{
    (void)state;
    struct history_store *store = open_store();
    int64_t first = at(2027, 5, 20, 12);
    struct history_sample samples[3];
    for (int i = 0; i < 3; i++)
        samples[i] = (struct history_sample){
            .time = first + i * 60000LL, .value = i, .quality = QUALITY_GOOD};
    assert_int_equal(testing_write_one(store, samples[1].time * CLOCK_MS, 7), 0);
    uint64_t known;
    assert_int_equal(history_store_import(store, &testing_series[0], samples, 3,
                                          samples[2].time * CLOCK_MS, &known, NULL),
                     0);
    assert_int_equal(known, 1);
    struct history_answer *answer = testing_ask_one(folder, 0, INT64_MAX / 2, 0);
    assert_int_equal(answer->series[0].count, 3);
    assert_true(answer->series[0].buckets[1].last == 0.7); /* what was recorded stays */
    history_answer_free(answer);
    history_store_close(store);
}

/* Sums of the parts are the whole, whatever the parts are: what thinning promises. */
static void sums_agree_on_every_level(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = open_store();
    write_ticks(store, &source, at(2025, 9, 1, 0), 300000, 30000);
    testing_tidy(store, NULL);
    double rises[sizeof ways / sizeof *ways], sums[sizeof ways / sizeof *ways];
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        const char *path = testing_series[2].path;
        struct history_reader *reader = history_reader_open(folder, NULL);
        atomic_bool cancel = false;
        struct history_question question = {.paths = &path,
                                            .path_count = 1,
                                            .to = INT64_MAX / 2,
                                            .step = ways[way].step,
                                            .unit = ways[way].unit,
                                            .units = ways[way].units};
        rises[way] = sums[way] = 0;
        bool more = true;
        while (more) {
            struct history_answer *answer = history_reader_ask(reader, &question, &cancel, NULL);
            assert_non_null(answer);
            for (size_t i = 0; i < answer->series[0].count; i++) {
                rises[way] += answer->series[0].buckets[i].rise;
                sums[way] += answer->series[0].buckets[i].sum;
            }
            more = answer->series[0].cut;
            question.from = answer->until;
            history_answer_free(answer);
        }
        history_reader_close(reader);
        assert_true(fabs(rises[way] - rises[0]) < 1e-6);
        assert_true(fabs(sums[way] - sums[0]) < 1e-3);
    }
    int64_t total = 0, before = -1;
    for (size_t i = 0; i < truth_count[2]; i++) {
        if (!truth[2][i].good)
            continue;
        int64_t value = truth[2][i].value;
        total += before < 0 ? 0 : value >= before ? value - before : value;
        before = value;
    }
    assert_true(fabs(rises[0] - (double)total / 1000) < 1e-6);
    history_store_close(store);
}

/* With little space the oldest readings go; days, months and years of counters stay exact. */
static void what_is_evicted_stays_as_rows(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = open_store();
    write_ticks(store, &source, at(2025, 1, 1, 0), 300000, 60000); /* 208 days */
    testing_tidy(store, NULL);
    uint64_t before = history_store_facts(store).bytes;
    history_store_set_space(store, 120000);
    struct err err = ERR_EMPTY;
    assert_int_equal(testing_tidy(store, &err), 0);
    static const struct asked kept[] = {
        {0, HISTORY_UNIT_DAY, 1}, {0, HISTORY_UNIT_MONTH, 1}, {0, HISTORY_UNIT_YEAR, 1}};
    const char *path = testing_series[2].path;
    static struct plain plain[1000];
    for (size_t i = 0; i < 3; i++) {
        struct history_reader *reader = history_reader_open(folder, NULL);
        atomic_bool cancel = false;
        struct history_question question = {
            .paths = &path, .path_count = 1, .to = INT64_MAX / 2, .unit = kept[i].unit, .units = 1};
        struct history_answer *answer = history_reader_ask(reader, &question, &cancel, NULL);
        compare_with(2, &answer->series[0], plain,
                     plain_buckets(2, &kept[i], 0, INT64_MAX / CLOCK_MS, plain));
        history_answer_free(answer);
        history_reader_close(reader);
    }
    /* the oldest readings are gone, the newest are there */
    struct history_answer *old = testing_ask(folder, &path, 1, at(2025, 1, 5, 0) * CLOCK_MS,
                                             at(2025, 1, 6, 0) * CLOCK_MS, 0, NULL);
    assert_true(old->series[0].count <= 25); /* rows of hours at most */
    history_answer_free(old);
    struct history_answer *young = testing_ask(folder, &path, 1, at(2025, 7, 25, 0) * CLOCK_MS,
                                               at(2025, 7, 26, 0) * CLOCK_MS, 0, NULL);
    assert_true(young->series[0].count > 270);
    history_answer_free(young);
    assert_true(before > 120000);
    history_store_close(store);
}

/* What the counter rose by from one moment to another, its readings counted one by one. */
static int64_t rise_between(int64_t from, int64_t to)
{
    int64_t rise = 0, before = -1;
    for (size_t i = 0; i < truth_count[2]; i++) {
        const struct reading *reading = &truth[2][i];
        if (!reading->good || reading->time >= to)
            continue;
        if (reading->time >= from && before >= 0)
            rise += reading->value >= before ? reading->value - before : reading->value;
        before = reading->value;
    }
    return rise;
}

static struct history_answer *ask_hours(int64_t from, bool reach)
{
    const char *path = testing_series[2].path;
    struct history_reader *reader = history_reader_open(folder, NULL);
    atomic_bool cancel = false;
    struct history_question question = {.paths = &path,
                                        .path_count = 1,
                                        .from = from * CLOCK_MS,
                                        .to = INT64_MAX / 2,
                                        .unit = HISTORY_UNIT_HOUR,
                                        .units = 1,
                                        .reach = reach};
    struct history_answer *answer = history_reader_ask(reader, &question, &cancel, NULL);
    history_reader_close(reader);
    assert_non_null(answer);
    return answer;
}

static double rises_of(const struct history_series *series)
{
    double rises = 0;
    for (size_t i = 0; i < series->count; i++)
        rises += series->buckets[i].rise;
    return rises;
}

/* Who asks for hours learns which of them are days or months; nothing is lost in them. */
static void thinned_buckets_are_told(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = open_store();
    write_ticks(store, &source, at(2025, 1, 1, 0), 300000, 60000); /* 208 days */
    testing_tidy(store, NULL);
    struct history_answer *all = ask_hours(0, false);
    assert_int_equal(all->series[0].thinned[HISTORY_UNIT_DAY], 0);
    assert_false(all->series[0].continued);
    history_answer_free(all);
    history_store_set_space(store, 60000);
    assert_int_equal(testing_tidy(store, NULL), 0);
    all = ask_hours(0, false);
    const struct history_series *series = &all->series[0];
    clock_us days_until = series->thinned[HISTORY_UNIT_DAY];
    assert_true(days_until > at(2025, 2, 1, 0) * CLOCK_MS);
    static const struct asked days = {0, HISTORY_UNIT_DAY, 1};
    for (size_t i = 0; i < series->count; i++) {
        int64_t time = series->buckets[i].time / CLOCK_MS;
        assert_true(series->buckets[i].time >= days_until || bucket_of(&days, time) == time);
    }
    assert_true(fabs(rises_of(series) - (double)rise_between(0, INT64_MAX) / 1000) < 1e-6);
    history_answer_free(all);
    history_store_close(store);
}

/* A counter that nobody read for a month: who asks to reach gets what it rose by meanwhile. */
static void a_counter_reaches_over_a_month(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = open_store();
    write_ticks(store, &source, at(2025, 1, 1, 0), 300000, 3000);
    source.counter += 123456;
    write_ticks(store, &source, at(2025, 3, 1, 0), 300000, 3000);
    testing_tidy(store, NULL);
    int64_t asked[] = {at(2025, 2, 1, 0), at(2025, 3, 1, 0), at(2025, 3, 2, 7)};
    for (size_t i = 0; i < 3; i++) {
        struct history_answer *answer = ask_hours(asked[i], true);
        double rises = rises_of(&answer->series[0]);
        assert_true(fabs(rises - (double)rise_between(asked[i], INT64_MAX) / 1000) < 1e-6);
        assert_true(answer->series[0].continued);
        history_answer_free(answer);
        answer = ask_hours(asked[i], false);
        assert_true((rises_of(&answer->series[0]) < rises - 100) == (i < 2));
        history_answer_free(answer);
    }
    history_store_close(store);
}

static uint64_t used_space(void)
{
    char path[300];
    sqlite3 *db;
    uint64_t used;
    snprintf(path, sizeof path, "%s/history.db", folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(history_evict_used(db, &used, NULL), 0);
    sqlite3_close(db);
    return used;
}

/* "Full" begins when nothing may go any more and ends with a 20th of the space free: at the edge it
 * is not told each time. */
static void full_does_not_flutter(void **state)
{
    (void)state;
    struct source source = {.volts = 2300, .amps = 4000, .seed = test_seed()};
    struct history_store *store = open_store();
    write_ticks(store, &source, at(2025, 1, 1, 0), 30000, 60000);
    history_store_set_space(store, 1);
    assert_int_equal(testing_tidy(store, NULL), 0);
    uint64_t used = used_space();
    assert_true(history_store_facts(store).full);
    const struct {
        uint64_t space;
        bool full;
    } steps[] = {
        {used, true},  {used + used / 50, true}, {used + used / 10, false}, {used + 4096, false},
        {used, false}, {used - 4096, true},      {used + 4096, true},       {0, false}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        history_store_set_space(store, steps[i].space);
        assert_int_equal(testing_tidy(store, NULL), 0);
        assert_int_equal(history_store_facts(store).full, steps[i].full);
    }
    history_store_close(store);
}

static int number_of(const char *sql, int about)
{
    char path[300];
    sqlite3 *db;
    sqlite3_stmt *count;
    snprintf(path, sizeof path, "%s/history.db", folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &count, NULL), SQLITE_OK);
    sqlite3_bind_int(count, 1, about);
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    int result = sqlite3_column_int(count, 0);
    sqlite3_finalize(count);
    sqlite3_close(db);
    return result;
}

static int pieces_of_readings(int series)
{
    return number_of("SELECT count(*) FROM piece WHERE key >> 32 = ?1", series);
}

static int blocks_of_part(int part)
{
    return number_of("SELECT count(*) FROM block WHERE key >> 18 & 63 = ?1", part);
}

/* More than one step of tidying takes in: the minutes of an hour are blocks, readings from
 * elsewhere come in between, and a day later all of it is folded. */
static void hours_of_many_readings_agree(void **state)
{
    (void)state;
    enum { BETWEEN = 500 };
    uint64_t seed = test_seed();
    struct source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = open_store();
    int64_t from = at(2026, 2, 2, 8);
    write_ticks(store, &source, from, 100, 40000); /* 66 minutes, 108,000 readings in an hour */
    write_ticks(store, &source, from + 2 * 3600000, 60000, 3);
    testing_tidy(store, NULL);
    assert_true(blocks_of_part(12) > 0);
    check_all(&seed);
    static struct history_sample between[BETWEEN];
    for (int i = 0; i < BETWEEN; i++) {
        between[i] = (struct history_sample){
            .time = from + 7777 + i * 1000LL, .value = i, .quality = QUALITY_GOOD};
        remember(0, between[i].time, between[i].value, true);
    }
    struct err err = ERR_EMPTY;
    uint64_t known;
    for (int round = 0; round < 2; round++) {
        if (history_store_import(store, &testing_series[0], between, BETWEEN,
                                 (from + 3 * 3600000) * CLOCK_MS, &known, &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(known, round ? BETWEEN : 0);
    }
    check_all(&seed);
    write_ticks(store, &source, from + 2 * 86400000LL, 60000, 100);
    testing_tidy(store, NULL);
    assert_int_equal(blocks_of_part(12), 0);
    check_all(&seed);
    history_store_close(store);
}

/* A month of readings each 3 s is more than is joined at once: its days stay apart, and a step of
 * tidying stays small. Each 30 s they become one piece. */
static void periods_are_joined_unless_they_are_dense(void **state)
{
    (void)state;
    enum { DAY_READINGS = 86400 / 3, PERIOD_DAYS = 32 };
    static struct history_sample samples[DAY_READINGS];
    struct history_store *store = open_store();
    struct err err = ERR_EMPTY;
    int64_t period = 20608 * 86400000LL; /* a multiple of 32 days */
    for (uint32_t s = 0; s < 2; s++) {
        int64_t step = s == 0 ? 3000 : 30000;
        for (int day = 0; day < PERIOD_DAYS; day++) {
            size_t count = (size_t)(86400000 / step);
            for (size_t i = 0; i < count; i++)
                samples[i] =
                    (struct history_sample){.time = period + day * 86400000LL + (int64_t)i * step,
                                            .value = (int64_t)(i * 7919 % 23),
                                            .quality = QUALITY_GOOD};
            uint64_t known;
            clock_us now = (period + (day + 1) * 86400000LL) * CLOCK_MS + 7200 * CLOCK_S;
            if (history_store_import(store, &testing_series[s], samples, count, now, &known, &err))
                fail_msg("%s", err.text);
        }
    }
    testing_tidy(store, NULL);
    history_store_close(store);
    assert_int_equal(pieces_of_readings(1), PERIOD_DAYS);
    assert_int_equal(pieces_of_readings(2), 1);
}

static void clearing_takes_one_series_only(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = open_store();
    write_ticks(store, &source, at(2026, 1, 1, 0), 600000, 8000);
    testing_tidy(store, NULL);
    write_ticks(store, &source, at(2026, 3, 1, 0), 60000, 200);
    struct err err = ERR_EMPTY;
    uint32_t number = 2;
    assert_int_equal(history_store_clear(store, &number, 1, &err), 0);
    truth_count[1] = 0;
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++)
        check_question(&ways[way], 0, at(2026, 4, 1, 0));
    testing_tidy(store, NULL);
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++)
        check_question(&ways[way], 0, at(2026, 4, 1, 0));
    history_store_close(store);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tidying_changes_no_answer_of_years),
        TEST(dense_readings_agree),
        TEST(late_readings_find_their_place),
        TEST(imports_are_taken_once),
        TEST(imports_know_the_tail),
        TEST(sums_agree_on_every_level),
        TEST(what_is_evicted_stays_as_rows),
        TEST(thinned_buckets_are_told),
        TEST(a_counter_reaches_over_a_month),
        TEST(full_does_not_flutter),
        TEST(clearing_takes_one_series_only),
        TEST(periods_are_joined_unless_they_are_dense),
        TEST(hours_of_many_readings_agree),
    };
    return cmocka_run_group_tests_name("history_tiers", tests, NULL, NULL);
}
