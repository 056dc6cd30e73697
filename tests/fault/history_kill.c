/* Kill -9 in the middle of everything: a child appends ticks at full speed and reports each one
 * that is acknowledged through a pipe; the parent kills it at a random moment, opens the store and
 * checks that every acknowledged tick is there exactly once, that whatever else is there was really
 * sent, and that opening is quick. Usage: history_kill [rounds] [seed] */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/history.h"
#include "history_testing.h"
#include "test_folder.h"

#define LIFE_MOST_US 120000
#define OPEN_MOST (1 * CLOCK_S)
#define PART 15000  /* ticks that one answer holds */
#define IN_FLIGHT 8 /* ticks given to the writer and not acknowledged yet */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* ---- the child ------------------------------------------------------------------------------- */

struct life {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct point *counters[6];
    struct history *history;
};

static void begin_life(struct life *life, const char *folder, uint64_t first)
{
    life->clock = clock_fake(TESTING_T0 + (clock_us)first * 60 * CLOCK_S);
    life->loop = loop_new(&life->clock);
    life->site = site_new(life->loop);
    struct device_spec spec = {.name = "m", .unit = 1, .every = CLOCK_S};
    struct device *device = site_device_add(life->site, &spec);
    for (int i = 0; i < 6; i++)
        life->counters[i] =
            component_point_add(device_component(device, COMPONENT_OUTLET, i + 1), QUANTITY_COUNT);
    struct history_settings settings = {.enabled = false, .every = 60 * CLOCK_S};
    struct err err = ERR_EMPTY;
    life->history = history_open(life->loop, life->site, folder, &settings, &err);
    if (!life->history) {
        fprintf(stderr, "child: %s\n", err.text);
        _exit(2);
    }
}

static void send_tick(struct life *life, uint64_t number)
{
    clock_fake_advance(&life->clock, 60 * CLOCK_S);
    loop_poll(life->loop);
    for (int i = 0; i < 6; i++)
        point_put(life->counters[i], (double)(number + (uint64_t)i * 1000000),
                  clock_mono(&life->clock), clock_wall(&life->clock));
    history_tick(life->history);
}

/* Sends first, first + 1, ... and writes the number of each acknowledged one (they are acknowledged
 * in order) to `pipe`. */
static void live(const char *folder, uint64_t first, int pipe)
{
    struct life life;
    begin_life(&life, folder, first);
    uint64_t sent = 0, told = 0;
    for (;;) {
        loop_poll(life.loop);
        uint64_t written = history_status(life.history).ticks_written;
        while (told < written) {
            uint64_t number = first + told++;
            if (write(pipe, &number, sizeof number) != sizeof number)
                _exit(3);
        }
        if (sent - told < IN_FLIGHT)
            send_tick(&life, first + sent++);
    }
}

/* ---- the parent ------------------------------------------------------------------------------ */

struct tally {
    unsigned char *acknowledged;
    uint64_t count; /* numbers below this may have been sent */
    clock_us slowest_open;
};

static clock_us time_of(uint64_t number)
{
    return TESTING_T0 + (clock_us)(number + 1) * 60 * CLOCK_S;
}

static int complain(const char *what, uint64_t number)
{
    fprintf(stderr, "FAILED: tick %llu %s\n", (unsigned long long)number, what);
    return -1;
}

static int check_path(const struct tally *tally, const struct history_series *series,
                      uint64_t offset, uint64_t from, uint64_t to)
{
    unsigned char *seen = calloc(to - from, 1);
    int result = 0;
    for (size_t i = 0; i < series->count && result == 0; i++) {
        uint64_t number = (uint64_t)llround(series->buckets[i].last) - offset;
        if (number < from || number >= to || series->buckets[i].time != time_of(number))
            result = complain("was never sent, or at another time", number);
        else if (seen[number - from]++)
            result = complain("is there twice", number);
    }
    for (uint64_t number = from; number < to && result == 0; number++) {
        if (tally->acknowledged[number] && !seen[number - from])
            result = complain("was acknowledged and is gone", number);
    }
    free(seen);
    return result;
}

