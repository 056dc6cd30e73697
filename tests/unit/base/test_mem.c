#include "base/mem.h"

#include "test.h"

static void test_plain(void **state)
{
    (void)state;
    unsigned char *zeroed = mem_new(100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(zeroed[i], 0);
    free(zeroed);
    free(mem_new(0));
    char *text = mem_text("abc");
    assert_string_equal(text, "abc");
    free(text);
    int *array = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        array = mem_grow(array, (size_t)i, &capacity, sizeof *array);
        array[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(array[i], i);
    assert_int_equal(capacity, 1024);
    free(array);
}

/* Every block is zeroed, aligned, and keeps what was written into it while others are taken. */
static void test_arena(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    struct arena *arena = arena_new();
    enum { BLOCKS = 2000 };
    static unsigned char *blocks[BLOCKS];
    static size_t sizes[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        sizes[i] = test_below(&random, 20) ? test_below(&random, 300) : test_below(&random, 40000);
        blocks[i] = arena_take(arena, sizes[i]);
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(blocks[i][j], 0);
        memset(blocks[i], i & 0xFF, sizes[i]);
    }
    for (int i = 0; i < BLOCKS; i++) {
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(blocks[i][j], i & 0xFF);
    }
    assert_null(arena_free(arena));
    assert_null(arena_free(NULL));
}

static void test_arena_text(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_string_equal(arena_text(arena, "hello"), "hello");
    assert_string_equal(arena_text_n(arena, "hello", 2), "he");
    assert_string_equal(arena_text_n(arena, "", 0), "");
    char *text = arena_format(arena, "%s-%d %20000s", "outlet", 3, "x");
    assert_int_equal(strlen(text), 20009);
    assert_memory_equal(text, "outlet-3 ", 9);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_arena_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
