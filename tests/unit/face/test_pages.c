#include "test.h"

#include "face/pages.h"

static void test_gzip(void **state)
{
    (void)state;
    assert_true(pages_accepts_gzip("gzip"));
    assert_true(pages_accepts_gzip("gzip, deflate, br"));
    assert_true(pages_accepts_gzip("br;q=1.0, GZIP;q=0.5"));
    assert_true(pages_accepts_gzip("deflate ,gzip ;q=0.1"));
    assert_false(pages_accepts_gzip(NULL));
    assert_false(pages_accepts_gzip(""));
    assert_false(pages_accepts_gzip("identity"));
    assert_false(pages_accepts_gzip("xgzip, gzipx"));
    assert_false(pages_accepts_gzip("gzip;q=0"));
    assert_false(pages_accepts_gzip("gzip;q=0.0, br"));
}

static const struct page_file *find(const char *path)
{
    for (size_t i = 0; i < page_file_count; i++) {
        if (strcmp(page_files[i].path, path) == 0)
            return &page_files[i];
    }
    return NULL;
}

static void test_table(void **state)
{
    (void)state;
    const struct page_file *index = find("/index.html");
    assert_non_null(index);
    assert_ptr_equal(find("/")->bytes, index->bytes);
    assert_false(index->immutable);
    for (size_t i = 0; i < page_file_count; i++) {
        const struct page_file *file = &page_files[i];
        assert_int_equal(file->path[0], '/');
        assert_true(file->bytes < file->bytes_end);
        assert_int_equal(*file->bytes_end, 0);
        assert_int_equal(file->etag[0], '"');
        if (file->packed) /* the magic number of gzip, RFC 1952 */
            assert_true(file->packed[0] == 0x1f && file->packed[1] == 0x8b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gzip), cmocka_unit_test(test_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
