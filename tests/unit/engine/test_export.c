/* The export folder on a fake clock, against a history of our own: what is asked is answered from a
 * rule, so that every cell of a file is known beforehand. The real store has tests of its own, and
 * tests/system/test_export.py runs both together. */
#include "test.h"
#include "test_folder.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/time_text.h"
#include "engine/export.h"

#define MINUTE (60 * CLOCK_S)
#define HOUR (3600 * CLOCK_S)
#define DAY (24 * HOUR)

/* ---- a history that follows a rule ----------------------------------------------------------- */

/* Takes the place of history.c in this program: a reading a minute, from `oldest` to `newest` but
 * for an outage. Energy is 1 Wh a minute since 1970, the voltage its minute of the day. */
struct history {
    struct loop *loop;
    clock_us oldest, newest, outage_from, outage_to;
    size_t asked;
    int fail; /* so many questions */
};

struct history_ask {
    struct history *history;
    struct loop_defer defer;
    void (*done)(void *user, const struct history_answer *answer, const struct err *err);
    void *user;
    struct history_answer *answer;
    struct err err;
};

struct history_status history_status(const struct history *history)
{
    return (struct history_status){
        .ok = true, .oldest = history->oldest, .newest = history->newest, .every = MINUTE};
}

struct history_answer *history_answer_take(const struct history_answer *answer)
{
    struct history_answer *copy = mem_new(sizeof *copy);
    copy->path_count = answer->path_count;
    copy->series = mem_new((answer->path_count + 1) * sizeof *copy->series);
    for (size_t i = 0; i < answer->path_count; i++) {
        struct history_series *series = &copy->series[i];
        *series = answer->series[i];
        series->buckets = mem_new((series->count + 1) * sizeof *series->buckets);
        if (series->count > 0)
            memcpy(series->buckets, answer->series[i].buckets,
                   series->count * sizeof *series->buckets);
    }
    return copy;
}

struct history_answer *history_answer_free(struct history_answer *answer)
{
    if (!answer)
        return NULL;
    for (size_t i = 0; i < answer->path_count; i++)
        free(answer->series[i].buckets);
    free(answer->series);
    free(answer);
    return NULL;
}

static void fill(const struct history *history, struct history_series *series, const char *path,
                 const struct history_question *question)
{
    bool energy = strstr(path, "energy");
    *series = (struct history_series){
        .path = energy ? "m/total/energy" : "m/total/voltage",
        .quantity = energy ? QUANTITY_ENERGY : QUANTITY_VOLTAGE,
    };
    series->buckets = mem_new(LIMIT_HISTORY_BUCKETS * sizeof *series->buckets);
    clock_us first = history->oldest > question->from ? history->oldest : question->from;
    for (clock_us t = (first + MINUTE - 1) / MINUTE * MINUTE;
         t < question->to && t <= history->newest; t += MINUTE) {
        if (t >= history->outage_from && t < history->outage_to)
            continue;
        double value = energy ? (double)(t / MINUTE) / 1000 : (double)(t / MINUTE % 1440);
        clock_us begin = t / question->step * question->step;
        struct history_bucket *last = series->count ? &series->buckets[series->count - 1] : NULL;
        if (!last || last->time != begin) {
            assert_true(series->count < LIMIT_HISTORY_BUCKETS);
            last = &series->buckets[series->count++];
            *last = (struct history_bucket){.time = begin, .min = value, .max = value};
        }
        last->min = value < last->min ? value : last->min;
        last->max = value > last->max ? value : last->max;
        last->sum += value;
        last->last = value;
        last->count++;
    }
}

static void deliver(struct loop_defer *defer, void *user)
{
    (void)defer;
    struct history_ask *ask = user;
    ask->done(ask->user, ask->answer, &ask->err);
    history_answer_free(ask->answer);
    free(ask);
}

