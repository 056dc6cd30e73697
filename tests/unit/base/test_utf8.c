#include "base/utf8.h"

#include <stdbool.h>

#include "test.h"

/* RFC 3629 the other way round: encode a code point by its table. */
static size_t encode(uint32_t point, char *text)
{
    unsigned char *at = (unsigned char *)text;
    if (point < 0x80) {
        at[0] = (unsigned char)point;
        return 1;
    }
    if (point < 0x800) {
        at[0] = (unsigned char)(0xC0 | point >> 6);
        at[1] = (unsigned char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        at[0] = (unsigned char)(0xE0 | point >> 12);
        at[1] = (unsigned char)(0x80 | (point >> 6 & 0x3F));
        at[2] = (unsigned char)(0x80 | (point & 0x3F));
        return 3;
    }
    at[0] = (unsigned char)(0xF0 | point >> 18);
    at[1] = (unsigned char)(0x80 | (point >> 12 & 0x3F));
    at[2] = (unsigned char)(0x80 | (point >> 6 & 0x3F));
    at[3] = (unsigned char)(0x80 | (point & 0x3F));
    return 4;
}

static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x120000; point++) {
        char text[4];
        size_t length = encode(point, text);
        bool valid = (point < 0xD800 || point > 0xDFFF) && point <= 0x10FFFF;
        if (utf8_length(text, length) != (valid ? length : 0))
            fail_msg("U+%04X", point);
        if (utf8_length(text, length - 1) != 0)
            fail_msg("U+%04X cut", point);
    }
}

/* Every sequence of four bytes that is no encoding of a code point is refused: the valid ones are
 * as many as the points. */
static void test_nothing_else(void **state)
{
    (void)state;
    size_t valid[5] = {0};
    for (uint32_t first = 0; first < 0x1000000; first++) {
        char text[4] = {(char)(first >> 16), (char)(first >> 8), (char)first, (char)0x80};
        valid[utf8_length(text, 4)]++;
    }
    assert_int_equal(valid[1], 0x80 * 0x10000);
    assert_int_equal(valid[2], (0x800 - 0x80) * 0x100);
    assert_int_equal(valid[3], 0x10000 - 0x800 - 0x800);
    assert_int_equal(valid[4], (0x110000 - 0x10000) / 64);
}

static void test_valid(void **state)
{
    (void)state;
    assert_int_equal(utf8_valid("", 0), 0);
    assert_int_equal(utf8_valid("abc", 3), 3);
    assert_int_equal(utf8_valid("a\xC3\xA9\0z", 5), 5);
    assert_int_equal(utf8_valid("a\xC3\xA9\xFFz", 5), 3);
    assert_int_equal(utf8_valid("a\xC3", 2), 1);
}

static void test_fit(void **state)
{
    (void)state;
    assert_int_equal(utf8_fit("abc", 3, 3), 3);
    assert_int_equal(utf8_fit("abc", 3, 2), 2);
    assert_int_equal(utf8_fit("a\xC3\xA9", 3, 2), 1);
    assert_int_equal(utf8_fit("\xF0\x9F\x98\x80", 4, 3), 0);
    assert_int_equal(utf8_fit("", 0, 0), 0);
}

static void test_clean(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"plain \xC3\xA9\xF0\x9F\x98\x80~", "plain \xC3\xA9\xF0\x9F\x98\x80~"},
        {"one\ntwo\r\tthree\x7F", "one two  three "},
        {"\x1B[2Jred", " [2Jred"},
        {"\xC2\x9B"
         "2J\xC2\xA0",
         " 2J\xC2\xA0"}, /* CSI in one character; a blank is none */
        {"a\xFF\xC3", "a??"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char to[64];
        to[utf8_clean(to, rows[i][0], strlen(rows[i][0]))] = '\0';
        assert_string_equal(to, rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_nothing_else),
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
