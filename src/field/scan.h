/* scan - which units of a line answer?
 *
 * Asks one address after the other (as many at once as the line allows) with harmless reads, at the
 * lowest priority, so polling goes on meanwhile. Whatever answers, even with a refusal, is there.
 * Works on any line: the daemon's or one made by the command line tool. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "field/driver.h"
#include "field/line.h"

struct scan;

struct scan_found {
    uint8_t unit;
    size_t request;       /* index of the request that was answered first */
    const uint8_t *bytes; /* the answer's PDU, until the callback returns */
    size_t length;
    clock_us latency;
};

struct scan_options {
    uint8_t first, last; /* addresses, first <= last (asserted); 0, 0: 1 to 247 */
    /* What to ask, in this order until something answers; copied. None: one holding register,
     * then one input register. */
    const struct driver_request *requests;
    size_t request_count;
    clock_us timeout; /* 0: the line's */
    void (*found)(void *user, const struct scan_found *found);
    /* More questions to a unit that was found, until `plan` says false; either both or none.
     * Then units are asked one by one. */
    bool (*plan)(void *user, uint8_t unit, struct driver_request *request);
    void (*answer)(void *user, uint8_t unit, const struct driver_request *request,
                   const struct driver_answer *answer);
    void (*tried)(void *user, uint8_t unit); /* an address is finished; may be NULL */
    /* All addresses were asked, or (`problem` not NULL, a sentence) the line went down. The scan
     * is freed after it returns. */
    void (*done)(void *user, const char *problem);
    void *user;
};

/* Starts at once; never calls back from inside. The line must outlive the scan. */
struct scan *scan_start(struct line *line, const struct scan_options *options);

/* Ends and frees it; `done` is not called. Not from inside its own callbacks. Accepts NULL,
 * returns NULL. */
struct scan *scan_cancel(struct scan *scan);
