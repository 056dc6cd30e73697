#include "face/energy_json.h"

#include <string.h>

#include "base/json.h"
#include "base/time_text.h"
#include "face/energy_text.h"

/* Money is shown to the cent by whoever shows it; here it stays good for sums. */
#define MONEY_DECIMALS 6
/* Some seconds of the hour that is not over do not make a gap. */
#define GOOD_SHARE 0.9999

/* ---- amounts --------------------------------------------------------------------------------- */

static void put_number(struct json *json, const char *text)
{
    if (*text)
        json_raw(json, text, strlen(text));
    else
        json_none(json);
}

static void pair_number(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    put_number(json, text);
}

static void pair_used(struct json *json, const char *key, const struct energy_row *row,
                      const struct energy_figure *figure)
{
    char text[ENERGY_TEXT_SIZE];
    energy_text_used(row, figure, text);
    pair_number(json, key, text);
}

static void pair_cost(struct json *json, const char *key, const struct energy_row *row,
                      const struct energy_figure *figure)
{
    char text[ENERGY_TEXT_SIZE];
    energy_text_cost(row, figure, MONEY_DECIMALS, text);
    pair_number(json, key, text);
}

static void pair_co2(struct json *json, const char *key, const struct energy_row *row,
                     const struct energy_figure *figure)
{
    char text[ENERGY_TEXT_SIZE];
    energy_text_co2(row, figure, MONEY_DECIMALS, text);
    pair_number(json, key, text);
}

static void pair_time(struct json *json, const char *key, clock_us wall)
{
    json_pair_int(json, key, wall / CLOCK_S);
}

/* How much of what was used has a price that is known. */
static void pair_priced(struct json *json, const struct energy_figure *figure)
{
    json_key(json, "cost_covered");
    if (!figure->costed)
        json_none(json);
    else
        json_decimal(json, figure->used ? (double)figure->priced / (double)figure->used : 1, 6);
}

static const char *quality_of(const struct energy_figure *figure, double covered)
{
    return !figure->known ? "missing" : covered >= GOOD_SHARE ? "good" : "partly";
}

