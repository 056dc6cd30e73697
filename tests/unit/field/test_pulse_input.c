#include "field/pulse_input.h"

#include <stdlib.h>

#include "test.h"

#define MS CLOCK_MS

struct edge {
    int level, at_ms;
};

static unsigned feed(struct pulse_input *input, const struct edge *edges, size_t count)
{
    unsigned pulses = 0;
    for (size_t i = 0; i < count; i++)
        pulses += pulse_input_edge(input, edges[i].level, 0, edges[i].at_ms * MS);
    return pulses;
}

static void a_bouncing_contact_counts_once(void **state)
{
    (void)state;
    struct pulse_input input = {.debounce = 10 * MS};
    static const struct edge edges[] = {
        {1, 1000}, {0, 1001}, {1, 1002}, {0, 1004}, {1, 1005}, /* closes, with bounce */
        {0, 1105}, {1, 1106}, {0, 1107},                       /* opens likewise */
    };
    assert_int_equal(feed(&input, edges, TEST_COUNT(edges)), 1);
    assert_true(input.moving); /* open, not for long enough */
    assert_int_equal(pulse_input_settle(&input), 0);
    assert_false(input.level);
    assert_int_equal(pulse_input_settle(&input), 0); /* nothing more to settle */
}

static void what_is_too_short_is_none(void **state)
{
    (void)state;
    struct pulse_input input = {.debounce = 10 * MS};
    static const struct edge noise[] = {{1, 1000}, {0, 1009}, {1, 2000}, {0, 2003}};
    assert_int_equal(feed(&input, noise, TEST_COUNT(noise)), 0);
    assert_false(input.moving);
    static const struct edge just[] = {{1, 3000}, {0, 3010}};
    assert_int_equal(feed(&input, just, TEST_COUNT(just)), 1);
}

static void a_pause_that_is_too_short_joins_two(void **state)
{
    (void)state;
    struct pulse_input input = {.debounce = 10 * MS};
    static const struct edge edges[] = {{1, 1000}, {0, 1050}, {1, 1055}, {0, 1100}, {1, 1200}};
    assert_int_equal(feed(&input, edges, TEST_COUNT(edges)), 1);
    assert_int_equal(pulse_input_settle(&input), 1);
}

static void without_debounce_every_edge_counts(void **state)
{
    (void)state;
    struct pulse_input input = {0};
    static const struct edge edges[] = {{1, 1000}, {0, 1000}, {1, 1000},
                                        {0, 1001}, {0, 1002}, {1, 1003}};
    assert_int_equal(feed(&input, edges, TEST_COUNT(edges)), 3);
    assert_true(input.level);
}

/* Edges alternate, so those that found no room can be counted from what was before and after. */
static void lost_edges_are_counted(void **state)
{
    (void)state;
    for (unsigned lost = 0; lost < 9; lost++) {
        for (int before = 0; before < 2; before++) {
            struct pulse_input input = {.level = before};
            unsigned expected = 0;
            int level = before;
            for (unsigned i = 0; i < lost + 1;
                 i++) /* one by one, the last is the one that is seen */
                expected += level = !level;
            assert_int_equal(pulse_input_edge(&input, level, lost, 5 * MS), expected);
            assert_int_equal(input.level, level);
        }
    }
}

/* Clean pulses with noise shorter than the debounce around each edge: as many as were made. */
static void as_many_as_were_made(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct pulse_input input = {.debounce = 10 * MS};
    unsigned made = 0, counted = 0;
    clock_us at = CLOCK_S;
    for (int i = 0; i < 5000; i++, made++) {
        for (int level = 1; level >= 0; level--) {
            for (uint64_t bounces = test_below(&seed, 6); bounces > 0; bounces--) {
                counted += pulse_input_edge(&input, level, 0, at);
                counted += pulse_input_edge(&input, !level, 0,
                                            at += 1 + (clock_us)test_below(&seed, 9 * MS));
                at += 1 + (clock_us)test_below(&seed, 9 * MS);
            }
            counted += pulse_input_edge(&input, level, 0, at);
            at += 10 * MS + (clock_us)test_below(&seed, CLOCK_S);
        }
    }
    counted += pulse_input_settle(&input);
    assert_int_equal(counted, made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bouncing_contact_counts_once),
        cmocka_unit_test(what_is_too_short_is_none),
        cmocka_unit_test(a_pause_that_is_too_short_joins_two),
        cmocka_unit_test(without_debounce_every_edge_counts),
        cmocka_unit_test(lost_edges_are_counted),
        cmocka_unit_test(as_many_as_were_made),
    };
    return cmocka_run_group_tests_name("field/pulse_input", tests, NULL, NULL);
}
