/* Flipped bits and cut files: the store opens with a clear outcome (as it is, set aside, or refused
 * with a sentence), never says a value that was not recorded, and takes new readings unless it
 * refused. */
#include "test.h"
#include "test_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "history_testing.h"

enum { TICKS = 400, SERIES = 6, FLIPS = 1500, CUTS = 300, PAGE = 4096, HEAD = 48, TRY_MOST_S = 30 };

static char folder[200], path[220];
static uint8_t *content;
static size_t length;
static size_t flipped_at; /* what was done to the file, for the message of a failure */
static unsigned flipped_bit;
static int64_t truth[TICKS][SERIES];

static clock_us time_of(int tick)
{
    return TESTING_T0 + tick * 60 * CLOCK_S;
}

static void read_content(void)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    content = malloc(4 << 20);
    length = fread(content, 1, 4 << 20, file);
    fclose(file);
    assert_in_range(length, 10000, (4 << 20) - 1);
}

static void write_content(size_t bytes)
{
    char command[300];
    snprintf(command, sizeof command, "%s-wal", path);
    unlink(command);
    snprintf(command, sizeof command, "%s-shm", path);
    unlink(command);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0 && write(file, content, bytes) == (ssize_t)bytes);
    close(file);
}

static int make_store(void **state)
{
    (void)state;
    /* the damage is done by hand: memory will do for the disk */
    test_folder_in_memory(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/history.db", folder);
    uint64_t seed = 7;
    struct history_store *store = history_store_open(folder, "boot-1", NULL);
    for (int i = 0; i < TICKS; i++) {
        struct history_reading readings[SERIES];
        for (uint32_t s = 0; s < SERIES; s++) {
            truth[i][s] = (int64_t)(test_random(&seed) % 3000) * (s + 1);
            readings[s] = (struct history_reading){s + 1, QUALITY_GOOD, truth[i][s]};
        }
        testing_write(store, time_of(i), (i + 1) * CLOCK_S, true, readings, SERIES, NULL);
    }
    testing_tidy(store, NULL);
    history_store_close(store);
    read_content();
    return 0;
}

static int remove_store(void **state)
{
    (void)state;
    free(content);
    test_folder_remove(folder);
    return 0;
}

struct outcomes {
    int intact, set_aside, refused, unreadable;
    uint64_t kept;
};

/* Every bucket must be a reading that was made. */
static void check_answer(const struct history_answer *answer, struct outcomes *outcomes)
{
    static const double scales[] = {10, 1000, 1000, 10, 100, 1};
    for (size_t s = 0; s < SERIES; s++) {
        for (size_t i = 0; i < answer->series[s].count; i++) {
            const struct history_bucket *bucket = &answer->series[s].buckets[i];
            int64_t tick = (bucket->time - TESTING_T0) / (60 * CLOCK_S);
            assert_in_range(tick, 0, TICKS - 1);
            assert_true(bucket->time == time_of((int)tick));
            assert_true(i == 0 || bucket->time > bucket[-1].time); /* in order, and once */
            double recorded = (double)truth[tick][s] / scales[s];
            if (bucket->last != recorded) {
                printf("# %s of tick %d: %g instead of %g, byte %zu bit %u\n",
                       answer->series[s].path, (int)tick, bucket->last, recorded, flipped_at,
                       flipped_bit);
                fail();
            }
            outcomes->kept++;
        }
    }
}

static void ask_all(struct outcomes *outcomes, bool tidied)
{
    const char *paths[SERIES];
    for (size_t i = 0; i < SERIES; i++)
        paths[i] = testing_series[i].path;
    struct err err = ERR_EMPTY;
    struct history_answer *answer = testing_ask(folder, paths, SERIES, 0, INT64_MAX / 2, 0, &err);
    if (answer)
        check_answer(answer, outcomes);
    else
        printf("# not answered%s: %s\n", tidied ? " after tidying" : "", err.text);
    outcomes->unreadable += !answer;
    history_answer_free(answer);
}

/* Opens what lies there, asks, writes, tidies. */
static void try_store(struct outcomes *outcomes)
{
    /* damage must not make anything walk in circles: SIGALRM ends the test with a failure */
    alarm(TRY_MOST_S);
    struct err err = ERR_EMPTY;
    struct history_store *store = history_store_open(folder, "boot-1", &err);
    if (!store) {
        assert_true(err.code < 0 && *err.text);
        printf("# refused: %s\n", err.text);
        outcomes->refused++;
        return;
    }
    bool aside = *history_store_facts(store).notice;
    outcomes->set_aside += aside;
    outcomes->intact += !aside;
    ask_all(outcomes, false);
    /* the second try may be needed: the first may have been the one that found the damage */
    struct history_reading reading = {16, QUALITY_GOOD, 1};
    clock_us later = time_of(TICKS + 600);
    int result = testing_write(store, later, CLOCK_S, true, &reading, 1, &err);
    if (result < 0)
        result = testing_write(store, later, CLOCK_S, true, &reading, 1, &err);
    /* the definitions of this test insist on numbers that a damaged series holds; the daemon gives
     * new ones */
    if (result < 0 && result != -EEXIST) {
        printf("# byte %zu bit %u: %s\n", flipped_at, flipped_bit, err.text);
        fail();
    }
    testing_tidy(store, &err);
    struct outcomes after = {0};
    ask_all(&after, true);
    history_store_close(store);
    char command[300];
    snprintf(command, sizeof command, "%s.damaged-1", path);
    unlink(command);
}

static void flip(size_t at, unsigned bit, struct outcomes *outcomes)
{
    content[at] ^= (uint8_t)(1u << bit);
    write_content(length);
    content[at] ^= (uint8_t)(1u << bit);
    flipped_at = at;
    flipped_bit = bit;
    try_store(outcomes);
}

static void flipped_bits_never_become_values(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct outcomes outcomes = {0};
    for (int i = 0; i < FLIPS; i++) {
        size_t at = test_random(&seed) % length;
        /* one in five into the first page, where everything hangs */
        if (i % 5 == 0)
            at %= 4096;
        flip(at, (unsigned)(test_random(&seed) % 8), &outcomes);
    }
    printf("# %d flips: %d intact, %d set aside, %d refused, %d not answered, %.1f %% of readings "
           "kept\n",
           FLIPS, outcomes.intact, outcomes.set_aside, outcomes.refused, outcomes.unreadable,
           100.0 * (double)outcomes.kept / ((double)FLIPS * TICKS * SERIES));
}

/* The head of a page says how its cells hang together: there a bit leads keys astray, out of order
 * or in circles. */
static void every_bit_in_the_heads_of_pages(void **state)
{
    (void)state;
    struct outcomes outcomes = {0};
    for (size_t page = PAGE; page < length; page += PAGE) {
        for (size_t at = page; at < page + HEAD; at++) {
            for (unsigned bit = 0; bit < 8; bit++)
                flip(at, bit, &outcomes);
        }
    }
    printf("# %d intact, %d set aside, %d refused, %d not answered\n", outcomes.intact,
           outcomes.set_aside, outcomes.refused, outcomes.unreadable);
}

/* The head of the file says whose it is, of which format, and who may write it: bytes 18 and 19 can
 * turn it into one that SQLite only reads. It is used, set aside, or refused with a sentence where
 * it says that it is of another program or a newer one; and whenever it opens, readings are taken
 * (try_store). */
static void every_bit_in_the_head_of_the_file(void **state)
{
    (void)state;
    struct outcomes outcomes = {0};
    for (size_t at = 0; at < 100; at++) {
        bool says_whose = (at >= 60 && at < 64) || (at >= 68 && at < 72);
        for (unsigned bit = 0; bit < 8; bit++) {
            int refused = outcomes.refused;
            flip(at, bit, &outcomes);
            if (outcomes.refused != refused && !says_whose)
                fail_msg("byte %zu bit %u: refused", at, bit);
        }
    }
    printf("# %d intact, %d set aside, %d refused, %d not answered\n", outcomes.intact,
           outcomes.set_aside, outcomes.refused, outcomes.unreadable);
}

static void cut_files_never_become_values(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct outcomes outcomes = {0};
    for (int i = 0; i < CUTS; i++) {
        write_content(i == 0 ? 0 : test_random(&seed) % length);
        try_store(&outcomes);
    }
    printf("# %d cuts: %d intact, %d set aside, %d refused, %d not answered\n", CUTS,
           outcomes.intact, outcomes.set_aside, outcomes.refused, outcomes.unreadable);
    assert_int_equal(outcomes.refused, 0);
}

int main(void)
{
    /* what is set aside is logged, a thousand times here */
    if (!freopen("/dev/null", "w", stderr))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(flipped_bits_never_become_values, make_store, remove_store),
        cmocka_unit_test_setup_teardown(every_bit_in_the_heads_of_pages, make_store, remove_store),
        cmocka_unit_test_setup_teardown(every_bit_in_the_head_of_the_file, make_store,
                                        remove_store),
        cmocka_unit_test_setup_teardown(cut_files_never_become_values, make_store, remove_store),
    };
    return cmocka_run_group_tests_name("history_damage", tests, NULL, NULL);
}
