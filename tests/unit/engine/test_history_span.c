/* Spans of readings: everything comes back, from any time on, in batches of any length. */
#include "test.h"

#include <errno.h>

#include "engine/history_span.h"

#define BASE 1795222800000LL
#define MINUTE 60000LL
#define MOST HISTORY_SPAN_MOST

static struct history_sample samples[MOST], back[MOST];

/* A log of minutes; `mood` brings gaps, odd times, equal times. */
static void make(uint64_t *seed, size_t count, unsigned mood)
{
    static const enum quality bad[] = {QUALITY_ABSENT, QUALITY_STALE, QUALITY_BAD};
    int64_t time = BASE + (int64_t)test_below(seed, 100000),
            value = (int64_t)test_below(seed, 5000);
    size_t gap = 0;
    enum quality quality = QUALITY_GOOD;
    for (size_t i = 0; i < count; i++) {
        if (gap)
            gap--;
        else if (mood & 1 && test_below(seed, 30) == 0) {
            gap = test_below(seed, 200);
            quality = bad[test_below(seed, 3)];
        } else
            quality = mood & 8 ? QUALITY_STALE : QUALITY_GOOD;
        value += (int64_t)test_below(seed, 9) - 4;
        bool good = quality == QUALITY_GOOD;
        samples[i] = (struct history_sample){time, good ? value : 0, quality};
        time += mood & 2 ? (int64_t)test_below(seed, 3) * 500 : MINUTE;
        time += mood & 4 && test_below(seed, 50) == 0 ? (int64_t)test_below(seed, 1u << 30) : 0;
    }
}

static void assert_same(const struct history_sample *a, const struct history_sample *b,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_true(a[i].time == b[i].time && a[i].value == b[i].value &&
                    a[i].quality == b[i].quality);
}

/* Reads to the end in batches; must be samples from `first` on. */
static void check_rest(struct history_span_reader *reader, uint64_t *seed, size_t first,
                       size_t count)
{
    size_t done = first;
    for (int got = 1; got > 0; done += (size_t)got) {
        size_t most = 1 + test_below(seed, count < 1000 ? 400 : 20000);
        got = history_span_read(reader, back, most);
        assert_true(got >= 0 && (size_t)got <= most && done + (size_t)got <= count);
        assert_same(back, samples + done, (size_t)got);
    }
    assert_int_equal(done, count);
}

static size_t first_at(int64_t time, size_t count)
{
    size_t i = 0;
    while (i < count && samples[i].time < time)
        i++;
    return i;
}

static void check_span(uint64_t *seed, size_t count)
{
    struct buf out = BUF_EMPTY;
    history_span_encode(&out, 3, BASE, samples, count);
    assert_false(out.failed);
    const uint8_t *bytes = (const uint8_t *)out.data;
    struct history_span_reader reader;
    assert_int_equal(history_span_open(&reader, bytes, out.length, 3, BASE), 0);
    assert_int_equal(reader.count, count);
    check_rest(&reader, seed, 0, count);
    for (int i = 0; i < 8; i++) { /* at a reading, beside it, before all, behind all */
        int64_t time = samples[test_below(seed, count)].time + (int64_t)test_below(seed, 3) - 1;
        time = i == 6 ? INT64_MIN : i == 7 ? INT64_MAX : time;
        assert_int_equal(history_span_seek(&reader, time), 0);
        size_t first = first_at(time, count);
        assert_int_equal(reader.left, count - first);
        if (i < 3 || i > 5 || first + 10 > count)
            check_rest(&reader, seed, first, count);
        else {
            assert_int_equal(history_span_read(&reader, back, 10), 10);
            assert_same(back, samples + first, 10);
        }
    }
    history_span_close(&reader);
    assert_int_equal(history_span_open(&reader, bytes, out.length, 4, BASE), -EBADMSG);
    buf_deinit(&out);
}

static void random_spans_keep_everything(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (unsigned round = 0; round < 1500; round++) {
        size_t count = 1 + test_below(&seed, round % 50 ? 300 : 20000);
        make(&seed, count, round % 16);
        check_span(&seed, count);
    }
}

static void the_longest_span(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    make(&seed, MOST, 1);
    check_span(&seed, MOST);
}

