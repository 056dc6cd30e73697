#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/time_text.h"
#include "cli/options.h"
#include "engine/history_backup.h"
#include "engine/history_check.h"
#include "engine/history_repair.h"

#define STATE_FOLDER "state"
#define PATH_SIZE 4300
#define DAMAGE_SHOWN 50 /* lines; the counts tell of the rest */

static const char *time_of(int64_t ms, char *text)
{
    time_text_format_local(ms * CLOCK_MS, text);
    text[19] = '\0'; /* to the second */
    return text;
}

/* ---- what is there, what is damaged ------------------------------------------------------------ */

static const char *level_name(enum history_level level)
{
    static const char *const names[HISTORY_LEVELS] = {
        [HISTORY_RAW] = "readings", [HISTORY_MINUTE] = "minutes", [HISTORY_HOUR] = "hours",
        [HISTORY_DAY] = "days",     [HISTORY_MONTH] = "months",   [HISTORY_YEAR] = "years",
    };
    return level < HISTORY_LEVELS ? names[level] : "?";
}

static void print_damage_line(enum history_table table, int64_t key, const char *path,
                              const struct history_look *look)
{
    char from[TIME_TEXT_SIZE];
    if (table == HISTORY_TABLE_SERIES)
        printf("  damaged: series %" PRId64 ", its name\n", key);
    else if (table == HISTORY_TABLE_UNDATED)
        printf("  damaged: undated, all series, a moment whose date is not known yet\n");
    else if (table == HISTORY_TABLE_TICK)
        printf("  damaged: tick, all series, %s\n", time_of(look->from, from));
    else if (path)
        printf("  damaged: %s, %s, %s from %s on\n", history_table_name(table), path,
               level_name(look->level), time_of(look->from, from));
    else
        printf("  damaged: %s, series %" PRIu32 ", %s from %s on\n", history_table_name(table),
               look->series, level_name(look->level), time_of(look->from, from));
}

static void print_damage(void *user, const struct history_damage *damage)
{
    int *shown = user;
    if (++*shown <= DAMAGE_SHOWN)
        print_damage_line(damage->table, damage->key, damage->path, &damage->look);
}

static void print_lost(void *user, const struct history_found *found, const char *path)
{
    int *shown = user;
    if (++*shown <= DAMAGE_SHOWN)
        print_damage_line(found->table, found->key, path, &found->look);
}

static void print_more(int shown)
{
    if (shown > DAMAGE_SHOWN)
        printf("  ... and %d more\n", shown - DAMAGE_SHOWN);
}

static void print_span(int64_t from, int64_t until)
{
    char begin[TIME_TEXT_SIZE], end[TIME_TEXT_SIZE];
    if (until)
        printf("  from %s to %s\n", time_of(from, begin), time_of(until, end));
}

static void print_check(const char *path, const struct history_check_report *report)
{
    printf("%s: %.1f MB, %" PRIu64 " series, %" PRIu64 " readings, %" PRIu64
           " rows of minutes to years\n",
           path, (double)report->bytes / 1e6, report->series, report->readings, report->rows);
    print_span(report->from, report->until);
    for (int i = 0; i < HISTORY_TABLES; i++) {
        if (report->blobs[i])
            printf("  %-8s %10" PRIu64 "%s", history_table_name((enum history_table)i),
                   report->blobs[i], report->damaged[i] ? "" : "\n");
        if (report->damaged[i])
            printf(", of which %" PRIu64 " damaged\n", report->damaged[i]);
    }
    if (*report->structure)
        printf("  the file's pages are damaged: %s\n", report->structure);
}

static int check_file(const char *path)
{
    struct history_check_report report;
    struct err err = ERR_EMPTY;
    int shown = 0;
    if (history_check(path, print_damage, &shown, &report, &err) < 0) {
        fprintf(stderr, "busbar history: %s\n", err.text);
        return COMMAND_FAILED;
    }
    print_more(shown);
    print_check(path, &report);
    if (!history_check_found_damage(&report)) {
        printf("  all of it is whole\n");
        return COMMAND_OK;
    }
    printf("  stop the daemon and run `busbar history repair %s` to save what can be read\n", path);
    return COMMAND_FAILED;
}

/* ---- the commands ---------------------------------------------------------------------------- */

struct wishes {
    const char *state, *to, *into;
    const char *file; /* the one word, or NULL */
};

static const char *file_or_state(const struct wishes *wishes, char *path)
{
    snprintf(path, PATH_SIZE, "%s/history.db", wishes->state);
    return wishes->file ? wishes->file : path;
}

static int run_check(const struct wishes *wishes)
{
    char path[PATH_SIZE];
    return check_file(file_or_state(wishes, path));
}

static void print_repair(const struct history_repair_order *order,
                         const struct history_repair_report *report)
{
    uint64_t saved = 0, lost = 0;
    for (int i = HISTORY_TABLE_TICK; i <= HISTORY_TABLE_PIECE; i++) {
        saved += report->saved[i];
        lost += report->lost[i];
    }
    printf("%s: %" PRIu32 " pages, %" PRIu32 " damaged, %" PRIu32 " cannot be read, %" PRIu32
           " belong to nothing\n",
           order->from, report->pages.pages, report->pages.damaged, report->pages.unreadable,
           report->pages.stray);
    printf("  series: %" PRIu64 " saved, %" PRIu64 " without a name\n",
           report->saved[HISTORY_TABLE_SERIES], report->unnamed);
    if (!order->into)
        printf("  saved as they were: %" PRIu64 " readings and %" PRIu64 " rows in %" PRIu64
               " blobs\n",
               report->readings, report->rows, saved);
    print_span(report->from, report->until);
    if (report->strays)
        printf("  %s: %" PRIu64 " readings taken, %" PRIu64 " were there already\n",
               order->into ? "merged" : "found astray", report->merged, report->known);
    if (report->undated)
        printf("  %" PRIu64 " moments without a date stay in the file\n", report->undated);
    printf("  lost: %" PRIu64 " blobs\n", lost);
}

