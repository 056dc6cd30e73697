#include "cli/command.h"

#include <errno.h>
#include <stdio.h>

#include "base/loop.h"
#include "cli/options.h"
#include "cli/places.h"
#include "daemon/daemon.h"
#include "driver/guess.h"
#include "driver/library.h"
#include "field/line.h"
#include "field/line_settings.h"
#include "field/scan.h"

#define GUESSES_SHOWN 12

/* ---- what was found -------------------------------------------------------------------------- */

struct finder {
    struct loop *loop;
    struct guess *guess;
    bool guessing; /* a unit was found and its guess is not printed yet */
    unsigned found;
    clock_us latency;
    int status;
};

static void on_found(void *user, const struct scan_found *found)
{
    struct finder *finder = user;
    guess_reset(finder->guess);
    finder->guessing = true;
    finder->latency = found->latency;
    finder->found++;
}

static bool on_plan(void *user, uint8_t unit, struct driver_request *request)
{
    struct finder *finder = user;
    (void)unit;
    return guess_plan(finder->guess, request);
}

static void on_answer(void *user, uint8_t unit, const struct driver_request *request,
                      const struct driver_answer *answer)
{
    struct finder *finder = user;
    (void)unit;
    guess_answer(finder->guess, request, answer);
}

/* The best guesses: certain when an exact value fitted, else likely; equally good ones are all
 * named. */
static void print_guess(const struct finder *finder)
{
    struct guess_rank ranks[GUESSES_SHOWN];
    size_t count = guess_ranks(finder->guess, ranks, GUESSES_SHOWN);
    if (!count)
        printf("unknown device; write a profile for it (docs/profiles.md)");
    for (size_t i = 0; i < count && (i == 0 || ranks[i].score == ranks[0].score); i++)
        printf("%s%s (%s%s%s, %s)", i ? " or " : "profile ", ranks[i].entry->name,
               ranks[i].entry->vendor, *ranks[i].entry->vendor ? " " : "", ranks[i].entry->model,
               ranks[i].proven ? "certain" : "likely");
}

static void on_tried(void *user, uint8_t unit)
{
    struct finder *finder = user;
    if (finder->guessing) {
        printf("unit %-3u  %5.1f ms  ", unit, (double)finder->latency / CLOCK_MS);
        print_guess(finder);
        putchar('\n');
        fflush(stdout);
    }
    finder->guessing = false;
}

static void on_done(void *user, const char *problem)
{
    struct finder *finder = user;
    if (problem) {
        fprintf(stderr, "busbar scan: %s\n", problem);
        finder->status = COMMAND_FAILED;
    } else if (!finder->found) {
        fprintf(stderr, "busbar scan: nothing answered; check wiring (A and B swapped?), speed and "
                        "parity, and that no other program asks on this line\n");
        finder->status = COMMAND_FAILED;
    }
    loop_stop(finder->loop);
}

/* ---- which line ------------------------------------------------------------------------------ */

struct scan_words {
    const char *port, *baud, *parity, *stop_bits, *host, *timeout, *site, *line;
    bool rtu_over_tcp;
};

/* A configuration that holds the line: of the site file, or made from the words given here, with
 * the same checks. */
static struct config *load_line(const struct scan_words *words, const struct config_schema *schema,
                                struct err_list *errors)
{
    if (words->site)
        return config_load(schema, words->site, NULL, NULL, 0, errors);
    const char *kind = words->port && !words->host ? "modbus-rtu"
                       : words->rtu_over_tcp       ? "rtu-over-tcp"
                                                   : "modbus-tcp";
    const struct config_change all[] = {
        {"lines.scan.kind", kind},
        {"lines.scan.port", words->port},
        {"lines.scan.host", words->host},
        {"lines.scan.baud", words->baud},
        {"lines.scan.parity", words->parity},
        {"lines.scan.stop_bits", words->stop_bits},
        {"lines.scan.timeout_ms", words->timeout},
        {"lines.scan.retries", "0"},
    };
    struct config_change given[sizeof all / sizeof *all];
    size_t count = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i].text)
            given[count++] = all[i];
    }
    return config_load(schema, NULL, NULL, given, count, errors);
}

