/* Units that fall behind: answers later than any wait, twice, refused, or lost between. Whatever
 * they do, no answer is taken for that to another question, and they are served again. */
#include "line_testing.h"

#define WINDOW (300 * CLOCK_MS) /* the line's time-out; transfer and silences come on top */

/* A unit that answers in order, but not while it stalls. */
static struct lagging {
    clock_us until;     /* stalls until then; what it was asked it says afterwards */
    unsigned backlog;   /* so many questions; what exceeds it is lost */
    unsigned copies;    /* of answers that waited */
    bool refuses_late;  /* what waited is refused: busy */
    bool refuses_short; /* reads of one or two registers, with exception 2 */
    bool mute_short;    /* or not answered at all, nor is any function but 3 */
    unsigned loses;     /* one of so many questions; 0: none */
    uint64_t seed;
    unsigned waiting, asked;
    clock_us free_at;
} unit;

static size_t make_answer(const uint8_t *bytes, size_t length, bool late, uint8_t *answer)
{
    bool is_short = length == 8 && bytes[5] <= 2 && bytes[1] <= 4;
    if ((late && unit.refuses_late) || (unit.refuses_short && is_short)) {
        answer[0] = bytes[0];
        answer[1] = bytes[1] | 0x80;
        answer[2] = late && unit.refuses_late ? 6 : 2;
        return testing_add_crc(answer, 3);
    }
    return testing_answer_rtu(bytes, length, answer);
}

static void lagging_peer(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    clock_us now = loop_now(fake->loop);
    bool late = now < unit.until;
    unit.asked++;
    if (unit.mute_short && (bytes[1] != 3 || bytes[5] <= 2))
        return;
    if (unit.loses && test_random(&unit.seed) % unit.loses == 0)
        return;
    if (late && unit.waiting++ >= unit.backlog)
        return;
    size_t size = make_answer(bytes, length, late, answer);
    clock_us at = late ? unit.until : now;
    /* A copy of what came in time nobody could tell from the answer to the next question. */
    bool given_up = unit.until - now > WINDOW + 50 * CLOCK_MS;
    for (unsigned i = 0; i < (given_up ? unit.copies : 1); i++) {
        at = at > unit.free_at ? at : unit.free_at;
        unit.free_at = at + 40 * CLOCK_MS;
        fake_say(fake, at - now + 5 * CLOCK_MS, answer, size);
    }
}

/* Four users who ask on and on, each for other registers of unit 7, all answers of one length. */
enum { USERS = 4 };

struct users {
    struct fixture *f;
    struct asked asked[USERS];
    uint64_t seed;
    unsigned right, silent, refused;
    bool mixed; /* lengths, functions and units */
};

static void ask(struct users *users, size_t i)
{
    uint64_t dice = test_random(&users->seed);
    uint8_t count = users->mixed ? (uint8_t)(1 + dice % 4) : 4;
    asked_read(&users->asked[i], users->mixed && dice & 0x100 ? 8 : 7, (uint8_t)(dice >> 16),
               count);
    users->asked[i].pdu[0] = users->mixed && dice & 0x200 ? 4 : 3;
    users->asked[i].request.client = (uint32_t)i;
    line_submit(users->f->line, &users->asked[i].request);
}

static void check(struct users *users, const struct asked *asked)
{
    if (asked->result != DRIVER_ANSWERED) {
        users->silent++;
    } else if (asked->answer[0] & 0x80) {
        assert_true(asked->pdu[4] <= 2); /* only short reads are, and no longer one hears of it */
        users->refused++;
    } else {
        assert_int_equal(asked->answer[0], asked->pdu[0]);
        asked_check(asked);
        users->right++;
    }
}

static void use(struct users *users, clock_us time)
{
    clock_us end = loop_now(users->f->loop) + time;
    while (loop_now(users->f->loop) < end) {
        for (size_t i = 0; i < USERS; i++) {
            if (users->asked[i].done)
                check(users, &users->asked[i]);
            if (users->asked[i].done || !users->asked[i].request.user)
                ask(users, i);
        }
        loop_advance(users->f->loop, 20 * CLOCK_MS);
    }
}

static void finish(struct users *users)
{
    for (size_t i = 0; i < USERS; i++)
        line_cancel(&users->asked[i].request);
}

static const unsigned lags[] = {1, 2, 3, 10, 100}; /* windows */

