/* doctor_door - what the API asks of the bus doctor, which lies on the field's floor: findings, the
 * trial of other speeds, traces. The daemon fills it; loop thread only.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

enum doctor_form { DOCTOR_JSON, DOCTOR_TEXT, DOCTOR_PCAP, DOCTOR_CAPTURE };

#define DOCTOR_SECONDS_MOST 3600 /* of one trace */

struct doctor_wish {
    enum doctor_form form;
    uint64_t after; /* JSON: only frames after this number */
    int unit;       /* -1: all; a capture is of one unit */
};

struct doctor_door {
    void (*write)(void *user, struct json *json); /* GET /doctor, one value */

    /* 0, or -ENOENT (no such line), -EBUSY (one is running), -EINVAL and a sentence. */
    int (*start_trial)(void *user, const char *line, struct err *err);
    void (*stop_trial)(void *user);
    void (*write_trial)(void *user, struct json *json);

    /* Record a line for `seconds` (1 to DOCTOR_SECONDS_MOST), in place of what was recorded before:
     * 0, or -ENOENT, -EBUSY (too many lines are recorded), -EINVAL, -ENOMEM and a sentence. */
    int (*start_trace)(void *user, const char *line, int seconds, struct err *err);
    int (*stop_trace)(void *user, const char *line, struct err *err); /* and forget it */

    /* What was recorded: 0, -ENOENT (no such line, or nothing is recorded), -EINVAL and a sentence.
     */
    int (*read_trace)(void *user, const char *line, const struct doctor_wish *wish, struct buf *out,
                      struct err *err);
    void *user;
};
