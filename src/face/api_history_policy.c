/* What is recorded: now, no more, and what a choice of settings would come to. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/history.h"
#include "engine/history_forecast.h"
#include "engine/history_rules.h"
#include "face/api_operations.h"
#include "face/json_body.h"
#include "face/request_event.h"
#include "face/web_private.h"

#define TEXT_MOST 256

struct paths {
    const char *list[LIMIT_HISTORY_PATHS];
    size_t count;
};

/* None is all of them; false when answered. */
static bool read_paths(struct request *request, struct paths *paths)
{
    paths->count = request_query_list(request, "path", paths->list, LIMIT_HISTORY_PATHS);
    if (paths->count <= LIMIT_HISTORY_PATHS)
        return true;
    request_problem(request, 400, "bad-parameter", "Too many paths", "At most %d paths at once.",
                    LIMIT_HISTORY_PATHS);
    return false;
}

/* ---- append now ------------------------------------------------------------------------------ */

static void answer_appended(struct request *request, struct history *history, size_t points,
                            enum time_form form)
{
    struct history_status status = history_status(history);
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    json_pair_int(&json, "points", (int64_t)points);
    json_key(&json, "time");
    time_form_add(&json, loop_wall(request->web->context.loop), form);
    json_pair_text(&json, "problem", status.ok ? NULL : status.problem);
    json_close_object(&json);
    request_answer_json(request, &body);
}

void api_history_append(struct request *request)
{
    struct history *history = request_history(request);
    struct paths paths;
    enum time_form form;
    if (!history || !read_paths(request, &paths) || !request_time_form(request, &form))
        return;
    if (!history_settings_now(history)->enabled) {
        request_problem(request, 409, "history-off", "Recording is switched off",
                        "Switch history.enabled on first.");
        return;
    }
    size_t points = history_append(history, paths.list, paths.count);
    if (points == 0)
        request_problem(request, 404, "no-such-point", "Nothing is recorded there",
                        "No point that is recorded lies at or below %s.",
                        paths.count ? paths.list[0] : "this site");
    else
        answer_appended(request, history, points, form);
}

/* ---- clear ----------------------------------------------------------------------------------- */

/* Who waits for it; the work goes on when nobody does any more. */
struct clearing {
    struct request *request;
};

static void on_cleared(void *user, int result, const struct err *err)
{
    struct clearing *clearing = user;
    if (clearing->request && result < 0)
        request_problem(clearing->request, result == -ECANCELED ? 503 : 500, "not-saved",
                        "The history was not cleared", "%s.", err->text);
    else if (clearing->request)
        request_answer_empty(clearing->request, 204);
    free(clearing);
}

static void on_gone(void *user)
{
    ((struct clearing *)user)->request = NULL;
}

/* For the journal, before anything is gone. */
static void note(const struct request *request, const struct paths *paths)
{
    struct buf sentence = BUF_EMPTY;
    buf_add_text(&sentence, "clears the history of ");
    buf_add_text(&sentence, paths->count ? "" : "all points");
    for (size_t i = 0; i < paths->count; i++)
        buf_add_format(&sentence, "%s%.100s", i ? ", " : "", paths->list[i]);
    request_event(request,
                  &(struct event){.kind = EVENT_HISTORY_CLEARED,
                                  .object = paths->count ? paths->list[0] : "history"},
                  "%s", buf_text(&sentence));
    buf_deinit(&sentence);
}

void api_history_clear(struct request *request)
{
    struct history *history = request_history(request);
    struct paths paths;
    struct err err = ERR_EMPTY;
    if (!history || !read_paths(request, &paths))
        return;
    struct clearing *clearing = malloc(sizeof *clearing);
    if (!clearing) {
        request_answer_response(request, 503, NULL);
        return;
    }
    clearing->request = request;
    int result = history_clear(history, paths.list, paths.count, on_cleared, clearing, &err);
    if (result < 0) {
        free(clearing);
        request_problem(request, result == -ENOENT ? 404 : 503,
                        result == -ENOENT ? "no-such-point" : "busy", "The history is as it was",
                        "%s.", err.text);
        return;
    }
    note(request, &paths);
    request_wait(request, on_gone, clearing);
}

/* ---- the forecast ---------------------------------------------------------------------------- */

/* A choice as somebody is typing it: what is no value yet is told beside the forecast, which goes
 * by the rest. */
struct draft {
    struct history_settings settings;
    struct history_rules rules;
    struct buf mistakes; /* members of a JSON array */
    struct json json;
};

static void mistake(struct draft *draft, const char *rule, const char *key, const char *sentence)
{
    struct buf whole = BUF_EMPTY;
    if (rule)
        buf_add_format(&whole, "history_rules.%.80s%s%s", rule, key ? "." : "", key ? key : "");
    else
        buf_add_format(&whole, "history.%s", key);
    json_open_object(&draft->json);
    json_pair_text(&draft->json, "key", buf_text(&whole));
    json_pair_text(&draft->json, "error", sentence);
    json_close_object(&draft->json);
    buf_deinit(&whole);
}

/* Read the member of `row`, when it is there, into `record`; texts go to `text` (TEXT_MOST bytes),
 * which must live as long as the record. */
