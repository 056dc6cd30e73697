#include "engine/alarm_preview_replay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows that are further apart than so many usual times have something missing between them. */
#define GAP 3

#define SAMPLE 200 /* rows whose distances tell the usual one */

/* ---- spans ----------------------------------------------------------------------------------- */

/* The list is a ring of the last ones until the end, where it is put in order. */
static struct alarm_preview_span *span_at(const struct alarm_preview_replay *one, size_t index)
{
    return &one->point.spans[index % ALARM_PREVIEW_SPANS];
}

/* Of a limit from above the highest counts, from below the lowest. */
static bool is_worse(const struct alarm_test *test, double number, double than)
{
    bool low = test->when == ALARM_UNDER || (test->when == ALARM_RATE_OVER && test->limit < 0);
    return isnan(than) || (low ? number < than : number > than);
}

static void on_told(void *user, bool raised, clock_us at)
{
    struct alarm_preview_replay *one = user;
    struct alarm_preview_point *point = &one->point;
    if (!raised) {
        if (one->open)
            span_at(one, point->count - 1)->to = at;
        one->open = false;
        return;
    }
    if (!point->spans)
        point->spans = calloc(ALARM_PREVIEW_SPANS, sizeof *point->spans);
    one->failed = !point->spans;
    if (one->failed)
        return;
    /* what it was raised by may be a reading before, that held for long enough */
    *span_at(one, point->count++) =
        (struct alarm_preview_span){at, CLOCK_NEVER, one->replay.mind.number};
    one->open = true;
}

static void note_worst(struct alarm_preview_replay *one, const struct history_bucket *row)
{
    const struct alarm_test *test = &one->replay.test;
    double number = test->when == ALARM_OVER    ? row->max
                    : test->when == ALARM_UNDER ? row->min
                                                : one->replay.mind.number;
    if (!one->open || isnan(number))
        return;
    struct alarm_preview_span *span = span_at(one, one->point.count - 1);
    if (is_worse(test, number, span->worst))
        span->worst = number;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static int by_length(const void *a, const void *b)
{
    clock_us x = *(const clock_us *)a, y = *(const clock_us *)b;
    return (x > y) - (x < y);
}

/* The middle one of the distances; a minute when there are none. */
static clock_us usual_of(const struct history_bucket *rows, size_t count)
{
    clock_us distances[SAMPLE];
    size_t n = 0;
    for (size_t i = 1; i < count && n < SAMPLE; i++)
        distances[n++] = rows[i].time - rows[i - 1].time;
    if (!n)
        return 60 * CLOCK_S;
    qsort(distances, n, sizeof *distances, by_length);
    return distances[n / 2] > 0 ? distances[n / 2] : CLOCK_MS;
}

/* What lies between is known for as long as rows are usually apart, not longer. A distance that
 * comes twice is a new usual one: old readings are thinned out, and people change how often they
 * record. */
static void see_distance(struct alarm_preview_replay *one, clock_us at)
{
    clock_us distance = at - one->last;
    bool other = distance > GAP * one->usual || distance * GAP < one->usual;
    bool again = other && one->other && distance < 2 * one->other && distance * 2 > one->other;
    if (again)
        one->usual = distance;
    one->other = other && !again ? distance : 0;
    if (distance > GAP * one->usual) {
        alarm_replay_gap(&one->replay, one->last + one->usual);
        distance = one->usual;
    }
    one->point.covered += distance;
    if (one->usual > one->point.resolution)
        one->point.resolution = one->usual;
}

/* States and their changes have no average: each of the three figures was a reading. */
static void replay_words(struct alarm_preview_replay *one, const struct history_bucket *row,
                         clock_us step)
{
    alarm_replay_reading(&one->replay, row->time, row->min);
    if (row->max != row->min)
        alarm_replay_reading(&one->replay, row->time + step / 3, row->max);
    if (row->max != row->min)
        alarm_replay_reading(&one->replay, row->time + 2 * (step / 3), row->last);
}

static void replay_row(struct alarm_preview_replay *one, const struct history_bucket *row)
{
    enum alarm_when when = one->replay.test.when;
    clock_us step = one->step ? one->step : one->usual;
    bool words = when == ALARM_EQUALS || when == ALARM_DIFFERS || when == ALARM_CHANGED;
    if (row->count <= 1)
        alarm_replay_reading(&one->replay, row->time, row->last);
    else if (words)
        replay_words(one, row, step);
    else
        alarm_replay_bucket(&one->replay, row->time, step, row->min, row->sum / row->count,
                            row->max);
    one->point.buckets |= row->count > 1;
    note_worst(one, row);
}

void alarm_preview_replay_begin(struct alarm_preview_replay *one, const char *path,
                                const struct alarm_test *test, clock_us step, clock_us from,
                                clock_us to, const struct history_bucket *rows, size_t count)
{
    *one = (struct alarm_preview_replay){
        .point = {.path = path}, .from = from, .to = to, .step = step, .last = CLOCK_NEVER};
    one->usual = usual_of(rows, count);
    one->point.resolution = step;
    one->replay.told = on_told;
    one->replay.user = one;
    alarm_replay_begin(&one->replay, test, one->usual > step ? one->usual : step, from);
}

void alarm_preview_replay_rows(struct alarm_preview_replay *one, const struct history_bucket *rows,
                               size_t count)
{
    for (size_t i = 0; i < count && !one->failed; i++) {
        if (one->last != CLOCK_NEVER && rows[i].time <= one->last)
            continue;
        if (one->last != CLOCK_NEVER)
            see_distance(one, rows[i].time);
        replay_row(one, &rows[i]);
        one->last = rows[i].time;
    }
}

/* The ring into ascending order. */
static void order_spans(struct alarm_preview_point *point)
{
    size_t first = point->count % ALARM_PREVIEW_SPANS;
    point->span_count = point->count < ALARM_PREVIEW_SPANS ? point->count : ALARM_PREVIEW_SPANS;
    if (point->count <= ALARM_PREVIEW_SPANS || first == 0)
        return;
    struct alarm_preview_span copy[ALARM_PREVIEW_SPANS];
    memcpy(copy, point->spans, sizeof copy);
    for (size_t i = 0; i < ALARM_PREVIEW_SPANS; i++)
        point->spans[i] = copy[(first + i) % ALARM_PREVIEW_SPANS];
}

void alarm_preview_replay_end(struct alarm_preview_replay *one)
{
    if (one->last != CLOCK_NEVER) {
        clock_us known = one->last + one->usual < one->to ? one->last + one->usual : one->to;
        one->point.covered += known - one->last;
        if (known < one->to)
            alarm_replay_gap(&one->replay, known);
        if (one->usual > one->point.resolution)
            one->point.resolution = one->usual;
    }
    alarm_replay_end(&one->replay, one->to);
    one->point.held = one->replay.held;
    order_spans(&one->point);
}

void alarm_preview_replay_deinit(struct alarm_preview_replay *one)
{
    free(one->point.spans);
    one->point.spans = NULL;
}