struct history_ask *history_ask(struct history *history, const struct history_question *question,
                                void (*done)(void *user, const struct history_answer *answer,
                                             const struct err *err),
                                void *user, struct err *err)
{
    if (history->fail > 0) {
        history->fail--;
        err_set(err, -EIO, "the disk is sick");
        return NULL;
    }
    history->asked++;
    struct history_ask *ask = mem_new(sizeof *ask);
    *ask = (struct history_ask){.history = history, .done = done, .user = user};
    ask->answer = mem_new(sizeof *ask->answer);
    ask->answer->path_count = question->path_count;
    ask->answer->series = mem_new(question->path_count * sizeof *ask->answer->series);
    for (size_t i = 0; i < question->path_count; i++)
        fill(history, &ask->answer->series[i], question->paths[i], question);
    loop_defer(history->loop, &ask->defer, deliver, ask);
    return ask;
}

void history_ask_cancel(struct history_ask *ask)
{
    loop_defer_cancel(&ask->defer);
    history_answer_free(ask->answer);
    free(ask);
}

/* ---- the fixture ----------------------------------------------------------------------------- */

struct fixture {
    char folder[200];
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct history history;
    struct export_settings settings;
    struct export *export;
};

static clock_us at(const char *text)
{
    clock_us wall;
    assert_int_equal(time_text_parse(text, 0, &wall), 0);
    return wall;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_int_equal(time_text_use_zone("Europe/Berlin", NULL), 0);
    test_folder(fixture->folder, sizeof fixture->folder);
    fixture->settings = (struct export_settings){.enabled = true,
                                                 .period = EXPORT_DAY,
                                                 .step = HOUR,
                                                 .columns = "avg,min,max",
                                                 .counter_columns = "last,delta",
                                                 .quota_mb = 200,
                                                 .refresh = HOUR};
    *state = fixture;
    return 0;
}

/* `now` on a fresh clock, with a meter that history knows from `oldest` to now. */
static void open_house(struct fixture *fixture, const char *now, const char *oldest)
{
    fixture->clock = clock_fake(at(now));
    fixture->loop = loop_new(&fixture->clock);
    fixture->site = site_new(fixture->loop);
    struct device_spec spec = {.name = "m", .role = "meter", .unit = 1, .every = CLOCK_S};
    struct device *device = site_device_add(fixture->site, &spec);
    struct component *total = device_component(device, COMPONENT_TOTAL, 0);
    component_point_add(total, QUANTITY_VOLTAGE);
    component_point_add(total, QUANTITY_ENERGY);
    component_point_add(total, QUANTITY_SERIAL);
    fixture->history = (struct history){
        .loop = fixture->loop, .oldest = at(oldest), .newest = at("2040-01-01T00:00:00Z")};
    fixture->export = export_open(fixture->loop, fixture->site, &fixture->history, fixture->folder,
                                  &fixture->settings);
}

static void close_house(struct fixture *fixture)
{
    fixture->export = export_close(fixture->export);
    if (fixture->site)
        fixture->site = site_free(fixture->site);
    if (fixture->loop)
        fixture->loop = loop_free(fixture->loop);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    close_house(fixture);
    test_folder_remove(fixture->folder);
    free(fixture);
    time_text_use_zone("UTC", NULL);
    return 0;
}

/* The pool has a time of its own: wait until nothing is under way. */
static void settle(struct fixture *fixture)
{
    for (int i = 0, quiet = 0; i < 20000 && quiet < 3; i++) {
        loop_poll(fixture->loop);
        quiet = export_status(fixture->export).busy ? 0 : quiet + 1;
        usleep(500);
    }
    assert_false(export_status(fixture->export).busy);
}

static void pass(struct fixture *fixture, clock_us by)
{
    loop_advance(fixture->loop, by);
    settle(fixture);
}

static char *file_of(const struct fixture *fixture, const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/export/%s", fixture->folder, name);
    return test_read_file(path);
}

static size_t rows_of(const struct fixture *fixture, const char *name)
{
    char *text = file_of(fixture, name);
    size_t rows = 0;
    for (const char *c = text; c && *c; c++)
        rows += *c == '\n';
    free(text);
    return rows ? rows - 1 : 0;
}

