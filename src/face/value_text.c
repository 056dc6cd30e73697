#include "face/value_text.h"

#include <stdio.h>

#include "face/point_json.h"

bool value_text_there(const struct point *point)
{
    /* Of a bad value the last good number is still known, but must not be shown. */
    const struct value *value = &point->value;
    return value->mono && (value->quality == QUALITY_GOOD || value->quality == QUALITY_STALE);
}

void value_text_add(struct buf *out, const struct point *point)
{
    const struct quantity_row *row = quantity_row(point->quantity);
    size_t before = out->length;
    if (!value_text_there(point)) {
        buf_add_char(out, '-');
        return;
    }
    if (row->kind == QUANTITY_KIND_TEXT) {
        buf_add_text(out, point->text ? point->text : "");
        return;
    }
    if (row->kind == QUANTITY_KIND_STATE)
        point_json_words(point->words, point->value.number, out);
    if (out->length > before)
        return;
    buf_add_format(out, "%.*f", point->decimals, point->value.number);
    if (row->unit[0])
        buf_add_format(out, " %s", row->unit);
}

void value_text_age(const struct point *point, clock_us now, char *text, size_t size)
{
    const struct value *value = &point->value;
    text[0] = '\0';
    if (value->quality == QUALITY_GOOD)
        return;
    if (value->quality == QUALITY_STALE && value->mono)
        snprintf(text, size, "stale, %lld s old", (long long)((now - value->mono) / CLOCK_S));
    else
        snprintf(text, size, "%s", quality_name(value->quality));
}
