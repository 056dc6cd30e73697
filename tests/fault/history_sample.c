/* Writes a history with series of every temper and prints each reading as "SERIES MS QUALITY
 * VALUE": what tests/check_history_format.py holds its own reader against. Usage: history_sample
 * FOLDER SEED */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "history_testing.h"

enum { SERIES = 6, MINUTES = 34 * 1440, DENSE = 3 * 3600 };

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* A voltage that wanders, a current with steps, two counters (one with resets), one that stays, one
 * of noise that no model fits. */
static int64_t next_value(int series, int64_t before, uint64_t *seed)
{
    uint64_t random = next_random(seed);
    switch (series) {
    case 0:
        return 2300 + (before - 2300) * 15 / 16 + (int64_t)(random % 9) - 4;
    case 1:
        return random % 200 == 0 ? (int64_t)(random >> 20 & 0xffff)
                                 : before + (int64_t)(random % 3) - 1;
    case 2:
        return before + 40 + (int64_t)(random % 5);
    case 3:
        return random % 3000 == 0 ? -(int64_t)(random >> 50) : 5000;
    case 4:
        return random % 1000 == 0 ? (int64_t)random : (int64_t)(random % 100);
    default:
        return (int64_t)(random >> (random >> 58 & 31)) - 1000000;
    }
}

static enum quality next_quality(uint64_t random)
{
    return random % 400 == 0   ? QUALITY_BAD
           : random % 500 == 1 ? QUALITY_STALE
           : random % 700 == 2 ? QUALITY_ABSENT
                               : QUALITY_GOOD;
}

static void write_tick(struct history_store *store, int64_t *values, clock_us wall, uint64_t *seed)
{
    struct history_reading readings[SERIES];
    size_t count = 0;
    for (int s = 0; s < SERIES; s++) {
        values[s] = next_value(s, values[s], seed);
        if (next_random(seed) % 300 == 0)
            continue; /* not recorded at this moment */
        enum quality quality = next_quality(next_random(seed));
        int64_t value = quality == QUALITY_GOOD ? values[s] : 0;
        readings[count++] = (struct history_reading){(uint32_t)s + 1, quality, value};
        printf("%d %lld %d %lld\n", s + 1, (long long)(wall / CLOCK_MS), quality, (long long)value);
    }
    struct err err = ERR_EMPTY;
    if (testing_write(store, wall, wall - TESTING_T0 + CLOCK_S, true, readings, count, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

int main(int count, char **arguments)
{
    if (count < 3)
        return 2;
    uint64_t seed = strtoull(arguments[2], NULL, 0);
    struct history_store *store = history_store_open(arguments[1], "boot-1", NULL);
    int64_t values[SERIES] = {2300, 4000, 0, 5000, 0, 0};
    clock_us wall = TESTING_T0;
    if (!store)
        return 1;
    for (int i = 0; i < MINUTES / 3; i++, wall += 180 * CLOCK_S) {
        write_tick(store, values, wall, &seed);
        if (i % 480 == 0)
            testing_tidy(store, NULL);
        /* rows of minutes are for where readings are denser than that */
        for (int k = 0; i == MINUTES / 6 && k < DENSE; k++, wall += CLOCK_S)
            write_tick(store, values, wall + 180 * CLOCK_S, &seed);
    }
    testing_tidy(store, NULL);
    history_store_close(store);
    return 0;
}
