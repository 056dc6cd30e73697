/* Kill -9 while the history tidies: a child writes ticks, folds, joins, evicts, clears one series
 * and imports another, and marks in shared memory what was acknowledged; the parent kills it at a
 * random moment, opens the store and holds it against the marks. All series are counters, whose
 * rows are kept for ever: their counts and sums over the whole of time must come out to the last
 * reading, whatever has been folded or evicted. Usage: history_kill_tidy [rounds] [seed] */
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/history_block.h"
#include "engine/history_check.h"
#include "history_testing.h"
#include "test_folder.h"

#define STEP (1800 * CLOCK_S)
#define BEGIN (1735689600LL * CLOCK_S) /* 2025-01-01 */
#define LIFE_MOST_US 120000
#define OPEN_MOST (2 * CLOCK_S)
/* Days, months and years stay for ever: the space must grow with them for something to go. */
#define SPACE(ticks) (150 * 1024 + 2 * (uint64_t)(ticks))
#define FOR_EVER (100LL * 365 * 24 * 3600 * CLOCK_S)

enum { TICKS_MOST = 1000000, BATCH = 96, BATCHES_MOST = TICKS_MOST / BATCH, SERIES = 4 };
enum { PLAIN, CLEARED, OTHER, NOISE, IMPORTED };

static const struct history_definition definitions[] = {
    {1, QUANTITY_ENERGY, 3, "a/total/energy"}, {2, QUANTITY_ENERGY, 3, "b/total/energy"},
    {3, QUANTITY_ENERGY, 3, "c/total/energy"}, {4, QUANTITY_ENERGY, 3, "d/total/energy"},
    {5, QUANTITY_ENERGY, 3, "e/total/energy"},
};

/* What the child has been told is durable; and what it had begun when it died. */
struct marks {
    atomic_uint ticks;     /* numbers below are acknowledged */
    atomic_uint cleared;   /* of CLEARED, those below are gone */
    atomic_uint clearing;  /* ... or may be, up to here */
    atomic_uint importing; /* a batch and 1, 0: none */
    unsigned char imported[BATCHES_MOST];
    atomic_ulong clears, imports;
};

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* ---- the child ------------------------------------------------------------------------------- */

static int64_t value_of(unsigned number, unsigned series)
{
    uint64_t seed = number * 8 + series;
    return series == NOISE ? (int64_t)(next_random(&seed) % 1000000)
                           : (int64_t)number * 10 + series;
}

static void die_of(const char *what, const struct err *err)
{
    fprintf(stderr, "child: %s: %s\n", what, err->text);
    _exit(2);
}

static void write_tick(struct history_store *store, struct marks *marks)
{
    struct history_reading readings[SERIES];
    unsigned number = marks->ticks;
    for (uint32_t s = 0; s < SERIES; s++)
        readings[s] = (struct history_reading){s + 1, QUALITY_GOOD, value_of(number, s)};
    struct buf row = BUF_EMPTY;
    history_row_encode(&row, number, readings, SERIES);
    struct history_record record = {.mono = (number + 1) * STEP,
                                    .wall = BEGIN + number * STEP,
                                    .wall_known = true,
                                    .row = (uint8_t *)row.data,
                                    .length = row.length,
                                    .definitions = definitions,
                                    .definition_count = 5};
    struct history_record *records[] = {&record};
    struct err err = ERR_EMPTY;
    if (history_store_write(store, records, 1, &err) < 0)
        die_of("write", &err);
    buf_deinit(&row);
    marks->ticks = number + 1;
}

static void clear(struct history_store *store, struct marks *marks)
{
    struct err err = ERR_EMPTY;
    uint32_t number = definitions[CLEARED].number;
    marks->clearing = marks->ticks;
    if (history_store_clear(store, &number, 1, &err) < 0)
        die_of("clear", &err);
    marks->cleared = marks->ticks;
    marks->clears++;
}

/* Even batches soon after their days, odd ones when their period has been joined and evicted. */
static void import_due(struct history_store *store, struct marks *marks)
{
    for (unsigned batch = 0; batch < BATCHES_MOST; batch++) {
        unsigned due = (batch + 1) * BATCH + (batch % 2 ? 5000 : 10);
        if (due > marks->ticks && batch % 2 == 0)
            return;
        if (due > marks->ticks || marks->imported[batch])
            continue;
        struct history_sample samples[BATCH];
        for (unsigned i = 0; i < BATCH; i++) {
            unsigned number = batch * BATCH + i;
            samples[i] =
                (struct history_sample){.time = (BEGIN + number * STEP) / CLOCK_MS + 600000,
                                        .value = value_of(number, IMPORTED),
                                        .quality = QUALITY_GOOD};
        }
        struct err err = ERR_EMPTY;
        uint64_t known;
        marks->importing = batch + 1;
        if (history_store_import(store, &definitions[IMPORTED], samples, BATCH,
                                 BEGIN + marks->ticks * STEP, &known, &err) < 0)
            die_of("import", &err);
        marks->imported[batch] = 1;
        marks->importing = 0;
        marks->imports++;
        return;
    }
}

