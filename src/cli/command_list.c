#include "cli/command.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cli/options.h"
#include "cli/places.h"
#include "daemon/daemon.h"
#include "driver/library.h"
#include "face/openapi.h"
#include "face/snmp_mib.h"

int command_profiles(int argc, char **argv)
{
    const char *profiles = NULL;
    bool leave;
    const struct option_row rows[] = {
        {"profiles", "DIR", "device profiles (default: the shipped ones)", &profiles, NULL},
    };
    const struct options options = {
        .command = "profiles",
        .arguments = "[WORD] [--profiles DIR]",
        .summary = "Lists the devices that are known; with WORD, those whose line contains it.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    char place[PLACES_PATH_MAX];
    struct err_list mistakes = ERR_LIST_EMPTY;
    struct driver_library *library = library_new();
    library_load(library, profiles ? profiles : places_profiles(place), &mistakes);
    for (size_t i = 0; i < mistakes.count; i++)
        fprintf(stderr, "%s\n", mistakes.list[i].text);
    struct buf line = BUF_EMPTY;
    for (size_t i = 0; i < library_count(library); i++) {
        const struct library_entry *entry = library_at(library, i);
        buf_clear(&line);
        buf_add_format(&line, "%-34s %-8s %s %s: %s", entry->name, entry->role, entry->vendor,
                       entry->model, entry->title);
        if (!words || strcasestr(buf_text(&line), argv[0]))
            printf("%s\n", buf_text(&line));
    }
    buf_deinit(&line);
    err_list_deinit(&mistakes);
    library_free(library);
    return COMMAND_OK;
}

int command_openapi(int argc, char **argv)
{
    bool leave;
    const struct options options = {
        .command = "openapi",
        .arguments = "",
        .summary =
            "Prints the OpenAPI 3.1 description of the API, as GET /api/v1/openapi.json does.",
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    struct buf text = BUF_EMPTY;
    openapi_write(&text);
    fwrite(text.data, 1, text.length, stdout);
    buf_deinit(&text);
    return COMMAND_OK;
}

/* 1 to 2^32-1, or 0 when the text is none. */
static uint32_t read_enterprise(const char *text)
{
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    bool good = isdigit((unsigned char)*text) && !*end && !errno && number <= UINT32_MAX;
    return good ? (uint32_t)number : 0;
}

int command_mib(int argc, char **argv)
{
    const char *enterprise = NULL;
    bool leave;
    const struct option_row rows[] = {
        {"enterprise", "NUMBER", "the one that snmp.enterprise is set to (default: 32473)",
         &enterprise, NULL},
    };
    const struct options options = {
        .command = "mib",
        .arguments = "[--enterprise NUMBER]",
        .summary = "Prints BUSBAR-MIB, as GET /api/v1/mib does: what managers need to know the "
                   "objects by name.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    uint32_t number = enterprise ? read_enterprise(enterprise) : SNMP_ENTERPRISE;
    if (!number) {
        fprintf(stderr, "busbar mib: an enterprise number is 1 to 4294967295, not \"%.40s\"\n",
                enterprise);
        return COMMAND_MISUSED;
    }
    struct buf text = BUF_EMPTY;
    snmp_mib_write(&text, number);
    fwrite(text.data, 1, text.length, stdout);
    buf_deinit(&text);
    return COMMAND_OK;
}

/* ---- the reference page of settings, written from the rows ----------------------------------- */

/* A cell must not hold the table's own separator. */
static void add_cell(struct buf *text, const char *cell)
{
    for (; *cell; cell++) {
        if (*cell == '|')
            buf_add_char(text, '\\');
        buf_add_char(text, *cell);
    }
}

static void add_range(struct buf *text, const struct setting_row *row)
{
    switch (row->type) {
    case SETTING_BOOL:
        buf_add_text(text, "true, false");
        break;
    case SETTING_CHOICE:
        for (size_t i = 0; row->choices[i]; i++)
            buf_add_format(text, "%s%s", i ? ", " : "", row->choices[i]);
        break;
    case SETTING_INT:
    case SETTING_NUMBER:
        buf_add_format(text, "%.10g to %.10g %s", row->min, row->max, row->unit ? row->unit : "");
        break;
    case SETTING_DURATION: {
        char least[32], most[32];
        setting_format_duration((int64_t)(row->min * CLOCK_S), least, sizeof least);
        setting_format_duration((int64_t)(row->max * CLOCK_S), most, sizeof most);
        buf_add_format(text, "%s to %s", least, most);
        break;
    }
    case SETTING_TEXT:
        buf_add_format(text, "text, at most %.0f bytes", row->max);
        break;
    case SETTING_REFERENCE:
        buf_add_format(text, "one of `%s`", row->refers_to);
        break;
    }
}

static void add_row(struct buf *text, const struct setting_row *row)
{
    buf_add_format(text, "| `%s` | ", row->key);
    add_range(text, row);
    buf_add_format(text, " | %s | ",
                   row->required  ? "must be given"
                   : row->initial ? row->initial
                                  : "");
    add_cell(text, row->help);
    buf_add_text(text,
                 row->apply == SETTING_RESTART ? " Takes effect after a restart. |\n" : " |\n");
}

int command_settings(int argc, char **argv)
{
    bool leave;
    const struct options options = {
        .command = "settings",
        .arguments = "",
        .summary = "Prints the reference of all settings as Markdown (docs/settings.md).",
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    struct buf text = BUF_EMPTY;
    buf_add_text(&text,
                 "# Settings\n\nWritten by `busbar settings` from the program's own tables.\n");
    for (size_t i = 0; daemon_tables[i]; i++) {
        const struct setting_table *table = daemon_tables[i];
        buf_add_format(&text, "\n## `%s:` %s\n%s%s\n\n", table->name, table->label, table->help,
                       table->collection ? " Each record has a name of its own." : "");
        buf_add_text(&text, "| key | values | default | what it is |\n|---|---|---|---|\n");
        for (size_t j = 0; j < table->row_count; j++)
            add_row(&text, &table->rows[j]);
    }
    fwrite(text.data, 1, text.length, stdout);
    buf_deinit(&text);
    return COMMAND_OK;
}
