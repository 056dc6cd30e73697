/* What was used, what it cost: /energy, /energy/calendar, /energy.csv (docs/energy.md). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time_text.h"
#include "engine/schedule_time.h"
#include "face/api_operations.h"
#include "face/energy_json.h"
#include "face/web_private.h"

/* Each reads with two threads; the others are for graphs. */
#define UNDERWAY_MOST 4

enum form { FORM_JSON, FORM_CALENDAR, FORM_TABLE };

/* A question under way; lives until it has been answered. */
struct asked {
    struct request *request;
    struct energy_ask *ask;
    enum form form;
    char separator, decimal;
};

/* ---- answering ------------------------------------------------------------------------------- */

static void answer_table(struct asked *asked, const struct energy_answer *answer)
{
    struct buf body = BUF_EMPTY;
    struct csv csv = csv_writer(&body, asked->separator, asked->decimal);
    char date[TIME_TEXT_SIZE], value[100];
    time_text_format_local(answer->period.from, date);
    snprintf(value, sizeof value, "attachment; filename=\"energy-%s-%.10s.csv\"",
             energy_span_name(answer->period.span), date);
    energy_json_table(&csv, answer);
    request_add_header(asked->request, "Content-Disposition", value);
    request_answer_take(asked->request, 200, "text/csv; charset=utf-8; header=present", &body);
}

static void answer_json(struct asked *asked, const struct energy_answer *answer)
{
    struct buf body = BUF_EMPTY;
    if (asked->form == FORM_CALENDAR)
        energy_json_calendar(&body, answer);
    else
        energy_json_write(&body, answer);
    request_answer_json(asked->request, &body);
}

static void on_done(void *user, const struct energy_answer *answer, const struct err *err)
{
    struct asked *asked = user;
    asked->request->web->energies--;
    if (!answer)
        request_problem(asked->request, 503, "history-unavailable",
                        "The past cannot be read at the moment", "%s.", err->text);
    else if (asked->form == FORM_TABLE)
        answer_table(asked, answer);
    else
        answer_json(asked, answer);
    free(asked);
}

static void on_gone(void *job)
{
    struct asked *asked = job;
    asked->request->web->energies--;
    energy_ask_cancel(asked->ask);
    free(asked);
}

/* ---- the question ---------------------------------------------------------------------------- */

static bool refuse(struct request *request, const char *sentence)
{
    request_problem(request, 400, "bad-parameter", "Bad parameter", "%s", sentence);
    return false;
}

/* One of `names`; the first when it is not given, -1 when it is none. */
static int find_word(const char *text, const char *const *names)
{
    int i = 0;
    if (!text || !*text)
        return 0;
    while (names[i] && strcmp(names[i], text) != 0)
        i++;
    return names[i] ? i : -1;
}

/* "2026-11-21" in the site's zone: its noon, which lies in that day whatever the clocks do. */
static bool read_date(const char *text, clock_us *wall)
{
    char utc[TIME_TEXT_SIZE];
    clock_us midnight;
    if (strlen(text) != 10)
        return false;
    snprintf(utc, sizeof utc, "%sT00:00:00Z", text);
    if (time_text_parse(utc, 0, &midnight) < 0 || midnight < 0)
        return false;
    *wall = schedule_time_moment(midnight / CLOCK_S / SCHEDULE_DAY_S, SCHEDULE_DAY_S / 2);
    return true;
}

static bool read_question(struct request *request, struct energy_question *question)
{
    static const char *const bys[] = {"meter", "group", "medium", NULL};
    const char *period = request_query(request, "period"), *at = request_query(request, "at");
    const char *medium = request_query(request, "medium");
    int span = energy_span_find(period && *period ? period : "month");
    int by = find_word(request_query(request, "by"), bys);
    int which = find_word(medium, energy_medium_names);
    if (span < 0)
        return refuse(request, "period is one of day, week, month, year.");
    if (by < 0)
        return refuse(request, "by is one of meter, group, medium.");
    if (which < 0)
        return refuse(request, "medium is one of electricity, water, gas, heat.");
    if (at && *at && !read_date(at, &question->at))
        return refuse(request, "at is a day of the period, as in 2026-01-31.");
    question->span = (enum energy_span)span;
    question->by = (enum energy_by)by;
    question->medium = medium && *medium ? which : -1;
    question->group = request_query(request, "group");
    if (question->group && !*question->group)
        question->group = NULL;
    return true;
}

