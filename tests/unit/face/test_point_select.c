#include "face_testing.h"

#include <errno.h>

#include "face/point_select.h"

static void count_point(void *user, const struct point *point)
{
    (void)point;
    ++*(size_t *)user;
}

static size_t count(struct test_site *t, const struct point_select *select)
{
    size_t found = 0;
    point_select_each(select, t->site, count_point, &found);
    return found;
}

static void test_terms(void **state)
{
    struct test_site *t = *state;
    const struct {
        const char *device, *path;
        size_t wanted;
    } cases[] = {
        {NULL, NULL, 3},
        {"m-1", NULL, 2},
        {"m-9", NULL, 0},
        {NULL, "m-2/phase-a/voltage", 1},
        {NULL, "m-2/phase-a/voltag", 0},
        {NULL, "m-1/*", 2},
        {NULL, "*", 3},
        {NULL, "m-*", 3},
        {"m-2", "m-1/*", 0},
        {"m-1", "m-1/outlet-1/*", 1},
        {NULL, "", 0},
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct point_select select = POINT_SELECT_EMPTY;
        if (cases[i].device)
            assert_int_equal(point_select_device(&select, cases[i].device), 0);
        if (cases[i].path)
            assert_int_equal(point_select_path(&select, cases[i].path), 0);
        size_t found = count(t, &select);
        if (found != cases[i].wanted)
            fail_msg("case %zu: %zu", i, found);
        assert_true(point_select_matches(&select, t->voltage) ==
                    (i == 0 || i == 1 || i == 5 || i == 6 || i == 7));
        point_select_deinit(&select);
    }
}

static void test_several(void **state)
{
    struct test_site *t = *state;
    struct point_select select = POINT_SELECT_EMPTY, same = POINT_SELECT_EMPTY;
    point_select_path(&select, "m-1/phase-a/*");
    point_select_path(&select, "m-2/phase-a/voltage");
    assert_int_equal(count(t, &select), 2);
    assert_int_equal(point_select_copy(&same, &select), 0);
    assert_true(point_select_equal(&same, &select));
    assert_int_equal(count(t, &same), 2);
    point_select_device(&same, "m-1");
    assert_false(point_select_equal(&same, &select));
    assert_int_equal(count(t, &same), 1);
    point_select_deinit(&same);
    point_select_deinit(&select);
}

static void test_check(void **state)
{
    struct test_site *t = *state;
    struct point_select select = POINT_SELECT_EMPTY;
    struct err err = ERR_EMPTY;
    point_select_device(&select, "m-1");
    point_select_path(&select, "m-1/nothing*");
    assert_int_equal(point_select_check(&select, t->site, &err), 0);
    point_select_path(&select, "m-1/phase-a/current");
    assert_int_equal(point_select_check(&select, t->site, &err), -ENOENT);
    assert_non_null(strstr(err.text, "m-1/phase-a/current"));
    point_select_deinit(&select);
}

static void test_bounds(void **state)
{
    (void)state;
    struct point_select select = POINT_SELECT_EMPTY;
    for (int i = 0; i < POINT_SELECT_TERMS; i++)
        assert_int_equal(point_select_path(&select, "x"), 0);
    assert_int_equal(point_select_path(&select, "x"), -E2BIG);
    point_select_deinit(&select);
    char *path = calloc(1, POINT_SELECT_TEXT + 1);
    memset(path, 'x', POINT_SELECT_TEXT);
    assert_int_equal(point_select_path(&select, path), -E2BIG);
    point_select_deinit(&select);
    free(path);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, test_site_setup, test_site_teardown)
    const struct CMUnitTest tests[] = {ROW(test_terms), ROW(test_several), ROW(test_check),
                                       ROW(test_bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
