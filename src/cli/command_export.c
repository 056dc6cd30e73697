#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/client.h"
#include "cli/sheet.h"

struct wish {
    const char *device, *path, *from, *to, *step, *format, *output;
};

struct export_run {
    struct client *client;
    struct sheet *sheet;
    const struct wish *wish;
    json_int_t from_ms, to_ms, step_ms; /* step 0: single readings */
    uint64_t rows;
};

/* ---- one point ------------------------------------------------------------------------------- */

/* An answer of at most 20,000 rows, so that neither side holds more than that. */
static json_t *ask_page(struct export_run *run, const char *path, json_int_t from, struct err *err)
{
    struct buf address = BUF_EMPTY;
    buf_add_text(&address, "/history?time=unix&path=");
    client_escape(&address, path);
    buf_add_format(&address, "&from=%" PRId64 ".%03d&to=%" PRId64 ".%03d", (int64_t)(from / 1000),
                   (int)(from % 1000), (int64_t)(run->to_ms / 1000), (int)(run->to_ms % 1000));
    if (run->step_ms)
        buf_add_format(&address, "&step=%" PRId64, (int64_t)(run->step_ms / 1000));
    else
        buf_add_text(&address, "&step=raw");
    json_t *answer = client_ask_json(run->client, "GET", buf_text(&address), NULL, err);
    buf_deinit(&address);
    return answer;
}

/* The rows of a page from the `skip`th on. Returns the last time in `*last` and how many rows of
 * the page have it in `*same`: a page may end between readings of the same millisecond. */
static int write_page(struct export_run *run, json_t *series, size_t skip, json_int_t *last,
                      size_t *same, struct err *err)
{
    const struct sheet_point point = {
        .path = client_text(series, "path"),
        .quantity = client_text(series, "quantity"),
        .unit = client_text(series, "unit"),
        .decimals = (int)json_integer_value(json_object_get(series, "decimals")),
    };
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(series, "rows"), index, row)
    {
        json_int_t time = json_integer_value(json_array_get(row, 0));
        double figures[SHEET_FIGURES];
        *same = time == *last ? *same + 1 : 1;
        *last = time;
        if (index < skip)
            continue;
        for (size_t i = 0; i < SHEET_FIGURES; i++)
            figures[i] = json_number_value(json_array_get(row, i + 1));
        if (sheet_row(run->sheet, &point, time, figures,
                      json_integer_value(json_array_get(row, SHEET_FIGURES + 1)), err) < 0)
            return err->code;
        run->rows++;
    }
    return 0;
}

static int export_point(struct export_run *run, const char *path, struct err *err)
{
    json_int_t from = run->from_ms;
    size_t skip = 0;
    for (bool more = true; more;) {
        json_t *answer = ask_page(run, path, from, err);
        if (!answer)
            return err->code;
        json_t *series = json_array_get(json_object_get(answer, "series"), 0);
        json_int_t last = INT64_MIN;
        size_t same = 0;
        int result = write_page(run, series, skip, &last, &same, err);
        more = json_is_true(json_object_get(series, "cut")) && last != INT64_MIN;
        /* a page full of one single millisecond would never end */
        more = more && (last > from || run->step_ms);
        from = run->step_ms ? last + run->step_ms : last;
        skip = run->step_ms ? 0 : same;
        json_decref(answer);
        if (result < 0)
            return result;
    }
    return 0;
}

/* ---- which points ---------------------------------------------------------------------------- */

/* The points that are there now; a path without "*" is taken as it is, since its device may be
 * gone. */
static json_t *find_paths(struct export_run *run, struct err *err)
{
    const struct wish *wish = run->wish;
    if (wish->path && !strchr(wish->path, '*'))
        return json_pack("[{s:s}]", "path", wish->path);
    struct buf address = BUF_EMPTY;
    buf_add_text(&address, "/points");
    if (wish->device || wish->path) {
        buf_add_format(&address, "?%s=", wish->device ? "device" : "path");
        client_escape(&address, wish->device ? wish->device : wish->path);
    }
    json_t *points = client_ask_json(run->client, "GET", buf_text(&address), NULL, err);
    buf_deinit(&address);
    if (points && json_array_size(points) == 0) {
        err_set(err, -1,
                "there is no such point; `busbar get` lists them, and --path names one of "
                "a device that is gone");
        json_decref(points);
        return NULL;
    }
    return points;
}

