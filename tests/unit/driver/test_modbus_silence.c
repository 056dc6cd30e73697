/* Registers about which a unit keeps silent, instead of refusing them: what is asked, what is
 * learnt, what it costs. The test plays the poller (field/poller.c): one time-out ends a round,
 * unless the driver says that it goes on. */
#include "driver_testing.h"

#define TIMEOUT (300 * CLOCK_MS)

struct rig {
    struct bench bench;
    bool mute[65536]; /* a read that touches one of these gets no answer */
    bool dead;
    unsigned failures; /* rounds in a row that the poller counts against the unit */
    bool online;
    /* of the last round */
    unsigned asked, timeouts;
};

static struct rig *make(const char *body)
{
    struct rig *rig = mem_new(sizeof *rig);
    bench_open_text(&rig->bench, body);
    know_all(&rig->bench, PROFILE_HOLDING, 0, 400);
    for (unsigned i = 0; i < 400; i += 2) /* high words: plausible as 32 bits */
        unit_set(rig->bench.unit, PROFILE_HOLDING, i, 0);
    return rig;
}

static void drop(struct rig *rig)
{
    bench_deinit(&rig->bench);
    free(rig);
}

static bool is_answered(const struct rig *rig, const struct driver_request *request)
{
    struct modbus_pdu_request asked;
    assert_int_equal(modbus_pdu_request_parse(request->bytes, request->length, &asked), 0);
    for (unsigned i = 0; i < asked.count; i++) {
        if (rig->mute[asked.address + i])
            return false;
    }
    return !rig->dead;
}

/* What poller.c does with a time-out that the driver did not put aside. */
static void fail_round(struct rig *rig)
{
    if (rig->online && ++rig->failures < 3)
        return;
    rig->online = false;
}

static void play(struct rig *rig)
{
    struct bench *bench = &rig->bench;
    struct driver_request request;
    uint8_t bytes[DRIVER_ANSWER_MAX];
    rig->asked = rig->timeouts = 0;
    if (!rig->online)
        bench_identify(bench);
    bench->driver->round(bench->state, bench->round);
    while (bench->driver->plan(bench->state, &request)) {
        assert_true(++rig->asked < 500);
        if (is_answered(rig, &request)) {
            struct driver_answer answer = bench_ask(bench, &request, bytes);
            rig->failures = 0;
            rig->online = true;
            loop_advance(bench->loop, 10 * CLOCK_MS);
            assert_int_equal(bench->driver->decode(bench->state, &request, &answer), 0);
            continue;
        }
        struct driver_answer answer = {.result = DRIVER_TIMED_OUT,
                                       .mono = clock_mono(&bench->clock),
                                       .wall = clock_wall(&bench->clock)};
        rig->timeouts++;
        loop_advance(bench->loop, TIMEOUT);
        if (!bench->driver->unanswered(bench->state, &answer, TIMEOUT)) {
            fail_round(rig);
            break;
        }
    }
    bench->round++;
    loop_advance(bench->loop, CLOCK_S);
}

/* Plays rounds, none of which may cost more than one time-out; the time-outs of all. */
static unsigned play_rounds(struct rig *rig, unsigned rounds)
{
    unsigned timeouts = 0;
    for (unsigned i = 0; i < rounds; i++) {
        play(rig);
        assert_true(rig->timeouts <= 1);
        timeouts += rig->timeouts;
    }
    return timeouts;
}

/* Three reads of 4, 8 and 4 registers. */
static const char three_reads[] = "limits: {gap: 4}\npoints:\n"
                                  "  circuit-1/current: {holding: 0, type: uint32}\n"
                                  "  circuit-2/current: {holding: 2, type: uint32}\n"
                                  "  circuit-3/current: {holding: 40, type: uint32}\n"
                                  "  circuit-4/current: {holding: 42, type: uint32}\n"
                                  "  circuit-5/current: {holding: 44, type: uint32}\n"
                                  "  circuit-6/current: {holding: 46, type: uint32}\n"
                                  "  circuit-7/current: {holding: 80, type: uint32}\n"
                                  "  circuit-8/current: {holding: 82, type: uint32}\n";

static void expect_circuits(struct rig *rig, unsigned count, unsigned absent)
{
    for (unsigned i = 1; i <= count; i++) {
        char path[64];
        snprintf(path, sizeof path, "circuit-%u/current", i);
        const struct point *point = bench_point(&rig->bench, path);
        if (i == absent)
            bench_expect_not(&rig->bench, path, QUALITY_ABSENT, REASON_UNANSWERED);
        else
            assert_int_equal(point->value.quality, QUALITY_GOOD);
    }
}

