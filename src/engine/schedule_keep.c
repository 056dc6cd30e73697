/* How far the schedules have come, in a file: until when everything is done, and which schedules
 * there were. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/saver.h"
#include "base/time_text.h"
#include "engine/schedule_private.h"

#define VERSION 1
#define FILE_MOST (256u * 1024)

static void take(struct schedules *schedules, const json_t *root)
{
    const char *done = json_string_value(json_object_get(root, "done"));
    const json_t *sums = json_object_get(root, "schedules");
    if (json_integer_value(json_object_get(root, "version")) != VERSION || !done ||
        time_text_parse(done, 0, &schedules->done) < 0)
        return;
    for (size_t i = 0; i < schedules->plan->rule_count; i++) {
        const struct schedule_rule *rule = &schedules->plan->rules[i];
        const json_t *sum = json_object_get(sums, rule->name);
        schedules->progress[i].fresh =
            !json_is_integer(sum) || json_integer_value(sum) != (json_int_t)rule->sum;
    }
}

void schedule_keep_load(struct schedules *schedules)
{
    struct buf text = BUF_EMPTY;
    int result = file_read(schedules->file, FILE_MOST, &text, NULL);
    json_t *root =
        result == 0 ? json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    take(schedules, root);
    if (!schedules->done && result != -ENOENT)
        log_warning("schedule",
                    "%s is not readable: what was missed is not known, windows that "
                    "hold now are brought about",
                    schedules->file);
    json_decref(root);
    buf_deinit(&text);
}

/* What waits for the door is not done: after a restart it is found again. */
static clock_us done_until(const struct schedules *schedules)
{
    clock_us until = schedules->done;
    for (const struct schedule_retry *retry = schedules->retries; retry; retry = retry->next) {
        if (retry->deed.moment <= until)
            until = retry->deed.moment - CLOCK_MS;
    }
    return until;
}

static void write_text(const struct schedules *schedules, struct buf *text)
{
    char done[TIME_TEXT_SIZE];
    struct json json = json_writer(text);
    time_text_format_utc(done_until(schedules), done);
    json_open_object(&json);
    json_pair_int(&json, "version", VERSION);
    json_pair_text(&json, "done", done);
    json_key(&json, "schedules");
    json_open_object(&json);
    for (size_t i = 0; i < schedules->plan->rule_count; i++) {
        json_key_text(&json, schedules->plan->rules[i].name);
        json_int(&json, schedules->plan->rules[i].sum);
    }
    json_close_object(&json);
    json_close_object(&json);
    buf_add_char(text, '\n');
}

static void on_saved(void *user, const struct err *err)
{
    struct schedules *schedules = user;
    if (err->code)
        log_warning("schedule", "%s: %s", schedules->file, err->text);
}

void schedule_keep_save(struct schedules *schedules)
{
    struct buf text = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    if (!schedules->done)
        return;
    write_text(schedules, &text);
    if (saver_write(schedules->saver, schedules->file, 0640, &text, on_saved, schedules, &err) < 0)
        on_saved(schedules, &err);
}
