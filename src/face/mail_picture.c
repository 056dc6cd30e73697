#include "face/mail_picture.h"

#include <errno.h>
#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/schedule_time.h"

#define WIDTH MAIL_PICTURE_WIDTH
#define HEIGHT MAIL_PICTURE_HEIGHT
/* Around the curve: room for the figures. */
#define LEFT 62
#define RIGHT 8
#define TOP 6
#define BOTTOM 16
#define AXIS_Y (HEIGHT - BOTTOM)
#define AXIS_X (WIDTH - RIGHT)

#define TICKS_MOST 12

enum colour { WHITE, GRID, FRAME, BAND, CURVE, LIMIT, INK, COLOURS };

/* Readable in a light and a dark mail program, and by those who see no red. */
static const png_byte colours[COLOURS][3] = {
    [WHITE] = {255, 255, 255}, [GRID] = {226, 230, 234}, [FRAME] = {140, 148, 156},
    [BAND] = {186, 212, 240},  [CURVE] = {16, 92, 168},  [LIMIT] = {200, 60, 20},
    [INK] = {40, 44, 48},
};

struct canvas {
    png_byte pixels[WIDTH * HEIGHT];
    const struct mail_picture *picture;
    double low, high; /* of the axis */
};

/* ---- drawing --------------------------------------------------------------------------------- */

static void put(struct canvas *canvas, int x, int y, enum colour colour)
{
    if (x >= 0 && x < WIDTH && y >= 0 && y < HEIGHT)
        canvas->pixels[y * WIDTH + x] = (png_byte)colour;
}

/* Inside the frame only. */
static void put_inside(struct canvas *canvas, int x, int y, enum colour colour)
{
    if (x > LEFT && x < AXIS_X && y > TOP && y < AXIS_Y)
        put(canvas, x, y, colour);
}

/* Bresenham's line, two pixels thick. */
static void line(struct canvas *canvas, int x0, int y0, int x1, int y1, enum colour colour)
{
    int dx = abs(x1 - x0), dy = -abs(y1 - y0), error = dx + dy;
    for (;;) {
        put_inside(canvas, x0, y0, colour);
        put_inside(canvas, x0, y0 + 1, colour);
        if (x0 == x1 && y0 == y1)
            return;
        int twice = 2 * error;
        if (twice >= dy) {
            error += dy;
            x0 += x0 < x1 ? 1 : -1;
        }
        if (twice <= dx) {
            error += dx;
            y0 += y0 < y1 ? 1 : -1;
        }
    }
}

/* Rows of five bits, top first; in the order of `figures`. */
static const char figures[] = "0123456789.-:";
static const png_byte glyphs[][7] = {
    {14, 17, 19, 21, 25, 17, 14}, {4, 12, 4, 4, 4, 4, 14},  {14, 17, 1, 2, 4, 8, 31},
    {31, 2, 4, 2, 1, 17, 14},     {2, 6, 10, 18, 31, 2, 2}, {31, 16, 30, 1, 1, 17, 14},
    {6, 8, 16, 30, 17, 17, 14},   {31, 1, 2, 4, 8, 8, 8},   {14, 17, 17, 14, 17, 17, 14},
    {14, 17, 17, 15, 1, 2, 12},   {0, 0, 0, 0, 0, 12, 12},  {0, 0, 0, 31, 0, 0, 0},
    {0, 12, 12, 0, 12, 12, 0},
};
#define GLYPH_WIDTH 6

static void text(struct canvas *canvas, int x, int y, const char *word)
{
    for (; *word; word++, x += GLYPH_WIDTH) {
        const char *at = strchr(figures, *word);
        for (int row = 0; at && row < 7; row++) {
            for (int bit = 0; bit < 5; bit++) {
                if (glyphs[at - figures][row] >> (4 - bit) & 1)
                    put(canvas, x + bit, y + row, INK);
            }
        }
    }
}

/* ---- scales ---------------------------------------------------------------------------------- */

static int x_of(const struct canvas *canvas, clock_us time)
{
    const struct mail_picture *picture = canvas->picture;
    double part = (double)(time - picture->from) / (double)(picture->to - picture->from);
    return LEFT + (int)lround(part * (AXIS_X - LEFT));
}

static int y_of(const struct canvas *canvas, double value)
{
    double part = (value - canvas->low) / (canvas->high - canvas->low);
    return AXIS_Y - (int)lround(part * (AXIS_Y - TOP));
}

/* 1, 2 or 5 times a power of ten, at least `least`. */
static double round_step(double least)
{
    double power = pow(10, floor(log10(least)));
    double times = least / power;
    return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

static bool find_scale(struct canvas *canvas)
{
    const struct mail_picture *picture = canvas->picture;
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < picture->count; i++) {
        const struct history_bucket *bucket = &picture->buckets[i];
        if (bucket->count == 0 || !isfinite(bucket->min) || !isfinite(bucket->max))
            continue;
        low = fmin(low, bucket->min);
        high = fmax(high, bucket->max);
    }
    if (!(low <= high))
        return false;
    if (isfinite(picture->limit)) {
        low = fmin(low, picture->limit);
        high = fmax(high, picture->limit);
    }
    /* A value that hardly moves is not blown up to a mountain. */
    double span = fmax(high - low, fmax(fabs(high) * 0.01, pow(10, -picture->decimals) * 4));
    double margin = span * 0.08 + (span - (high - low)) / 2;
    canvas->low = low - margin;
    canvas->high = high + margin;
    return isfinite(canvas->high - canvas->low);
}

/* ---- axes ------------------------------------------------------------------------------------ */

