#include "cli/options.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/command.h"

static void print_help(const struct options *options)
{
    printf("usage: busbar %s %s\n\n%s\n", options->command, options->arguments, options->summary);
    if (options->count)
        printf("\n");
    for (size_t i = 0; i < options->count; i++) {
        char left[40];
        snprintf(left, sizeof left, "--%s %s", options->rows[i].name,
                 options->rows[i].value ? options->rows[i].value : "");
        printf("  %-24s %s\n", left, options->rows[i].help);
    }
}

static const struct option_row *find(const struct options *options, const char *name, size_t length)
{
    for (size_t i = 0; i < options->count; i++) {
        if (strlen(options->rows[i].name) == length &&
            strncmp(options->rows[i].name, name, length) == 0)
            return &options->rows[i];
    }
    return NULL;
}

static int misused(const struct options *options, const char *word)
{
    const char *near = options->count ? nearest_word(word + 2, &options->rows[0].name,
                                                     options->count, sizeof options->rows[0])
                                      : NULL;
    fprintf(stderr, "busbar %s: unknown option %s%s%s; `busbar %s --help` lists them\n",
            options->command, word, near ? "; did you mean --" : "", near ? near : "",
            options->command);
    return COMMAND_MISUSED;
}

int options_parse(const struct options *options, int argc, char **argv, int *words, bool *leave)
{
    bool ended = false;
    *words = 0;
    *leave = true;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (ended || strncmp(word, "--", 2) != 0) {
            argv[(*words)++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            ended = true;
            continue;
        }
        if (strcmp(word, "--help") == 0) {
            print_help(options);
            return COMMAND_OK;
        }
        size_t length = strcspn(word + 2, "=");
        const struct option_row *row = find(options, word + 2, length);
        if (!row)
            return misused(options, word);
        if (row->flag) {
            *row->flag = true;
        } else if (word[2 + length] == '=') {
            *row->text = word + 3 + length;
        } else if (i + 1 < argc) {
            *row->text = argv[++i];
        } else {
            fprintf(stderr, "busbar %s: %s needs a value: --%s %s\n", options->command, word,
                    row->name, row->value);
            return COMMAND_MISUSED;
        }
    }
    *leave = false;
    return COMMAND_OK;
}
