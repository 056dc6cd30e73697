#include "cli/value_print.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/command.h"

/* A state's word, a number as the API wrote it, a text, or "-" for what is not known. */
static void format_value(const json_t *value, char *text, size_t size)
{
    json_t *number = json_object_get(value, "value");
    if (*client_text(value, "text")) {
        snprintf(text, size, "%s", client_text(value, "text"));
    } else if (json_is_string(number)) {
        snprintf(text, size, "%s", json_string_value(number));
    } else if (json_is_integer(number)) {
        snprintf(text, size, "%lld", (long long)json_integer_value(number));
    } else if (json_is_number(number)) {
        snprintf(text, size, "%.10g", json_number_value(number));
    } else {
        snprintf(text, size, "-");
    }
}

static void format_age(double milliseconds, char *text, size_t size)
{
    double seconds = milliseconds / 1000;
    if (seconds < 120)
        snprintf(text, size, "%.1f s", seconds);
    else if (seconds < 7200)
        snprintf(text, size, "%.0f min", seconds / 60);
    else
        snprintf(text, size, "%.0f h", seconds / 3600);
}

static void print_row(const json_t *value, int path_width)
{
    char number[80], age[24] = "";
    format_value(value, number, sizeof number);
    json_t *age_ms = json_object_get(value, "age_ms");
    if (json_is_number(age_ms))
        format_age(json_number_value(age_ms), age, sizeof age);
    const char *quality = client_text(value, "quality"), *reason = client_text(value, "reason");
    printf("%-*s %14s %-6s %8s", path_width, client_text(value, "path"), number,
           client_text(value, "unit"), age);
    if (strcmp(quality, "good") != 0)
        printf("  %s%s%s", quality, *reason ? ": " : "", reason);
    putchar('\n');
}

int value_print_list(const char *bytes, size_t length, bool must_exist)
{
    json_error_t where;
    json_t *list = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_array(list)) {
        fprintf(stderr, "busbar: the answer is not a list of values\n");
        json_decref(list);
        return COMMAND_FAILED;
    }
    size_t index;
    json_t *value;
    int width = 0;
    json_array_foreach(list, index, value)
    {
        int path = (int)strlen(client_text(value, "path"));
        width = path > width ? path : width;
    }
    json_array_foreach(list, index, value) print_row(value, width);
    bool empty = json_array_size(list) == 0;
    json_decref(list);
    if (empty && must_exist)
        fprintf(stderr, "busbar: no such point; `busbar get` lists all\n");
    return empty && must_exist ? COMMAND_FAILED : COMMAND_OK;
}

void value_print_lines(const char *bytes, size_t length)
{
    json_t *list = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, NULL);
    size_t index;
    json_t *value;
    json_array_foreach(list, index, value)
    {
        char number[80];
        format_value(value, number, sizeof number);
        const char *quality = client_text(value, "quality");
        printf("%s %s %s%s%s%s%s\n", client_text(value, "time"), client_text(value, "path"), number,
               *client_text(value, "unit") ? " " : "", client_text(value, "unit"),
               strcmp(quality, "good") ? " " : "", strcmp(quality, "good") ? quality : "");
    }
    json_decref(list);
}
