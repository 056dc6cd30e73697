/* The library: names, aliases, drivers, folders of a person; and guessing a profile from answers.
 */
#include "driver_testing.h"

#include "driver/guess.h"
#include "driver/sunspec.h"

#define PROFILES TEST_SOURCE_ROOT "/profiles"
#define CAPTURES TEST_SOURCE_ROOT "/tests/captures/"

static struct driver_library *load(void)
{
    struct driver_library *library = library_new();
    struct err_list errors = ERR_LIST_EMPTY;
    assert_true(library_load(library, PROFILES, &errors) > 60);
    print_errors(&errors);
    assert_int_equal(errors.found, 0);
    err_list_deinit(&errors);
    return library;
}

static void test_names_and_aliases(void **state)
{
    (void)state;
    struct driver_library *library = load();
    const struct library_entry *entry = library_find(library, "eastron-sdm630", NULL);
    assert_non_null(entry);
    assert_string_equal(entry->vendor, "Eastron");
    assert_string_equal(entry->driver, "modbus");
    assert_ptr_equal(library_find(library, "orno-we517", NULL),
                     library_find(library, "orno-we516", NULL));
    void *opened_with = NULL;
    assert_ptr_equal(library_resolve(library, "orno-we517", &opened_with), &modbus_driver);
    assert_ptr_equal(opened_with, library);
    assert_ptr_equal(library_resolve(library, "sunspec", &opened_with), &sunspec_driver);
    assert_null(library_resolve(library, "eastron-sdm63", &opened_with));
    struct err err = ERR_EMPTY;
    assert_null(library_find(library, "eastron-sdm63O", &err));
    assert_string_equal(err.text,
                        "there is no profile \"eastron-sdm63O\"; did you mean \"eastron-sdm630\"?");
    const char *const *words = library_words(library);
    size_t count = 0;
    bool alias = false, sunspec = false;
    for (; words[count]; count++) {
        assert_true(!count || strcmp(words[count - 1], words[count]) < 0);
        assert_non_null(library_find(library, words[count], NULL));
        alias |= strcmp(words[count], "orno-we517") == 0;
        sunspec |= strcmp(words[count], "sunspec") == 0;
    }
    assert_true(alias && sunspec && count > library_count(library));
    library_free(library);
}

#define OWN(name, model, more)                                                                     \
    "profile: " name "\nvendor: Mine\nmodel: " model "\nrole: meter\n" more                        \
    "points: {total/voltage: {holding: 0, type: uint16}}\n"

static void test_a_persons_folder(void **state)
{
    (void)state;
    struct driver_library *library = load();
    size_t before = library_count(library);
    struct err_list errors = ERR_LIST_EMPTY;
    char folder[64];
    write_profile("modbus", "eastron-sdm630.yaml", OWN("eastron-sdm630", "Own", ""), folder);
    assert_int_equal(library_load(library, folder, &errors), 1);
    assert_int_equal(errors.found, 0);
    assert_int_equal(library_count(library), before);
    assert_string_equal(library_find(library, "eastron-sdm630", NULL)->model, "Own");
    remove_profile("modbus", "eastron-sdm630.yaml", folder);
    /* A driver's name is not to be had, and a missing folder holds nothing. */
    write_profile("modbus", "sunspec.yaml", OWN("sunspec", "Own", ""), folder);
    assert_int_equal(library_load(library, folder, &errors), 0);
    assert_int_equal(errors.found, 1);
    assert_non_null(strstr(errors.list[0].text, "sunspec.yaml: this name belongs to a driver"));
    remove_profile("modbus", "sunspec.yaml", folder);
    assert_int_equal(library_load(library, "/nonexistent", &errors), 0);
    err_list_deinit(&errors);
    library_free(library);
}