/* Beside the damaged file, which stays as it is. */
static int run_repair(const struct wishes *wishes)
{
    char path[PATH_SIZE], to[PATH_SIZE + 10];
    struct clock clock = clock_system();
    struct history_repair_report report;
    struct err err = ERR_EMPTY;
    int shown = 0;
    struct history_repair_order order = {.from = file_or_state(wishes, path),
                                         .into = wishes->into,
                                         .now = clock_wall(&clock),
                                         .lost = print_lost,
                                         .user = &shown};
    snprintf(to, sizeof to, "%s.repaired", order.from);
    order.to = wishes->to ? wishes->to : to;
    if (history_repair(&order, &report, &err) < 0) {
        fprintf(stderr, "busbar history: %s\n", err.text);
        return COMMAND_FAILED;
    }
    print_more(shown);
    print_repair(&order, &report);
    if (order.into)
        printf("  now in the history of %s\n", order.into);
    else
        printf("  now in %s; `busbar history restore` puts it in place, `busbar history repair %s "
               "--into DIR`\n  adds it to a history that went on\n",
               order.to, order.from);
    return COMMAND_OK;
}

static int run_backup(const struct wishes *wishes)
{
    struct history_check_report report;
    struct err err = ERR_EMPTY;
    if (history_backup(wishes->state, wishes->file, &report, &err) < 0) {
        fprintf(stderr, "busbar history: %s\n", err.text);
        return COMMAND_FAILED;
    }
    print_check(wishes->file, &report);
    if (!history_check_found_damage(&report))
        return COMMAND_OK;
    printf("  the original is damaged, and the copy like it\n");
    return COMMAND_FAILED;
}

static int run_restore(const struct wishes *wishes)
{
    struct history_check_report report;
    struct err err = ERR_EMPTY;
    char former[HISTORY_BACKUP_PATH];
    if (history_restore(wishes->file, wishes->state, former, &report, &err) < 0) {
        fprintf(stderr, "busbar history: %s\n", err.text);
        return COMMAND_FAILED;
    }
    print_check(wishes->file, &report);
    printf("  is now the history in %s\n", wishes->state);
    if (*former)
        printf("  the former one is kept as %s\n", former);
    return COMMAND_OK;
}

/* ---- choosing -------------------------------------------------------------------------------- */

static const struct action {
    const char *name, *arguments, *summary;
    int (*run)(const struct wishes *wishes);
    bool needs_file, repairs;
} actions[] = {
    {"check", "[FILE] [--state DIR]",
     "Reads all of a history, in use or not, changes nothing, and tells what is there and what is "
     "damaged.\nFILE is history.db, a backup, or one that was set aside. Exit status 1 when "
     "something is damaged.",
     run_check, false, false},
    {"repair", "[FILE] [--to NEW | --into DIR]",
     "Takes every blob that can be read out of a damaged history into a new file beside it "
     "(FILE.repaired),\nor into the history of a daemon that is stopped. FILE itself is never "
     "changed.",
     run_repair, false, true},
    {"backup", "FILE [--state DIR]",
     "Copies the history to a new file, while the daemon runs or not, and checks the copy.",
     run_backup, true, false},
    {"restore", "FILE [--state DIR]",
     "Puts a backup or a repaired file in the place of the history; the daemon must be stopped. "
     "The former "
     "one is kept.",
     run_restore, true, false},
};

static int run_action(const struct action *action, int argc, char **argv)
{
    struct wishes wishes = {.state = STATE_FOLDER};
    bool leave;
    const struct option_row rows[] = {
        {"state", "DIR", "the daemon's state folder (default: ./state)", &wishes.state, NULL},
        {"to", "NEW", "name of the new file", &wishes.to, NULL},
        {"into", "DIR", "merge into the history in this state folder instead", &wishes.into, NULL},
    };
    char name[40];
    snprintf(name, sizeof name, "history %s", action->name);
    const struct options options = {
        .command = name,
        .arguments = action->arguments,
        .summary = action->summary,
        .rows = rows,
        .count = action->repairs ? 3 : 1,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    if (words > 1 || (action->needs_file && words == 0) || (wishes.to && wishes.into)) {
        fprintf(stderr, "busbar history: say `busbar %s %s`; --help tells more\n", name,
                action->arguments);
        return COMMAND_MISUSED;
    }
    wishes.file = words ? argv[0] : NULL;
    umask(027); /* what was recorded is not for everybody */
    return action->run(&wishes);
}

bool command_history_store(int argc, char **argv, int *status)
{
    for (size_t i = 0; argc > 1 && i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(argv[1], actions[i].name) == 0) {
            *status = run_action(&actions[i], argc - 1, argv + 1);
            return true;
        }
    }
    return false;
}
