/* value - what is known about a point: a number or text, when it was acquired, and how good it is.
 *
 * Old never looks new, unknown is never 0: every face shows quality and time with the number.
 */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

enum quality {
    QUALITY_ABSENT, /* not measured by this device, or not answered yet: there is no number */
    QUALITY_GOOD,
    QUALITY_STALE, /* the last known number, too old to act on */
    QUALITY_BAD,   /* the device says nonsense or a fault: the number must not be used */
};

enum value_reason {
    REASON_NONE,
    REASON_NOT_ASKED,    /* since start, or since the device was added */
    REASON_NOT_MEASURED, /* the device said "no value" */
    REASON_REFUSED,      /* the device has no such register */
    REASON_OUT_OF_RANGE, /* not plausible for this quantity */
    REASON_MALFORMED,    /* not a number in the promised format */
    REASON_TOO_OLD,      /* no fresh reading within the time it stays good */
    REASON_SILENT,       /* the device does not answer */
    REASON_LINE_DOWN,    /* its line cannot be opened */
    REASON_NO_SOURCE,    /* what it is derived from is not good */
    REASON_REMOVED,      /* sensor unplugged */
    REASON_UNANSWERED,   /* the device answers, but not when it is asked for this */
};

struct value {
    double number;
    clock_us mono; /* acquisition, monotonic: for ages */
    clock_us wall; /* acquisition, wall: for records; 0 while nothing was acquired */
    enum quality quality : 8;
    enum value_reason reason : 8;
    bool wall_known : 1;
};

/* "good", "stale", "bad", "absent" */
const char *quality_name(enum quality quality);

/* What the reason means, as the rest of a sentence after the point's name. */
const char *value_reason_text(enum value_reason reason);
