/* How often a rule would have fired, before it is saved. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/alarm_preview.h"
#include "engine/alarm_rule.h"
#include "face/api_operations.h"
#include "face/json_body.h"
#include "face/web_private.h"

#define ROWS_MOST 32
#define TEXT_MOST 4096
#define UNDERWAY_MOST 2

/* A rule as somebody is typing it: what is no value yet is told, and nothing is judged. */
struct draft {
    struct alarm_settings settings;
    char *texts[ROWS_MOST];
    struct arena *arena;
    struct alarm_rule rule;
    struct buf mistakes; /* members of a JSON array */
    struct json json;
};

/* One that is under way; lives until it has been answered. */
struct api_preview {
    struct request *request;
    struct alarm_preview *preview;
    enum time_form form;
    clock_us from, to;
    bool more;    /* the rule fits more points than were judged */
    bool by_gaps; /* lost contact, and ages */
};

/* ---- the rule -------------------------------------------------------------------------------- */

static void mistake(struct draft *draft, const char *key, const char *sentence)
{
    json_open_object(&draft->json);
    json_pair_text(&draft->json, "key", key);
    json_pair_text(&draft->json, "error", sentence);
    json_close_object(&draft->json);
}

/* What is given, else the default. */
static bool read_row(struct draft *draft, size_t index, const json_t *body)
{
    const struct setting_row *row = &alarm_settings_table.rows[index];
    const json_t *value = json_object_get(body, row->key);
    struct err err = ERR_EMPTY;
    if (!value || json_is_null(value)) {
        if (row->required)
            mistake(draft, row->key, "must be given");
        return !row->required &&
               setting_parse(row, row->initial ? row->initial : "", &draft->settings, &err) == 0;
    }
    draft->texts[index] = malloc(TEXT_MOST);
    if (!draft->texts[index] || json_body_scalar(value, draft->texts[index], TEXT_MOST) < 0) {
        mistake(draft, row->key, "must be a single value");
        return false;
    }
    if (setting_parse(row, draft->texts[index], &draft->settings, &err) == 0)
        return true;
    mistake(draft, row->key, err.text);
    return false;
}

/* False when there are mistakes. */
static bool read_rule(struct draft *draft, const json_t *body)
{
    const char *key = "points";
    struct err err = ERR_EMPTY;
    bool good = true;
    for (size_t i = 0; i < alarm_settings_table.row_count; i++)
        good &= read_row(draft, i, body);
    draft->arena = arena_new();
    if (!good ||
        alarm_rule_parse(&draft->rule, draft->arena, "preview", &draft->settings, &key, &err) == 0)
        return good;
    mistake(draft, key, err.text);
    return false;
}

static void draft_deinit(struct draft *draft)
{
    for (size_t i = 0; i < ROWS_MOST; i++)
        free(draft->texts[i]);
    buf_deinit(&draft->mistakes);
    arena_free(draft->arena);
}

static bool check_known(struct request *request, const json_t *body)
{
    const char *keys[ROWS_MOST + 3] = {"from", "to"};
    for (size_t i = 0; i < alarm_settings_table.row_count; i++)
        keys[i + 2] = alarm_settings_table.rows[i].key;
    return json_body_known(request, body, keys);
}

/* ---- the points ------------------------------------------------------------------------------ */

struct choice {
    const char *paths[ALARM_PREVIEW_POINTS];
    struct alarm_test tests[ALARM_PREVIEW_POINTS];
    size_t count;
    bool more;
};

static void choose(struct choice *choice, const struct alarm_rule *rule, const struct point *point)
{
    struct alarm_test test;
    bool text = quantity_row(point->quantity)->kind == QUANTITY_KIND_TEXT; /* is not recorded */
    if (text || !alarm_rule_test(rule, point, &test))
        return;
    if (choice->count == ALARM_PREVIEW_POINTS) {
        choice->more = true;
        return;
    }
    choice->paths[choice->count] = point->path;
    choice->tests[choice->count++] = test;
}

/* A device is judged by the first of its points that is recorded. */
static void choose_device(struct choice *choice, const struct alarm_rule *rule,
                          const struct device *device)
{
    for (const struct component *part = device->components; part; part = part->next) {
        for (const struct point *point = part->points; point; point = point->next) {
            if (quantity_row(point->quantity)->kind != QUANTITY_KIND_GAUGE)
                continue;
            choose(choice, rule, point);
            return;
        }
    }
}

