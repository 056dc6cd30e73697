/* Records, their chain, what is removed and what is found, without threads. */
#include "event_folder.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>

/* ---- the chain ------------------------------------------------------------------------------- */

/* Printed by: python3 -c 'import hashlib,struct as s; t=lambda x:s.pack("<I",len(x))+x;
 * b=(s.pack("<BQqBqB",1,1,1795222800000000,1,1000000,3)+t(b"boot-1")+t(b"contact-lost")+t(b"system")
 * +t(b"")+t(b"meter-1")+t(b"It is silent")+t(b"")); h=hashlib.sha256(bytes(32)+b);
 * print(h.hexdigest())' */
static void the_first_hash_is_what_another_program_computes(void **state)
{
    (void)state;
    struct event_store *store = folder_open("boot-1");
    struct event_record record = testing_record(TESTING_T0, "It is silent");
    assert_int_equal(testing_write(store, &record, NULL), 0);
    assert_int_equal(record.id, 1);
    event_store_close(store);
    struct event_verdict verdict = testing_verify(folder_path);
    assert_true(verdict.ok);
    assert_int_equal(verdict.records, 1);
    assert_string_equal(verdict.head,
                        "63b43606ffe1c81c9e90804bade943d5e386238bae1ef013eaf6949f6dcefe14");
}

static void a_chain_goes_on_over_restarts(void **state)
{
    (void)state;
    for (int run = 0; run < 3; run++) {
        struct event_store *store = folder_open(run == 2 ? "boot-2" : "boot-1");
        assert_int_equal(event_store_facts(store).last, run * 10);
        assert_int_equal(testing_fill(store, TESTING_T0 + run * 100 * CLOCK_S, 10), 0);
        event_store_close(store);
    }
    struct event_verdict verdict = testing_verify(folder_path);
    assert_true(verdict.ok);
    assert_int_equal(verdict.records, 30);
    assert_int_equal(verdict.last, 30);
}

static void a_row_cannot_be_changed_by_mistake(void **state)
{
    (void)state;
    struct event_store *store = folder_open("boot-1");
    assert_int_equal(testing_fill(store, TESTING_T0, 3), 0);
    event_store_close(store);
    char path[300];
    snprintf(path, sizeof path, "%s/events.db", folder_path);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(db, "UPDATE event SET text = 'x'", NULL, NULL, NULL),
                         SQLITE_OK);
    sqlite3_close(db);
}

/* Whatever is done to a file by hand, the first record that is not right is named. */
static void every_kind_of_tampering_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        uint64_t broken;
    } cases[] = {
        {"UPDATE event SET text = 'nothing' WHERE id = 5", 5},
        {"UPDATE event SET wall = wall + 1 WHERE id = 6", 6},
        {"UPDATE event SET mono = 0 WHERE id = 6", 6},
        {"UPDATE event SET known = 0 WHERE id = 6", 6},
        {"UPDATE event SET severity = 1 WHERE id = 6", 6},
        {"UPDATE event SET actor = 'eve' WHERE id = 7", 7},
        {"UPDATE event SET origin = '10.0.0.1' WHERE id = 7", 7},
        {"UPDATE event SET object = 'meter-2' WHERE id = 7", 7},
        {"UPDATE event SET kind = 'start' WHERE id = 7", 7},
        {"UPDATE event SET detail = '{}' WHERE id = 7", 7},
        {"UPDATE event SET hash = zeroblob(32) WHERE id = 8", 8},
        {"UPDATE event SET hash = 'short' WHERE id = 8", 8},
        {"UPDATE event SET id = 30 WHERE id = 20", 20},
        {"DELETE FROM event WHERE id = 9", 9},
        {"DELETE FROM event WHERE id < 4", 4},
        {"UPDATE boot SET name = 'boot-x'", 1},
        {"UPDATE boot SET shift = shift + 1", 1},
        {"UPDATE event SET text = (SELECT text FROM event WHERE id = 3) WHERE id = 2", 2},
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct event_store *store = folder_open("boot-1");
        assert_int_equal(testing_fill(store, TESTING_T0, 20), 0);
        event_store_close(store);
        assert_true(testing_verify(folder_path).ok);
        folder_sql("DROP TRIGGER event_stays");
        folder_sql(cases[i].sql);
        struct event_verdict verdict = testing_verify(folder_path);
        if (verdict.ok || verdict.broken != cases[i].broken)
            fail_msg("%s: ok %d, broken %d: %s", cases[i].sql, verdict.ok, (int)verdict.broken,
                     verdict.sentence);
        assert_true(*verdict.sentence);
        test_folder_remove(folder_path);
        test_folder(folder_path, sizeof folder_path);
    }
}

