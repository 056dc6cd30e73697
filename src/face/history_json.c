#include "face/history_json.h"

#include "model/quantity.h"

/* An average of whole numbers is not whole. */
#define AVERAGE_MORE_DECIMALS 2
#define DECIMALS_MOST 9
#define DECIMALS_UNKNOWN 3

static void pair_time(struct json *json, const char *key, clock_us wall, enum time_form form)
{
    json_key(json, key);
    time_form_add(json, wall, form);
}

static void write_head(struct history_json *writer)
{
    const struct history_json_head *head = &writer->head;
    struct json *json = &writer->json;
    json_open_object(json);
    pair_time(json, "from", head->from, head->form);
    pair_time(json, "to", head->to, head->form);
    json_pair_text(json, "step", head->step);
    json_pair_int(json, "step_s", head->step_s);
    /* Before the rows: who reads as it comes knows early that there is more. */
    if (writer->answer->until < head->to)
        pair_time(json, "next", writer->answer->until, head->form);
    else
        json_pair_text(json, "next", NULL);
    json_key(json, "series");
    json_open_array(json);
}

static void open_series(struct json *json, const struct history_series *series)
{
    bool known = series->quantity != QUANTITY_NONE;
    const struct quantity_row *row = known ? quantity_row(series->quantity) : NULL;
    json_open_object(json);
    json_pair_text(json, "path", series->path);
    json_pair_text(json, "quantity", known ? row->name : NULL);
    json_pair_text(json, "unit", known ? row->unit : NULL);
    json_pair_int(json, "decimals", known ? row->decimals : 0);
    json_pair_bool(json, "cut", series->cut);
    json_key(json, "rows");
    json_open_array(json);
}

static void write_row(struct json *json, const struct history_series *series,
                      const struct history_bucket *bucket, enum time_form form)
{
    bool known = series->quantity != QUANTITY_NONE;
    const struct quantity_row *row = known ? quantity_row(series->quantity) : NULL;
    int decimals = known ? row->decimals : DECIMALS_UNKNOWN;
    int more = decimals + AVERAGE_MORE_DECIMALS;
    json_open_array(json);
    time_form_add(json, bucket->time, form);
    json_decimal(json, bucket->min, decimals);
    json_decimal(json, bucket->sum / bucket->count, more < DECIMALS_MOST ? more : DECIMALS_MOST);
    json_decimal(json, bucket->max, decimals);
    json_decimal(json, bucket->last, decimals);
    json_int(json, bucket->count);
    if (known && row->kind == QUANTITY_KIND_COUNTER)
        json_decimal(json, bucket->rise, decimals);
    json_close_array(json);
}

static void close_series(struct json *json)
{
    json_close_array(json);
    json_close_object(json);
}

/* The next piece: the head of a series, one of its rows, or its end. */
static void write_next(struct history_json *writer)
{
    const struct history_series *series = &writer->answer->series[writer->series];
    if (!writer->inside) {
        open_series(&writer->json, series);
        writer->inside = true;
        writer->bucket = 0;
    } else if (writer->bucket < series->count) {
        const struct history_bucket *bucket = &series->buckets[writer->bucket++];
        if (bucket->count)
            write_row(&writer->json, series, bucket, writer->head.form);
    } else {
        close_series(&writer->json);
        writer->inside = false;
        writer->series++;
    }
}

void history_json_begin(struct history_json *writer, const struct history_json_head *head,
                        const struct history_answer *answer)
{
    *writer = (struct history_json){.head = *head, .answer = answer};
}

bool history_json_write(struct history_json *writer, struct buf *out, size_t most)
{
    size_t begin = out->length;
    if (!writer->begun)
        writer->json = json_writer(out);
    writer->json.out = out;
    if (!writer->begun)
        write_head(writer);
    writer->begun = true;
    while (writer->series < writer->answer->path_count && out->length - begin < most &&
           !out->failed)
        write_next(writer);
    if (writer->series < writer->answer->path_count || writer->ended)
        return !writer->ended && !out->failed;
    json_close_array(&writer->json);
    json_close_object(&writer->json);
    writer->ended = true;
    return false;
}
