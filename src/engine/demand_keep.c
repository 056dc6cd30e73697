/* Peaks, extremes and windows under way in a file: written at each new peak, and every few minutes
 * if something has changed. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/saver.h"
#include "engine/demand_private.h"

#define VERSION 1
#define FILE_MOST (8u << 20)

static void key_of(const struct demand_point *point, char *key, size_t size)
{
    snprintf(key, size, "%s %s", demand_kind_name(point->kind), point->path);
}

/* ---- reading --------------------------------------------------------------------------------- */

void demand_keep_open(struct demand *demand, const char *folder)
{
    struct buf path = BUF_EMPTY, text = BUF_EMPTY;
    if (!folder || !demand->saver)
        return;
    buf_add_format(&path, "%s/demand.json", folder);
    demand->file = mem_text(buf_text(&path));
    buf_deinit(&path);
    int result = file_read(demand->file, FILE_MOST, &text, NULL);
    json_t *root =
        result == 0 ? json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json_integer_value(json_object_get(root, "version")) == VERSION)
        demand->kept = json_incref(json_object_get(root, "points"));
    else if (result != -ENOENT)
        log_warning("demand", "%s is not readable: peaks begin anew", demand->file);
    json_decref(root);
    buf_deinit(&text);
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *number = json_object_get(object, key);
    return json_is_number(number) ? json_number_value(number) : NAN;
}

static clock_us time_of(const json_t *object, const char *key)
{
    return (clock_us)json_integer_value(json_object_get(object, key));
}

static struct demand_peak peak_of(const json_t *object, const char *key)
{
    const json_t *peak = json_object_get(object, key);
    return (struct demand_peak){.number = number_of(peak, "number"), .wall = time_of(peak, "wall")};
}

static void recall_window(struct demand_window *window, const json_t *kept)
{
    const json_t *ring = json_object_get(kept, "ring");
    /* of other windows nothing is taken over */
    if (time_of(kept, "part") != window->part || json_array_size(ring) > window->parts)
        return;
    window->begin = time_of(kept, "begin");
    window->end = window->begin ? window->begin + window->part : 0;
    window->covered = time_of(kept, "covered");
    window->sum = number_of(kept, "sum");
    window->count = number_of(kept, "count");
    if (window->covered < 0 || window->covered > window->part || !isfinite(window->sum))
        window->end = 0;
    for (size_t i = 0; i < json_array_size(ring); i++) {
        const json_t *number = json_array_get(ring, i);
        window->ring[i] = json_is_number(number) ? json_number_value(number) : NAN;
    }
    window->filled = json_array_size(ring);
    window->at = window->filled % window->parts;
}

void demand_keep_recall(const struct demand *demand, struct demand_point *point)
{
    char key[sizeof point->path + 16];
    key_of(point, key, sizeof key);
    const json_t *kept = demand->kept ? json_object_get(demand->kept, key) : NULL;
    if (!kept)
        return;
    point->peak = peak_of(kept, "peak");
    point->month = peak_of(kept, "month");
    point->lowest = peak_of(kept, "lowest");
    point->month_begin = time_of(kept, "month_begin");
    point->since = time_of(kept, "since");
    point->last = number_of(kept, "last");
    point->last_wall = time_of(kept, "last_wall");
    recall_window(&point->window, kept);
    json_object_del(demand->kept, key); /* from now on it is the point's */
}

/* ---- writing --------------------------------------------------------------------------------- */

static void pair_number(struct json *json, const char *key, double number)
{
    char text[40];
    json_key(json, key);
    int length = snprintf(text, sizeof text, "%.17g", number);
    if (isfinite(number))
        json_raw(json, text, (size_t)length);
    else
        json_none(json);
}

static void pair_peak(struct json *json, const char *key, const struct demand_peak *peak)
{
    json_key(json, key);
    json_open_object(json);
    pair_number(json, "number", peak->number);
    json_pair_int(json, "wall", peak->wall);
    json_close_object(json);
}

/* Oldest first, so that the newest is the last one that is there. */
static void write_ring(struct json *json, const struct demand_window *window)
{
    json_key(json, "ring");
    json_open_array(json);
    for (size_t i = 0; i < window->filled; i++) {
        double number =
            window->ring[(window->at + window->parts - window->filled + i) % window->parts];
        char text[40];
        int length = snprintf(text, sizeof text, "%.17g", number);
        if (isfinite(number))
            json_raw(json, text, (size_t)length);
        else
            json_none(json);
    }
    json_close_array(json);
}

static void write_point(struct json *json, const struct demand_point *point)
{
    char key[sizeof point->path + 16];
    key_of(point, key, sizeof key);
    json_key_text(json, key);
    json_open_object(json);
    json_pair_int(json, "since", point->since);
    pair_peak(json, "peak", &point->peak);
    pair_peak(json, "lowest", &point->lowest);
    if (point->kind != DEMAND_EXTREMES) {
        const struct demand_window *window = &point->window;
        pair_peak(json, "month", &point->month);
        json_pair_int(json, "month_begin", point->month_begin);
        pair_number(json, "last", point->last);
        json_pair_int(json, "last_wall", point->last_wall);
        json_pair_int(json, "part", window->part);
        json_pair_int(json, "begin", window->begin);
        json_pair_int(json, "covered", window->covered);
        pair_number(json, "sum", window->sum);
        pair_number(json, "count", window->count);
        write_ring(json, window);
    }
    json_close_object(json);
}

/* What belongs to a device that is not there just now is kept as it was. */
static void write_text(const struct demand *demand, struct buf *text)
{
    struct json json = json_writer(text);
    json_open_object(&json);
    json_pair_int(&json, "version", VERSION);
    json_key(&json, "points");
    json_open_object(&json);
    for (size_t i = 0; i < demand->count; i++)
        write_point(&json, &demand->points[i]);
    const char *key;
    json_t *kept;
    json_object_foreach(demand->kept, key, kept)
    {
        char *dump = json_dumps(kept, JSON_COMPACT);
        if (dump) {
            json_key_text(&json, key);
            json_raw(&json, dump, strlen(dump));
        }
        free(dump);
    }
    json_close_object(&json);
    json_close_object(&json);
    buf_add_char(text, '\n');
}

static void on_saved(void *user, const struct err *err)
{
    struct demand *demand = user;
    if (!err->code)
        return;
    demand->saved = 0; /* tried again in some minutes */
    log_warning("demand", "%s: %s", demand->file, err->text);
}

void demand_save(struct demand *demand)
{
    struct buf text = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    if (!demand || !demand->file || (!demand->count && !demand->kept))
        return;
    for (size_t i = 0; i < demand->count && clock_wall_known(loop_clock(demand->loop)); i++)
        demand_settle(&demand->points[i], loop_wall(demand->loop));
    write_text(demand, &text);
    uint32_t sum = crc32c(0, text.data, text.length);
    if (sum == demand->saved) {
        buf_deinit(&text);
        return;
    }
    demand->saved = sum;
    if (saver_write(demand->saver, demand->file, 0640, &text, on_saved, demand, &err) < 0)
        on_saved(demand, &err);
}

void demand_keep_close(struct demand *demand)
{
    if (demand->saver)
        saver_forget(demand->saver, demand);
    json_decref(demand->kept);
    free(demand->file);
}
