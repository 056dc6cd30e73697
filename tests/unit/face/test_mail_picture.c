/* The small picture of a mail, read back with libpng: where the curve, the limit and the gaps are.
 */
#include "test.h"

#include <errno.h>
#include <math.h>
#include <png.h>

#include "face/mail_picture.h"

#define WIDTH MAIL_PICTURE_WIDTH
#define HEIGHT MAIL_PICTURE_HEIGHT
#define MINUTE (60 * CLOCK_S)
#define BEGIN (1795262400LL * CLOCK_S) /* 2026-11-21 12:00 UTC by `date -u -d` */

struct shot {
    png_byte pixels[HEIGHT][WIDTH][3];
    size_t bytes;
};

static struct shot *draw(const struct mail_picture *picture)
{
    struct shot *shot = calloc(1, sizeof *shot);
    struct buf png = BUF_EMPTY;
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_int_equal(mail_picture_draw(picture, &png), 0);
    shot->bytes = png.length;
    assert_true(png_image_begin_read_from_memory(&image, png.data, png.length));
    assert_int_equal(image.width, WIDTH);
    assert_int_equal(image.height, HEIGHT);
    image.format = PNG_FORMAT_RGB;
    assert_true(png_image_finish_read(&image, NULL, shot->pixels, 0, NULL));
    if (getenv("TEST_PICTURE")) {
        FILE *file = fopen(getenv("TEST_PICTURE"), "wb");
        fwrite(png.data, 1, png.length, file);
        fclose(file);
    }
    buf_deinit(&png);
    return shot;
}

/* The curve is the blue, the limit the red one. */
static bool is_curve(const png_byte *c)
{
    return c[2] > 150 && c[0] < 60;
}

static bool is_limit(const png_byte *c)
{
    return c[0] > 150 && c[2] < 60;
}

/* Middle of the rows in which a column has such a pixel, -1 for none. */
static double row_of(const struct shot *shot, int x, bool (*is)(const png_byte *))
{
    int first = -1, last = -1;
    for (int y = 0; y < HEIGHT; y++) {
        if (!is(shot->pixels[y][x]))
            continue;
        first = first < 0 ? y : first;
        last = y;
    }
    return first < 0 ? -1 : (first + last) / 2.0;
}

/* Left and right edge of the frame: the longest row of one colour that is not white. */
static void frame(const struct shot *shot, int *left, int *right)
{
    for (int y = HEIGHT - 1; y >= 0; y--) {
        int first = 0;
        for (int x = 1; x <= WIDTH; x++) {
            if (x < WIDTH && memcmp(shot->pixels[y][x], shot->pixels[y][first], 3) == 0)
                continue;
            if (x - first > WIDTH / 2 && shot->pixels[y][first][0] < 200) {
                *left = first;
                *right = x - 1;
                return;
            }
            first = x;
        }
    }
    fail_msg("no axis");
}

static struct history_bucket bucket(clock_us time, double value)
{
    return (struct history_bucket){.time = time,
                                   .min = value - 0.5,
                                   .max = value + 0.5,
                                   .sum = 2 * value,
                                   .last = value,
                                   .count = 2};
}

