/* What outlets drew, in a file: a budget that is asked just after a start, or after a loss of
 * power, would else know nothing but rated currents. Written each minute when something has
 * changed; what is lost is the rise of the last minute. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/saver.h"
#include "engine/load_private.h"

#define VERSION 1
#define FILE_MOST (4u * 1024 * 1024)

void load_keep_open(struct load *load, const char *folder)
{
    struct buf path = BUF_EMPTY, text = BUF_EMPTY;
    if (!load->saver)
        return;
    buf_add_format(&path, "%s/loads.json", folder);
    load->file = mem_text(buf_text(&path));
    buf_deinit(&path);
    int result = file_read(load->file, FILE_MOST, &text, NULL);
    json_t *root =
        result == 0 ? json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json_integer_value(json_object_get(root, "version")) == VERSION)
        load->kept = json_incref(json_object_get(root, "outlets"));
    else if (result != -ENOENT)
        log_warning("load", "%s is not readable: what outlets drew before is not known",
                    load->file);
    json_decref(root);
    buf_deinit(&text);
}

static double number_of(const json_t *one, const char *key)
{
    const json_t *number = json_object_get(one, key);
    return json_is_number(number) ? json_number_value(number) : NAN;
}

/* A device may come long after the start: what is known of its outlets waits for it. */
void load_keep_recall(const struct load *load, struct load_outlet *outlet)
{
    const json_t *one = load->kept ? json_object_get(load->kept, outlet->path) : NULL;
    if (!one)
        return;
    outlet->on = json_is_true(json_object_get(one, "on"));
    outlet->most[LOAD_AMPERES] = number_of(one, "amperes");
    outlet->most[LOAD_WATTS] = number_of(one, "watts");
}

/* "on" is needed to notice that it was switched while nobody looked: then it is not known what
 * hangs on it. */
static void write_outlet(struct json *json, const struct load_outlet *outlet)
{
    json_key_text(json, outlet->path);
    json_open_object(json);
    json_pair_bool(json, "on", outlet->on == 1);
    json_key(json, "amperes");
    json_decimal(json, outlet->most[LOAD_AMPERES], 3);
    json_key(json, "watts");
    json_decimal(json, outlet->most[LOAD_WATTS], 1);
    json_close_object(json);
}

static void write_text(const struct load *load, struct buf *text)
{
    struct json json = json_writer(text);
    json_open_object(&json);
    json_pair_int(&json, "version", VERSION);
    json_key(&json, "outlets");
    json_open_object(&json);
    for (size_t i = 0; i < load->outlet_count; i++) {
        const struct load_outlet *outlet = &load->outlets[i];
        if (outlet->on >= 0 && !(isnan(outlet->most[0]) && isnan(outlet->most[1])))
            write_outlet(&json, outlet);
    }
    json_close_object(&json);
    json_close_object(&json);
    buf_add_char(text, '\n');
}

static void on_saved(void *user, const struct err *err)
{
    struct load *load = user;
    if (!err->code)
        return;
    load->saved = 0; /* tried again in a minute */
    log_warning("load", "%s: %s", load->file, err->text);
}

void load_save(struct load *load)
{
    struct buf text = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    if (!load || !load->saver)
        return;
    write_text(load, &text);
    /* the same as last time: a disk is spared a write each minute */
    uint32_t sum = crc32c(0, text.data, text.length);
    if (sum == load->saved) {
        buf_deinit(&text);
        return;
    }
    load->saved = sum;
    if (saver_write(load->saver, load->file, 0640, &text, on_saved, load, &err) < 0)
        on_saved(load, &err);
}

void load_keep_close(struct load *load)
{
    if (load->saver)
        saver_forget(load->saver, load);
    json_decref(load->kept);
    free(load->file);
}
