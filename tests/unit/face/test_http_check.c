#include "test.h"

#include "face/http_check.h"

/* What a request with these header lines is refused with; NULL: served. `lines` are "Name|value".
 */
static const char *verdict(const char *version, const char *const *lines)
{
    struct http_check check = HTTP_CHECK_EMPTY;
    for (; *lines; lines++) {
        const char *bar = strchr(*lines, '|');
        http_check_header(&check, *lines, (size_t)(bar - *lines), bar + 1, strlen(bar + 1));
    }
    return http_check_end(&check, version);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_served(void **state)
{
    (void)state;
    assert_null(verdict("HTTP/1.1", LINES("Host|busbar")));
    assert_null(verdict("HTTP/1.1", LINES("Host|busbar", "Content-Length|0")));
    assert_null(verdict("HTTP/1.1", LINES("hOsT|busbar", "Transfer-Encoding|Chunked")));
    assert_null(verdict("HTTP/1.0", LINES("Accept|*/*")));
    assert_null(verdict("HTTP/1.1", LINES("Host|b", "X-Tab|a\tb", "X-Umlaut|\xc3\xa4")));
}

static void test_refused(void **state)
{
    (void)state;
    const struct {
        const char *version;
        const char *const *lines;
        const char *says;
    } cases[] = {
        {"HTTP/1.1", LINES("Accept|*/*"), "Host"},
        {"HTTP/1.1", LINES("Host|a", "Host|a"), "Host"},
        {"HTTP/1.0", LINES("Host|a", "Host|b"), "Host"},
        {"HTTP/1.1", LINES("Host|a", "Content-Length|1", "Transfer-Encoding|chunked"), "exclude"},
        {"HTTP/1.1", LINES("Host|a", "Content-Length|1", "Content-Length|1"), "once"},
        {"HTTP/1.1", LINES("Host|a", "Content-Length|+1"), "plain number"},
        {"HTTP/1.1", LINES("Host|a", "Content-Length|0x10"), "plain number"},
        {"HTTP/1.1", LINES("Host|a", "Content-Length|1, 1"), "plain number"},
        {"HTTP/1.1", LINES("Host|a", "Content-Length|"), "plain number"},
        {"HTTP/1.1", LINES("Host|a", "Content-Length|9999999999999999999"), "plain number"},
        {"HTTP/1.1", LINES("Host|a", "Transfer-Encoding|gzip, chunked"), "chunked"},
        {"HTTP/1.1", LINES("Host|a", "Transfer-Encoding|xchunked"), "chunked"},
        {"HTTP/1.1", LINES("Host|a", "Transfer-Encoding|chunked", "Transfer-Encoding|chunked"),
         "once"},
        {"HTTP/1.0", LINES("Transfer-Encoding|chunked"), "HTTP/1.1"},
        {"HTTP/1.1", LINES("Host|a", "Content-Length |5"), "blank"},
        {"HTTP/1.1", LINES("Host|a", "|x"), "name"},
        {"HTTP/1.1", LINES("Host|a", "X-\x01|x"), "name"},
        {"HTTP/1.1", LINES("Host|a", "X|a\rb"), "control"},
        {"HTTP/1.1", LINES("Host|a", "X|a\x7f"), "control"},
        {"HTTP/2.0", LINES("Host|a"), "spoken"},
        {"HTTP/1.2", LINES("Host|a"), "spoken"},
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        const char *sentence = verdict(cases[i].version, cases[i].lines);
        if (!sentence || !strstr(sentence, cases[i].says))
            fail_msg("case %zu: %s", i, sentence ? sentence : "was served");
    }
}

static void test_length(void **state)
{
    (void)state;
    struct http_check check = HTTP_CHECK_EMPTY;
    http_check_header(&check, "content-length", 14, "262145", 6);
    assert_int_equal(check.length, 262145);
}

static void test_target(void **state)
{
    (void)state;
    assert_true(http_check_target("/api/v1/points/a/b%20c?x=%C3%A4&y=+"));
    assert_false(http_check_target("/a%00b"));
    assert_false(http_check_target("/a%0d%0ab"));
    assert_false(http_check_target("/a%7F"));
    assert_false(http_check_target("/a%2"));
    assert_false(http_check_target("/a%"));
    assert_false(http_check_target("/a%zz"));
    assert_false(http_check_target("/a\x01"));
    assert_false(http_check_target("/a b"));
}

static void test_host(void **state)
{
    (void)state;
    const char *const good[] = {"192.168.1.7",      "192.168.1.7:8443", "[::1]",
                                "[fe80::1]:8443",   "localhost:8080",   "pdu-7",
                                "pdu-7.local",      "PDU-7.LOCAL:80",   "x.home.arpa",
                                "x.lan.",           "unit.example.net", "unit.example.net:8443",
                                "extra.example.org"};
    const char *const bad[] = {"evil.example.com",
                               "evil.example.com:8443",
                               "",
                               ":80",
                               "local.evil.com",
                               "unit.example.net.evil.com",
                               "1.2.3.4.evil.com",
                               "xunit.example.net"};
    for (size_t i = 0; i < TEST_COUNT(good); i++) {
        if (!http_host_allowed(good[i], "unit.example.net", "more.example.org, extra.example.org"))
            fail_msg("%s was refused", good[i]);
    }
    for (size_t i = 0; i < TEST_COUNT(bad); i++) {
        if (http_host_allowed(bad[i], "unit.example.net", "more.example.org, extra.example.org"))
            fail_msg("%s was allowed", bad[i]);
    }
    assert_false(http_host_allowed("a.example.com", NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_served), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_length), cmocka_unit_test(test_target),
        cmocka_unit_test(test_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
