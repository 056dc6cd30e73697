/* The whole of history on a fake clock, with its threads: what is recorded when, what is asked,
 * what is said about it. */
#include "engine/history_fixture.h"

#include <errno.h>

static void add_device(struct fixture *fixture, const char *name)
{
    struct device_spec spec = {.name = name, .role = "meter", .unit = 1, .every = CLOCK_S};
    struct device *device = site_device_add(fixture->site, &spec);
    struct component *total = device_component(device, COMPONENT_TOTAL, 0);
    fixture->voltage = component_point_add(total, QUANTITY_VOLTAGE);
    fixture->energy = component_point_add(total, QUANTITY_ENERGY);
    fixture->serial = component_point_add(total, QUANTITY_SERIAL);
    fixture->state =
        component_point_add(device_component(device, COMPONENT_OUTLET, 1), QUANTITY_STATE);
}

static int set_up(void **state)
{
    struct fixture *fixture = fixture_new(T0 + 10 * CLOCK_S);
    add_device(fixture, "m");
    *state = fixture;
    return 0;
}

struct reply {
    int calls;
    struct history_answer *answer;
    struct err err;
};

static void on_answer(void *user, const struct history_answer *answer, const struct err *err)
{
    struct reply *reply = user;
    reply->calls++;
    if (answer)
        reply->answer = history_answer_take(answer);
    else
        reply->err = *err;
}

static void wait_reply(struct fixture *fixture, struct reply *reply)
{
    for (int i = 0; i < 5000 && reply->calls == 0; i++) {
        loop_poll(fixture->loop);
        usleep(1000);
    }
    assert_int_equal(reply->calls, 1);
}

static struct history_answer *ask(struct fixture *fixture, const char *path, clock_us step)
{
    struct reply reply = {0};
    const char *const paths[] = {path};
    struct history_question question = {
        .paths = paths, .path_count = 1, .from = 0, .to = INT64_MAX / 2, .step = step};
    assert_non_null(history_ask(fixture->history, &question, on_answer, &reply, NULL));
    wait_reply(fixture, &reply);
    assert_non_null(reply.answer);
    return reply.answer;
}

/* ---- ticks ----------------------------------------------------------------------------------- */

static void ticks_stand_on_the_minute(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, fixture->voltage, 230.14);
    fixture->voltage->good_for = CLOCK_NEVER;
    fixture_start(fixture, MINUTE);
    loop_advance(fixture->loop, 3 * MINUTE);
    fixture_wait_written(fixture, 4);
    struct history_answer *answer = ask(fixture, "m/total/voltage", 0);
    assert_int_equal(answer->series[0].count, 4);
    const struct history_bucket *buckets = answer->series[0].buckets;
    assert_true(buckets[0].time == T0 + 15 * CLOCK_S); /* soon after start */
    for (int i = 1; i < 4; i++)
        assert_true(buckets[i].time == T0 + i * MINUTE);
    assert_true(buckets[0].last == 230.1);
    history_answer_free(answer);
    struct history_status status = history_status(fixture->history);
    assert_true(status.ok && status.points == 3 && status.every == MINUTE &&
                status.ticks_lost == 0);
    assert_true(status.oldest == T0 + 15 * CLOCK_S && status.newest == T0 + 3 * MINUTE);
    assert_true(status.bytes > 0 && status.lasts_days > 0);
}

/* Only good readings are numbers; stale, bad and absent ones are gaps, and text is not recorded. */
static void only_good_readings_are_recorded(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, MINUTE);
    fixture_put(fixture, fixture->voltage, 230);
    fixture_put(fixture, fixture->state, 1);
    point_put_text(fixture->serial, "4711", CLOCK_S, T0);
    history_tick(fixture->history);
    loop_advance(fixture->loop, CLOCK_S);
    point_mark(fixture->voltage, QUALITY_STALE, REASON_SILENT);
    history_tick(fixture->history);
    loop_advance(fixture->loop, CLOCK_S);
    fixture_put(fixture, fixture->voltage, 1e9); /* not plausible: BAD */
    history_tick(fixture->history);
    loop_advance(fixture->loop, CLOCK_S);
    fixture_put(fixture, fixture->voltage, 231);
    history_tick(fixture->history);
    fixture_wait_written(fixture, 4);
    struct history_answer *answer = ask(fixture, "m/total/voltage", 0);
    assert_int_equal(answer->series[0].count, 2);
    assert_true(answer->series[0].buckets[0].last == 230 &&
                answer->series[0].buckets[1].last == 231);
    history_answer_free(answer);
    answer = ask(fixture, "m/total/energy", 0);
    assert_int_equal(answer->series[0].quantity, QUANTITY_ENERGY);
    assert_int_equal(answer->series[0].count, 0);
    history_answer_free(answer);
    answer = ask(fixture, "m/outlet-1/state", 0);
    assert_int_equal(answer->series[0].count, 4);
    history_answer_free(answer);
    answer = ask(fixture, "m/total/serial-number", 0);
    assert_int_equal(answer->series[0].quantity, QUANTITY_NONE);
    history_answer_free(answer);
}