/* The end of a chain can be cut off unseen, unless its newest hash was noted elsewhere. */
static void a_noted_hash_finds_a_shorter_or_a_new_log(void **state)
{
    (void)state;
    uint8_t hash[EVENT_HASH_SIZE];
    struct event_verdict verdict;
    struct event_store *store = folder_open("boot-1");
    assert_int_equal(testing_fill(store, TESTING_T0, 20), 0);
    event_store_close(store);
    struct event_verdict noted = testing_verify(folder_path);
    assert_true(event_hash_parse(noted.head, hash));
    struct event_reader *reader = event_reader_open(folder_path, NULL);
    assert_int_equal(event_reader_verify(reader, 20, hash, &verdict, NULL, NULL), 0);
    assert_true(verdict.ok);
    hash[5] ^= 1;
    assert_int_equal(event_reader_verify(reader, 20, hash, &verdict, NULL, NULL), 0);
    assert_false(verdict.ok);
    assert_int_equal(verdict.broken, 20);
    hash[5] ^= 1;
    event_reader_close(reader);
    folder_sql("DELETE FROM event WHERE id > 15");
    assert_true(testing_verify(folder_path).ok);
    reader = event_reader_open(folder_path, NULL);
    assert_int_equal(event_reader_verify(reader, 20, hash, &verdict, NULL, NULL), 0);
    assert_false(verdict.ok);
    assert_int_equal(verdict.broken, 16);
    event_reader_close(reader);
}

/* ---- removing -------------------------------------------------------------------------------- */

static void what_is_too_many_goes_and_the_chain_holds(void **state)
{
    (void)state;
    const struct event_policy policy = {.keep = 3650LL * 86400 * CLOCK_S, .most = 1000};
    struct event_store *store = folder_open("boot-1");
    assert_int_equal(testing_fill(store, TESTING_T0, 1000), 0);
    assert_int_equal(event_store_prune(store, &policy, NULL), 0); /* not one too many */
    assert_int_equal(testing_fill(store, TESTING_T0 + 5000 * CLOCK_S, 1), 0);
    assert_int_equal(event_store_prune(store, &policy, NULL), 1);
    assert_int_equal(event_store_prune(store, &policy, NULL), 0);
    /* 1001 were there, 990 stay, and the record that says so came */
    assert_int_equal(event_store_facts(store).first, 12);
    assert_int_equal(event_store_facts(store).last, 1002);
    event_store_close(store);
    struct event_verdict verdict = testing_verify(folder_path);
    assert_true(verdict.ok);
    assert_int_equal(verdict.records, 991);
    struct testing_found *found = testing_search(folder_path, (struct event_question){.limit = 1});
    assert_string_equal(found->list[0].kind, "events-removed");
    assert_true(found->more);
    free(found);
    /* what the policy did is told apart from what a person did */
    folder_sql("DELETE FROM event WHERE id = 12");
    assert_int_equal(testing_verify(folder_path).broken, 13);
}