/* ---- tests ----------------------------------------------------------------------------------- */

#define HEADER                                                                                     \
    "time,utc,m/total/voltage [V] min,m/total/voltage [V] avg,m/total/voltage [V] max,"            \
    "m/total/energy [kWh] last,m/total/energy [kWh] delta\r\n"

static void a_day_has_its_rows(void **state)
{
    struct fixture *fixture = *state;
    open_house(fixture, "2026-11-21T03:30:00Z", "2026-11-20T22:30:00Z");
    pass(fixture, MINUTE);
    char *text = file_of(fixture, "m_2026-11-21.csv");
    assert_non_null(text);
    /* 2026-11-20T23:00Z is minute 29912100 of 1970: 29912.1 kWh, and minute 1380 of its day; the
     * hour ends at minute 59. The day before had 30 minutes, so there is a difference at once. */
    char head[1000];
    snprintf(head, sizeof head,
             HEADER "2026-11-21 00:00:00,2026-11-20T23:00:00.000Z,1380,1409.5,1439,%.3f,0.06\r\n"
                    "2026-11-21 01:00:00,2026-11-21T00:00:00.000Z,0,29.5,59,%.3f,0.06\r\n",
             (double)(at("2026-11-20T23:59:00Z") / MINUTE) / 1000,
             (double)(at("2026-11-21T00:59:00Z") / MINUTE) / 1000);
    text[strlen(head)] = '\0';
    assert_string_equal(text, head);
    free(text);
    /* 23 to 3 o'clock: the hour that is not over is not there */
    assert_int_equal(rows_of(fixture, "m_2026-11-21.csv"), 4);
    assert_int_equal(rows_of(fixture, "m_2026-11-20.csv"), 1);
    assert_int_equal(export_status(fixture->export).facts.files, 2);
    assert_int_equal(export_status(fixture->export).closed_until, at("2026-11-20T23:00:00Z"));
}

static void the_running_file_grows_and_is_closed(void **state)
{
    struct fixture *fixture = *state;
    open_house(fixture, "2026-11-21T03:30:00Z", "2026-11-21T00:00:00Z");
    pass(fixture, MINUTE);
    assert_int_equal(rows_of(fixture, "m_2026-11-21.csv"), 3);
    pass(fixture, HOUR);
    assert_int_equal(rows_of(fixture, "m_2026-11-21.csv"), 4);
    for (int i = 0; i < 19; i++)
        pass(fixture, HOUR);
    /* 23:31Z: midnight of the site was half an hour ago */
    assert_int_equal(rows_of(fixture, "m_2026-11-21.csv"), 23);
    assert_int_equal(export_status(fixture->export).closed_until, at("2026-11-21T23:00:00Z"));
    assert_string_equal(export_status(fixture->export).problem, "");
}

/* An hour less and an hour more, and no reading lost or doubled. */
static void days_when_clocks_change(void **state)
{
    struct fixture *fixture = *state;
    open_house(fixture, "2026-10-26T12:00:00Z", "2026-10-24T21:00:00Z");
    pass(fixture, MINUTE);
    assert_int_equal(rows_of(fixture, "m_2026-10-24.csv"), 1);
    assert_int_equal(rows_of(fixture, "m_2026-10-25.csv"), 25);
    char *text = file_of(fixture, "m_2026-10-25.csv");
    assert_non_null(strstr(text, "\r\n2026-10-25 02:00:00,2026-10-25T00:00:00.000Z,"));
    assert_non_null(strstr(text, "\r\n2026-10-25 02:00:00,2026-10-25T01:00:00.000Z,"));
    free(text);
    close_house(fixture);
    test_folder_remove(fixture->folder);
    test_folder(fixture->folder, sizeof fixture->folder);
    open_house(fixture, "2026-03-30T12:00:00Z", "2026-03-28T22:00:00Z");
    pass(fixture, MINUTE);
    assert_int_equal(rows_of(fixture, "m_2026-03-28.csv"), 1);
    assert_int_equal(rows_of(fixture, "m_2026-03-29.csv"), 23);
}

