/* Tariffs through the days on which the clocks change, one after the other, and by meter; and what
 * is made of buckets with gaps. Lengths of windows are told by the calendar on the wall. */
#include "test.h"
#include "test_folder.h"

#include "base/time_text.h"
#include "engine/energy_fold.h"
#include "engine/energy_settings.h"
#include "engine/schedule_time.h"

#define HOUR (3600 * CLOCK_S)

/* Local days of Berlin as days since 1970: `date -u -d DATE +%s` / 86400. */
#define SPRING 20541 /* 2026-03-29, a Sunday of 23 hours */
#define AUTUMN 20751 /* 2026-10-25, a Sunday of 25 hours */
#define FRIDAY 20595 /* 2026-05-22 */

static const struct setting_table *const tables[] = {&tariff_settings_table, &energy_settings_table,
                                                     NULL};
static const struct config_schema schema = {.tables = tables};

struct fixture {
    struct config *config;
    struct arena *arena;
    struct tariff_book book;
    char folder[200], problem[ERR_TEXT_MAX];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err err = ERR_EMPTY;
    assert_int_equal(time_text_use_zone("Europe/Berlin", &err), 0);
    test_folder_in_memory(f->folder, sizeof f->folder);
    *state = f;
    return 0;
}

static void forget(struct fixture *f)
{
    f->arena = arena_free(f->arena);
    f->config = config_free(f->config);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    forget(f);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

/* False when it is refused; then the sentence is in `problem`. */
static bool read_text(struct fixture *f, const char *text)
{
    struct err_list errors = ERR_LIST_EMPTY;
    char path[300];
    forget(f);
    snprintf(path, sizeof path, "%s/site.yaml", f->folder);
    test_write_file(path, text);
    f->config = config_load(&schema, path, NULL, NULL, 0, &errors);
    if (errors.count)
        snprintf(f->problem, sizeof f->problem, "%s", errors.list[0].text);
    err_list_deinit(&errors);
    if (!f->config)
        return false;
    f->arena = arena_new();
    f->book = tariff_book_read(f->arena, f->config);
    return true;
}

static struct tariff_plan plan_of(struct fixture *f, const char *meter)
{
    return tariff_plan_of(&f->book, MEDIUM_ELECTRICITY, meter);
}

/* How many minutes of a day have a price, in thousandths. */
static int minutes_at(struct fixture *f, int64_t day, int price)
{
    clock_us from = schedule_time_moment(day, 0), to = schedule_time_moment(day + 1, 0);
    struct tariff_segments segments = tariff_segments_of(&f->book, plan_of(f, "m"), from, to);
    clock_us sum = 0, at = from;
    for (size_t i = 0; i < segments.count; i++) {
        assert_int_equal(segments.list[i].begin, at);
        at = segments.list[i].end;
        if (segments.list[i].price == price * 1000)
            sum += segments.list[i].end - segments.list[i].begin;
    }
    assert_int_equal(at, to);
    free(segments.list);
    return (int)(sum / (60 * CLOCK_S));
}

static void windows_are_hours_of_the_wall(void **state)
{
    struct fixture *f = *state;
    assert_true(read_text(f, "tariffs: {t: {price: 0.3, windows: 'daily 01:00-05:00 0.2'}}\n"));
    assert_int_equal(minutes_at(f, SPRING, 200), 3 * 60);
    assert_int_equal(minutes_at(f, SPRING, 300), 20 * 60);
    assert_int_equal(minutes_at(f, AUTUMN, 200), 5 * 60);
    assert_int_equal(minutes_at(f, AUTUMN, 300), 20 * 60);
    /* the hour that is skipped, and the one that is there twice */
    assert_true(read_text(f, "tariffs: {t: {price: 0.3, windows: 'sun 02:00-03:00 0.2'}}\n"));
    assert_int_equal(minutes_at(f, SPRING, 200), 0);
    assert_int_equal(minutes_at(f, AUTUMN, 200), 120);
    assert_int_equal(minutes_at(f, FRIDAY, 200), 0);
}

static void a_window_over_midnight_is_of_the_day_it_begins_on(void **state)
{
    struct fixture *f = *state;
    assert_true(read_text(f, "tariffs: {t: {price: 0.3, windows: 'fri 22:30-06:15 0.2; "
                             "sat sun 00:00-24:00 0.1'}}\n"));
    assert_int_equal(minutes_at(f, FRIDAY, 200), 90);
    assert_int_equal(minutes_at(f, FRIDAY, 300), 1440 - 90);
    /* the first one that holds counts */
    assert_int_equal(minutes_at(f, FRIDAY + 1, 200), 6 * 60 + 15);
    assert_int_equal(minutes_at(f, FRIDAY + 1, 100), 1440 - 375);
    assert_int_equal(minutes_at(f, FRIDAY + 2, 100), 1440);
    assert_int_equal(minutes_at(f, FRIDAY + 3, 300), 1440);
    assert_int_equal(tariff_grain(&f->book), 900 * CLOCK_S);
}

static void tariffs_follow_each_other(void **state)
{
    struct fixture *f = *state;
    assert_true(read_text(f, "tariffs:\n"
                             "  new: {from: 2026-05-22, price: 0.4}\n"
                             "  old: {from: 2026-01-01, price: 0.3}\n"
                             "  flat: {meters: 'flat-*', price: 0.5}\n"
                             "  water: {medium: water, price: 2}\n"));
    assert_int_equal(minutes_at(f, FRIDAY - 1, 300), 1440);
    assert_int_equal(minutes_at(f, FRIDAY, 400), 1440);
    assert_string_equal(tariff_on(&f->book, plan_of(f, "flat-7"), FRIDAY)->name, "flat");
    assert_string_equal(tariff_on(&f->book, plan_of(f, "meter-7"), FRIDAY)->name, "new");
    assert_null(tariff_on(&f->book, plan_of(f, "meter-7"), 20000));
    assert_int_equal(tariff_grain(&f->book), HOUR);
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *keys, *word;
    } wrong[] = {
        {"windows: 'mon-fri 22:00-22:00 0.2'", "22:00-22:00"},
        {"windows: 'mon-fri 22:00-06:00'", "no window"},
        {"windows: '22:00-06:00:30 0.2'", "no window"},
        {"windows: 'someday 22:00-06:00 0.2'", "someday"},
        {"from: 2026-02-29", "2026-02-29"},
        {"from: tomorrow", "tomorrow"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < TEST_COUNT(wrong); i++) {
        char text[200];
        snprintf(text, sizeof text, "tariffs: {t: {price: 0.3, %s}}\n", wrong[i].keys);
        assert_false(read_text(f, text));
        if (!strstr(f->problem, wrong[i].word))
            fail_msg("\"%s\" does not say \"%s\"", f->problem, wrong[i].word);
    }
    assert_false(read_text(f, "energy: {g: {members: 'a, -b/c/d'}}\n"));
    assert_non_null(strstr(f->problem, "b/c/d"));
}

/* ---- the fold -------------------------------------------------------------------------------- */

enum { DAYS = 3 };

struct sheet {
    struct energy_steps steps;
    struct energy_figure figures[DAYS];
    struct history_zone zone;
    struct tariff_segments prices;
    struct energy_fold fold;
};

/* Three days from Friday on; 0.3 by day, 0.2 from 22 to 6. */
static void begin_sheet(struct fixture *f, struct sheet *sheet)
{
    assert_true(read_text(f, "tariffs: {t: {price: 0.3, windows: '22:00-06:00 0.2', co2: 0.5}}\n"));
    *sheet = (struct sheet){.steps.count = DAYS};
    for (int i = 0; i <= DAYS; i++)
        sheet->steps.at[i] = schedule_time_moment(FRIDAY + i, 0);
    sheet->prices = tariff_segments_of(&f->book, plan_of(f, "m"), sheet->steps.at[0] - HOUR,
                                       sheet->steps.at[DAYS]);
    sheet->fold = (struct energy_fold){.prices = &sheet->prices,
                                       .steps = &sheet->steps,
                                       .figures = sheet->figures,
                                       .decimals = 3,
                                       .grain = HOUR,
                                       .zone = &sheet->zone};
}

static void put(struct sheet *sheet, const int *hours, const double *rises, size_t count,
                bool continued)
{
    struct history_bucket buckets[40] = {0};
    for (size_t i = 0; i < count; i++) {
        buckets[i].time = sheet->steps.at[0] + hours[i] * HOUR;
        buckets[i].rise = rises[i];
        buckets[i].count = 1;
    }
    struct history_series series = {.buckets = buckets, .count = count, .continued = continued};
    energy_fold_add(&sheet->fold, &series, sheet->steps.at[0] - HOUR, sheet->steps.at[DAYS]);
}

static void gaps_have_a_price_where_there_was_one_only(void **state)
{
    struct sheet sheet;
    begin_sheet(*state, &sheet);
    /* 8 h and 9 h; then nothing until 15 h, all at 0.3; then nothing until 23 h, over 22 h; then,
     * over the night and still standing, 30 h */
    static const int hours[] = {8, 9, 15, 23, 30};
    static const double rises[] = {1, 2, 4, 8, 0};
    put(&sheet, hours, rises, 5, false);
    const struct energy_figure *friday = &sheet.figures[0], *saturday = &sheet.figures[1];
    assert_int_equal(friday->used, 15000);
    assert_int_equal(friday->priced, 7000);
    assert_int_equal(friday->cost, 7000LL * 300000);
    assert_int_equal(friday->co2, 7000LL * 500000);
    assert_int_equal(friday->covered, 4 * HOUR);
    assert_true(saturday->known && saturday->used == 0 && saturday->costed && saturday->cost == 0);
    assert_false(sheet.figures[2].known);
    free(sheet.prices.list);
}

/* An hour without a reading, as when one is taken each 60 minutes, is no gap in the time. */
static void an_hour_apart_is_no_gap(void **state)
{
    struct sheet sheet;
    begin_sheet(*state, &sheet);
    static const int hours[] = {-1, 1, 3, 4, 6};
    static const double rises[] = {9, 1, 1, 1, 1};
    put(&sheet, hours, rises, 5, true);
    assert_int_equal(sheet.figures[0].used, 4000); /* the hour before only tells that it went on */
    assert_int_equal(sheet.figures[0].covered, 7 * HOUR);
    /* at 6 h the price changes: the hour before it had the other one */
    assert_int_equal(sheet.figures[0].priced, 3000);
    free(sheet.prices.list);
}

/* What it rose by before the first bucket, nobody knows when. */
static void what_came_before_has_no_price(void **state)
{
    struct sheet sheet;
    begin_sheet(*state, &sheet);
    static const int hours[] = {12};
    static const double rises[] = {7};
    put(&sheet, hours, rises, 1, true);
    assert_int_equal(sheet.figures[0].used, 7000);
    assert_false(sheet.figures[0].costed);
    free(sheet.prices.list);
}

/* Days that are all that is left: used and covered are known, the price is not. */
static void thinned_days_are_whole(void **state)
{
    struct sheet sheet;
    begin_sheet(*state, &sheet);
    struct history_bucket buckets[2] = {{.time = sheet.steps.at[0], .rise = 24, .count = 1440},
                                        {.time = sheet.steps.at[1], .rise = 12, .count = 1440}};
    struct history_series series = {.buckets = buckets, .count = 2};
    series.thinned[HISTORY_UNIT_DAY] = sheet.steps.at[2];
    energy_fold_add(&sheet.fold, &series, sheet.steps.at[0], sheet.steps.at[DAYS]);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sheet.figures[i].used, i ? 12000 : 24000);
        assert_int_equal(sheet.figures[i].covered, 24 * HOUR);
        assert_false(sheet.figures[i].costed);
    }
    assert_false(sheet.figures[2].known);
    free(sheet.prices.list);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(windows_are_hours_of_the_wall),
        TEST(a_window_over_midnight_is_of_the_day_it_begins_on),
        TEST(tariffs_follow_each_other),
        TEST(mistakes_are_named),
        TEST(gaps_have_a_price_where_there_was_one_only),
        TEST(an_hour_apart_is_no_gap),
        TEST(what_came_before_has_no_price),
        TEST(thinned_days_are_whole),
    };
    return cmocka_run_group_tests_name("engine/tariff", tests, NULL, NULL);
}