/* What rows and totals have in common. */
static void write_figures(struct json *json, const struct energy_answer *answer,
                          const struct energy_row *row)
{
    const struct energy_period *period = &answer->period;
    double covered = energy_text_covered(row, &row->used, period->from, period->until);
    pair_used(json, "used", row, &row->used);
    pair_used(json, "before", row, &row->before);
    pair_used(json, "before_full", row, &row->before_full);
    json_pair_text(json, "quality", quality_of(&row->used, covered));
    json_key(json, "covered");
    json_decimal(json, covered, 6);
    json_key(json, "before_covered");
    json_decimal(json,
                 energy_text_covered(row, &row->before, period->before_from, period->before_to), 6);
    pair_cost(json, "cost", row, &row->used);
    pair_cost(json, "cost_before", row, &row->before);
    pair_cost(json, "cost_before_full", row, &row->before_full);
    pair_priced(json, &row->used);
    pair_co2(json, "co2_kg", row, &row->used);
    pair_co2(json, "co2_before_kg", row, &row->before);
    char text[ENERGY_TEXT_SIZE] = "";
    if (row->exports)
        energy_text(row->exported, row->decimals, row->decimals, text);
    pair_number(json, "exported", text);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void write_row(struct json *json, const struct energy_answer *answer,
                      const struct energy_row *row)
{
    json_open_object(json);
    json_pair_text(json, "id", row->id);
    json_pair_text(json, "name", row->label);
    json_pair_text(json, "medium", energy_medium_names[row->medium]);
    json_pair_text(json, "unit", row->unit);
    json_pair_text(json, "point", row->point);
    json_pair_text(json, "within", row->within);
    json_key(json, "members");
    json_open_array(json);
    for (size_t i = 0; row->members[i]; i++)
        json_text(json, row->members[i]);
    json_close_array(json);
    json_pair_text(json, "problem", *row->problem ? row->problem : NULL);
    write_figures(json, answer, row);
    json_close_object(json);
}

static void pair_standing(struct json *json, const char *key, const struct energy_answer *answer,
                          enum energy_medium medium, clock_us from, clock_us to)
{
    char text[ENERGY_TEXT_SIZE] = "";
    int64_t micro;
    if (energy_standing(answer, medium, from, to, &micro))
        energy_text(micro, 6, MONEY_DECIMALS, text);
    pair_number(json, key, text);
}

static void write_total(struct json *json, const struct energy_answer *answer,
                        const struct energy_row *row)
{
    const struct energy_period *period = &answer->period;
    json_open_object(json);
    json_pair_text(json, "medium", energy_medium_names[row->medium]);
    json_pair_text(json, "unit", row->unit);
    write_figures(json, answer, row);
    pair_standing(json, "standing", answer, row->medium, period->from, period->until);
    pair_standing(json, "standing_before", answer, row->medium, period->before_from,
                  period->before_to);
    json_close_object(json);
}

/* ---- bars ------------------------------------------------------------------------------------ */

/* One figure of a row in one step. */
typedef void put_step_fn(struct json *json, const struct energy_answer *answer,
                         const struct energy_row *row, size_t step);

static void put_step_used(struct json *json, const struct energy_answer *answer,
                          const struct energy_row *row, size_t step)
{
    char text[ENERGY_TEXT_SIZE];
    (void)answer;
    energy_text_used(row, &row->steps[step], text);
    put_number(json, text);
}

/* The period before may have fewer steps: February against March. */
static void put_step_before(struct json *json, const struct energy_answer *answer,
                            const struct energy_row *row, size_t step)
{
    char text[ENERGY_TEXT_SIZE] = "";
    if (step < answer->period.before.count)
        energy_text_used(row, &row->steps_before[step], text);
    put_number(json, text);
}

static void put_step_cost(struct json *json, const struct energy_answer *answer,
                          const struct energy_row *row, size_t step)
{
    char text[ENERGY_TEXT_SIZE];
    (void)answer;
    energy_text_cost(row, &row->steps[step], MONEY_DECIMALS, text);
    put_number(json, text);
}

/* Of the running step, the share of what has passed of it. */
static void put_step_covered(struct json *json, const struct energy_answer *answer,
                             const struct energy_row *row, size_t step)
{
    const struct energy_period *period = &answer->period;
    clock_us from = period->steps.at[step], to = period->steps.at[step + 1];
    if (to > period->until)
        to = period->until;
    json_decimal(json, from < to ? energy_text_covered(row, &row->steps[step], from, to) : 0, 6);
}

static void write_step(struct json *json, const struct energy_answer *answer, size_t step)
{
    static const struct {
        const char *key;
        put_step_fn *put;
        bool totals; /* one for each total, else for each row */
    } figures[] = {
        {"used", put_step_used, false},
        {"before", put_step_before, false},
        {"cost", put_step_cost, false},
        {"covered", put_step_covered, false},
        {"totals", put_step_used, true},
        {"totals_before", put_step_before, true},
        {"totals_covered", put_step_covered, true},
    };
    const struct energy_period *period = &answer->period;
    json_open_object(json);
    pair_time(json, "from", period->steps.at[step]);
    pair_time(json, "to", period->steps.at[step + 1]);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        json_key(json, figures[i].key);
        json_open_array(json);
        for (size_t j = 0; !figures[i].totals && j < answer->row_count; j++)
            figures[i].put(json, answer, &answer->rows[j], step);
        for (size_t j = 0; figures[i].totals && j < MEDIUMS; j++) {
            if (answer->has_total[j])
                figures[i].put(json, answer, &answer->totals[j], step);
        }
        json_close_array(json);
    }
    json_close_object(json);
}

void energy_json_write(struct buf *out, const struct energy_answer *answer)
{
    static const char *const names[ENERGY_BYS] = {"meter", "group", "medium"};
    const struct energy_period *period = &answer->period;
    struct json json = json_writer(out);
    json_open_object(&json);
    json_pair_text(&json, "period", energy_span_name(period->span));
    json_pair_text(&json, "by", names[answer->by]);
    pair_time(&json, "from", period->from);
    pair_time(&json, "to", period->to);
    pair_time(&json, "now", answer->now);
    pair_time(&json, "before_from", period->before_from);
    pair_time(&json, "before_to", period->before_to);
    pair_time(&json, "before_full_to", period->from);
    json_pair_text(&json, "currency", *answer->currency ? answer->currency : NULL);
    json_key(&json, "rows");
    json_open_array(&json);
    for (size_t i = 0; i < answer->row_count; i++)
        write_row(&json, answer, &answer->rows[i]);
    json_close_array(&json);
    json_key(&json, "totals");
    json_open_array(&json);
    for (int i = 0; i < MEDIUMS; i++) {
        if (answer->has_total[i])
            write_total(&json, answer, &answer->totals[i]);
    }
    json_close_array(&json);
    json_key(&json, "steps");
    json_open_array(&json);
    for (size_t i = 0; i < period->steps.count; i++)
        write_step(&json, answer, i);
    json_close_array(&json);
    json_close_object(&json);
}