/* Of one meter or group: groups first, their names are chosen by people. */
static bool read_calendar(struct request *request, struct energy_question *question)
{
    const struct web_context *context = &request->web->context;
    const char *of = request_query(request, "of"), *year = request_query(request, "year");
    char date[16];
    if (!of || !*of)
        return refuse(request, "of is the id of a meter or of a group.");
    question->span = ENERGY_YEAR;
    question->by_days = true;
    question->alone = true;
    bool group = config_find(context->config(context->user), &energy_settings_table, of) >= 0;
    question->by = group ? ENERGY_BY_GROUP : ENERGY_BY_METER;
    *(group ? &question->group : &question->meter) = of;
    snprintf(date, sizeof date, "%.4s-07-01", year ? year : "");
    if (year && *year && (strlen(year) != 4 || !read_date(date, &question->at)))
        return refuse(request, "year is a year from 1970 on, as in 2026.");
    return true;
}

static bool read_table(struct request *request, struct asked *asked)
{
    static const char *const separators[] = {",", ";", "tab", NULL};
    static const char *const decimals[] = {".", ",", NULL};
    int separator = find_word(request_query(request, "separator"), separators);
    int decimal = find_word(request_query(request, "decimal"), decimals);
    if (separator < 0)
        return refuse(request, "separator is one of , ; tab.");
    if (decimal < 0)
        return refuse(request, "decimal is one of . ,.");
    asked->separator = separator == 2 ? '\t' : *separators[separator];
    asked->decimal = *decimals[decimal];
    return true;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void refuse_busy(struct request *request, const struct err *err)
{
    if (err->code == -ENOENT) {
        request_problem(request, 404, "not-found", "No such meter or group", "%s.", err->text);
        return;
    }
    request_add_header(request, "Retry-After", "1");
    request_problem(request, 503, "history-busy", "Too much is asked at once", "%s.", err->text);
}

static void start(struct request *request, struct history *history,
                  const struct energy_question *question, const struct asked *as)
{
    const struct web_context *context = &request->web->context;
    struct err err = ERR_EMPTY;
    struct asked *asked = malloc(sizeof *asked);
    if (!asked) {
        request_answer_response(request, 503, NULL);
        return;
    }
    *asked = *as;
    asked->ask = energy_ask(context->loop, history, context->site, context->config(context->user),
                            question, on_done, asked, &err);
    if (!asked->ask) {
        free(asked);
        refuse_busy(request, &err);
        return;
    }
    request->web->energies++;
    request_wait(request, on_gone, asked);
}

static void serve(struct request *request, enum form form)
{
    struct history *history = request_history(request);
    struct asked asked = {.request = request, .form = form};
    if (!history)
        return;
    clock_us now = loop_wall(request->web->context.loop);
    struct energy_question question = {.at = now, .now = now, .medium = -1};
    if (!(form == FORM_CALENDAR ? read_calendar(request, &question)
                                : read_question(request, &question)) ||
        (form == FORM_TABLE && !read_table(request, &asked)))
        return;
    if (request->web->energies >= UNDERWAY_MOST) {
        struct err err = ERR_EMPTY;
        err_set(&err, -EBUSY, "%d questions about energy are under way; try again", UNDERWAY_MOST);
        refuse_busy(request, &err);
        return;
    }
    start(request, history, &question, &asked);
}

void api_energy_show(struct request *request)
{
    serve(request, FORM_JSON);
}

void api_energy_calendar(struct request *request)
{
    serve(request, FORM_CALENDAR);
}

void api_energy_csv(struct request *request)
{
    serve(request, FORM_TABLE);
}
