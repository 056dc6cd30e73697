#include "base/timer_heap.h"

#include "test.h"

enum { TIMERS = 300 };

/* The earliest by looking at all of them. */
static struct loop_timer *brute_first(struct loop_timer *timers, const bool *in)
{
    struct loop_timer *first = NULL;
    for (size_t i = 0; i < TIMERS; i++) {
        if (in[i] && (!first || timers[i].deadline < first->deadline ||
                      (timers[i].deadline == first->deadline && timers[i].order < first->order)))
            first = &timers[i];
    }
    return first;
}

static void test_against_brute_force(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    struct timer_heap heap = TIMER_HEAP_EMPTY;
    struct loop_timer timers[TIMERS] = {0};
    bool in[TIMERS] = {false};
    assert_null(timer_heap_first(&heap));
    for (uint64_t step = 1; step < 30000; step++) {
        size_t i = test_below(&random, TIMERS);
        if (in[i]) {
            timer_heap_remove(&heap, &timers[i]);
        } else {
            timers[i].deadline = (clock_us)test_below(&random, 200);
            timers[i].order = step;
            timer_heap_add(&heap, &timers[i]);
        }
        in[i] = !in[i];
        assert_ptr_equal(timer_heap_first(&heap), brute_first(timers, in));
    }
    timer_heap_deinit(&heap);
}

static void test_sorts(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    struct timer_heap heap = TIMER_HEAP_EMPTY;
    struct loop_timer timers[TIMERS] = {0};
    for (size_t i = 0; i < TIMERS; i++) {
        timers[i].deadline = (clock_us)test_below(&random, 50) - 25;
        timers[i].order = i;
        timer_heap_add(&heap, &timers[i]);
    }
    struct loop_timer before = {.deadline = INT64_MIN};
    for (size_t i = 0; i < TIMERS; i++) {
        struct loop_timer *first = timer_heap_first(&heap);
        assert_true(first->deadline > before.deadline ||
                    (first->deadline == before.deadline && first->order > before.order));
        before = *first;
        timer_heap_remove(&heap, first);
    }
    assert_int_equal(heap.count, 0);
    timer_heap_deinit(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_brute_force),
        cmocka_unit_test(test_sorts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
