/* Rows of tiers: combining rows gives what the raw readings give, and pieces keep every figure. */
#include "test.h"

#include <errno.h>

#include "engine/history_tier.h"

#define BASE 1795222800000LL
#define HOUR 3600000LL

/* ---- by another road: figures straight from the readings ------------------------------------- */

/* Of readings whose sum fits in an int64. */
static struct history_tier_row direct(int64_t time, const int64_t *values, size_t count,
                                      bool counter)
{
    struct history_tier_row row = {.time = time, .count = (uint32_t)count, .min = INT64_MAX};
    row.max = INT64_MIN;
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        row.min = values[i] < row.min ? values[i] : row.min;
        row.max = values[i] > row.max ? values[i] : row.max;
        row.lost += counter && i && values[i] < values[i - 1] ? values[i - 1] : 0;
        sum += values[i];
    }
    row.first = values[0];
    row.last = values[count - 1];
    row.sum_low = (uint64_t)sum & UINT32_MAX;
    row.sum_high = (sum - (int64_t)row.sum_low) / (INT64_C(1) << 32);
    return row;
}

static void assert_same(const struct history_tier_row *a, const struct history_tier_row *b)
{
    assert_true(a->time == b->time && a->count == b->count);
    assert_true(a->min == b->min && a->max == b->max);
    assert_true(a->first == b->first && a->last == b->last && a->lost == b->lost);
    assert_true(a->sum_high + (int64_t)(a->sum_low >> 32) ==
                b->sum_high + (int64_t)(b->sum_low >> 32));
    assert_true((uint32_t)a->sum_low == (uint32_t)b->sum_low);
}

static struct history_tier_row add_up(int64_t time, const int64_t *values, size_t count,
                                      bool counter)
{
    struct history_tier_row row = history_tier_begin(time, values[0]);
    for (size_t i = 1; i < count; i++)
        history_tier_add(&row, values[i], counter);
    return row;
}

/* Readings of a gauge that wanders around nothing, or of a counter that is reset now and then. */
static void make_values(uint64_t *seed, int64_t *values, size_t count, bool counter)
{
    unsigned shift = 8 + (unsigned)test_below(seed, 48);
    int64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t change = (int64_t)(test_random(seed) >> shift >> 10);
        if (counter)
            value = test_below(seed, 40) ? value + change : change / 2;
        else
            value = change - (int64_t)(UINT64_MAX >> shift >> 11);
        values[i] = value;
    }
}

static void combined_rows_are_those_of_the_readings(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    static int64_t values[2000];
    for (int round = 0; round < 2000; round++) {
        bool counter = round % 2;
        size_t count = 2 + test_below(&seed, TEST_COUNT(values) - 2);
        count = round % 10 ? 2 + count % 60 : count;
        make_values(&seed, values, count, counter);
        struct history_tier_row whole = direct(BASE, values, count, counter);
        struct history_tier_row added = add_up(BASE, values, count, counter);
        assert_same(&added, &whole);
        struct history_tier_row combined = {0};
        for (size_t done = 0; done < count;) { /* parts of any length */
            size_t some = 1 + test_below(&seed, count - done);
            struct history_tier_row part = add_up(BASE, values + done, some, counter);
            if (done)
                history_tier_combine(&combined, &part, counter);
            else
                combined = part;
            done += some;
        }
        assert_same(&combined, &whole);
    }
}

/* A counter at 90 is replaced by one at 5 and reaches 25: it rose by 20 and what it rose before. */
static void the_rise_survives_resets(void **state)
{
    (void)state;
    static const int64_t values[] = {70, 80, 90, 5, 15, 25};
    struct history_tier_row row = add_up(BASE, values, 3, true);
    struct history_tier_row later = add_up(BASE, values + 3, 3, true);
    history_tier_combine(&row, &later, true);
    assert_int_equal(row.last - row.first + row.lost, 20 + 25);
    assert_int_equal(row.lost, 90);
    struct history_tier_row gauge = add_up(BASE, values, 6, false);
    assert_int_equal(gauge.lost, 0);
}

static void lost_saturates(void **state)
{
    (void)state;
    struct history_tier_row row = history_tier_begin(BASE, INT64_MAX);
    row.lost = 5;
    struct history_tier_row later = history_tier_begin(BASE, 0);
    history_tier_combine(&row, &later, true);
    assert_true(row.lost == INT64_MAX);
    later.lost = 7;
    history_tier_combine(&row, &later, true);
    assert_true(row.lost == INT64_MAX && row.count == 3);
}

