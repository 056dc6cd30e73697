/* raw - the door for raw transactions: somebody asks a device on a line in the device's own words.
 *
 * The gateway's clients come in here; field/raw_lines carries it out, beside our own polling: same
 * queue, same arbiter. Equal reads under way are one question on the wire, and a read may be
 * answered with what was read a moment ago, as old as the asker allows. Nothing is checked here but
 * what the wire needs: who may ask what is the asker's business. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

enum raw_outcome {
    RAW_ANSWERED, /* `pdu` is what the device said; its refusal is an answer too */
    RAW_SILENT,   /* no proper answer; of a write nobody knows whether it was done */
    RAW_NO_PATH,  /* the line is down, or there is none: nothing was sent */
    RAW_BUSY,     /* too many wait for this line: nothing was sent */
};

/* How an answer was come by. */
enum raw_way {
    RAW_ASKED,      /* on the wire */
    RAW_MERGED,     /* on the wire, for several at once */
    RAW_REMEMBERED, /* read a moment ago */
    RAW_WITHHELD,   /* the unit is known to be silent: not asked again so soon */
};

/* A line as raw transactions see it; dead after a change of settings. */
struct raw_path;

/* Embedded in what belongs to the asker; must be done or cancelled before its memory goes. */
struct raw_request {
    struct raw_path *path; /* NULL: RAW_NO_PATH */
    uint8_t unit;       /* 0: all of a serial line, which do not answer: RAW_ANSWERED and no PDU */
    bool write;         /* changes something: never merged, remembered or repeated */
    uint32_t client;    /* who asks, for fairness */
    const uint8_t *pdu; /* function and data, 1 to 253 bytes; may go when raw_submit returns */
    size_t length;
    clock_us max_age; /* 0: always ask */
    /* Called once unless cancelled, perhaps from inside raw_submit; `pdu` lives until it returns.
     */
    void (*done)(struct raw_request *request, enum raw_outcome outcome, const uint8_t *pdu,
                 size_t length);
    void *user;

    /* The executor's. */
    enum raw_way way; /* set when `done` is called */
    void *ask;        /* NULL: not under way */
    struct raw_request *next;
};

/* Who carries it out. */
struct raw_door {
    /* NULL when there is no such line, or none that speaks Modbus. */
    struct raw_path *(*find)(void *user, const char *line);
    void (*submit)(void *user, struct raw_request *request);
    /* `done` will not be called; what was not sent is not sent any more. Fine when it is not under
     * way. True: it is on the wire, and nobody will hear what becomes of it. */
    bool (*cancel)(void *user, struct raw_request *request);
    void *user;
};
