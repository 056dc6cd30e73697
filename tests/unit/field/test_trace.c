/* Records of frames: the ring, their meaning, and the forms in which they leave. */
#include "line_testing.h"

#include "base/buf.h"
#include "field/trace_decode.h"
#include "field/trace_form.h"

#define SIZE 16384

/* ---- the ring -------------------------------------------------------------------------------- */

struct seen {
    uint64_t first, last;
    size_t count;
    bool fine;
};

/* Frame n holds n bytes modulo some, each n. */
static size_t length_of(uint64_t number)
{
    return number * 37 % (TRACE_FRAME_MAX + 1);
}

static bool check_frame(void *user, const struct trace_frame *frame)
{
    struct seen *seen = user;
    if (!seen->count++)
        seen->first = frame->number;
    else
        seen->fine &= frame->number == seen->last + 1;
    seen->last = frame->number;
    seen->fine &= frame->length == length_of(frame->number) &&
                  frame->mono == (clock_us)frame->number && frame->unit == frame->number % 248;
    for (size_t i = 0; i < frame->length; i++)
        seen->fine &= frame->bytes[i] == (uint8_t)frame->number;
    return true;
}

static void the_oldest_make_room(void **state)
{
    (void)state;
    struct trace *trace = trace_new(SIZE, true);
    static uint8_t bytes[TRACE_FRAME_MAX];
    for (uint64_t number = 1; number <= 20000; number++) {
        memset(bytes, (uint8_t)number, sizeof bytes);
        trace_put(trace, (clock_us)number, 0, TRACE_SENT, (uint8_t)(number % 248), bytes,
                  length_of(number));
        if (number % 7 && number < 19000)
            continue;
        struct seen seen = {.fine = true};
        trace_each(trace, 0, check_frame, &seen);
        assert_true(seen.fine);
        assert_int_equal(seen.last, number);
        assert_int_equal(seen.first, trace_dropped(trace) + 1);
        /* As much as fits is kept: all that is held takes more than the ring less two frames. */
        size_t held = 0;
        for (uint64_t i = seen.first; i <= seen.last; i++)
            held += length_of(i) + 48;
        assert_true(number < 50 || held > SIZE - 2 * (TRACE_FRAME_MAX + 48));
    }
    assert_int_equal(trace_last(trace), 20000);
    trace_stop(trace);
    trace_put(trace, 0, 0, TRACE_SENT, 1, bytes, 1);
    assert_int_equal(trace_last(trace), 20000);
    trace_free(trace);
}

static void frames_after_a_number(void **state)
{
    (void)state;
    struct trace *trace = trace_new(SIZE, true);
    static const uint8_t bytes[TRACE_FRAME_MAX];
    for (uint64_t number = 1; number <= 10; number++)
        trace_put(trace, (clock_us)number, 0, TRACE_SENT, 1, bytes, 1);
    struct seen seen = {0};
    trace_each(trace, 7, check_frame, &seen);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.first, 8);
    trace_free(trace);
}

/* ---- what a line records --------------------------------------------------------------------- */

struct kinds {
    struct trace_decoder decoder;
    char text[400];
};

static bool add_kind(void *user, const struct trace_frame *frame)
{
    struct kinds *kinds = user;
    const struct trace_meaning meaning = trace_decode(&kinds->decoder, frame);
    size_t at = strlen(kinds->text);
    snprintf(kinds->text + at, sizeof kinds->text - at, "%s/%u/%u/%zu/%u ",
             trace_kind_name(frame->kind), meaning.unit, meaning.function,
             trace_value_count(&meaning), meaning.exception);
    return true;
}

static const char *kinds_of(struct fixture *f)
{
    static struct kinds kinds;
    kinds = (struct kinds){0};
    trace_decoder_start(&kinds.decoder, line_trace(f->line));
    trace_each(line_trace(f->line), 0, add_kind, &kinds);
    return kinds.text;
}

