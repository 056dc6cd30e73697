/* Columns of numbers: what goes in comes out, from any place on, and damaged bytes do no harm. */
#include "test.h"

#include <errno.h>

#include "engine/history_column.h"
#include "engine/history_predict.h"
#include "engine/history_rans.h"

#define MOST HISTORY_COLUMN_MOST
#define SEGMENT HISTORY_COLUMN_SEGMENT

/* ---- series of every sort -------------------------------------------------------------------- */

enum sort {
    CONSTANT,
    SLOPE,
    NOISE,
    WIDE_NOISE,
    WALK,
    STEPS,
    COUNTER,
    RESETS,
    ALTERNATING,
    EXTREMES,
    SPARSE,
    SORTS
};

struct maker {
    enum sort sort;
    uint64_t *seed;
    int64_t value, slope, base;
    unsigned shift;
};

static struct maker maker_begin(enum sort sort, uint64_t *seed)
{
    struct maker maker = {.sort = sort, .seed = seed};
    maker.shift = (unsigned)test_below(seed, sort == WIDE_NOISE ? 4 : 44) + 20;
    maker.base = (int64_t)test_random(seed) >> (sort == WIDE_NOISE ? 0 : 20);
    uint64_t scale = test_below(seed, 64); /* apart: the order of calls decides the golden series */
    maker.slope = (int64_t)test_random(seed) >> scale;
    maker.value = maker.base;
    return maker;
}

static int64_t noise(struct maker *maker, unsigned shift)
{
    return (int64_t)test_random(maker->seed) >> (shift > 63 ? 63 : shift);
}

static int64_t maker_next(struct maker *maker)
{
    static const int64_t extremes[] = {INT64_MIN, INT64_MAX, 0, -1, 1, INT64_MIN + 1};
    uint64_t value = (uint64_t)maker->value;
    bool rare = test_below(maker->seed, 70) == 0;
    switch (maker->sort) {
    case CONSTANT:
        break;
    case SLOPE:
        value += (uint64_t)maker->slope;
        break;
    case NOISE:
    case WIDE_NOISE:
        value = (uint64_t)maker->base + (uint64_t)noise(maker, maker->shift);
        break;
    case WALK:
        value += (uint64_t)noise(maker, maker->shift);
        break;
    case STEPS:
        if (rare)
            maker->base = noise(maker, maker->shift);
        value = (uint64_t)maker->base + (uint64_t)noise(maker, maker->shift + 8);
        break;
    case COUNTER:
    case RESETS:
        value += test_below(maker->seed, 4) + (uint64_t)(maker->shift % 5);
        value = rare && maker->sort == RESETS ? 0 : value;
        break;
    case ALTERNATING:
        value = ~value;
        break;
    case EXTREMES:
        value = (uint64_t)extremes[test_below(maker->seed, TEST_COUNT(extremes))];
        break;
    default:
        value = rare ? (uint64_t)noise(maker, maker->shift) : 7;
    }
    return maker->value = (int64_t)value;
}

static void make(enum sort sort, uint64_t *seed, int64_t *values, size_t count)
{
    struct maker maker = maker_begin(sort, seed);
    for (size_t i = 0; i < count; i++)
        values[i] = maker_next(&maker);
}

/* ---- there and back -------------------------------------------------------------------------- */

static int64_t values[MOST], back[MOST];

static void check_seeks(struct history_column_reader *reader, uint64_t *seed, size_t count)
{
    for (int i = 0; i < 6; i++) {
        size_t index = test_below(seed, count + 1), some = test_below(seed, count - index + 1);
        some = some > 300 ? 300 : some;
        assert_int_equal(history_column_seek(reader, index), 0);
        assert_int_equal(history_column_read(reader, back, some), 0);
        assert_memory_equal(back, values + index, some * sizeof *back);
    }
}

/* Two bytes of something else in front and behind: a column lies among others. */
static void check_round_trip(uint64_t *seed, size_t count)
{
    struct buf out = BUF_EMPTY;
    buf_add_text(&out, "ab");
    history_column_encode(&out, values, count);
    buf_add_text(&out, "cd");
    assert_false(out.failed);
    struct history_column_reader reader = {0};
    history_column_close(&reader);
    const uint8_t *at = (uint8_t *)out.data + 2, *end = (uint8_t *)out.data + out.length;
    assert_int_equal(history_column_open(&reader, &at, end, count), 0);
    assert_ptr_equal(at, end - 2);
    for (size_t done = 0; done < count;) { /* in batches of any length */
        size_t some = 1 + test_below(seed, count < 500 ? count : SEGMENT + 500);
        some = some < count - done ? some : count - done;
        assert_int_equal(history_column_read(&reader, back + done, some), 0);
        done += some;
    }
    assert_memory_equal(back, values, count * sizeof *back);
    check_seeks(&reader, seed, count);
    history_column_close(&reader);
    buf_deinit(&out);
}