static void another_interval_holds_at_once(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, 3600 * CLOCK_S);
    loop_advance(fixture->loop, MINUTE);
    fixture_wait_written(fixture, 1); /* the first one */
    history_configure(fixture->history,
                      &(struct history_settings){.enabled = true, .every = CLOCK_S});
    loop_advance(fixture->loop, 10 * CLOCK_S);
    fixture_wait_written(fixture, 11);
    history_configure(fixture->history,
                      &(struct history_settings){.enabled = false, .every = CLOCK_S});
    loop_advance(fixture->loop, 10 * CLOCK_S);
    fixture_wait_written(fixture, 11);
    assert_true(history_status(fixture->history).lasts_days == 0);
}

/* The wall clock is stepped forth and back: one tick an interval all the same, none lost. */
static void wall_steps_keep_the_rhythm(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, fixture->energy, 1);
    fixture_start(fixture, MINUTE);
    static const clock_us steps[] = {
        7 * 3600 * CLOCK_S, -3 * 3600 * CLOCK_S, 17 * CLOCK_S, -17 * CLOCK_S, -1000, 250000};
    uint64_t before = 0;
    for (size_t i = 0; i < TEST_COUNT(steps); i++) {
        loop_advance(fixture->loop, 10 * MINUTE);
        clock_fake_step_wall(&fixture->clock, steps[i]);
        before += 10;
    }
    loop_advance(fixture->loop, 10 * MINUTE);
    for (int i = 0; i < 300; i++) {
        loop_poll(fixture->loop);
        usleep(1000);
    }
    uint64_t written = history_status(fixture->history).ticks_written;
    assert_in_range(written, before + 10, before + 10 + 2 * TEST_COUNT(steps));
    struct history_answer *answer = ask(fixture, "m/total/energy", 0);
    assert_int_equal(answer->series[0].count, written);
    history_answer_free(answer);
}

/* H6: no clock chip; rows wait and are put on the calendar when the time becomes known. */
static void an_unknown_clock_is_made_good(void **state)
{
    struct fixture *fixture = *state;
    fixture->clock.fake_wall_known = false;
    clock_fake_step_wall(&fixture->clock, -T0);
    fixture_put(fixture, fixture->voltage, 230);
    fixture_start(fixture, MINUTE);
    loop_advance(fixture->loop, 10 * MINUTE);
    fixture_wait_written(fixture, 11);
    struct history_answer *answer = ask(fixture, "m/total/voltage", 0);
    assert_int_equal(answer->series[0].count, 0);
    history_answer_free(answer);
    clock_fake_step_wall(&fixture->clock, T0);
    fixture->clock.fake_wall_known = true;
    loop_advance(fixture->loop, 2 * MINUTE);
    fixture_wait_written(fixture, 13);
    for (int i = 0; i < 100; i++) {
        answer = ask(fixture, "m/total/voltage", 0);
        if (answer->series[0].count == 13)
            break;
        answer = history_answer_free(answer);
        usleep(10000);
    }
    assert_non_null(answer);
    for (size_t i = 1; i < 13; i++)
        assert_in_range(answer->series[0].buckets[i].time - answer->series[0].buckets[i - 1].time,
                        CLOCK_S, MINUTE);
    history_answer_free(answer);
}

/* ---- the past outlives ----------------------------------------------------------------------- */

