/* trace_form - a trace written out: as JSON, as text, as a file for Wireshark, and as a capture
 * that a test replays (docs/bus-doctor.md).
 *
 * Pure but for the buffer that grows; at most some eight times the size of the trace. Loop thread
 * only, since the trace is read.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"
#include "field/trace.h"

/* Write an array of frames after number `after`; `unit` -1: of all units. */
void trace_write_json(const struct trace *trace, uint64_t after, int unit, struct json *json);

/* One line a frame: time, direction, meaning, bytes. */
void trace_write_text(const struct trace *trace, int unit, struct buf *out);

/* pcap, link type 101 (raw IP): intact frames as Modbus over TCP between 192.0.2.1 (busbar) and
 * 192.0.2.2 (the line), port 502; bytes that are no frame as UDP from port 9, so that nothing is
 * left out. */
void trace_write_pcap(const struct trace *trace, struct buf *out);

/* The project's capture: a line "question PDU > answer PDU" for each question that reads from
 * `unit`, with its last answer. How many there are. */
size_t trace_write_capture(const struct trace *trace, uint8_t unit, struct buf *out);