/* Wherever the silent register lies: its point alone is lost, and then nothing is asked in vain. */
static void test_one_silent_register(void **state)
{
    (void)state;
    static const unsigned places[] = {0, 3, 40, 45, 47, 83};
    for (size_t i = 0; i < TEST_COUNT(places); i++) {
        struct rig *rig = make(three_reads);
        rig->mute[places[i]] = true;
        /* 3 of the whole, 1 of each half, 3 of the cell; less when a probe has split the read */
        assert_in_range(play_rounds(rig, 60), 4, 12);
        assert_true(rig->online);
        unsigned absent = places[i] < 4    ? places[i] / 2 + 1
                          : places[i] < 48 ? 3 + (places[i] - 40) / 2
                                           : 7 + (places[i] - 80) / 2;
        expect_circuits(rig, 8, absent);
        /* The read is joined again on both sides of what is silent. */
        assert_int_equal(play_rounds(rig, 100), 0);
        assert_in_range(rig->asked, 3, 4);
        drop(rig);
    }
}

/* After ten minutes it is tried again, at the price of one time-out; then it may have come back. */
static void test_it_is_tried_again(void **state)
{
    (void)state;
    struct rig *rig = make(three_reads);
    rig->mute[42] = true;
    play_rounds(rig, 60);
    expect_circuits(rig, 8, 4);
    assert_int_equal(play_rounds(rig, 300), 0);
    assert_int_equal(play_rounds(rig, 600), 1);
    expect_circuits(rig, 8, 4);
    rig->mute[42] = false;
    assert_int_equal(play_rounds(rig, 700), 0);
    expect_circuits(rig, 8, 0);
    assert_int_equal(rig->asked, 3);
    drop(rig);
}

/* A unit that comes back, perhaps with another firmware, is asked for everything again. */
static void test_it_is_tried_after_a_return(void **state)
{
    (void)state;
    struct rig *rig = make(three_reads);
    rig->mute[42] = true;
    play_rounds(rig, 60);
    rig->dead = true;
    play_rounds(rig, 10);
    rig->dead = rig->mute[42] = false;
    play_rounds(rig, 2);
    expect_circuits(rig, 8, 0);
    drop(rig);
}

/* The silent register is nobody's: it lies in a gap that is read over. No point is lost. */
static void test_a_silent_gap(void **state)
{
    (void)state;
    struct rig *rig = make("limits: {gap: 8}\npoints:\n"
                           "  circuit-1/current: {holding: 0, type: uint16}\n"
                           "  circuit-2/current: {holding: 1, type: uint16}\n"
                           "  circuit-3/current: {holding: 5, type: uint16}\n"
                           "  circuit-4/current: {holding: 6, type: uint16}\n"
                           "  circuit-5/current: {holding: 90, type: uint16}\n");
    rig->mute[3] = true;
    assert_in_range(play_rounds(rig, 40), 3, 4);
    expect_circuits(rig, 5, 0);
    assert_int_equal(play_rounds(rig, 100), 0);
    assert_int_equal(rig->asked, 3);
    drop(rig);
}

/* All registers fit into one read, so that the unit looks dead; it is found nevertheless. */
static void test_everything_in_one_read(void **state)
{
    (void)state;
    for (unsigned place = 0; place < 16; place++) {
        struct rig *rig = make("points:\n"
                               "  circuit-1/current: {holding: 0, type: uint32}\n"
                               "  circuit-2/current: {holding: 2, type: uint32}\n"
                               "  circuit-3/current: {holding: 4, type: uint32}\n"
                               "  circuit-4/current: {holding: 6, type: uint32}\n"
                               "  circuit-5/current: {holding: 8, type: uint32}\n"
                               "  circuit-6/current: {holding: 10, type: uint32}\n"
                               "  circuit-7/current: {holding: 12, type: uint32}\n"
                               "  circuit-8/current: {holding: 14, type: uint32}\n");
        rig->mute[place] = true;
        play_rounds(rig, 80);
        assert_true(rig->online);
        expect_circuits(rig, 8, place / 2 + 1);
        assert_int_equal(play_rounds(rig, 50), 0);
        drop(rig);
    }
}

/* A unit that answers nothing is dead, as soon as before: nothing is put aside, nothing is learnt.
 */
static void test_a_dead_unit_is_dead(void **state)
{
    (void)state;
    struct rig *rig = make(three_reads);
    play_rounds(rig, 3);
    assert_int_equal(rig->asked, 3);
    rig->dead = true;
    assert_int_equal(play_rounds(rig, 3), 3);
    assert_false(rig->online);
    for (int i = 0; i < 50; i++) {
        play(rig);
        assert_int_equal(rig->asked, 1);
        assert_int_equal(rig->timeouts, 1);
    }
    rig->dead = false;
    play_rounds(rig, 1);
    assert_true(rig->online);
    expect_circuits(rig, 8, 0);
    play_rounds(rig, 1);
    assert_int_equal(rig->asked, 3);
    drop(rig);
}

/* A lost answer now and then, as on a noisy line, costs nothing but itself. */
static void test_noise_teaches_nothing(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct rig *rig = make(three_reads);
    play_rounds(rig, 3);
    for (int i = 0; i < 2000; i++) {
        rig->mute[45] = test_below(&seed, 50) == 0; /* three in a row: once in 125,000 */
        play(rig);
        assert_true(rig->online);
    }
    rig->mute[45] = false;
    play_rounds(rig, 700); /* even then it is forgotten after ten minutes */
    expect_circuits(rig, 8, 0);
    assert_int_equal(rig->asked, 3);
    drop(rig);
}

