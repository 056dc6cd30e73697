/* What of the alarms outlasts a restart, in alarms.json: who is raised and told, acknowledged,
 * shelved, and which outputs are driven. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/saver.h"
#include "engine/alarm_private.h"

#define VERSION 1
#define FILE_MOST (64u << 20)
/* Between two writings: a storm of alarms must not keep the disk busy. */
#define KEEP_EVERY (200 * CLOCK_MS)
#define KEEP_ROW 20 /* us more for each row: building a hundred thousand takes 50 ms */
#define KEEP_AGAIN (10 * CLOCK_S) /* after the disk refused */
/* That somebody was told is not written before what he was told is: who loses power between the two
 * hears it twice rather than never. A disk that keeps no notices is waited for so long. */
#define TOLD_LOOK (20 * CLOCK_MS)
#define TOLD_MOST (2 * CLOCK_S)

/* ---- reading ----------------------------------------------------------------------------------- */

static clock_us whole_of(const json_t *row, const char *key)
{
    return json_integer_value(json_object_get(row, key));
}

static bool flag_of(const json_t *row, const char *key)
{
    return json_is_true(json_object_get(row, key));
}

/* A shelf is kept in wall time; one that has ended is none. While the time of day is not known it
 * lasts an hour, or until that is known and with it how long. */
static void take_shelf(struct alarms *alarms, struct alarm *alarm, clock_us wall)
{
    clock_us now = loop_now(alarms->loop), left = wall - loop_wall(alarms->loop);
    bool known = clock_wall_known(loop_clock(alarms->loop));
    if (wall <= 0 || (known && left <= 0))
        return;
    alarm->shelved = now + (known ? left : 3600 * CLOCK_S);
    alarm->shelved_wall = known ? 0 : wall;
    alarms->shelves_float |= !known;
}

/* Whether its end was waiting to be known. */
static bool place_shelf(const struct alarms *alarms, struct alarm *alarm)
{
    clock_us left = alarm->shelved_wall - loop_wall(alarms->loop);
    bool floats = alarm->shelved && alarm->shelved_wall;
    if (floats)
        alarm->shelved = loop_now(alarms->loop) + (left > 0 ? left : 0);
    alarm->shelved_wall = 0;
    return floats;
}

void alarm_keep_shelves(struct alarms *alarms)
{
    if (!alarms->shelves_float || !clock_wall_known(loop_clock(alarms->loop)))
        return;
    alarms->shelves_float = false;
    for (struct alarm_kept *kept = alarms->kept; kept; kept = kept->next)
        place_shelf(alarms, &kept->alarm);
    for (uint32_t i = 0; i < alarms->table.count; i++) {
        if (place_shelf(alarms, &alarms->table.list[i]))
            alarm_settle(alarms, &alarms->table.list[i], ALARM_STAYS);
    }
}

/* What the row says of its rule, for the case that this is gone. */
static void take_rule(struct alarm_kept *kept, const json_t *row)
{
    const char *label = json_string_value(json_object_get(row, "label"));
    const char *recipients = json_string_value(json_object_get(row, "recipients"));
    const char *severity = json_string_value(json_object_get(row, "severity"));
    kept->label = label ? mem_text(label) : NULL;
    kept->recipients = recipients ? mem_text(recipients) : NULL;
    kept->quiet_end = flag_of(row, "quiet_end");
    kept->severity = ALARM_WARNING;
    for (int i = 0; severity && i < ALARM_SEVERITIES; i++) {
        if (strcmp(severity, alarm_severity_name((enum alarm_severity)i)) == 0)
            kept->severity = (uint8_t)i;
    }
}