/* ---- a year by days -------------------------------------------------------------------------- */

static void write_day(struct json *json, const struct energy_answer *answer,
                      const struct energy_row *row, size_t day)
{
    const struct energy_period *period = &answer->period;
    const struct energy_figure *figure = &row->steps[day];
    clock_us from = period->steps.at[day], to = period->steps.at[day + 1];
    char date[TIME_TEXT_SIZE];
    time_text_format_local(from, date);
    date[10] = '\0'; /* 2026-01-31 */
    json_open_object(json);
    json_pair_text(json, "date", date);
    pair_used(json, "used", row, figure);
    pair_cost(json, "cost", row, figure);
    json_key(json, "covered");
    json_decimal(
        json, energy_text_covered(row, figure, from, to < period->until ? to : period->until), 6);
    json_close_object(json);
}

void energy_json_calendar(struct buf *out, const struct energy_answer *answer)
{
    const struct energy_period *period = &answer->period;
    const struct energy_row *row = &answer->rows[0];
    struct json json = json_writer(out);
    char year[TIME_TEXT_SIZE];
    time_text_format_local(period->from, year);
    json_open_object(&json);
    json_pair_text(&json, "id", row->id);
    json_pair_text(&json, "name", row->label);
    json_pair_text(&json, "medium", energy_medium_names[row->medium]);
    json_pair_text(&json, "unit", row->unit);
    json_pair_text(&json, "currency", *answer->currency ? answer->currency : NULL);
    json_key(&json, "year");
    json_raw(&json, year, 4);
    json_key(&json, "days");
    json_open_array(&json);
    for (size_t i = 0; i < period->steps.count && period->steps.at[i] < period->until; i++)
        write_day(&json, answer, row, i);
    json_close_array(&json);
    json_close_object(&json);
}

/* ---- a table --------------------------------------------------------------------------------- */

/* "2026-01-31 14:00:00", which spreadsheets take for a time, in the site's zone. */
static void put_time(struct csv *csv, clock_us wall)
{
    char text[TIME_TEXT_SIZE];
    time_text_format_local(wall, text);
    text[10] = ' ';
    text[19] = '\0';
    csv_text(csv, text);
}

static void put_step(struct csv *csv, const struct energy_answer *answer,
                     const struct energy_row *row, size_t step)
{
    const struct energy_period *period = &answer->period;
    const struct energy_figure *figure = &row->steps[step];
    clock_us from = period->steps.at[step], to = period->steps.at[step + 1];
    char text[ENERGY_TEXT_SIZE];
    put_time(csv, from);
    put_time(csv, to);
    csv_text(csv, row->id);
    csv_text(csv, row->label);
    csv_text(csv, energy_medium_names[row->medium]);
    csv_text(csv, row->unit);
    energy_text_used(row, figure, text);
    csv_digits(csv, text);
    energy_text_cost(row, figure, MONEY_DECIMALS, text);
    csv_digits(csv, text);
    csv_text(csv, answer->currency);
    energy_text_co2(row, figure, MONEY_DECIMALS, text);
    csv_digits(csv, text);
    text[0] = '\0';
    if (step < period->before.count)
        energy_text_used(row, &row->steps_before[step], text);
    csv_digits(csv, text);
    csv_decimal(csv,
                energy_text_covered(row, figure, from, to < period->until ? to : period->until), 6);
    csv_end_row(csv);
}

void energy_json_table(struct csv *csv, const struct energy_answer *answer)
{
    static const char *const heads[] = {"from", "to",   "id",       "name",   "medium", "unit",
                                        "used", "cost", "currency", "co2_kg", "before", "covered"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        csv_text(csv, heads[i]);
    csv_end_row(csv);
    for (size_t i = 0; i < answer->row_count; i++) {
        for (size_t j = 0; j < answer->period.steps.count; j++) {
            if (answer->period.steps.at[j] < answer->period.until)
                put_step(csv, answer, &answer->rows[i], j);
        }
    }
}