static void short_columns_of_every_length(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (size_t count = 0; count <= 300; count++) {
        for (enum sort sort = 0; sort < SORTS; sort++) {
            make(sort, &seed, values, count);
            check_round_trip(&seed, count);
        }
    }
}

static void columns_around_segment_borders(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    static const size_t counts[] = {SEGMENT - 1,     SEGMENT,         SEGMENT + 1,
                                    SEGMENT + 2,     2 * SEGMENT - 1, 2 * SEGMENT,
                                    2 * SEGMENT + 1, 3 * SEGMENT + 7, 11 * SEGMENT + 1024};
    for (size_t i = 0; i < TEST_COUNT(counts); i++) {
        for (enum sort sort = 0; sort < SORTS; sort++) {
            make(sort, &seed, values, counts[i]);
            check_round_trip(&seed, counts[i]);
        }
    }
}

static void the_longest_columns(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (enum sort sort = 0; sort < SORTS; sort += 2) {
        make(sort, &seed, values, MOST);
        check_round_trip(&seed, MOST);
    }
}

/* Pieces of different sorts behind each other: what was chosen fits only part of them. */
static void mixed_columns(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (int i = 0; i < 300; i++) {
        size_t count = 0;
        while (count < 1 + (size_t)(i % 30) * 400) {
            size_t some = 1 + test_below(&seed, 1500);
            make((enum sort)test_below(&seed, SORTS), &seed, values + count, some);
            count += some;
        }
        check_round_trip(&seed, count);
    }
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static size_t length_of(size_t count)
{
    struct buf out = BUF_EMPTY;
    history_column_encode(&out, values, count);
    assert_false(out.failed);
    size_t length = out.length;
    buf_deinit(&out);
    return length;
}

/* Within a few percent of the entropy, which is known of what is made here: even noise of 64 values
 * is 6 bits, a geometric law of 1/2 is 2 bits. */
static void sizes_are_near_the_entropy(void **state)
{
    (void)state;
    uint64_t seed = 5;
    enum { COUNT = 40000 };
    make(CONSTANT, &seed, values, COUNT);
    assert_true(length_of(COUNT) <= 12);
    make(SLOPE, &seed, values, COUNT);
    assert_true(length_of(COUNT) <= 22);
    assert_int_equal(length_of(0), 0);
    int64_t sum = 0;
    for (size_t i = 0; i < COUNT; i++) { /* a walk: the last value is the best guess */
        sum += (int64_t)test_below(&seed, 64) - 32;
        values[i] = sum;
    }
    assert_in_range(length_of(COUNT), COUNT * 6 / 8, COUNT * 6 / 8 * 103 / 100);
    for (size_t i = 0; i < COUNT; i++) {
        int ones = __builtin_ctzll(test_random(&seed) | UINT64_C(1) << 40);
        sum += ones % 2 ? -(ones + 1) / 2 : ones / 2;
        values[i] = sum;
    }
    assert_in_range(length_of(COUNT), COUNT * 2 / 8 * 99 / 100, COUNT * 2 / 8 * 103 / 100);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void read_damaged(uint8_t *bytes, size_t length, size_t count, uint64_t *seed)
{
    uint8_t *copy = malloc(length ? length : 1); /* so that a sanitizer sees its end */
    memcpy(copy, bytes, length);
    struct history_column_reader reader;
    const uint8_t *at = copy;
    int result = history_column_open(&reader, &at, copy + length, count);
    if (result == 0) {
        assert_true(at <= copy + length);
        result = history_column_read(&reader, back, count);
        assert_true(result == 0 || result == -EBADMSG);
        result = history_column_seek(&reader, test_below(seed, count));
        assert_true(result == 0 || result == -EBADMSG);
        history_column_close(&reader);
    } else {
        assert_int_equal(result, -EBADMSG);
    }
    free(copy);
}

static void damage_does_no_harm(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    static const size_t counts[] = {3, 24, 250, 3000, 9000};
    for (size_t i = 0; i < TEST_COUNT(counts) * SORTS; i++) {
        size_t count = counts[i / SORTS];
        make((enum sort)(i % SORTS), &seed, values, count);
        struct buf out = BUF_EMPTY;
        history_column_encode(&out, values, count);
        uint8_t *bytes = (uint8_t *)out.data;
        for (int j = 0; j < 60; j++) {
            size_t bit = test_below(&seed, (j % 2 || out.length < 40 ? out.length : 40) * 8);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            read_damaged(bytes, out.length, count, &seed);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            read_damaged(bytes, test_below(&seed, out.length), count, &seed);
        }
        buf_deinit(&out);
    }
}

/* A column whose end is missing says so. */
static void cut_columns_are_found(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    make(WALK, &seed, values, 1000);
    struct buf out = BUF_EMPTY;
    history_column_encode(&out, values, 1000);
    for (size_t length = 0; length < out.length; length++) {
        struct history_column_reader reader;
        const uint8_t *at = (uint8_t *)out.data;
        assert_int_equal(history_column_open(&reader, &at, at + length, 1000), -EBADMSG);
    }
    buf_deinit(&out);
}

/* ---- arithmetic that both sides share -------------------------------------------------------- */

static void gains_are_reciprocals(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= HISTORY_PREDICT_WINDOW_MOST; i++)
        assert_int_equal(history_predict_gains[i], (unsigned)(256.0 / i + 0.5));
}

/* Every code is its token and the bits below, and tokens grow with codes. */
static void tokens_stand_for_every_code(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (int i = 0; i < 100000; i++) {
        uint64_t code = test_random(&seed) >> test_below(&seed, 64);
        unsigned token = history_rans_token(code), below = history_rans_below(token);
        assert_true(token < HISTORY_RANS_TOKENS && below <= 61);
        assert_true(code >> below == history_rans_above(token));
        assert_true(code == UINT64_MAX || history_rans_token(code + 1) - token <= 1);
    }
}

/* ---- the format stays ------------------------------------------------------------------------ */

/* Golden columns: a line of hexadecimal digits each. The series are made by integer arithmetic with
 * a fixed seed. GOLDEN_WRITE=1 writes the file anew, which is a change of format. */
#define GOLDEN TEST_SOURCE_ROOT "/tests/golden/history_columns.txt"

static size_t make_golden(int number)
{
    static const size_t counts[] = {5, 24, 240, 1440, SEGMENT + 100};
    uint64_t seed = 4711 + (uint64_t)number;
    enum sort sort = (enum sort)(number % SORTS);
    size_t count = counts[number / SORTS];
    make(sort, &seed, values, count);
    if (sort == NOISE || sort == WALK || sort == STEPS) { /* the size of meters' noise */
        for (size_t i = 0; i < count; i++)
            values[i] = 2300 + values[i] % 16;
    }
    return count;
}

static void check_golden(const char *hex, int number)
{
    size_t count = make_golden(number), length = strlen(hex) / 2;
    uint8_t *bytes = malloc(length + 1);
    for (size_t i = 0; i < length; i++) {
        const char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    struct buf out = BUF_EMPTY;
    history_column_encode(&out, values, count);
    assert_int_equal(out.length, length);
    assert_memory_equal(out.data, bytes, length);
    struct history_column_reader reader;
    const uint8_t *at = bytes;
    assert_int_equal(history_column_open(&reader, &at, bytes + length, count), 0);
    assert_int_equal(history_column_read(&reader, back, count), 0);
    assert_memory_equal(back, values, count * sizeof *back);
    history_column_close(&reader);
    buf_deinit(&out);
    free(bytes);
}

static void write_golden(void)
{
    FILE *file = fopen(GOLDEN, "w");
    assert_non_null(file);
    for (int number = 0; number < 5 * SORTS; number++) {
        size_t count = make_golden(number);
        struct buf out = BUF_EMPTY;
        history_column_encode(&out, values, count);
        if (out.length < 2048) { /* noise in 64 bits is no news for the format */
            fprintf(file, "%d ", number);
            for (size_t i = 0; i < out.length; i++)
                fprintf(file, "%02x", (uint8_t)out.data[i]);
            fputc('\n', file);
        }
        buf_deinit(&out);
    }
    fclose(file);
}

static void golden_columns_stay_readable(void **state)
{
    (void)state;
    if (getenv("GOLDEN_WRITE"))
        write_golden();
    FILE *file = fopen(GOLDEN, "r");
    assert_non_null(file);
    static char hex[5000];
    int number, lines = 0;
    for (; fscanf(file, "%d %4999s", &number, hex) == 2; lines++)
        check_golden(hex, number);
    fclose(file);
    assert_true(lines > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_columns_of_every_length),
        cmocka_unit_test(columns_around_segment_borders),
        cmocka_unit_test(the_longest_columns),
        cmocka_unit_test(mixed_columns),
        cmocka_unit_test(sizes_are_near_the_entropy),
        cmocka_unit_test(damage_does_no_harm),
        cmocka_unit_test(cut_columns_are_found),
        cmocka_unit_test(gains_are_reciprocals),
        cmocka_unit_test(tokens_stand_for_every_code),
        cmocka_unit_test(golden_columns_stay_readable),
    };
    return cmocka_run_group_tests_name("history_column", tests, NULL, NULL);
}
