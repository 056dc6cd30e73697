/* Text of readings into samples: the forms that are taken, and each way to be refused. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "engine/import_rows.h"

#define NOW (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */
#define T1 1767225600000LL           /* 2026-01-01T00:00:00Z, in ms */

static void read_as(struct import_rows *rows, enum import_form form, const char *text)
{
    struct err err = ERR_EMPTY;
    import_rows_init(rows, NOW);
    if (import_rows_read(rows, form, text, strlen(text), 2, &err) < 0)
        fail_msg("%s", err.text);
}

static void assert_samples(struct import_rows *rows, const char *path, size_t count,
                           const struct history_sample *wanted)
{
    size_t points;
    const struct history_import_point *list = import_rows_points(rows, &points);
    for (size_t i = 0; i < points; i++) {
        if (strcmp(list[i].path, path) != 0)
            continue;
        assert_int_equal(list[i].count, count);
        for (size_t k = 0; k < count; k++) {
            assert_int_equal(list[i].samples[k].time, wanted[k].time);
            assert_int_equal(list[i].samples[k].value, wanted[k].value);
            assert_int_equal(list[i].samples[k].quality, QUALITY_GOOD);
        }
        return;
    }
    fail_msg("no point %s", path);
}

/* The same two readings, as programs and as spreadsheets of two countries write them. */
static void forms(void **state)
{
    (void)state;
    static const struct {
        enum import_form form;
        const char *text;
    } ways[] = {
        {IMPORT_CSV, "time,path,quantity,unit,value\r\n"
                     "2026-01-01T00:00:00.000Z,m/total/voltage,voltage,V,230.5\r\n"
                     "2026-01-01T00:01:00.000Z,m/total/voltage,voltage,V,-1.5\r\n"},
        {IMPORT_CSV, "value,path,time\n230.5,m/total/voltage,1767225600\n"
                     "-1.5,m/total/voltage,1767225660"},
        {IMPORT_CSV, "\xEF\xBB\xBFtime;path;value\r\n2026-01-01T00:00:00Z;m/total/voltage;230,5\r\n"
                     "\r\n2026-01-01T01:01:00+01:00;\"m/total/voltage\";\"-1,5\"\r\n"},
        {IMPORT_CSV, "time\tpath\tvalue\n2026-01-01T00:00:00Z\tm/total/voltage\t2.305e2\n"
                     "2026-01-01T00:01:00Z\tm/total/voltage\t-1.5\n"},
        {IMPORT_JSON_LINES,
         "{\"time\":\"2026-01-01T00:00:00Z\",\"path\":\"m/total/voltage\",\"value\":230.5}\n\n"
         "{\"value\":-1.5,\"quantity\":\"voltage\",\"path\":\"m/total/voltage\","
         "\"time\":\"2026-01-01T00:01:00Z\",\"more\":[1]}"},
    };
    /* of a voltage the catalogue keeps a decimal or more */
    int decimals = quantity_row(QUANTITY_VOLTAGE)->decimals;
    int64_t scale = decimals == 1 ? 10 : decimals == 2 ? 100 : 1000;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct import_rows rows;
        read_as(&rows, ways[i].form, ways[i].text);
        assert_int_equal(rows.refused, 0);
        assert_int_equal(rows.rows, 2);
        assert_samples(&rows, "m/total/voltage", 2,
                       (struct history_sample[]){{.time = T1, .value = 2305 * scale / 10},
                                                 {.time = T1 + 60000, .value = -15 * scale / 10}});
        import_rows_deinit(&rows);
    }
}

