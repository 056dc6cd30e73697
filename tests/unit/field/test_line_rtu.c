/* Lines with RTU framing: silences, late answers, echo, damage and noise. */
#include "line_testing.h"

static void gap_before_sending(void **state)
{
    struct fixture *f = *state;
    struct asked first, second;
    submit(f, &first, 1, 0, 1);
    submit(f, &second, 2, 0, 1);
    loop_advance(f->loop, 5 * CLOCK_MS);
    asked_check(&first);
    assert_int_equal(f->fake->sends, 1);
    loop_advance(f->loop, 100 * CLOCK_MS);
    asked_check(&second);
    /* 3.5 characters of 10 bits at 9600 baud are 3646 us */
    assert_int_equal(f->fake->sent_at - first.done_at, 3646);
    assert_int_equal(f->fake->drains, 2);
}

static void late_answer_is_never_data(void **state)
{
    struct fixture *f = *state;
    /* The slave needs 1.3 times the time-out. Many reads of the same length, so that only the
     * right one fits by content. */
    f->fake->delay = 390 * CLOCK_MS;
    struct asked asked[20];
    for (size_t i = 0; i < 20; i++) {
        asked_read(&asked[i], 7, (uint8_t)(i * 10), 2);
        asked[i].request.client = (uint32_t)i;
        line_submit(f->line, &asked[i].request);
    }
    loop_advance(f->loop, 60 * CLOCK_S);
    unsigned answered = 0;
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(asked[i].done, 1);
        if (asked[i].result == DRIVER_ANSWERED) {
            asked_check(&asked[i]);
            answered++;
        }
    }
    assert_true(answered >= 10);
    assert_true(counted(f, STATISTICS_LATE) >= 10);
}

static uint64_t delay_seed;

static void peer_of_any_speed(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    clock_us delay = (clock_us)(test_random(&delay_seed) % 400000);
    fake_say(fake, delay, answer, testing_answer_rtu(bytes, length, answer));
}

/* Answers come after 0 to 1.3 times the time-out, in any mixture, for reads that look alike. */
static void any_delay_brings_no_false_data(void **state)
{
    struct fixture *f = *state;
    delay_seed = test_seed();
    f->fake->peer = peer_of_any_speed;
    enum { CLIENTS = 6 };
    struct asked asked[CLIENTS];
    unsigned good = 0;
    for (int round = 0; round < 500; round++) {
        for (size_t i = 0; i < CLIENTS; i++) {
            asked_read(&asked[i], (uint8_t)(1 + i % 2), (uint8_t)test_random(&delay_seed), 2);
            asked[i].request.client = (uint32_t)i;
            line_submit(f->line, &asked[i].request);
        }
        loop_advance(f->loop, 20 * CLOCK_S);
        for (size_t i = 0; i < CLIENTS; i++) {
            assert_int_equal(asked[i].done, 1);
            if (asked[i].result != DRIVER_ANSWERED)
                continue;
            asked_check(&asked[i]);
            good++;
        }
    }
    assert_true(good > 500 * CLIENTS / 2);
    assert_true(counted(f, STATISTICS_LATE) > 100);
}

static void late_answer_of_another_unit(void **state)
{
    struct fixture *f = *state;
    struct asked slow, fast;
    f->fake->delay = 350 * CLOCK_MS;
    asked_read(&slow, 7, 0, 2);
    slow.request.retries = 0;
    line_submit(f->line, &slow.request);
    loop_advance(f->loop, 340 * CLOCK_MS);
    assert_int_equal(slow.result, DRIVER_TIMED_OUT);
    f->fake->delay = 100 * CLOCK_MS;
    submit(f, &fast, 8, 0, 2);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&fast);
    assert_int_equal(counted(f, STATISTICS_LATE), 1);
    assert_int_equal(line_unit_statistics(f->line, 7)->counts[STATISTICS_LATE], 1);
    assert_int_equal(line_unit_statistics(f->line, 8)->counts[STATISTICS_MISMATCHES], 0);
}

static void peer_breaks_crc(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_rtu(bytes, length, answer);
    if (fake->sends == 1)
        answer[4] ^= 1;
    fake_say(fake, fake->delay, answer, size);
}

static void damaged_answer_is_asked_again(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_breaks_crc;
    struct asked asked;
    submit(f, &asked, 7, 0, 2);
    loop_advance(f->loop, 60 * CLOCK_MS);
    asked_check(&asked); /* at once, without waiting for the time-out */
    assert_int_equal(counted(f, STATISTICS_CRC_ERRORS), 1);
    assert_int_equal(counted(f, STATISTICS_TIMEOUTS), 0);
}

static void peer_echoes(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[600];
    memcpy(answer, bytes, length);
    size_t size = testing_answer_rtu(bytes, length, answer + length);
    fake_say(fake, CLOCK_MS, answer, length);
    fake_say(fake, fake->delay, answer + length, size);
}

