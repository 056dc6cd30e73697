#include "base/map.h"

#include "test.h"

enum { KEYS = 500 };

/* Against an array of which keys are in, over random additions, removals and growth. */
static void test_against_brute_force(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    static char keys[KEYS][16];
    void *values[KEYS] = {NULL};
    struct map map = MAP_EMPTY;
    size_t count = 0;
    for (int i = 0; i < KEYS; i++)
        snprintf(keys[i], sizeof keys[i], "key-%d", i);
    for (int step = 0; step < 50000; step++) {
        size_t i = test_below(&random, KEYS);
        /* Phases of filling and of emptying. */
        if (test_below(&random, 10) < (step / 5000 % 2 ? 3u : 7u)) {
            count += values[i] == NULL;
            values[i] = &keys[test_below(&random, KEYS)];
            map_set(&map, keys[i], values[i]);
        } else {
            count -= values[i] != NULL;
            values[i] = NULL;
            map_remove(&map, keys[i]);
        }
        assert_int_equal(map.count, count);
        size_t looked = test_below(&random, KEYS);
        assert_ptr_equal(map_get(&map, keys[looked]), values[looked]);
        if (step % 1000 == 0) {
            for (int j = 0; j < KEYS; j++)
                assert_ptr_equal(map_get(&map, keys[j]), values[j]);
        }
    }
    map_deinit(&map);
}

static void test_edges(void **state)
{
    (void)state;
    struct map map = MAP_EMPTY;
    assert_null(map_get(&map, "a"));
    map_remove(&map, "a");
    map_set(&map, "", &map);
    assert_ptr_equal(map_get(&map, ""), &map);
    map_set(&map, "outlet-3", state);
    assert_ptr_equal(map_get_n(&map, "outlet-3/current", 8), state);
    assert_null(map_get_n(&map, "outlet-3/current", 7));
    assert_null(map_get(&map, "outlet-"));
    assert_null(map_get(&map, "outlet-33"));
    char copy[] = "outlet-3";
    map_set(&map, copy, &map); /* the new key pointer is taken */
    assert_int_equal(map.count, 2);
    assert_ptr_equal(map_get(&map, "outlet-3"), &map);
    map_deinit(&map);
    assert_int_equal(map.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_brute_force),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