static void live(const char *folder, struct marks *marks, uint64_t seed)
{
    struct err err = ERR_EMPTY;
    struct history_store *store = history_store_open(folder, "boot-1", &err);
    if (!store)
        die_of("open", &err);
    history_store_set_space(store, SPACE(marks->ticks));
    for (;;) {
        write_tick(store, marks);
        for (int steps = (int)(next_random(&seed) % 8); steps > 0; steps--) {
            int result = history_store_tidy(store, &err);
            if (result < 0)
                die_of("tidy", &err);
            if (result == 0)
                break;
        }
        if (next_random(&seed) % 200 == 0)
            clear(store, marks);
        if (next_random(&seed) % 20 == 0)
            import_due(store, marks);
    }
}

/* ---- the parent ------------------------------------------------------------------------------ */

static int complain(const char *what, double is, double should)
{
    fprintf(stderr, "FAILED: %s: %.10g instead of %.10g\n", what, is, should);
    return -1;
}

/* One bucket of all of time: count and sum (in thousandths) of a series. */
static int ask_all(const char *folder, unsigned series, double *count, double *sum)
{
    struct err err = ERR_EMPTY;
    const char *path[] = {definitions[series].path};
    struct history_answer *answer = testing_ask(folder, path, 1, 0, FOR_EVER, FOR_EVER, &err);
    *count = *sum = 0;
    if (!answer) {
        fprintf(stderr, "FAILED: %s\n", err.text);
        return -1;
    }
    for (size_t i = 0; i < answer->series[0].count; i++) {
        *count += answer->series[0].buckets[i].count;
        *sum += answer->series[0].buckets[i].sum * 1000;
    }
    history_answer_free(answer);
    return 0;
}

static double sum_of(unsigned series, unsigned from, unsigned to)
{
    double sum = 0;
    for (unsigned number = from; number < to; number++)
        sum += (double)value_of(number, series);
    return sum;
}

static int check_sums(const char *folder, unsigned series, unsigned from, unsigned to)
{
    double count, sum, wanted = sum_of(series, from, to);
    if (ask_all(folder, series, &count, &sum) < 0)
        return -1;
    if (count != to - from)
        return complain(definitions[series].path, count, to - from);
    /* sums are added up in doubles by the answer */
    return fabs(sum - wanted) > 1e-9 * wanted + 1 ? complain("sum", sum, wanted) : 0;
}

/* The tick that was under way may be there: then it counts from now on. */
static int settle_tick(const char *folder, struct marks *marks)
{
    double count, sum;
    if (ask_all(folder, PLAIN, &count, &sum) < 0)
        return -1;
    if (count == marks->ticks + 1.0)
        marks->ticks++;
    return check_sums(folder, PLAIN, 0, marks->ticks);
}

/* All of it or nothing. */
static int settle_clear(const char *folder, struct marks *marks)
{
    double count, sum;
    if (ask_all(folder, CLEARED, &count, &sum) < 0)
        return -1;
    if (marks->clearing > marks->cleared && count == marks->ticks - marks->clearing)
        marks->cleared = (unsigned)marks->clearing;
    marks->clearing = (unsigned)marks->cleared;
    return check_sums(folder, CLEARED, marks->cleared, marks->ticks);
}

static int settle_import(const char *folder, struct marks *marks)
{
    double count, sum, wanted = 0, added = 0;
    if (ask_all(folder, IMPORTED, &count, &sum) < 0)
        return -1;
    for (unsigned batch = 0; batch < BATCHES_MOST; batch++) {
        wanted += marks->imported[batch] ? BATCH : 0;
        if (marks->imported[batch])
            added += sum_of(IMPORTED, batch * BATCH, (batch + 1) * BATCH);
    }
    unsigned under_way = marks->importing;
    if (under_way && !marks->imported[under_way - 1] && count == wanted + BATCH) {
        marks->imported[under_way - 1] = 1;
        added += sum_of(IMPORTED, (under_way - 1) * BATCH, under_way * BATCH);
        wanted += BATCH;
    }
    marks->importing = 0;
    if (count != wanted)
        return complain("imported readings", count, wanted);
    return fabs(sum - added) > 1e-9 * added + 1 ? complain("imported sum", sum, added) : 0;
}

