/* Lines of the NUT protocol: the examples of RFC 9271 section 4 and of NUT's net-protocol.txt, what
 * is no line, and that what is quoted comes back as it was. */
#include <errno.h>

#include "test.h"
#include "wire/nut_line.h"

#define LINE(line, text) nut_line_split(line, text, sizeof(text) - 1)

static void words_are_taken_apart(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        const char *words[4];
    } rows[] = {
        {"GET VAR su700 ups.status", 4, {"GET", "VAR", "su700", "ups.status"}},
        {"SET VAR su700 \"My UPS\"", 4, {"SET", "VAR", "su700", "My UPS"}},
        {"  VER\t ", 1, {"VER"}},
        {"", 0, {0}},
        {"   ", 0, {0}},
        {"PASSWORD \"\"", 2, {"PASSWORD", ""}},
        {"A \"with \\\"quotes\\\" and \\\\\"", 2, {"A", "with \"quotes\" and \\"}},
        {"A b\\ c", 2, {"A", "b c"}},
        {"A b\"c d\"e", 2, {"A", "bc de"}},
        {"A \xc3\xa4", 2, {"A", "\xc3\xa4"}},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct nut_line line;
        assert_int_equal(nut_line_split(&line, rows[i].text, strlen(rows[i].text)), 0);
        assert_int_equal(line.count, rows[i].count);
        for (size_t k = 0; k < line.count; k++)
            assert_string_equal(line.words[k], rows[i].words[k]);
        assert_string_equal(line.words[NUT_WORDS_MOST - 1], "");
    }
}

static void what_is_no_line(void **state)
{
    struct nut_line line;
    char longest[NUT_LINE_MOST + 1];
    (void)state;
    assert_int_equal(LINE(&line, "GET \"VAR"), -EINVAL);
    assert_int_equal(LINE(&line, "GET VAR\\"), -EINVAL);
    assert_int_equal(LINE(&line, "GET\0VAR"), -EINVAL);
    assert_int_equal(LINE(&line, "GET \x1b[0m"), -EINVAL);
    assert_int_equal(LINE(&line, "1 2 3 4 5 6 7 8"), 0);
    assert_int_equal(line.count, 8);
    assert_int_equal(LINE(&line, "1 2 3 4 5 6 7 8 9"), -EINVAL);
    assert_int_equal(line.count, 0);
    assert_string_equal(line.words[0], "");
    memset(longest, 'x', sizeof longest);
    assert_int_equal(nut_line_split(&line, longest, sizeof longest), -E2BIG);
    assert_int_equal(nut_line_split(&line, longest, sizeof longest - 1), 0);
    assert_int_equal(strlen(line.words[0]), NUT_LINE_MOST);
}

/* Random texts of what hurts most come back from their quotes. */
static void quoted_comes_back(void **state)
{
    static const char hard[] = "\"\\ ab\xff";
    uint64_t seed = test_seed();
    (void)state;
    for (int i = 0; i < 2000; i++) {
        char text[40] = "";
        size_t length = test_below(&seed, sizeof text - 1);
        struct buf out = BUF_EMPTY;
        struct nut_line line;
        for (size_t k = 0; k < length; k++)
            text[k] = hard[test_below(&seed, sizeof hard - 1)];
        nut_line_quote(&out, text);
        assert_int_equal(nut_line_split(&line, out.data, out.length), 0);
        assert_int_equal(line.count, 1);
        assert_string_equal(line.words[0], text);
        buf_deinit(&out);
    }
}

static void a_name_with_a_line_end_stays_in_its_line(void **state)
{
    struct buf out = BUF_EMPTY;
    (void)state;
    nut_line_quote(&out, "a\r\nOK\x7f\"");
    assert_string_equal(buf_text(&out), " \"a  OK \\\"\"");
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_taken_apart),
        cmocka_unit_test(what_is_no_line),
        cmocka_unit_test(quoted_comes_back),
        cmocka_unit_test(a_name_with_a_line_end_stays_in_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
