#include "test.h"

#include <errno.h>

#include "base/time_text.h"
#include "engine/csv.h"
#include "engine/history_csv.h"

static void cells_are_quoted_and_guarded(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"plain", "plain"},
        {"", ""},
        {"a,b", "\"a,b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {"=1+1", "\"'=1+1\""},
        {"+49", "\"'+49\""},
        {"-x", "\"'-x\""},
        {"@a\"b", "\"'@a\"\"b\""},
        {"\tx", "\"'\tx\""},
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct buf out = BUF_EMPTY;
        struct csv csv = csv_writer(&out, ',', '.');
        csv_text(&csv, cases[i].text);
        assert_string_equal(buf_text(&out), cases[i].expected);
        buf_deinit(&out);
    }
}

static void numbers_follow_the_choice(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    struct csv csv = csv_writer(&out, ';', ',');
    csv_decimal(&csv, -1.5, 3);
    csv_decimal(&csv, 1000, 3);
    csv_decimal(&csv, 0.0 / 0.0, 3);
    csv_empty(&csv);
    csv_text(&csv, NULL);
    csv_end_row(&csv);
    csv = csv_writer(&out, ',', ',');
    csv_decimal(&csv, 2.25, 2);
    csv_end_row(&csv);
    assert_string_equal(buf_text(&out), "-1,5;1000;;;\r\n\"2,25\"\r\n");
    buf_deinit(&out);
}

#define T0 (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */

static struct history_bucket voltage[] = {
    {.time = T0, .min = 229.5, .sum = 690, .max = 230.5, .last = 230.1, .count = 3},
    {.time = T0 + 120 * CLOCK_S, .min = 231, .sum = 231, .max = 231, .last = 231, .count = 1},
};
static struct history_bucket energy[] = {
    {.time = T0, .min = 10, .sum = 30.5, .max = 10.5, .last = 10.5, .count = 3},
    {.time = T0 + 60 * CLOCK_S, .min = 11, .sum = 11, .max = 11, .last = 11.125, .count = 1},
};
static struct history_series series[] = {
    {.path = "m/total/voltage", .quantity = QUANTITY_VOLTAGE, .buckets = voltage, .count = 2},
    {.path = "m/total/energy", .quantity = QUANTITY_ENERGY, .buckets = energy, .count = 2},
    {.path = "nothing", .quantity = QUANTITY_NONE},
};
static const struct history_answer answer = {.path_count = 3, .series = series};

static void write_all(const struct history_csv_options *options, size_t piece, struct buf *out)
{
    struct history_csv csv;
    struct history_csv_place places[3];
    history_csv_begin(&csv, answer.series, answer.path_count, places, options);
    while (history_csv_write(&csv, out, piece))
        ;
}

static void an_answer_becomes_rows(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    write_all(&(struct history_csv_options){.columns = HISTORY_CSV_AVG | HISTORY_CSV_DELTA |
                                                       HISTORY_CSV_COUNT},
              1 << 20, &out);
    assert_string_equal(buf_text(&out), "time,m/total/voltage [V] avg,m/total/voltage "
                                        "count,m/total/energy [kWh] avg,m/total/energy count,"
                                        "m/total/energy [kWh] delta,nothing avg,nothing count\r\n"
                                        "2026-11-21T01:00:00.000Z,230,3,10.16667,3,,,\r\n"
                                        "2026-11-21T01:01:00.000Z,,,11,1,0.625,,\r\n"
                                        "2026-11-21T01:02:00.000Z,231,1,,,,,\r\n");
    buf_deinit(&out);
}