static void a_restart_keeps_the_past_and_its_names(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, fixture->voltage, 230);
    fixture_start(fixture, MINUTE);
    history_tick(fixture->history);
    fixture->history = history_close(fixture->history);
    /* another device comes first now: numbers must not move */
    site_device_remove(fixture->site, site_device_find(fixture->site, "m"));
    add_device(fixture, "a");
    fixture_put(fixture, fixture->voltage, 111);
    add_device(fixture, "m");
    fixture_put(fixture, fixture->voltage, 231);
    loop_advance(fixture->loop, MINUTE);
    fixture_start(fixture, MINUTE);
    history_tick(fixture->history);
    fixture_wait_written(fixture, 1);
    struct history_answer *answer = ask(fixture, "m/total/voltage", 0);
    assert_int_equal(answer->series[0].count, 2);
    assert_true(answer->series[0].buckets[0].last == 230 &&
                answer->series[0].buckets[1].last == 231);
    history_answer_free(answer);
    answer = ask(fixture, "a/total/voltage", 0);
    assert_int_equal(answer->series[0].count, 1);
    assert_true(answer->series[0].buckets[0].last == 111);
    history_answer_free(answer);
}

/* A week of minutes passes in moments, with blocks made by the way. */
static void a_week_is_answered_in_hours(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, MINUTE);
    int minutes = 7 * 24 * 60;
    for (int i = 0; i < minutes; i++) {
        fixture_put(fixture, fixture->energy, i);
        loop_advance(fixture->loop, MINUTE);
        /* a week in a moment is more than may wait for a slow disk */
        if (i % 500 == 499)
            fixture_wait_written(fixture, (uint64_t)i + 2);
    }
    fixture_wait_written(fixture, (uint64_t)minutes + 1);
    struct history_answer *answer = ask(fixture, "m/total/energy", 3600 * CLOCK_S);
    uint64_t count = 0;
    double sum = 0;
    for (size_t i = 0; i < answer->series[0].count; i++) {
        const struct history_bucket *bucket = &answer->series[0].buckets[i];
        assert_true(bucket->time % (3600 * CLOCK_S) == 0);
        count += bucket->count;
        sum += bucket->sum;
    }
    assert_int_equal(answer->series[0].count, 7 * 24 + 1);
    assert_int_equal(count, minutes + 1);
    assert_true(sum == (double)minutes * (minutes - 1) / 2);
    history_answer_free(answer);
}

/* ---- questions ------------------------------------------------------------------------------- */

static void never(void *user, const struct history_answer *answer, const struct err *err)
{
    (void)user;
    (void)answer;
    (void)err;
    fail();
}

static void questions_have_limits(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, MINUTE);
    const char *paths[LIMIT_HISTORY_PATHS + 1];
    for (size_t i = 0; i < TEST_COUNT(paths); i++)
        paths[i] = "m/total/voltage";
    struct history_question question = {.paths = paths, .path_count = TEST_COUNT(paths), .to = 1};
    struct err err = ERR_EMPTY;
    assert_null(history_ask(fixture->history, &question, never, NULL, &err));
    assert_int_equal(err.code, -E2BIG);
    question.path_count = 1;
    question.from = 2;
    assert_null(history_ask(fixture->history, &question, never, NULL, &err));
    assert_int_equal(err.code, -EINVAL);
    question.from = 0;
    struct reply replies[LIMIT_HISTORY_ASKS] = {{0}};
    for (size_t i = 0; i < LIMIT_HISTORY_ASKS; i++)
        assert_non_null(history_ask(fixture->history, &question, on_answer, &replies[i], NULL));
    assert_null(history_ask(fixture->history, &question, never, NULL, &err));
    assert_int_equal(err.code, -EBUSY);
    for (size_t i = 0; i < LIMIT_HISTORY_ASKS; i++) {
        wait_reply(fixture, &replies[i]);
        history_answer_free(replies[i].answer);
    }
}

static void withdrawn_questions_are_not_answered(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, MINUTE);
    const char *const paths[] = {"m/total/voltage"};
    struct history_question question = {.paths = paths, .path_count = 1, .to = 1};
    struct history_ask *asks[8];
    for (size_t i = 0; i < TEST_COUNT(asks); i++)
        asks[i] = history_ask(fixture->history, &question, never, NULL, NULL);
    for (size_t i = TEST_COUNT(asks); i > 0; i--)
        history_ask_cancel(asks[i - 1]);
    for (int i = 0; i < 50; i++) {
        loop_poll(fixture->loop);
        usleep(1000);
    }
    /* and neither are those that are under way at the end */
    for (size_t i = 0; i < TEST_COUNT(asks); i++)
        history_ask(fixture->history, &question, never, NULL, NULL);
    fixture->history = history_close(fixture->history);
}

