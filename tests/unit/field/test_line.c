/* What a line does whatever its framing. */
#include "line_testing.h"

#include <errno.h>

static void answer_arrives(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(line_state(f->line), LINE_STATE_OPEN);
    assert_int_equal(f->changes, 1);
    struct asked asked;
    clock_us before = loop_now(f->loop);
    clock_us wall = loop_wall(f->loop);
    submit(f, &asked, 7, 10, 3);
    loop_advance(f->loop, 100 * CLOCK_MS);
    asked_check(&asked);
    assert_true(asked.mono >= before && asked.mono < before + 10 * CLOCK_MS);
    assert_int_equal(asked.wall - wall, asked.mono - before);
    assert_int_equal(counted(f, STATISTICS_POLLS), 1);
    assert_int_equal(counted(f, STATISTICS_ANSWERS), 1);
    const struct statistics *unit = line_unit_statistics(f->line, 7);
    assert_int_equal(unit->counts[STATISTICS_ANSWERS], 1);
    assert_in_range(unit->latency.most, 5 * CLOCK_MS, 6 * CLOCK_MS);
}

static void exception_is_an_answer(void **state)
{
    struct fixture *f = *state;
    struct asked asked;
    asked_read(&asked, 7, 0, 1);
    asked.pdu[0] = 1; /* the server has no coils */
    line_submit(f->line, &asked.request);
    loop_advance(f->loop, 100 * CLOCK_MS);
    assert_int_equal(asked.result, DRIVER_ANSWERED);
    assert_int_equal(asked.length, 2);
    assert_int_equal(asked.answer[0], 0x81);
    assert_int_equal(counted(f, STATISTICS_EXCEPTIONS), 1);
    assert_int_equal(line_statistics(f->line)->exceptions[1], 1);
    assert_string_equal(line_statistics(f->line)->last_error,
                        "exception 1 (illegal function) on bus-1, unit 7");
}

/* Exception 11, with the longest words of all. */
static void peer_says_nobody_home(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[16] = {bytes[0], bytes[1], 0, 0, 0, 3};
    bool rtu = length == 8;
    size_t at = rtu ? 0 : 6;
    answer[at] = bytes[at];
    answer[at + 1] = (uint8_t)(bytes[at + 1] | 0x80);
    answer[at + 2] = 11;
    fake_say(fake, fake->delay, answer, rtu ? testing_add_crc(answer, 3) : 9);
}

static void longest_error_is_told_to_its_end(void **state)
{
    struct fixture *f = *state;
    line_free(f->line);
    static const char name[] = "bus-of-sixty-three-letters-which-is-the-most-that-a-name-may-be";
    assert_int_equal(strlen(name), 63);
    f->fake = fake_new(f->loop);
    f->fake->peer = peer_says_nobody_home;
    f->line = line_new(f->loop, name, &f->settings, &f->fake->transport);
    line_open(f->line);
    loop_advance(f->loop, 50 * CLOCK_MS);
    struct asked asked;
    submit(f, &asked, 247, 0, 1);
    loop_advance(f->loop, 100 * CLOCK_MS);
    assert_string_equal(
        line_statistics(f->line)->last_error,
        "exception 11 (device behind the gateway is silent) on "
        "bus-of-sixty-three-letters-which-is-the-most-that-a-name-may-be, unit 247");
}

static void silence_is_repeated_then_told(void **state)
{
    struct fixture *f = *state;
    f->fake->dead[7] = true;
    struct asked asked;
    submit(f, &asked, 7, 0, 2);
    loop_advance(f->loop, 550 * CLOCK_MS);
    assert_int_equal(asked.done, 0);
    assert_int_equal(f->fake->sends, 2);
    loop_advance(f->loop, 200 * CLOCK_MS);
    assert_int_equal(asked.done, 1);
    assert_int_equal(asked.result, DRIVER_TIMED_OUT);
    assert_int_equal(counted(f, STATISTICS_TIMEOUTS), 2);
    assert_int_equal(counted(f, STATISTICS_RETRIES), 1);
    assert_string_equal(line_statistics(f->line)->last_error, "time-out on bus-1, unit 7");
}