/* A unit that gives registers only as a whole is not harmed by the probe of a single one. */
static void test_a_refused_probe(void **state)
{
    (void)state;
    struct rig *rig = make("points:\n"
                           "  circuit-1/current: {holding: 0, type: uint16}\n"
                           "  circuit-2/current: {holding: 1, type: uint16}\n");
    rig->dead = true;
    play_rounds(rig, 5);
    rig->dead = false;
    rig->bench.unit->exception = 2;
    struct driver_request request;
    uint8_t bytes[DRIVER_ANSWER_MAX];
    bench_identify(&rig->bench);
    rig->bench.driver->round(rig->bench.state, 0);
    assert_true(rig->bench.driver->plan(rig->bench.state, &request));
    assert_true(request.once);
    struct driver_answer answer = bench_ask(&rig->bench, &request, bytes);
    assert_int_equal(rig->bench.driver->decode(rig->bench.state, &request, &answer), 0);
    rig->bench.unit->exception = 0;
    assert_true(rig->bench.driver->plan(rig->bench.state, &request));
    answer = bench_ask(&rig->bench, &request, bytes);
    rig->bench.driver->decode(rig->bench.state, &request, &answer);
    expect_circuits(rig, 2, 0);
    drop(rig);
}

/* Both reads of a map are silenced, one of them by a gap: the cell that a probe found must stay by
 * itself, else the gap beside it silences the witness too, and the unit is never understood. */
static void test_a_gap_beside_the_witness(void **state)
{
    (void)state;
    struct rig *rig = make("points:\n"
                           "  circuit-1/current: {holding: 1, type: uint16}\n"
                           "  circuit-2/current: {holding: 6, type: uint16}\n"
                           "  circuit-3/current: {holding: 17, type: uint16}\n"
                           "  circuit-4/current: {holding: 18, type: uint16}\n"
                           "  circuit-5/current: {holding: 33, type: uint16}\n"
                           "  circuit-6/current: {holding: 27, type: uint16}\n");
    rig->mute[2] = rig->mute[33] = true;
    play_rounds(rig, 120);
    bench_expect(&rig->bench, "circuit-1/current", 1);
    bench_expect(&rig->bench, "circuit-2/current", 0);
    bench_expect(&rig->bench, "circuit-3/current", 17);
    bench_expect(&rig->bench, "circuit-6/current", 27);
    bench_expect_not(&rig->bench, "circuit-5/current", QUALITY_ABSENT, REASON_UNANSWERED);
    drop(rig);
}

/* Whatever is silent and whatever is refused: the rest is read, and in the end nothing in vain. */
static void test_random_silence(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (int run = 0; run < 60; run++) {
        char body[4000] = "points:\n";
        unsigned address[30], count = 8 + (unsigned)test_below(&seed, 22), at = 0;
        for (unsigned i = 0; i < count; i++) {
            at += 1 + (unsigned)(test_below(&seed, 4) ? 0 : test_below(&seed, 12));
            address[i] = at;
            snprintf(body + strlen(body), sizeof body - strlen(body),
                     "  circuit-%u/current: {holding: %u, type: uint16%s}\n", i + 1, at,
                     i && test_below(&seed, 6) == 0 ? ", every: slow" : "");
        }
        struct rig *rig = make(body);
        unsigned witness = (unsigned)test_below(&seed, count);
        for (unsigned i = 0; i <= at; i++) {
            bool kept = i == address[0] || i == address[witness];
            rig->mute[i] = !kept && test_below(&seed, 8) == 0;
            if (!kept && !rig->mute[i] && test_below(&seed, 10) == 0)
                rig->bench.unit->known[PROFILE_HOLDING][i] = false;
        }
        play_rounds(rig, 450);
        for (unsigned i = 0; i < count; i++) {
            char path[64];
            snprintf(path, sizeof path, "circuit-%u/current", i + 1);
            if (rig->mute[address[i]])
                bench_expect_not(&rig->bench, path, QUALITY_ABSENT, REASON_UNANSWERED);
            else if (!rig->bench.unit->known[PROFILE_HOLDING][address[i]])
                bench_expect_not(&rig->bench, path, QUALITY_ABSENT, REASON_REFUSED);
            else
                bench_expect(&rig->bench, path, address[i] % 2 ? address[i] : 0);
        }
        drop(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_silent_register),
        cmocka_unit_test(test_it_is_tried_again),
        cmocka_unit_test(test_it_is_tried_after_a_return),
        cmocka_unit_test(test_a_silent_gap),
        cmocka_unit_test(test_everything_in_one_read),
        cmocka_unit_test(test_a_dead_unit_is_dead),
        cmocka_unit_test(test_noise_teaches_nothing),
        cmocka_unit_test(test_a_refused_probe),
        cmocka_unit_test(test_a_gap_beside_the_witness),
        cmocka_unit_test(test_random_silence),
    };
    return cmocka_run_group_tests_name("driver/modbus_silence", tests, NULL, NULL);
}
