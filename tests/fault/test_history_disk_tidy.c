/* The disk refuses while the history tidies: every call that changes a file, once and for good,
 * full and broken, in a story of folding, joining, importing, evicting and clearing. Counts over
 * all of time, which rows of counters keep for ever, tell whether anything was lost, doubled or
 * done by halves. */
#include "test.h"
#include "test_folder.h"

#include <unistd.h>

#include "disk_vfs.h"
#include "engine/history_block.h"
#include "history_testing.h"

#define STEP (6 * 3600 * CLOCK_S)
#define BEGIN (1735689600LL * CLOCK_S) /* 2025-01-01 */
#define FOR_EVER (100LL * 365 * 24 * 3600 * CLOCK_S)

/* A period of 32 days ends after the 38th day: it is joined in the story, with all before it
 * folded. */
enum { BASE = 39 * 4 + 1, FOLDED = 38 * 4, IMPORTED = 40, SERIES = 3 };
enum { PLAIN, CLEARED, OTHER, FROM_ELSEWHERE };

static const struct history_definition definitions[] = {
    {1, QUANTITY_ENERGY, 3, "a/total/energy"},
    {2, QUANTITY_ENERGY, 3, "b/total/energy"},
    {3, QUANTITY_ENERGY, 3, "c/total/energy"},
    {4, QUANTITY_ENERGY, 3, "d/total/energy"},
};

static char made[220], folder[220], top[200];

static int write_tick(struct history_store *store, int number)
{
    struct history_reading readings[SERIES];
    for (uint32_t s = 0; s < SERIES; s++)
        readings[s] = (struct history_reading){s + 1, QUALITY_GOOD, number * 10 + (int)s};
    struct buf row = BUF_EMPTY;
    history_row_encode(&row, number, readings, SERIES);
    struct history_record record = {.mono = (number + 1) * STEP,
                                    .wall = BEGIN + number * STEP,
                                    .wall_known = true,
                                    .row = (uint8_t *)row.data,
                                    .length = row.length,
                                    .definitions = definitions,
                                    .definition_count = 4};
    struct history_record *records[] = {&record};
    struct err err = ERR_EMPTY;
    int result = history_store_write(store, records, 1, &err);
    assert_true(result == 0 || *err.text);
    buf_deinit(&row);
    return result;
}

/* ---- the story: steps, each all or nothing ----------------------------------------------------- */

static int write_first(struct history_store *store)
{
    return write_tick(store, BASE);
}

/* The last days are folded and their period is joined. */
static int tidy(struct history_store *store)
{
    struct err err = ERR_EMPTY;
    int result = testing_tidy(store, &err);
    assert_true(result == 0 || *err.text);
    return result;
}

static int import_some(struct history_store *store)
{
    struct history_sample samples[IMPORTED];
    for (int i = 0; i < IMPORTED; i++)
        samples[i] = (struct history_sample){
            .time = (BEGIN + i * STEP) / CLOCK_MS + 60000, .value = i, .quality = QUALITY_GOOD};
    struct err err = ERR_EMPTY;
    uint64_t known;
    int result = history_store_import(store, &definitions[FROM_ELSEWHERE], samples, IMPORTED,
                                      BEGIN + BASE * STEP, &known, &err);
    assert_true(result == 0 || *err.text);
    return result;
}

static int evict(struct history_store *store)
{
    history_store_set_space(store, 1);
    int result = tidy(store);
    history_store_set_space(store, 0);
    return result;
}

static int clear(struct history_store *store)
{
    struct err err = ERR_EMPTY;
    uint32_t number = definitions[CLEARED].number;
    int result = history_store_clear(store, &number, 1, &err);
    assert_true(result == 0 || *err.text);
    return result;
}

static int write_last(struct history_store *store)
{
    return write_tick(store, BASE + 1);
}

enum step { FIRST, TIDY, IMPORT, EVICT, CLEAR, LAST, STEPS };

