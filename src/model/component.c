#include "model/component.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"

enum suffix { SUFFIX_NONE, SUFFIX_LETTERS, SUFFIX_NUMBER };

static const struct kind_row {
    const char *name, *label;
    enum suffix suffix;
    const char *letters[3]; /* of numbers 1 to 3 */
} kinds[COMPONENT_KINDS] = {
    [COMPONENT_TOTAL] = {"total", "Total", SUFFIX_NONE, {0}},
    [COMPONENT_PHASE] = {"phase", "Phase", SUFFIX_LETTERS, {"a", "b", "c"}},
    [COMPONENT_LINE] = {"line", "Line", SUFFIX_LETTERS, {"ab", "bc", "ca"}},
    [COMPONENT_NEUTRAL] = {"neutral", "Neutral", SUFFIX_NONE, {0}},
    [COMPONENT_CIRCUIT] = {"circuit", "Circuit", SUFFIX_NUMBER, {0}},
    [COMPONENT_OUTLET] = {"outlet", "Outlet", SUFFIX_NUMBER, {0}},
    [COMPONENT_GROUP] = {"group", "Group", SUFFIX_NUMBER, {0}},
    [COMPONENT_INPUT] = {"input", "Input", SUFFIX_NUMBER, {0}},
    [COMPONENT_OUTPUT] = {"output", "Output", SUFFIX_NUMBER, {0}},
    [COMPONENT_PULSE] = {"pulse", "Pulse input", SUFFIX_NUMBER, {0}},
    [COMPONENT_SENSOR] = {"sensor", "Sensor", SUFFIX_NUMBER, {0}},
    [COMPONENT_SUPPLY] = {"supply", "Supply", SUFFIX_NONE, {0}},
    [COMPONENT_BATTERY] = {"battery", "Battery", SUFFIX_NONE, {0}},
    [COMPONENT_MAINS] = {"mains", "Mains", SUFFIX_NONE, {0}},
};

/* 1..999 without leading zeros, so that a component has one name only; 0 when it is not. */
static int parse_number(const char *text, size_t length)
{
    if (length == 0 || length > 3 || text[0] == '0')
        return 0;
    int number = 0;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]))
            return 0;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

static int parse_letters(const struct kind_row *row, const char *text, size_t length)
{
    for (int i = 0; i < 3; i++) {
        if (strlen(row->letters[i]) == length && strncmp(row->letters[i], text, length) == 0)
            return i + 1;
    }
    return 0;
}

bool component_parse(const char *name, size_t length, enum component_kind *kind, int *number)
{
    const char *dash = memchr(name, '-', length);
    size_t stem = dash ? (size_t)(dash - name) : length;
    for (int i = 0; i < COMPONENT_KINDS; i++) {
        const struct kind_row *row = &kinds[i];
        if (strlen(row->name) != stem || strncmp(row->name, name, stem) != 0)
            continue;
        *kind = (enum component_kind)i;
        *number = 0;
        if (row->suffix == SUFFIX_NONE)
            return !dash;
        if (!dash)
            return false;
        size_t rest = length - stem - 1;
        *number = row->suffix == SUFFIX_NUMBER ? parse_number(dash + 1, rest)
                                               : parse_letters(row, dash + 1, rest);
        return *number > 0;
    }
    return false;
}

void component_format(enum component_kind kind, int number, char *name)
{
    const struct kind_row *row = &kinds[kind];
    switch (row->suffix) {
    case SUFFIX_NONE:
        snprintf(name, COMPONENT_NAME_MAX, "%s", row->name);
        break;
    case SUFFIX_LETTERS:
        snprintf(name, COMPONENT_NAME_MAX, "%s-%s", row->name, row->letters[number - 1]);
        break;
    case SUFFIX_NUMBER:
        snprintf(name, COMPONENT_NAME_MAX, "%s-%d", row->name, number);
        break;
    }
}

const char *component_kind_name(enum component_kind kind)
{
    return kinds[kind].name;
}

void component_label(enum component_kind kind, int number, char *label, size_t size)
{
    const struct kind_row *row = &kinds[kind];
    if (row->suffix == SUFFIX_NONE) {
        snprintf(label, size, "%s", row->label);
    } else if (row->suffix == SUFFIX_NUMBER) {
        snprintf(label, size, "%s %d", row->label, number);
    } else {
        int used = snprintf(label, size, "%s ", row->label);
        for (const char *c = row->letters[number - 1]; *c && used >= 0 && (size_t)used + 1 < size;
             c++)
            used += snprintf(label + used, size - (size_t)used, "%c", toupper((unsigned char)*c));
    }
}

const char *component_nearest(const char *name)
{
    static const char *const examples[] = {
        "total",    "phase-a", "phase-b",   "phase-c",  "line-ab", "line-bc",
        "line-ca",  "neutral", "circuit-1", "outlet-1", "group-1", "input-1",
        "output-1", "pulse-1", "sensor-1",  "supply",   "battery", "mains",
    };
    return nearest_word(name, examples, sizeof examples / sizeof *examples, sizeof *examples);
}