static void choose_all(struct choice *choice, const struct alarm_rule *rule,
                       const struct site *site)
{
    for (const struct device *device = site_devices(site); device; device = device->next) {
        if (rule->test.when == ALARM_LOST_CONTACT && alarm_rule_fits(rule, device->name))
            choose_device(choice, rule, device);
        for (const struct component *part = device->components; part; part = part->next) {
            for (const struct point *point = part->points; point; point = point->next) {
                if (alarm_rule_fits(rule, point->path))
                    choose(choice, rule, point);
            }
        }
    }
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void pair_time(struct json *json, const char *key, clock_us wall, enum time_form form)
{
    json_key(json, key);
    if (wall == CLOCK_NEVER)
        json_none(json);
    else
        time_form_add(json, wall, form);
}

static void pair_seconds(struct json *json, const char *key, clock_us us)
{
    json_key(json, key);
    json_decimal(json, (double)us / CLOCK_S, 3);
}

/* Of the time for which there are readings; an alarm goes on holding over a gap. */
static void pair_share(struct json *json, clock_us held, clock_us covered)
{
    double share = covered > 0 ? (double)held / (double)covered : 0;
    json_key(json, "share");
    if (covered > 0)
        json_decimal(json, share < 1 ? share : 1, 6);
    else
        json_none(json);
}

static void write_spans(struct json *json, const struct alarm_preview_point *point,
                        enum time_form form)
{
    json_key(json, "spans");
    json_open_array(json);
    for (size_t i = 0; i < point->span_count; i++) {
        json_open_object(json);
        pair_time(json, "from", point->spans[i].from, form);
        pair_time(json, "to", point->spans[i].to, form);
        json_key(json, "worst");
        json_decimal(json, point->spans[i].worst, 3);
        json_close_object(json);
    }
    json_close_array(json);
    json_pair_bool(json, "more", point->count > point->span_count);
}

static void write_point(struct json *json, const struct alarm_preview_point *point,
                        enum time_form form)
{
    json_open_object(json);
    json_pair_text(json, "path", point->path);
    json_pair_int(json, "count", point->count);
    pair_seconds(json, "held_s", point->held);
    pair_seconds(json, "covered_s", point->covered);
    pair_share(json, point->held, point->covered);
    pair_seconds(json, "resolution_s", point->resolution);
    json_pair_bool(json, "buckets", point->buckets);
    write_spans(json, point, form);
    json_close_object(json);
}

/* What a reader of the figures must know. */
static void write_notes(struct json *json, const struct api_preview *asked,
                        const struct alarm_preview_point *points, size_t count)
{
    bool buckets = false, empty = false;
    for (size_t i = 0; i < count; i++) {
        buckets |= points[i].buckets;
        empty |= points[i].covered == 0;
    }
    json_key(json, "notes");
    json_open_array(json);
    if (buckets)
        json_text(json, "Some of it is judged by the lowest, average and highest of so long "
                        "(resolution_s), not by single readings: trips that were shorter count as "
                        "longer, several within that time as one.");
    if (empty)
        json_text(json, "Of some points nothing was recorded in this time.");
    if (asked->by_gaps)
        json_text(json, "Judged by gaps in what was recorded, of three usual intervals at least; "
                        "gaps while this program did not run count too.");
    if (asked->more)
        json_text(json, "The rule is about more points than these: only the first are judged.");
    json_close_array(json);
}

static void write_head(struct json *json, const struct api_preview *asked)
{
    json_open_object(json);
    pair_time(json, "from", asked->from, asked->form);
    pair_time(json, "to", asked->to, asked->form);
}

static void write_tail(struct json *json, const struct api_preview *asked,
                       const struct buf *mistakes)
{
    json_pair_bool(json, "more", asked->more);
    json_key(json, "mistakes");
    json_raw(json, mistakes->data, mistakes->length);
    json_close_object(json);
    json->out->failed |= mistakes->failed;
}

static void answer_points(const struct api_preview *asked, const struct alarm_preview_point *points,
                          size_t count)
{
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    const struct buf none = {.data = (char[]){'[', ']'}, .length = 2};
    clock_us held = 0, covered = 0;
    int64_t trips = 0;
    for (size_t i = 0; i < count; i++) {
        trips += points[i].count;
        held += points[i].held;
        covered += points[i].covered;
    }
    write_head(&json, asked);
    json_pair_int(&json, "count", trips);
    pair_share(&json, held, covered);
    json_key(&json, "points");
    json_open_array(&json);
    for (size_t i = 0; i < count; i++)
        write_point(&json, &points[i], asked->form);
    json_close_array(&json);
    write_notes(&json, asked, points, count);
    write_tail(&json, asked, &none);
    request_answer_json(asked->request, &body);
}

/* There is nothing to count: the rule has mistakes, or is about no point that there is. */
static void answer_none(const struct api_preview *asked, const struct buf *mistakes,
                        const char *sentence)
{
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    write_head(&json, asked);
    json_key(&json, "count");
    json_none(&json);
    json_key(&json, "share");
    json_none(&json);
    json_key(&json, "points");
    json_open_array(&json);
    json_close_array(&json);
    json_key(&json, "notes");
    json_open_array(&json);
    if (sentence)
        json_text(&json, sentence);
    json_close_array(&json);
    write_tail(&json, asked, mistakes);
    request_answer_json(asked->request, &body);
}

/* ---- under way ------------------------------------------------------------------------------- */

static void on_done(void *user, const struct alarm_preview_point *points, size_t count,
                    const struct err *err)
{
    struct api_preview *asked = user;
    asked->request->web->previews--;
    if (points)
        answer_points(asked, points, count);
    else
        request_problem(asked->request, 503, "history-unavailable", "The past cannot be read",
                        "%s.", err->text);
    free(asked);
}

static void on_gone(void *job)
{
    struct api_preview *asked = job;
    asked->request->web->previews--;
    alarm_preview_cancel(asked->preview);
    free(asked);
}

/* False when answered. */
static bool read_time(struct request *request, const json_t *body, const char *key,
                      const char *usual, clock_us *wall)
{
    const char *text;
    if (!json_body_text(request, body, key, 60, false, &text))
        return false;
    if (time_form_parse(text ? text : usual, loop_wall(request->web->context.loop), wall) == 0)
        return true;
    request_problem(request, 400, "bad-member", "Bad time",
                    "%s is RFC 3339, seconds since 1970, now, or back from now like -24h or -7d.",
                    key);
    return false;
}

static bool read_span(struct request *request, const json_t *body, struct api_preview *asked)
{
    clock_us now = loop_wall(request->web->context.loop);
    if (!read_time(request, body, "from", "-14d", &asked->from) ||
        !read_time(request, body, "to", "now", &asked->to))
        return false;
    if (asked->to > now)
        asked->to = now;
    if (asked->from < asked->to)
        return true;
    request_problem(request, 400, "bad-member", "Empty span", "from must be before to.");
    return false;
}

static void judge(struct request *request, struct history *history, const struct api_preview *as,
                  const struct choice *choice)
{
    struct web *web = request->web;
    struct err err = ERR_EMPTY;
    struct api_preview *asked = malloc(sizeof *asked);
    if (!asked) {
        request_answer_response(request, 503, NULL);
        return;
    }
    *asked = *as;
    asked->preview =
        alarm_preview_start(web->context.loop, history,
                            &(struct alarm_preview_wish){choice->paths, choice->tests,
                                                         choice->count, asked->from, asked->to},
                            on_done, asked, &err);
    if (!asked->preview) {
        free(asked);
        request_add_header(request, "Retry-After", "1");
        request_problem(request, 503, "history-busy", "Too much is asked at once", "%s.", err.text);
        return;
    }
    web->previews++;
    request_wait(request, on_gone, asked);
}

static void preview(struct request *request, struct history *history, const json_t *body)
{
    struct api_preview asked = {.request = request};
    struct draft draft = {.arena = NULL};
    struct choice choice = {.count = 0};
    draft.json = json_writer(&draft.mistakes);
    if (!request_time_form(request, &asked.form) || !read_span(request, body, &asked))
        return;
    json_open_array(&draft.json);
    bool good = read_rule(&draft, body);
    json_close_array(&draft.json);
    if (good)
        choose_all(&choice, &draft.rule, request->web->context.site);
    asked.more = choice.more;
    asked.by_gaps =
        good && (draft.rule.test.when == ALARM_LOST_CONTACT || draft.rule.test.when == ALARM_OLDER);
    if (choice.count)
        judge(request, history, &asked, &choice);
    else
        answer_none(&asked, &draft.mistakes,
                    good ? "The rule is about no point that there is." : NULL);
    draft_deinit(&draft);
}

void api_alarm_rules_preview(struct request *request)
{
    struct history *history = request_history(request);
    if (!history)
        return;
    if (request->web->previews >= UNDERWAY_MOST) {
        request_add_header(request, "Retry-After", "1");
        request_problem(request, 503, "history-busy", "Too much is asked at once",
                        "%d previews are under way; try again.", UNDERWAY_MOST);
        return;
    }
    if (!mem_reserve()) { /* a rule is parsed as for the settings: without refusals */
        request_answer_response(request, 503, NULL);
        return;
    }
    json_t *body = json_body_take(request);
    if (body && check_known(request, body))
        preview(request, history, body);
    json_decref(body);
}
