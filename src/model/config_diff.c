#include "model/config_private.h"

#include <string.h>

struct diff {
    const struct config *before, *after;
    void (*fn)(void *user, const char *key, const struct config_key *before,
               const struct config_key *after);
    void *user;
};

static bool values_equal(const struct setting_row *row, const void *before, const void *after)
{
    const char *a = (const char *)before + row->offset, *b = (const char *)after + row->offset;
    switch (row->type) {
    case SETTING_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case SETTING_NUMBER:
        return *(const double *)a == *(const double *)b;
    case SETTING_TEXT:
    case SETTING_REFERENCE:
        return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
    case SETTING_INT:
    case SETTING_CHOICE:
    case SETTING_DURATION:
        break;
    }
    return *(const int64_t *)a == *(const int64_t *)b;
}

static void diff_record(const struct diff *diff, const struct config_table *table,
                        const struct config_record *before, const struct config_record *after)
{
    for (size_t i = 0; i < table->table->row_count; i++) {
        const struct setting_row *row = &table->table->rows[i];
        if (before && after && values_equal(row, before->fields, after->fields))
            continue;
        struct config_key old, fresh;
        config_describe(diff->before, table, before, row, &old);
        config_describe(diff->after, table, after, row, &fresh);
        old.name = fresh.name = before ? before->name : after->name;
        char key[CONFIG_KEY_MAX];
        config_format_key(table, before ? before : after, row->key, key, sizeof key);
        diff->fn(diff->user, key, &old, &fresh);
    }
}

void config_diff(const struct config *before, const struct config *after,
                 void (*fn)(void *user, const char *key, const struct config_key *before,
                            const struct config_key *after),
                 void *user)
{
    const struct diff diff = {before, after, fn, user};
    for (size_t i = 0; i < before->table_count; i++) {
        const struct config_table *old = &before->tables[i], *fresh = &after->tables[i];
        for (size_t j = 0; j < old->count; j++)
            diff_record(&diff, old, &old->records[j],
                        config_record_find(fresh, old->records[j].name));
        for (size_t j = 0; j < fresh->count; j++) {
            if (!config_record_find(old, fresh->records[j].name))
                diff_record(&diff, fresh, NULL, &fresh->records[j]);
        }
    }
}