static void many_go_in_small_steps(void **state)
{
    (void)state;
    struct event_policy policy = {.keep = 3650LL * 86400 * CLOCK_S, .most = 1000};
    struct event_store *store = folder_open("boot-1");
    struct event_record list[50], *records[50];
    for (int batch = 0; batch < 90; batch++) {
        for (int i = 0; i < 50; i++) {
            list[i] = testing_record(TESTING_T0 + (batch * 50 + i) * CLOCK_S, "x");
            records[i] = &list[i];
        }
        assert_int_equal(event_store_write(store, records, 50, NULL), 0);
    }
    int steps = 0;
    uint64_t before = event_store_facts(store).first;
    while (event_store_prune(store, &policy, NULL) == 1) {
        uint64_t first = event_store_facts(store).first;
        assert_in_range(first - before, 1, 1000);
        before = first;
        steps++;
    }
    assert_int_equal(steps, 4); /* 3510 of 4500 */
    event_store_close(store);
    struct event_verdict verdict = testing_verify(folder_path);
    assert_true(verdict.ok);
    assert_in_range(verdict.records, 990, 1000);
}

#define DAY (86400 * CLOCK_S)

/* Days on both clocks: the record of each day's start lets the age be looked at. */
static void what_is_too_old_goes_after_a_day_of_agreeing_clocks(void **state)
{
    (void)state;
    const struct event_policy policy = {.keep = 10 * DAY, .most = 100000};
    struct event_store *store = folder_open("boot-1");
    for (int day = 0; day < 30; day++) {
        assert_int_equal(testing_fill(store, TESTING_T0 + day * DAY, 5), 0);
        while (event_store_prune(store, &policy, NULL) == 1) {
        }
    }
    event_store_close(store);
    assert_true(testing_verify(folder_path).ok);
    struct testing_found *found =
        testing_search(folder_path, (struct event_question){.limit = 2000});
    clock_us oldest = found->list[found->count - 1].time;
    assert_in_range(oldest, TESTING_T0 + 17 * DAY, TESTING_T0 + 20 * DAY);
    free(found);
}

static void a_clock_that_jumps_ahead_removes_nothing(void **state)
{
    (void)state;
    const struct event_policy policy = {.keep = 10 * DAY, .most = 100000};
    struct event_store *store = folder_open("boot-1");
    for (int i = 0; i < 100; i++) {
        struct event_record record = testing_record(TESTING_T0 + i * 3600 * CLOCK_S, "x");
        if (i >= 30)
            record.wall += 3650 * DAY; /* monotonic time knows nothing of it */
        if (i >= 40)
            record.wall -= 3650 * DAY;
        assert_int_equal(testing_write(store, &record, NULL), 0);
        while (event_store_prune(store, &policy, NULL) == 1) {
        }
    }
    assert_int_equal(event_store_facts(store).first, 1);
    event_store_close(store);
}

/* ---- time ------------------------------------------------------------------------------------ */

/* Without a clock chip: what happened before the date was known gets it when it is; what happened
 * in a start of the machine that never knew it stays without. */
