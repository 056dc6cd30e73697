#include "engine/outlet_groups.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "engine/outlet_settings.h"
#include "engine/point_pattern.h"
#include "model/component.h"
#include "model/limits.h"

#define MEMBERS_MOST 8000 /* bytes */

static const char *const kinds[] = {"one-of", "never-both", "parent-first", NULL};

static const struct setting_row group_rows[] = {
    {.key = "label",
     .type = SETTING_TEXT,
     .offset = offsetof(struct group_settings, label),
     .max = 64,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What the group is called; empty is its name."},
    {.key = "members",
     .type = SETTING_TEXT,
     .offset = offsetof(struct group_settings, members),
     .min = 1,
     .max = MEMBERS_MOST,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "Outlets and outputs of any devices with a comma between, as in pdu-a/outlet-1, "
             "pdu-b/outlet-*; a sequence goes in this order."},
    {.key = "step",
     .type = SETTING_DURATION,
     .offset = offsetof(struct group_settings, step),
     .max = 3600,
     .initial = "0 s",
     .right = ROLE_ADMINISTRATOR,
     .help = "Time between two members in delayed actions on the group, beside their own delays; "
             "off goes in the reverse order."},
    {.key = "right",
     .type = SETTING_CHOICE,
     .offset = offsetof(struct group_settings, right),
     .choices = outlet_rights,
     .initial = "control",
     .right = ROLE_ADMINISTRATOR,
     .help = "The role that may switch its members."},
    {.key = "users",
     .type = SETTING_TEXT,
     .offset = offsetof(struct group_settings, users),
     .max = 1000,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Users and tokens that may switch its members, with a comma between, and "
             "administrators; empty is everybody with the role."},
};

static const struct setting_row interlock_rows[] = {
    {.key = "kind",
     .type = SETTING_CHOICE,
     .offset = offsetof(struct interlock_settings, kind),
     .choices = kinds,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "one-of: switching one on switches the others off before; never-both: one is not "
             "switched on while another is on; parent-first: members need the parent to be on."},
    {.key = "members",
     .type = SETTING_TEXT,
     .offset = offsetof(struct interlock_settings, members),
     .min = 1,
     .max = MEMBERS_MOST,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "Outlets and outputs it holds for, with a comma between."},
    {.key = "parent",
     .type = SETTING_TEXT,
     .offset = offsetof(struct interlock_settings, parent),
     .max = LIMIT_PATH,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Of parent-first: the outlet that must be on first and goes off last."},
};

/* ---- lists ----------------------------------------------------------------------------------- */

const char *outlet_list_next(const char **at, size_t *length)
{
    const char *word = *at + strspn(*at, ", \t");
    if (!*word)
        return NULL;
    size_t end = strcspn(word, ",");
    *at = word + end;
    while (end > 0 && strchr(" \t", word[end - 1]))
        end--;
    *length = end;
    return word;
}

bool outlet_list_has(const char *list, const char *name)
{
    size_t length, wanted = strlen(name);
    for (const char *word; (word = outlet_list_next(&list, &length));) {
        if (length == wanted && memcmp(word, name, length) == 0)
            return true;
    }
    return false;
}

bool outlet_list_matches(const char *list, const char *path)
{
    size_t length;
    for (const char *word; (word = outlet_list_next(&list, &length));) {
        if (point_pattern_fits(word, length, path))
            return true;
    }
    return false;
}

/* ---- checks ---------------------------------------------------------------------------------- */

/* The name of a device that exists; a pattern may name none yet. */
static int check_device(const struct config *config, const char *word, size_t length,
                        struct err *err)
{
    const struct setting_table *devices = config_table_named(config, "devices");
    char name[LIMIT_NAME + 1];
    if (memchr(word, '*', length))
        return 0;
    if (length >= sizeof name)
        return err_set(err, -EINVAL, "\"%.*s\" is too long for the name of a device", 60, word);
    memcpy(name, word, length);
    name[length] = '\0';
    if (!devices || config_find(config, devices, name) >= 0)
        return 0;
    return err_set(err, -EINVAL, "there is no device \"%s\"", name);
}

int outlet_check_device(const struct config *config, const char *path, struct err *err)
{
    return check_device(config, path, strcspn(path, "/"), err);
}

static int check_word(const struct config *config, const char *word, size_t length, struct err *err)
{
    const char *slash = memchr(word, '/', length);
    enum component_kind kind = COMPONENT_OUTLET;
    int number;
    if (slash) {
        size_t rest = length - (size_t)(slash + 1 - word);
        bool known =
            memchr(slash + 1, '*', rest) || component_parse(slash + 1, rest, &kind, &number);
        if (known && (kind == COMPONENT_OUTLET || kind == COMPONENT_OUTPUT))
            return check_device(config, word, (size_t)(slash - word), err);
    }
    return err_set(err, -EINVAL,
                   "\"%.*s\" is no path of an outlet or output: write DEVICE/outlet-3 or "
                   "DEVICE/outlet-*",
                   (int)(length < 100 ? length : 100), word);
}

int outlet_list_check(const struct config *config, const char *list, struct err *err)
{
    size_t length, count = 0;
    for (const char *word; (word = outlet_list_next(&list, &length)); count++) {
        if (check_word(config, word, length, err) < 0)
            return err->code;
    }
    return count ? 0 : err_set(err, -EINVAL, "names nothing");
}

static int check_group(const struct config *config, const void *record, const char **key,
                       struct err *err)
{
    const struct group_settings *group = record;
    *key = "members";
    return outlet_list_check(config, group->members, err);
}

static int check_interlock(const struct config *config, const void *record, const char **key,
                           struct err *err)
{
    const struct interlock_settings *interlock = record;
    *key = "members";
    if (outlet_list_check(config, interlock->members, err) < 0)
        return err->code;
    *key = "parent";
    bool wants_parent = interlock->kind == INTERLOCK_PARENT_FIRST;
    if (!wants_parent)
        return *interlock->parent ? err_set(err, -EINVAL, "belongs to parent-first only") : 0;
    if (!*interlock->parent || strpbrk(interlock->parent, ",*"))
        return err_set(err, -EINVAL, "must be the path of one outlet, as in pdu-a/outlet-1");
    if (outlet_list_matches(interlock->members, interlock->parent))
        return err_set(err, -EINVAL, "cannot be a member as well");
    return check_word(config, interlock->parent, strlen(interlock->parent), err);
}

const struct setting_table group_settings_table = {
    .name = "groups",
    .label = "Outlet groups",
    .help = "Outlets that are switched together, across devices: group/NAME is a target.",
    .collection = true,
    .rows = group_rows,
    .row_count = sizeof group_rows / sizeof *group_rows,
    .record_size = sizeof(struct group_settings),
    .check = check_group,
};

const struct setting_table interlock_settings_table = {
    .name = "interlocks",
    .label = "Interlocks",
    .help = "Outlets that must not be on together, or only in an order.",
    .collection = true,
    .rows = interlock_rows,
    .row_count = sizeof interlock_rows / sizeof *interlock_rows,
    .record_size = sizeof(struct interlock_settings),
    .check = check_interlock,
};
