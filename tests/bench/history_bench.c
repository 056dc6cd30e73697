/* history_bench - what the history costs: loading a year of 100 series, asking about it, ticks.
 *
 *   history_bench load FOLDER            the made-up year (history_series.h) into an empty store
 *   history_bench ask FOLDER [NAME]      questions about it, cold and warm; or only one, ten times
 *   history_bench ticks FOLDER COUNT MS  ticks of 1,000 points, a second apart by their stamps, one
 * each MS in truth, durable; the worst delay and the bytes written
 *
 * Each prints one JSON object. bench_history.py repeats them and takes medians.
 */
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/history_block.h"
#include "engine/history_writer.h"
#include "history_series.h"
#include "history_testing.h"

#define BEGIN_MS 1704067200000LL /* 2024-01-01T00:00:00Z */
#define MINUTES 525600
#define AT_ONCE 46080 /* a period of 32 days */

static double seconds(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double peak_rss_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static uint64_t file_bytes(const char *folder)
{
    uint64_t sum = 0;
    const char *const names[] = {"history.db", "history.db-wal"};
    for (size_t i = 0; i < 2; i++) {
        char path[400];
        struct stat facts;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (stat(path, &facts) == 0)
            sum += (uint64_t)facts.st_size;
    }
    return sum;
}

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "history_bench: %s: %s\n", what, why);
    exit(1);
}

/* ---- load ------------------------------------------------------------------------------------ */

static struct history_definition definition_of(int series, char *path, size_t size)
{
    bool volts = series < HISTORY_SERIES_VOLTAGES, amps = series < HISTORY_SERIES_CURRENTS;
    snprintf(path, size, "meter-%d/total/%s", series,
             volts  ? "voltage"
             : amps ? "current"
                    : "energy");
    return (struct history_definition){
        .number = (uint32_t)series + 1,
        .quantity = volts  ? QUANTITY_VOLTAGE
                    : amps ? QUANTITY_CURRENT
                           : QUANTITY_ENERGY,
        .decimals = volts  ? 1
                    : amps ? 3
                           : 2,
        .path = path,
    };
}

