#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "cli/client.h"

static const char *cell(json_t *row, size_t index, char *text, size_t size)
{
    json_t *value = json_array_get(row, index);
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_integer(value))
        snprintf(text, size, "%lld", (long long)json_integer_value(value));
    else if (json_is_number(value))
        snprintf(text, size, "%.10g", json_number_value(value));
    else
        snprintf(text, size, "-");
    return text;
}

/* False when there is nothing to print. */
static bool print_series(json_t *series)
{
    if (json_array_size(json_object_get(series, "rows")) == 0) {
        fprintf(stderr, "busbar history: nothing is recorded of %s in this time\n",
                json_string_value(json_object_get(series, "path")));
        return false;
    }
    const char *unit = json_string_value(json_object_get(series, "unit"));
    printf("%s%s%s%s\n", json_string_value(json_object_get(series, "path")),
           unit && *unit ? " [" : "", unit ? unit : "", unit && *unit ? "]" : "");
    printf("  %-24s %12s %12s %12s %12s %6s\n", "time", "min", "avg", "max", "last", "count");
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(series, "rows"), index, row)
    {
        char text[6][40];
        printf("  %-24s %12s %12s %12s %12s %6s\n", cell(row, 0, text[0], sizeof text[0]),
               cell(row, 1, text[1], sizeof text[1]), cell(row, 2, text[2], sizeof text[2]),
               cell(row, 3, text[3], sizeof text[3]), cell(row, 4, text[4], sizeof text[4]),
               cell(row, 5, text[5], sizeof text[5]));
    }
    return true;
}

static int print_answer(const struct buf *answer)
{
    json_t *root = json_loadb(answer->data, answer->length, JSON_REJECT_DUPLICATES, NULL);
    json_t *series;
    size_t index;
    if (!root) {
        fprintf(stderr, "busbar history: the answer is not JSON\n");
        return COMMAND_FAILED;
    }
    bool found = false;
    json_array_foreach(json_object_get(root, "series"), index, series)
    {
        found |= print_series(series);
    }
    json_decref(root);
    return found ? COMMAND_OK : COMMAND_FAILED;
}

int command_history(int argc, char **argv)
{
    int done;
    if (command_history_store(argc, argv, &done))
        return done;
    struct client_options where = {0};
    const char *from = NULL, *to = NULL, *step = NULL, *points = NULL;
    bool csv = false, json = false, local = false, leave;
    const struct option_row rows[] = {
        {"from", "TIME", "RFC 3339, or -24h, -7d (default -24h)", &from, NULL},
        {"to", "TIME", "likewise (default now)", &to, NULL},
        {"step", "SECONDS", "length of a bucket, or raw for every reading", &step, NULL},
        {"points", "N", "or: at most that many buckets (default 500)", &points, NULL},
        {"csv", NULL, "print CSV", NULL, &csv},
        {"json", NULL, "print the API's answer as it is", NULL, &json},
        {"local", NULL, "times in the site's zone", NULL, &local},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = "history",
        .arguments = "PATH... [OPTION...]",
        .summary =
            "Prints what was recorded of the points, as min, avg, max, last and count a bucket.\n"
            "`busbar history check`, `repair`, `backup` and `restore` see to the file itself.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    if (words == 0) {
        fprintf(stderr, "busbar history: name at least one point; `busbar get` lists them\n");
        return COMMAND_MISUSED;
    }
    struct buf path = BUF_EMPTY;
    buf_add_text(&path, csv ? "/history.csv" : "/history");
    for (int i = 0; i < words; i++)
        client_parameter(&path, "path", argv[i]);
    client_parameter(&path, "from", from);
    client_parameter(&path, "to", to);
    client_parameter(&path, "step", step);
    client_parameter(&path, "points", points);
    client_parameter(&path, "time", local ? "local" : NULL);
    status = client_show(&where, "history", buf_text(&path), csv || json ? NULL : print_answer);
    buf_deinit(&path);
    return status;
}
