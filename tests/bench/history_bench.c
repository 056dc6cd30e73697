/* history_bench - what history costs: appending, a year of ten points, questions over it. One JSON
 * line per figure.
 *
 *   history_bench [DAYS]
 *
 * The year is made up here: ten points a minute that behave like a small installation (voltages
 * that wander, a load that comes and goes, energy that counts, states that rarely change).
 * Questions run in this thread, so their times are those of one question.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "history_testing.h"
#include "test_folder.h"

enum { POINTS = 10, BATCH = 512 };

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Roughly normal, by summing uniform numbers. */
static double noise(uint64_t *seed)
{
    double sum = 0;
    for (int i = 0; i < 4; i++)
        sum += (double)(next_random(seed) >> 11) / 9007199254740992.0 - 0.5;
    return sum * 1.73;
}

static void figure(const char *name, double value, const char *unit, const char *goal,
                   const char *note)
{
    printf("{\"figure\":\"%s\",\"value\":%.4g,\"unit\":\"%s\",\"goal\":\"%s\",\"note\":\"%s\"}\n",
           name, value, unit, goal, note);
    fflush(stdout);
}

static double seconds(void)
{
    struct clock clock = clock_system();
    return (double)clock_mono(&clock) / CLOCK_S;
}

/* ---- the made-up installation ---------------------------------------------------------------- */

struct world {
    uint64_t seed;
    double base, energy;
    int64_t minute;
    bool compressor;
};

