#include "engine/export_task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "model/limits.h"

#define BUCKETS_AT_ONCE 65536 /* of all points: 3 MB */
#define ROWS_LEAST 32
/* The row before the first is looked for so far back, so that the first difference is right after a
 * night without power. */
#define SEED_SPAN (7 * 86400 * CLOCK_S)
#define SEED_STEP (86400 * CLOCK_S)
#define GROUPS_MOST (LIMIT_POINTS_PER_DEVICE / LIMIT_HISTORY_PATHS)

struct export_task {
    struct export_task_spec spec;
    char *folder, *device;
    char **paths;
    void (*done)(void *user, const struct export_task_result *result);
    void *user;
    bool cancelled, working;
    struct loop_defer start;
    struct export_file *file;

    bool seeding;
    clock_us from, to; /* of the piece */
    struct history_ask *ask;
    size_t groups; /* answered of this piece */
    struct history_answer *answers[GROUPS_MOST];
    struct history_series *series; /* of all answers, borrowed from them */

    struct export_task_result result;
};

/* ---- life ------------------------------------------------------------------------------------ */

static void drop_answers(struct export_task *task)
{
    while (task->groups > 0)
        history_answer_free(task->answers[--task->groups]);
}

static void free_task(struct export_task *task)
{
    drop_answers(task);
    export_file_free(task->file);
    for (size_t i = 0; task->paths && i < task->spec.path_count; i++)
        free(task->paths[i]);
    free(task->paths);
    free(task->series);
    free(task->folder);
    free(task->device);
    free(task);
}

void export_task_cancel(struct export_task *task)
{
    task->cancelled = true;
    if (task->ask)
        history_ask_cancel(task->ask);
    task->ask = NULL;
    loop_defer_cancel(&task->start);
    if (!task->working)
        free_task(task);
}

static void end(struct export_task *task)
{
    if (task->file)
        task->result.place = export_file_place(task->file);
    task->done(task->user, &task->result);
    free_task(task);
}

/* ---- on the pool ----------------------------------------------------------------------------- */

static void on_written(void *user);
static void on_finished(void *user);

static void work_write(void *user)
{
    struct export_task *task = user;
    if (file_make_folder(task->folder, 0750, &task->result.err) == 0)
        export_file_write(task->file, task->series, task->spec.path_count, &task->result.err);
}

static void work_finish(void *user)
{
    struct export_task *task = user;
    if (export_file_finish(task->file, &task->result.err) == 0)
        export_folder_tidy(task->folder, task->spec.quota, &task->result.facts, &task->result.err);
}

static void start_job(struct export_task *task, void (*work)(void *user), void (*done)(void *user))
{
    task->working = true;
    if (loop_job_start(task->spec.loop, work, done, task) == 0)
        return;
    task->working = false;
    err_set(&task->result.err, -ENOMEM, "no memory for a job");
    end(task);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void ask_group(struct export_task *task);

/* A bucket of a step may begin before the period where the zone's offset is not a multiple of it;
 * what it holds does not. */
static void join_answers(struct export_task *task)
{
    size_t at = 0;
    for (size_t i = 0; i < task->groups; i++) {
        const struct history_answer *answer = task->answers[i];
        for (size_t j = 0; j < answer->path_count; j++) {
            struct history_series *series = &answer->series[j];
            if (!task->seeding && series->count > 0 && series->buckets[0].time < task->from)
                series->buckets[0].time = task->from;
            task->series[at++] = *series;
        }
    }
}

static void on_answer(void *user, const struct history_answer *answer, const struct err *err)
{
    struct export_task *task = user;
    task->ask = NULL;
    struct history_answer *kept = answer ? history_answer_take(answer) : NULL;
    if (!kept) {
        task->result.err = *err;
        if (!err->code)
            err_set(&task->result.err, -ENOMEM, "no memory to keep an answer of history");
        end(task);
        return;
    }
    task->answers[task->groups++] = kept;
    if (task->groups * LIMIT_HISTORY_PATHS < task->spec.path_count) {
        ask_group(task);
        return;
    }
    join_answers(task);
    start_job(task, work_write, on_written);
}

static void ask_group(struct export_task *task)
{
    size_t first = task->groups * LIMIT_HISTORY_PATHS, left = task->spec.path_count - first;
    const struct history_question question = {
        .paths = (const char *const *)task->paths + first,
        .path_count = left < LIMIT_HISTORY_PATHS ? left : LIMIT_HISTORY_PATHS,
        .from = task->from,
        .to = task->to,
        .step = task->seeding ? SEED_STEP : task->spec.step,
    };
    task->ask = history_ask(task->spec.history, &question, on_answer, task, &task->result.err);
    if (!task->ask)
        end(task);
}

static clock_us piece_length(const struct export_task *task)
{
    size_t rows = BUCKETS_AT_ONCE / task->spec.path_count;
    if (rows < ROWS_LEAST)
        rows = ROWS_LEAST;
    if (rows > LIMIT_HISTORY_BUCKETS - 1)
        rows = LIMIT_HISTORY_BUCKETS - 1;
    return (clock_us)rows * task->spec.step;
}

static void next_piece(struct export_task *task)
{
    clock_us step = task->spec.step;
    task->from = task->seeding ? task->spec.place.begin : task->to;
    task->seeding = false;
    if (task->from >= task->spec.end) {
        start_job(task, work_finish, on_finished);
        return;
    }
    task->to = (task->from + piece_length(task)) / step * step; /* whole buckets but at the ends */
    if (task->to > task->spec.end)
        task->to = task->spec.end;
    ask_group(task);
}

static void on_written(void *user)
{
    struct export_task *task = user;
    task->working = false;
    if (task->cancelled) {
        free_task(task);
        return;
    }
    drop_answers(task);
    if (task->result.err.code)
        end(task);
    else
        next_piece(task);
}

static void on_finished(void *user)
{
    struct export_task *task = user;
    task->working = false;
    if (task->cancelled)
        free_task(task);
    else
        end(task);
}

/* ---- start ----------------------------------------------------------------------------------- */

static void on_start(struct loop_defer *defer, void *user)
{
    (void)defer;
    struct export_task *task = user;
    task->seeding = true;
    task->from = task->spec.place.begin - SEED_SPAN;
    task->to = task->spec.place.begin;
    ask_group(task);
}

static bool copy_spec(struct export_task *task)
{
    struct export_task_spec *spec = &task->spec;
    task->folder = strdup(spec->folder);
    task->device = strdup(spec->device);
    task->paths = calloc(spec->path_count, sizeof *task->paths);
    task->series = calloc(spec->path_count, sizeof *task->series);
    if (!task->folder || !task->device || !task->paths || !task->series)
        return false;
    for (size_t i = 0; i < spec->path_count; i++) {
        task->paths[i] = strdup(spec->paths[i]);
        if (!task->paths[i])
            return false;
    }
    spec->options.from = spec->place.begin;
    spec->options.time = HISTORY_CSV_SHEET;
    const struct export_name name =
        export_name_of(spec->device, spec->period_begin, spec->place.part);
    task->file = export_file_new(spec->folder, &name, &spec->options);
    return task->file;
}

struct export_task *
export_task_start(const struct export_task_spec *spec,
                  void (*done)(void *user, const struct export_task_result *result), void *user)
{
    struct export_task *task = calloc(1, sizeof *task);
    if (!task)
        return NULL;
    task->spec = *spec;
    task->done = done;
    task->user = user;
    task->start = LOOP_DEFER_EMPTY;
    if (!copy_spec(task)) {
        free_task(task);
        return NULL;
    }
    loop_defer(spec->loop, &task->start, on_start, task);
    return task;
}