/* After each lag everybody is served again within `soon`. */
static void lag_and_recover(struct fixture *f, clock_us soon)
{
    static struct users users;
    users = (struct users){.f = f, .seed = 1};
    f->fake->peer = lagging_peer;
    use(&users, CLOCK_S);
    for (size_t i = 0; i < TEST_COUNT(lags); i++) {
        for (unsigned half = 0; half < 6; half++) {
            unit.waiting = 0;
            unit.until = loop_now(f->loop) + lags[i] * WINDOW + half * 50 * CLOCK_MS;
            use(&users, unit.until - loop_now(f->loop) + soon);
            unsigned right = users.right;
            use(&users, CLOCK_S);
            assert_true(users.right > right + 3);
        }
    }
    if (!unit.refuses_late)
        assert_int_equal(users.refused, 0);
    assert_true(users.silent > 0);
    finish(&users);
}

static void however_late(void **state)
{
    unit = (struct lagging){.backlog = 60, .copies = 1};
    lag_and_recover(*state, 20 * CLOCK_S);
}

static void only_the_first_is_answered(void **state)
{
    unit = (struct lagging){.backlog = 1, .copies = 1};
    lag_and_recover(*state, 3 * CLOCK_S);
}

static void twice(void **state)
{
    unit = (struct lagging){.backlog = 3, .copies = 2};
    lag_and_recover(*state, 5 * CLOCK_S);
}

static void short_reads_are_refused(void **state)
{
    unit = (struct lagging){.backlog = 3, .copies = 1, .refuses_short = true};
    lag_and_recover(*state, 5 * CLOCK_S);
}

static void probes_are_not_answered(void **state)
{
    unit = (struct lagging){.backlog = 3, .copies = 1, .mute_short = true};
    lag_and_recover(*state, 30 * CLOCK_S);
}

/* The refusal of the first question is not that of the second. */
static void refused_late(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = lagging_peer;
    for (size_t i = 0; i < TEST_COUNT(lags); i++) {
        for (unsigned half = 0; half < 6; half++) {
            clock_us now = loop_now(f->loop);
            unit = (struct lagging){.backlog = 1, .copies = 1, .refuses_late = true};
            unit.until = now + lags[i] * WINDOW + half * 50 * CLOCK_MS;
            struct asked asked;
            asked_read(&asked, 7, 0, 4);
            asked.request.retries = 0;
            line_submit(f->line, &asked.request);
            loop_advance(f->loop, 2 * WINDOW); /* refused in time, or given up */
            assert_int_equal(asked.done, 1);
            while (loop_now(f->loop) < unit.until + 3 * CLOCK_S) {
                submit(f, &asked, 7, 20, half % 2 ? 4 : 6);
                for (int waits = 0; waits < 200 && !asked.done; waits++)
                    loop_advance(f->loop, 20 * CLOCK_MS);
                if (asked.result == DRIVER_ANSWERED)
                    asked_check(&asked);
            }
            assert_int_equal(asked.result, DRIVER_ANSWERED);
        }
    }
}

static void any_mixture(void **state)
{
    struct fixture *f = *state;
    static struct users users;
    users = (struct users){.f = f, .seed = test_seed(), .mixed = true};
    f->fake->peer = lagging_peer;
    unit = (struct lagging){.backlog = 0};
    for (int round = 0; round < 300; round++) {
        uint64_t dice = test_random(&users.seed);
        unit = (struct lagging){
            .backlog = (unsigned)(dice & 7),
            .copies = 1 + (unsigned)(dice >> 3 & 1),
            .loses = dice >> 4 & 1 ? 3 : 0,
            .refuses_short = dice >> 5 & 1,
            .seed = dice,
            .until = loop_now(f->loop) + (clock_us)(dice >> 8 & 0xFFF) * CLOCK_MS,
            .free_at = unit.free_at,
        };
        use(&users, 6 * CLOCK_S);
    }
    assert_true(users.right > 1000);
    print_message("# %u right, %u silent, %u refused\n", users.right, users.silent, users.refused);
    finish(&users);
}

/* A unit that is gone costs as many questions as before, whoever asks for what. */
static void a_dead_unit_is_not_asked_more(void **state)
{
    struct fixture *f = *state;
    f->fake->dead[7] = true;
    for (uint8_t i = 0; i < 50; i++) {
        struct asked asked;
        submit(f, &asked, 7, i, 2);
        loop_advance(f->loop, 3 * CLOCK_S);
        assert_int_equal(asked.result, DRIVER_TIMED_OUT);
        assert_int_equal(f->fake->sends, (i + 1) * 2);
    }
    assert_int_equal(counted(f, STATISTICS_POLLS), 100);
    assert_int_equal(counted(f, STATISTICS_TIMEOUTS), 100);
    f->fake->dead[7] = false;
    struct asked asked;
    submit(f, &asked, 7, 99, 2);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&asked);
    /* Two probes: one settles what is older than the first, one what came after it. */
    assert_int_equal(f->fake->sends, 103);
}

