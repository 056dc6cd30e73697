/* Stored forms of history: what goes in comes out, and nothing else comes out of damaged bytes. */
#include "test.h"

#include <errno.h>

#include "engine/history_block.h"
#include "engine/history_row.h"
#include "engine/history_samples.h"

#define BASE 1795222800000LL

static void numbers_keep_their_value(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,     1,          127,       128,       16383,
                                      16384, UINT32_MAX, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < TEST_COUNT(values); i++) {
        struct buf out = BUF_EMPTY;
        history_code_put(&out, values[i]);
        const uint8_t *at = (const uint8_t *)out.data, *end = at + out.length;
        uint64_t back;
        assert_true(history_code_take(&at, end, &back));
        assert_true(back == values[i] && at == end);
        at = (const uint8_t *)out.data;
        assert_false(history_code_take(&at, end - 1, &back)); /* cut */
        buf_deinit(&out);
    }
    /* eleven bytes, and ten that say more than 64 bits */
    const uint8_t *wrong = (const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    uint64_t value;
    assert_false(history_code_take(&wrong, wrong + 11, &value));
    wrong = (const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
    assert_false(history_code_take(&wrong, wrong + 10, &value));
}

/* The table of the zigzag code as everybody prints it. */
static void zigzag_alternates(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        uint64_t code;
    } cases[] = {
        {0, 0}, {-1, 1}, {1, 2}, {-2, 3}, {2147483647, 4294967294}, {INT64_MIN, UINT64_MAX}};
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        assert_true(history_code_zigzag(cases[i].value) == cases[i].code);
        assert_true(history_code_unzigzag(cases[i].code) == cases[i].value);
    }
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static void check_round_trip(const struct history_sample *samples, size_t count, int64_t key)
{
    struct buf out = BUF_EMPTY;
    history_block_encode(&out, key, BASE, samples, count);
    assert_false(out.failed);
    struct history_block_reader reader;
    const uint8_t *bytes = (const uint8_t *)out.data;
    assert_int_equal(history_block_open(&reader, bytes, out.length, key, BASE), 0);
    for (size_t i = 0; i < count; i++) {
        struct history_sample sample;
        assert_int_equal(history_block_next(&reader, &sample), 1);
        assert_true(sample.time == samples[i].time);
        assert_true(sample.quality == samples[i].quality);
        assert_true(sample.value == samples[i].value);
    }
    struct history_sample none;
    assert_int_equal(history_block_next(&reader, &none), 0);
    assert_int_equal(history_block_open(&reader, bytes, out.length, key + 1, BASE), -EBADMSG);
    buf_deinit(&out);
}

static void small_blocks_keep_everything(void **state)
{
    (void)state;
    struct history_sample samples[4] = {{BASE, 2300, QUALITY_GOOD},
                                        {BASE + 60000, 0, QUALITY_STALE},
                                        {BASE + 60000, INT64_MIN, QUALITY_GOOD},
                                        {BASE + 3599999, INT64_MAX, QUALITY_GOOD}};
    for (size_t count = 1; count <= 4; count++)
        check_round_trip(samples, count, 5);
    struct history_sample gap = {BASE + 7, 0, QUALITY_ABSENT};
    check_round_trip(&gap, 1, 0);
}

/* A random hour in one of several moods. */
static size_t make_hour(uint64_t *seed, struct history_sample *samples, size_t most)
{
    size_t count = 1 + test_random(seed) % most;
    int64_t step = (int64_t)(test_random(seed) % 2 ? 60000 : test_random(seed) % 3000);
    unsigned shift = (unsigned)(test_random(seed) % 63), gaps = (unsigned)(test_random(seed) % 4);
    int64_t time = BASE + (int64_t)(test_random(seed) % 60000),
            slope = (int64_t)(test_random(seed) % 5);
    int64_t value = (int64_t)test_random(seed);
    for (size_t i = 0; i < count; i++) {
        bool gap = gaps > 1 && test_random(seed) % (gaps * 8) == 0;
        static const enum quality bad[] = {QUALITY_ABSENT, QUALITY_STALE, QUALITY_BAD};
        samples[i].time = time;
        samples[i].quality = gap ? bad[test_random(seed) % 3] : QUALITY_GOOD;
        samples[i].value = gap ? 0 : value;
        time += gaps == 1 ? (int64_t)(test_random(seed) % 90000) : step;
        uint64_t noise = slope == 4 ? 0 : test_random(seed) >> shift >> 1;
        value = (int64_t)((uint64_t)value + (uint64_t)slope + noise -
                          (shift > 20 ? UINT64_MAX >> shift >> 2 : 0));
    }
    return count;
}

static void random_blocks_keep_everything(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct history_sample *samples = calloc(4000, sizeof *samples);
    for (int i = 0; i < 3000; i++) {
        size_t count = make_hour(&seed, samples, i % 50 ? 90 : 4000);
        check_round_trip(samples, count, (int64_t)test_random(&seed));
    }
    free(samples);
}