static void take_row(struct alarms *alarms, const json_t *row)
{
    const char *rule = json_string_value(json_object_get(row, "rule"));
    const char *path = json_string_value(json_object_get(row, "path"));
    const char *by = json_string_value(json_object_get(row, "by"));
    const char *phase = json_string_value(json_object_get(row, "phase"));
    const json_t *number = json_object_get(row, "number");
    if (!rule || !path || !phase)
        return;
    clock_us now = loop_now(alarms->loop), since_wall = whole_of(row, "since");
    struct alarm_kept *kept = mem_new(sizeof *kept);
    kept->rule = mem_text(rule);
    kept->path = mem_text(path);
    kept->alarm = (struct alarm){
        .mind = alarm_judge_start(now),
        .due = CLOCK_NEVER,
        .repeat_due = CLOCK_NEVER,
        .since = since_wall > 0 && since_wall < loop_wall(alarms->loop)
                     ? now - (loop_wall(alarms->loop) - since_wall)
                     : now,
        .since_wall = since_wall,
        .raised_wall = whole_of(row, "raised"),
        .by = by ? mem_text(by) : NULL,
        .by_wall = whole_of(row, "by_at"),
        .times = (uint32_t)whole_of(row, "times"),
        .told = flag_of(row, "told"),
        .seen = flag_of(row, "seen"),
        .muted = flag_of(row, "muted"),
    };
    take_rule(kept, row);
    struct alarm *alarm = &kept->alarm;
    take_shelf(alarms, alarm, whole_of(row, "shelved_until"));
    if (strcmp(phase, "latched") == 0)
        alarm->mind.phase = ALARM_LATCHED;
    else if (strcmp(phase, "holds") == 0)
        alarm->mind.phase = ALARM_HOLDS;
    if (json_is_number(number))
        alarm->mind.number = alarm->mind.last = json_number_value(number);
    alarm->state = ALARM_NORMAL;
    kept->next = alarms->kept;
    alarms->kept = kept;
}

static void take(struct alarms *alarms, const json_t *root)
{
    size_t index;
    const char *path;
    json_t *row;
    json_array_foreach(json_object_get(root, "alarms"), index, row) take_row(alarms, row);
    json_t *outputs = json_object_get(root, "outputs");
    json_object_foreach(outputs, path, row) alarm_output_read(alarms, path, json_is_true(row));
}

void alarm_keep_load(struct alarms *alarms)
{
    struct buf text = BUF_EMPTY;
    int result = file_read(alarms->file, FILE_MOST, &text, NULL);
    json_t *root =
        result == 0 ? json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (root && json_integer_value(json_object_get(root, "version")) == VERSION)
        take(alarms, root);
    else if (result != -ENOENT)
        log_warning("alarm",
                    "%s is not readable: what holds is raised and told anew, acknowledgements and "
                    "shelves are forgotten",
                    alarms->file);
    json_decref(root);
    buf_deinit(&text);
}

/* ---- writing ----------------------------------------------------------------------------------- */

static bool is_worth_it(const struct alarm *alarm)
{
    return alarm->told || alarm->shelved || alarm->times;
}

/* What nobody was told of is judged anew after a restart: it may be explained by another one. */
static const char *phase_word(const struct alarm *alarm)
{
    if (!alarm->told)
        return "calm";
    if (alarm->mind.phase == ALARM_LATCHED)
        return "latched";
    return alarm_judge_raised(&alarm->mind) ? "holds" : "calm";
}

static void add_row(const struct alarms *alarms, struct json *json, const struct alarm *alarm,
                    const struct alarm_rule *rule, const char *path)
{
    json_open_object(json);
    json_pair_text(json, "rule", rule->name);
    json_pair_text(json, "path", path);
    if (alarm->told) {
        json_pair_text(json, "label", rule->label);
        json_pair_text(json, "severity", alarm_severity_name(rule->severity));
        if (*rule->recipients)
            json_pair_text(json, "recipients", rule->recipients);
        if (!rule->tell_clear)
            json_pair_bool(json, "quiet_end", true);
    }
    json_pair_text(json, "phase", phase_word(alarm));
    json_pair_bool(json, "told", alarm->told);
    json_pair_bool(json, "seen", alarm->seen);
    if (alarm->muted)
        json_pair_bool(json, "muted", true);
    json_pair_int(json, "since", alarm->since_wall);
    json_pair_int(json, "raised", alarm->raised_wall);
    json_pair_int(json, "times", alarm->times);
    json_key(json, "number");
    json_decimal(json, alarm->mind.number, 9);
    if (alarm->by) {
        json_pair_text(json, "by", alarm->by);
        json_pair_int(json, "by_at", alarm->by_wall);
    }
    if (alarm->shelved)
        json_pair_int(json, "shelved_until",
                      alarm->shelved_wall
                          ? alarm->shelved_wall
                          : loop_wall(alarms->loop) + alarm->shelved - loop_now(alarms->loop));
    json_close_object(json);
}

