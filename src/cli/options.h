/* options - `--name value` and `--flag` of a command, with the nearest word for a mistyped one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct option_row {
    const char *name;  /* without the dashes */
    const char *value; /* what the value is called in help, NULL for a flag */
    const char *help;
    const char **text; /* receives the value */
    bool *flag;        /* or is set */
};

struct options {
    const char *command, *arguments, *summary; /* for --help */
    const struct option_row *rows;
    size_t count;
};

/* Take the options out of argv; the other words are moved to the front and counted in `*words`.
 * Returns 0, or the exit status to leave with after a message (or after --help) was printed: then
 * `*leave` is set. */
int options_parse(const struct options *options, int argc, char **argv, int *words, bool *leave);