/* Bytes of the same file without the rows above the readings, packed by SQLite itself. */
static uint64_t bytes_without_tiers(const char *folder)
{
    char from[400], to[400], sql[900];
    snprintf(from, sizeof from, "%s/history.db", folder);
    snprintf(to, sizeof to, "%s/without-tiers.db", folder);
    sqlite3 *db = NULL;
    snprintf(
        sql, sizeof sql,
        "ATTACH '%s' AS copy; CREATE TABLE copy.piece(key INTEGER PRIMARY KEY, row BLOB NOT NULL);"
        "INSERT INTO copy.piece SELECT * FROM main.piece WHERE key < 1 << 56 ORDER BY key;"
        "CREATE TABLE copy.series AS SELECT * FROM main.series; DETACH copy",
        to);
    if (sqlite3_open(from, &db) != SQLITE_OK ||
        sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die("copy", sqlite3_errmsg(db));
    sqlite3_close(db);
    struct stat facts = {0};
    stat(to, &facts);
    unlink(to);
    return (uint64_t)facts.st_size;
}

static void load_series(struct history_store *store, int series, double *cpu)
{
    static struct history_sample samples[AT_ONCE];
    char path[64];
    struct history_definition definition = definition_of(series, path, sizeof path);
    struct history_made made = history_made_begin(series);
    /* 2024-01-01 is in the middle of a period: the first part is shorter */
    int64_t period = (int64_t)AT_ONCE * 60000;
    for (int64_t minute = 0; minute < MINUTES;) {
        int64_t time = BEGIN_MS + minute * 60000;
        int64_t until = (time / period + 1) * period;
        size_t count = 0;
        for (; minute < MINUTES && BEGIN_MS + minute * 60000 < until; minute++, count++)
            samples[count] = (struct history_sample){.time = BEGIN_MS + minute * 60000,
                                                     .value = history_made_next(&made),
                                                     .quality = QUALITY_GOOD};
        struct err err = ERR_EMPTY;
        uint64_t known;
        double before = seconds(CLOCK_PROCESS_CPUTIME_ID);
        if (history_store_import(store, &definition, samples, count, 1767225600LL * CLOCK_S, &known,
                                 &err) < 0)
            die("load", err.text);
        *cpu += seconds(CLOCK_PROCESS_CPUTIME_ID) - before;
    }
}

static int load(const char *folder)
{
    struct err err = ERR_EMPTY;
    double wall = seconds(CLOCK_MONOTONIC), cpu = 0;
    struct history_store *store = history_store_open(folder, "bench", &err);
    if (!store)
        die("open", err.text);
    for (int series = 0; series < HISTORY_SERIES_COUNT; series++)
        load_series(store, series, &cpu);
    double before = seconds(CLOCK_PROCESS_CPUTIME_ID);
    history_store_close(store);
    cpu += seconds(CLOCK_PROCESS_CPUTIME_ID) - before;
    double readings = (double)HISTORY_SERIES_COUNT * MINUTES, rss = peak_rss_mb();
    wall = seconds(CLOCK_MONOTONIC) - wall;
    uint64_t bytes = file_bytes(folder);
    printf("{\"load_cpu_us\":%.4f,\"bytes_per_reading_with_tiers\":%.4f,\"bytes_per_reading\":%.4f,"
           "\"peak_rss_mb\":%.1f,\"seconds\":%.2f}\n",
           cpu / readings * 1e6, (double)bytes / readings,
           (double)bytes_without_tiers(folder) / readings, rss, wall);
    return 0;
}

/* ---- ask ------------------------------------------------------------------------------------- */

static void forget(const char *folder)
{
    char path[400];
    snprintf(path, sizeof path, "%s/history.db", folder);
    int file = open(path, O_RDONLY);
    if (file < 0 || posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0)
        die("forget", path);
    close(file);
}

struct question_kind {
    const char *name;
    int first, paths;
    int64_t from_day, days;
    struct history_question how;
    size_t least; /* buckets that must come */
};

/* Ask until the end, page by page, as of a daemon that runs: its reader is open, for a cold
 * question nothing of the file is in memory. Milliseconds. */
static double ask(const char *folder, const struct question_kind *kind, bool cold)
{
    static char names[HISTORY_SERIES_COUNT][64];
    static const char *paths[HISTORY_SERIES_COUNT];
    for (int i = 0; i < kind->paths; i++) {
        definition_of(kind->first + i, names[i], sizeof names[i]);
        paths[i] = names[i];
    }
    struct err err = ERR_EMPTY;
    struct history_reader *reader = history_reader_open(folder, &err);
    if (!reader)
        die("open", err.text);
    if (cold)
        forget(folder);
    double begin = seconds(CLOCK_MONOTONIC);
    struct history_question question = kind->how;
    question.paths = paths;
    question.path_count = (size_t)kind->paths;
    question.from = (BEGIN_MS + kind->from_day * 86400000) * CLOCK_MS;
    question.to = question.from + kind->days * 86400 * CLOCK_S;
    atomic_bool cancel = false;
    size_t buckets = 0;
    double sum = 0;
    for (bool more = true; more;) {
        struct history_answer *answer = history_reader_ask(reader, &question, &cancel, &err);
        if (!answer)
            die(kind->name, err.text);
        more = answer->until < question.to;
        question.from = answer->until;
        for (int i = 0; i < kind->paths; i++) {
            buckets += answer->series[i].count;
            for (size_t k = 0; k < answer->series[i].count; k++)
                sum += answer->series[i].buckets[k].last;
        }
        history_answer_free(answer);
    }
    double ms = (seconds(CLOCK_MONOTONIC) - begin) * 1000;
    history_reader_close(reader);
    if (buckets < kind->least || !isfinite(sum))
        die(kind->name, "not everything was answered");
    return ms;
}

static int ask_all(const char *folder, const char *only)
{
    /* 9 hours: 974 buckets of a year; 4 days: 92 */
    static const struct question_kind kinds[] = {
        {"year_1000_buckets", 50, 1, 0, 366, {.unit = HISTORY_UNIT_HOUR, .units = 9}, 970},
        {"year_100_series", 0, 100, 0, 366, {.unit = HISTORY_UNIT_DAY, .units = 4}, 9100},
        {"year_full", 50, 1, 0, 366, {.step = 0}, MINUTES},
        {"day_100_series", 0, 100, 200, 1, {.step = 0}, 144000},
    };
    printf("{");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (only && strcmp(only, kinds[i].name) != 0)
            continue;
        for (int again = 0; only && again < 10; again++)
            ask(folder, &kinds[i], false);
        double cold = ask(folder, &kinds[i], true), warm = ask(folder, &kinds[i], false);
        printf("\"%s_ms\":%.3f,\"%s_warm_ms\":%.3f,", kinds[i].name, cold, kinds[i].name, warm);
    }
    printf("\"peak_rss_mb\":%.1f}\n", peak_rss_mb());
    return 0;
}

/* ---- ticks ----------------------------------------------------------------------------------- */

enum { TICK_POINTS = 1000, NOTES = 64 };

static uint64_t bytes_written(void)
{
    FILE *file = fopen("/proc/self/io", "r");
    char line[100];
    unsigned long long bytes = 0;
    while (file && fgets(line, sizeof line, file))
        sscanf(line, "write_bytes: %llu", &bytes);
    if (file)
        fclose(file);
    return bytes;
}

