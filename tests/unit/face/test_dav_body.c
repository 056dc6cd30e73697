/* Bodies of PROPFIND: the examples of RFC 4918 section 9.1 and 14, and what must be refused. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "face/dav_body.h"

static int parse(struct dav_propfind *wish, const char *body)
{
    struct err err = ERR_EMPTY;
    int result = dav_propfind_parse(wish, body, strlen(body), &err);
    assert_int_equal(result, err.code);
    return result;
}

static void assert_names(const struct dav_propfind *wish, size_t count, const char *space,
                         const char *const *names)
{
    assert_int_equal(wish->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(wish->properties[i].space, space);
        assert_string_equal(wish->properties[i].name, names[i]);
    }
}

static void examples(void **state)
{
    (void)state;
    struct dav_propfind wish;
    /* 9.1.3 */
    assert_int_equal(
        parse(&wish, "<?xml version=\"1.0\" encoding=\"utf-8\" ?>"
                     "<D:propfind xmlns:D=\"DAV:\"><D:prop xmlns:R=\"http://ns.example/box/\">"
                     "<R:bigbox/><R:author/><R:DingALing/><R:Random/><R:author/>"
                     "</D:prop></D:propfind>"),
        0);
    assert_int_equal(wish.wish, DAV_PROP);
    assert_names(&wish, 4, "http://ns.example/box/",
                 (const char *const[]){"bigbox", "author", "DingALing", "Random"});
    dav_propfind_deinit(&wish);
    /* 9.1.4 */
    assert_int_equal(parse(&wish, "<propfind xmlns=\"DAV:\"><propname/></propfind>"), 0);
    assert_int_equal(wish.wish, DAV_PROPNAME);
    dav_propfind_deinit(&wish);
    /* 9.1.6 */
    assert_int_equal(parse(&wish, "<D:propfind xmlns:D=\"DAV:\"><D:allprop/><D:include>"
                                  "<D:supported-live-property-set/></D:include></D:propfind>"),
                     0);
    assert_int_equal(wish.wish, DAV_ALLPROP);
    assert_names(&wish, 1, "DAV:", (const char *const[]){"supported-live-property-set"});
    dav_propfind_deinit(&wish);
    /* 9.1: no body is allprop */
    assert_int_equal(parse(&wish, ""), 0);
    assert_int_equal(wish.wish, DAV_ALLPROP);
    dav_propfind_deinit(&wish);
    /* section 17: what is unknown is passed over, also another namespace's prop */
    assert_int_equal(parse(&wish, "<propfind xmlns=\"DAV:\"><x:prop xmlns:x=\"other\"><a/></x:prop>"
                                  "<prop><b xmlns=\"\"><deep/></b></prop></propfind>"),
                     0);
    assert_names(&wish, 1, "", (const char *const[]){"b"});
    dav_propfind_deinit(&wish);
}

static void refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        " ",
        "<",
        "<propfind xmlns=\"DAV:\">",
        "<propfind><allprop/></propfind>", /* no namespace */
        "<multistatus xmlns=\"DAV:\"><allprop/></multistatus>",
        "<propfind xmlns=\"DAV:\"/>",
        "<propfind xmlns=\"DAV:\"><allprop/><propname/></propfind>",
        "<!DOCTYPE propfind><propfind xmlns=\"DAV:\"><allprop/></propfind>",
        ("<!DOCTYPE a [<!ENTITY b \"bbbb\">]><propfind "
         "xmlns=\"DAV:\"><prop><q>&b;</q></prop></propfind>"),
        "<propfind xmlns=\"DAV:\"><prop><a xmlns:b=\"\"><b:c/></a></prop></propfind>",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct dav_propfind wish;
        if (parse(&wish, bodies[i]) != -EINVAL)
            fail_msg("%s", bodies[i]);
        dav_propfind_deinit(&wish);
    }
}

static void bounds(void **state)
{
    (void)state;
    struct dav_propfind wish;
    struct buf body = BUF_EMPTY;
    buf_add_text(&body, "<propfind xmlns=\"DAV:\"><prop>");
    for (int i = 0; i <= DAV_PROPERTIES_MOST; i++)
        buf_add_format(&body, "<p%d/>", i);
    buf_add_text(&body, "</prop></propfind>");
    assert_int_equal(parse(&wish, buf_text(&body)), -E2BIG);
    dav_propfind_deinit(&wish);
    buf_clear(&body);
    buf_add_text(&body, "<propfind xmlns=\"DAV:\"><prop>");
    for (int i = 0; i < 100; i++)
        buf_add_text(&body, "<a>");
    assert_int_equal(parse(&wish, buf_text(&body)), -EINVAL);
    dav_propfind_deinit(&wish);
    while (body.length <= DAV_BODY_MOST)
        buf_add_char(&body, ' ');
    assert_int_equal(parse(&wish, buf_text(&body)), -E2BIG);
    dav_propfind_deinit(&wish);
    buf_deinit(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),
        cmocka_unit_test(refused),
        cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