static void echo_is_ignored(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_echoes;
    struct asked asked;
    submit(f, &asked, 7, 0, 2);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&asked);
    /* now the line is known to echo: a write's echo is not taken for its confirmation */
    asked_read(&asked, 7, 1, 2);
    asked.pdu[0] = 6;
    asked.loop = f->loop;
    asked.request.write = true;
    line_submit(f->line, &asked.request);
    loop_advance(f->loop, CLOCK_S);
    assert_int_equal(asked.result, DRIVER_ANSWERED);
    assert_true(asked.done_at - f->fake->sent_at >= f->fake->delay);
}

static void peer_lies(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_rtu(bytes, length, answer);
    answer[0] ^= 1;
    testing_add_crc(answer, size - 2);
    fake_say(fake, fake->delay, answer, size);
    answer[0] ^= 1;
    answer[1] = 4;
    testing_add_crc(answer, size - 2);
    fake_say(fake, 2 * fake->delay, answer, size);
}

static void strange_answers_are_no_answers(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_lies;
    struct asked asked;
    submit(f, &asked, 6, 0, 2);
    loop_advance(f->loop, 2 * CLOCK_S);
    assert_int_equal(asked.result, DRIVER_TIMED_OUT);
    assert_int_equal(counted(f, STATISTICS_MISMATCHES), 4);
}

static void peer_says_half(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_rtu(bytes, length, answer);
    fake_say(fake, fake->delay, answer, fake->sends == 1 ? size / 2 : size);
}

static void half_a_frame_then_silence(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_says_half;
    struct asked asked;
    submit(f, &asked, 7, 0, 5);
    loop_advance(f->loop, 400 * CLOCK_MS);
    asked_check(&asked);
    assert_int_equal(counted(f, STATISTICS_TIMEOUTS), 1);
}

static void bus_that_never_falls_silent(void **state)
{
    struct fixture *f = *state;
    f->fake->dead[7] = true;
    struct asked asked;
    submit(f, &asked, 7, 0, 5);
    uint8_t noise[64];
    memset(noise, 0x55, sizeof noise);
    for (int i = 0; i < 3000 && !asked.done; i++) {
        fake_say(f->fake, 0, noise, sizeof noise);
        loop_advance(f->loop, CLOCK_MS);
    }
    assert_int_equal(asked.result, DRIVER_TIMED_OUT); /* and not: waits for ever */
    f->fake->dead[7] = false;
    loop_advance(f->loop, CLOCK_S);
    submit(f, &asked, 7, 0, 5);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&asked);
}

/* Noise on the bus: flips bytes of answers and requests. Nothing false comes through, and each
 * request ends in time. */
static uint64_t noise_seed;
static unsigned noise_share; /* of 10000 bytes */

static void peer_in_noise(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_rtu(bytes, length, answer);
    for (size_t i = 0; i < length; i++) {
        if (test_random(&noise_seed) % 10000 < noise_share)
            return; /* the request was damaged: the slave keeps silent */
    }
    uint8_t damaged[300];
    memcpy(damaged, answer, size);
    for (size_t i = 0; i < size; i++) {
        if (test_random(&noise_seed) % 10000 < noise_share)
            damaged[i] ^= (uint8_t)(1 + test_random(&noise_seed) % 255);
    }
    /* One in 65536 passes the CRC, which nobody behind it can help: not these. */
    fake_say(fake, fake->delay, testing_crc(damaged, size) ? damaged : answer, size);
}

static void noise_on_the_bus(void **state)
{
    struct fixture *f = *state;
    noise_seed = test_seed();
    f->fake->peer = peer_in_noise;
    const unsigned shares[] = {1, 10, 100, 1000};
    for (size_t s = 0; s < TEST_COUNT(shares); s++) {
        noise_share = shares[s];
        unsigned good = 0;
        for (int i = 0; i < 2000; i++) {
            struct asked asked;
            submit(f, &asked, (uint8_t)(1 + i % 10), (uint8_t)(i * 7), 4);
            for (int waits = 0; !asked.done && waits < 40; waits++)
                loop_advance(f->loop, 50 * CLOCK_MS);
            assert_int_equal(asked.done, 1);
            if (asked.result == DRIVER_ANSWERED) {
                asked_check(&asked);
                good++;
            }
        }
        if (noise_share <= 10)
            assert_true(good >= 1990);
    }
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup_rtu, teardown)
    const struct CMUnitTest tests[] = {
        TEST(gap_before_sending),
        TEST(late_answer_is_never_data),
        TEST(any_delay_brings_no_false_data),
        TEST(late_answer_of_another_unit),
        TEST(damaged_answer_is_asked_again),
        TEST(echo_is_ignored),
        TEST(strange_answers_are_no_answers),
        TEST(half_a_frame_then_silence),
        TEST(bus_that_never_falls_silent),
        TEST(noise_on_the_bus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