/* Half-hour zones: an hour of the clock begins in the middle of a bucket. */
static void a_zone_between_the_hours(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(time_text_use_zone("Asia/Kolkata", NULL), 0);
    open_house(fixture, "2026-11-22T12:00:00Z", "2026-11-20T18:30:00Z");
    pass(fixture, MINUTE);
    char *text = file_of(fixture, "m_2026-11-21.csv");
    /* minutes 1110 to 1139: 18:30Z to 18:59Z */
    assert_non_null(
        strstr(text, "\r\n2026-11-21 00:00:00,2026-11-20T18:30:00.000Z,1110,1124.5,1139,"));
    free(text);
    assert_int_equal(rows_of(fixture, "m_2026-11-21.csv"), 25);
}

/* The sum of all differences is what the counter counted, over files, restart and outage. */
static double sum_of_deltas(const struct fixture *fixture, const char *name)
{
    char *text = file_of(fixture, name), *save = NULL;
    assert_non_null(text);
    double sum = 0;
    strtok_r(text, "\r\n", &save);
    for (char *row; (row = strtok_r(NULL, "\r\n", &save));)
        sum += strtod(strrchr(row, ',') + 1, NULL);
    free(text);
    return sum;
}

static void missed_days_are_made_up(void **state)
{
    struct fixture *fixture = *state;
    open_house(fixture, "2026-11-18T12:30:00Z", "2026-11-17T23:00:00Z");
    pass(fixture, MINUTE);
    assert_int_equal(rows_of(fixture, "m_2026-11-18.csv"), 13);
    close_house(fixture);
    open_house(fixture, "2026-11-21T12:30:00Z", "2026-11-17T23:00:00Z");
    /* nothing was measured from the 19th, 20 o'clock, to the 20th, 2 o'clock */
    fixture->history.outage_from = at("2026-11-19T19:00:00Z");
    fixture->history.outage_to = at("2026-11-20T01:00:00Z");
    pass(fixture, MINUTE);
    static const struct {
        const char *name;
        size_t rows;
    } files[] = {{"m_2026-11-18.csv", 24},
                 {"m_2026-11-19.csv", 20},
                 {"m_2026-11-20.csv", 22},
                 {"m_2026-11-21.csv", 13}};
    double sum = 0;
    for (size_t i = 0; i < TEST_COUNT(files); i++) {
        assert_int_equal(rows_of(fixture, files[i].name), files[i].rows);
        sum += sum_of_deltas(fixture, files[i].name);
    }
    /* from the end of the first hour to the end of the last: 84 hours but one, 60 Wh each */
    assert_true(sum > 84 * 0.06 - 1e-6 && sum < 84 * 0.06 + 1e-6);
}

static void a_closed_day_is_not_asked_again(void **state)
{
    struct fixture *fixture = *state;
    open_house(fixture, "2026-11-21T12:30:00Z", "2026-11-10T23:00:00Z");
    pass(fixture, MINUTE);
    assert_int_equal(fixture->history.asked, 22); /* eleven days: what came before, and the rows */
    close_house(fixture);
    open_house(fixture, "2026-11-21T12:40:00Z", "2026-11-10T23:00:00Z");
    pass(fixture, MINUTE);
    assert_int_equal(fixture->history.asked, 2);
}

static void a_clock_that_was_wrong_does_not_end_it(void **state)
{
    struct fixture *fixture = *state;
    char path[300];
    snprintf(path, sizeof path, "%s/export.json", fixture->folder);
    test_write_file(path, "{\"version\": 1, \"closed_until\": \"2036-01-01T00:00:00.000Z\"}\n");
    open_house(fixture, "2026-11-21T12:30:00Z", "2026-11-19T23:00:00Z");
    pass(fixture, MINUTE);
    assert_int_equal(rows_of(fixture, "m_2026-11-21.csv"), 13);
    close_house(fixture);
    test_write_file(path, "{\"version\": 1, \"closed_until");
    open_house(fixture, "2026-11-21T12:30:00Z", "2026-11-19T23:00:00Z");
    pass(fixture, MINUTE);
    assert_int_equal(rows_of(fixture, "m_2026-11-20.csv"), 24);
}