/* Times far apart from each other and from the base. */
static void a_few_far_readings(void **state)
{
    (void)state;
    uint64_t seed = 1;
    samples[0] = (struct history_sample){BASE, INT64_MIN, QUALITY_GOOD};
    samples[1] = (struct history_sample){BASE, 0, QUALITY_BAD};
    samples[2] = (struct history_sample){BASE + (INT64_C(1) << 37), INT64_MAX, QUALITY_GOOD};
    for (size_t count = 1; count <= 3; count++)
        check_span(&seed, count);
}

static void flipped_bits_and_cuts_are_found(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    make(&seed, 200, 5);
    struct buf out = BUF_EMPTY;
    history_span_encode(&out, 3, BASE, samples, 200);
    uint8_t *bytes = (uint8_t *)out.data;
    struct history_span_reader reader;
    for (size_t bit = 0; bit < out.length * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(history_span_open(&reader, bytes, out.length, 3, BASE), -EBADMSG);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t length = 0; length < out.length; length++)
        assert_int_equal(history_span_open(&reader, bytes, length, 3, BASE), -EBADMSG);
    bytes[0]++;
    history_code_seal(bytes, out.length, 3);
    assert_int_equal(history_span_open(&reader, bytes, out.length, 3, BASE), -ENOTSUP);
    buf_deinit(&out);
}

/* Behind a check sum that fits: -EBADMSG or other readings, ordered by time. */
static void sealed_damage_does_no_harm(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (unsigned round = 0; round < 3000; round++) {
        size_t count = 1 + test_below(&seed, 600);
        make(&seed, count, round % 8);
        struct buf out = BUF_EMPTY;
        history_span_encode(&out, 3, BASE, samples, count);
        uint8_t *bytes = (uint8_t *)out.data;
        for (int i = 0; i < 3; i++) {
            size_t reach = i ? out.length - 5 : out.length < 30 ? out.length - 5 : 25;
            bytes[5 + test_below(&seed, reach)] ^= (uint8_t)(1u << test_below(&seed, 8));
        }
        history_code_seal(bytes, out.length, 3);
        struct history_span_reader reader;
        int got = history_span_open(&reader, bytes, out.length, 3, BASE);
        if (got == 0) {
            got = history_span_read(&reader, back, 2000);
            for (int i = 1; i < got; i++)
                assert_true(back[i].time >= back[i - 1].time);
            int sought = history_span_seek(&reader, BASE + (int64_t)test_below(&seed, 1u << 24));
            assert_true(sought == 0 || sought == -EBADMSG);
            history_span_close(&reader);
        }
        assert_true(got >= 0 || got == -EBADMSG);
        buf_deinit(&out);
    }
}

/* Three readings a minute apart, the second bad: head, count, first time, one run of 2; runs 1
 * good, 1 stale, 1 good; a column that rises by 5 from 2300. */
static void the_bytes_stay(void **state)
{
    (void)state;
    samples[0] = (struct history_sample){BASE + 7, 2300, QUALITY_GOOD};
    samples[1] = (struct history_sample){BASE + 7 + MINUTE, 0, QUALITY_STALE};
    samples[2] = (struct history_sample){BASE + 7 + 2 * MINUTE, 2305, QUALITY_GOOD};
    struct buf out = BUF_EMPTY;
    history_span_encode(&out, 3, BASE, samples, 3);
    static const uint8_t expected[] = {3, 7, 0xe0, 0xd4, 3, 2, 5, 6, 5, 0x10, 0xf8, 0x23, 10};
    assert_int_equal(out.data[0], 2);
    assert_int_equal(out.length, HISTORY_CODE_HEAD + sizeof expected);
    assert_memory_equal(out.data + HISTORY_CODE_HEAD, expected, sizeof expected);
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_spans_keep_everything),
        cmocka_unit_test(the_longest_span),
        cmocka_unit_test(a_few_far_readings),
        cmocka_unit_test(flipped_bits_and_cuts_are_found),
        cmocka_unit_test(sealed_damage_does_no_harm),
        cmocka_unit_test(the_bytes_stay),
    };
    return cmocka_run_group_tests_name("history_span", tests, NULL, NULL);
}
