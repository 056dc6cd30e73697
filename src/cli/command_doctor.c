/* busbar doctor: what lines suffer from, and the way out. */
#include "cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/client.h"

static void print_finding(const json_t *finding)
{
    const char *device = client_text(finding, "device");
    printf("  %s: ", client_text(finding, "weight"));
    if (json_is_integer(json_object_get(finding, "unit")))
        printf("unit %" PRId64 "%s%s%s: ", client_number(finding, "unit"), *device ? " (" : "",
               device, *device ? ")" : "");
    printf("%s\n      %s\n      way out: %s\n", client_text(finding, "what"),
           client_text(finding, "evidence"), client_text(finding, "way_out"));
}

/* "12 ms": half of the answers took no longer; "-" when there are none. */
static void print_latency(const json_t *latency)
{
    int64_t total = 0, below = 0;
    size_t i;
    const json_t *step;
    json_array_foreach(latency, i, step)
    {
        total += client_number(step, "count");
    }
    json_array_foreach(latency, i, step)
    {
        below += client_number(step, "count");
        if (total && 2 * below >= total) {
            printf(" %6.3g ms\n", json_number_value(json_object_get(step, "to_ms")));
            return;
        }
    }
    printf(" %9s\n", "-");
}

static void print_units(const json_t *units)
{
    static const char *const counts[] = {"polls", "answers",    "timeouts",  "crc_errors",
                                         "late",  "exceptions", "mismatches"};
    size_t i;
    const json_t *unit;
    printf("  %-4s %-28s %7s %7s %7s %7s %7s %7s %7s %9s\n", "unit", "device", "asked", "came",
           "silent", "garbled", "late", "refused", "strange", "half in");
    json_array_foreach(units, i, unit)
    {
        printf("  %4" PRId64 " %-28s", client_number(unit, "unit"), client_text(unit, "device"));
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
            printf(" %7" PRId64, client_number(json_object_get(unit, "recent"), counts[k]));
        print_latency(json_object_get(unit, "latency"));
    }
}

static void print_line(const json_t *line)
{
    const json_t *load = json_object_get(line, "load_percent");
    const json_t *findings = json_object_get(line, "findings");
    size_t i;
    const json_t *finding;
    printf("%s: %s; in use %.0f %% for reading, %.0f %% for gateways, %.0f %% for switching\n",
           client_text(line, "name"),
           json_array_size(findings)                        ? "not well"
           : json_is_true(json_object_get(line, "resting")) ? "other speeds are being tried"
                                                            : "nothing found",
           json_number_value(json_object_get(load, "poll")),
           json_number_value(json_object_get(load, "gateway")),
           json_number_value(json_object_get(load, "control")));
    json_array_foreach(findings, i, finding)
    {
        print_finding(finding);
    }
    if (json_array_size(json_object_get(line, "units")))
        print_units(json_object_get(line, "units"));
}

/* How many lines were shown; `wanted` NULL: all. */
static size_t print_lines(const json_t *lines, const char *wanted)
{
    size_t i, shown = 0;
    const json_t *line;
    json_array_foreach(lines, i, line)
    {
        if (wanted && strcmp(client_text(line, "name"), wanted) != 0)
            continue;
        if (shown++)
            putchar('\n');
        print_line(line);
    }
    return shown;
}

static int show(const struct client_options *where, const char *wanted)
{
    struct err err = ERR_EMPTY;
    struct client *client = client_open(where, &err);
    json_t *answer = client ? client_ask_json(client, "GET", "/doctor", NULL, &err) : NULL;
    if (answer && !print_lines(json_object_get(answer, "lines"), wanted) && wanted)
        err_set(&err, -ENOENT, "there is no line \"%s\"; `busbar doctor` shows all", wanted);
    if (err.code)
        fprintf(stderr, "busbar doctor: %s\n", err.text);
    json_decref(answer);
    client_close(client);
    return err.code ? COMMAND_FAILED : COMMAND_OK;
}

int command_doctor(int argc, char **argv)
{
    struct client_options where = {0};
    bool json = false, leave;
    const struct option_row rows[] = {
        {"json", NULL, "print the API's answer as it is, with all lines", NULL, &json},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = "doctor",
        .arguments = "[LINE] [OPTION...]",
        .summary = "Tells what lines suffer from, on which evidence, and the way out; below, what "
                   "was counted in the\nlast minutes for each unit.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    if (words > 1) {
        fprintf(stderr, "busbar doctor: one line, or none for all; `busbar doctor --help`\n");
        return COMMAND_MISUSED;
    }
    return json ? client_show(&where, "doctor", "/doctor", NULL)
                : show(&where, words ? argv[0] : NULL);
}
