#include "face/point_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "face/alarm_json.h"

/* {"path":…,"value":…,"time":…,"age_ms": | 312 | ,"quality":…,"reason":…} */
struct fragment {
    point_id id; /* 0: empty */
    struct value seen;
    char *bytes;
    size_t head; /* up to and with "value": ; never changes for an id */
    size_t front, length, capacity;
};

struct point_json {
    struct site *site;
    const struct alarms *alarms;
    struct fragment *fragments;
    size_t count;
    struct buf work;
};

struct point_json *point_json_new(struct site *site)
{
    struct point_json *cache = calloc(1, sizeof *cache);
    if (cache)
        cache->site = site;
    return cache;
}

struct point_json *point_json_free(struct point_json *cache)
{
    if (!cache)
        return NULL;
    for (size_t i = 0; i < cache->count; i++)
        free(cache->fragments[i].bytes);
    free(cache->fragments);
    buf_deinit(&cache->work);
    free(cache);
    return NULL;
}

void point_json_set_alarms(struct point_json *cache, const struct alarms *alarms)
{
    cache->alarms = alarms;
}

/* ---- rendering ------------------------------------------------------------------------------- */

void point_json_words(const struct words *words, double number, struct buf *out)
{
    if (!words || !(number >= -9e15 && number <= 9e15))
        return;
    int64_t whole = (int64_t)number;
    size_t start = out->length;
    for (size_t i = 0; i < words->count; i++) {
        const struct word *word = &words->list[i];
        bool holds = words->flags
                         ? word->number >= 0 && word->number < 63 && (whole >> word->number & 1)
                         : word->number == whole;
        if (!holds)
            continue;
        if (out->length > start)
            buf_add(out, ", ", 2);
        buf_add_text(out, word->text);
        if (!words->flags)
            return;
    }
}

static bool has_number(const struct value *value)
{
    /* A bad value keeps the last good number for those who know what they do; a face must not show
     * it. */
    return value->mono != 0 && (value->quality == QUALITY_GOOD || value->quality == QUALITY_STALE);
}

static void add_words(struct buf *out, const struct point *point)
{
    struct buf text = BUF_EMPTY;
    point_json_words(point->words, point->value.number, &text);
    if (text.length && !text.failed) {
        buf_add_text(out, ",\"text\":");
        struct json json = json_writer(out);
        json_text_n(&json, text.data, text.length);
    }
    buf_deinit(&text);
}

static void add_value(struct buf *out, const struct point *point, enum time_form form)
{
    const struct quantity_row *row = quantity_row(point->quantity);
    const struct value *value = &point->value;
    struct json json = json_writer(out);
    if (!has_number(value))
        json_none(&json);
    else if (row->kind == QUANTITY_KIND_TEXT)
        json_text(&json, point->text ? point->text : "");
    else
        json_decimal(&json, value->number, row->decimals);
    if (has_number(value) && row->kind == QUANTITY_KIND_STATE && point->words)
        add_words(out, point);
    buf_add_text(out, ",\"time\":");
    if (value->mono && value->wall_known)
        time_form_json(out, value->wall, form);
    else
        buf_add_text(out, "null");
    buf_add_text(out, ",\"age_ms\":");
}

static void add_head(struct buf *out, const struct point *point)
{
    const struct quantity_row *row = quantity_row(point->quantity);
    struct json json = json_writer(out);
    json_open_object(&json);
    json_pair_text(&json, "path", point->path);
    json_pair_text(&json, "quantity", row->name);
    json_pair_text(&json, "unit", row->unit);
    json_key(&json, "value");
}

static void add_age(struct buf *out, const struct value *value, clock_us now)
{
    if (value->mono)
        buf_add_int(out, now > value->mono ? (now - value->mono) / CLOCK_MS : 0);
    else
        buf_add_text(out, "null");
}