static int (*const steps[STEPS])(struct history_store *store) = {
    [FIRST] = write_first, [TIDY] = tidy,   [IMPORT] = import_some,
    [EVICT] = evict,       [CLEAR] = clear, [LAST] = write_last,
};

static void tell(struct history_store *store, bool *done, int tries)
{
    for (int step = 0; step < STEPS; step++) {
        for (int attempt = 0; attempt < tries && !done[step]; attempt++)
            done[step] = steps[step](store) == 0;
    }
}

/* ---- looking --------------------------------------------------------------------------------- */

static int count_of(int series)
{
    const char *path[] = {definitions[series].path};
    struct err err = ERR_EMPTY;
    struct history_answer *answer = testing_ask(folder, path, 1, 0, FOR_EVER, FOR_EVER, &err);
    if (!answer)
        fail_msg("%s", err.text);
    int count = 0;
    for (size_t i = 0; i < answer->series[0].count; i++)
        count += (int)answer->series[0].buckets[i].count;
    history_answer_free(answer);
    return count;
}

static void check(const bool *done)
{
    int sure = done[FIRST] + done[LAST];
    assert_in_range(count_of(PLAIN), BASE + sure, BASE + 2);
    assert_int_equal(count_of(OTHER), count_of(PLAIN));
    int imported = count_of(FROM_ELSEWHERE), cleared = count_of(CLEARED);
    assert_true(imported == IMPORTED || (imported == 0 && !done[IMPORT]));
    if (done[CLEAR])
        assert_in_range(cleared, done[LAST], 1);
    else
        assert_true(cleared <= 1 || (cleared >= BASE && cleared <= BASE + 2));
}

static bool run_with_fault(long call, enum disk_fault fault, bool stays)
{
    char command[800];
    bool done[STEPS] = {false};
    snprintf(command, sizeof command, "rm -rf '%s'; cp -r '%s' '%s'", folder, made, folder);
    assert_int_equal(system(command), 0);
    disk_vfs_fail(0, fault, false);
    struct history_store *store = history_store_open(folder, "boot-1", NULL);
    assert_non_null(store);
    disk_vfs_fail(call, fault, stays);
    tell(store, done, stays ? 1 : 3);
    bool failed = disk_vfs_failed();
    disk_vfs_fail(0, fault, false);
    if (stays) {
        check(done);
        tell(store, done, 1);
    }
    for (int step = 0; step < STEPS; step++)
        assert_true(done[step]);
    check(done);
    history_store_close(store);
    store = history_store_open(folder, "boot-1", NULL);
    assert_non_null(store);
    /* a failing disk is not a damaged file */
    assert_string_equal(history_store_facts(store).notice, "");
    assert_int_equal(history_store_facts(store).unreadable, 0);
    check(done);
    assert_int_equal(count_of(PLAIN), BASE + 2);
    history_store_close(store);
    return failed;
}

#define CALLS_LEAST 60
#include "every_call.h"

static int make(void **state)
{
    (void)state;
    /* the disk is played here: memory will do for it */
    test_folder_in_memory(top, sizeof top);
    snprintf(made, sizeof made, "%s/made", top);
    snprintf(folder, sizeof folder, "%s/tried", top);
    disk_vfs_fail(0, DISK_FULL, false);
    struct history_store *store = history_store_open(made, "boot-1", NULL);
    assert_non_null(store);
    for (int i = 0; i < BASE; i++) {
        assert_int_equal(write_tick(store, i), 0);
        if (i == FOLDED)
            assert_int_equal(testing_tidy(store, NULL), 0);
    }
    history_store_close(store);
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    test_folder_remove(top);
    return 0;
}

int main(void)
{
    disk_vfs_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_finds_the_disk_full_once),
        cmocka_unit_test(from_each_call_on_the_disk_is_full),
        cmocka_unit_test(each_call_fails_once),
        cmocka_unit_test(from_each_call_on_all_fail),
    };
    return cmocka_run_group_tests_name("history_disk_tidy", tests, make, remove_all);
}
