#include "test.h"

#include "face/live_ring.h"

static struct block *make(size_t length, int number)
{
    char *bytes = malloc(length + 1);
    memset(bytes, number & 0xff, length);
    struct block *block = block_from(bytes, length);
    free(bytes);
    return block;
}

static void test_numbers(void **state)
{
    (void)state;
    struct live_ring ring = LIVE_RING_EMPTY;
    assert_null(live_ring_get(&ring, 0));
    assert_null(live_ring_get(&ring, 1));
    for (int i = 1; i <= 3; i++)
        live_ring_push(&ring, make(10, i));
    assert_int_equal(ring.next, 4);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(live_ring_get(&ring, (uint64_t)i)->data[0], i);
    assert_null(live_ring_get(&ring, 4));
    live_ring_deinit(&ring);
}

/* Against a plain model: the newest events whose number and bytes fit, never fewer than one. */
static void test_bounds(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    enum { EVENTS = 3000 };
    static size_t lengths[EVENTS + 1];
    struct live_ring ring = LIVE_RING_EMPTY;
    for (size_t n = 1; n <= EVENTS; n++) {
        lengths[n] = test_below(&seed, 20) ? test_below(&seed, 20000) : test_below(&seed, 900000);
        live_ring_push(&ring, make(lengths[n], (int)n));
        size_t first = n, bytes = lengths[n];
        while (first > 1 && n - first + 1 < LIVE_RING_EVENTS && first > ring.first &&
               bytes + lengths[first - 1] <= LIVE_RING_BYTES)
            bytes += lengths[--first];
        assert_int_equal(ring.first, first);
        assert_int_equal(ring.bytes, bytes);
        assert_true(bytes <= LIVE_RING_BYTES || first == n);
        assert_int_equal(live_ring_get(&ring, n)->length, lengths[n]);
        assert_null(live_ring_get(&ring, first - 1));
    }
    live_ring_deinit(&ring);
    assert_int_equal(ring.bytes, 0);
}

/* A reader's reference outlives the ring's. */
static void test_reference(void **state)
{
    (void)state;
    struct live_ring ring = LIVE_RING_EMPTY;
    live_ring_push(&ring, make(5, 7));
    struct block *held = block_ref(live_ring_get(&ring, 1));
    for (int i = 0; i < LIVE_RING_EVENTS; i++)
        live_ring_push(&ring, make(5, 8));
    assert_null(live_ring_get(&ring, 1));
    assert_int_equal(held->data[4], 7);
    assert_int_equal(held->refs, 1);
    block_unref(held);
    live_ring_deinit(&ring);
}

static void test_skip(void **state)
{
    (void)state;
    struct live_ring ring = LIVE_RING_EMPTY;
    live_ring_push(&ring, make(5, 1));
    live_ring_skip(&ring);
    assert_int_equal(ring.next, 3);
    assert_null(live_ring_get(&ring, 1));
    assert_null(live_ring_get(&ring, 2));
    live_ring_push(&ring, make(5, 3));
    assert_int_equal(live_ring_get(&ring, 3)->data[0], 3);
    live_ring_deinit(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_skip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
