/* setting - one row per setting, in the module that uses it.
 *
 * A table of rows describes a struct: the file parser, `busbar check`, the API and its schema, the
 * web form and the reference page all come from the rows. A collection (lines, devices) is a table
 * whose records have names. Rows are constant data; the records are made by model/config and live
 * as long as their configuration.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/access_role.h"

enum setting_type {
    SETTING_BOOL,      /* bool */
    SETTING_INT,       /* int64_t, min..max */
    SETTING_NUMBER,    /* double, min..max */
    SETTING_TEXT,      /* const char *, min..max bytes; "" when not given */
    SETTING_CHOICE,    /* int64_t: index into choices */
    SETTING_DURATION,  /* int64_t microseconds, written "250 ms", "1 s", "15 min", "4 h", "7 d";
                          min..max in seconds */
    SETTING_REFERENCE, /* const char *: a record of the collection, or a word of the list, named by
                          refers_to */
};

enum setting_apply { SETTING_LIVE, SETTING_RESTART };

struct setting_row {
    const char *key;
    enum setting_type type;
    size_t offset; /* of the field in the record */
    const char *unit;
    double min, max;
    const char *const *choices; /* NULL-terminated */
    const char *refers_to;
    const char *initial; /* default, as text; NULL: must be given (records) or is "" */
    bool required;
    enum access_role right; /* needed to change it */
    enum setting_apply apply;
    bool secret;
    const char *help; /* one sentence */
};

struct config;

struct setting_table {
    const char *name, *label, *help;
    bool collection;
    /* Its records are named by the path of a component, "pdu-a/outlet-3", of a device there is. */
    bool paths;
    const struct setting_row *rows;
    size_t row_count;
    size_t record_size;
    /* Rules that span several rows; NULL if none. Returns 0 or fills `err` with the sentence (no
     * place) and names the row it is about in `*key`. */
    int (*check)(const struct config *config, const void *record, const char **key,
                 struct err *err);
};

/* Text -> the row's type, written to the field in `record`; text of SETTING_TEXT is borrowed. The
 * message in `err` says what is allowed and names the nearest valid word. 0 or -EINVAL. References
 * are not looked up here. */
int setting_parse(const struct setting_row *row, const char *text, void *record, struct err *err);

/* The field's value as text, the way a person writes it. */
void setting_format(const struct setting_row *row, const void *record, char *text, size_t size);

/* "250 ms" and friends -> microseconds; 0 or -EINVAL. */
int setting_parse_duration(const char *text, int64_t *us);
void setting_format_duration(int64_t us, char *text, size_t size);

const char *setting_type_name(enum setting_type type);
