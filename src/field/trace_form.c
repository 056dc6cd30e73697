#include "field/trace_form.h"

#include <string.h>

#include "base/time_text.h"
#include "field/trace_decode.h"

#define CAPTURE_QUESTIONS 512 /* of one unit in one capture */

struct writing {
    struct trace_decoder decoder;
    struct json *json;
    struct buf *out;
    uint64_t after;
    int unit; /* -1: all */
};

static void add_hex(struct buf *out, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * TRACE_FRAME_MAX];
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    buf_add(out, text, 2 * length);
}

static bool is_wanted(const struct writing *writing, const struct trace_frame *frame,
                      const struct trace_meaning *meaning)
{
    return frame->number > writing->after &&
           (writing->unit < 0 || (int)meaning->unit == writing->unit ||
            (!meaning->intact && frame->unit == 0));
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void write_values(struct json *json, const struct trace_meaning *meaning)
{
    json_key(json, "values");
    json_open_array(json);
    for (size_t i = 0; i < trace_value_count(meaning); i++)
        json_int(json, trace_value(meaning, i));
    json_close_array(json);
}

static void write_meaning(struct json *json, const struct trace_meaning *meaning)
{
    json_pair_int(json, "unit", meaning->unit);
    if (!meaning->intact)
        return;
    json_pair_int(json, "function", meaning->function);
    json_pair_text(json, "name", modbus_pdu_function_name(meaning->function));
    if (meaning->asked && modbus_pdu_known(meaning->function)) {
        json_pair_int(json, "address", meaning->asked->request.address);
        json_pair_int(json, "count", meaning->asked->request.count);
    }
    if (meaning->exception) {
        json_pair_int(json, "exception", meaning->exception);
        json_pair_text(json, "refusal", modbus_pdu_exception_name(meaning->exception));
    }
    if (trace_value_count(meaning))
        write_values(json, meaning);
}

static bool write_frame(void *user, const struct trace_frame *frame)
{
    struct writing *writing = user;
    struct json *json = writing->json;
    const struct trace_meaning meaning = trace_decode(&writing->decoder, frame);
    char wall[TIME_TEXT_SIZE];
    if (!is_wanted(writing, frame, &meaning))
        return true;
    time_text_format_utc(frame->wall, wall);
    json_open_object(json);
    json_pair_int(json, "number", (int64_t)frame->number);
    json_pair_text(json, "time", wall);
    json_pair_int(json, "mono_us", frame->mono);
    json_pair_text(json, "kind", trace_kind_name(frame->kind));
    write_meaning(json, &meaning);
    json_key(json, "bytes");
    json_raw(json, "\"", 1);
    add_hex(json->out, frame->bytes, frame->length);
    buf_add_char(json->out, '"');
    json_close_object(json);
    return !json->out->failed;
}

void trace_write_json(const struct trace *trace, uint64_t after, int unit, struct json *json)
{
    struct writing writing = {.json = json, .after = after, .unit = unit};
    trace_decoder_start(&writing.decoder, trace);
    json_open_array(json);
    trace_each(trace, 0, write_frame, &writing);
    json_close_array(json);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void add_meaning(struct buf *out, const struct trace_meaning *meaning)
{
    if (meaning->unit)
        buf_add_format(out, " unit %u", meaning->unit);
    if (!meaning->intact)
        return;
    buf_add_format(out, ", %s", modbus_pdu_function_name(meaning->function));
    if (meaning->asked && modbus_pdu_known(meaning->function))
        buf_add_format(out, " %u, %u of them", meaning->asked->request.address,
                       meaning->asked->request.count);
    if (meaning->exception)
        buf_add_format(out, ": refused, exception %u (%s)", meaning->exception,
                       modbus_pdu_exception_name(meaning->exception));
    for (size_t i = 0; i < trace_value_count(meaning); i++)
        buf_add_format(out, "%s %u", i ? "" : ":", trace_value(meaning, i));
}

static bool add_line(void *user, const struct trace_frame *frame)
{
    struct writing *writing = user;
    const struct trace_meaning meaning = trace_decode(&writing->decoder, frame);
    char wall[TIME_TEXT_SIZE];
    if (!is_wanted(writing, frame, &meaning))
        return true;
    time_text_format_utc(frame->wall, wall);
    buf_add_format(writing->out, "%s %s %-7s", wall, meaning.question ? ">" : "<",
                   trace_kind_name(frame->kind));
    add_meaning(writing->out, &meaning);
    buf_add_text(writing->out, frame->length ? " [" : "\n");
    add_hex(writing->out, frame->bytes, frame->length);
    buf_add_text(writing->out, frame->length ? "]\n" : "");
    return !writing->out->failed;
}

void trace_write_text(const struct trace *trace, int unit, struct buf *out)
{
    struct writing writing = {.out = out, .unit = unit};
    trace_decoder_start(&writing.decoder, trace);
    trace_each(trace, 0, add_line, &writing);
}

/* ---- a capture that a test replays ----------------------------------------------------------- */

struct pair {
    const uint8_t *question, *answer;
    size_t question_length, answer_length;
};

struct capturing {
    struct trace_decoder decoder;
    uint8_t unit;
    size_t count;
    struct pair pairs[CAPTURE_QUESTIONS];
};

static struct pair *pair_of(struct capturing *capturing, const struct trace_question *asked)
{
    for (size_t i = 0; i < capturing->count; i++) {
        struct pair *pair = &capturing->pairs[i];
        if (pair->question_length == asked->length &&
            memcmp(pair->question, asked->pdu, asked->length) == 0)
            return pair;
    }
    if (capturing->count == CAPTURE_QUESTIONS)
        return NULL;
    struct pair *pair = &capturing->pairs[capturing->count++];
    pair->question = asked->pdu;
    pair->question_length = asked->length;
    return pair;
}

/* The frames' bytes stay where they are in the ring as long as nothing is recorded. */
static bool capture(void *user, const struct trace_frame *frame)
{
    struct capturing *capturing = user;
    const struct trace_meaning meaning = trace_decode(&capturing->decoder, frame);
    if (frame->kind != TRACE_ANSWER || !meaning.asked || meaning.unit != capturing->unit ||
        meaning.function > MODBUS_PDU_READ_INPUT)
        return true;
    struct pair *pair = pair_of(capturing, meaning.asked);
    if (pair) {
        pair->answer = meaning.pdu;
        pair->answer_length = meaning.pdu_length;
    }
    return true;
}

size_t trace_write_capture(const struct trace *trace, uint8_t unit, struct buf *out)
{
    struct capturing capturing = {.unit = unit};
    trace_decoder_start(&capturing.decoder, trace);
    trace_each(trace, 0, capture, &capturing);
    buf_add_format(out, "# unit %u: request PDU > answer PDU; recorded by busbar trace\n", unit);
    for (size_t i = 0; i < capturing.count; i++) {
        const struct pair *pair = &capturing.pairs[i];
        add_hex(out, pair->question, pair->question_length);
        buf_add_text(out, " > ");
        add_hex(out, pair->answer, pair->answer_length);
        buf_add_char(out, '\n');
    }
    return capturing.count;
}