static void draw_values(struct canvas *canvas)
{
    double step = round_step((canvas->high - canvas->low) / 4);
    int decimals = step >= 1 ? 0 : (int)fmin(6, ceil(-log10(step) - 1e-9));
    double first = ceil(canvas->low / step) * step;
    for (int i = 0; i < TICKS_MOST; i++) {
        double value = first + i * step;
        int y = y_of(canvas, value);
        if (value > canvas->high || y < TOP)
            return;
        for (int x = LEFT + 1; x < AXIS_X; x++)
            put(canvas, x, y, GRID);
        char word[40];
        snprintf(word, sizeof word, "%.*f", decimals, fabs(value) < step / 2 ? 0 : value);
        int width = (int)strlen(word) * GLYPH_WIDTH;
        if (width < LEFT - 2 && y > TOP + 2 && y < AXIS_Y - 2)
            text(canvas, LEFT - 3 - width, y - 3, word);
    }
}

/* Ticks at whole hours (or parts of one) as clocks of the site show them. */
static void draw_times(struct canvas *canvas)
{
    static const int steps[] = {300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400};
    const struct mail_picture *picture = canvas->picture;
    clock_us span = picture->to - picture->from;
    size_t at = 0;
    while (at + 1 < sizeof steps / sizeof *steps && span / (steps[at] * CLOCK_S) > 6)
        at++;
    int64_t day = schedule_time_day(picture->from), last = schedule_time_day(picture->to);
    if (last - day > TICKS_MOST)
        return;
    for (; day <= last; day++) {
        for (int second = 0; second < SCHEDULE_DAY_S; second += steps[at]) {
            clock_us moment = schedule_time_moment(day, second);
            if (moment <= picture->from || moment >= picture->to)
                continue;
            int x = x_of(canvas, moment);
            for (int y = TOP + 1; y < AXIS_Y; y++)
                put(canvas, x, y, GRID);
            char word[16];
            snprintf(word, sizeof word, "%02d:%02d", second / 3600, second / 60 % 60);
            if (x - 15 > 0 && x + 15 < WIDTH)
                text(canvas, x - 14, AXIS_Y + 5, word);
        }
    }
}

static void draw_frame(struct canvas *canvas)
{
    for (int x = LEFT; x <= AXIS_X; x++) {
        put(canvas, x, TOP, FRAME);
        put(canvas, x, AXIS_Y, FRAME);
    }
    for (int y = TOP; y <= AXIS_Y; y++) {
        put(canvas, LEFT, y, FRAME);
        put(canvas, AXIS_X, y, FRAME);
    }
}

/* ---- the curve ------------------------------------------------------------------------------- */

static bool is_drawn(const struct history_bucket *bucket)
{
    return bucket->count > 0 && isfinite(bucket->min) && isfinite(bucket->max) &&
           isfinite(bucket->sum);
}

static void draw_band(struct canvas *canvas, const struct history_bucket *bucket)
{
    int x0 = x_of(canvas, bucket->time), x1 = x_of(canvas, bucket->time + canvas->picture->step);
    int y0 = y_of(canvas, bucket->max), y1 = y_of(canvas, bucket->min);
    for (int x = x0; x <= x1; x++) {
        for (int y = y0; y <= y1; y++)
            put_inside(canvas, x, y, BAND);
    }
}

static void draw_curve(struct canvas *canvas)
{
    const struct mail_picture *picture = canvas->picture;
    const struct history_bucket *before = NULL;
    int before_x = 0, before_y = 0;
    for (size_t i = 0; i < picture->count; i++) {
        const struct history_bucket *bucket = &picture->buckets[i];
        if (!is_drawn(bucket) || bucket->time < picture->from || bucket->time >= picture->to)
            continue;
        int x = x_of(canvas, bucket->time + picture->step / 2);
        int y = y_of(canvas, bucket->sum / bucket->count);
        /* what was not measured is a gap */
        bool joined = before && bucket->time - before->time <= picture->step;
        if (joined)
            line(canvas, before_x, before_y, x, y, CURVE);
        else
            line(canvas, x - 1, y, x + 1, y, CURVE); /* one alone is seen, too */
        before = bucket;
        before_x = x;
        before_y = y;
    }
}

static void draw_limit(struct canvas *canvas)
{
    if (!isfinite(canvas->picture->limit))
        return;
    int y = y_of(canvas, canvas->picture->limit);
    for (int x = LEFT + 1; x < AXIS_X; x++) {
        if (x % 8 < 5)
            put_inside(canvas, x, y, LIMIT);
    }
}

/* ---- the file -------------------------------------------------------------------------------- */

/* libpng's simple interface: no jumps out of it. */
static int write_png(const struct canvas *canvas, struct buf *png)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION,
        .width = WIDTH,
        .height = HEIGHT,
        .format = PNG_FORMAT_RGB_COLORMAP,
        .flags = PNG_IMAGE_FLAG_FAST, /* a little larger for half the time: an alarm waits for it */
        .colormap_entries = COLOURS};
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    char *room = buf_reserve(png, size);
    int written =
        room && png_image_write_to_memory(&image, room, &size, 0, canvas->pixels, WIDTH, colours);
    png_image_free(&image);
    if (!written)
        return -ENOMEM;
    png->length += size;
    return 0;
}

int mail_picture_draw(const struct mail_picture *picture, struct buf *png)
{
    struct canvas *canvas = calloc(1, sizeof *canvas);
    if (!canvas)
        return -ENOMEM;
    canvas->picture = picture;
    int result = -ENODATA;
    if (find_scale(canvas)) {
        draw_values(canvas);
        draw_times(canvas);
        for (size_t i = 0; i < picture->count; i++) {
            if (is_drawn(&picture->buckets[i]))
                draw_band(canvas, &picture->buckets[i]);
        }
        draw_limit(canvas);
        draw_curve(canvas);
        draw_frame(canvas);
        result = write_png(canvas, png);
    }
    free(canvas);
    return result;
}
