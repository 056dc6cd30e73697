/* The bus doctor: faults are played on a scripted bus, and what is found and what is not is
 * compared. A fault must be named, a sound bus must have no finding. */
#include "line_testing.h"

#include "field/doctor.h"

static struct doctor_finding findings[DOCTOR_FINDINGS];

/* What field's doctor_look() gathers, for the units asked here. */
static size_t judge(struct fixture *f, const uint8_t *units, size_t count)
{
    struct doctor_unit facts_of_units[8] = {0};
    struct doctor_facts facts = {
        .serial = f->settings.kind == LINE_MODBUS_RTU,
        .rtu = f->settings.kind != LINE_MODBUS_TCP,
        .open = line_state(f->line) == LINE_STATE_OPEN,
        .reason = line_reason(f->line),
        .timeout_ms = (unsigned)f->settings.timeout_ms,
        .busy_percent = line_busy_percent(f->line),
        .units = facts_of_units,
        .unit_count = count,
    };
    for (size_t i = 0; i < count; i++) {
        const struct statistics *statistics = line_unit_statistics(f->line, units[i]);
        facts_of_units[i].device = "meter";
        facts_of_units[i].unit = units[i];
        facts_of_units[i].latency_p99 = statistics_latency_at(&statistics->latency, 0.99);
        for (int k = 0; k < STATISTICS_COUNTS; k++)
            facts_of_units[i].recent[k] =
                line_unit_recent(f->line, units[i], (enum statistics_count)k);
        memcpy(facts_of_units[i].exceptions, statistics->exceptions, sizeof statistics->exceptions);
    }
    for (int k = 0; k < STATISTICS_COUNTS; k++)
        facts.recent[k] = line_recent(f->line, (enum statistics_count)k);
    return doctor_judge(&facts, findings, DOCTOR_FINDINGS);
}

static void ask_round(struct fixture *f, const uint8_t *units, size_t count, int rounds)
{
    for (int round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            struct asked asked;
            submit(f, &asked, units[i], 0, 4);
            asked.request.retries = 0;
            for (int waits = 0; !asked.done && waits < 100; waits++)
                loop_advance(f->loop, 20 * CLOCK_MS);
            assert_int_equal(asked.done, 1);
            loop_advance(f->loop, 60 * CLOCK_MS); /* rest, as between rounds */
        }
    }
}

static const uint8_t seven_and_eight[] = {7, 8};

static void expect(size_t count, const char *kind, int unit, enum doctor_weight weight)
{
    for (size_t i = 0; i < count; i++)
        print_message("# %s, unit %d: %s | %s | %s\n", findings[i].kind, findings[i].unit,
                      findings[i].what, findings[i].evidence, findings[i].way_out);
    assert_int_equal(count, 1);
    assert_string_equal(findings[0].kind, kind);
    assert_int_equal(findings[0].unit, unit);
    assert_int_equal(findings[0].weight, weight);
    assert_true(*findings[0].what && *findings[0].evidence && *findings[0].way_out);
}

static void a_sound_bus_has_no_finding(void **state)
{
    struct fixture *f = *state;
    ask_round(f, seven_and_eight, 2, 30);
    assert_int_equal(judge(f, seven_and_eight, 2), 0);
}

/* Unit 7 twice: the second device is slower by a few milliseconds and has other values. */
static void peer_twice(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_rtu(bytes, length, answer);
    fake_say(fake, 5 * CLOCK_MS, answer, size);
    if (bytes[0] != 7)
        return;
    answer[4] ^= 0x55;
    testing_add_crc(answer, size - 2);
    fake_say(fake, 40 * CLOCK_MS, answer, size);
}

static void two_devices_answer_one_after_the_other(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_twice;
    ask_round(f, seven_and_eight, 2, 20);
    assert_int_equal(line_unit_statistics(f->line, 7)->counts[STATISTICS_DOUBLES], 20);
    assert_int_equal(line_unit_statistics(f->line, 8)->counts[STATISTICS_DOUBLES], 0);
    assert_int_equal(line_unit_statistics(f->line, 8)->counts[STATISTICS_MISMATCHES], 0);
    expect(judge(f, seven_and_eight, 2), "duplicate-address", 7, DOCTOR_CERTAIN);
}

