#include "model/setting_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool is_text(const struct setting_row *row)
{
    return row->type == SETTING_TEXT || row->type == SETTING_REFERENCE;
}

static const char **text_at(const struct setting_row *row, void *record)
{
    return (const char **)(void *)((char *)record + row->offset);
}

static const char *text_of(const struct setting_row *row, const void *record)
{
    const char *const *text = (const void *)((const char *)record + row->offset);
    return *text ? *text : "";
}

static bool field_equal(const struct setting_row *row, const void *a, const void *b)
{
    const char *left = (const char *)a + row->offset, *right = (const char *)b + row->offset;
    switch (row->type) {
    case SETTING_BOOL:
        return *(const bool *)left == *(const bool *)right;
    case SETTING_NUMBER:
        return memcmp(left, right, sizeof(double)) == 0;
    case SETTING_INT:
    case SETTING_CHOICE:
    case SETTING_DURATION:
        return memcmp(left, right, sizeof(int64_t)) == 0;
    case SETTING_TEXT:
    case SETTING_REFERENCE:
        break;
    }
    return strcmp(text_of(row, a), text_of(row, b)) == 0;
}

bool setting_record_equal(const struct setting_table *table, const void *a, const void *b)
{
    for (size_t i = 0; i < table->row_count; i++) {
        if (!field_equal(&table->rows[i], a, b))
            return false;
    }
    return true;
}

void setting_record_copy(const struct setting_table *table, void *copy, const void *record)
{
    memcpy(copy, record, table->record_size);
    for (size_t i = 0; i < table->row_count; i++) {
        if (is_text(&table->rows[i]))
            *text_at(&table->rows[i], copy) = mem_text(text_of(&table->rows[i], record));
    }
}

void setting_record_free(const struct setting_table *table, void *copy)
{
    for (size_t i = 0; i < table->row_count; i++) {
        if (!is_text(&table->rows[i]))
            continue;
        const char **text = text_at(&table->rows[i], copy);
        free((void *)(uintptr_t)*text); /* const for readers; the copy owns them */
        *text = NULL;
    }
}
