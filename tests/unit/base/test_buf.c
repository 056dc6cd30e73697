#include "base/buf.h"

#include <math.h>

#include "test.h"

static void test_growth(void **state)
{
    (void)state;
    struct buf buf = BUF_EMPTY;
    buf_add_text(&buf, ""); /* no memory yet, and none is needed */
    assert_null(buf.data);
    assert_string_equal(buf_text(&buf), "");
    for (int i = 0; i < 1000; i++)
        buf_add_format(&buf, "%d,", i);
    /* 10 of two bytes, 90 of three, 900 of four */
    assert_int_equal(buf.length, 20 + 270 + 3600);
    assert_memory_equal(buf.data, "0,1,2,3,", 8);
    size_t capacity = buf.capacity;
    buf_clear(&buf);
    assert_int_equal(buf.capacity, capacity);
    assert_string_equal(buf_text(&buf), "");
    buf_deinit(&buf);
    assert_null(buf.data);
}

static void test_limit(void **state)
{
    (void)state;
    struct buf buf = {.limit = 10};
    buf_add_text(&buf, "12345");
    assert_false(buf.failed);
    buf_add_text(&buf, "67890");
    assert_false(buf.failed);
    assert_string_equal(buf_text(&buf), "1234567890");
    buf_add_char(&buf, '1');
    assert_true(buf.failed);
    assert_int_equal(buf.length, 10);
    buf_clear(&buf);
    buf_add_text(&buf, "1");
    buf_add_text(&buf, "1234567890");
    assert_true(buf.failed);
    assert_int_equal(buf.length, 1);
    buf_add_text(&buf, "x"); /* stays as it was */
    assert_int_equal(buf.length, 1);
    assert_string_equal(buf_text(&buf), "");
    buf_deinit(&buf);

    struct buf wide = {.limit = 1000};
    buf_add_format(&wide, "%1000s", "x"); /* the end of the string does not count */
    assert_false(wide.failed);
    assert_int_equal(wide.length, 1000);
    assert_int_equal(strlen(buf_text(&wide)), 1000);
    buf_deinit(&wide);
    assert_null(buf_reserve(&(struct buf){.length = 5}, SIZE_MAX - 2));
}

static void test_consume(void **state)
{
    (void)state;
    struct buf buf = BUF_EMPTY;
    buf_add_text(&buf, "hello world");
    buf_consume(&buf, 6);
    assert_string_equal(buf_text(&buf), "world");
    buf_consume(&buf, 0);
    assert_string_equal(buf_text(&buf), "world");
    buf_consume(&buf, 99);
    assert_int_equal(buf.length, 0);
    buf_deinit(&buf);
}

static void test_int(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    struct buf buf = BUF_EMPTY;
    for (int i = 0; i < 20000; i++) {
        int64_t value = (int64_t)(test_random(&random) >> test_below(&random, 64));
        if (i < 4)
            value = (int64_t[]){0, -1, INT64_MAX, INT64_MIN}[i];
        char wanted[32];
        snprintf(wanted, sizeof wanted, "%lld", (long long)value);
        buf_clear(&buf);
        buf_add_int(&buf, value);
        assert_string_equal(buf_text(&buf), wanted);
    }
    buf_deinit(&buf);
}

/* What glibc's exact %.*f gives, without zeros at the end; the sign of a zero is dropped. */
static void exact(double value, int decimals, char *text, size_t size)
{
    snprintf(text, size, "%.*f", decimals, value);
    size_t length = strlen(text);
    if (strchr(text, '.')) {
        while (text[length - 1] == '0')
            text[--length] = '\0';
        if (text[length - 1] == '.')
            text[--length] = '\0';
    }
    if (strcmp(text, "-0") == 0)
        strcpy(text, "0");
}

/* A value within one rounding error of the middle between two texts may become either. */
static bool is_near_tie(double value, int decimals)
{
    long double scaled = fabsl((long double)value * powl(10, decimals));
    long double fraction = scaled - floorl(scaled);
    return fabsl(fraction - 0.5L) <= scaled * 0x1p-52L;
}

static double random_value(uint64_t *random)
{
    double mantissa = (double)(int64_t)test_random(random);
    if (test_below(random, 2))
        return (double)((int64_t)test_random(random) >> test_below(random, 64)) /
               pow(10, (double)test_below(random, 10));
    return ldexp(mantissa, -(int)test_below(random, 110));
}

static void test_decimal(void **state)
{
    (void)state;
    static const double special[] = {0,
                                     -0.0,
                                     0.5,
                                     1.5,
                                     2.5,
                                     -0.5,
                                     0.1,
                                     0.05,
                                     1e9,
                                     1e15,
                                     1e16,
                                     1e300,
                                     1e-9,
                                     1e-10,
                                     0.95,
                                     99.5,
                                     -1e-9,
                                     9e15,
                                     4503599627370497.0,
                                     4503599.627370497,
                                     12345678.25,
                                     0.49999999999999994,
                                     -9007199254740991.0};
    uint64_t random = test_seed();
    struct buf buf = BUF_EMPTY;
    size_t compared = 0;
    for (size_t i = 0; i < 300000; i++) {
        size_t specials = sizeof special / sizeof *special;
        double value = i < specials * 10 ? special[i / 10] : random_value(&random);
        int decimals = i < specials * 10 ? (int)(i % 10) : (int)test_below(&random, 10);
        /* digits beyond what a double holds are left out */
        while (decimals && fabs(value) * pow(10, decimals) >= 9e15)
            decimals--;
        if (is_near_tie(value, decimals) && i >= specials * 10)
            continue;
        char wanted[400];
        exact(value, decimals, wanted, sizeof wanted);
        buf_clear(&buf);
        buf_add_decimal(&buf, value, decimals);
        if (is_near_tie(value, decimals))
            assert_true(fabs(strtod(buf_text(&buf), NULL) - value) <=
                        0.5 * pow(10, -decimals) + fabs(value) * 0x1p-51);
        else
            assert_string_equal(buf_text(&buf), wanted);
        compared++;
    }
    assert_true(compared > 100000);
    buf_deinit(&buf);
}

/* A reading that came as a decimal number goes out as the same one. */
static void test_decimal_round_trip(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    struct buf buf = BUF_EMPTY;
    for (int i = 0; i < 100000; i++) {
        int decimals = (int)test_below(&random, 7);
        long long digits = (long long)test_below(&random, 1000000000000ULL);
        char wanted[40];
        long long scale = (long long)(pow(10, decimals) + 0.5);
        if (decimals)
            snprintf(wanted, sizeof wanted, "%lld.%0*lld", digits / scale, decimals,
                     digits % scale);
        else
            snprintf(wanted, sizeof wanted, "%lld", digits);
        double value = strtod(wanted, NULL);
        exact(value, decimals, wanted, sizeof wanted);
        buf_clear(&buf);
        buf_add_decimal(&buf, value, decimals);
        assert_string_equal(buf_text(&buf), wanted);
    }
    buf_deinit(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth),  cmocka_unit_test(test_limit),
        cmocka_unit_test(test_consume), cmocka_unit_test(test_int),
        cmocka_unit_test(test_decimal), cmocka_unit_test(test_decimal_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
