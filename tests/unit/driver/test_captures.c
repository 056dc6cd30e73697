/* Every profile against what an independent Modbus stack answered, and the points that must come
 * out of it. */
#include "driver_testing.h"

#define CAPTURES TEST_SOURCE_ROOT "/tests/captures/"
#define PROFILES TEST_SOURCE_ROOT "/profiles"

static bool check_profile(const char *name)
{
    struct bench bench;
    bench_init(&bench);
    bench_load(&bench, PROFILES);
    char path[512];
    snprintf(path, sizeof path, CAPTURES "%s.cap", name);
    bool fine = unit_load(bench.unit, path);
    if (!fine)
        print_message("%s: there is no such capture\n", path);
    bench_open(&bench, name);
    fine &= bench_identify(&bench) == 0;
    if (bench.err.text[0])
        print_message("%s\n", bench.err.text);
    fine &= bench_round(&bench) > 0;
    snprintf(path, sizeof path, CAPTURES "%s.points", name);
    fine &= points_compare(&bench, path);
    bench_deinit(&bench);
    return fine;
}

static void test_every_profile_decodes_its_capture(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    bench_load(&bench, PROFILES);
    size_t checked = 0, failed = 0;
    for (size_t i = 0; i < library_count(bench.library); i++) {
        const struct library_entry *entry = library_at(bench.library, i);
        if (!entry->profile)
            continue;
        checked++;
        if (!check_profile(entry->name)) {
            print_message("profile %s: failed\n", entry->name);
            failed++;
        }
    }
    bench_deinit(&bench);
    print_message("# %zu profiles\n", checked);
    assert_true(checked >= 50);
    assert_int_equal(failed, 0);
}

/* A capture without a profile tests nothing. */
static void test_every_capture_has_a_profile(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    bench_load(&bench, PROFILES);
    DIR *folder = opendir(CAPTURES);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char name[256];
        snprintf(name, sizeof name, "%s", entry->d_name);
        char *dot = strstr(name, ".cap");
        if (!dot || dot[4] || strncmp(name, "sunspec-", 8) == 0)
            continue;
        *dot = '\0';
        if (!library_find(bench.library, name, &bench.err))
            fail_msg("%s", bench.err.text);
    }
    closedir(folder);
    bench_deinit(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_profile_decodes_its_capture),
        cmocka_unit_test(test_every_capture_has_a_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
