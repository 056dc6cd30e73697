#include "face/mail_energy.h"

#include <stdio.h>
#include <stdlib.h>

#include "face/energy_text.h"

#define MONEY_DECIMALS 2

struct mail_energy {
    struct energy_ask *week, *month;
    struct mail_energy_rows rows;
    struct mail_energy_rows later; /* of the month, which stand below those of the week */
    void (*done)(void *user, const struct mail_energy_rows *rows);
    void *user;
};

/* ---- the words ------------------------------------------------------------------------------- */

/* "12.345 kWh, 3.21 EUR, 4.7 kg of CO2" */
static void put_figure(struct buf *out, const struct energy_answer *answer,
                       const struct energy_row *row, const struct energy_figure *figure)
{
    char text[ENERGY_TEXT_SIZE];
    energy_text_used(row, figure, text);
    buf_add_format(out, "%s %s", *text ? text : "not", *text ? row->unit : "known");
    energy_text_cost(row, figure, MONEY_DECIMALS, text);
    if (*text)
        buf_add_format(out, ", %s %s", text, answer->currency);
    if (*text && figure->priced != figure->used)
        buf_add_text(out, " for what has a known price");
    energy_text_co2(row, figure, 1, text);
    if (*text)
        buf_add_format(out, ", %s kg of CO2", text);
}

static void add_row(struct mail_energy_rows *rows, const struct energy_answer *answer,
                    const struct energy_row *row)
{
    const struct energy_period *period = &answer->period;
    const char *span = energy_span_name(period->span);
    struct buf value = BUF_EMPTY;
    if (rows->count == MAIL_ENERGY_ROWS)
        return;
    struct mail_energy_row *to = &rows->list[rows->count++];
    snprintf(to->name, sizeof to->name, "This %s, %.80s", span, row->label);
    put_figure(&value, answer, row, &row->used);
    double covered = energy_text_covered(row, &row->used, period->from, period->until);
    if (row->used.known && covered < 0.995)
        buf_add_format(&value, ", readings for %.0f %% of the time", 100 * covered);
    if (row->before_full.known) {
        buf_add_format(&value, "; by then last %s ", span);
        put_figure(&value, answer, row, &row->before);
        buf_add_text(&value, "; in all of it ");
        put_figure(&value, answer, row, &row->before_full);
    }
    snprintf(to->value, sizeof to->value, "%s", buf_text(&value));
    buf_deinit(&value);
}

void mail_energy_add(struct mail_energy_rows *rows, const struct energy_answer *answer)
{
    for (int medium = 0; medium < MEDIUMS; medium++) {
        if (answer->has_total[medium])
            add_row(rows, answer, &answer->totals[medium]);
    }
    for (size_t i = 0; i < answer->row_count; i++)
        add_row(rows, answer, &answer->rows[i]);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void end(struct mail_energy *energy)
{
    if (energy->week || energy->month)
        return;
    for (size_t i = 0; i < energy->later.count && energy->rows.count < MAIL_ENERGY_ROWS; i++)
        energy->rows.list[energy->rows.count++] = energy->later.list[i];
    energy->done(energy->user, &energy->rows);
    free(energy);
}

static void on_week(void *user, const struct energy_answer *answer, const struct err *err)
{
    struct mail_energy *energy = user;
    (void)err;
    energy->week = NULL;
    if (answer)
        mail_energy_add(&energy->rows, answer);
    end(energy);
}

static void on_month(void *user, const struct energy_answer *answer, const struct err *err)
{
    struct mail_energy *energy = user;
    (void)err;
    energy->month = NULL;
    if (answer)
        mail_energy_add(&energy->later, answer);
    end(energy);
}

struct mail_energy *mail_energy_start(struct loop *loop, struct history *history,
                                      const struct site *site, const struct config *config,
                                      clock_us now,
                                      void (*done)(void *user, const struct mail_energy_rows *rows),
                                      void *user)
{
    struct mail_energy *energy = calloc(1, sizeof *energy);
    if (!energy)
        return NULL;
    struct energy_question question = {
        .span = ENERGY_WEEK, .by = ENERGY_BY_GROUP, .at = now, .now = now, .medium = -1};
    struct err err = ERR_EMPTY; /* without an answer nothing is said */
    energy->done = done;
    energy->user = user;
    energy->week = energy_ask(loop, history, site, config, &question, on_week, energy, &err);
    question.span = ENERGY_MONTH;
    energy->month = energy_ask(loop, history, site, config, &question, on_month, energy, &err);
    if (energy->week || energy->month)
        return energy;
    free(energy);
    return NULL;
}

struct mail_energy *mail_energy_cancel(struct mail_energy *energy)
{
    if (!energy)
        return NULL;
    energy_ask_cancel(energy->week);
    energy_ask_cancel(energy->month);
    free(energy);
    return NULL;
}