/* Both at once: the levels on the wire are the one or the other's, so bits are mixed. */
static void peer_collides(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_rtu(bytes, length, answer);
    if (bytes[0] == 7) {
        for (size_t i = 2; i < size; i++)
            answer[i] &= (uint8_t)(0xA7 + 31 * i + fake->sends);
    }
    fake_say(fake, 5 * CLOCK_MS, answer, size);
}

static void two_devices_answer_at_once(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_collides;
    ask_round(f, seven_and_eight, 2, 20);
    expect(judge(f, seven_and_eight, 2), "damaged-unit", 7, DOCTOR_LIKELY);
    assert_non_null(strstr(findings[0].way_out, "two devices have this address"));
}

/* Garbled, and now and then the other device's program alone, which answers at another length. */
static void peer_mixed(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t longer[] = {7, 3, 10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0};
    if (bytes[0] == 7 && fake->sends % 6 == 1) {
        testing_add_crc(longer, sizeof longer - 2);
        fake_say(fake, 5 * CLOCK_MS, longer, sizeof longer);
    } else {
        peer_collides(fake, bytes, length);
    }
}

static void answers_longer_than_asked_are_of_another_device(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_mixed;
    ask_round(f, seven_and_eight, 2, 30);
    expect(judge(f, seven_and_eight, 2), "duplicate-address", 7, DOCTOR_LIKELY);
}

static void who_goes_back_and_forth_is_two(void **state)
{
    struct fixture *f = *state;
    ask_round(f, seven_and_eight, 2, 12);
    line_unit_identity(f->line, 7, 111);
    line_unit_identity(f->line, 7, 222); /* exchanged: nothing to say */
    assert_int_equal(judge(f, seven_and_eight, 2), 0);
    line_unit_identity(f->line, 7, 111);
    line_unit_identity(f->line, 7, 222);
    expect(judge(f, seven_and_eight, 2), "duplicate-address", 7, DOCTOR_CERTAIN);
}

/* ---- speed ----------------------------------------------------------------------------------- */

/* What a receiver at `hears` baud makes of characters sent at `says` baud with even parity: sampled
 * in the middle of its bits, 8N1. */
static size_t garble(const uint8_t *bytes, size_t length, unsigned says, unsigned hears,
                     uint8_t *out)
{
    static uint8_t wire[64 * 12];
    size_t bits = 0, count = 0;
    assert_true(length <= 64);
    for (size_t i = 0; i < length; i++) {
        wire[bits++] = 0;
        uint8_t parity = 0;
        for (int bit = 0; bit < 8; bit++) {
            wire[bits] = bytes[i] >> bit & 1;
            parity ^= wire[bits++];
        }
        wire[bits++] = parity;
        wire[bits++] = 1;
    }
    double step = (double)says / hears, end = (double)bits;
    for (double at = 0; at < end;) {
        if (wire[(size_t)at]) {
            at += step / 16; /* UARTs look for the edge 16 times a bit */
            continue;
        }
        uint8_t byte = 0;
        for (int bit = 0; bit < 8; bit++) {
            double middle = at + (1.5 + bit) * step;
            if (middle >= end || wire[(size_t)middle])
                byte |= (uint8_t)(1 << bit);
        }
        out[count++] = byte;
        /* Where the stop bit should be is none: the UARTs of the 16550 family take it for the start
         * bit of the next character. */
        bool framed = at + 9.5 * step >= end || wire[(size_t)(at + 9.5 * step)];
        at += framed ? 9.5 * step : 9 * step;
    }
    return count;
}

static unsigned device_baud;

static void peer_at_another_speed(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300], heard[600];
    size_t size = testing_answer_rtu(bytes, length, answer);
    fake_say(fake, 5 * CLOCK_MS, heard, garble(answer, size, device_baud, 9600, heard));
}

