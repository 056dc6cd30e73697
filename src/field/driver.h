/* driver - the contract between field (lines, queues, retries) and drivers (what devices say).
 *
 * A driver is pure: it never opens, sleeps, retries, logs or reads a clock, and allocates only in
 * open() and identify(). Field asks it four kinds of question and does everything else:
 *
 *   open      make the per-device state from settings and profile; add the points that are known
 * already identify  which request tells what you are; is this you? (adds points found on the way,
 * SunSpec) plan      these readings are due: which request comes next decode    this answer, or its
 * failure: which values
 *
 * Switching (encode, read back) joins here with the switcher. A request's bytes are a protocol unit
 * without addressing and framing: for Modbus a PDU; the line adds unit address, CRC or MBAP header
 * and knows when an answer is whole. A driver is therefore tested from recordings, with no line and
 * no clock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/site.h"

#define DRIVER_REQUEST_MAX 253 /* a Modbus PDU (Modbus application protocol 1.1b3, 4.1) */
#define DRIVER_ANSWER_MAX 260

struct driver_request {
    uint8_t bytes[DRIVER_REQUEST_MAX];
    size_t length;
    unsigned tag;     /* the driver's own mark, given back with the answer */
    clock_us timeout; /* 0: the line's */
    bool write;       /* changes something in the device: never repeated blindly */
    bool once;        /* not repeated either: the driver doubts that it will be answered */
};

/* How a request ended. */
enum driver_result {
    DRIVER_ANSWERED,  /* `bytes` is the answer's protocol unit; an exception of the device is an
                         answer too */
    DRIVER_TIMED_OUT, /* nothing, or nothing acceptable, within the time */
    DRIVER_LINE_DOWN, /* never sent */
};

struct driver_answer {
    enum driver_result result;
    const uint8_t *bytes;
    size_t length;
    clock_us mono, wall; /* when the request left: the time of acquisition */
    bool heard;          /* DRIVER_TIMED_OUT: bytes came, but no answer: noise, not silence */
};

/* What a driver may wish of the line; 0 = no wish. */
struct driver_limits {
    clock_us timeout;   /* wait for an answer */
    clock_us pause;     /* silence before each request to this device */
    clock_us write_gap; /* silence after a write */
};

/* Settings of the device that a driver may need. */
struct driver_settings {
    const char *name, *profile;
    int unit;
    clock_us every;
};

struct driver_device; /* the driver's own state, one per device */

struct driver {
    const char *name;
    bool wired; /* asks a device on a real line; else it makes values up, on a line of kind sim */
    bool finds_points; /* identify() makes them: a device rebuilt with other settings is given those
                        * it had before, so that none is missing until it was asked again */

    /* Make the state and describe `device` (identity, components, points) as far as known without
     * asking. NULL and `err` when the profile cannot be used. `library` is what the driver's load()
     * returned. */
    struct driver_device *(*open)(void *library, const struct driver_settings *settings,
                                  struct device *device, struct err *err);
    struct driver_device *(*close)(struct driver_device *state); /* accepts NULL, returns NULL */

    struct driver_limits (*limits)(const struct driver_device *state);

    /* The next question about identity: 1 and `*request`, 0 when identified (or nothing to ask),
     * -ENODEV with a sentence when it is another device. `answer` is NULL on the first call, then
     * the answer to the previous request. Called anew whenever the device comes (back) online. */
    int (*identify)(struct driver_device *state, const struct driver_answer *answer,
                    struct driver_request *request, struct err *err);

    /* Begin a round of reading: round 0, 1, 2, ... counts since the device came online. */
    void (*round)(struct driver_device *state, unsigned round);

    /* The next request of this round; false when the round is complete. One request is out at a
     * time. */
    bool (*plan)(struct driver_device *state, struct driver_request *request);

    /* Turn the answer to `request` into values (point_put, point_mark). 0, or -EPROTO when it is no
     * proper answer to it; a failure (DRIVER_TIMED_OUT) needs no marks: field marks the whole
     * device when it gives up. */
    int (*decode)(struct driver_device *state, const struct driver_request *request,
                  const struct driver_answer *answer);

    /* The last request of this round got no answer after `waited`. True: the driver has put it
     * aside, others were answered, the round goes on; false (or NULL here): the unit counts as not
     * answering. */
    bool (*unanswered)(struct driver_device *state, const struct driver_answer *answer,
                       clock_us waited);

    /* ---- switching: all NULL in a driver that only reads ---- */

    /* What must be sent to make the state of `point` `number` (of its words; of a gauge that can be
     * set, in its unit): 1 and the first `*request` (with `write` set), or -ENOTSUP, -ERANGE with a
     * sentence. */
    int (*encode)(struct driver_device *state, const struct point *point, double number,
                  struct driver_request *request, struct err *err);

    /* The answer to a request of encode(). `*request` is that request, and takes the next one: 1
     * when there is one, 0 when the device has accepted all of it, -EACCES with a sentence when it
     * refused, -EPROTO when the answer is no proper one: then nobody knows, and the point must be
     * read back. Not called when there was no answer. */
    int (*written)(struct driver_device *state, const struct point *point,
                   const struct driver_answer *answer, struct driver_request *request,
                   struct err *err);

    /* The request whose answer decode() turns into a fresh reading of `point`; false when the point
     * is not read from the device. */
    bool (*read_back)(struct driver_device *state, const struct point *point,
                      struct driver_request *request);
};
