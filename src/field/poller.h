/* poller - reads one device again and again: identify, then rounds on a schedule without drift.
 *
 * Due times lie on a grid of `every`, shifted by a phase of its own so that devices on a line do
 * not bunch. A round that takes longer is counted and the next begins at once; nothing piles up.
 * The first time-out of a round ends it, unless the driver has put that request aside because the
 * unit answers everything else. A unit that stays silent is marked so, with a sentence, and tried
 * at a rate that costs its line a few percent; when it answers again it is identified anew and
 * rounds count from 0. Owned by field; loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "field/device_settings.h"
#include "field/driver.h"
#include "field/line.h"
#include "model/site.h"

enum poller_stage { POLLER_WAITING, POLLER_IDENTIFYING, POLLER_READING };

struct poller {
    struct poller *next; /* the owner's list */
    /* Set by the owner before poller_attach. */
    struct loop *loop;
    char *name;
    struct device_settings settings; /* owned copy */
    struct device *device;
    const struct driver *driver;
    void *library;
    struct driver_device *state; /* NULL: the driver could not be opened */
    uint32_t ordinal;            /* among all pollers; client number on the line */
    struct field_part *part;     /* its device is a part of another; field's, NULL: it is not */
    bool touched;                /* field's, while settings are applied: a part of it changes */
    void (*told)(struct poller *poller); /* after readings or their quality changed; may be NULL */

    struct line *line; /* NULL while not attached */
    struct driver_limits limits;
    enum poller_stage stage;
    bool identified;
    unsigned round;    /* since it came online */
    unsigned failures; /* rounds in a row that ended in a time-out */
    clock_us phase, due;
    clock_us began;      /* the round or question under way */
    clock_us lost_since; /* not online since; for the log */
    bool lost_logged;
    struct loop_timer timer;
    struct driver_request asked;
    struct line_request request;
};

/* Begin to read over `line`, `place` being its number among the devices of that line and
 * `line_number` the line's own: both spread the phases. */
void poller_attach(struct poller *poller, struct line *line, unsigned place, unsigned line_number);

/* Stop reading; what was asked is dropped. Fine when not attached. */
void poller_detach(struct poller *poller);

/* The line became open or failing. */
void poller_line_changed(struct poller *poller);

/* What a request to this device needs beside its urgency and who is called: address, bytes of
 * `asked`, times. */
void poller_fill_request(const struct poller *poller, const struct driver_request *asked,
                         struct line_request *request);

/* Readings came in beside the rounds. */
void poller_tell(struct poller *poller);

/* Milliseconds until a silent device is tried again; -1 when it is not silent or tried right
 * now. */
int64_t poller_retry_in_ms(const struct poller *poller);