static void local_time_and_comma_for_spreadsheets(void **state)
{
    (void)state;
    time_text_use_zone("Europe/Berlin", NULL);
    struct buf out = BUF_EMPTY;
    write_all(&(struct history_csv_options){.columns = HISTORY_CSV_MIN | HISTORY_CSV_MAX |
                                                       HISTORY_CSV_LAST,
                                            .separator = ';',
                                            .decimal = ',',
                                            .time = HISTORY_CSV_LOCAL},
              1 << 20, &out);
    assert_non_null(strstr(
        buf_text(&out), "\r\n2026-11-21T02:00:00.000+01:00;229,5;230,5;230,1;10;10,5;10,5;;;\r\n"));
    buf_deinit(&out);
}

static void pieces_give_the_same_bytes(void **state)
{
    (void)state;
    struct buf whole = BUF_EMPTY, pieces = BUF_EMPTY;
    struct history_csv_options usual = {0};
    write_all(&usual, 1 << 20, &whole);
    write_all(&usual, 1, &pieces);
    assert_string_equal(buf_text(&whole), buf_text(&pieces));
    buf_deinit(&whole);
    buf_deinit(&pieces);
}

/* Two answers one after the other: the difference across the seam, and nothing before `from`. */
static void a_second_answer_goes_on(void **state)
{
    (void)state;
    time_text_use_zone("Europe/Berlin", NULL);
    struct history_csv csv;
    struct history_csv_place place;
    struct history_csv_options options = {.columns = HISTORY_CSV_MAX,
                                          .counter_columns = HISTORY_CSV_LAST | HISTORY_CSV_DELTA,
                                          .time = HISTORY_CSV_SHEET,
                                          .from = T0 + 60 * CLOCK_S};
    struct history_bucket later = {
        .time = T0 + 300 * CLOCK_S, .min = 12, .sum = 12, .max = 12, .last = 12, .count = 1};
    struct history_series more = {
        .path = "m/total/energy", .quantity = QUANTITY_ENERGY, .buckets = &later, .count = 1};
    struct buf out = BUF_EMPTY;
    history_csv_begin(&csv, &series[1], 1, &place, &options);
    assert_int_equal(history_csv_next(&csv), T0 + 60 * CLOCK_S);
    assert_false(history_csv_write(&csv, &out, 1 << 20));
    history_csv_continue(&csv, &more);
    assert_false(history_csv_write(&csv, &out, 1 << 20));
    assert_string_equal(buf_text(&out),
                        "time,utc,m/total/energy [kWh] last,m/total/energy [kWh] delta\r\n"
                        "2026-11-21 02:01:00,2026-11-21T01:01:00.000Z,11.125,0.625\r\n"
                        "2026-11-21 02:05:00,2026-11-21T01:05:00.000Z,12,0.875\r\n");
    buf_deinit(&out);
}

static void column_words_are_read(void **state)
{
    (void)state;
    unsigned columns = 0;
    struct err err = ERR_EMPTY;
    assert_int_equal(history_csv_parse_columns("last,delta", &columns, &err), 0);
    assert_int_equal(columns, HISTORY_CSV_LAST | HISTORY_CSV_DELTA);
    assert_int_equal(history_csv_parse_columns("", &columns, &err), 0);
    assert_int_equal(columns, 0);
    assert_int_equal(history_csv_parse_columns("min,averrage", &columns, &err), -EINVAL);
    assert_non_null(strstr(err.text, "averrage"));
    assert_int_equal(history_csv_parse_columns("min,,max", &columns, &err), -EINVAL);
    err = ERR_EMPTY;
    assert_int_equal(history_csv_parse_columns("lasst", &columns, &err), -EINVAL);
    assert_non_null(strstr(err.text, "did you mean \"last\"?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_quoted_and_guarded),
        cmocka_unit_test(numbers_follow_the_choice),
        cmocka_unit_test(an_answer_becomes_rows),
        cmocka_unit_test(local_time_and_comma_for_spreadsheets),
        cmocka_unit_test(pieces_give_the_same_bytes),
        cmocka_unit_test(a_second_answer_goes_on),
        cmocka_unit_test(column_words_are_read),
    };
    return cmocka_run_group_tests_name("history_csv", tests, NULL, NULL);
}
