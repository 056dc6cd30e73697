#include "daemon/scanner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "driver/guess.h"
#include "field/line.h"
#include "field/line_settings.h"
#include "field/scan.h"
#include "model/limits.h"

#define UNITS_MOST 247  /* Modbus over serial line 1.02, 2.2 */
#define GUESSES_MOST 12 /* as many as `busbar scan` looks at */

struct found {
    int unit;
    clock_us latency;
    size_t rank_count;
    struct {
        const struct library_entry *entry;
        bool certain;
    } ranks[GUESSES_MOST];
};

enum state { NONE, RUNNING, DONE, STOPPED, FAILED };

struct scanner {
    struct field *field;
    const struct driver_library *library;
    struct scan *scan;   /* while running */
    struct guess *guess; /* likewise */
    enum state state;
    char line[LIMIT_NAME + 1], problem[ERR_TEXT_MAX];
    int first, last, asked;
    struct found found[UNITS_MOST];
    size_t count;
    bool guessing; /* the last one found is being asked what it is */
};

struct scanner *scanner_new(struct field *field, const struct driver_library *library)
{
    struct scanner *scanner = mem_new(sizeof *scanner);
    scanner->field = field;
    scanner->library = library;
    return scanner;
}

static void end(struct scanner *scanner, enum state state)
{
    scanner->state = state;
    scanner->scan = NULL;
    scanner->guess = guess_free(scanner->guess);
    scanner->guessing = false;
}

struct scanner *scanner_free(struct scanner *scanner)
{
    if (!scanner)
        return NULL;
    scanner_stop(scanner);
    free(scanner);
    return NULL;
}

/* ---- what the scan says ---------------------------------------------------------------------- */

static void on_found(void *user, const struct scan_found *found)
{
    struct scanner *scanner = user;
    guess_reset(scanner->guess);
    scanner->guessing = true;
    scanner->found[scanner->count++] =
        (struct found){.unit = found->unit, .latency = found->latency};
}

static bool on_plan(void *user, uint8_t unit, struct driver_request *request)
{
    (void)unit;
    return guess_plan(((struct scanner *)user)->guess, request);
}

static void on_answer(void *user, uint8_t unit, const struct driver_request *request,
                      const struct driver_answer *answer)
{
    (void)unit;
    guess_answer(((struct scanner *)user)->guess, request, answer);
}

/* The best guesses: all that are equally good. */
static void keep_ranks(struct scanner *scanner)
{
    struct guess_rank ranks[GUESSES_MOST];
    struct found *found = &scanner->found[scanner->count - 1];
    size_t count = guess_ranks(scanner->guess, ranks, GUESSES_MOST);
    for (size_t i = 0; i < count && (i == 0 || ranks[i].score == ranks[0].score); i++) {
        found->ranks[i].entry = ranks[i].entry;
        found->ranks[i].certain = ranks[i].proven;
        found->rank_count = i + 1;
    }
}

static void on_tried(void *user, uint8_t unit)
{
    struct scanner *scanner = user;
    (void)unit;
    scanner->asked++;
    if (scanner->guessing)
        keep_ranks(scanner);
    scanner->guessing = false;
}

static void on_done(void *user, const char *problem)
{
    struct scanner *scanner = user;
    snprintf(scanner->problem, sizeof scanner->problem, "%s", problem ? problem : "");
    end(scanner, problem ? FAILED : DONE);
}

/* ---- starting and stopping ------------------------------------------------------------------- */

static int check_line(const struct scanner *scanner, const char *name, struct err *err)
{
    const struct line *line = field_line_find(scanner->field, name);
    if (!line)
        return err_set(err, -ENOENT, "there is no line \"%.63s\"", name);
    if (line_settings_of(line)->kind == LINE_SIM)
        return err_set(err, -EINVAL, "%.63s is a sim line: nothing is wired to it", name);
    if (line_settings_of(line)->kind == LINE_GPIO)
        return err_set(err, -EINVAL, "%.63s is a gpio line: its settings name all there is", name);
    if (!line_settings_of(line)->enabled)
        return err_set(err, -EINVAL, "%.63s is switched off; set lines.%.63s.enabled first", name,
                       name);
    return 0;
}

int scanner_start(struct scanner *scanner, const char *line, int first, int last, struct err *err)
{
    if (scanner->state == RUNNING)
        return err_set(err, -EBUSY, "a scan of %s is running; wait for its end or stop it",
                       scanner->line);
    if (first < 1 || last > UNITS_MOST || first > last)
        return err_set(err, -EINVAL, "first and last are addresses from 1 to %d, in this order",
                       UNITS_MOST);
    int result = check_line(scanner, line, err);
    if (result < 0)
        return result;
    const struct scan_options options = {
        .first = (uint8_t)first,
        .last = (uint8_t)last,
        .found = on_found,
        .plan = on_plan,
        .answer = on_answer,
        .tried = on_tried,
        .done = on_done,
        .user = scanner,
    };
    snprintf(scanner->line, sizeof scanner->line, "%s", line);
    scanner->first = first;
    scanner->last = last;
    scanner->asked = 0;
    scanner->count = 0;
    scanner->problem[0] = '\0';
    scanner->guess = guess_new(scanner->library);
    scanner->state = RUNNING;
    scanner->scan = field_scan(scanner->field, line, &options, err);
    return 0;
}

void scanner_stop(struct scanner *scanner)
{
    if (scanner->state != RUNNING)
        return;
    scan_cancel(scanner->scan);
    end(scanner, STOPPED);
}

/* ---- telling --------------------------------------------------------------------------------- */

static void write_found(struct json *json, const struct found *found)
{
    json_open_object(json);
    json_pair_int(json, "unit", found->unit);
    json_key(json, "latency_ms");
    json_decimal(json, (double)found->latency / CLOCK_MS, 1);
    json_key(json, "profiles");
    json_open_array(json);
    for (size_t i = 0; i < found->rank_count; i++) {
        json_open_object(json);
        json_pair_text(json, "name", found->ranks[i].entry->name);
        json_pair_text(json, "vendor", found->ranks[i].entry->vendor);
        json_pair_text(json, "model", found->ranks[i].entry->model);
        json_pair_bool(json, "certain", found->ranks[i].certain);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

void scanner_write(const struct scanner *scanner, struct json *json)
{
    static const char *const states[] = {[NONE] = "none",
                                         [RUNNING] = "running",
                                         [DONE] = "done",
                                         [STOPPED] = "stopped",
                                         [FAILED] = "failed"};
    bool any = scanner->state != NONE;
    json_open_object(json);
    json_pair_text(json, "state", states[scanner->state]);
    json_pair_text(json, "line", any ? scanner->line : NULL);
    json_pair_text(json, "problem", *scanner->problem ? scanner->problem : NULL);
    json_pair_int(json, "first", scanner->first);
    json_pair_int(json, "last", scanner->last);
    json_pair_int(json, "asked", scanner->asked);
    json_key(json, "found");
    json_open_array(json);
    for (size_t i = 0; i < scanner->count; i++)
        write_found(json, &scanner->found[i]);
    json_close_array(json);
    json_close_object(json);
}
