/* When hosts behind a battery are told to shut down: rows 3, 4, 5 and 7 of the demands, second by
 * second. */
#include <math.h>

#include "test.h"

#include "engine/shutdown.h"

struct story {
    struct shutdown_stage stage;
    struct shutdown_rule rule;
    clock_us now;
    unsigned seen; /* every change so far */
};

static struct story begin(void)
{
    return (struct story){
        .stage = SHUTDOWN_CALM, .rule = {.hold = 60 * CLOCK_S}, .now = 1000 * CLOCK_S};
}

static unsigned look(struct story *story, int on_battery, double charge, double runtime)
{
    const struct shutdown_reading reading = {on_battery, charge, runtime};
    unsigned changes = shutdown_look(&story->stage, &story->rule, &reading, story->now);
    story->seen |= changes;
    return changes;
}

/* So many seconds, each looked at; what changed in them. */
static unsigned pass(struct story *story, int seconds, int on_battery)
{
    unsigned changes = 0;
    for (int i = 0; i < seconds; i++) {
        story->now += CLOCK_S;
        changes |= look(story, on_battery, NAN, NAN);
    }
    return changes;
}

/* Row 7: an outage, its end, and the next one has its whole time again. */
static void times_begin_anew_with_each_transition(void **state)
{
    struct story story = begin();
    (void)state;
    story.rule.low.after = 30 * CLOCK_S;
    assert_int_equal(look(&story, 1, NAN, NAN), SHUTDOWN_ON_BATTERY);
    assert_int_equal(pass(&story, 29, 1), 0);
    assert_int_equal(look(&story, 0, NAN, NAN), SHUTDOWN_ON_LINE);
    assert_int_equal(look(&story, 1, NAN, NAN), SHUTDOWN_ON_BATTERY);
    assert_int_equal(pass(&story, 29, 1), 0);
    assert_int_equal(pass(&story, 1, 1), SHUTDOWN_LOW);
    assert_true(story.stage.low);
    assert_int_equal(pass(&story, 100, 1), 0); /* said once */
    pass(&story, 1, 0);
    assert_false(story.stage.low);
    assert_false(story.seen & SHUTDOWN_FORCED);
}

/* Row 3: whatever is unknown, for however long, is no failure and forces nothing. */
static void a_lost_contact_decides_nothing(void **state)
{
    struct story story = begin();
    (void)state;
    story.rule.low = story.rule.fsd = (struct shutdown_limits){CLOCK_S, 50, 300 * CLOCK_S};
    pass(&story, 10, 0);
    assert_int_equal(pass(&story, 4000, -1), 0);
    assert_int_equal(story.stage.battery_since, CLOCK_NEVER);
    /* lost while on battery: nothing new until it is known again, then from the same failure on */
    story.rule.fsd = (struct shutdown_limits){.after = 100 * CLOCK_S};
    story.rule.low = (struct shutdown_limits){0};
    assert_int_equal(pass(&story, 50, 1), SHUTDOWN_ON_BATTERY);
    assert_int_equal(pass(&story, 200, -1), 0);
    assert_int_equal(pass(&story, 1, 1), SHUTDOWN_FORCED);
}

static void each_threshold_by_itself(void **state)
{
    struct story story = begin();
    (void)state;
    story.rule.low.charge = 50;
    story.rule.fsd.runtime = 300 * CLOCK_S;
    assert_int_equal(look(&story, 0, 10, 10), 0); /* a battery that is charged again */
    assert_int_equal(look(&story, 1, 50.5, 301), SHUTDOWN_ON_BATTERY);
    assert_int_equal(look(&story, 1, 50, 301), SHUTDOWN_LOW);
    assert_int_equal(look(&story, 1, NAN, NAN), 0);
    assert_int_equal(look(&story, 1, 60, 300), SHUTDOWN_FORCED);
    assert_true(shutdown_forced(&story.stage));
}

/* Row 4: it ends by itself when the mains have been back for the whole time, not with a gap. */
static void forced_ends_when_the_mains_stay(void **state)
{
    struct story story = begin();
    (void)state;
    pass(&story, 10, 1);
    assert_true(shutdown_force(&story.stage, story.now));
    assert_false(shutdown_force(&story.stage, story.now));
    assert_int_equal(pass(&story, 500, 1), 0);
    pass(&story, 59, 0);
    assert_true(shutdown_forced(&story.stage));
    pass(&story, 1, -1); /* what happened in it nobody knows */
    assert_int_equal(pass(&story, 60, 0), 0);
    assert_int_equal(pass(&story, 1, 0), SHUTDOWN_OVER);
    assert_false(shutdown_forced(&story.stage));
    /* forced while on line, as a test: the time counts from there */
    shutdown_force(&story.stage, story.now);
    assert_int_equal(pass(&story, 59, 0), 0);
    assert_int_equal(pass(&story, 1, 0), SHUTDOWN_OVER);
}

static void only_a_person_ends_it_where_that_is_wished(void **state)
{
    struct story story = begin();
    (void)state;
    story.rule.operator_only = true;
    story.rule.fsd.after = 10 * CLOCK_S;
    assert_int_equal(pass(&story, 11, 1), SHUTDOWN_ON_BATTERY | SHUTDOWN_FORCED);
    assert_int_equal(pass(&story, 10000, 0), SHUTDOWN_ON_LINE);
    assert_true(shutdown_end(&story.stage, story.now));
    assert_false(shutdown_end(&story.stage, story.now));
    /* ended while still on battery, it is not forced again in the next moment */
    pass(&story, 11, 1);
    assert_true(shutdown_end(&story.stage, story.now));
    assert_int_equal(pass(&story, 9, 1), 0);
    assert_int_equal(pass(&story, 1, 1), SHUTDOWN_FORCED);
}

/* Row 6: hosts have begun to shut down, the mains return before their outlets went off: those go
 * off all the same, and it is not over before. */
static void outlets_go_off_even_if_the_mains_return(void **state)
{
    struct story story = begin();
    (void)state;
    story.rule.off_after = 120 * CLOCK_S;
    story.rule.fsd.after = CLOCK_S;
    pass(&story, 2, 1);
    assert_true(shutdown_forced(&story.stage));
    assert_int_equal(pass(&story, 119, 0), SHUTDOWN_ON_LINE);
    assert_int_equal(pass(&story, 1, 0), SHUTDOWN_OFF | SHUTDOWN_OVER);
    assert_true(story.stage.off); /* the owner brings them back */
    /* a second failure before all are back: the whole story again */
    pass(&story, 2, 1);
    assert_int_equal(pass(&story, 119, 1), 0);
    assert_int_equal(pass(&story, 1, 1), SHUTDOWN_OFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_begin_anew_with_each_transition),
        cmocka_unit_test(a_lost_contact_decides_nothing),
        cmocka_unit_test(each_threshold_by_itself),
        cmocka_unit_test(forced_ends_when_the_mains_stay),
        cmocka_unit_test(only_a_person_ends_it_where_that_is_wished),
        cmocka_unit_test(outlets_go_off_even_if_the_mains_return),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
