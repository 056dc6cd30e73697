#include "face/mail_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/history_csv.h"
#include "face/mail_code.h"
#include "model/limits.h"

#define GROUPS_MOST 16
#define POINTS_MOST (GROUPS_MOST * LIMIT_HISTORY_PATHS)
#define PIECE (64u << 10)

struct mail_table {
    struct loop *loop;
    struct history *history;
    char **paths;
    size_t path_count;
    clock_us from, to, step;
    struct history_csv_options options;
    void (*done)(void *user, struct mail_table_answer *answer);
    void *user;
    bool cancelled, working;
    struct loop_defer start;
    struct history_ask *ask;
    struct history_answer *answers[GROUPS_MOST];
    size_t groups; /* answered */
    struct buf csv, lines;
    char problem[240];
};

/* ---- life ------------------------------------------------------------------------------------ */

static void free_table(struct mail_table *table)
{
    for (size_t i = 0; i < table->groups; i++)
        history_answer_free(table->answers[i]);
    for (size_t i = 0; i < table->path_count; i++)
        free(table->paths[i]);
    free(table->paths);
    buf_deinit(&table->csv);
    buf_deinit(&table->lines);
    free(table);
}

void mail_table_cancel(struct mail_table *table)
{
    if (!table)
        return;
    table->cancelled = true;
    if (table->ask)
        history_ask_cancel(table->ask);
    table->ask = NULL;
    loop_defer_cancel(&table->start);
    if (!table->working)
        free_table(table);
}

static void end(struct mail_table *table)
{
    struct mail_table_answer answer = {.lines = table->lines, .problem = table->problem};
    table->lines = BUF_EMPTY;
    table->done(table->user, &answer);
    buf_deinit(&answer.lines);
    free_table(table);
}

static void fail(struct mail_table *table, const char *why)
{
    snprintf(table->problem, sizeof table->problem, "What was recorded is not attached: %.180s.",
             why);
    end(table);
}

/* ---- on the pool ----------------------------------------------------------------------------- */

static size_t join(const struct mail_table *table, struct history_series *series)
{
    size_t count = 0;
    for (size_t i = 0; i < table->groups; i++) {
        for (size_t j = 0; j < table->answers[i]->path_count; j++) {
            const struct history_series *one = &table->answers[i]->series[j];
            if (one->quantity != QUANTITY_NONE)
                series[count++] = *one;
        }
    }
    return count;
}

static void work(void *user)
{
    struct mail_table *table = user;
    struct history_series *series = calloc(table->path_count, sizeof *series);
    struct history_csv_place *places = calloc(table->path_count, sizeof *places);
    struct history_csv csv;
    if (series && places) {
        history_csv_begin(&csv, series, join(table, series), places, &table->options);
        bool more = true;
        while (more && table->csv.length < MAIL_TABLE_MOST && !table->csv.failed)
            more = history_csv_write(&csv, &table->csv, PIECE);
        if (more)
            snprintf(table->problem, sizeof table->problem,
                     "The attached table ends early: it may have %u MB. Choose fewer devices or a "
                     "longer csv_step.",
                     MAIL_TABLE_MOST >> 20);
        mail_code_base64(&table->lines, table->csv.data, table->csv.length);
    }
    if (!series || !places || table->csv.failed || table->lines.failed) {
        buf_deinit(&table->lines);
        snprintf(table->problem, sizeof table->problem,
                 "What was recorded is not attached: there is not enough memory.");
    }
    free(series);
    free(places);
}