static struct history_definition *tick_definitions(void)
{
    struct history_definition *list = calloc(TICK_POINTS, sizeof *list);
    for (uint32_t i = 0; i < TICK_POINTS; i++) {
        char path[64];
        snprintf(path, sizeof path, "m%u/total/%s", i, i % 5 == 4 ? "energy" : "voltage");
        list[i] =
            (struct history_definition){.number = i + 1,
                                        .quantity = i % 5 == 4 ? QUANTITY_ENERGY : QUANTITY_VOLTAGE,
                                        .decimals = 1,
                                        .path = strdup(path)};
    }
    return list;
}

struct ticking {
    struct history_writer *writer;
    struct history_note *spare[NOTES];
    size_t spare_count;
    double due[1 << 16]; /* of each tick, in the order of its stamps */
    double worst;
    int back;
};

static void take_back(struct ticking *ticking, double begin_wall)
{
    struct history_note *note;
    while ((note = history_writer_take(ticking->writer))) {
        if (!note->is_tick) {
            history_note_free(note);
            continue;
        }
        if (!note->written)
            die("ticks", note->problem);
        int number = (int)((double)note->record.wall / CLOCK_S - begin_wall + 0.5);
        double late = seconds(CLOCK_MONOTONIC) - ticking->due[number];
        if (late > ticking->worst)
            ticking->worst = late;
        ticking->back++;
        ticking->spare[ticking->spare_count++] = note;
    }
}

static void wait_until(struct ticking *ticking, double moment, double begin_wall)
{
    for (;;) {
        take_back(ticking, begin_wall);
        double left = moment - seconds(CLOCK_MONOTONIC);
        if (left <= 0 && ticking->spare_count > 0)
            return;
        struct pollfd wait = {.fd = history_writer_fd(ticking->writer), .events = POLLIN};
        poll(&wait, 1, left > 0 ? (int)(left * 1000) + 1 : 1);
    }
}

static int ticks(const char *folder, int count, double every_ms)
{
    struct err err = ERR_EMPTY;
    struct history_store *store = history_store_open(folder, "bench", &err);
    if (!store)
        die("open", err.text);
    static struct ticking ticking;
    struct history_definition *definitions = tick_definitions();
    ticking.writer = history_writer_start(store);
    for (int i = 0; i < NOTES; i++)
        ticking.spare[ticking.spare_count++] = history_note_new();
    /* half past an hour: that hour becomes blocks in the middle of the run */
    double begin_wall = 1795221000, begin = seconds(CLOCK_MONOTONIC) + 0.1;
    uint64_t written = bytes_written(), seed = 1;
    struct history_reading readings[TICK_POINTS] = {0};
    for (int tick = 0; tick < count && tick < 1 << 16; tick++) {
        ticking.due[tick] = begin + tick * every_ms / 1000;
        wait_until(&ticking, ticking.due[tick], begin_wall);
        struct history_note *note = ticking.spare[--ticking.spare_count];
        for (uint32_t i = 0; i < TICK_POINTS; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            int64_t change = (int64_t)(seed >> 62);
            int64_t value = i % 5 == 4 ? readings[i].value + change : 2300 + change * 3;
            readings[i] = (struct history_reading){i + 1, QUALITY_GOOD, value};
        }
        buf_clear(&note->row);
        history_row_encode(&note->row, tick * 1000, readings, TICK_POINTS);
        note->record = (struct history_record){
            .mono = (tick + 1) * CLOCK_S,
            .wall = (clock_us)((begin_wall + tick) * CLOCK_S),
            .wall_known = true,
            .row = (uint8_t *)note->row.data,
            .length = note->row.length,
            .definitions = definitions,
            .definition_count = tick == 0 ? TICK_POINTS : 0,
        };
        if (!history_writer_give(ticking.writer, note))
            die("ticks", "the writer does not keep up");
    }
    while (ticking.back < count) {
        ticking.spare_count += ticking.spare_count == 0;
        wait_until(&ticking, 0, begin_wall);
    }
    history_writer_stop(ticking.writer);
    take_back(&ticking, begin_wall);
    double readings_made = (double)count * TICK_POINTS;
    printf("{\"tick_late_max_ms\":%.2f,\"bytes_written_per_reading\":%.2f,\"peak_rss_mb\":%.1f}\n",
           ticking.worst * 1000, (double)(bytes_written() - written) / readings_made,
           peak_rss_mb());
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "load") == 0)
        return load(argv[2]);
    if ((argc == 3 || argc == 4) && strcmp(argv[1], "ask") == 0)
        return ask_all(argv[2], argc == 4 ? argv[3] : NULL);
    if (argc == 5 && strcmp(argv[1], "ticks") == 0)
        return ticks(argv[2], atoi(argv[3]), atof(argv[4]));
    fprintf(stderr,
            "usage: history_bench load FOLDER | ask FOLDER [NAME] | ticks FOLDER COUNT MS\n");
    return 2;
}