static int parse_units(const char *text, struct scan_options *options)
{
    unsigned first = 1, last = 247;
    if (text) {
        int used = 0, count = sscanf(text, "%u-%u%n", &first, &last, &used);
        if (count == 1 && sscanf(text, "%u%n", &first, &used) == 1)
            last = first;
        if (count < 1 || text[used] || first < 1 || last > 255 || first > last)
            return -EINVAL;
    }
    options->first = (uint8_t)first;
    options->last = (uint8_t)last;
    return 0;
}

static int scan_line(const struct line_settings *settings, const char *name,
                     const struct driver_library *library, struct scan_options *options)
{
    struct clock clock = clock_system();
    struct finder finder = {.loop = loop_new(&clock), .guess = guess_new(library)};
    options->found = on_found;
    options->plan = on_plan;
    options->answer = on_answer;
    options->tried = on_tried;
    options->done = on_done;
    options->user = &finder;
    struct line *line = line_new(finder.loop, name, settings, NULL);
    fprintf(stderr, "asking units %u to %u on %s\n", options->first, options->last,
            line_endpoint(line));
    scan_start(line, options);
    loop_run(finder.loop);
    line_free(line);
    guess_free(finder.guess);
    loop_free(finder.loop);
    return finder.status;
}

static int find_and_scan(const struct scan_words *words, const struct driver_library *library,
                         struct scan_options *options)
{
    static const struct setting_table *const line_only[] = {&line_settings_table, NULL};
    struct config_words profiles = {.name = "profiles", .words = library_words(library)};
    struct config_schema schema = {
        .tables = words->site ? daemon_tables : line_only, .words = &profiles, .word_lists = 1};
    struct err_list errors = {0};
    struct config *config = load_line(words, &schema, &errors);
    const char *name = words->site ? words->line : "scan";
    int index = config ? config_find(config, &line_settings_table, name) : -1;
    int status = COMMAND_FAILED;
    for (size_t i = 0; i < errors.count; i++)
        fprintf(stderr, "%s\n", errors.list[i].text);
    if (index >= 0)
        status = scan_line(config_at(config, &line_settings_table, (size_t)index), name, library,
                           options);
    else if (config)
        fprintf(stderr, "busbar scan: %s has no line \"%s\"\n", words->site, name);
    err_list_deinit(&errors);
    config_free(config);
    return status;
}

int command_scan(int argc, char **argv)
{
    struct scan_words words = {0};
    const char *units = NULL, *profiles = NULL;
    bool leave;
    const struct option_row rows[] = {
        {"port", "PATH", "serial port (or, with --host, the TCP port)", &words.port, NULL},
        {"baud", "N", "1200 to 115200 (default 19200)", &words.baud, NULL},
        {"parity", "WORD", "none, even or odd (default even)", &words.parity, NULL},
        {"stop-bits", "N", "1 or 2 (default 1)", &words.stop_bits, NULL},
        {"host", "NAME", "gateway or meter by Modbus TCP", &words.host, NULL},
        {"rtu-over-tcp", NULL, "RTU frames over the TCP connection", NULL, &words.rtu_over_tcp},
        {"site", "FILE", "or: take a line of this site file ...", &words.site, NULL},
        {"line", "NAME", "... with this name", &words.line, NULL},
        {"units", "A-B", "addresses to ask (default 1-247)", &units, NULL},
        {"timeout", "MS", "wait for an answer (default 300)", &words.timeout, NULL},
        {"profiles", "DIR", "device profiles (default: the shipped ones)", &profiles, NULL},
    };
    const struct options options = {
        .command = "scan",
        .arguments = "(--port PATH | --host NAME | --site FILE --line NAME) [OPTION...]",
        .summary =
            "Finds Modbus units on a line or gateway and guesses their profile. Only reads, and\n"
            "needs the line for itself: stop a daemon that uses the same serial port.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int word_count, status = options_parse(&options, argc, argv, &word_count, &leave);
    if (leave)
        return status;
    struct scan_options scan = {0};
    if (word_count || (!words.port && !words.host && !(words.site && words.line)) ||
        parse_units(units, &scan) < 0) {
        fprintf(stderr, "usage: busbar scan %s\n", options.arguments);
        return COMMAND_MISUSED;
    }
    char place[PLACES_PATH_MAX];
    struct err_list mistakes = ERR_LIST_EMPTY;
    struct driver_library *library = library_new();
    library_load(library, profiles ? profiles : places_profiles(place), &mistakes);
    status = find_and_scan(&words, library, &scan);
    err_list_deinit(&mistakes);
    library_free(library);
    return status;
}
