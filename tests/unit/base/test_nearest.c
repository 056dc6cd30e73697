#include "base/nearest.h"

#include "test.h"

/* Textbook distances (Levenshtein 1966; Damerau 1964 counts a swap of neighbours as one). */
static void test_known_distances(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int distance;
    } rows[] = {
        {"", "", 0},
        {"a", "", 1},
        {"", "abc", 3},
        {"kitten", "sitting", 3},
        {"saturday", "sunday", 3},
        {"flaw", "lawn", 2},
        {"ab", "ba", 1},
        {"abcd", "acbd", 1},
        {"ca", "abc", 3}, /* the optimal string alignment form; unrestricted it would be 2 */
        {"baud", "buad", 1},
        {"parity", "party", 1},
        {"profile", "profiel", 1},
        {"same", "same", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(nearest_distance(rows[i].a, rows[i].b), rows[i].distance);
        assert_int_equal(nearest_distance(rows[i].b, rows[i].a), rows[i].distance);
    }
}

/* The recursive definition, for short words. */
static int defined_distance(const char *a, int i, const char *b, int j)
{
    if (i == 0 || j == 0)
        return i + j;
    int best = defined_distance(a, i - 1, b, j) + 1;
    int insert = defined_distance(a, i, b, j - 1) + 1;
    int replace = defined_distance(a, i - 1, b, j - 1) + (a[i - 1] != b[j - 1]);
    best = insert < best ? insert : best;
    best = replace < best ? replace : best;
    if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        int swap = defined_distance(a, i - 2, b, j - 2) + 1;
        best = swap < best ? swap : best;
    }
    return best;
}

static void test_against_definition(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    for (int i = 0; i < 1000; i++) {
        char words[2][8] = {"", ""};
        for (int w = 0; w < 2; w++) {
            size_t length = test_below(&random, 7);
            for (size_t j = 0; j < length; j++)
                words[w][j] = (char)('a' + test_below(&random, 3));
        }
        assert_int_equal(
            nearest_distance(words[0], words[1]),
            defined_distance(words[0], (int)strlen(words[0]), words[1], (int)strlen(words[1])));
    }
}

static void test_words(void **state)
{
    (void)state;
    static const char *const words[] = {"baud", "parity", "stop_bits", "timeout"};
    static const struct {
        int number;
        const char *name;
    } rows[] = {{1, "lines"}, {2, "devices"}, {3, "web"}};
    assert_string_equal(nearest_word("buad", words, 4, sizeof *words), "baud");
    assert_string_equal(nearest_word("stopbits", words, 4, sizeof *words), "stop_bits");
    assert_null(nearest_word("colour", words, 4, sizeof *words));
    assert_null(nearest_word("", words, 4, sizeof *words));
    assert_null(nearest_word("baud", words, 0, sizeof *words));
    assert_string_equal(nearest_word("device", &rows[0].name, 3, sizeof *rows), "devices");
    char endless[300];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_null(nearest_word(endless, words, 4, sizeof *words));
    assert_int_equal(nearest_distance(endless, endless), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_distances),
        cmocka_unit_test(test_against_definition),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