static void writes_are_never_repeated(void **state)
{
    struct fixture *f = *state;
    f->fake->dead[7] = true;
    struct asked asked;
    asked_read(&asked, 7, 0, 1);
    asked.pdu[0] = 6;
    asked.request.write = true;
    line_submit(f->line, &asked.request);
    loop_advance(f->loop, 2 * CLOCK_S);
    assert_int_equal(asked.result, DRIVER_TIMED_OUT);
    assert_int_equal(f->fake->sends, 1);
}

static void cancelled_requests_stay_unsent(void **state)
{
    struct fixture *f = *state;
    struct asked first, second, third;
    submit(f, &first, 1, 0, 1);
    submit(f, &second, 2, 0, 1);
    submit(f, &third, 3, 0, 1);
    line_cancel(&second.request);
    line_cancel(&second.request);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&first);
    asked_check(&third);
    assert_int_equal(second.done, 0);
    assert_int_equal(f->fake->sends, 2);
}

static void cancelled_after_sending(void **state)
{
    struct fixture *f = *state;
    struct asked first, second;
    submit(f, &first, 1, 0, 1);
    loop_advance(f->loop, 2 * CLOCK_MS);
    assert_int_equal(f->fake->sends, 1);
    line_cancel(&first.request);
    memset(&first, 0xEE, sizeof first); /* its memory may go */
    submit(f, &second, 1, 0, 2);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&second);
}

static void urgent_requests_go_first(void **state)
{
    struct fixture *f = *state;
    struct asked asked[4];
    for (size_t i = 0; i < 4; i++) {
        asked_read(&asked[i], (uint8_t)(i + 1), 0, 1);
        asked[i].order = &f->order;
    }
    asked[1].request.urgency = LINE_GATEWAY;
    asked[2].request.urgency = LINE_POLL;
    asked[3].request.urgency = LINE_CONTROL;
    for (size_t i = 0; i < 4; i++)
        line_submit(f->line, &asked[i].request);
    loop_advance(f->loop, CLOCK_S);
    /* the first was on its way already (or at least the queue was empty when it came) */
    assert_true(asked[3].place < asked[2].place && asked[2].place < asked[1].place);
}

static void pause_and_write_gap(void **state)
{
    struct fixture *f = *state;
    struct asked write, read, other;
    asked_read(&write, 7, 1, 5);
    write.pdu[0] = 6;
    write.request.write = true;
    write.request.write_gap = 200 * CLOCK_MS;
    write.loop = f->loop;
    line_submit(f->line, &write.request);
    submit(f, &read, 7, 0, 1);
    asked_read(&other, 8, 0, 1);
    other.request.client = 2; /* one client's requests keep their order */
    line_submit(f->line, &other.request);
    loop_advance(f->loop, 100 * CLOCK_MS);
    asked_check(&other);
    assert_int_equal(write.done, 1);
    assert_int_equal(read.done, 0);
    loop_advance(f->loop, 150 * CLOCK_MS);
    asked_check(&read);
    assert_true(read.mono >= write.done_at + 200 * CLOCK_MS);
    /* a pause of the unit */
    struct asked again;
    asked_read(&again, 7, 0, 1);
    again.request.pause = 400 * CLOCK_MS;
    line_submit(f->line, &again.request);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&again);
    assert_true(again.mono >= read.done_at + 400 * CLOCK_MS);
}

static void line_that_cannot_be_opened(void **state)
{
    struct fixture *f = *state;
    line_close(f->line);
    f->fake->open_result = -ENOENT;
    f->fake->opens = 0;
    line_open(f->line);
    struct asked asked;
    submit(f, &asked, 1, 0, 1);
    loop_advance(f->loop, CLOCK_MS);
    assert_int_equal(line_state(f->line), LINE_STATE_FAILING);
    assert_string_equal(line_state_name(line_state(f->line)), "failing");
    assert_non_null(strstr(line_reason(f->line), "the script says no"));
    assert_int_equal(asked.result, DRIVER_LINE_DOWN);
    /* what comes later ends too, and not from inside the call */
    submit(f, &asked, 1, 0, 1);
    assert_int_equal(asked.done, 0);
    loop_advance(f->loop, 0);
    assert_int_equal(asked.result, DRIVER_LINE_DOWN);
    /* fast at first, and never rarer than every 10 s */
    loop_advance(f->loop, CLOCK_S);
    assert_in_range(f->fake->opens, 3, 4);
    loop_advance(f->loop, 60 * CLOCK_S);
    f->fake->opens = 0;
    loop_advance(f->loop, 10 * CLOCK_S);
    assert_in_range(f->fake->opens, 1, 3);
    f->fake->open_result = 0;
    loop_advance(f->loop, 10 * CLOCK_S);
    assert_int_equal(line_state(f->line), LINE_STATE_OPEN);
    submit(f, &asked, 1, 0, 1);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&asked);
}