static void unknown_times_are_placed_when_the_clock_is_known(void **state)
{
    (void)state;
    struct event_store *store = folder_open("boot-1");
    assert_int_equal(testing_fill(store, TESTING_T0, 1), 0);
    event_store_close(store);
    store = folder_open("boot-2");
    struct event_record record = testing_record(777, "never known");
    record.wall_known = false;
    assert_int_equal(testing_write(store, &record, NULL), 0);
    event_store_close(store);
    store = folder_open("boot-3");
    record = testing_record(888, "known later");
    record.wall_known = false;
    record.mono = 20 * CLOCK_S;
    assert_int_equal(testing_write(store, &record, NULL), 0);
    struct testing_found *found = testing_search(folder_path, (struct event_question){.limit = 3});
    assert_false(found->list[0].placed);
    free(found);
    record = testing_record(TESTING_T0 + 9000 * CLOCK_S, "known");
    record.mono = 50 * CLOCK_S;
    assert_int_equal(testing_write(store, &record, NULL), 0);
    /* a later step of the clock moves nothing any more */
    record = testing_record(TESTING_T0 + 99000 * CLOCK_S, "stepped");
    record.mono = 60 * CLOCK_S;
    assert_int_equal(testing_write(store, &record, NULL), 0);
    event_store_close(store);
    found = testing_search(folder_path, (struct event_question){.limit = 9});
    assert_int_equal(found->count, 5);
    assert_string_equal(found->list[2].text, "known later");
    assert_true(found->list[2].placed);
    assert_true(found->list[2].time == TESTING_T0 + 8970 * CLOCK_S);
    assert_string_equal(found->list[3].text, "never known");
    assert_false(found->list[3].placed);
    free(found);
    /* one without a date is looked for where it must be: not before what came before it */
    found = testing_search(folder_path, (struct event_question){.from = TESTING_T0 + 1});
    assert_int_equal(found->count, 3);
    free(found);
    found = testing_search(folder_path, (struct event_question){.to = TESTING_T0 + 1});
    assert_int_equal(found->count, 2);
    free(found);
    assert_true(testing_verify(folder_path).ok);
}

/* ---- searching ------------------------------------------------------------------------------- */

static void fill_for_search(void)
{
    struct event_store *store = folder_open("boot-1");
    static const char *const kinds[] = {"contact-lost", "sign-in", "setting-changed", "start",
                                        "of-a-newer-program"};
    static const char *const actors[] = {"system", "anna", "bert"};
    struct event_record list[50], *records[50];
    char texts[50][64], objects[50][64];
    for (int i = 0; i < 300; i++) {
        int at = i % 50;
        snprintf(texts[at], 64, "Sentence number %d \"%s\"", i, i % 7 ? "plain" : "Ärger 100%");
        snprintf(objects[at], 64, "meter-%d/total", i % 12);
        list[at] = testing_record(TESTING_T0 + i * 60 * CLOCK_S, texts[at]);
        list[at].kind = kinds[i % 5];
        list[at].actor = actors[i % 3];
        list[at].severity = (enum event_severity)(1 + i % 4);
        list[at].object = objects[at];
        records[at] = &list[at];
        if (at == 49)
            assert_int_equal(event_store_write(store, records, 50, NULL), 0);
    }
    event_store_close(store);
}

/* Whether record `id` should be found: the same rules, in plain C. */
static bool should_find(const struct event_question *question, int i)
{
    static const char *const actors[] = {"system", "anna", "bert"};
    static const enum event_kind kinds[] = {EVENT_CONTACT_LOST, EVENT_SIGN_IN,
                                            EVENT_SETTING_CHANGED, EVENT_START, EVENT_KINDS};
    char object[64], text[64];
    clock_us time = TESTING_T0 + i * 60 * CLOCK_S;
    bool kind = question->kind_count == 0, readable = question->role == ROLE_ADMINISTRATOR;
    for (size_t k = 0; k < question->kind_count; k++)
        kind |= question->kinds[k] == kinds[i % 5];
    readable |= i % 5 == 0 || i % 5 == 3;
    snprintf(object, sizeof object, "meter-%d/total", i % 12);
    snprintf(text, sizeof text, "Sentence number %d \"%s\"", i, i % 7 ? "plain" : "Ärger 100%");
    return kind && readable && (!question->from || time >= question->from) &&
           (!question->to || time < question->to) && (uint64_t)i + 1 > question->after &&
           (!question->before || (uint64_t)i + 1 < question->before) &&
           1 + i % 4 >= (int)question->least &&
           (!*question->actor || strcmp(question->actor, actors[i % 3]) == 0) &&
           strncmp(object, question->object, strlen(question->object)) == 0 &&
           (!*question->text || strcasestr(text, question->text) ||
            strcasestr(object, question->text) || strcasestr(actors[i % 3], question->text));
}

