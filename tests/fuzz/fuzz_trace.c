/* fuzz_trace - whatever a line has heard can be written out: as JSON, text, pcap and capture.
 *
 * The input is a list of records: kind and framing in one byte, unit, length, that many bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "field/trace_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD 3
#define RTU 0x80 /* of the first record's kind: of the whole trace */

static struct trace *fill(const uint8_t *data, size_t size)
{
    struct trace *trace = trace_new(8192, size && data[0] & RTU);
    if (!trace)
        abort();
    for (clock_us at = 0; size >= HEAD; at += CLOCK_MS) {
        size_t length = data[2] < size - HEAD ? data[2] : size - HEAD;
        trace_put(trace, at, at, (enum trace_kind)((data[0] & ~RTU) % TRACE_KINDS), data[1],
                  data + HEAD, length);
        data += HEAD + length;
        size -= HEAD + length;
    }
    return trace;
}

/* A pcap is its head and whole packets, nothing else. */
static void check_pcap(const struct buf *file)
{
    size_t at = 24;
    while (at + 16 <= file->length) {
        const uint8_t *head = (const uint8_t *)file->data + at;
        uint32_t length = head[8] | (uint32_t)head[9] << 8 | (uint32_t)head[10] << 16;
        if (length < 20 || head[12] != head[8] || head[13] != head[9])
            abort();
        at += 16 + length;
    }
    if (at != file->length)
        abort();
}

static void check_json(const struct buf *text)
{
    json_t *frames = json_loadb(text->data, text->length, 0, NULL);
    if (!json_is_array(frames))
        abort();
    json_decref(frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trace *trace = fill(data, size);
    struct buf text = BUF_EMPTY, pcap = BUF_EMPTY, capture = BUF_EMPTY, written = BUF_EMPTY;
    struct json json = json_writer(&written);
    trace_write_json(trace, 0, -1, &json);
    trace_write_text(trace, size ? data[0] : 0, &text);
    trace_write_pcap(trace, &pcap);
    trace_write_capture(trace, size > 1 ? data[1] : 1, &capture);
    check_json(&written);
    check_pcap(&pcap);
    buf_deinit(&written);
    buf_deinit(&text);
    buf_deinit(&pcap);
    buf_deinit(&capture);
    trace_free(trace);
    return 0;
}