/* Any single wrong bit must be found; the head's version byte counts. */
static void every_flipped_bit_is_found(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct history_sample samples[60];
    size_t count = make_hour(&seed, samples, 60);
    struct buf out = BUF_EMPTY;
    history_block_encode(&out, 77, BASE, samples, count);
    uint8_t *bytes = (uint8_t *)out.data;
    struct history_block_reader reader;
    for (size_t bit = 0; bit < out.length * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(history_block_open(&reader, bytes, out.length, 77, BASE), -EBADMSG);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t length = 0; length < out.length; length++)
        assert_int_equal(history_block_open(&reader, bytes, length, 77, BASE), -EBADMSG);
    buf_deinit(&out);
}

static void newer_versions_are_told_apart_from_damage(void **state)
{
    (void)state;
    struct history_sample sample = {BASE, 1, QUALITY_GOOD};
    struct buf out = BUF_EMPTY;
    history_block_encode(&out, 1, BASE, &sample, 1);
    uint8_t *bytes = (uint8_t *)out.data;
    bytes[0] = HISTORY_BLOCK_VERSION + 1;
    history_code_seal(bytes, out.length, 1);
    struct history_block_reader reader;
    assert_int_equal(history_block_open(&reader, bytes, out.length, 1, BASE), -ENOTSUP);
    buf_deinit(&out);
}

/* A steady hour is a dozen bytes; a voltage that wanders by tenths stays below a byte a reading. */
static void usual_hours_are_small(void **state)
{
    (void)state;
    uint64_t seed = 1;
    struct history_sample steady[60], wandering[60];
    int64_t voltage = 2301;
    for (int i = 0; i < 60; i++) {
        steady[i] = (struct history_sample){BASE + i * 60000, 123456 + 25 * i, QUALITY_GOOD};
        voltage += (int64_t)(test_random(&seed) % 7) - 3;
        wandering[i] = (struct history_sample){BASE + i * 60000, voltage, QUALITY_GOOD};
    }
    struct buf out = BUF_EMPTY;
    history_block_encode(&out, 1, BASE, steady, 60);
    assert_true(out.length <= 18);
    buf_clear(&out);
    history_block_encode(&out, 1, BASE, wandering, 60);
    assert_true(out.length < 48);
    buf_deinit(&out);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void random_rows_keep_everything(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct history_reading readings[200];
    for (int round = 0; round < 2000; round++) {
        size_t count = test_random(&seed) % 200;
        uint32_t series = 0;
        for (size_t i = 0; i < count; i++) {
            series += 1 + (test_random(&seed) % 8 ? 0 : (uint32_t)(test_random(&seed) % 800));
            readings[i].series = series;
            readings[i].quality = (enum quality)(test_random(&seed) % 4);
            bool good = readings[i].quality == QUALITY_GOOD;
            readings[i].value = good ? (int64_t)test_random(&seed) >> test_random(&seed) % 64 : 0;
        }
        int64_t mono = (int64_t)(test_random(&seed) >> 1), key = (int64_t)test_random(&seed);
        struct buf out = BUF_EMPTY;
        history_row_encode(&out, mono, readings, count);
        history_code_seal((uint8_t *)out.data, out.length, key);
        struct history_row_reader reader;
        assert_int_equal(history_row_open(&reader, (uint8_t *)out.data, out.length, key), 0);
        assert_true(reader.mono_ms == mono);
        struct history_reading reading;
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(history_row_next(&reader, &reading), 1);
            assert_true(reading.series == readings[i].series && reading.value == readings[i].value);
            assert_int_equal(reading.quality, readings[i].quality);
        }
        assert_int_equal(history_row_next(&reader, &reading), 0);
        assert_int_equal(history_row_open(&reader, (uint8_t *)out.data, out.length, key ^ 1),
                         -EBADMSG);
        buf_deinit(&out);
    }
}

/* ---- samples --------------------------------------------------------------------------------- */

/* Against a stable sort by counting: every sample carries its place of arrival. */
static void runs_are_merged_in_order(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (int round = 0; round < 500; round++) {
        struct history_samples samples = HISTORY_SAMPLES_EMPTY;
        int64_t arrival = 0;
        for (int run = 0; run < 4; run++) {
            int64_t time = (int64_t)(test_random(&seed) % 50);
            for (size_t i = test_random(&seed) % 30; i > 0; i--) {
                time += (int64_t)(test_random(&seed) % 4);
                history_samples_add(&samples,
                                    (struct history_sample){time, arrival++, QUALITY_GOOD});
            }
            assert_true(history_samples_end_run(&samples));
        }
        assert_int_equal(samples.count, arrival);
        for (size_t i = 1; i < samples.count; i++) {
            const struct history_sample *a = &samples.list[i - 1], *b = &samples.list[i];
            assert_true(a->time < b->time || (a->time == b->time && a->value < b->value));
        }
        history_samples_deinit(&samples);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_keep_their_value),
        cmocka_unit_test(zigzag_alternates),
        cmocka_unit_test(small_blocks_keep_everything),
        cmocka_unit_test(random_blocks_keep_everything),
        cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(newer_versions_are_told_apart_from_damage),
        cmocka_unit_test(usual_hours_are_small),
        cmocka_unit_test(random_rows_keep_everything),
        cmocka_unit_test(runs_are_merged_in_order),
    };
    return cmocka_run_group_tests_name("history_block", tests, NULL, NULL);
}