/* Times in any order come out ascending and each once. */
static void order(void **state)
{
    (void)state;
    struct import_rows rows;
    read_as(
        &rows, IMPORT_CSV,
        "time,path,value\n1767225603,m/total/state,3\n1767225601,m/total/state,1\n"
        "1767225603,m/total/state,3\n1767225602,n/outlet-2/state,1\n1767225602,m/total/state,2\n");
    assert_samples(&rows, "m/total/state", 3,
                   (struct history_sample[]){{.time = T1 + 1000, .value = 1},
                                             {.time = T1 + 2000, .value = 2},
                                             {.time = T1 + 3000, .value = 3}});
    assert_samples(&rows, "n/outlet-2/state", 1,
                   (struct history_sample[]){{.time = T1 + 2000, .value = 1}});
    assert_int_equal(rows.repeated, 1);
    import_rows_deinit(&rows);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *row, *word;
    } bad[] = {
        {"yesterday,m/total/voltage,,1", "no time"},
        {"now,m/total/voltage,,1", "no time"},
        {"-1h,m/total/voltage,,1", "no time"},
        {"1999-12-31T23:59:59Z,m/total/voltage,,1", "before the year 2000"},
        {"2026-11-22T01:00:01Z,m/total/voltage,,1", "in the future"},
        {"2026-01-01T00:00:00Z,m/total,,1", "is no point"},
        {"2026-01-01T00:00:00Z,../total/voltage,,1", "is no point"},
        {"2026-01-01T00:00:00Z,m/phase-z/voltage,,1", "is no point"},
        {"2026-01-01T00:00:00Z,m/total/volts,,1", "is no point"},
        {"2026-01-01T00:00:00Z,m/total/voltage,current,1", "is not the one"},
        {"2026-01-01T00:00:00Z,m/total/voltage,,", "is no number"},
        {"2026-01-01T00:00:00Z,m/total/voltage,,nan", "is no number"},
        {"2026-01-01T00:00:00Z,m/total/voltage,,0x10", "is no number"},
        {"2026-01-01T00:00:00Z,m/total/voltage,,1e999", "is outside"},
        {"2026-01-01T00:00:00Z,m/total/voltage,,9e9", "is outside"},
        {"2026-01-01T00:00:00Z,m/total/voltage", "fewer cells"},
        {"2026-01-01T00:00:00Z,m/total/voltage,,\"1", "quotes do not end"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[300];
        struct import_rows rows;
        snprintf(text, sizeof text,
                 "time,path,quantity,value\n2026-01-01T00:00:00Z,a/total/voltage,,1\n%s\n",
                 bad[i].row);
        read_as(&rows, IMPORT_CSV, text);
        assert_int_equal(rows.rows, 1);
        assert_int_equal(rows.refused, 1);
        assert_int_equal(rows.refusals[0].line, 3);
        if (!strstr(rows.refusals[0].reason, bad[i].word))
            fail_msg("%s: %s", bad[i].row, rows.refusals[0].reason);
        import_rows_deinit(&rows);
    }
}

static void json_refusals(void **state)
{
    (void)state;
    struct import_rows rows;
    read_as(&rows, IMPORT_JSON_LINES,
            "{\"time\":1,\"path\":\"m/total/voltage\",\"value\":1}\n[]\nnot json\n"
            "{\"time\":\"2026-01-01T00:00:00Z\",\"path\":\"m/total/voltage\",\"value\":\"1\"}\n");
    assert_int_equal(rows.rows, 0);
    assert_int_equal(rows.refused, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(rows.refusals[i].line, i + 2);
    import_rows_deinit(&rows);
}

/* However many are refused: all are counted, the first hundred named. */
static void many_refusals(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    struct import_rows rows;
    buf_add_text(&text, "time,path,value\n");
    for (int i = 0; i < 5000; i++)
        buf_add_text(&text, "x,y,z\n");
    read_as(&rows, IMPORT_CSV, buf_text(&text));
    assert_int_equal(rows.refused, 5000);
    assert_int_equal(rows.refusal_count, IMPORT_REFUSALS_MOST);
    import_rows_deinit(&rows);
    buf_deinit(&text);
}

static void heads(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } bad[] = {{"", "first line"},
               {"time,value\n1,2\n", "first line"},
               {"time,path,min,avg,max,last,count\n", "without --step"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct import_rows rows;
        struct err err = ERR_EMPTY;
        import_rows_init(&rows, NOW);
        assert_int_equal(
            import_rows_read(&rows, IMPORT_CSV, bad[i].text, strlen(bad[i].text), 1, &err),
            -EINVAL);
        assert_non_null(strstr(err.text, bad[i].word));
        import_rows_deinit(&rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),         cmocka_unit_test(order),
        cmocka_unit_test(refusals),      cmocka_unit_test(json_refusals),
        cmocka_unit_test(many_refusals), cmocka_unit_test(heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