static void read_row(struct draft *draft, const char *rule, const struct setting_row *row,
                     const json_t *object, char *text, void *record)
{
    const json_t *value = json_object_get(object, row->key);
    struct err err = ERR_EMPTY;
    if (!value || json_is_null(value))
        return;
    if (json_body_scalar(value, text, TEXT_MOST) < 0)
        mistake(draft, rule, row->key, "must be a single short value");
    else if (setting_parse(row, text, record, &err) < 0)
        mistake(draft, rule, row->key, err.text);
}

static void read_settings(struct draft *draft, const json_t *body)
{
    char text[TEXT_MOST];
    for (size_t i = 0; i < history_settings_table.row_count; i++)
        read_row(draft, NULL, &history_settings_table.rows[i], body, text, &draft->settings);
}

static void read_rule(struct draft *draft, const char *name, const json_t *object)
{
    enum { ROWS = 8 };
    const struct setting_table *table = &history_rules_table;
    struct history_rule_settings settings = {.points = "", .every = ""};
    char texts[ROWS][TEXT_MOST];
    const char *key;
    struct err err = ERR_EMPTY;
    for (size_t i = 0; i < table->row_count && i < ROWS; i++)
        read_row(draft, name, &table->rows[i], object, texts[i], &settings);
    if (history_rules_add(&draft->rules, name, &settings, &key, &err) < 0)
        mistake(draft, name, key, err.text);
}

/* `rules` is an object of names; false when answered. */
static bool read_rules(struct request *request, struct draft *draft, json_t *body)
{
    json_t *rules = json_object_get(body, "rules"), *rule;
    const char *name;
    if (rules && !json_is_object(rules)) {
        request_problem(request, 400, "bad-member", "A member has the wrong form",
                        "\"rules\" must be an object of rules by their names.");
        return false;
    }
    json_object_foreach(rules, name, rule)
    {
        if (json_is_object(rule))
            read_rule(draft, name, rule);
        else
            mistake(draft, name, NULL, "must be an object");
    }
    return true;
}

static void pair_number(struct json *json, const char *key, double number, int decimals, bool known)
{
    json_key(json, key);
    if (known)
        json_decimal(json, number, decimals);
    else
        json_none(json);
}

static void write_rules(struct json *json, const struct history_rules *rules,
                        const struct history_rule_use *uses)
{
    json_key(json, "rules");
    json_open_array(json);
    for (size_t i = 0; i < rules->count; i++) {
        json_open_object(json);
        json_pair_text(json, "name", rules->list[i].name);
        json_pair_int(json, "fits", (int64_t)uses[i].fits);
        json_pair_int(json, "counts", (int64_t)uses[i].counts);
        json_close_object(json);
    }
    json_close_array(json);
}

static void answer_forecast(struct request *request, const struct history *history,
                            struct draft *draft, const struct history_rule_use *uses,
                            const struct history_forecast *forecast)
{
    struct history_status status = history_status(history);
    bool records = forecast->bytes_per_day > 0;
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    json_pair_int(&json, "points", (int64_t)forecast->points);
    json_pair_int(&json, "kept_points", (int64_t)forecast->kept_points);
    pair_number(&json, "readings_per_day", forecast->readings_per_day, 0, true);
    pair_number(&json, "bytes_per_day", forecast->bytes_per_day, 0, true);
    pair_number(&json, "bytes_per_reading", forecast->bytes_per_reading, 2, true);
    json_pair_bool(&json, "measured", forecast->measured);
    json_pair_int(&json, "budget", (int64_t)forecast->budget);
    json_pair_int(&json, "used", (int64_t)status.bytes);
    pair_number(&json, "lasts_days", forecast->lasts_days, 1, records);
    pair_number(&json, "full_days", forecast->full_days, 1, records);
    pair_number(&json, "kept_bytes_per_year", forecast->kept_bytes_per_year, 0, true);
    write_rules(&json, &draft->rules, uses);
    json_key(&json, "mistakes");
    json_raw(&json, draft->mistakes.data, draft->mistakes.length);
    json_close_object(&json);
    body.failed |= draft->mistakes.failed;
    request_answer_json(request, &body);
}

static void foretell(struct request *request, const struct history *history, struct draft *draft)
{
    const struct history_choice choice = {
        .enabled = draft->settings.enabled,
        .every = draft->settings.every,
        .space = draft->settings.space,
        .rules = &draft->rules,
    };
    struct history_forecast forecast;
    struct history_rule_use uses[HISTORY_RULES_MOST];
    json_close_array(&draft->json);
    history_foretell(history, &choice, &forecast, uses);
    answer_forecast(request, history, draft, uses, &forecast);
}

void api_history_forecast(struct request *request)
{
    static const char *const keys[] = {"enabled", "every", "space", "rules", NULL};
    struct history *history = request_history(request);
    json_t *body = history ? json_body_take(request) : NULL;
    if (!body)
        return;
    struct draft draft = {.settings = *history_settings_now(history)};
    draft.json = json_writer(&draft.mistakes);
    json_open_array(&draft.json);
    if (json_body_known(request, body, keys) && read_rules(request, &draft, body)) {
        read_settings(&draft, body);
        foretell(request, history, &draft);
    }
    history_rules_deinit(&draft.rules);
    buf_deinit(&draft.mistakes);
    json_decref(body);
}