/* Rows of a damaged disk: a count never becomes 0. */
static void counts_do_not_wrap(void **state)
{
    (void)state;
    struct history_tier_row row = history_tier_begin(BASE, 1), later = row;
    row.count = UINT32_MAX;
    history_tier_combine(&row, &later, false);
    assert_true(row.count == UINT32_MAX);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static struct history_tier_row rows[HISTORY_TIER_ROWS_MOST], back[HISTORY_TIER_ROWS_MOST];

static void check_piece(size_t count, bool counter, int64_t until)
{
    struct buf out = BUF_EMPTY;
    history_tier_encode(&out, 9, BASE, until, counter, rows, count);
    assert_false(out.failed);
    const uint8_t *bytes = (const uint8_t *)out.data;
    assert_int_equal(history_tier_count(bytes, out.length), count);
    int64_t end = 0;
    bool is_counter = !counter;
    assert_int_equal(
        history_tier_decode(bytes, out.length, 9, BASE, back, count, &end, &is_counter), count);
    assert_true(end == until && is_counter == counter);
    for (size_t i = 0; i < count; i++) {
        struct history_tier_row expected = rows[i];
        if (!counter) {
            expected.first = expected.last;
            expected.lost = 0;
        }
        assert_same(&back[i], &expected);
    }
    assert_int_equal(
        history_tier_decode(bytes, out.length, 9, BASE, back, count - 1, &end, &is_counter),
        -ENOSPC);
    assert_int_equal(
        history_tier_decode(bytes, out.length, 8, BASE, back, count, &end, &is_counter), -EBADMSG);
    buf_deinit(&out);
}

static void make_rows(uint64_t *seed, size_t count, bool counter)
{
    int64_t values[60], time = BASE + (int64_t)test_below(seed, 3) * HOUR;
    bool full = test_below(seed, 2);
    for (size_t i = 0; i < count; i++) {
        size_t some = full ? 60 : 1 + test_below(seed, 60);
        make_values(seed, values, some, counter);
        rows[i] = add_up(time, values, some, counter);
        time += HOUR * (int64_t)(1 + (full ? 0 : test_below(seed, 3)));
    }
}

static void random_pieces_keep_everything(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (int round = 0; round < 1500; round++) {
        size_t count = 1 + test_below(&seed, round % 20 ? 48 : 3000);
        make_rows(&seed, count, round % 2);
        check_piece(count, round % 2, rows[count - 1].time + (int64_t)test_below(&seed, 1u << 30));
    }
    make_rows(&seed, HISTORY_TIER_ROWS_MOST, true);
    check_piece(HISTORY_TIER_ROWS_MOST, true, rows[HISTORY_TIER_ROWS_MOST - 1].time);
}

/* Sums beyond 64 bits: as many readings as a row can count, all at an end of the range. */
static void the_largest_sums_are_exact(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 2, 3, 1000003, UINT32_MAX};
    static const int64_t values[] = {INT64_MIN, INT64_MAX, -1, 0, 1};
    size_t count = 0;
    for (size_t i = 0; i < TEST_COUNT(counts); i++) {
        for (size_t j = 0; j < TEST_COUNT(values); j++, count++) {
            rows[count] = history_tier_begin(BASE + (int64_t)count, values[j]);
            rows[count].count = counts[i];
            rows[count].sum_high = (values[j] >> 32) * counts[i];
            rows[count].sum_low = ((uint64_t)values[j] & UINT32_MAX) * counts[i];
        }
    }
    check_piece(count, true, BASE + HOUR);
    check_piece(count, false, BASE + HOUR);
    struct history_tier_row row = history_tier_begin(BASE, INT64_MIN), same = row;
    history_tier_combine(&row, &same, false); /* -2^64 */
    assert_true(row.sum_high == -(INT64_C(1) << 32) && row.sum_low == 0);
}

/* Figures that do not fit together (a reader must not trust them) are kept like any others. */
static void arbitrary_rows_are_kept(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (int round = 0; round < 300; round++) {
        size_t count = 1 + test_below(&seed, 300);
        for (size_t i = 0; i < count; i++) {
            int64_t mean = (int64_t)test_random(&seed);
            uint32_t some = (uint32_t)test_random(&seed) | 1;
            rows[i] = (struct history_tier_row){
                .time = BASE + (int64_t)i,
                .count = some,
                .min = (int64_t)test_random(&seed),
                .max = (int64_t)test_random(&seed),
                .first = (int64_t)test_random(&seed),
                .last = (int64_t)test_random(&seed),
                .lost = (int64_t)test_random(&seed),
                .sum_high = (mean >> 32) * some,
                .sum_low = ((uint64_t)mean & UINT32_MAX) * some + test_below(&seed, some),
            };
        }
        check_piece(count, round % 2, BASE + HOUR);
    }
}