static void a_gap_is_a_gap(void **state)
{
    (void)state;
    struct history_bucket buckets[48];
    for (int i = 0; i < 48; i++) { /* 4 h: 20, then an hour of nothing, then 30 */
        buckets[i] = bucket(BEGIN + i * 5 * MINUTE, i < 12 ? 20 : 30);
        if (i >= 12 && i < 24)
            buckets[i].count = 0;
    }
    struct mail_picture picture = {.buckets = buckets,
                                   .count = 48,
                                   .from = BEGIN,
                                   .to = BEGIN + 240 * MINUTE,
                                   .step = 5 * MINUTE,
                                   .limit = 25,
                                   .decimals = 1};
    struct shot *shot = draw(&picture);
    int left = 0, right = 0;
    frame(shot, &left, &right);
    assert_in_range(right - left, WIDTH / 2, WIDTH);
    double low = -1, high = -1, limit = -1;
    for (int x = left + 2; x < right; x++) {
        double minutes = 240.0 * (x - left) / (right - left), row = row_of(shot, x, is_curve);
        if (minutes > 6 && minutes < 54) {
            low = row;
            assert_true(row > 0);
        } else if (minutes > 66 && minutes < 114) {
            assert_true(row < 0);
        } else if (minutes > 126 && minutes < 234) {
            high = row;
            assert_true(row > 0);
        }
        if (row_of(shot, x, is_limit) > 0)
            limit = row_of(shot, x, is_limit);
    }
    assert_true(high < low); /* y goes down */
    assert_true(fabs((high + low) / 2 - limit) <= 1.5);
    assert_in_range(shot->bytes, 500, 10000);
    free(shot);
    /* left out altogether, as the history does it, is the same gap */
    memmove(buckets + 12, buckets + 24, 24 * sizeof *buckets);
    picture.count = 36;
    shot = draw(&picture);
    for (int x = left + 2; x < right; x++) {
        double minutes = 240.0 * (x - left) / (right - left);
        if (minutes > 66 && minutes < 114)
            assert_true(row_of(shot, x, is_curve) < 0);
    }
    free(shot);
}

static void one_reading_is_seen(void **state)
{
    (void)state;
    struct history_bucket only = bucket(BEGIN + 60 * MINUTE, 230);
    struct mail_picture picture = {.buckets = &only,
                                   .count = 1,
                                   .from = BEGIN,
                                   .to = BEGIN + 120 * MINUTE,
                                   .step = 5 * MINUTE,
                                   .limit = NAN};
    struct shot *shot = draw(&picture);
    int columns = 0;
    for (int x = 0; x < WIDTH; x++) {
        columns += row_of(shot, x, is_curve) > 0;
        assert_true(row_of(shot, x, is_limit) < 0);
    }
    assert_in_range(columns, 1, 5);
    free(shot);
}

static void nothing_is_no_picture(void **state)
{
    (void)state;
    struct history_bucket odd = {.time = BEGIN, .min = NAN, .max = NAN, .sum = NAN, .count = 1};
    struct mail_picture picture = {.buckets = &odd,
                                   .count = 1,
                                   .from = BEGIN,
                                   .to = BEGIN + MINUTE,
                                   .step = MINUTE,
                                   .limit = 3};
    struct buf png = BUF_EMPTY;
    assert_int_equal(mail_picture_draw(&picture, &png), -ENODATA);
    picture.count = 0;
    assert_int_equal(mail_picture_draw(&picture, &png), -ENODATA);
    assert_int_equal(png.length, 0);
    buf_deinit(&png);
}

/* Anything that a device may have said, over any span: a picture or none, and nothing else. */
static void odd_numbers(void **state)
{
    (void)state;
    static const double values[] = {0, -0.0, 1e-300, -1e300, 1e300, 1.7e308, 5e-324, 1e15, -273.15};
    static const clock_us spans[] = {1, CLOCK_S, 3600 * CLOCK_S, 86400 * CLOCK_S,
                                     400 * 86400 * CLOCK_S};
    uint64_t seed = test_seed();
    for (int round = 0; round < 200; round++) {
        struct history_bucket buckets[8];
        clock_us span = spans[test_below(&seed, TEST_COUNT(spans))];
        for (int i = 0; i < 8; i++)
            buckets[i] = bucket(BEGIN + (clock_us)test_below(&seed, 16) * span / 8 - span / 4,
                                values[test_below(&seed, TEST_COUNT(values))]);
        struct mail_picture picture = {.buckets = buckets,
                                       .count = 8,
                                       .from = BEGIN,
                                       .to = BEGIN + span,
                                       .step = span / 8 + 1,
                                       .limit = values[test_below(&seed, TEST_COUNT(values))],
                                       .decimals = (int)test_below(&seed, 7)};
        struct buf png = BUF_EMPTY;
        int result = mail_picture_draw(&picture, &png);
        assert_true(result == 0 ? png.length > 100 : result == -ENODATA);
        buf_deinit(&png);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gap_is_a_gap),
        cmocka_unit_test(one_reading_is_seen),
        cmocka_unit_test(nothing_is_no_picture),
        cmocka_unit_test(odd_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
