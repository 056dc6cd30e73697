/* Lines with MBAP framing: transactions, a lost stream, several requests under way. */
#include "line_testing.h"

static void late_transaction_is_discarded(void **state)
{
    struct fixture *f = *state;
    f->fake->delay = 390 * CLOCK_MS;
    struct asked asked;
    submit(f, &asked, 7, 0, 2);
    loop_advance(f->loop, 620 * CLOCK_MS);
    assert_int_equal(asked.result, DRIVER_TIMED_OUT);
    f->fake->delay = 200 * CLOCK_MS;
    submit(f, &asked, 7, 50, 2);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&asked);
    assert_int_equal(counted(f, STATISTICS_LATE), 2);
}

static void peer_lies_tcp(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_tcp(bytes, length, answer);
    switch (fake->sends % 4) {
    case 0:
        answer[0] ^= 0x80; /* a transaction that was never ours */
        break;
    case 1:
        answer[6]++; /* unit */
        break;
    case 2:
        answer[7] = 4; /* function */
        break;
    default:
        answer[5] -= 2; /* fewer registers */
        answer[8] -= 2;
        size -= 2;
    }
    fake_say(fake, fake->delay, answer, size);
}

static void strange_answers_by_tcp(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_lies_tcp;
    for (int i = 0; i < 8; i++) {
        struct asked asked;
        submit(f, &asked, 6, 0, 2);
        loop_advance(f->loop, CLOCK_S);
        assert_int_equal(asked.result, DRIVER_TIMED_OUT);
    }
    assert_int_equal(counted(f, STATISTICS_MISMATCHES), 16);
    assert_int_equal(counted(f, STATISTICS_ANSWERS), 0);
}

static void peer_in_pieces(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_tcp(bytes, length, answer);
    for (size_t i = 0; i < size; i++)
        fake_say(fake, (clock_us)(i + 1) * CLOCK_MS, answer + i, 1);
}

static void byte_at_a_time(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_in_pieces;
    struct asked asked;
    submit(f, &asked, 6, 0, 10);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&asked);
}

static void peer_says_half_tcp(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_tcp(bytes, length, answer);
    fake_say(fake, fake->delay, answer, fake->sends == 2 ? size / 2 : size);
}

static void half_a_frame_by_tcp(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_says_half_tcp;
    struct asked asked;
    submit(f, &asked, 6, 0, 10);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&asked);
    submit(f, &asked, 6, 0, 20);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&asked);
    assert_int_equal(f->fake->opens, 2); /* the stream was lost, so it was opened anew */
}

static void garbage_by_tcp(void **state)
{
    struct fixture *f = *state;
    struct asked asked;
    submit(f, &asked, 6, 0, 1);
    loop_advance(f->loop, CLOCK_S);
    fake_say(f->fake, 0, (const uint8_t *)"SSH-2.0-OpenSSH_9.2\r\n", 21);
    loop_advance(f->loop, CLOCK_S);
    assert_int_equal(f->fake->opens, 2);
    submit(f, &asked, 6, 0, 1);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&asked);
}

/* Unit 5 answers with half a frame, unit 4 with none at all; the rest is right. */
static void peer_is_partly_mad(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_tcp(bytes, length, answer);
    if (bytes[6] == 4)
        fake_say(fake, fake->delay, (const uint8_t *)"HTTP/1.0 400 Bad Request\r\n", 26);
    else
        fake_say(fake, fake->delay, answer, bytes[6] == 5 ? size / 2 : size);
}

static void one_mad_unit_does_not_fail_the_line(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_is_partly_mad;
    for (int i = 0; i < 10; i++) {
        for (uint8_t mad = 4; mad <= 5; mad++) {
            struct asked asked, other;
            submit(f, &asked, mad, 0, 10);
            submit(f, &other, 6, 0, 10);
            loop_advance(f->loop, 2 * CLOCK_S);
            assert_int_equal(asked.result, DRIVER_TIMED_OUT);
            asked_check(&other);
            assert_int_equal(line_state(f->line), LINE_STATE_OPEN);
        }
    }
}

static void a_line_that_says_only_nonsense_fails(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_is_partly_mad;
    struct asked asked;
    for (int i = 0; i < 10 && line_state(f->line) != LINE_STATE_FAILING; i++) {
        submit(f, &asked, 4, 0, 10);
        loop_advance(f->loop, 100 * CLOCK_MS);
    }
    assert_int_equal(line_state(f->line), LINE_STATE_FAILING);
    assert_non_null(strstr(line_reason(f->line), "not Modbus"));
}

static void deaf_gateway_is_opened_anew(void **state)
{
    struct fixture *f = *state;
    struct asked asked;
    submit(f, &asked, 6, 0, 1);
    loop_advance(f->loop, CLOCK_S);
    memset(f->fake->dead, 1, sizeof f->fake->dead);
    unsigned opens = f->fake->opens;
    for (int i = 0; i < 10; i++) {
        submit(f, &asked, 6, 0, 1);
        loop_advance(f->loop, CLOCK_S);
    }
    assert_true(f->fake->opens > opens);
}

static void several_under_way(void **state)
{
    struct fixture *f = *state;
    line_free(f->line);
    f->settings.in_flight = 4;
    make_line(f);
    f->fake->delay = 100 * CLOCK_MS;
    struct asked asked[6];
    for (size_t i = 0; i < 6; i++) {
        asked_read(&asked[i], i < 4 ? (uint8_t)(i + 1) : 1, (uint8_t)i, 1);
        asked[i].request.client = (uint32_t)i;
        line_submit(f->line, &asked[i].request);
    }
    assert_int_equal(f->fake->sends, 4);
    loop_advance(f->loop, 110 * CLOCK_MS);
    /* unit 1 has one at a time */
    assert_int_equal(f->fake->sends, 5);
    loop_advance(f->loop, CLOCK_S);
    for (size_t i = 0; i < 6; i++)
        asked_check(&asked[i]);
}

static void sim_answers_at_once(void **state)
{
    struct fixture *f = *state;
    struct line_settings settings = testing_settings(LINE_SIM);
    struct line *line = line_new(f->loop, "demo", &settings, NULL);
    line_open(line);
    struct asked asked;
    asked_read(&asked, 1, 0, 1);
    line_submit(line, &asked.request);
    loop_advance(f->loop, 0);
    assert_int_equal(asked.result, DRIVER_ANSWERED);
    assert_int_equal(asked.length, 0);
    assert_string_equal(line_endpoint(line), "simulated");
    line_free(line);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup_tcp, teardown)
    const struct CMUnitTest tests[] = {
        TEST(late_transaction_is_discarded),
        TEST(strange_answers_by_tcp),
        TEST(byte_at_a_time),
        TEST(half_a_frame_by_tcp),
        TEST(garbage_by_tcp),
        TEST(one_mad_unit_does_not_fail_the_line),
        TEST(a_line_that_says_only_nonsense_fails),
        TEST(deaf_gateway_is_opened_anew),
        TEST(several_under_way),
        TEST(sim_answers_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