/* A day of hours of a voltage, of an energy: what most pieces are. */
static void usual_pieces_are_small(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int counter = 0; counter < 2; counter++) {
        int64_t value = 2300;
        for (int i = 0; i < 24; i++) {
            int64_t values[60];
            for (int j = 0; j < 60; j++)
                values[j] = counter ? (value += (int64_t)test_below(&seed, 3))
                                    : 2300 + (int64_t)test_below(&seed, 15);
            rows[i] = add_up(BASE + i * HOUR, values, 60, counter);
        }
        struct buf out = BUF_EMPTY;
        history_tier_encode(&out, 1, BASE, BASE + 24 * HOUR, counter, rows, 24);
        printf("# %s: %zu bytes for 24 hours\n", counter ? "energy" : "voltage", out.length);
        assert_true(out.length <= 120);
        buf_deinit(&out);
    }
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void flipped_bits_and_cuts_are_found(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    make_rows(&seed, 24, true);
    struct buf out = BUF_EMPTY;
    history_tier_encode(&out, 1, BASE, BASE + 1000 * HOUR, true, rows, 24);
    uint8_t *bytes = (uint8_t *)out.data;
    int64_t until;
    bool counter;
    for (size_t bit = 0; bit < out.length * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(
            history_tier_decode(bytes, out.length, 1, BASE, back, 100, &until, &counter), -EBADMSG);
        assert_true(history_tier_count(bytes, out.length) <= HISTORY_TIER_ROWS_MOST);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t length = 0; length < out.length; length++)
        assert_int_equal(history_tier_decode(bytes, length, 1, BASE, back, 100, &until, &counter),
                         -EBADMSG);
    bytes[0]++;
    history_code_seal(bytes, out.length, 1);
    assert_int_equal(history_tier_decode(bytes, out.length, 1, BASE, back, 100, &until, &counter),
                     -ENOTSUP);
    buf_deinit(&out);
}

/* Damage behind a check sum that fits: other rows or -EBADMSG, but a count is never 0 and times
 * never fall. */
static void sealed_damage_does_no_harm(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (int round = 0; round < 3000; round++) {
        size_t count = 1 + test_below(&seed, 60);
        make_rows(&seed, count, round % 2);
        struct buf out = BUF_EMPTY;
        history_tier_encode(&out, 1, BASE, rows[count - 1].time, round % 2, rows, count);
        uint8_t *bytes = (uint8_t *)out.data;
        for (int i = 0; i < 3; i++)
            bytes[5 + test_below(&seed, out.length - 5)] ^= (uint8_t)(1u << test_below(&seed, 8));
        history_code_seal(bytes, out.length, 1);
        int64_t until;
        bool counter;
        int got = history_tier_decode(bytes, out.length, 1, BASE, back, 100, &until, &counter);
        assert_true(got > 0 || got == -EBADMSG || got == -ENOSPC);
        for (int i = 0; i < got; i++)
            assert_true(back[i].count > 0 && back[i].time >= (i ? back[i - 1].time : BASE));
        buf_deinit(&out);
    }
}

/* One piece, byte by byte: changes when the format does. Two hours of a counter: head, 2 * 2 + 1,
 * two hours; times 0 and an hour later, counts 2, first 10 then 1 more than the last, last - first
 * 4, min - first 0, max - last 0, mean - middle 0, rest 0, lost 0. */
static void the_bytes_stay(void **state)
{
    (void)state;
    rows[0] = add_up(BASE, (const int64_t[]){10, 14}, 2, true);
    rows[1] = add_up(BASE + HOUR, (const int64_t[]){15, 19}, 2, true);
    struct buf out = BUF_EMPTY;
    history_tier_encode(&out, 1, BASE, BASE + 2 * HOUR, true, rows, 2);
    static const uint8_t expected[] = {5,    0x80, 0xba, 0xb7, 3,       /* 7200000 */
                                       0x10, 0,    0x80, 0xba, 0xb7, 3, /* 3600000, zigzag */
                                       0,    4,    0x10, 20,   17,   0, 8, 0, 0,
                                       0,    0,    0,    0,    0,    0, 0, 0};
    assert_int_equal(out.data[0], 3);
    assert_int_equal(out.length, HISTORY_CODE_HEAD + sizeof expected);
    assert_memory_equal(out.data + HISTORY_CODE_HEAD, expected, sizeof expected);
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(combined_rows_are_those_of_the_readings),
        cmocka_unit_test(the_rise_survives_resets),
        cmocka_unit_test(lost_saturates),
        cmocka_unit_test(counts_do_not_wrap),
        cmocka_unit_test(random_pieces_keep_everything),
        cmocka_unit_test(the_largest_sums_are_exact),
        cmocka_unit_test(arbitrary_rows_are_kept),
        cmocka_unit_test(usual_pieces_are_small),
        cmocka_unit_test(flipped_bits_and_cuts_are_found),
        cmocka_unit_test(sealed_damage_does_no_harm),
        cmocka_unit_test(the_bytes_stay),
    };
    return cmocka_run_group_tests_name("history_tier", tests, NULL, NULL);
}