/* One time-out costs one question more, once. */
static void a_probe_is_sent_once(void **state)
{
    struct fixture *f = *state;
    struct asked asked;
    f->fake->dead[7] = true;
    asked_read(&asked, 7, 0, 2);
    asked.request.retries = 0;
    line_submit(f->line, &asked.request);
    loop_advance(f->loop, CLOCK_S);
    f->fake->dead[7] = false;
    for (uint8_t i = 1; i < 10; i++) {
        submit(f, &asked, 7, i, 2);
        loop_advance(f->loop, CLOCK_S);
        asked_check(&asked);
        assert_int_equal(f->fake->sends, 2 + i);
    }
    assert_int_equal(counted(f, STATISTICS_RETRIES), 0);
    assert_int_equal(counted(f, STATISTICS_EXCEPTIONS), 0);
}

/* Two writes of registers are confirmed alike; the late confirmation of the one is not the
 * other's. */
static void peer_confirms(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    if (bytes[1] != 16) {
        lagging_peer(fake, bytes, length);
        return;
    }
    memcpy(answer, bytes, 6);
    if (fake->sends == 1) /* the first is confirmed late, all others are lost */
        fake_say(fake, 10 * WINDOW, answer, testing_add_crc(answer, 6));
}

static void write_of_two(struct fixture *f, struct asked *asked, uint8_t value)
{
    asked_read(asked, 7, 5, 1);
    memcpy(asked->pdu, (uint8_t[]){16, 0, 5, 0, 1, 2, 0, value}, 8);
    asked->request.length = 8;
    asked->request.write = true;
    line_submit(f->line, &asked->request);
}

static void a_late_confirmation(void **state)
{
    struct fixture *f = *state;
    struct asked first, second;
    unit = (struct lagging){.backlog = 9, .copies = 1};
    unit.until = loop_now(f->loop) + 10 * WINDOW;
    f->fake->peer = peer_confirms;
    write_of_two(f, &first, 1);
    loop_advance(f->loop, 9 * WINDOW + WINDOW / 2);
    assert_int_equal(first.result, DRIVER_TIMED_OUT);
    write_of_two(f, &second, 2);
    loop_advance(f->loop, 5 * CLOCK_S);
    assert_int_equal(second.done, 1);
    assert_int_equal(second.result, DRIVER_TIMED_OUT); /* not: confirmed */
    assert_int_equal(unit.asked, 1);
    assert_int_equal(f->fake->sends, 3);
}

/* What was under way when the line broke, or was replaced by one with other settings, may be
 * answered on the next. */
static void check_probe_first(struct fixture *f)
{
    struct asked asked;
    submit(f, &asked, 7, 20, 4);
    for (int waits = 0; waits < 100 && !f->fake->sends; waits++)
        loop_advance(f->loop, 5 * CLOCK_MS);
    assert_int_equal(f->fake->sent[5], 1); /* registers: the probe */
    loop_advance(f->loop, CLOCK_S);
    asked_check(&asked);
    assert_int_equal(f->fake->sends, 2);
}

static void begin_in_vain(struct fixture *f, struct asked *asked)
{
    f->fake->dead[7] = true;
    submit(f, asked, 7, 0, 4);
    loop_advance(f->loop, 10 * CLOCK_MS);
    assert_int_equal(f->fake->sends, 1);
}

static void a_line_that_broke(void **state)
{
    struct fixture *f = *state;
    struct asked asked;
    begin_in_vain(f, &asked);
    line_cancel(&asked.request);
    fake_hang_up(f->fake, 0);
    loop_advance(f->loop, 2 * CLOCK_S);
    assert_int_equal(f->fake->opens, 2);
    f->fake->dead[7] = false;
    f->fake->sends = 0;
    check_probe_first(f);
}

static void a_line_that_was_replaced(void **state)
{
    struct fixture *f = *state;
    struct asked asked;
    begin_in_vain(f, &asked);
    struct line *old = f->line;
    make_line(f);
    line_adopt_statistics(f->line, old);
    line_free(old);
    assert_int_equal(asked.done, 1);
    check_probe_first(f);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup_rtu, teardown)
    const struct CMUnitTest tests[] = {
        TEST(however_late),
        TEST(only_the_first_is_answered),
        TEST(twice),
        TEST(short_reads_are_refused),
        TEST(probes_are_not_answered),
        TEST(refused_late),
        TEST(any_mixture),
        TEST(a_dead_unit_is_not_asked_more),
        TEST(a_probe_is_sent_once),
        TEST(a_late_confirmation),
        TEST(a_line_that_broke),
        TEST(a_line_that_was_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