/* The newest readings one by one: the last two days, which nothing evicts. */
static int check_newest(const char *folder, const struct marks *marks)
{
    unsigned from = marks->ticks > BATCH ? marks->ticks - BATCH : 0;
    const char *path[] = {definitions[NOISE].path};
    struct err err = ERR_EMPTY;
    struct history_answer *answer =
        testing_ask(folder, path, 1, BEGIN + from * STEP, FOR_EVER, 0, &err);
    if (!answer)
        return complain(err.text, 0, 0);
    const struct history_series *series = &answer->series[0];
    int result = series->count != marks->ticks - from
                     ? complain("newest readings", (double)series->count, marks->ticks - from)
                     : 0;
    for (unsigned i = 0; i < series->count && result == 0; i++) {
        double wanted = (double)value_of(from + i, NOISE) / 1000;
        if (series->buckets[i].time != BEGIN + (from + i) * STEP ||
            series->buckets[i].last != wanted)
            result = complain("a reading", series->buckets[i].last, wanted);
    }
    history_answer_free(answer);
    return result;
}

static int open_store(const char *folder, clock_us *slowest)
{
    struct clock clock = clock_system();
    clock_us begin = clock_mono(&clock);
    struct err err = ERR_EMPTY;
    struct history_store *store = history_store_open(folder, "boot-1", &err);
    clock_us took = clock_mono(&clock) - begin;
    if (took > *slowest)
        *slowest = took;
    bool good = store && !*history_store_facts(store).notice;
    if (!good)
        fprintf(stderr, "FAILED: %s%s\n", err.text, store ? history_store_facts(store).notice : "");
    history_store_close(store);
    return good ? 0 : -1;
}

static int kill_once(const char *folder, struct marks *marks, uint64_t *seed, clock_us *slowest)
{
    uint64_t child_seed = next_random(seed);
    pid_t child = fork();
    if (child == 0) {
        live(folder, marks, child_seed);
        _exit(0);
    }
    usleep((useconds_t)(5000 + next_random(seed) % LIFE_MOST_US));
    kill(child, SIGKILL);
    int status;
    waitpid(child, &status, 0);
    if (!WIFSIGNALED(status))
        return complain("a child that ended by itself", status, SIGKILL);
    int result = open_store(folder, slowest);
    if (result == 0 && marks->ticks > 0)
        result = settle_tick(folder, marks);
    if (result == 0 && marks->ticks > 0)
        result = settle_clear(folder, marks);
    if (result == 0 && marks->ticks > 0)
        result = settle_import(folder, marks);
    if (result == 0 && marks->ticks > 0)
        result = check_newest(folder, marks);
    return result;
}

static int check_file(const char *folder, uint64_t *readings)
{
    char path[240];
    struct history_check_report report;
    struct err err = ERR_EMPTY;
    snprintf(path, sizeof path, "%s/history.db", folder);
    if (history_check(path, NULL, NULL, &report, &err) < 0)
        return complain(err.text, 0, 0);
    *readings = report.readings;
    return history_check_found_damage(&report) ? complain("damaged", 1, 0) : 0;
}

int main(int count, char **arguments)
{
    int rounds = count > 1 ? atoi(arguments[1]) : 100;
    uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 0) : (uint64_t)time(NULL);
    printf("# history_kill_tidy %d %llu\n", rounds, (unsigned long long)seed);
    fflush(stdout);
    char folder[200];
    /* a killed process loses nothing that it gave to the kernel: memory will do */
    test_folder_in_memory(folder, sizeof folder);
    struct marks *marks =
        mmap(NULL, sizeof *marks, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    clock_us slowest = 0;
    uint64_t readings = 0;
    int failed = marks == MAP_FAILED;
    for (int i = 0; i < rounds && !failed && marks->ticks < TICKS_MOST - 10000; i++)
        failed = kill_once(folder, marks, &seed, &slowest);
    if (!failed)
        failed = check_file(folder, &readings);
    for (unsigned series = PLAIN; series < SERIES && !failed; series++)
        failed = check_sums(folder, series, series == CLEARED ? marks->cleared : 0, marks->ticks);
    bool slow = slowest > OPEN_MOST;
    printf("# %u ticks, %lu cleared, %lu imports; %llu readings are left in the file\n",
           marks->ticks, marks->clears, marks->imports, (unsigned long long)readings);
    printf("1..1\n%s 1 - counts and sums survived %d kills, slowest opening %lld ms\n",
           failed || slow ? "not ok" : "ok", rounds, (long long)(slowest / CLOCK_MS));
    if (!failed)
        test_folder_remove(folder);
    return failed || slow;
}
