#include "field_testing.h"

#include "field/line_queue.h"

static struct line_request make(enum line_class urgency, uint32_t client, uint8_t unit)
{
    return (struct line_request){.urgency = urgency, .client = client, .unit = unit};
}

static bool any(void *user, const struct line_request *request)
{
    (void)user;
    (void)request;
    return true;
}

/* Ready unless it is for the unit that `user` points to. */
static bool not_unit(void *user, const struct line_request *request)
{
    return request->unit != *(const uint8_t *)user;
}

static void classes_in_order(void **state)
{
    (void)state;
    struct line_queue queue = {0};
    struct line_request requests[LINE_CLASSES];
    for (int i = LINE_CLASSES - 1; i >= 0; i--) {
        requests[i] = make((enum line_class)i, 1, 1);
        line_queue_push(&queue, &requests[i], 0, false);
    }
    for (size_t i = 0; i < LINE_CLASSES; i++)
        assert_ptr_equal(line_queue_take(&queue, 0, any, NULL), &requests[i]);
    assert_null(line_queue_take(&queue, 0, any, NULL));
    assert_int_equal(queue.count, 0);
}

static void fair_between_clients(void **state)
{
    (void)state;
    struct line_queue queue = {0};
    struct line_request greedy[5], modest[2];
    for (size_t i = 0; i < 5; i++) {
        greedy[i] = make(LINE_GATEWAY, 7, 1);
        line_queue_push(&queue, &greedy[i], 0, false);
    }
    for (size_t i = 0; i < 2; i++) {
        modest[i] = make(LINE_GATEWAY, 8, 1);
        line_queue_push(&queue, &modest[i], 0, false);
    }
    const struct line_request *wanted[] = {&greedy[0], &modest[0], &greedy[1], &modest[1],
                                           &greedy[2], &greedy[3], &greedy[4]};
    for (size_t i = 0; i < TEST_COUNT(wanted); i++)
        assert_ptr_equal(line_queue_take(&queue, 0, any, NULL), wanted[i]);
}

static void who_is_not_ready_holds_nobody(void **state)
{
    (void)state;
    struct line_queue queue = {0};
    struct line_request a = make(LINE_CONTROL, 1, 5), b = make(LINE_POLL, 2, 6);
    line_queue_push(&queue, &a, 0, false);
    line_queue_push(&queue, &b, 0, false);
    uint8_t unit = 5;
    assert_ptr_equal(line_queue_take(&queue, 0, not_unit, &unit), &b);
    assert_null(line_queue_take(&queue, 0, not_unit, &unit));
    assert_ptr_equal(line_queue_take(&queue, 0, any, NULL), &a);
}

static void repetition_keeps_its_place(void **state)
{
    (void)state;
    struct line_queue queue = {0};
    struct line_request a = make(LINE_POLL, 1, 1), b = make(LINE_POLL, 2, 2),
                        later = make(LINE_POLL, 1, 1);
    line_queue_push(&queue, &a, 0, false);
    line_queue_push(&queue, &b, 0, false);
    line_queue_push(&queue, &later, 0, false);
    assert_ptr_equal(line_queue_take(&queue, 0, any, NULL), &a);
    line_queue_push(&queue, &a, 0, true);
    assert_ptr_equal(line_queue_take(&queue, 0, any, NULL), &a);
    assert_ptr_equal(line_queue_take(&queue, 0, any, NULL), &b);
    assert_ptr_equal(line_queue_take(&queue, 0, any, NULL), &later);
}

static void gateway_is_not_starved(void **state)
{
    (void)state;
    struct line_queue queue = {0};
    struct line_request gateway = make(LINE_GATEWAY, 1, 1), poll = make(LINE_POLL, 2, 2),
                        control = make(LINE_CONTROL, 3, 3);
    line_queue_push(&queue, &gateway, CLOCK_S, false);
    line_queue_push(&queue, &poll, CLOCK_S, false);
    line_queue_push(&queue, &control, CLOCK_S, false);
    clock_us late = CLOCK_S + LINE_QUEUE_PATIENCE + 1;
    assert_ptr_equal(line_queue_take(&queue, late, any, NULL), &control);
    assert_ptr_equal(line_queue_take(&queue, late, any, NULL), &gateway);
    assert_ptr_equal(line_queue_take(&queue, late, any, NULL), &poll);
}

/* Nothing is lost or given twice, whatever the order of calls. */
static void random_operations(void **state)
{
    (void)state;
    enum { REQUESTS = 60 };
    uint64_t seed = test_seed();
    struct line_queue queue = {0};
    struct line_request requests[REQUESTS] = {0};
    size_t waiting = 0;
    for (int round = 0; round < 20000; round++) {
        struct line_request *request = &requests[test_random(&seed) % REQUESTS];
        unsigned action = (unsigned)(test_random(&seed) % 4);
        if (action < 2 && !request->queued) {
            *request = make((enum line_class)(test_random(&seed) % LINE_CLASSES),
                            (uint32_t)(test_random(&seed) % 5), (uint8_t)(test_random(&seed) % 4));
            line_queue_push(&queue, request, 0, action == 1);
            waiting++;
        } else if (action == 2 && request->queued) {
            line_queue_remove(&queue, request);
            waiting--;
        } else if (action == 3) {
            uint8_t unit = (uint8_t)(test_random(&seed) % 4);
            struct line_request *taken = line_queue_take(&queue, 0, not_unit, &unit);
            if (taken) {
                assert_false(taken->queued);
                waiting--;
                assert_int_not_equal(taken->unit, unit);
            }
        }
        assert_int_equal(queue.count, waiting);
    }
    while (line_queue_pop(&queue))
        waiting--;
    assert_int_equal(waiting, 0);
    for (size_t i = 0; i < REQUESTS; i++)
        assert_false(requests[i].queued);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_in_order),
        cmocka_unit_test(fair_between_clients),
        cmocka_unit_test(who_is_not_ready_holds_nobody),
        cmocka_unit_test(repetition_keeps_its_place),
        cmocka_unit_test(gateway_is_not_starved),
        cmocka_unit_test(random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