static void an_error_is_said_and_tried_again(void **state)
{
    struct fixture *fixture = *state;
    open_house(fixture, "2026-11-21T12:30:00Z", "2026-11-20T23:00:00Z");
    fixture->history.fail = 1;
    pass(fixture, MINUTE);
    assert_string_equal(export_status(fixture->export).problem, "the disk is sick");
    assert_int_equal(rows_of(fixture, "m_2026-11-21.csv"), 0);
    pass(fixture, 2 * MINUTE);
    assert_string_equal(export_status(fixture->export).problem, "");
    assert_int_equal(rows_of(fixture, "m_2026-11-21.csv"), 13);
}

static void weeks_and_months_and_another_format(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.period = EXPORT_MONTH;
    fixture->settings.format = EXPORT_CONTINENTAL;
    open_house(fixture, "2026-11-21T12:30:00Z", "2026-11-19T23:00:00Z");
    pass(fixture, MINUTE);
    char *text = file_of(fixture, "m_2026-11-01.csv");
    assert_non_null(strstr(text, "\r\n2026-11-20 00:00:00;2026-11-19T23:00:00.000Z;1380;1409,5;"));
    free(text);
    assert_int_equal(rows_of(fixture, "m_2026-11-01.csv"), 37);
    struct export_settings weeks = fixture->settings;
    weeks.period = EXPORT_WEEK;
    export_configure(fixture->export, &weeks);
    pass(fixture, MINUTE);
    assert_int_equal(rows_of(fixture, "m_2026-11-16.csv"), 37);
}

static void nothing_happens_while_it_is_off(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.enabled = false;
    open_house(fixture, "2026-11-21T12:30:00Z", "2026-11-19T23:00:00Z");
    pass(fixture, DAY);
    assert_int_equal(fixture->history.asked, 0);
    fixture->settings.enabled = true;
    export_configure(fixture->export, &fixture->settings);
    pass(fixture, MINUTE);
    assert_int_not_equal(fixture->history.asked, 0);
    fixture->settings.enabled = false;
    export_configure(fixture->export, &fixture->settings);
    size_t asked = fixture->history.asked;
    pass(fixture, DAY);
    assert_int_equal(fixture->history.asked, asked);
}

/* At whatever moment it is closed: nothing of it is left behind, and the next start finishes. */
static void it_can_be_closed_at_any_moment(void **state)
{
    struct fixture *fixture = *state;
    for (int turns = 0; turns < 60; turns++) {
        open_house(fixture, "2026-11-21T12:30:00Z", "2026-11-15T23:00:00Z");
        loop_advance(fixture->loop, 6 * CLOCK_S);
        for (int i = 0; i < turns; i++)
            loop_poll(fixture->loop);
        close_house(fixture);
    }
    open_house(fixture, "2026-11-21T12:30:00Z", "2026-11-15T23:00:00Z");
    pass(fixture, MINUTE);
    assert_int_equal(rows_of(fixture, "m_2026-11-16.csv"), 24);
    assert_int_equal(rows_of(fixture, "m_2026-11-21.csv"), 13);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_day_has_its_rows),
        TEST(the_running_file_grows_and_is_closed),
        TEST(days_when_clocks_change),
        TEST(a_zone_between_the_hours),
        TEST(missed_days_are_made_up),
        TEST(a_closed_day_is_not_asked_again),
        TEST(a_clock_that_was_wrong_does_not_end_it),
        TEST(an_error_is_said_and_tried_again),
        TEST(weeks_and_months_and_another_format),
        TEST(nothing_happens_while_it_is_off),
        TEST(it_can_be_closed_at_any_moment),
    };
    return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
