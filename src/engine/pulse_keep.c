/* The ledgers of pulse inputs in `pulse-meters.json`: written when one was begun, rebased or set,
 * which is when somebody changes something; never while pulses only count. */

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/pulse_private.h"

#define FILE_MAX (4u << 20)
#define FILE_VERSION 1
#define RETRY_AFTER (10 * CLOCK_S)

/* ---- reading --------------------------------------------------------------------------------- */

static bool take(json_t *object, const char *key, double *number)
{
    json_t *value = json_object_get(object, key);
    *number = json_number_value(value);
    return json_is_number(value) && isfinite(*number);
}

static bool load_meter(struct pulse_meter *meter, json_t *object)
{
    struct pulse_ledger *ledger = &meter->ledger;
    json_t *counted = json_object_get(object, "counter");
    ledger->known = true;
    ledger->has_reading = json_is_true(json_object_get(object, "set"));
    meter->counted =
        json_is_string(counted) ? quantity_find(json_string_value(counted)) : QUANTITY_NONE;
    return meter->counted != QUANTITY_NONE && take(object, "count", &ledger->count) &&
           take(object, "total", &ledger->total) && take(object, "reading", &ledger->reading) &&
           take(object, "worth", &ledger->worth) &&
           take(object, "multiplier", &ledger->multiplier) && ledger->worth > 0 &&
           ledger->multiplier > 0;
}

static int load_text(struct pulses *pulses, const struct buf *text, struct err *err)
{
    json_error_t where;
    json_t *root = json_loadb(text->data, text->length, JSON_REJECT_DUPLICATES, &where), *object;
    if (!root)
        return err_set(err, -EINVAL,
                       "%s:%d:%d: %s; move the file away to begin the pulse meters anew",
                       pulses->file, where.line, where.column, where.text);
    int result = 0;
    if (json_integer_value(json_object_get(root, "version")) != FILE_VERSION)
        result = err_set(err, -EINVAL, "%s is of another version of busbar", pulses->file);
    const char *path;
    json_object_foreach(json_object_get(root, "meters"), path, object)
    {
        if (result == 0 && !load_meter(pulse_meter_of(pulses, path), object))
            result = err_set(err, -EINVAL, "%s: %s is no pulse meter", pulses->file, path);
    }
    json_decref(root);
    return result;
}

int pulses_load(struct pulses *pulses, struct err *err)
{
    struct buf text = BUF_EMPTY;
    int result = file_read(pulses->file, FILE_MAX, &text, err);
    if (result == -ENOENT) {
        *err = ERR_EMPTY;
        result = 0;
    } else if (result == 0) {
        result = load_text(pulses, &text, err);
    }
    buf_deinit(&text);
    return result;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void pair_exact(struct json *json, const char *key, double number)
{
    char text[40];
    int length = snprintf(text, sizeof text, "%.17g", number);
    json_key(json, key);
    json_raw(json, text, (size_t)length);
}

static void write_meter(struct json *json, const struct pulse_meter *meter)
{
    json_key_text(json, meter->path);
    json_open_object(json);
    json_pair_text(json, "counter", quantity_row(meter->counted)->name);
    pair_exact(json, "count", meter->ledger.count);
    pair_exact(json, "total", meter->ledger.total);
    pair_exact(json, "reading", meter->ledger.reading);
    json_pair_bool(json, "set", meter->ledger.has_reading);
    pair_exact(json, "worth", meter->ledger.worth);
    pair_exact(json, "multiplier", meter->ledger.multiplier);
    json_close_object(json);
}

static void write_text(struct pulses *pulses, struct buf *text)
{
    struct json json = json_writer(text);
    json_open_object(&json);
    json_pair_int(&json, "version", FILE_VERSION);
    json_key(&json, "meters");
    json_open_object(&json);
    for (struct pulse_meter *meter = pulses->list; meter; meter = meter->next) {
        if (meter->ledger.known)
            write_meter(&json, meter);
        meter->saving = meter->unsaved;
        meter->unsaved = false;
    }
    json_close_object(&json);
    json_close_object(&json);
    buf_add_char(text, '\n');
}

static void save(struct pulses *pulses);

static void on_retry(struct loop_timer *timer, void *user)
{
    (void)timer;
    save(user);
}

static void on_saved(void *user, const struct err *err)
{
    struct pulses *pulses = user;
    bool again = false;
    pulses->saving = false;
    for (struct pulse_meter *meter = pulses->list; meter; meter = meter->next) {
        meter->unsaved |= meter->saving && err->code;
        meter->saving = false;
        again |= meter->unsaved;
    }
    if (err->code) {
        log_error("pulses", "pulse meters are not saved, and not told: %s", err->text);
        struct loop *loop = site_loop(pulses->context.site);
        loop_timer_at(loop, &pulses->retry, loop_now(loop) + RETRY_AFTER, on_retry, pulses);
    } else if (again) {
        save(pulses);
    }
}

static void save(struct pulses *pulses)
{
    struct buf text = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    pulses->saving = true;
    write_text(pulses, &text);
    if (saver_write(pulses->context.saver, pulses->file, 0640, &text, on_saved, pulses, &err) < 0)
        on_saved(pulses, &err);
}

void pulses_keep(struct pulse_meter *meter)
{
    struct pulses *pulses = meter->pulses;
    if (!pulses->file)
        return;
    meter->unsaved = true;
    if (!pulses->saving && !loop_timer_running(&pulses->retry))
        save(pulses);
}

void pulses_keep_end(struct pulses *pulses)
{
    loop_timer_stop(&pulses->retry);
    if (pulses->context.saver)
        saver_forget(pulses->context.saver, pulses);
}
