#include "engine/alarm_preview.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "engine/alarm_preview_replay.h"
#include "model/limits.h"

#define PAGE_ROWS 50000 /* of all points together: 3 MB */

/* What readings are gathered into when there are too many of them. */
static const clock_us steps[] = {10 * CLOCK_S,   60 * CLOCK_S,       300 * CLOCK_S,  900 * CLOCK_S,
                                 3600 * CLOCK_S, 4 * 3600 * CLOCK_S, 86400 * CLOCK_S};

struct alarm_preview {
    struct loop *loop;
    struct history *history;
    struct alarm_test tests[ALARM_PREVIEW_POINTS];
    char *paths[ALARM_PREVIEW_POINTS];
    size_t count;
    clock_us from, to, step;
    void (*done)(void *user, const struct alarm_preview_point *points, size_t count,
                 const struct err *err);
    void *user;
    struct history_ask *ask;       /* under way, or */
    struct history_answer *answer; /* the page that is being replayed: the pool's */
    clock_us asked_from;
    bool begun, cancelled;
    struct alarm_preview_replay replays[ALARM_PREVIEW_POINTS];
};

static void free_preview(struct alarm_preview *preview)
{
    history_answer_free(preview->answer);
    for (size_t i = 0; i < preview->count; i++) {
        alarm_preview_replay_deinit(&preview->replays[i]);
        free(preview->paths[i]);
    }
    free(preview);
}

static void finish(struct alarm_preview *preview, const struct err *err)
{
    struct alarm_preview_point points[ALARM_PREVIEW_POINTS];
    for (size_t i = 0; i < preview->count; i++)
        points[i] = preview->replays[i].point;
    preview->done(preview->user, err->code ? NULL : points, preview->count, err);
    free_preview(preview);
}

static void on_page(void *user, const struct history_answer *answer, const struct err *err);

static int ask_from(struct alarm_preview *preview, clock_us from, struct err *err)
{
    const struct history_question question = {
        .paths = (const char *const *)preview->paths,
        .path_count = preview->count,
        .from = from,
        .to = preview->to,
        .step = preview->step,
        .most = PAGE_ROWS / preview->count < LIMIT_HISTORY_BUCKETS ? PAGE_ROWS / preview->count
                                                                   : LIMIT_HISTORY_BUCKETS,
    };
    preview->asked_from = from;
    preview->ask = history_ask(preview->history, &question, on_page, preview, err);
    return preview->ask ? 0 : -EBUSY;
}

/* ---- a page on the pool ---------------------------------------------------------------------- */

/* Touches the page and the replays, which are the pool's until on_replayed(). */
static void replay_page(void *user)
{
    struct alarm_preview *preview = user;
    const struct history_answer *answer = preview->answer;
    bool last = answer->until >= preview->to;
    for (size_t i = 0; i < preview->count; i++) {
        struct alarm_preview_replay *one = &preview->replays[i];
        const struct history_series *series = &answer->series[i];
        if (!preview->begun)
            alarm_preview_replay_begin(one, preview->paths[i], &preview->tests[i], preview->step,
                                       preview->from, preview->to, series->buckets, series->count);
        alarm_preview_replay_rows(one, series->buckets, series->count);
        if (last)
            alarm_preview_replay_end(one);
    }
    preview->begun = true;
}

static bool has_failed(const struct alarm_preview *preview)
{
    for (size_t i = 0; i < preview->count; i++) {
        if (preview->replays[i].failed)
            return true;
    }
    return false;
}

static void on_replayed(void *user)
{
    struct alarm_preview *preview = user;
    struct err err = ERR_EMPTY;
    clock_us until = preview->answer->until;
    preview->answer = history_answer_free(preview->answer);
    if (preview->cancelled) {
        free_preview(preview);
        return;
    }
    if (has_failed(preview))
        err_set(&err, -ENOMEM, "no memory");
    else if (until < preview->to && until > preview->asked_from &&
             ask_from(preview, until, &err) == 0)
        return;
    finish(preview, &err);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* The first page of single readings shows how many there are: too many pages -> a step. */
static clock_us coarser(const struct alarm_preview *preview, clock_us until)
{
    clock_us span = preview->to - preview->from, done = until - preview->from;
    size_t i = 0, last = sizeof steps / sizeof *steps - 1;
    if (preview->step || preview->begun || done >= span / ALARM_PREVIEW_PAGES)
        return 0;
    clock_us rows = (clock_us)(PAGE_ROWS / preview->count) * (ALARM_PREVIEW_PAGES / 2);
    while (i < last && span / steps[i] > rows)
        i++;
    return steps[i];
}

static void on_page(void *user, const struct history_answer *answer, const struct err *err)
{
    struct alarm_preview *preview = user;
    struct err own = *err;
    preview->ask = NULL;
    clock_us step = answer ? coarser(preview, answer->until) : 0;
    if (step) {
        preview->step = step;
        if (ask_from(preview, preview->from, &own) == 0)
            return;
    } else if (answer) {
        preview->answer = history_answer_take(answer);
        if (preview->answer &&
            loop_job_start(preview->loop, replay_page, on_replayed, preview) == 0)
            return;
        err_set(&own, -ENOMEM, "no memory");
    }
    finish(preview, &own);
}

/* ---- life ------------------------------------------------------------------------------------ */

static bool copy_paths(struct alarm_preview *preview, const struct alarm_preview_wish *wish)
{
    for (size_t i = 0; i < wish->count; i++) {
        preview->tests[i] = wish->tests[i];
        preview->paths[i] = strdup(wish->paths[i]);
        if (!preview->paths[i])
            return false;
        preview->count++;
    }
    return true;
}

struct alarm_preview *alarm_preview_start(struct loop *loop, struct history *history,
                                          const struct alarm_preview_wish *wish,
                                          void (*done)(void *user,
                                                       const struct alarm_preview_point *points,
                                                       size_t count, const struct err *err),
                                          void *user, struct err *err)
{
    struct alarm_preview *preview = calloc(1, sizeof *preview);
    if (!preview || !copy_paths(preview, wish)) {
        err_set(err, -ENOMEM, "no memory");
    } else {
        preview->loop = loop;
        preview->history = history;
        preview->from = wish->from;
        preview->to = wish->to;
        preview->done = done;
        preview->user = user;
        if (ask_from(preview, preview->from, err) == 0)
            return preview;
    }
    if (preview)
        free_preview(preview);
    return NULL;
}

void alarm_preview_cancel(struct alarm_preview *preview)
{
    if (preview->ask) {
        history_ask_cancel(preview->ask);
        free_preview(preview);
    } else {
        preview->cancelled = true; /* the pool has it */
    }
}
