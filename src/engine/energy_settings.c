#include "engine/energy_settings.h"

#include <errno.h>
#include <string.h>

#include "engine/outlet_groups.h"
#include "model/limits.h"

#define FIELD(name) .offset = offsetof(struct energy_settings, name)

static const struct setting_row rows[] = {
    {.key = "label",
     .type = SETTING_TEXT,
     FIELD(label),
     .max = 64,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What the group is called; empty is its name."},
    {.key = "medium",
     .type = SETTING_CHOICE,
     FIELD(medium),
     .choices = energy_medium_names,
     .initial = "electricity",
     .right = ROLE_ADMINISTRATOR,
     .help = "What its members count; others are left out."},
    {.key = "members",
     .type = SETTING_TEXT,
     FIELD(members),
     .min = 1,
     .max = 4000,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "Meters with a comma between, * for any letters, - in front of those that are taken "
             "off, as in meter-1, -meter-2, pdu-a/outlet-3; one that a member feeds is not counted "
             "twice."},
};

const char *energy_member_next(const char **at, size_t *length, bool *minus)
{
    const char *word = outlet_list_next(at, length);
    *minus = word && *length > 0 && *word == '-';
    if (*minus) {
        word++;
        (*length)--;
    }
    while (*minus && *length > 0 && *word == ' ') {
        word++;
        (*length)--;
    }
    return word;
}

static int check_member(const char *word, size_t length, struct err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-/*";
    const char *slash = memchr(word, '/', length);
    bool deep = slash && memchr(slash + 1, '/', length - (size_t)(slash + 1 - word));
    if (length > 0 && length <= LIMIT_PATH && strspn(word, allowed) >= length && !deep)
        return 0;
    return err_set(err, -EINVAL,
                   "\"%.*s\" is no meter: write a device as meter-1, or a part of one as "
                   "pdu-a/outlet-3",
                   (int)(length < 60 ? length : 60), word);
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    const struct energy_settings *group = record;
    const char *at = group->members;
    size_t length, count = 0;
    bool minus;
    *key = NULL;
    if (config_count(config, &energy_settings_table) > ENERGY_GROUPS_MOST)
        return err_set(err, -E2BIG, "there are more than %d groups of meters", ENERGY_GROUPS_MOST);
    *key = "members";
    for (const char *word; (word = energy_member_next(&at, &length, &minus)); count++) {
        if (check_member(word, length, err) < 0)
            return err->code;
    }
    return count ? 0 : err_set(err, -EINVAL, "must name at least one meter");
}

const struct setting_table energy_settings_table = {
    .name = "energy",
    .label = "Energy groups",
    .help = "Meters that are added up, or taken off, under one name.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct energy_settings),
    .check = check,
};
