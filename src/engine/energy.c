#include "engine/energy_private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/schedule_time.h"
#include "model/limits.h"

/* Buckets that come to the loop at once: half a millisecond. */
#define BUCKETS_AT_ONCE 20000
/* History reads with two threads. */
#define STREAMS 2
/* Plans are few: tariffs name meters by kind, not one by one. */
#define PRICES_MOST (TARIFFS_MOST * 2)

/* Of the past and the present of some meters, one after the other. */
enum part { PART_BEFORE, PART_REST, PART_NOW, PART_EXPORTED, PARTS };

struct stream {
    struct energy_ask *ask;
    struct history_ask *question; /* NULL: at rest */
    size_t meters[LIMIT_HISTORY_PATHS], count;
    enum part part;
    clock_us from, to; /* of the part; `from` moves on page by page */
};

struct energy_ask {
    struct history *history;
    struct energy_question question; /* names are in the arena of the meters */
    struct energy_answer answer;
    struct energy_groups groups;
    struct energy_found *found; /* of each meter */
    struct tariff_plan plans[PRICES_MOST];
    struct tariff_segments prices[PRICES_MOST];
    size_t price_count;
    struct history_zone zone;
    clock_us grain;
    size_t next; /* the first meter that no stream has taken */
    struct stream streams[STREAMS];
    struct loop_defer start;
    energy_done_fn *done;
    void *user;
    struct err err;
};

static void go_on(struct energy_ask *ask);

/* ---- life ------------------------------------------------------------------------------------ */

struct energy_ask *energy_ask_cancel(struct energy_ask *ask)
{
    if (!ask)
        return NULL;
    loop_defer_cancel(&ask->start);
    for (size_t i = 0; i < STREAMS; i++) {
        if (ask->streams[i].question)
            history_ask_cancel(ask->streams[i].question);
    }
    for (size_t i = 0; i < ask->price_count; i++)
        free(ask->prices[i].list);
    energy_meters_deinit(&ask->answer.meters);
    free(ask->found);
    free(ask);
    return NULL;
}

static void end(struct energy_ask *ask)
{
    if (!ask->err.code)
        energy_rows_make(&ask->answer, &ask->groups, &ask->question, ask->found);
    ask->done(ask->user, ask->err.code ? NULL : &ask->answer, &ask->err);
    energy_ask_cancel(ask);
}

/* ---- prices ---------------------------------------------------------------------------------- */

static size_t prices_for(struct energy_ask *ask, const struct energy_meter *meter)
{
    const struct energy_period *period = &ask->answer.period;
    struct tariff_plan plan = tariff_plan_of(&ask->answer.tariffs, meter->medium, meter->id);
    for (size_t i = 0; i < ask->price_count; i++) {
        if (ask->plans[i].named == plan.named && ask->plans[i].general == plan.general)
            return i;
    }
    if (ask->price_count == PRICES_MOST)
        return ENERGY_NONE;
    clock_us from = ask->question.alone ? period->from : period->before_from;
    ask->plans[ask->price_count] = plan;
    ask->prices[ask->price_count] =
        tariff_segments_of(&ask->answer.tariffs, plan, from - ask->grain, period->until);
    return ask->price_count++;
}

/* ---- one question after the other ------------------------------------------------------------ */

static void span_of_part(const struct energy_ask *ask, struct stream *stream)
{
    const struct energy_period *period = &ask->answer.period;
    const clock_us borders[PARTS + 1] = {period->before_from, period->before_to, period->from,
                                         period->until, period->until};
    stream->from = borders[stream->part];
    stream->to = borders[stream->part + 1];
    if (stream->part == PART_EXPORTED)
        stream->from = period->from;
    /* where readings went on before the first step is part of the first question */
    enum part first = ask->question.alone ? PART_NOW : PART_BEFORE;
    if (stream->part == first)
        stream->from -= ask->grain;
}

static size_t buckets_of(const struct energy_ask *ask)
{
    const struct energy_period *period = &ask->answer.period;
    clock_us longest = period->to - period->from;
    return (size_t)(longest / ask->grain) + 2;
}

