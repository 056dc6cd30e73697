#include "test.h"

#include "face/markup.h"

static void check(const char *text, const char *wanted)
{
    struct buf out = BUF_EMPTY;
    markup_add(&out, text);
    assert_string_equal(buf_text(&out), wanted);
    buf_deinit(&out);
}

static void test_escapes(void **state)
{
    (void)state;
    check("plain 1.5 kW", "plain 1.5 kW");
    check("<script>\"a\" & 'b'</script>",
          "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;");
    check("23 \xc2\xb0"
          "C",
          "23 \xc2\xb0"
          "C");
    check("", "");
    check(NULL, "");
}

/* XML 1.0 (fifth edition) section 2.2, production Char. */
static void test_what_no_document_may_hold(void **state)
{
    (void)state;
    check("a\x01"
          "b\x1f"
          "c\x7f",
          "a\xef\xbf\xbd"
          "b\xef\xbf\xbd"
          "c\xef\xbf\xbd");
    check("tab\tline\n", "tab\tline\n");
    check("\xff"
          "x\xc3",
          "\xef\xbf\xbd"
          "x\xef\xbf\xbd");
    check("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    check("\xef\xbf\xbe|\xef\xbf\xbf|\xef\xbf\xbd", "\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd");
}

static void test_attribute(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    markup_attribute(&out, "label", "\"x\" onload=\"y");
    markup_attribute(&out, "nothing", NULL);
    assert_string_equal(buf_text(&out), " label=\"&quot;x&quot; onload=&quot;y\"");
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_what_no_document_may_hold),
        cmocka_unit_test(test_attribute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