static void write_text(struct alarms *alarms, struct buf *text)
{
    alarms->keep_rows = 0;
    struct json json = json_writer(text);
    json_open_object(&json);
    json_pair_int(&json, "version", VERSION);
    json_key(&json, "alarms");
    json_open_array(&json);
    for (uint32_t i = 0; i < alarms->table.count; i++) {
        const struct alarm *alarm = &alarms->table.list[i];
        if (!is_worth_it(alarm))
            continue;
        alarms->keep_rows++;
        add_row(alarms, &json, alarm, alarm->rule, alarm->path);
    }
    for (const struct alarm_kept *kept = alarms->kept; kept; kept = kept->next) {
        const struct alarm_rule rule = alarm_kept_rule(kept);
        add_row(alarms, &json, &kept->alarm, &rule, kept->path);
    }
    json_close_array(&json);
    json_key(&json, "outputs");
    alarm_output_write(alarms, &json);
    json_close_object(&json);
    buf_add_char(text, '\n');
}

static void save_when_told(struct alarms *alarms);

static void on_keep(struct loop_timer *timer, void *user)
{
    (void)timer;
    save_when_told(user);
}

static void on_saved(void *user, const struct err *err)
{
    struct alarms *alarms = user;
    alarms->keep_busy = false;
    if (err->code && !alarms->keep_failed)
        log_warning("alarm", "%s: %s", alarms->file, err->text);
    alarms->keep_failed = err->code != 0;
    if (alarms->keep_wanted || err->code)
        loop_timer_at(alarms->loop, &alarms->keep_timer,
                      loop_now(alarms->loop) +
                          (err->code ? KEEP_AGAIN : KEEP_EVERY + KEEP_ROW * alarms->keep_rows),
                      on_keep, alarms);
}

static void save(struct alarms *alarms)
{
    struct buf text = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    alarms->keep_wanted = false;
    alarms->keep_busy = true;
    alarms->keep_held = 0;
    write_text(alarms, &text);
    if (saver_write(alarms->saver, alarms->file, 0640, &text, on_saved, alarms, &err) < 0)
        on_saved(alarms, &err);
}

static void save_when_told(struct alarms *alarms)
{
    clock_us now = loop_now(alarms->loop);
    if (!alarms->keep_held)
        alarms->keep_held = now;
    bool told = !alarms->durable || alarms->durable(alarms->durable_user);
    if (told || now - alarms->keep_held >= TOLD_MOST)
        save(alarms);
    else
        loop_timer_at(alarms->loop, &alarms->keep_timer, now + TOLD_LOOK, on_keep, alarms);
}

static void on_defer(struct loop_defer *defer, void *user)
{
    (void)defer;
    struct alarms *alarms = user;
    if (!alarms->keep_busy && !loop_timer_running(&alarms->keep_timer))
        save_when_told(alarms);
}

void alarms_wait_for(struct alarms *alarms, bool (*durable)(void *user), void *user)
{
    alarms->durable = durable;
    alarms->durable_user = user;
}

/* At the end of this turn, so that a storm of one turn is one writing; while one is under way,
 * after it. */
void alarm_keep_want(struct alarms *alarms)
{
    if (alarms->keep_wanted)
        return;
    alarms->keep_wanted = true;
    loop_defer(alarms->loop, &alarms->keep_defer, on_defer, alarms);
}

void alarms_stop(struct alarms *alarms)
{
    if (alarms->keep_wanted)
        save(alarms);
}

void alarm_keep_end(struct alarms *alarms)
{
    loop_defer_cancel(&alarms->keep_defer);
    loop_timer_stop(&alarms->keep_timer);
    if (alarms->keep_wanted)
        save(alarms);
    saver_forget(alarms->saver, alarms);
    loop_timer_stop(&alarms->keep_timer);
}