/* The span is fixed before the first question, so that all points have the same. */
static int find_span(struct export_run *run, struct err *err)
{
    struct buf address = BUF_EMPTY;
    buf_add_text(&address, "/history?time=unix&path=-&step=3600&from=");
    client_escape(&address, run->wish->from ? run->wish->from : "-24h");
    buf_add_text(&address, "&to=");
    client_escape(&address, run->wish->to ? run->wish->to : "now");
    json_t *answer = client_ask_json(run->client, "GET", buf_text(&address), NULL, err);
    buf_deinit(&address);
    if (!answer)
        return err->code;
    run->from_ms = json_integer_value(json_object_get(answer, "from"));
    run->to_ms = json_integer_value(json_object_get(answer, "to"));
    json_decref(answer);
    return 0;
}

static int export_all(struct export_run *run, struct err *err)
{
    if (find_span(run, err) < 0)
        return err->code;
    json_t *points = find_paths(run, err), *point;
    if (!points)
        return err->code;
    size_t index;
    int result = 0;
    json_array_foreach(points, index, point)
    {
        if (result == 0 && !json_is_string(json_object_get(point, "value")))
            result = export_point(run, client_text(point, "path"), err);
    }
    json_decref(points);
    return result;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int misused(const char *sentence)
{
    fprintf(stderr, "busbar export: %s\n", sentence);
    return COMMAND_MISUSED;
}

static int read_form(const struct wish *wish, enum sheet_form *form)
{
    static const char *const names[] = {"csv", "jsonl", "sqlite"};
    for (int i = 0; i < 3; i++) {
        if (!wish->format ? i == 0 : strcmp(wish->format, names[i]) == 0) {
            *form = (enum sheet_form)i;
            return *form == SHEET_SQLITE && !wish->output
                       ? misused("a SQLite file needs a name: --output FILE")
                       : COMMAND_OK;
        }
    }
    return misused("--format is one of csv, jsonl, sqlite");
}

static int read_step(const struct wish *wish, json_int_t *step_ms)
{
    char *end;
    long seconds = wish->step ? strtol(wish->step, &end, 10) : 0;
    if (wish->step && (*end || seconds < 1 || seconds > 366 * 86400))
        return misused(
            "--step is a whole number of seconds; without it single readings are written");
    *step_ms = seconds * 1000LL;
    return COMMAND_OK;
}

static int run_export(const struct wish *wish, const struct client_options *where,
                      enum sheet_form form, json_int_t step_ms)
{
    struct err err = ERR_EMPTY;
    struct export_run run = {.wish = wish, .step_ms = step_ms};
    run.client = client_open(where, &err);
    if (run.client)
        run.sheet = sheet_open(form, wish->output, step_ms > 0, &err);
    if (run.sheet && export_all(&run, &err) == 0)
        sheet_finish(run.sheet, &err);
    else
        sheet_abandon(run.sheet);
    client_close(run.client);
    if (err.code) {
        fprintf(stderr, "busbar export: %s\n", err.text);
        return COMMAND_FAILED;
    }
    if (wish->output)
        printf("%" PRIu64 " row%s written to %s\n", run.rows, run.rows == 1 ? "" : "s",
               wish->output);
    return COMMAND_OK;
}

int command_export(int argc, char **argv)
{
    struct client_options where = {0};
    struct wish wish = {0};
    bool leave;
    const struct option_row rows[] = {
        {"device", "NAME", "all points of this device (default: of all)", &wish.device, NULL},
        {"path", "PATH", "this point, or with * at the end all that begin so", &wish.path, NULL},
        {"from", "TIME", "RFC 3339, or -24h, -7d (default -24h)", &wish.from, NULL},
        {"to", "TIME", "likewise, not included (default now)", &wish.to, NULL},
        {"step", "SECONDS", "min, avg, max, last and count of so long each", &wish.step, NULL},
        {"format", "FORM", "csv (default), jsonl or sqlite", &wish.format, NULL},
        {"output", "FILE", "write there (default: standard output)", &wish.output, NULL},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = "export",
        .arguments = "[OPTION...]",
        .summary =
            "Writes what was recorded, every reading or a summary of each step. Single readings "
            "can be read back\nwith `busbar import`.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    enum sheet_form form;
    json_int_t step_ms;
    if (leave)
        return status;
    if (words > 0)
        return misused("name points with --device or --path");
    if (wish.device && wish.path)
        return misused("give --device or --path, not both: a path begins with its device");
    status = read_form(&wish, &form);
    if (status == COMMAND_OK)
        status = read_step(&wish, &step_ms);
    return status == COMMAND_OK ? run_export(&wish, &where, form, step_ms) : status;
}