static void ask(struct fixture *f, uint8_t unit, uint8_t address, uint8_t count)
{
    struct asked asked;
    submit(f, &asked, unit, address, count);
    asked.request.retries = 0;
    for (int waits = 0; !asked.done && waits < 100; waits++)
        loop_advance(f->loop, 20 * CLOCK_MS);
    assert_int_equal(asked.done, 1);
}

static void peer_of_all_faults(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300] = {0};
    size_t size = testing_answer_rtu(bytes, length, answer + 2);
    switch (fake->sends) {
    case 1: /* two stray bytes, then the answer */
        fake_say(fake, CLOCK_MS, answer, size + 2);
        break;
    case 2: /* damaged */
        answer[5] ^= 4;
        fake_say(fake, CLOCK_MS, answer + 2, size);
        break;
    case 3: /* of another unit, and then nothing */
        answer[2] ^= 1;
        testing_add_crc(answer + 2, size - 2);
        fake_say(fake, CLOCK_MS, answer + 2, size);
        break;
    case 4: /* broken off */
        fake_say(fake, CLOCK_MS, answer + 2, size - 3);
        break;
    default:
        answer[3] |= 0x80;
        answer[4] = 2;
        fake_say(fake, 400 * CLOCK_MS, answer + 2, testing_add_crc(answer + 2, 3));
    }
}

static void each_fault_is_recorded_as_what_it_is(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_of_all_faults;
    ask(f, 6, 0, 2); /* before: nothing is recorded */
    assert_null(line_trace(f->line));
    f->fake->sends = 0;
    assert_non_null(line_trace_start(f->line, SIZE));
    for (int i = 0; i < 5; i++)
        ask(f, 6, 0, 2);
    loop_advance(f->loop, CLOCK_S);
    assert_string_equal(kinds_of(f), "sent/6/3/0/0 noise/0/0/0/0 answer/6/3/2/0 "
                                     "sent/6/3/0/0 broken/0/0/0/0 "
                                     "sent/6/3/0/0 other/7/3/0/0 silence/6/0/0/0 "
                                     "sent/6/3/0/0 silence/6/0/0/0 "
                                     "sent/6/3/0/0 silence/6/0/0/0 late/6/3/0/2 ");
    line_trace_end(f->line);
    assert_null(line_trace(f->line));
}

/* What nobody has asked for is told from what somebody has: after a question in vain another one of
 * the same length waits for a probe. */
static void a_probe_is_no_question_of_anybody(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = NULL;
    assert_non_null(line_trace_start(f->line, SIZE));
    ask(f, 6, 0, 2);
    f->fake->peer = testing_peer_rtu;
    ask(f, 6, 5, 2);
    assert_string_equal(kinds_of(f), "sent/6/3/0/0 silence/6/0/0/0 probe/6/3/0/0 answer/6/3/1/0 "
                                     "sent/6/3/0/0 answer/6/3/2/0 ");
}

static void tcp_frames_belong_together_by_number(void **state)
{
    struct fixture *f = *state;
    assert_non_null(line_trace_start(f->line, SIZE));
    ask(f, 3, 10, 4);
    ask(f, 4, 20, 1);
    assert_string_equal(kinds_of(f), "sent/3/3/0/0 answer/3/3/4/0 sent/4/3/0/0 answer/4/3/1/0 ");
    struct buf text = BUF_EMPTY;
    trace_write_text(line_trace(f->line), 3, &text);
    /* the server's rule: high byte the unit, low byte the address */
    assert_non_null(
        strstr(buf_text(&text), "read holding registers 10, 4 of them: 778 779 780 781"));
    assert_null(strstr(buf_text(&text), "unit 4"));
    buf_deinit(&text);
}

/* ---- forms ----------------------------------------------------------------------------------- */