static void wrong_speed_is_told_by_garbage_alone(void **state)
{
    struct fixture *f = *state;
    static const unsigned bauds[] = {2400, 4800, 19200, 38400, 9600 /* only the parity */};
    f->fake->peer = peer_at_another_speed;
    for (size_t i = 0; i < TEST_COUNT(bauds); i++) {
        device_baud = bauds[i];
        ask_round(f, seven_and_eight, 2, 12);
        size_t count = judge(f, seven_and_eight, 2);
        print_message("# %u baud: %d bytes of noise\n", device_baud,
                      (int)line_recent(f->line, STATISTICS_NOISE));
        expect(count, "wrong-speed", -1, DOCTOR_LIKELY);
    }
}

/* A port that counts tells which of the two it is. */
static void framing_is_speed_and_parity_is_parity(void **state)
{
    (void)state;
    static const struct {
        struct transport_faults faults;
        const char *told;
    } cases[] = {
        {{.framing = 40}, "the speed is wrong"},
        {{.framing = 30, .parity = 30}, "the speed is wrong"},
        {{.framing = 2, .parity = 40}, "the parity is wrong"},
        {{0}, "speed or parity is wrong"},
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        const struct doctor_facts facts = {
            .serial = true,
            .rtu = true,
            .open = true,
            .reason = "",
            .recent = {[STATISTICS_POLLS] = 20, [STATISTICS_NOISE] = 200},
            .faults = cases[i].faults,
        };
        expect(doctor_judge(&facts, findings, DOCTOR_FINDINGS), "wrong-speed", -1, DOCTOR_LIKELY);
        assert_non_null(strstr(findings[0].what, cases[i].told));
    }
    const struct doctor_facts sound = {
        .rtu = true,
        .open = true,
        .reason = "",
        .recent = {[STATISTICS_POLLS] = 20, [STATISTICS_ANSWERS] = 20},
        .faults = {.overruns = 7},
    };
    expect(doctor_judge(&sound, findings, DOCTOR_FINDINGS), "lost-bytes", -1, DOCTOR_CERTAIN);
}

static void nothing_at_all(void **state)
{
    struct fixture *f = *state;
    f->fake->dead[7] = f->fake->dead[8] = true;
    ask_round(f, seven_and_eight, 2, 10);
    expect(judge(f, seven_and_eight, 2), "nothing-heard", -1, DOCTOR_LIKELY);
}

/* ---- units ----------------------------------------------------------------------------------- */

static void one_silent_unit(void **state)
{
    struct fixture *f = *state;
    f->fake->dead[8] = true;
    ask_round(f, seven_and_eight, 2, 10);
    expect(judge(f, seven_and_eight, 2), "silent-unit", 8, DOCTOR_CERTAIN);
}

static void peer_slow(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_rtu(bytes, length, answer);
    fake_say(fake, bytes[0] == 7 && fake->sends % 4 == 1 ? 360 * CLOCK_MS : 20 * CLOCK_MS, answer,
             size);
}

static void a_slow_unit(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_slow;
    ask_round(f, seven_and_eight, 2, 20);
    assert_int_equal(line_unit_statistics(f->line, 7)->counts[STATISTICS_DOUBLES], 0);
    expect(judge(f, seven_and_eight, 2), "slow-unit", 7, DOCTOR_CERTAIN);
}

static void peer_cuts(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_rtu(bytes, length, answer);
    fake_say(fake, 5 * CLOCK_MS, answer, bytes[0] == 8 && fake->sends % 3 == 0 ? size - 4 : size);
}

static void answers_that_break_off(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_cuts;
    ask_round(f, seven_and_eight, 2, 30);
    expect(judge(f, seven_and_eight, 2), "broken-answers", 8, DOCTOR_LIKELY);
}

static void peer_refuses(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300] = {bytes[0], bytes[1] | 0x80, 2};
    if (bytes[0] == 8)
        fake_say(fake, 5 * CLOCK_MS, answer, testing_add_crc(answer, 3));
    else
        fake_say(fake, 5 * CLOCK_MS, answer, testing_answer_rtu(bytes, length, answer));
}

