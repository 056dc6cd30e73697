/* modbus_testing - small helpers of the codec's tests: repeatable randomness and hex.
 *
 * Random tests print their seed. Set BUSBAR_SEED to that number to see the same failure again.
 */
#pragma once

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* splitmix64 (Steele, Lea, Flood 2014): tiny, and good enough to draw test cases. */
static inline uint64_t testing_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

static inline uint64_t testing_seed(const char *test)
{
    const char *given = getenv("BUSBAR_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    printf("# %s: BUSBAR_SEED=%" PRIu64 "\n", test, seed);
    return seed;
}

static inline void testing_fill(uint64_t *state, uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)testing_random(state);
    }
}

/* "0A1B" to bytes, "-" to none: the count, or SIZE_MAX for anything that is not hex or does not
 * fit. */
static inline size_t testing_hex(const char *text, uint8_t *bytes, size_t size)
{
    size_t used = 0;
    if (text[0] == '-') {
        return 0;
    }
    for (; text[0] != '\0'; text += 2) {
        char digits[3] = {text[0], text[1], '\0'};
        char *end;
        unsigned long byte = strtoul(digits, &end, 16);
        if (end != digits + 2 || used == size) {
            return SIZE_MAX;
        }
        bytes[used++] = (uint8_t)byte;
    }
    return used;
}