/* The next meters for a stream that is through; false when there are none. */
static bool take_meters(struct energy_ask *ask, struct stream *stream)
{
    size_t most = BUCKETS_AT_ONCE / buckets_of(ask);
    stream->count = 0;
    stream->part = ask->question.alone ? PART_NOW : PART_BEFORE;
    most = most < 1 ? 1 : most < LIMIT_HISTORY_PATHS ? most : LIMIT_HISTORY_PATHS;
    for (; ask->next < ask->answer.meters.count && stream->count < most; ask->next++) {
        if (ask->found[ask->next].wanted)
            stream->meters[stream->count++] = ask->next;
    }
    span_of_part(ask, stream);
    return stream->count > 0;
}

static void begin_part(struct energy_ask *ask, const struct stream *stream)
{
    for (size_t i = 0; i < stream->count; i++) {
        struct energy_found *found = &ask->found[stream->meters[i]];
        const struct energy_period *period = &ask->answer.period;
        if (stream->part == PART_NOW)
            energy_fold_turn(&found->fold, &period->steps, found->steps);
        else if (stream->part == PART_REST)
            for (size_t j = 0; j < period->before.count; j++)
                energy_figure_add(&found->before, &found->steps_before[j], 1);
    }
}

/* One bucket is all that what flowed back needs: the rise from its begin to its end. */
static void put_exported(struct energy_ask *ask, const struct history_series *series, size_t meter)
{
    struct energy_found *found = &ask->found[meter];
    double scale = pow(10, ask->answer.meters.list[meter].decimals);
    for (size_t i = 0; i < series->count; i++)
        found->exported += llround(series->buckets[i].rise * scale);
    found->exports |= series->count > 0;
}

static void on_answer(void *user, const struct history_answer *answer, const struct err *err)
{
    struct stream *stream = user;
    struct energy_ask *ask = stream->ask;
    stream->question = NULL;
    if (!answer) {
        ask->err = *err;
        go_on(ask);
        return;
    }
    size_t at = 0;
    for (size_t i = 0; i < stream->count && at < answer->path_count; i++) {
        const struct energy_meter *meter = &ask->answer.meters.list[stream->meters[i]];
        if (stream->part != PART_EXPORTED)
            energy_fold_add(&ask->found[stream->meters[i]].fold, &answer->series[at++],
                            stream->from, stream->to);
        else if (meter->exported)
            put_exported(ask, &answer->series[at++], stream->meters[i]);
    }
    /* without progress it would never end */
    stream->from = answer->until > stream->from ? answer->until : stream->to;
    go_on(ask);
}

static void ask_history(struct energy_ask *ask, struct stream *stream)
{
    static const struct {
        enum history_unit unit;
        int units;
    } wholes[ENERGY_SPANS] = {[ENERGY_DAY] = {HISTORY_UNIT_DAY, 1},
                              [ENERGY_WEEK] = {HISTORY_UNIT_DAY, 7},
                              [ENERGY_MONTH] = {HISTORY_UNIT_MONTH, 1},
                              [ENERGY_YEAR] = {HISTORY_UNIT_YEAR, 1}};
    const char *paths[LIMIT_HISTORY_PATHS];
    bool whole = stream->part == PART_EXPORTED, hours = ask->grain == 3600 * CLOCK_S;
    struct history_question question = {
        .paths = paths,
        .from = stream->from,
        .to = stream->to,
        .step = whole || hours ? 0 : ask->grain,
        .unit = whole   ? wholes[ask->question.span].unit
                : hours ? HISTORY_UNIT_HOUR
                        : HISTORY_UNIT_NONE,
        .units = whole ? wholes[ask->question.span].units : 1,
        .reach = true,
    };
    for (size_t i = 0; i < stream->count; i++) {
        const struct energy_meter *meter = &ask->answer.meters.list[stream->meters[i]];
        const char *path = whole ? meter->exported : meter->point;
        if (path)
            paths[question.path_count++] = path;
    }
    if (question.path_count == 0) {
        stream->from = stream->to;
        return;
    }
    stream->question = history_ask(ask->history, &question, on_answer, stream, &ask->err);
}

/* Move on to what is to be asked next; false when the stream is through. */
static bool next_part(struct energy_ask *ask, struct stream *stream)
{
    while (stream->from >= stream->to) {
        if (stream->count == 0 || stream->part == PART_EXPORTED) {
            if (!take_meters(ask, stream))
                return false;
        } else {
            stream->part++;
            span_of_part(ask, stream);
        }
        begin_part(ask, stream);
    }
    return true;
}

