/* Every profile against what an independent Modbus stack answered, and the points that must come
 * out of it. */
#include "driver_testing.h"

#define CAPTURES TEST_SOURCE_ROOT "/tests/captures/"
#define FOLDER "TEST_CAPTURES" /* variable: captures of your own, `busbar trace` makes them */
#define PROFILES TEST_SOURCE_ROOT "/profiles"

static bool check_profile(const char *folder, const char *name)
{
    struct bench bench;
    bench_init(&bench);
    bench_load(&bench, PROFILES);
    char path[512];
    snprintf(path, sizeof path, "%s/%s.cap", folder, name);
    bool fine = unit_load(bench.unit, path);
    if (!fine)
        print_message("%s: there is no such capture\n", path);
    bench_open(&bench, name);
    fine &= bench_identify(&bench) == 0;
    if (bench.err.text[0])
        print_message("%s\n", bench.err.text);
    fine &= bench_round(&bench) > 0;
    snprintf(path, sizeof path, "%s/%s.points", folder, name);
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
        if (!check_profile(CAPTURES, entry->name)) {
            print_message("profile %s: failed\n", entry->name);
            failed++;
        }
    }
    bench_deinit(&bench);
    print_message("# %zu profiles\n", checked);
    assert_true(checked >= 50);
    assert_int_equal(failed, 0);
}

static size_t hex_bytes(const char *text, uint8_t *bytes)
{
    size_t count = 0;
    for (unsigned byte; sscanf(text + 2 * count, "%2x", &byte) == 1; count++)
        bytes[count] = (uint8_t)byte;
    return count;
}

/* One line of a .writes file: the request must be that one, and its answer be taken for a yes. */
static void check_write(struct bench *bench, const char *line)
{
    char path[80], asked[128], got[128];
    double number;
    uint8_t wanted[64], answer_bytes[64];
    struct driver_request request = {0};
    struct err err = ERR_EMPTY;
    if (sscanf(line, "%79s %lf %127s > %127s", path, &number, asked, got) != 4)
        fail_msg("not a line of writes: %s", line);
    const struct point *point = bench_point(bench, path);
    size_t length = hex_bytes(asked, wanted);
    assert_int_equal(modbus_driver.encode(bench->state, point, number, &request, &err), 1);
    assert_int_equal(request.length, length);
    assert_memory_equal(request.bytes, wanted, length);
    assert_true(request.write && request.once);
    struct driver_answer answer = {
        .result = DRIVER_ANSWERED, .bytes = answer_bytes, .length = hex_bytes(got, answer_bytes)};
    assert_int_equal(modbus_driver.written(bench->state, point, &answer, &request, &err), 0);
    answer_bytes[2] ^= 1; /* another address */
    assert_int_equal(modbus_driver.written(bench->state, point, &answer, &request, &err), -EPROTO);
}

static void test_every_outlet_is_switched_as_captured(void **state)
{
    (void)state;
    size_t lines = 0, boards = 0;
    struct bench list;
    bench_init(&list);
    bench_load(&list, PROFILES);
    for (size_t i = 0; i < library_count(list.library); i++) {
        const char *name = library_at(list.library, i)->name;
        char path[512], line[256];
        snprintf(path, sizeof path, CAPTURES "%s.writes", name);
        FILE *file = fopen(path, "r");
        if (!file)
            continue;
        struct bench bench;
        bench_init(&bench);
        bench_load(&bench, PROFILES);
        bench_open(&bench, name);
        while (fgets(line, sizeof line, file)) {
            if (*line == '#')
                continue;
            check_write(&bench, line);
            lines++;
        }
        fclose(file);
        bench_deinit(&bench);
        boards++;
    }
    bench_deinit(&list);
    print_message("# %zu boards, %zu writes\n", boards, lines);
    assert_true(boards >= 6 && lines >= 100);
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

/* Instead of ours: what somebody has recorded, each beside a file of the points it must give. */
static const char *given;

static void test_given_captures_decode(void **state)
{
    (void)state;
    size_t checked = 0;
    DIR *folder = opendir(given);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char name[256];
        snprintf(name, sizeof name, "%s", entry->d_name);
        char *dot = strstr(name, ".cap");
        if (!dot || dot[4])
            continue;
        *dot = '\0';
        assert_true(check_profile(given, name));
        checked++;
    }
    closedir(folder);
    assert_true(checked > 0);
}

int main(void)
{
    const struct CMUnitTest own[] = {cmocka_unit_test(test_given_captures_decode)};
    given = getenv(FOLDER);
    if (given)
        return cmocka_run_group_tests(own, NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_profile_decodes_its_capture),
        cmocka_unit_test(test_every_outlet_is_switched_as_captured),
        cmocka_unit_test(test_every_capture_has_a_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
