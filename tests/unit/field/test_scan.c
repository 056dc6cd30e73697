#include "field_testing.h"

#include <errno.h>

#include "field/scan.h"

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct line_settings settings;
    struct fake *fake;
    struct line *line;
    struct scan *scan;
    uint8_t found[256];
    size_t found_count, tried, done, answers;
    size_t request_of[256];
    char problem[200];
    unsigned asked_more;
};

static void make(struct fixture *f)
{
    f->fake = fake_new(f->loop);
    f->fake->peer = f->settings.kind == LINE_MODBUS_TCP ? testing_peer_tcp : testing_peer_rtu;
    memset(f->fake->dead, 1, sizeof f->fake->dead);
    f->line = line_new(f->loop, "bus-1", &f->settings, &f->fake->transport);
}

static int setup(void **state)
{
    struct fixture *f = mem_new(sizeof *f);
    f->clock = clock_fake(TESTING_WALL);
    f->loop = loop_new(&f->clock);
    f->settings = testing_settings(LINE_MODBUS_RTU);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    line_free(f->line);
    loop_free(f->loop);
    free(f);
    return 0;
}

static void on_found(void *user, const struct scan_found *found)
{
    struct fixture *f = user;
    f->found[f->found_count++] = found->unit;
    f->request_of[found->unit] = found->request;
    assert_true(found->length >= 2);
}

static void on_tried(void *user, uint8_t unit)
{
    (void)unit;
    ((struct fixture *)user)->tried++;
}

static void on_finished(void *user, const char *problem)
{
    struct fixture *f = user;
    f->done++;
    f->scan = NULL;
    snprintf(f->problem, sizeof f->problem, "%s", problem ? problem : "");
}

static struct scan_options options(struct fixture *f)
{
    return (struct scan_options){
        .timeout = 50 * CLOCK_MS,
        .found = on_found,
        .tried = on_tried,
        .done = on_finished,
        .user = f,
    };
}

static void finds_who_answers(void **state)
{
    struct fixture *f = *state;
    make(f);
    f->fake->dead[1] = f->fake->dead[42] = f->fake->dead[247] = false;
    struct scan_options what = options(f);
    f->scan = scan_start(f->line, &what);
    assert_int_equal(f->found_count, 0);
    loop_advance(f->loop, 60 * CLOCK_S);
    assert_int_equal(f->done, 1);
    assert_string_equal(f->problem, "");
    assert_int_equal(f->tried, 247);
    const uint8_t wanted[] = {1, 42, 247};
    assert_int_equal(f->found_count, 3);
    assert_memory_equal(f->found, wanted, 3);
    /* nobody wanted the line but the scan */
    loop_advance(f->loop, 10 * CLOCK_S);
    assert_int_equal(line_state(f->line), LINE_STATE_CLOSED);
}

static void peer_of_coils(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[8] = {bytes[0], bytes[1] | 0x80, 1};
    (void)length;
    if (!fake->dead[bytes[0]] && bytes[1] == 1)
        fake_say(fake, fake->delay, answer, testing_add_crc(answer, 3));
}

static void asks_the_given_requests_in_turn(void **state)
{
    struct fixture *f = *state;
    make(f);
    f->fake->peer = peer_of_coils; /* silent to all but function 1, which it refuses: it is there */
    f->fake->dead[5] = false;
    const struct driver_request requests[] = {
        {.bytes = {3, 0, 0, 0, 1}, .length = 5},
        {.bytes = {1, 0, 0, 0, 1}, .length = 5},
    };
    struct scan_options what = options(f);
    what.first = 4;
    what.last = 6;
    what.requests = requests;
    what.request_count = 2;
    f->scan = scan_start(f->line, &what);
    loop_advance(f->loop, 10 * CLOCK_S);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->tried, 3);
    assert_int_equal(f->found_count, 1);
    assert_int_equal(f->found[0], 5);
    assert_int_equal(f->request_of[5], 1);
}

static void several_at_once_by_tcp(void **state)
{
    struct fixture *f = *state;
    f->settings.kind = LINE_MODBUS_TCP;
    f->settings.in_flight = 8;
    make(f);
    for (int i = 0; i < 256; i += 3)
        f->fake->dead[i] = false;
    struct scan_options what = options(f);
    clock_us begin = loop_now(f->loop);
    f->scan = scan_start(f->line, &what);
    while (!f->done && loop_now(f->loop) - begin < 60 * CLOCK_S)
        loop_advance(f->loop, 100 * CLOCK_MS);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->found_count, 82); /* 3, 6, .. 246 */
    assert_int_equal(f->tried, 247);
    /* 165 silent units x 2 requests x 50 ms / 8 */
    assert_true(loop_now(f->loop) - begin < 3 * CLOCK_S);
}

static bool plan_more(void *user, uint8_t unit, struct driver_request *request)
{
    struct fixture *f = user;
    if (f->asked_more++ % 3 == 2)
        return false;
    const uint8_t bytes[] = {4, 0, unit, 0, 1};
    memcpy(request->bytes, bytes, sizeof bytes);
    request->length = sizeof bytes;
    return true;
}

static void more_answer(void *user, uint8_t unit, const struct driver_request *request,
                        const struct driver_answer *answer)
{
    struct fixture *f = user;
    assert_int_equal(answer->result, DRIVER_ANSWERED);
    assert_int_equal(request->bytes[2], unit);
    assert_int_equal(answer->bytes[3], unit);
    f->answers++;
}

static void asks_more_of_who_is_there(void **state)
{
    struct fixture *f = *state;
    make(f);
    f->fake->dead[2] = f->fake->dead[3] = false;
    struct scan_options what = options(f);
    what.first = 1;
    what.last = 4;
    what.plan = plan_more;
    what.answer = more_answer;
    f->scan = scan_start(f->line, &what);
    loop_advance(f->loop, 10 * CLOCK_S);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->found_count, 2);
    assert_int_equal(f->answers, 4);
}

static void line_that_is_not_there(void **state)
{
    struct fixture *f = *state;
    make(f);
    f->fake->open_result = -ENOENT;
    struct scan_options what = options(f);
    f->scan = scan_start(f->line, &what);
    loop_advance(f->loop, CLOCK_S);
    assert_int_equal(f->done, 1);
    assert_string_equal(f->problem, "the script says no");
    assert_int_equal(line_state(f->line), LINE_STATE_CLOSED);
}

static void cancelled(void **state)
{
    struct fixture *f = *state;
    make(f);
    struct scan_options what = options(f);
    f->scan = scan_start(f->line, &what);
    loop_advance(f->loop, CLOCK_S);
    unsigned sends = f->fake->sends;
    f->scan = scan_cancel(f->scan);
    loop_advance(f->loop, 10 * CLOCK_S);
    assert_int_equal(f->done, 0);
    assert_int_equal(f->fake->sends, sends);
    assert_null(scan_cancel(NULL));
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(finds_who_answers),      TEST(asks_the_given_requests_in_turn),
        TEST(several_at_once_by_tcp), TEST(asks_more_of_who_is_there),
        TEST(line_that_is_not_there), TEST(cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