/* Ticks `from` to before `to`; an answer has a limit, so the whole is asked in parts. */
static int check_part(const char *folder, const struct tally *tally, uint64_t from, uint64_t to)
{
    static const char *const paths[] = {"m/outlet-1/count", "m/outlet-6/count"};
    struct err err = ERR_EMPTY;
    struct history_answer *answer =
        testing_ask(folder, paths, 2, time_of(from), time_of(to), 0, &err);
    if (!answer) {
        fprintf(stderr, "FAILED: %s\n", err.text);
        return -1;
    }
    int result = answer->series[0].cut ? complain("begins an answer that was cut", from) : 0;
    if (result == 0)
        result = check_path(tally, &answer->series[0], 0, from, to);
    if (result == 0)
        result = check_path(tally, &answer->series[1], 5000000, from, to);
    history_answer_free(answer);
    return result;
}

static int check_store(const char *folder, const struct tally *tally, uint64_t from)
{
    int result = 0;
    for (; from < tally->count && result == 0; from += PART)
        result = check_part(folder, tally, from,
                            from + PART < tally->count ? from + PART : tally->count);
    return result;
}

static void read_reports(int pipe, struct tally *tally, uint64_t *next)
{
    uint64_t number;
    while (read(pipe, &number, sizeof number) == sizeof number) {
        tally->acknowledged[number] = 1;
        *next = number + 1;
    }
}

/* Opening as the daemon would: recovery included. */
static int open_and_check(const char *folder, struct tally *tally, uint64_t from)
{
    struct clock clock = clock_system();
    clock_us begin = clock_mono(&clock);
    struct err err = ERR_EMPTY;
    struct history_store *store = history_store_open(folder, "boot", &err);
    clock_us took = clock_mono(&clock) - begin;
    if (took > tally->slowest_open)
        tally->slowest_open = took;
    if (!store || *history_store_facts(store).notice) {
        fprintf(stderr, "FAILED: %s%s\n", err.text, store ? history_store_facts(store).notice : "");
        history_store_close(store);
        return -1;
    }
    history_store_close(store);
    return check_store(folder, tally, from);
}

static int kill_once(const char *folder, struct tally *tally, uint64_t *first, uint64_t *seed)
{
    int pipes[2];
    if (pipe(pipes) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        close(pipes[0]);
        live(folder, *first, pipes[1]);
        _exit(0);
    }
    close(pipes[1]);
    usleep((useconds_t)(5000 + next_random(seed) % LIFE_MOST_US));
    kill(child, SIGKILL);
    uint64_t next = *first;
    read_reports(pipes[0], tally, &next);
    close(pipes[0]);
    int status;
    waitpid(child, &status, 0);
    if (!WIFSIGNALED(status))
        return complain("was the last of a child that ended by itself", next);
    /* what was under way may be there or not */
    tally->count = next + IN_FLIGHT;
    /* the newest part now, everything at the end */
    int result = open_and_check(folder, tally, next > PART ? next - PART : 0);
    *first = next + IN_FLIGHT;
    return result;
}

enum { TICKS_MOST = 4000000 };

int main(int count, char **arguments)
{
    int rounds = count > 1 ? atoi(arguments[1]) : 200;
    uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 0) : (uint64_t)time(NULL);
    printf("# history_kill %d %llu\n", rounds, (unsigned long long)seed);
    fflush(stdout);
    char folder[200];
    test_folder(folder, sizeof folder);
    struct tally tally = {.acknowledged = calloc(TICKS_MOST, 1)};
    uint64_t first = 0, acknowledged = 0;
    int failed = 0;
    for (int i = 0; i < rounds && !failed && first < TICKS_MOST / 2; i++)
        failed = kill_once(folder, &tally, &first, &seed);
    for (uint64_t i = 0; i < tally.count; i++)
        acknowledged += tally.acknowledged[i];
    if (!failed)
        failed = check_store(folder, &tally, 0);
    bool slow = tally.slowest_open > OPEN_MOST;
    printf("1..1\n%s 1 - %llu acknowledged ticks survived %d kills, slowest opening %lld ms\n",
           failed || slow ? "not ok" : "ok", (unsigned long long)acknowledged, rounds,
           (long long)(tally.slowest_open / CLOCK_MS));
    if (!failed)
        test_folder_remove(folder);
    free(tally.acknowledged);
    return failed || slow;
}
