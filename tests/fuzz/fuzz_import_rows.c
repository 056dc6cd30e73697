/* fuzz_import_rows - readings as text: what is taken is in order, within its bounds, and counted.
 */
#include <stdlib.h>

#include "engine/import_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct import_rows *rows)
{
    size_t count;
    uint64_t kept = 0;
    const struct history_import_point *points = import_rows_points(rows, &count);
    for (size_t i = 0; points && i < count; i++) {
        if (points[i].count == 0 || points[i].quantity == QUANTITY_NONE)
            abort();
        for (size_t k = 1; k < points[i].count; k++) {
            if (points[i].samples[k].time <= points[i].samples[k - 1].time)
                abort();
        }
        kept += points[i].count;
    }
    if (points && kept + rows->repeated != rows->rows)
        abort();
}

/* The first byte chooses the form. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct import_rows rows;
    struct err err = ERR_EMPTY;
    if (size == 0)
        return 0;
    import_rows_init(&rows, 1795222800LL * CLOCK_S);
    enum import_form form = data[0] & 1 ? IMPORT_JSON_LINES : IMPORT_CSV;
    char *text = malloc(size - 1 ? size - 1 : 1); /* a byte too far is found */
    for (size_t i = 1; text && i < size; i++)
        text[i - 1] = (char)data[i];
    if (text && import_rows_read(&rows, form, text, size - 1, 1, &err) == 0)
        check(&rows);
    import_rows_deinit(&rows);
    free(text);
    return 0;
}