static void go_on(struct energy_ask *ask)
{
    bool busy = false;
    for (size_t i = 0; i < STREAMS; i++) {
        struct stream *stream = &ask->streams[i];
        while (!stream->question && !ask->err.code && next_part(ask, stream))
            ask_history(ask, stream);
        busy |= stream->question != NULL;
    }
    if (!busy)
        end(ask);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void on_start(struct loop_defer *defer, void *user)
{
    (void)defer;
    go_on(user);
}

static void prepare_meter(struct energy_ask *ask, size_t index)
{
    struct energy_found *found = &ask->found[index];
    const struct energy_meter *meter = &ask->answer.meters.list[index];
    struct energy_period *period = &ask->answer.period;
    struct arena *arena = ask->answer.meters.arena;
    found->prices = prices_for(ask, meter);
    found->steps = arena_take(arena, (period->steps.count + 1) * sizeof *found->steps);
    found->steps_before = arena_take(arena, (period->before.count + 1) * sizeof *found->steps);
    static const struct tariff_segments none;
    found->fold = (struct energy_fold){
        .prices = found->prices == ENERGY_NONE ? &none : &ask->prices[found->prices],
        .steps = &period->before,
        .figures = found->steps_before,
        .decimals = meter->decimals,
        .grain = ask->grain,
        .zone = &ask->zone,
    };
}

/* Settings and site may change while the question is under way: what is needed of them is copied.
 */
static void take_settings(struct energy_ask *ask, const struct site *site,
                          const struct config *config)
{
    struct energy_answer *answer = &ask->answer;
    answer->meters = energy_meters_of(site, config);
    struct arena *arena = answer->meters.arena;
    answer->tariffs = tariff_book_read(arena, config);
    answer->currency = answer->tariffs.count ? answer->tariffs.list[0].currency : "";
    ask->groups.count = config_count(config, &energy_settings_table);
    ask->groups.list = arena_take(arena, (ask->groups.count + 1) * sizeof *ask->groups.list);
    for (size_t i = 0; i < ask->groups.count; i++)
        ask->groups.list[i] = energy_group_of(&answer->meters, config, i);
    if (ask->question.group)
        ask->question.group = arena_text(arena, ask->question.group);
    if (ask->question.meter)
        ask->question.meter = arena_text(arena, ask->question.meter);
}

static int prepare(struct energy_ask *ask, const struct site *site, const struct config *config,
                   struct err *err)
{
    struct energy_answer *answer = &ask->answer;
    energy_period_of(&answer->period, ask->question.span, ask->question.by_days, ask->question.at,
                     ask->question.now);
    answer->by = ask->question.by;
    answer->now = ask->question.now;
    take_settings(ask, site, config);
    ask->grain = tariff_grain(&answer->tariffs);
    ask->found = calloc(answer->meters.count + 1, sizeof *ask->found);
    if (!ask->found)
        return err_set(err, -ENOMEM, "there is no memory for this question");
    if (energy_rows_want(&answer->meters, &ask->groups, &ask->question, ask->found, err) < 0)
        return err->code;
    for (size_t i = 0; i < answer->meters.count; i++) {
        if (ask->found[i].wanted)
            prepare_meter(ask, i);
    }
    return 0;
}

struct energy_ask *energy_ask(struct loop *loop, struct history *history, const struct site *site,
                              const struct config *config, const struct energy_question *question,
                              energy_done_fn *done, void *user, struct err *err)
{
    /* names, groups and prices are put together as for the settings: without refusals */
    struct energy_ask *ask = mem_reserve() ? calloc(1, sizeof *ask) : NULL;
    if (!ask) {
        err_set(err, -ENOMEM, "there is no memory for this question");
        return NULL;
    }
    ask->history = history;
    ask->question = *question;
    ask->done = done;
    ask->user = user;
    ask->start = LOOP_DEFER_EMPTY;
    for (size_t i = 0; i < STREAMS; i++)
        ask->streams[i].ask = ask;
    if (prepare(ask, site, config, err) < 0)
        return energy_ask_cancel(ask);
    loop_defer(loop, &ask->start, on_start, ask);
    return ask;
}

bool energy_standing(const struct energy_answer *answer, enum energy_medium medium, clock_us from,
                     clock_us to, int64_t *micro)
{
    *micro = 0;
    return to > from && tariff_standing(&answer->tariffs, medium, schedule_time_day(from),
                                        schedule_time_day(to - 1) + 1, micro);
}