static void refusals_are_explained(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_refuses;
    ask_round(f, seven_and_eight, 2, 12);
    expect(judge(f, seven_and_eight, 2), "refusals", 8, DOCTOR_CERTAIN);
    assert_non_null(strstr(findings[0].what, "lacks registers"));
}

/* ---- the line -------------------------------------------------------------------------------- */

static void noise_for_all(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    size_t size = testing_answer_rtu(bytes, length, answer);
    if (fake->sends % 7 < 2) /* both units are hit */
        answer[3] ^= 0x10;
    fake_say(fake, 5 * CLOCK_MS, answer, size);
}

static void damage_everywhere_is_the_line(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = noise_for_all;
    ask_round(f, seven_and_eight, 2, 35);
    expect(judge(f, seven_and_eight, 2), "damaged-line", -1, DOCTOR_LIKELY);
}

static void another_master_is_heard(void **state)
{
    struct fixture *f = *state;
    ask_round(f, seven_and_eight, 2, 10);
    uint8_t question[8] = {9, 3, 0, 0, 0, 2};
    testing_add_crc(question, 6);
    loop_advance(f->loop, CLOCK_S);
    fake_say(f->fake, 0, question, sizeof question);
    loop_advance(f->loop, CLOCK_S);
    assert_int_equal(counted(f, STATISTICS_MASTERS), 1);
    expect(judge(f, seven_and_eight, 2), "another-master", -1, DOCTOR_CERTAIN);
}

static void what_is_mended_is_forgotten(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_twice;
    ask_round(f, seven_and_eight, 2, 20);
    assert_int_equal(judge(f, seven_and_eight, 2), 1);
    f->fake->peer = testing_peer_rtu;
    for (int i = 0; i < 3; i++) {
        loop_advance(f->loop, STATISTICS_RECENT);
        ask_round(f, seven_and_eight, 2, 3);
    }
    assert_int_equal(judge(f, seven_and_eight, 2), 0);
    assert_int_equal(counted(f, STATISTICS_DOUBLES), 20); /* but counted */
}

static void shares_of_the_line_by_what_for(void **state)
{
    struct fixture *f = *state;
    f->fake->delay = 100 * CLOCK_MS;
    for (int i = 0; i < 40; i++) { /* a control, then two polls, each 100 ms of 500 */
        struct asked asked[3];
        for (int k = 0; k < 3; k++) {
            asked_read(&asked[k], 7, 0, 1);
            asked[k].request.urgency = k ? LINE_POLL : LINE_CONTROL;
            line_submit(f->line, &asked[k].request);
        }
        loop_advance(f->loop, 500 * CLOCK_MS);
        assert_int_equal(asked[2].done, 1);
    }
    assert_true(line_load_percent(f->line, LINE_LOAD_CONTROL) > 19);
    assert_true(line_load_percent(f->line, LINE_LOAD_CONTROL) < 21);
    assert_true(line_load_percent(f->line, LINE_LOAD_POLL) > 39);
    assert_true(line_load_percent(f->line, LINE_LOAD_POLL) < 41);
    assert_true(line_load_percent(f->line, LINE_LOAD_GATEWAY) == 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_rtu, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_sound_bus_has_no_finding),
        TEST(two_devices_answer_one_after_the_other),
        TEST(two_devices_answer_at_once),
        TEST(answers_longer_than_asked_are_of_another_device),
        TEST(who_goes_back_and_forth_is_two),
        TEST(wrong_speed_is_told_by_garbage_alone),
        cmocka_unit_test(framing_is_speed_and_parity_is_parity),
        TEST(nothing_at_all),
        TEST(one_silent_unit),
        TEST(a_slow_unit),
        TEST(answers_that_break_off),
        TEST(refusals_are_explained),
        TEST(damage_everywhere_is_the_line),
        TEST(another_master_is_heard),
        TEST(what_is_mended_is_forgotten),
        TEST(shares_of_the_line_by_what_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
