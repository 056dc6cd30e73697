/* outlet_groups - outlets that belong together: the records of `groups:` and `interlocks:`.
 *
 * Members are paths of outlets across devices with a comma between, each may hold * for any letters
 * of a part: "pdu-a/outlet-*, pdu-b/outlet-1". The order given is the order of a sequence. What a
 * group asks for (a right, users) holds for its members however they are addressed. Read-only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/config.h"

struct group_settings {
    const char *label, *members;
    int64_t step;  /* us between two members in delayed actions */
    int64_t right; /* OUTLET_RIGHT_... */
    const char *users;
};

extern const struct setting_table group_settings_table;

enum interlock_kind {
    INTERLOCK_ONE_OF,       /* a selector: switching one on switches the others off before */
    INTERLOCK_NEVER_BOTH,   /* at most one: On is refused while another is on */
    INTERLOCK_PARENT_FIRST, /* members go on only while the parent is on, it goes off after them */
};

struct interlock_settings {
    int64_t kind; /* enum interlock_kind */
    const char *members, *parent;
};

extern const struct setting_table interlock_settings_table;

/* The next word of a list with commas between, blanks around them left out; NULL at the end. `*at`
 * begins as the list. */
const char *outlet_list_next(const char **at, size_t *length);

/* Whether a list of names holds `name`. */
bool outlet_list_has(const char *list, const char *name);

/* Whether a list of paths and patterns fits the component's path. */
bool outlet_list_matches(const char *list, const char *path);

/* 0, or -EINVAL with a sentence when the device before the first slash of `path` does not exist. */
int outlet_check_device(const struct config *config, const char *path, struct err *err);

/* 0, or -EINVAL with a sentence that names the part that is no path of an outlet or output. */
int outlet_list_check(const struct config *config, const char *list, struct err *err);