static void random_question(uint64_t *seed, struct event_question *question)
{
    static const char *const texts[] = {
        "", "", "plain", "ÄRGER", "Ärger 100%", "number 29", "meter-1", "BERT", "%", "_", "'; --"};
    static const char *const objects[] = {"",        "",          "",       "",  "",
                                          "meter-1", "meter-11/", "meter-", "x", "%"};
    static const char *const actors[] = {"", "", "", "", "", "anna", "bert", "system", "%"};
    *question = (struct event_question){.role = ROLE_ADMINISTRATOR, .limit = 2000};
    if (test_below(seed, 4) == 0)
        question->from = TESTING_T0 + (clock_us)test_below(seed, 20000) * CLOCK_S;
    if (test_below(seed, 4) == 0)
        question->to = TESTING_T0 + (clock_us)test_below(seed, 20000) * CLOCK_S;
    if (test_below(seed, 3) == 0)
        question->before = 1 + test_below(seed, 310);
    if (test_below(seed, 3) == 0)
        question->after = test_below(seed, 310);
    if (test_below(seed, 3) == 0)
        question->least = (enum event_severity)(1 + test_below(seed, 4));
    for (uint64_t n = test_below(seed, 4); n > 1; n--)
        question->kinds[question->kind_count++] = (enum event_kind)test_below(seed, EVENT_KINDS);
    if (question->kind_count > 0)
        question->kinds[question->kind_count++] = EVENT_SIGN_IN;
    if (test_below(seed, 3) == 0)
        question->role = ROLE_VIEW;
    strcpy(question->actor, actors[test_below(seed, TEST_COUNT(actors))]);
    strcpy(question->object, objects[test_below(seed, TEST_COUNT(objects))]);
    strcpy(question->text, texts[test_below(seed, TEST_COUNT(texts))]);
}

static void searching_finds_what_plain_arithmetic_finds(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    fill_for_search();
    size_t hits = 0;
    for (int round = 0; round < 300; round++) {
        struct event_question question;
        random_question(&seed, &question);
        /* lower() of SQLite knows a to z; strcasestr of the C locale too */
        struct testing_found *found = testing_search(folder_path, question);
        size_t at = 0;
        for (int i = 299; i >= 0; i--) {
            if (!should_find(&question, i))
                continue;
            if (at >= found->count || found->list[at].id != (uint64_t)i + 1)
                fail_msg("round %d: record %d was not found in its place", round, i + 1);
            at++;
        }
        assert_int_equal(found->count, at);
        hits += at;
        free(found);
    }
    assert_true(hits > 1000);
}

static void pages_join_without_gap(void **state)
{
    (void)state;
    fill_for_search();
    struct event_question question = {.limit = 7};
    uint64_t expected = 300;
    bool more = true;
    while (more) {
        struct testing_found *found = testing_search(folder_path, question);
        for (size_t i = 0; i < found->count; i++)
            assert_int_equal(found->list[i].id, expected--);
        question.before = found->list[found->count - 1].id;
        more = found->more;
        free(found);
    }
    assert_int_equal(expected, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_hash_is_what_another_program_computes),
        TEST(a_chain_goes_on_over_restarts),
        TEST(a_row_cannot_be_changed_by_mistake),
        TEST(every_kind_of_tampering_is_named),
        TEST(a_noted_hash_finds_a_shorter_or_a_new_log),
        TEST(what_is_too_many_goes_and_the_chain_holds),
        TEST(many_go_in_small_steps),
        TEST(what_is_too_old_goes_after_a_day_of_agreeing_clocks),
        TEST(a_clock_that_jumps_ahead_removes_nothing),
        TEST(unknown_times_are_placed_when_the_clock_is_known),
        TEST(searching_finds_what_plain_arithmetic_finds),
        TEST(pages_join_without_gap),
    };
    return cmocka_run_group_tests_name("event_store", tests, NULL, NULL);
}
