#include "cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "engine/csv.h"

#define CHUNK 200000u /* bytes of a request; the daemon takes 256 KiB */
#define LINE_MOST 8192
#define SQLITE_MARK "SQLite format 3"
#define CSV_TYPE "text/csv"
#define JSON_TYPE "application/x-ndjson"

struct import_run {
    struct client *client;
    const char *file;
    bool csv;
    struct buf head; /* the first line of a CSV: each request repeats it */
    struct buf chunk;
    uint64_t first, line; /* numbers of the chunk's first row, and of the next */
    json_int_t taken, known, refused;
};

/* ---- sending --------------------------------------------------------------------------------- */

static void add_answer(struct import_run *run, json_t *answer)
{
    size_t index;
    json_t *refusal;
    run->taken += json_integer_value(json_object_get(answer, "taken"));
    run->known += json_integer_value(json_object_get(answer, "known"));
    run->refused += json_integer_value(json_object_get(answer, "refused"));
    json_array_foreach(json_object_get(answer, "refusals"), index, refusal)
    {
        fprintf(stderr, "%s:%" JSON_INTEGER_FORMAT ": %s\n", run->file,
                json_integer_value(json_object_get(refusal, "line")),
                json_string_value(json_object_get(refusal, "reason")));
    }
}

static int send_chunk(struct import_run *run, struct err *err)
{
    if (run->chunk.length == run->head.length)
        return 0;
    struct buf answer = BUF_EMPTY;
    char path[80];
    snprintf(path, sizeof path, "/history/import?line=%" PRIu64, run->first);
    int result =
        client_send(run->client, path, run->csv ? CSV_TYPE : JSON_TYPE, &run->chunk, &answer, err);
    json_t *json =
        result == 0 ? json_loadb(answer.data, answer.length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (result == 0 && !json)
        result = err_set(err, -EPROTO, "the daemon's answer is not JSON");
    add_answer(run, json);
    json_decref(json);
    buf_deinit(&answer);
    buf_clear(&run->chunk);
    buf_add(&run->chunk, run->head.data, run->head.length);
    run->first = run->line;
    return result;
}

/* A whole row, with its end of line; `lines` of the file. */
static int add_row(struct import_run *run, const char *text, size_t length, uint64_t lines,
                   struct err *err)
{
    if (run->chunk.length + length > CHUNK && send_chunk(run, err) < 0)
        return err->code;
    buf_add(&run->chunk, text, length);
    run->line += lines;
    return run->chunk.failed ? err_set(err, -ENOMEM, "out of memory") : 0;
}

/* ---- text ------------------------------------------------------------------------------------ */

static int read_text(struct import_run *run, FILE *file, struct err *err)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    int result = 0;
    while (result == 0 && (length = getline(&line, &capacity, file)) >= 0) {
        if (run->line == 0 && line[strspn(line, " \xEF\xBB\xBF")] == '{')
            run->csv = false;
        if (length > LINE_MOST) {
            result = err_set(err, -EINVAL, "%s:%" PRIu64 ": the line is too long for a reading",
                             run->file, run->line + 1);
        } else if (run->line == 0 && run->csv) {
            buf_add(&run->head, line, (size_t)length);
            buf_add(&run->chunk, line, (size_t)length);
            run->line = 2;
            run->first = 2;
        } else {
            if (run->line == 0)
                run->line = run->first = 1;
            result = add_row(run, line, (size_t)length, 1, err);
        }
    }
    if (result == 0 && ferror(file))
        result = err_set_errno(err, -errno, "cannot read %s", run->file);
    free(line);
    return result;
}

/* ---- SQLite ---------------------------------------------------------------------------------- */

/* The number of a row stands for its line. */
static int read_rows(struct import_run *run, sqlite3_stmt *rows, struct err *err)
{
    struct buf row = BUF_EMPTY;
    int result = 0, step = SQLITE_DONE;
    buf_add_text(&run->head, "time,path,quantity,value\r\n");
    buf_add(&run->chunk, run->head.data, run->head.length);
    run->line = run->first = 1;
    while (result == 0 && (step = sqlite3_step(rows)) == SQLITE_ROW) {
        struct csv csv = csv_writer(&row, ',', '.');
        buf_clear(&row);
        for (int i = 0; i < 4; i++)
            csv_text(&csv, (const char *)sqlite3_column_text(rows, i));
        csv_end_row(&csv);
        result = add_row(run, row.data, row.length, 1, err);
    }
    buf_deinit(&row);
    return result == 0 && step != SQLITE_DONE ? -EIO : result;
}

static int read_sqlite(struct import_run *run, struct err *err)
{
    sqlite3 *base = NULL;
    sqlite3_stmt *rows = NULL;
    int result = -EIO;
    if (sqlite3_open_v2(run->file, &base, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(base, "SELECT time, path, quantity, value FROM reading ORDER BY rowid",
                           -1, &rows, NULL) == SQLITE_OK)
        result = read_rows(run, rows, err);
    if (result < 0 && !err->code)
        err_set(err, result, "cannot read the table `reading` of %s: %s", run->file,
                sqlite3_errmsg(base));
    sqlite3_finalize(rows);
    sqlite3_close(base);
    return result;
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool is_sqlite(FILE *file)
{
    char begin[sizeof SQLITE_MARK] = "";
    bool same = fread(begin, 1, sizeof begin, file) == sizeof begin &&
                memcmp(begin, SQLITE_MARK, sizeof begin) == 0;
    rewind(file);
    return same;
}

static int read_file(struct import_run *run, struct err *err)
{
    bool standard = strcmp(run->file, "-") == 0;
    FILE *file = standard ? stdin : fopen(run->file, "r");
    if (!file)
        return err_set_errno(err, -errno, "cannot open %s", run->file);
    int result = !standard && is_sqlite(file) ? read_sqlite(run, err) : read_text(run, file, err);
    if (result == 0)
        result = send_chunk(run, err);
    if (!standard)
        fclose(file);
    return result;
}

static int import_file(struct client *client, const char *name)
{
    struct err err = ERR_EMPTY;
    struct import_run run = {.client = client, .file = name, .csv = true};
    read_file(&run, &err);
    if (err.code)
        fprintf(stderr, "busbar import: %s\n", err.text);
    printf("%s: %" JSON_INTEGER_FORMAT " taken, %" JSON_INTEGER_FORMAT
           " known already, %" JSON_INTEGER_FORMAT " refused\n",
           name, run.taken, run.known, run.refused);
    buf_deinit(&run.head);
    buf_deinit(&run.chunk);
    return err.code || run.refused ? COMMAND_FAILED : COMMAND_OK;
}

int command_import(int argc, char **argv)
{
    struct client_options where = {0};
    bool leave;
    const struct option_row rows[] = {CLIENT_OPTION_ROWS(where)};
    const struct options options = {
        .command = "import",
        .arguments = "FILE... [OPTION...]",
        .summary =
            "Puts readings that `busbar export` wrote, or others of the same form, into the "
            "history: CSV, JSON lines\nor SQLite; - is standard input. What is recorded already "
            "stays as it is.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    if (words == 0) {
        fprintf(stderr, "busbar import: name at least one file\n");
        return COMMAND_MISUSED;
    }
    struct err err = ERR_EMPTY;
    struct client *client = client_open(&where, &err);
    if (!client) {
        fprintf(stderr, "busbar import: %s\n", err.text);
        return COMMAND_FAILED;
    }
    status = COMMAND_OK;
    for (int i = 0; i < words && status == COMMAND_OK; i++)
        status = import_file(client, argv[i]);
    client_close(client);
    return status;
}
