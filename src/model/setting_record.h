/* setting_record - what can be done with a whole record, by the rows of its table.
 *
 * For parts that keep the settings with which they were started: they see what changed, and hold a
 * copy that outlives the configuration. A setting that is added to a table is compared and copied
 * from then on. Only the fields that have rows count.
 */
#pragma once

#include <stdbool.h>

#include "model/setting.h"

/* Whether all settings of two records are the same. A text that is NULL is "". */
bool setting_record_equal(const struct setting_table *table, const void *a, const void *b);

/* A copy of `record` (of the table's record_size) that owns its texts, until setting_record_free
 * frees these; `copy` is filled whatever it held. Ends the program without memory (base/mem). */
void setting_record_copy(const struct setting_table *table, void *copy, const void *record);
void setting_record_free(const struct setting_table *table, void *copy);
