#include "engine/meter.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

#define SAVE_EVERY (600 * CLOCK_S)
#define FILE_MAX (32u << 20)
#define FILE_VERSION 1

struct ledger {
    struct ledger *next;
    struct meter *meter;
    struct meter_entry entry;
    char path[];
};

struct meter {
    struct site *site;
    struct feed feed;
    uint64_t revision;
    struct map by_path;
    struct ledger *ledgers;
    struct loop_timer save_timer;
    char *file; /* NULL: nothing is kept */
    bool changed;
    struct save *saving;
};

/* ---- counting -------------------------------------------------------------------------------- */

static void save(struct meter *meter);

static bool apply(void *user, const struct point *point, double *number, clock_us mono,
                  clock_us wall)
{
    struct ledger *ledger = user;
    struct meter_entry *entry = &ledger->entry;
    double before = entry->last;
    (void)wall;
    bool was_suspected = entry->suspect_since != 0;
    enum meter_step step = meter_step(entry, *number, point->rollover, mono);
    ledger->meter->changed = true;
    switch (step) {
    case METER_SUSPECTED:
        if (!was_suspected)
            log_warning("meter", "%s fell from %.3f to %.3f %s: not counted until it is clear why",
                        point->path, before, *number, quantity_row(point->quantity)->unit);
        return false;
    case METER_RESET:
        log_notice("meter", "%s began anew at %.3f (was %.3f): counting goes on at %.3f",
                   point->path, *number, before, entry->published);
        save(ledger->meter);
        break;
    case METER_ROLLED_OVER:
        log_info("meter", "%s rolled over from %.3f to %.3f", point->path, before, *number);
        save(ledger->meter);
        break;
    case METER_COUNTED:
        break;
    }
    *number = entry->published;
    return true;
}

static struct ledger *ledger_for(struct meter *meter, const char *path)
{
    struct ledger *ledger = map_get(&meter->by_path, path);
    if (ledger)
        return ledger;
    ledger = mem_new(sizeof *ledger + strlen(path) + 1);
    strcpy(ledger->path, path);
    ledger->meter = meter;
    ledger->next = meter->ledgers;
    meter->ledgers = ledger;
    map_set(&meter->by_path, ledger->path, ledger);
    return ledger;
}

static void attach(struct meter *meter, struct point *point)
{
    if (quantity_row(point->quantity)->kind != QUANTITY_KIND_COUNTER || point->derived ||
        point->filter.apply)
        return;
    point->filter = (struct point_filter){.apply = apply, .user = ledger_for(meter, point->path)};
}

static void on_tree(void *user)
{
    struct meter *meter = user;
    if (site_revision(meter->site) == meter->revision)
        return;
    meter->revision = site_revision(meter->site);
    for (struct device *device = site_devices(meter->site); device; device = device->next) {
        for (struct component *part = device->components; part; part = part->next) {
            for (struct point *point = part->points; point; point = point->next)
                attach(meter, point);
        }
    }
}

/* ---- keeping --------------------------------------------------------------------------------- */

/* One write under way; owned by the pool thread until it is done. */
struct save {
    struct meter *meter;
    const char *file;
    struct buf text;
    struct err err;
};

static void write_text(struct meter *meter, struct buf *text)
{
    struct json json = json_writer(text);
    json_open_object(&json);
    json_pair_int(&json, "version", FILE_VERSION);
    json_key(&json, "counters");
    json_open_object(&json);
    for (const struct ledger *ledger = meter->ledgers; ledger; ledger = ledger->next) {
        if (!ledger->entry.known)
            continue;
        char numbers[80];
        int length = snprintf(numbers, sizeof numbers, "[%.17g,%.17g,%.17g]", ledger->entry.base,
                              ledger->entry.last, ledger->entry.published);
        buf_add_text(text, json.comma ? ",\n" : "\n");
        json.comma = false;
        json_key_text(&json, ledger->path);
        json_raw(&json, numbers, (size_t)length);
    }
    json_close_object(&json);
    json_close_object(&json);
    buf_add_char(text, '\n');
}

static void save_work(void *user)
{
    struct save *save = user;
    file_replace(save->file, save->text.data, save->text.length, 0640, &save->err);
}

static void save_done(void *user)
{
    struct save *save = user;
    if (save->err.code)
        log_error("meter", "counters are not saved: %s", save->err.text);
    if (save->meter)
        save->meter->saving = NULL;
    buf_deinit(&save->text);
    free(save);
}

static void save(struct meter *meter)
{
    if (!meter->file || meter->saving || !meter->changed)
        return;
    struct save *save = calloc(1, sizeof *save);
    if (!save)
        return; /* the next turn of the timer tries again */
    save->meter = meter;
    save->file = meter->file;
    write_text(meter, &save->text);
    meter->changed = false;
    meter->saving = save;
    if (save->text.failed ||
        loop_job_start(site_loop(meter->site), save_work, save_done, save) < 0) {
        meter->changed = true;
        save_done(save);
    }
}