static void step(struct world *world, struct history_reading *readings)
{
    double day = (double)(world->minute % 1440) / 1440 * 2 * 3.14159265;
    world->base += noise(&world->seed) * 0.3 - (world->base - 231) * 0.02;
    if (next_random(&world->seed) % 25 == 0)
        world->compressor = !world->compressor;
    double current = 4 + 2 * sin(day) + (world->compressor ? 6.5 : 0) + noise(&world->seed) * 0.05;
    double power = world->base * current * 0.95;
    world->energy += power / 60000;
    const double values[POINTS] = {
        world->base * 10,
        current * 1000,
        world->energy * 1000,
        power * 10,
        (50 + noise(&world->seed) * 0.02) * 100,
        world->compressor,
        (world->base + 0.8 + noise(&world->seed) * 0.2) * 10,
        (world->base - 1.1 + noise(&world->seed) * 0.2) * 10,
        (world->base + 0.2 + noise(&world->seed) * 0.2) * 10,
        (22 + 3 * sin(day) + noise(&world->seed) * 0.1) * 10,
    };
    for (uint32_t i = 0; i < POINTS; i++)
        readings[i] = (struct history_reading){i + 1, QUALITY_GOOD, llround(values[i])};
    world->minute++;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void bench_single_ticks(void)
{
    char folder[200];
    test_folder(folder, sizeof folder);
    struct history_store *store = history_store_open(folder, "boot", NULL);
    struct world world = {.seed = 1, .base = 231};
    enum { TICKS = 2000 };
    double slowest = 0, begin = seconds();
    for (int i = 0; i < TICKS; i++) {
        struct history_reading readings[POINTS];
        step(&world, readings);
        double before = seconds();
        testing_write(store, TESTING_T0 + i * 60 * CLOCK_S, (i + 1) * CLOCK_S, true, readings,
                      POINTS, NULL);
        testing_tidy(store, NULL);
        double took = seconds() - before;
        slowest = took > slowest ? took : slowest;
    }
    figure("history_ticks_durable", TICKS / (seconds() - begin), "1/s", ">= 20",
           "ten points, one commit each, tidying included");
    figure("history_tick_slowest", slowest * 1000, "ms", "<= 100", "write and tidy, this disk");
    history_store_close(store);
    test_folder_remove(folder);
}

/* As the writer does when ticks have been waiting: many in one commit. */
static void write_batch(struct history_store *store, struct world *world, int count)
{
    static struct history_record records[BATCH];
    static struct buf rows[BATCH];
    static struct history_record *list[BATCH];
    for (int i = 0; i < count; i++) {
        struct history_reading readings[POINTS];
        clock_us since = world->minute * 60 * CLOCK_S;
        step(world, readings);
        buf_clear(&rows[i]);
        history_row_encode(&rows[i], since / CLOCK_MS, readings, POINTS);
        records[i] = (struct history_record){.mono = since,
                                             .wall = TESTING_T0 + since,
                                             .wall_known = true,
                                             .row = (uint8_t *)rows[i].data,
                                             .length = rows[i].length,
                                             .definitions = testing_series,
                                             .definition_count = i ? 0 : POINTS};
        list[i] = &records[i];
    }
    struct err err = ERR_EMPTY;
    if (history_store_write(store, list, (size_t)count, &err) < 0 ||
        testing_tidy(store, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

static void bench_fill(const char *folder, int days)
{
    struct history_store *store = history_store_open(folder, "boot", NULL);
    struct world world = {.seed = 2, .base = 231};
    double begin = seconds();
    int64_t minutes = (int64_t)days * 1440;
    while (world.minute < minutes)
        write_batch(store, &world,
                    minutes - world.minute < BATCH ? (int)(minutes - world.minute) : BATCH);
    double readings = (double)minutes * POINTS;
    figure("history_fill", readings / (seconds() - begin), "readings/s", "",
           "512 ticks a commit, blocks included");
    struct history_store_facts facts = history_store_facts(store);
    history_store_close(store);
    store = history_store_open(folder, "boot", NULL);
    figure("history_bytes_per_reading", (double)history_store_facts(store).bytes / readings, "B",
           "<= 2", "file size, ten points a minute");
    figure("history_block_bytes_per_reading", facts.bytes_per_reading, "B", "<= 1", "blocks alone");
    begin = seconds();
    store = history_store_close(store);
    store = history_store_open(folder, "boot", NULL);
    figure("history_open", (seconds() - begin) * 1000, "ms", "<= 1000", "close and open the year");
    history_store_close(store);
}

static void bench_question(const char *folder, const char *name, size_t paths, double days,
                           clock_us step_us, const char *goal)
{
    const char *list[POINTS];
    for (size_t i = 0; i < paths; i++)
        list[i] = testing_series[i].path;
    double best = 1e9;
    size_t buckets = 0;
    for (int i = 0; i < 3; i++) {
        double begin = seconds();
        struct history_answer *answer =
            testing_ask(folder, list, paths, TESTING_T0,
                        TESTING_T0 + (clock_us)(days * 86400 * CLOCK_S), step_us, NULL);
        double took = seconds() - begin;
        best = took < best ? took : best;
        buckets = answer ? answer->series[0].count : 0;
        history_answer_free(answer);
    }
    char note[100];
    snprintf(note, sizeof note, "%zu points, %zu buckets each, connection opened anew", paths,
             buckets);
    figure(name, best * 1000, "ms", goal, note);
}

int main(int count, char **arguments)
{
    int days = count > 1 ? atoi(arguments[1]) : 365;
    char folder[200];
    test_folder(folder, sizeof folder);
    bench_single_ticks();
    bench_fill(folder, days);
    clock_us thousandth = (clock_us)days * 86400 * CLOCK_S / 1000;
    bench_question(folder, "history_year_one_point", 1, days, thousandth, "<= 200");
    bench_question(folder, "history_year_ten_points", POINTS, days, thousandth, "<= 1000");
    bench_question(folder, "history_day_ten_points", POINTS, 1, 180 * CLOCK_S, "<= 50");
    bench_question(folder, "history_hour_raw", 1, 1.0 / 24, 0, "<= 10");
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    figure("history_bench_memory", (double)usage.ru_maxrss / 1024, "MiB", "<= 64",
           "whole process, most");
    test_folder_remove(folder);
    return 0;
}