static void on_worked(void *user)
{
    struct mail_table *table = user;
    table->working = false;
    if (table->cancelled)
        free_table(table);
    else
        end(table);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void ask_group(struct mail_table *table);

static void on_answer(void *user, const struct history_answer *answer, const struct err *err)
{
    struct mail_table *table = user;
    table->ask = NULL;
    struct history_answer *kept = answer ? history_answer_take(answer) : NULL;
    if (!kept) {
        fail(table, err && err->code ? err->text : "there is not enough memory");
        return;
    }
    table->answers[table->groups++] = kept;
    if (table->groups * LIMIT_HISTORY_PATHS < table->path_count) {
        ask_group(table);
        return;
    }
    table->working = true;
    if (loop_job_start(table->loop, work, on_worked, table) == 0)
        return;
    table->working = false;
    fail(table, "there is not enough memory");
}

static void ask_group(struct mail_table *table)
{
    struct err err = ERR_EMPTY;
    size_t first = table->groups * LIMIT_HISTORY_PATHS, left = table->path_count - first;
    const struct history_question question = {
        .paths = (const char *const *)table->paths + first,
        .path_count = left < LIMIT_HISTORY_PATHS ? left : LIMIT_HISTORY_PATHS,
        .from = table->from,
        .to = table->to,
        .step = table->step,
    };
    table->ask = history_ask(table->history, &question, on_answer, table, &err);
    if (!table->ask)
        fail(table, err.text);
}

static void on_start(struct loop_defer *defer, void *user)
{
    struct mail_table *table = user;
    (void)defer;
    if (table->path_count == 0)
        fail(table, "none of these devices has readings");
    else
        ask_group(table);
}

/* ---- start ----------------------------------------------------------------------------------- */

bool mail_table_has(const struct report_settings *settings, const char *device)
{
    const char *at = settings->devices, *name;
    size_t length = report_next_name(&at, &name);
    if (!length)
        return true;
    for (; length; length = report_next_name(&at, &name)) {
        if (strlen(device) == length && strncmp(device, name, length) == 0)
            return true;
    }
    return false;
}

static bool add_device(struct mail_table *table, const struct device *device, size_t most)
{
    for (const struct component *part = device->components; part; part = part->next) {
        for (const struct point *point = part->points; point; point = point->next) {
            if (quantity_row(point->quantity)->kind == QUANTITY_KIND_TEXT)
                continue;
            if (table->path_count == most) {
                snprintf(table->problem, sizeof table->problem,
                         "The attached table is not complete: it has the first %zu points. Choose "
                         "fewer devices or a longer csv_step.",
                         most);
                return true;
            }
            table->paths[table->path_count] = strdup(point->path);
            if (!table->paths[table->path_count])
                return false;
            table->path_count++;
        }
    }
    return true;
}

static bool add_points(struct mail_table *table, const struct site *site,
                       const struct report_settings *settings)
{
    size_t rows = (size_t)((table->to - table->from) / table->step) + 1;
    size_t most = MAIL_TABLE_BUCKETS / rows;
    most = most < 1 ? 1 : most > POINTS_MOST ? POINTS_MOST : most;
    table->paths = calloc(most, sizeof *table->paths);
    bool fine = table->paths;
    for (const struct device *device = site_devices(site); device && fine; device = device->next) {
        if (mail_table_has(settings, device->name))
            fine = add_device(table, device, most);
    }
    return fine;
}

struct mail_table *mail_table_start(struct loop *loop, struct history *history,
                                    const struct site *site, const struct report_settings *settings,
                                    clock_us from, clock_us to,
                                    void (*done)(void *user, struct mail_table_answer *answer),
                                    void *user)
{
    struct mail_table *table = calloc(1, sizeof *table);
    bool continental = settings->csv_format == 1;
    if (!table)
        return NULL;
    *table = (struct mail_table){
        .loop = loop,
        .history = history,
        .from = from,
        .to = to,
        .step = settings->csv_step,
        .options = {.columns = HISTORY_CSV_AVG | HISTORY_CSV_MIN | HISTORY_CSV_MAX,
                    .counter_columns = HISTORY_CSV_LAST | HISTORY_CSV_RISE,
                    .separator = continental ? ';' : ',',
                    .decimal = continental ? ',' : '.',
                    .time = HISTORY_CSV_SHEET,
                    .from = from},
        .done = done,
        .user = user,
        .start = LOOP_DEFER_EMPTY,
        .csv = {.limit = MAIL_TABLE_MOST + (2u << 20)},
    };
    if (!add_points(table, site, settings)) {
        free_table(table);
        return NULL;
    }
    loop_defer(loop, &table->start, on_start, table);
    return table;
}
