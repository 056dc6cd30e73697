#include "base/log.h"

#include <unistd.h>

#include "test.h"

/* What log_write sends to the standard error while `say` runs. */
static void caught(void (*say)(void), char *text, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int kept = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    say();
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[1]);
    ssize_t got = read(ends[0], text, size - 1);
    close(ends[0]);
    text[got > 0 ? got : 0] = '\0';
}

static void say_levels(void)
{
    log_error("line", "e");
    log_warning("line", "w");
    log_notice("line", "n %d", 1);
    log_info("line", "not written");
    log_debug("line", "not written");
}

static void test_journal_levels(void **state)
{
    (void)state;
    char text[2000];
    log_open(LOG_SINK_JOURNAL, LOG_LEVEL_NOTICE);
    caught(say_levels, text, sizeof text);
    /* sd-daemon(3): SD_ERR 3, SD_WARNING 4, SD_NOTICE 5 */
    assert_string_equal(text, "<3>line: e\n<4>line: w\n<5>line: n 1\n");
}

static void say_controls(void)
{
    log_error("device", "name \"%s\"", "a\nb\r\x1b[31m\x7f\xC2\x9B end \xC3\xA9");
}

static void test_one_line_whatever_devices_say(void **state)
{
    (void)state;
    char text[2000];
    log_open(LOG_SINK_JOURNAL, LOG_LEVEL_INFO);
    caught(say_controls, text, sizeof text);
    assert_string_equal(text, "<3>device: name \"a?b??[31m??? end \xC3\xA9\"\n");
}

static void say_much(void)
{
    char endless[5000];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    log_error("device", "%s", endless);
}

static void test_long_lines_are_cut(void **state)
{
    (void)state;
    char text[6000];
    log_open(LOG_SINK_JOURNAL, LOG_LEVEL_INFO);
    caught(say_much, text, sizeof text);
    assert_in_range(strlen(text), 1000, 1100);
    assert_int_equal(text[strlen(text) - 1], '\n');
}

static void test_time_of_day(void **state)
{
    (void)state;
    char text[2000];
    int hour, minute, second, ms, used = 0;
    log_open(LOG_SINK_STDERR, LOG_LEVEL_ERROR);
    caught(say_levels, text, sizeof text);
    assert_int_equal(sscanf(text, "%2d:%2d:%2d.%3d line: e%n", &hour, &minute, &second, &ms, &used),
                     4);
    assert_string_equal(text + used, "\n");
}

static void test_detect(void **state)
{
    (void)state;
    setenv("JOURNAL_STREAM", "8:1234", 1);
    assert_int_equal(log_sink_detect(), LOG_SINK_JOURNAL);
    unsetenv("JOURNAL_STREAM");
    assert_int_equal(log_sink_detect(), LOG_SINK_STDERR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal_levels),
        cmocka_unit_test(test_one_line_whatever_devices_say),
        cmocka_unit_test(test_long_lines_are_cut),
        cmocka_unit_test(test_time_of_day),
        cmocka_unit_test(test_detect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
