/* Kill -9 while events are appended: a child adds events at full speed and reports the id of each
 * one that is durable through a pipe; the parent kills it at a random moment, opens the store and
 * checks that every acknowledged event is there with its number, and that the chain is whole. Old
 * ones are removed meanwhile. Usage: event_kill [rounds] [seed] */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/event_log.h"
#include "event_testing.h"
#include "test_folder.h"

#define LIFE_MOST_US 60000
#define MOST 1000   /* records that are kept: each life removes some */
#define SLACK 600   /* ... and so many may be too much for a moment (event_writer) */
#define IN_FLIGHT 8 /* events added and not acknowledged yet */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* ---- the child ------------------------------------------------------------------------------- */

/* What is acknowledged: this number stands in the record of this id. */
struct acknowledged {
    uint64_t number, id;
};

struct life {
    int pipe;
    unsigned flying;
};

struct flight {
    struct life *life;
    uint64_t number;
};

static void on_durable(void *user, uint64_t id)
{
    struct flight *flight = user;
    const struct acknowledged told = {flight->number, id};
    flight->life->flying--;
    if (write(flight->life->pipe, &told, sizeof told) != sizeof told)
        _exit(3);
    free(flight);
}

static void live(const char *folder, uint64_t number, int pipe)
{
    struct clock clock = clock_fake(TESTING_T0 + (clock_us)number * CLOCK_S);
    struct loop *loop = loop_new(&clock);
    const struct event_settings settings = {.keep = 3650LL * 86400 * CLOCK_S, .most = MOST};
    struct event_log *log = event_log_open(loop, folder, &settings);
    struct life life = {.pipe = pipe};
    if (!event_log_status(log).ok)
        _exit(2);
    for (;;) {
        loop_poll(loop);
        while (life.flying < IN_FLIGHT) {
            struct flight *flight = malloc(sizeof *flight);
            char text[40];
            *flight = (struct flight){&life, number};
            snprintf(text, sizeof text, "number %" PRIu64, number++);
            clock_fake_advance(&clock, CLOCK_S);
            if (event_log_add(log, &(struct event){.kind = EVENT_START,
                                                   .text = text,
                                                   .said = true,
                                                   .durable = on_durable,
                                                   .user = flight}) < 0)
                _exit(4);
            life.flying++;
        }
    }
}

/* ---- the parent ------------------------------------------------------------------------------ */

struct tally {
    struct acknowledged *list;
    size_t count, capacity;
};

static void read_reports(int pipe, struct tally *tally)
{
    struct acknowledged told;
    while (read(pipe, &told, sizeof told) == sizeof told) {
        if (tally->count == tally->capacity) {
            tally->capacity = tally->capacity ? tally->capacity * 2 : 4096;
            tally->list = realloc(tally->list, tally->capacity * sizeof *tally->list);
        }
        tally->list[tally->count++] = told;
    }
}

static int complain(const char *what, uint64_t number)
{
    fprintf(stderr, "FAILED: event %" PRIu64 " %s\n", number, what);
    return -1;
}

/* The newest acknowledged ones, as far back as the policy keeps any. */
static int check_there(const char *folder, const struct tally *tally, uint64_t first)
{
    struct testing_found *found = testing_search(folder, (struct event_question){0});
    int result = 0;
    for (size_t i = tally->count; i-- > 0 && result == 0 && tally->list[i].id >= first;) {
        const struct acknowledged *told = &tally->list[i];
        size_t at = found->list[0].id - told->id;
        uint64_t number;
        if (told->id > found->list[0].id || at >= found->count)
            result = complain("was acknowledged and is gone", told->number);
        else if (sscanf(found->list[at].text, "number %" SCNu64, &number) != 1 ||
                 number != told->number)
            result = complain("stands where another was acknowledged", told->number);
    }
    free(found);
    return result;
}

static int check_store(const char *folder, const struct tally *tally)
{
    struct err err = ERR_EMPTY;
    struct event_store *store = event_store_open(folder, "boot-2", &err);
    if (!store || *event_store_facts(store).notice) {
        fprintf(stderr, "FAILED: %s%s\n", err.text, store ? event_store_facts(store).notice : "");
        event_store_close(store);
        return -1;
    }
    const struct event_store_facts facts = event_store_facts(store);
    event_store_close(store);
    if (facts.last - facts.first >= MOST + SLACK)
        return complain("is the oldest of more than the policy keeps", facts.first);
    struct event_verdict verdict = testing_verify(folder);
    if (!verdict.ok) {
        fprintf(stderr, "FAILED: %s\n", verdict.sentence);
        return -1;
    }
    return tally->count ? check_there(folder, tally, facts.first) : 0;
}

static int kill_once(const char *folder, struct tally *tally, uint64_t *seed)
{
    int pipes[2], status;
    if (pipe(pipes) != 0)
        return -1;
    uint64_t next = tally->count ? tally->list[tally->count - 1].number + IN_FLIGHT + 1 : 1;
    pid_t child = fork();
    if (child == 0) {
        close(pipes[0]);
        live(folder, next, pipes[1]);
        _exit(0);
    }
    close(pipes[1]);
    usleep((useconds_t)(3000 + next_random(seed) % LIFE_MOST_US));
    kill(child, SIGKILL);
    read_reports(pipes[0], tally);
    close(pipes[0]);
    waitpid(child, &status, 0);
    if (!WIFSIGNALED(status))
        return complain("was the last of a child that ended by itself", next);
    return check_store(folder, tally);
}

int main(int count, char **arguments)
{
    int rounds = count > 1 ? atoi(arguments[1]) : 100;
    uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 0) : (uint64_t)time(NULL);
    char folder[200];
    struct tally tally = {0};
    int failed = 0;
    printf("# event_kill %d %llu\n", rounds, (unsigned long long)seed);
    fflush(stdout);
    test_folder(folder, sizeof folder);
    for (int i = 0; i < rounds && !failed; i++)
        failed = kill_once(folder, &tally, &seed);
    failed = failed || tally.count < (size_t)rounds; /* else nothing was tried */
    printf("1..1\n%s 1 - %zu acknowledged events survived %d kills\n", failed ? "not ok" : "ok",
           tally.count, rounds);
    if (!failed)
        test_folder_remove(folder);
    free(tally.list);
    return failed;
}