/* What is made of an answer, on another thread. */
struct digest {
    uint32_t count;
    int *dropped;
};

static void count_readings(void *own, const struct history_answer *answer)
{
    struct digest *digest = own;
    for (size_t i = 0; i < answer->series[0].count; i++)
        digest->count += answer->series[0].buckets[i].count;
}

static void drop_digest(void *own)
{
    struct digest *digest = own;
    ++*digest->dropped;
    free(digest);
}

/* It is there before the answer is told, and goes with its question: answered, withdrawn, or under
 * way at the end. A question that was not taken leaves it to who asked. */
static void answers_are_digested_beside_the_loop(void **state)
{
    struct fixture *fixture = *state;
    const char *const paths[] = {"m/total/voltage"};
    int dropped = 0;
    struct reply reply = {0};
    struct err err = ERR_EMPTY;
    fixture_put(fixture, fixture->voltage, 230.14);
    fixture->voltage->good_for = CLOCK_NEVER;
    fixture_start(fixture, MINUTE);
    loop_advance(fixture->loop, 3 * MINUTE);
    fixture_wait_written(fixture, 4);
    struct digest *digests[6];
    struct history_ask *asks[6];
    for (size_t i = 0; i < TEST_COUNT(asks); i++) {
        digests[i] = calloc(1, sizeof **digests);
        digests[i]->dropped = &dropped;
        const struct history_question question = {.paths = paths,
                                                  .path_count = 1,
                                                  .to = INT64_MAX / 2,
                                                  .digest = count_readings,
                                                  .drop = drop_digest,
                                                  .own = digests[i]};
        asks[i] = history_ask(fixture->history, &question, i == 0 ? on_answer : never,
                              i == 0 ? (void *)&reply : NULL, NULL);
        assert_non_null(asks[i]);
        if (i > 0 && i < 4)
            history_ask_cancel(asks[i]);
        if (i == 0) {
            wait_reply(fixture, &reply);
            history_answer_free(reply.answer);
            assert_int_equal(dropped, 1);
        }
    }
    const struct history_question refused = {
        .paths = paths, .path_count = 1, .from = 2, .to = 1, .drop = drop_digest, .own = digests};
    assert_null(history_ask(fixture->history, &refused, never, NULL, &err));
    fixture->history = history_close(fixture->history);
    for (int i = 0; i < 30000 && dropped < 6; i++) {
        loop_poll(fixture->loop);
        usleep(1000);
    }
    assert_int_equal(dropped, 6);
}

static void a_store_in_use_is_said(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, MINUTE);
    struct history_settings settings = {.enabled = true, .every = MINUTE};
    struct err err = ERR_EMPTY;
    assert_null(history_open(fixture->loop, fixture->site, fixture->folder, &settings, &err));
    assert_int_equal(err.code, -EBUSY);
}

static void a_damaged_file_is_a_problem_for_a_day(void **state)
{
    struct fixture *fixture = *state;
    char path[300];
    snprintf(path, sizeof path, "%s/history.db", fixture->folder);
    test_write_file(
        path, "This is not a database, and it is long enough that nobody could think it were one.");
    fixture_put(fixture, fixture->voltage, 230);
    fixture_start(fixture, MINUTE);
    assert_false(history_status(fixture->history).ok);
    assert_non_null(strstr(history_status(fixture->history).problem, "set aside"));
    history_tick(fixture->history);
    fixture_wait_written(fixture, 1);
    assert_false(history_status(fixture->history).ok);
    history_configure(fixture->history,
                      &(struct history_settings){.enabled = true, .every = 3600 * CLOCK_S});
    loop_advance(fixture->loop, 25 * 3600 * CLOCK_S);
    fixture_wait_written(fixture, 27);
    assert_true(history_status(fixture->history).ok);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ticks_stand_on_the_minute),
        TEST(only_good_readings_are_recorded),
        TEST(another_interval_holds_at_once),
        TEST(wall_steps_keep_the_rhythm),
        TEST(an_unknown_clock_is_made_good),
        TEST(a_restart_keeps_the_past_and_its_names),
        TEST(a_week_is_answered_in_hours),
        TEST(questions_have_limits),
        TEST(withdrawn_questions_are_not_answered),
        TEST(answers_are_digested_beside_the_loop),
        TEST(a_store_in_use_is_said),
        TEST(a_damaged_file_is_a_problem_for_a_day),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