static void break_in_an_answer(void **state)
{
    struct fixture *f = *state;
    struct asked first, second;
    submit(f, &first, 1, 0, 1);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&first);
    /* a connection that has worked breaks under a request: reopened at once, asked again */
    unsigned opens = f->fake->opens;
    submit(f, &second, 1, 0, 1);
    fake_hang_up(f->fake, 2 * CLOCK_MS);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&second);
    assert_int_equal(f->fake->opens, opens + 1);
    assert_int_equal(counted(f, STATISTICS_RECONNECTS), 1);
}

static void hang_up_without_ever_answering(void **state)
{
    struct fixture *f = *state;
    struct asked asked;
    f->fake->dead[1] = true;
    submit(f, &asked, 1, 0, 1);
    fake_hang_up(f->fake, 2 * CLOCK_MS);
    loop_advance(f->loop, 10 * CLOCK_MS);
    assert_int_equal(asked.result, DRIVER_LINE_DOWN);
    assert_int_equal(line_state(f->line), LINE_STATE_FAILING);
}

static void write_under_a_break_is_unknown(void **state)
{
    struct fixture *f = *state;
    struct asked asked;
    asked_read(&asked, 7, 0, 1);
    asked.pdu[0] = 6;
    asked.request.write = true;
    line_submit(f->line, &asked.request);
    loop_advance(f->loop, CLOCK_MS);
    fake_hang_up(f->fake, CLOCK_MS);
    loop_advance(f->loop, 2 * CLOCK_MS);
    assert_int_equal(asked.result, DRIVER_TIMED_OUT); /* sent: not "never sent" */
    assert_int_equal(f->fake->sends, 1);
}

static void sending_fails(void **state)
{
    struct fixture *f = *state;
    struct asked asked;
    f->fake->send_result = -EPIPE;
    submit(f, &asked, 1, 0, 1);
    assert_int_equal(asked.done, 0);
    loop_advance(f->loop, CLOCK_S);
    assert_int_equal(asked.result, DRIVER_LINE_DOWN);
    f->fake->send_result = 0;
    loop_advance(f->loop, 10 * CLOCK_S);
    submit(f, &asked, 1, 0, 1);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&asked);
}

static void closes_when_only_borrowed(void **state)
{
    struct fixture *f = *state;
    line_close(f->line);
    struct asked asked;
    submit(f, &asked, 1, 0, 1);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&asked);
    assert_int_equal(line_state(f->line), LINE_STATE_OPEN);
    loop_advance(f->loop, 5 * CLOCK_S);
    assert_int_equal(line_state(f->line), LINE_STATE_CLOSED);
}

int main(void)
{
#define BOTH(test)                                                                                 \
    cmocka_unit_test_setup_teardown(test, setup_rtu, teardown),                                    \
        cmocka_unit_test_setup_teardown(test, setup_tcp, teardown)
    const struct CMUnitTest tests[] = {
        BOTH(answer_arrives),
        BOTH(exception_is_an_answer),
        BOTH(longest_error_is_told_to_its_end),
        BOTH(silence_is_repeated_then_told),
        BOTH(writes_are_never_repeated),
        BOTH(cancelled_requests_stay_unsent),
        BOTH(cancelled_after_sending),
        BOTH(urgent_requests_go_first),
        BOTH(pause_and_write_gap),
        BOTH(line_that_cannot_be_opened),
        BOTH(break_in_an_answer),
        BOTH(hang_up_without_ever_answering),
        BOTH(write_under_a_break_is_unknown),
        BOTH(sending_fails),
        BOTH(closes_when_only_borrowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