static void a_capture_has_each_question_once_with_its_last_answer(void **state)
{
    struct fixture *f = *state;
    assert_non_null(line_trace_start(f->line, SIZE));
    for (int i = 0; i < 3; i++) {
        ask(f, 3, 10, 2);
        ask(f, 4, 10, 2);
        ask(f, 3, 0, 1);
    }
    struct buf text = BUF_EMPTY;
    assert_int_equal(trace_write_capture(line_trace(f->line), 3, &text), 2);
    assert_string_equal(buf_text(&text),
                        "# unit 3: request PDU > answer PDU; recorded by busbar trace\n"
                        "03000a0002 > 0304030a030b\n"
                        "0300000001 > 03020300\n");
    buf_deinit(&text);
}

static void json_is_whole(void **state)
{
    struct fixture *f = *state;
    assert_non_null(line_trace_start(f->line, SIZE));
    ask(f, 3, 10, 2);
    struct buf text = BUF_EMPTY;
    struct json json = json_writer(&text);
    trace_write_json(line_trace(f->line), 1, -1, &json);
    const char *got = buf_text(&text);
    assert_non_null(strstr(got, "\"number\":2,"));
    assert_null(strstr(got, "\"number\":1,"));
    assert_non_null(strstr(got, "\"kind\":\"answer\",\"unit\":3,\"function\":3,"
                                "\"name\":\"read holding registers\",\"address\":10,\"count\":2,"
                                "\"values\":[778,779]"));
    buf_deinit(&text);
}

static unsigned word(const char *bytes)
{
    return (unsigned)(uint8_t)bytes[0] | (unsigned)(uint8_t)bytes[1] << 8 |
           (unsigned)(uint8_t)bytes[2] << 16 | (unsigned)(uint8_t)bytes[3] << 24;
}

/* Complement sum of 16-bit words, bytes in pairs: 0 when the checksum in them is right. */
static unsigned complement(const char *bytes, size_t length, unsigned start)
{
    unsigned long sum = start;
    for (size_t i = 0; i < length; i++)
        sum += (unsigned long)(uint8_t)bytes[i] * (i % 2 ? 1 : 256);
    return (unsigned)(~(sum % 65535 == 0 && sum ? 65535 : sum % 65535) & 0xFFFF);
}

static void pcap_packets_are_well_formed(void **state)
{
    struct fixture *f = *state;
    f->fake->peer = peer_of_all_faults;
    assert_non_null(line_trace_start(f->line, SIZE));
    for (int i = 0; i < 5; i++)
        ask(f, 6, 0, 2);
    struct buf file = BUF_EMPTY;
    trace_write_pcap(line_trace(f->line), &file);
    assert_int_equal(word(file.data), 0xa1b2c3d4);
    assert_int_equal(word(file.data + 20), 101);
    size_t packets = 0, at = 24;
    for (; at < file.length; packets++) {
        size_t length = word(file.data + at + 8);
        const char *ip = file.data + at + 16;
        assert_int_equal(word(file.data + at + 12), length);
        assert_int_equal(complement(ip, 20, 0), 0);
        unsigned pseudo = 0;
        for (int i = 12; i < 20; i += 2)
            pseudo += (unsigned)(uint8_t)ip[i] * 256 + (uint8_t)ip[i + 1];
        pseudo += (uint8_t)ip[9] + (unsigned)length - 20;
        assert_int_equal(complement(ip + 20, length - 20, pseudo), 0);
        at += 16 + length;
    }
    assert_int_equal(at, file.length);
    assert_int_equal(packets,
                     5 + 1 + 1 + 1 + 1 + 1 /* questions, noise, answer, broken, other, half */);
    buf_deinit(&file);
}

int main(void)
{
#define RTU(name) cmocka_unit_test_setup_teardown(name, setup_rtu, teardown)
#define TCP(name) cmocka_unit_test_setup_teardown(name, setup_tcp, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_make_room),
        cmocka_unit_test(frames_after_a_number),
        RTU(each_fault_is_recorded_as_what_it_is),
        RTU(a_probe_is_no_question_of_anybody),
        TCP(tcp_frames_belong_together_by_number),
        RTU(a_capture_has_each_question_once_with_its_last_answer),
        TCP(json_is_whole),
        RTU(pcap_packets_are_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