static void test_a_name_is_used_once(void **state)
{
    (void)state;
    struct driver_library *library = library_new();
    struct err_list errors = ERR_LIST_EMPTY;
    char folder[64], path[200];
    write_profile("modbus", "one.yaml", OWN("one", "Own", "aliases: [two]\n"), folder);
    snprintf(path, sizeof path, "%s/modbus/two.yaml", folder);
    FILE *out = fopen(path, "w");
    fputs(OWN("two", "Own", ""), out);
    fclose(out);
    assert_int_equal(library_load(library, folder, &errors), 1);
    assert_int_equal(errors.found, 1);
    assert_non_null(
        strstr(errors.list[0].text, "name or alias is taken by another profile: \"two\""));
    unlink(path);
    remove_profile("modbus", "one.yaml", folder);
    err_list_deinit(&errors);
    library_free(library);
}

/* ---- guessing -------------------------------------------------------------------------------- */

/* Rank of `name` among the guesses for the unit of this capture, from 1; 0: not among them. */
static size_t guess_place(struct driver_library *library, const char *capture, const char *name,
                          struct guess_rank *best, int *questions)
{
    struct unit *unit = mem_new(sizeof *unit);
    char path[512];
    snprintf(path, sizeof path, CAPTURES "%s.cap", capture);
    assert_true(unit_load(unit, path));
    struct guess *guess = guess_new(library);
    struct driver_request request;
    uint8_t bytes[DRIVER_ANSWER_MAX];
    for (*questions = 0; guess_plan(guess, &request); ++*questions) {
        struct driver_answer answer = {.bytes = bytes};
        answer.length = unit_answer(unit, &request, bytes);
        guess_answer(guess, &request, &answer);
    }
    struct guess_rank ranks[100];
    size_t count = guess_ranks(guess, ranks, TEST_COUNT(ranks)), place = 0;
    for (size_t i = 0; i < count && !place; i++) {
        /* equally good ones share a place */
        if (strcmp(ranks[i].entry->name, name) == 0) {
            for (place = 1; ranks[place - 1].score > ranks[i].score;)
                place++;
        }
    }
    *best = ranks[0];
    guess_free(guess);
    free(unit);
    return place;
}

static void test_guesses_from_captures(void **state)
{
    (void)state;
    struct driver_library *library = load();
    struct guess_rank best;
    int questions = 0;
    size_t first = 0, all = 0;
    for (size_t i = 0; i < library_count(library); i++) {
        const struct library_entry *entry = library_at(library, i);
        if (!entry->profile || entry->profile->rule_count == 0)
            continue;
        size_t place = guess_place(library, entry->name, entry->name, &best, &questions);
        if (place == 0 || place > 3)
            print_message("%s: place %zu, behind %s\n", entry->name, place, best.entry->name);
        assert_true(place > 0);
        first += place == 1;
        all++;
    }
    print_message("# %zu of %zu profiles guessed first, %d questions\n", first, all, questions);
    assert_true(first * 10 >= all * 8);
    assert_int_equal(guess_place(library, "sunspec-meter-float", "sunspec", &best, &questions), 1);
    assert_true(best.proven);
    library_free(library);
}

static void test_nothing_answers(void **state)
{
    (void)state;
    struct driver_library *library = load();
    struct guess *guess = guess_new(library);
    struct driver_request request;
    struct driver_answer silence = {.result = DRIVER_TIMED_OUT};
    int questions = 0;
    while (guess_plan(guess, &request)) {
        assert_in_range(request.bytes[0], 1, 4); /* reads only */
        guess_answer(guess, &request, &silence);
        questions++;
    }
    struct guess_rank ranks[4];
    assert_int_equal(guess_ranks(guess, ranks, 4), 0);
    guess_reset(guess);
    assert_true(guess_plan(guess, &request));
    assert_true(questions > 20 && questions < 100);
    guess_free(guess);
    library_free(library);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_aliases),   cmocka_unit_test(test_a_persons_folder),
        cmocka_unit_test(test_a_name_is_used_once), cmocka_unit_test(test_guesses_from_captures),
        cmocka_unit_test(test_nothing_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
