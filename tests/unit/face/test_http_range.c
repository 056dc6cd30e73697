/* Parts and conditions against RFC 9110: its own examples and the edges of a file. */
#include "test.h"

#include <string.h>

#include "face/http_range.h"

/* RFC 9110 section 14.1.2, of a representation of 10,000 bytes, and what it says about the rest. */
static void ranges(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        uint64_t size;
        enum http_range range;
        uint64_t first, length;
    } rows[] = {
        {"bytes=0-499", 10000, HTTP_RANGE_PART, 0, 500},
        {"bytes=500-999", 10000, HTTP_RANGE_PART, 500, 500},
        {"bytes=-500", 10000, HTTP_RANGE_PART, 9500, 500},
        {"bytes=9500-", 10000, HTTP_RANGE_PART, 9500, 500},
        {"BYTES=0-0", 10000, HTTP_RANGE_PART, 0, 1},
        {"bytes=9999-99999", 10000, HTTP_RANGE_PART, 9999, 1},
        {"bytes=-99999", 10000, HTTP_RANGE_PART, 0, 10000},
        {"bytes=10000-", 10000, HTTP_RANGE_IMPOSSIBLE, 0, 0},
        {"bytes=-0", 10000, HTTP_RANGE_IMPOSSIBLE, 0, 0},
        {"bytes=0-", 0, HTTP_RANGE_IMPOSSIBLE, 0, 0},
        {"bytes=-1", 0, HTTP_RANGE_IMPOSSIBLE, 0, 0},
        {"bytes=5-4", 10000, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=0-0,-1", 10000, HTTP_RANGE_WHOLE, 0, 0}, /* several: allowed to be ignored */
        {"bytes=", 10000, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=-", 10000, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=a-b", 10000, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=1-2x", 10000, HTTP_RANGE_WHOLE, 0, 0},
        {"lines=1-2", 10000, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=0-99999999999999999999", 10000, HTTP_RANGE_WHOLE, 0, 0},
        {NULL, 10000, HTTP_RANGE_WHOLE, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t first = 0, length = 0;
        if (http_range_parse(rows[i].field, rows[i].size, &first, &length) != rows[i].range)
            fail_msg("%s", rows[i].field);
        if (rows[i].range != HTTP_RANGE_PART)
            continue;
        assert_int_equal(first, rows[i].first);
        assert_int_equal(length, rows[i].length);
    }
}

/* The date of RFC 9110 section 5.6.7, and its seconds by `date -u -d`. */
#define EXAMPLE "Sun, 06 Nov 1994 08:49:37 GMT"
#define EXAMPLE_S 784111777

static void dates(void **state)
{
    (void)state;
    char text[HTTP_DATE_SIZE];
    int64_t seconds;
    http_date_format(EXAMPLE_S, text);
    assert_string_equal(text, EXAMPLE);
    assert_int_equal(http_date_parse(EXAMPLE, &seconds), 0);
    assert_int_equal(seconds, EXAMPLE_S);
    assert_true(http_date_parse("yesterday", &seconds) < 0);
    assert_true(http_date_parse(EXAMPLE " and more", &seconds) < 0);
}

#define ETAG "\"abc-1\""

/* RFC 9110 section 13.2.2. */
static void conditions(void **state)
{
    (void)state;
    static const char later[] = "Sun, 06 Nov 1994 08:49:38 GMT",
                      earlier[] = "Sun, 06 Nov 1994 08:49:36 GMT";
    static const struct {
        struct http_conditions sent;
        unsigned status;
    } rows[] = {
        {{0}, 0},
        {{.if_match = ETAG}, 0},
        {{.if_match = "*"}, 0},
        {{.if_match = "\"x\", " ETAG}, 0},
        {{.if_match = "\"x\""}, 412},
        {{.if_match = "W/" ETAG}, 412}, /* only strong ones match here */
        {{.if_none_match = ETAG}, 304},
        {{.if_none_match = "W/" ETAG}, 304},
        {{.if_none_match = "*"}, 304},
        {{.if_none_match = "\"x\",\"y\""}, 0},
        {{.if_none_match = "abc-1"}, 0},
        {{.if_modified_since = EXAMPLE}, 304},
        {{.if_modified_since = later}, 304},
        {{.if_modified_since = earlier}, 0},
        {{.if_modified_since = "nonsense"}, 0},
        {{.if_unmodified_since = EXAMPLE}, 0},
        {{.if_unmodified_since = earlier}, 412},
        {{.if_match = ETAG, .if_unmodified_since = earlier}, 0}, /* the tag wins */
        {{.if_none_match = "\"x\"", .if_modified_since = later}, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (http_conditions_check(&rows[i].sent, ETAG, EXAMPLE_S) != rows[i].status)
            fail_msg("row %zu", i);
    }
}

static void if_range(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        int counts;
    } rows[] = {{NULL, 1},      {ETAG, 1},    {"\"x\"", 0},
                {"W/" ETAG, 0}, {EXAMPLE, 1}, {"Sun, 06 Nov 1994 08:49:38 GMT", 0},
                {"nonsense", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct http_conditions sent = {.if_range = rows[i].field};
        assert_int_equal(!!http_conditions_range(&sent, ETAG, EXAMPLE_S), rows[i].counts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),
        cmocka_unit_test(dates),
        cmocka_unit_test(conditions),
        cmocka_unit_test(if_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
