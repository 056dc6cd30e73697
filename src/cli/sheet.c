#include "cli/sheet.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/time_text.h"
#include "engine/csv.h"

#define FLUSH_AT 65536
#define AVERAGE_MORE_DECIMALS 2

static const char *const figure_names[SHEET_FIGURES] = {"min", "avg", "max", "last"};

struct sheet {
    enum sheet_form form;
    bool buckets;
    char *path, *unfinished; /* NULL: standard output */
    FILE *file;
    sqlite3 *base;
    sqlite3_stmt *insert;
    struct buf out;
};

/* ---- SQLite ---------------------------------------------------------------------------------- */

static int base_error(struct sheet *sheet, struct err *err)
{
    return err_set(err, -EIO, "cannot write %s: %s", sheet->path, sqlite3_errmsg(sheet->base));
}

/* Times as text, which SQLite's date functions read. */
static int open_base(struct sheet *sheet, struct err *err)
{
    const char *make =
        sheet->buckets ? "CREATE TABLE bucket (time TEXT NOT NULL, path TEXT NOT NULL, quantity "
                         "TEXT, unit TEXT, min REAL, avg REAL, max REAL, last REAL, count INTEGER)"
                       : "CREATE TABLE reading (time TEXT NOT NULL, path TEXT NOT NULL, quantity "
                         "TEXT, unit TEXT, value REAL)";
    const char *insert = sheet->buckets ? "INSERT INTO bucket VALUES (?,?,?,?,?,?,?,?,?)"
                                        : "INSERT INTO reading VALUES (?,?,?,?,?)";
    unlink(sheet->unfinished);
    if (sqlite3_open(sheet->unfinished, &sheet->base) != SQLITE_OK ||
        sqlite3_exec(sheet->base, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN", NULL,
                     NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(sheet->base, make, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(sheet->base, insert, -1, &sheet->insert, NULL) != SQLITE_OK)
        return base_error(sheet, err);
    return 0;
}

static int base_row(struct sheet *sheet, const struct sheet_point *point, const char *time,
                    const double *figures, int64_t count, struct err *err)
{
    const char *const texts[] = {time, point->path, point->quantity, point->unit};
    int at = 1;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        sqlite3_bind_text(sheet->insert, at++, texts[i], -1, SQLITE_TRANSIENT);
    for (int i = sheet->buckets ? 0 : SHEET_LAST; i < SHEET_FIGURES; i++)
        sqlite3_bind_double(sheet->insert, at++, figures[i]);
    if (sheet->buckets)
        sqlite3_bind_int64(sheet->insert, at, count);
    bool good = sqlite3_step(sheet->insert) == SQLITE_DONE;
    sqlite3_reset(sheet->insert);
    return good ? 0 : base_error(sheet, err);
}

static int finish_base(struct sheet *sheet, struct err *err)
{
    sqlite3_finalize(sheet->insert);
    sheet->insert = NULL;
    if (sqlite3_exec(sheet->base, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return base_error(sheet, err);
    sqlite3_close(sheet->base);
    sheet->base = NULL;
    return 0;
}

/* ---- text ------------------------------------------------------------------------------------ */

static int decimals_of(const struct sheet_point *point, int figure)
{
    return point->decimals + (figure == SHEET_AVG ? AVERAGE_MORE_DECIMALS : 0);
}

static void csv_head(struct sheet *sheet)
{
    static const char *const names[] = {"time", "path", "quantity", "unit"};
    struct csv csv = csv_writer(&sheet->out, ',', '.');
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        csv_text(&csv, names[i]);
    for (int i = 0; sheet->buckets && i < SHEET_FIGURES; i++)
        csv_text(&csv, figure_names[i]);
    csv_text(&csv, sheet->buckets ? "count" : "value");
    csv_end_row(&csv);
}

static void csv_row(struct sheet *sheet, const struct sheet_point *point, const char *time,
                    const double *figures, int64_t count)
{
    struct csv csv = csv_writer(&sheet->out, ',', '.');
    csv_text(&csv, time);
    csv_text(&csv, point->path);
    csv_text(&csv, point->quantity);
    csv_text(&csv, point->unit);
    for (int i = sheet->buckets ? 0 : SHEET_LAST; i < SHEET_FIGURES; i++)
        csv_decimal(&csv, figures[i], decimals_of(point, i));
    if (sheet->buckets)
        csv_decimal(&csv, (double)count, 0);
    csv_end_row(&csv);
}

static void json_row(struct sheet *sheet, const struct sheet_point *point, const char *time,
                     const double *figures, int64_t count)
{
    struct json json = json_writer(&sheet->out);
    json_open_object(&json);
    json_pair_text(&json, "time", time);
    json_pair_text(&json, "path", point->path);
    json_pair_text(&json, "quantity", point->quantity);
    json_pair_text(&json, "unit", point->unit);
    for (int i = sheet->buckets ? 0 : SHEET_LAST; i < SHEET_FIGURES; i++) {
        json_key(&json, sheet->buckets ? figure_names[i] : "value");
        json_decimal(&json, figures[i], decimals_of(point, i));
    }
    if (sheet->buckets)
        json_pair_int(&json, "count", count);
    json_close_object(&json);
    buf_add_char(&sheet->out, '\n');
}

static int flush(struct sheet *sheet, struct err *err)
{
    bool good = !sheet->out.failed &&
                fwrite(sheet->out.data, 1, sheet->out.length, sheet->file) == sheet->out.length;
    buf_clear(&sheet->out);
    return good ? 0
                : err_set_errno(err, errno ? -errno : -EIO, "cannot write %s",
                                sheet->path ? sheet->path : "to standard output");
}

/* ---- all forms ------------------------------------------------------------------------------- */

static int open_file(struct sheet *sheet, struct err *err)
{
    sheet->file = sheet->path ? fopen(sheet->unfinished, "w") : stdout;
    if (!sheet->file)
        return err_set_errno(err, -errno, "cannot make %s", sheet->unfinished);
    if (sheet->form == SHEET_CSV)
        csv_head(sheet);
    return 0;
}

struct sheet *sheet_open(enum sheet_form form, const char *path, bool buckets, struct err *err)
{
    struct sheet *sheet = mem_new(sizeof *sheet);
    *sheet = (struct sheet){.form = form, .buckets = buckets};
    if (path) {
        struct buf unfinished = BUF_EMPTY;
        buf_add_format(&unfinished, "%s.new", path);
        sheet->path = mem_text(path);
        sheet->unfinished = mem_text(buf_text(&unfinished));
        buf_deinit(&unfinished);
    }
    int result = form == SHEET_SQLITE ? open_base(sheet, err) : open_file(sheet, err);
    return result < 0 ? sheet_abandon(sheet) : sheet;
}

int sheet_row(struct sheet *sheet, const struct sheet_point *point, int64_t time_ms,
              const double *figures, int64_t count, struct err *err)
{
    char time[TIME_TEXT_SIZE];
    time_text_format_utc(time_ms * CLOCK_MS, time);
    if (sheet->form == SHEET_SQLITE)
        return base_row(sheet, point, time, figures, count, err);
    if (sheet->form == SHEET_CSV)
        csv_row(sheet, point, time, figures, count);
    else
        json_row(sheet, point, time, figures, count);
    return sheet->out.length < FLUSH_AT ? 0 : flush(sheet, err);
}

static void free_sheet(struct sheet *sheet)
{
    sqlite3_finalize(sheet->insert);
    sqlite3_close(sheet->base);
    if (sheet->file && sheet->file != stdout)
        fclose(sheet->file);
    buf_deinit(&sheet->out);
    free(sheet->path);
    free(sheet->unfinished);
    free(sheet);
}

struct sheet *sheet_abandon(struct sheet *sheet)
{
    if (!sheet)
        return NULL;
    if (sheet->unfinished)
        unlink(sheet->unfinished);
    free_sheet(sheet);
    return NULL;
}

static int close_file(struct sheet *sheet, struct err *err)
{
    int result = flush(sheet, err);
    if (result == 0 && fflush(sheet->file) != 0)
        result = err_set_errno(err, -errno, "cannot write the end of the file");
    return result;
}

int sheet_finish(struct sheet *sheet, struct err *err)
{
    int result = sheet->form == SHEET_SQLITE ? finish_base(sheet, err) : close_file(sheet, err);
    if (result == 0 && sheet->path && rename(sheet->unfinished, sheet->path) < 0)
        result = err_set_errno(err, -errno, "cannot make %s", sheet->path);
    if (result < 0)
        sheet_abandon(sheet);
    else
        free_sheet(sheet);
    return result;
}