static void add_end(struct buf *out, const struct point *point)
{
    const struct value *value = &point->value;
    buf_add_text(out, ",\"quality\":\"");
    buf_add_text(out, quality_name(value->quality));
    if (value->quality == QUALITY_GOOD) {
        buf_add_text(out, "\",\"reason\":null}");
        return;
    }
    buf_add_text(out, "\",\"reason\":\"");
    buf_add_text(out, quantity_row(point->quantity)->label);
    buf_add_char(out, ' ');
    buf_add_text(out, value_reason_text(value->reason));
    buf_add_text(out, ".\"}");
}

/* ---- keeping --------------------------------------------------------------------------------- */

static struct fragment *fragment_of(struct point_json *cache, const struct point *point)
{
    size_t slot = point_slot(point->id);
    if (slot >= cache->count) {
        size_t count = site_slot_count(cache->site);
        if (slot >= count)
            return NULL;
        struct fragment *fragments = realloc(cache->fragments, count * sizeof *fragments);
        if (!fragments)
            return NULL;
        memset(fragments + cache->count, 0, (count - cache->count) * sizeof *fragments);
        cache->fragments = fragments;
        cache->count = count;
    }
    return &cache->fragments[slot];
}

static bool same_value(const struct value *a, const struct value *b)
{
    /* Every reading has its own acquisition time; quality may change without one. */
    return a->mono == b->mono && a->wall == b->wall && a->quality == b->quality &&
           a->reason == b->reason && a->wall_known == b->wall_known &&
           memcmp(&a->number, &b->number, sizeof a->number) == 0;
}

/* Renders what is not up to date; false when out of memory. */
static bool refresh(struct point_json *cache, struct fragment *fragment, const struct point *point)
{
    bool same_point = fragment->id == point->id;
    if (same_point && same_value(&fragment->seen, &point->value))
        return true;
    struct buf *work = &cache->work;
    buf_clear(work);
    if (same_point)
        buf_add(work, fragment->bytes, fragment->head);
    else
        add_head(work, point);
    size_t head = work->length;
    add_value(work, point, TIME_FORM_UTC);
    size_t front = work->length;
    add_end(work, point);
    if (work->failed)
        return false;
    if (work->length > fragment->capacity) {
        char *bytes = realloc(fragment->bytes, work->length + 32);
        if (!bytes)
            return false;
        fragment->bytes = bytes;
        fragment->capacity = work->length + 32;
    }
    memcpy(fragment->bytes, work->data, work->length);
    fragment->id = point->id;
    fragment->seen = point->value;
    fragment->head = head;
    fragment->front = front;
    fragment->length = work->length;
    return true;
}

static void add_point(struct point_json *cache, struct buf *out, const struct point *point,
                      enum time_form form, clock_us now)
{
    struct fragment *fragment = form == TIME_FORM_UTC ? fragment_of(cache, point) : NULL;
    if (fragment && refresh(cache, fragment, point)) {
        buf_add(out, fragment->bytes, fragment->front);
        add_age(out, &point->value, now);
        buf_add(out, fragment->bytes + fragment->front, fragment->length - fragment->front);
        return;
    }
    add_head(out, point);
    add_value(out, point, form);
    add_age(out, &point->value, now);
    add_end(out, point);
}

/* The alarm is looked up anew each time: it changes by itself, and few points have one. */
static void add_alarm(const struct point_json *cache, struct buf *out, const struct point *point)
{
    struct alarm_view alarm;
    if (out->failed || !cache->alarms || !alarms_active(cache->alarms) ||
        !alarms_worst(cache->alarms, point->path, &alarm))
        return;
    out->length--; /* reopen the object */
    buf_add_text(out, ",\"alarm\":");
    struct json json = json_writer(out);
    alarm_json_write_short(&json, &alarm);
    buf_add_char(out, '}');
}

void point_json_add(struct point_json *cache, struct buf *out, const struct point *point,
                    enum time_form form, clock_us now)
{
    add_point(cache, out, point, form, now);
    add_alarm(cache, out, point);
}