static void on_save_timer(struct loop_timer *timer, void *user)
{
    (void)timer;
    save(user);
}

static int load_entry(struct meter *meter, const char *path, json_t *numbers)
{
    double values[3];
    for (size_t i = 0; i < 3; i++) {
        json_t *number = json_array_get(numbers, i);
        if (!json_is_number(number))
            return -EINVAL;
        values[i] = json_number_value(number);
        if (!isfinite(values[i]))
            return -EINVAL;
    }
    ledger_for(meter, path)->entry = (struct meter_entry){
        .base = values[0], .last = values[1], .published = values[2], .known = true};
    return 0;
}

static int load_text(struct meter *meter, const struct buf *text, struct err *err)
{
    json_error_t where;
    json_t *root = json_loadb(text->data, text->length, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return err_set(err, -EINVAL, "%s:%d:%d: %s; move the file away to begin the counters anew",
                       meter->file, where.line, where.column, where.text);
    int result = 0;
    if (json_integer_value(json_object_get(root, "version")) != FILE_VERSION) {
        result = err_set(err, -EINVAL, "%s is of another version of busbar", meter->file);
    } else {
        const char *path;
        json_t *numbers;
        json_object_foreach(json_object_get(root, "counters"), path, numbers)
        {
            if (load_entry(meter, path, numbers) < 0) {
                result =
                    err_set(err, -EINVAL, "%s: %s does not hold three numbers", meter->file, path);
                break;
            }
        }
    }
    json_decref(root);
    return result;
}

static int load(struct meter *meter, struct err *err)
{
    struct buf text = BUF_EMPTY;
    int result = file_read(meter->file, FILE_MAX, &text, err);
    if (result == -ENOENT) {
        *err = ERR_EMPTY;
        result = 0;
    } else if (result == 0) {
        result = load_text(meter, &text, err);
    }
    buf_deinit(&text);
    return result;
}

/* ---- resetting ------------------------------------------------------------------------------- */

static bool is_energy(const char *path)
{
    const char *name = strrchr(path, '/');
    return name && strstr(name, "energy");
}

/* The ledger counts on from the register, which goes on unknowing. */
size_t meter_reset(struct meter *meter, const char *prefix)
{
    size_t count = 0;
    for (struct ledger *ledger = meter->ledgers; ledger; ledger = ledger->next) {
        struct meter_entry *entry = &ledger->entry;
        if (!entry->known || strncmp(ledger->path, prefix, strlen(prefix)) != 0 ||
            !is_energy(ledger->path) || !site_point_find(meter->site, ledger->path))
            continue;
        entry->base = -entry->last;
        entry->published = 0;
        meter->changed = true;
        count++;
    }
    save(meter);
    return count;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct meter *meter_open(struct site *site, const char *folder, struct err *err)
{
    struct meter *meter = mem_new(sizeof *meter);
    meter->site = site;
    if (folder) {
        struct buf path = BUF_EMPTY;
        buf_add_format(&path, "%s/counters.json", folder);
        meter->file = mem_text(buf_text(&path));
        buf_deinit(&path);
    }
    meter->feed = (struct feed){.tree = on_tree, .user = meter};
    site_subscribe(site, &meter->feed);
    if (meter->file && load(meter, err) < 0)
        return meter_close(meter);
    on_tree(meter);
    loop_timer_every(site_loop(site), &meter->save_timer, SAVE_EVERY, SAVE_EVERY, on_save_timer,
                     meter);
    return meter;
}

static void detach(struct meter *meter)
{
    for (struct device *device = site_devices(meter->site); device; device = device->next) {
        for (struct component *part = device->components; part; part = part->next) {
            for (struct point *point = part->points; point; point = point->next) {
                if (point->filter.apply == apply)
                    point->filter = (struct point_filter){0};
            }
        }
    }
}

struct meter *meter_close(struct meter *meter)
{
    if (!meter)
        return NULL;
    loop_timer_stop(&meter->save_timer);
    site_unsubscribe(meter->site, &meter->feed);
    detach(meter);
    /* The pool's write, if any, must not overwrite the last one: let it end first. */
    while (meter->saving)
        loop_poll(site_loop(meter->site));
    if (meter->file && meter->changed) {
        struct buf text = BUF_EMPTY;
        struct err err = ERR_EMPTY;
        write_text(meter, &text);
        if (file_replace(meter->file, text.data, text.length, 0640, &err) < 0)
            log_error("meter", "counters are not saved: %s", err.text);
        buf_deinit(&text);
    }
    for (struct ledger *ledger = meter->ledgers, *next; ledger; ledger = next) {
        next = ledger->next;
        free(ledger);
    }
    map_deinit(&meter->by_path);
    free(meter->file);
    free(meter);
    return NULL;
}
