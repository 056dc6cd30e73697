/* trace - the last frames of a line as they were on the wire, each with its time and what the line
 * took it for.
 *
 * A ring of bytes of a fixed size: the oldest frames make room, and how many did is counted.
 * Nothing is allocated after trace_new(). A line has one only while somebody looks (line.h). Loop
 * thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define TRACE_FRAME_MAX 1600 /* longer ones are cut; no line hands over more at once */

enum trace_kind {
    TRACE_SENT,    /* we asked */
    TRACE_PROBE,   /* we asked, to tell late answers from the next one (line_debt) */
    TRACE_ANSWER,  /* fits the question, a refusal too */
    TRACE_LATE,    /* answer to a question that had been given up */
    TRACE_OTHER,   /* intact, but nobody waited for it */
    TRACE_ECHO,    /* our own bytes come back */
    TRACE_BROKEN,  /* as long as a frame, damaged */
    TRACE_NOISE,   /* bytes that belong to no frame */
    TRACE_MASTER,  /* somebody else asks */
    TRACE_SILENCE, /* no answer in time; the bytes are what had come of one */
    TRACE_KINDS
};

struct trace_frame {
    uint64_t number; /* counts from 1 */
    clock_us mono, wall;
    enum trace_kind kind;
    uint8_t unit; /* 0 where it is not known */
    const uint8_t *bytes;
    size_t length;
};

struct trace;

/* `size` in bytes, at least 8 KiB (asserted); `rtu`: frames are unit, PDU and CRC, else MBAP. NULL
 * without memory. */
struct trace *trace_new(size_t size, bool rtu);
struct trace *trace_free(struct trace *trace); /* accepts NULL, returns NULL */

bool trace_is_rtu(const struct trace *trace);

/* Nothing more is recorded. */
void trace_stop(struct trace *trace);
bool trace_stopped(const struct trace *trace);

void trace_put(struct trace *trace, clock_us mono, clock_us wall, enum trace_kind kind,
               uint8_t unit, const uint8_t *bytes, size_t length);

/* Frames after number `after`, in order, until `fn` says false. What it is given lives until it
 * returns. */
void trace_each(const struct trace *trace, uint64_t after,
                bool (*fn)(void *user, const struct trace_frame *frame), void *user);

uint64_t trace_last(const struct trace *trace);    /* number of the newest; 0: none */
uint64_t trace_dropped(const struct trace *trace); /* had to make room */

/* "sent", "answer", ...: the words of the API */
const char *trace_kind_name(enum trace_kind kind);
