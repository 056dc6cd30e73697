#include "house.h"

#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time_text.h"
#include "driver/library.h"
#include "engine/alarm_hours.h"
#include "engine/alarm_rule.h"
#include "engine/channel.h"
#include "engine/derive.h"
#include "engine/meter.h"
#include "field/device_settings.h"
#include "field/field.h"
#include "field/line_settings.h"
#include "model/site_settings.h"
#include "test_folder.h"

#define PATIENCE_MS 60000 /* for threads of real time, on a machine that does other things too */

static const struct setting_table *const tables[] = {
    &site_settings_table,    &line_settings_table,  &device_settings_table, &channel_settings_table,
    &history_settings_table, &alarm_settings_table, &active_hours_table,    NULL,
};

/* ---- life ------------------------------------------------------------------------------------ */

void house_make(struct house *house, clock_us wall, const char *site)
{
    *house = (struct house){.age_every = 250 * CLOCK_MS, .stderr_before = -1};
    house->clock = clock_fake(wall);
    house->loop = loop_new(&house->clock);
    assert_non_null(house->loop);
    test_folder(house->folder, sizeof house->folder);
    char path[300];
    snprintf(path, sizeof path, "%s/site.yaml", house->folder);
    test_write_file(path, site);
    gateway_add(&house->gateway, house->loop, "gw");
}

void house_remove(struct house *house)
{
    if (house->site)
        house_stop(house);
    if (house->stderr_before >= 0) {
        dup2(house->stderr_before, STDERR_FILENO);
        close(house->stderr_before);
    }
    gateway_remove(&house->gateway);
    loop_free(house->loop);
    test_folder_remove(house->folder);
}

static void on_age(struct loop_timer *timer, void *user)
{
    struct house *house = user;
    (void)timer;
    derive_refresh(house->derive);
    site_age(house->site);
}

static void start_settings(struct house *house)
{
    struct err_list errors = ERR_LIST_EMPTY;
    char path[300];
    house->library = library_new();
    library_load(house->library, TEST_SOURCE_ROOT "/tests/scenario/profiles", &errors);
    const struct config_words words = {"profiles", library_words(house->library)};
    const struct config_schema schema = {.tables = tables, .words = &words, .word_lists = 1};
    snprintf(path, sizeof path, "%s/site.yaml", house->folder);
    house->config = config_load(&schema, path, NULL, NULL, 0, &errors);
    if (errors.count > 0)
        fail_msg("%s", errors.list[0].text);
    const struct site_settings *site = config_record(house->config, &site_settings_table);
    assert_int_equal(time_text_use_zone(site->time_zone, NULL), 0);
}

void house_start(struct house *house)
{
    struct err err = ERR_EMPTY;
    loop_poll(house->loop); /* a new turn: the clock may have gone on while nobody ran */
    start_settings(house);
    house->site = site_new(house->loop);
    house->channels = channels_new(house->site, house->config);
    house->meter = meter_open(house->site, house->folder, &err);
    if (!house->meter)
        fail_msg("%s", err.text);
    house->derive = derive_new(house->site);
    house->history = history_open(house->loop, house->site, house->folder,
                                  config_record(house->config, &history_settings_table), &err);
    if (!house->history)
        fail_msg("%s", err.text);
    struct field_resolver resolver = {.find = library_resolve, .user = house->library};
    house->field = field_new(house->loop, house->site, &resolver);
    field_apply(house->field, house->config);
    loop_timer_every(house->loop, &house->age_timer, house->age_every, house->age_every, on_age,
                     house);
}

void house_stop(struct house *house)
{
    loop_timer_stop(&house->age_timer);
    house->history = history_close(house->history);
    house->field = field_free(house->field);
    house->derive = derive_free(house->derive);
    house->meter = meter_close(house->meter);
    house->channels = channels_free(house->channels);
    house->site = site_free(house->site);
    house->config = config_free(house->config);
    house->library = library_free(house->library);
}

/* ---- the log --------------------------------------------------------------------------------- */

static void log_path(const struct house *house, char *path, size_t size)
{
    snprintf(path, size, "%s/log", house->folder);
}

void house_keep_log(struct house *house)
{
    char path[300];
    log_path(house, path, sizeof path);
    int fd = open(path, O_CREAT | O_WRONLY | O_APPEND, 0600);
    assert_true(fd >= 0);
    log_open(LOG_SINK_STDERR, LOG_LEVEL_INFO);
    house->stderr_before = dup(STDERR_FILENO);
    dup2(fd, STDERR_FILENO);
    close(fd);
}

unsigned house_log_count(const struct house *house, const char *text)
{
    char path[300];
    log_path(house, path, sizeof path);
    char *log = test_read_file(path);
    unsigned count = 0;
    assert_non_null(log);
    for (const char *at = log; (at = strstr(at, text)); at++)
        count++;
    free(log);
    return count;
}

/* ---- points ---------------------------------------------------------------------------------- */

const struct point *house_point(const struct house *house, const char *path)
{
    const struct point *point = site_point_find(house->site, path);
    if (!point)
        fail_msg("there is no point %s", path);
    return point;
}

void house_expect(const struct house *house, const char *path, enum quality quality,
                  enum value_reason reason)
{
    const struct value *value = &house_point(house, path)->value;
    if (value->quality != quality || value->reason != reason)
        fail_msg("%s is %s (%s), not %s (%s)", path, quality_name(value->quality),
                 value_reason_text(value->reason), quality_name(quality),
                 value_reason_text(reason));
}

int64_t house_wh(const struct house *house, const char *path)
{
    return llround(house_point(house, path)->value.number * 1000);
}

/* ---- history --------------------------------------------------------------------------------- */

void house_wait_written(struct house *house, uint64_t ticks)
{
    for (int i = 0; i < PATIENCE_MS; i++) {
        if (history_status(house->history).ticks_written >= ticks)
            break;
        loop_poll(house->loop);
        usleep(1000);
    }
    struct history_status status = history_status(house->history);
    assert_int_equal(status.ticks_written, ticks);
    assert_int_equal(status.ticks_lost, 0);
}

struct reply {
    bool done;
    struct history_answer *answer;
    struct err err;
};

static void on_answer(void *user, const struct history_answer *answer, const struct err *err)
{
    struct reply *reply = user;
    reply->done = true;
    if (answer)
        reply->answer = history_answer_take(answer);
    else
        reply->err = *err;
}

struct history_answer *house_ask(struct house *house, const char *path, clock_us from, clock_us to,
                                 clock_us step)
{
    struct reply reply = {0};
    const struct history_question question = {
        .paths = &path, .path_count = 1, .from = from, .to = to, .step = step};
    if (!history_ask(house->history, &question, on_answer, &reply, &reply.err))
        fail_msg("%s", reply.err.text);
    for (int i = 0; i < PATIENCE_MS && !reply.done; i++) {
        loop_poll(house->loop);
        usleep(1000);
    }
    if (!reply.answer)
        fail_msg("no answer about %s: %s", path, reply.err.text);
    assert_false(reply.answer->series[0].cut);
    return reply.answer;
}

uint64_t house_count(struct house *house, const char *path, clock_us from, clock_us to)
{
    struct history_answer *answer =
        house_ask(house, path, from, to ? to : INT64_MAX / 2, HOUSE_DAY);
    uint64_t count = 0;
    for (size_t i = 0; i < answer->series[0].count; i++)
        count += answer->series[0].buckets[i].count;
    history_answer_free(answer);
    return count;
}
