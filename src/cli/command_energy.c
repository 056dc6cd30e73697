/* busbar energy: what was used and what it cost, against the period before. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "cli/client.h"

/* A number with so many decimals and its unit; "-" for what is not known. */
static void put_number(const json_t *object, const char *key, int decimals, const char *unit)
{
    const json_t *number = json_object_get(object, key);
    char text[60] = "-";
    if (json_is_number(number))
        snprintf(text, sizeof text, "%.*f%s%s", decimals, json_number_value(number),
                 *unit ? " " : "", unit);
    printf(" %16s", text);
}

static void print_row(const json_t *row, const char *name, const char *currency)
{
    const char *unit = client_text(row, "unit"), *within = client_text(row, "within");
    printf("%-28s", name);
    put_number(row, "used", 3, unit);
    put_number(row, "before", 3, unit);
    put_number(row, "cost", 2, currency);
    put_number(row, "co2_kg", 1, "kg");
    printf(" %5.1f %%", 100 * json_number_value(json_object_get(row, "covered")));
    if (*within)
        printf("  within %s", within);
    putchar('\n');
}

static int print_answer(const struct buf *answer)
{
    json_t *root = json_loadb(answer->data, answer->length, JSON_REJECT_DUPLICATES, NULL);
    const char *currency = client_text(root, "currency");
    size_t index;
    const json_t *row;
    if (!root) {
        fprintf(stderr, "busbar energy: the answer is not JSON\n");
        return COMMAND_FAILED;
    }
    printf("%-28s %16s %16s %16s %16s %7s\n", client_text(root, "period"), "used", "before", "cost",
           "CO2", "known");
    json_array_foreach(json_object_get(root, "rows"), index, row)
    {
        print_row(row, client_text(row, "name"), currency);
    }
    json_array_foreach(json_object_get(root, "totals"), index, row)
    {
        char name[80];
        snprintf(name, sizeof name, "all %s", client_text(row, "medium"));
        print_row(row, name, currency);
        if (json_is_number(json_object_get(row, "standing")))
            printf("%-28s %16s %16s %13.2f %s\n", "  standing charge", "", "",
                   json_number_value(json_object_get(row, "standing")), currency);
    }
    json_decref(root);
    return COMMAND_OK;
}

int command_energy(int argc, char **argv)
{
    struct client_options where = {0};
    const char *period = NULL, *at = NULL, *by = NULL, *group = NULL, *medium = NULL;
    bool csv = false, json = false, leave;
    const struct option_row rows[] = {
        {"period", "PERIOD", "day, week, month (the default) or year", &period, NULL},
        {"at", "DATE", "a day of the period, as in 2026-01-31 (default today)", &at, NULL},
        {"by", "WHAT", "a row for each meter (the default), group or medium", &by, NULL},
        {"group", "NAME", "only this group, or by meter its members", &group, NULL},
        {"medium", "MEDIUM", "only electricity, water, gas or heat", &medium, NULL},
        {"csv", NULL, "print CSV, step by step", NULL, &csv},
        {"json", NULL, "print the API's answer as it is", NULL, &json},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = "energy",
        .arguments = "[OPTION...]",
        .summary = "Prints what was used in a period, in as much of the one before, and what it "
                   "cost.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    if (words > 0) {
        fprintf(stderr, "busbar energy: \"%s\" is no option; `busbar energy --help` lists them\n",
                argv[0]);
        return COMMAND_MISUSED;
    }
    struct buf path = BUF_EMPTY;
    buf_add_text(&path, csv ? "/energy.csv" : "/energy");
    client_parameter(&path, "period", period);
    client_parameter(&path, "at", at);
    client_parameter(&path, "by", by);
    client_parameter(&path, "group", group);
    client_parameter(&path, "medium", medium);
    status = client_show(&where, "energy", buf_text(&path), csv || json ? NULL : print_answer);
    buf_deinit(&path);
    return status;
}
