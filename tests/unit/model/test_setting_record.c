/* Whole records: each setting counts when two are compared, and a copy owns its texts. */
#include "model/setting_record.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

struct record {
    bool flag;
    int64_t number, choice, time;
    double limit;
    const char *text, *line;
    int unsaid; /* has no row */
};

#define FIELD(name) .key = #name, .offset = offsetof(struct record, name)

static const struct setting_row rows[] = {
    {FIELD(flag), .type = SETTING_BOOL},      {FIELD(number), .type = SETTING_INT},
    {FIELD(choice), .type = SETTING_CHOICE},  {FIELD(time), .type = SETTING_DURATION},
    {FIELD(limit), .type = SETTING_NUMBER},   {FIELD(text), .type = SETTING_TEXT},
    {FIELD(line), .type = SETTING_REFERENCE},
};
static const struct setting_table table = {
    .rows = rows, .row_count = TEST_COUNT(rows), .record_size = sizeof(struct record)};

static struct record sample(void)
{
    return (struct record){.flag = true,
                           .number = 1LL << 40,
                           .choice = 1,
                           .time = 250000,
                           .limit = 0.5,
                           .text = "a",
                           .line = "bus-1"};
}

static void each_setting_counts(void **state)
{
    (void)state;
    const struct record one = sample();
    struct record others[7];
    for (size_t i = 0; i < TEST_COUNT(others); i++)
        others[i] = one;
    others[0].flag = false;
    others[1].number = (1LL << 40) + (1LL << 33); /* the high half alone */
    others[2].choice = 0;
    others[3].time = 250001;
    others[4].limit = 0.25;
    others[5].text = "b";
    others[6].line = "bus-10";
    assert_true(setting_record_equal(&table, &one, &one));
    for (size_t i = 0; i < TEST_COUNT(others); i++)
        assert_false(setting_record_equal(&table, &one, &others[i]));
}

static void what_is_no_setting_does_not_count(void **state)
{
    (void)state;
    struct record one = sample(), other = sample();
    char text[] = "a"; /* the same letters elsewhere */
    other.text = text;
    other.unsaid = 5;
    assert_true(setting_record_equal(&table, &one, &other));
    one.text = "";
    other.text = NULL;
    assert_true(setting_record_equal(&table, &one, &other));
}

static void a_copy_outlives_what_it_was_made_of(void **state)
{
    (void)state;
    char text[] = "first", line[] = "bus-2";
    struct record one = sample(), copy;
    one.text = text;
    one.line = line;
    memset(&copy, 0xA5, sizeof copy);
    setting_record_copy(&table, &copy, &one);
    assert_true(setting_record_equal(&table, &one, &copy));
    strcpy(text, "other");
    strcpy(line, "bus-3");
    assert_string_equal(copy.text, "first");
    assert_string_equal(copy.line, "bus-2");
    assert_true(copy.number == 1LL << 40 && copy.flag);
    setting_record_free(&table, &copy);
    assert_null(copy.text);
    setting_record_free(&table, &copy); /* nothing is left to free */
    one.text = NULL;
    setting_record_copy(&table, &copy, &one);
    assert_string_equal(copy.text, "");
    setting_record_free(&table, &copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_setting_counts),
        cmocka_unit_test(what_is_no_setting_does_not_count),
        cmocka_unit_test(a_copy_outlives_what_it_was_made_of),
    };
    return cmocka_run_group_tests_name("setting_record", tests, NULL, NULL);
}
