#include "field/pulse_counts.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

#define FILE_MAX (1u << 20)
#define FILE_VERSION 1
#define HELD_UP_AFTER (60 * CLOCK_S)

struct pulse_count {
    struct pulse_count *next;
    struct pulse_counts *counts;
    uint64_t counted, saving, told; /* by us; in the file that is being written; durable */
    clock_us waiting_since;         /* of the first pulse that is not told; 0: none */
    char key[];                     /* "CHIP LINE" */
};

struct pulse_counts {
    struct loop *loop;
    struct saver *saver;
    char *file; /* NULL: nothing is kept */
    struct map by_key;
    struct pulse_count *list;
    struct loop_timer timer;
    clock_us written; /* when the last write began */
    bool saving, changed, failing, stopping;
};

/* ---- the file -------------------------------------------------------------------------------- */

static void write_text(struct pulse_counts *counts, struct buf *text)
{
    struct json json = json_writer(text);
    json_open_object(&json);
    json_pair_int(&json, "version", FILE_VERSION);
    json_key(&json, "counts");
    json_open_object(&json);
    for (struct pulse_count *count = counts->list; count; count = count->next) {
        count->saving = count->counted;
        json_key_text(&json, count->key);
        json_int(&json, (int64_t)count->saving);
    }
    json_close_object(&json);
    json_close_object(&json);
    buf_add_char(text, '\n');
}

static struct pulse_count *find(struct pulse_counts *counts, const char *key)
{
    struct pulse_count *count = map_get(&counts->by_key, key);
    if (count)
        return count;
    count = mem_new(sizeof *count + strlen(key) + 1);
    strcpy(count->key, key);
    count->counts = counts;
    count->next = counts->list;
    counts->list = count;
    map_set(&counts->by_key, count->key, count);
    return count;
}

static int load_text(struct pulse_counts *counts, const struct buf *text, struct err *err)
{
    json_error_t where;
    json_t *root = json_loadb(text->data, text->length, JSON_REJECT_DUPLICATES, &where), *number;
    if (!root)
        return err_set(err, -EINVAL,
                       "%s:%d:%d: %s; move the file away to begin the counts of pulses anew",
                       counts->file, where.line, where.column, where.text);
    int result = 0;
    if (json_integer_value(json_object_get(root, "version")) != FILE_VERSION)
        result = err_set(err, -EINVAL, "%s is of another version of busbar", counts->file);
    const char *key;
    json_object_foreach(json_object_get(root, "counts"), key, number)
    {
        if (result == 0 && (!json_is_integer(number) || json_integer_value(number) < 0))
            result = err_set(err, -EINVAL, "%s: %s is no count", counts->file, key);
        struct pulse_count *count = find(counts, key);
        count->counted = count->saving = count->told = (uint64_t)json_integer_value(number);
    }
    json_decref(root);
    return result;
}

static int load(struct pulse_counts *counts, struct err *err)
{
    struct buf text = BUF_EMPTY;
    int result = file_read(counts->file, FILE_MAX, &text, err);
    if (result == -ENOENT) {
        *err = ERR_EMPTY;
        result = 0;
    } else if (result == 0) {
        result = load_text(counts, &text, err);
    }
    buf_deinit(&text);
    return result;
}

/* ---- keeping --------------------------------------------------------------------------------- */

static void plan(struct pulse_counts *counts);
static void save(struct pulse_counts *counts);

static void tell(struct pulse_counts *counts)
{
    for (struct pulse_count *count = counts->list; count; count = count->next) {
        count->told = count->saving;
        /* younger than the write, or counted while it went on */
        count->waiting_since = count->counted == count->told ? 0 : counts->written;
    }
}

static void on_saved(void *user, const struct err *err)
{
    struct pulse_counts *counts = user;
    counts->saving = false;
    if (err->code) {
        if (!counts->failing)
            log_error("pulses", "counts of pulses are not saved, and not told: %s", err->text);
        counts->changed = true;
    } else {
        if (counts->failing)
            log_notice("pulses", "counts of pulses are saved again");
        tell(counts);
    }
    counts->failing = err->code != 0;
    if (counts->stopping && counts->changed && !counts->failing)
        save(counts);
    else
        plan(counts);
}

static void save(struct pulse_counts *counts)
{
    struct buf text = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    write_text(counts, &text);
    counts->changed = false;
    counts->saving = true;
    counts->written = loop_now(counts->loop);
    if (saver_write(counts->saver, counts->file, 0640, &text, on_saved, counts, &err) < 0)
        on_saved(counts, &err);
}

static void on_timer(struct loop_timer *timer, void *user)
{
    (void)timer;
    save(user);
}

static void plan(struct pulse_counts *counts)
{
    clock_us due = counts->written + PULSE_COUNTS_EVERY;
    if (counts->changed && !counts->saving && !loop_timer_running(&counts->timer))
        loop_timer_at(counts->loop, &counts->timer, due, on_timer, counts);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct pulse_counts *pulse_counts_open(struct loop *loop, struct saver *saver, const char *folder,
                                       struct err *err)
{
    struct pulse_counts *counts = mem_new(sizeof *counts);
    counts->loop = loop;
    counts->saver = saver;
    counts->written = loop_now(loop) - PULSE_COUNTS_EVERY;
    if (folder) {
        struct buf path = BUF_EMPTY;
        buf_add_format(&path, "%s/pulses.json", folder);
        counts->file = mem_text(buf_text(&path));
        buf_deinit(&path);
    }
    if (counts->file && load(counts, err) < 0)
        return pulse_counts_free(counts);
    return counts;
}

void pulse_counts_stop(struct pulse_counts *counts)
{
    counts->stopping = true;
    if (counts->changed && !counts->saving)
        save(counts);
}

struct pulse_counts *pulse_counts_free(struct pulse_counts *counts)
{
    if (!counts)
        return NULL;
    loop_timer_stop(&counts->timer);
    if (counts->saver)
        saver_forget(counts->saver, counts);
    for (struct pulse_count *count = counts->list, *next; count; count = next) {
        next = count->next;
        free(count);
    }
    map_deinit(&counts->by_key);
    free(counts->file);
    free(counts);
    return NULL;
}

struct pulse_count *pulse_counts_find(struct pulse_counts *counts, const char *chip,
                                      const char *line)
{
    struct buf key = BUF_EMPTY;
    buf_add_format(&key, "%s %s", chip, line);
    struct pulse_count *count = find(counts, buf_text(&key));
    buf_deinit(&key);
    return count;
}

/* ---- counting -------------------------------------------------------------------------------- */

void pulse_count_add(struct pulse_count *count, unsigned pulses)
{
    struct pulse_counts *counts = count->counts;
    if (pulses == 0)
        return;
    count->counted += pulses;
    if (!counts->file) {
        count->told = count->counted;
        return;
    }
    if (count->waiting_since == 0)
        count->waiting_since = loop_now(counts->loop);
    counts->changed = true;
    plan(counts);
}

uint64_t pulse_count_told(const struct pulse_count *count)
{
    return count->told;
}

bool pulse_count_held_up(const struct pulse_count *count)
{
    return count->waiting_since &&
           loop_now(count->counts->loop) - count->waiting_since > HELD_UP_AFTER;
}
