/* field - lines to devices: everything between the site's settings and the values in the model.
 *
 * Owns the lines (one queue and one transport each) and a poller per device, and adds, rebuilds and
 * removes the devices of the site. Knows no protocol beyond framing and no driver by name: a
 * resolver maps a profile's name to driver and library. Loop thread only. Not to be freed or
 * applied from inside a callback of a line or a driver.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "field/driver.h"
#include "field/statistics.h"
#include "model/config.h"
#include "model/site.h"

struct field;
struct line;
struct line_settings;
struct scan;
struct scan_options;

struct field_resolver {
    /* The driver that serves `profile` and the library to open it with; NULL when there is none. */
    const struct driver *(*find)(void *user, const char *profile, void **library);
    void *user;
};

/* `loop` and `site` are borrowed and must outlive the field; an empty field does nothing. */
struct field *field_new(struct loop *loop, struct site *site,
                        const struct field_resolver *resolver);

/* Before the first field_apply: who keeps the counts of pulses (borrowed, must outlive the field);
 * without, they are lost when busbar ends. */
struct pulse_counts;
void field_keep_pulses(struct field *field, struct pulse_counts *counts);

/* Closes lines and drivers; the devices leave the site. Accepts NULL, returns NULL. */
struct field *field_free(struct field *field);

/* Make lines and devices what `config` says, at start and at reload. Lines and devices whose
 * settings are the same keep connection, values and counters; changed devices are rebuilt and
 * adopt their values; others come and go. `config` need not live longer than the call. A device
 * whose driver cannot be opened stays silent with the reason. */
void field_apply(struct field *field, const struct config *config);

/* Whether the line is of the kind that the driver asks: a meter's profile on a line that is made
 * up, or a made-up profile on a real line, gives -EINVAL and the sentence. */
int field_check_driver(const struct driver *driver, const char *profile, const char *name,
                       const struct line_settings *line, struct err *err);

/* ---- what the faces show --------------------------------------------------------------------- */

struct field_line {
    const char *name, *label, *kind,
        *endpoint;      /* endpoint: "/dev/ttyUSB0 9600 8N1", "192.0.2.10:502" */
    const char *state;  /* "open", "closed", "failing" */
    const char *reason; /* a sentence while not open, else "" */
    size_t queue;       /* requests waiting */
    double busy_percent;
    const struct statistics *statistics;
    const struct line *line; /* for field_units_each */
};

struct field_unit {
    const char *device;
    int unit;
    const char *state;   /* of the device: "online", ... */
    int64_t retry_in_ms; /* until a silent one is tried again; -1 when that is not the case */
    const struct statistics *statistics;
};

/* Lines in the order of the site file. Structs and texts live until the callback returns. */
void field_lines_each(const struct field *field,
                      void (*fn)(void *user, const struct field_line *line), void *user);

/* The devices on a line, `line` being field_line.line. */
void field_units_each(const struct field *field, const struct line *line,
                      void (*fn)(void *user, const struct field_unit *unit), void *user);

/* ---- for those who ask devices themselves: scan, gateway, switcher --------------------------- */

/* The line of that name, to submit requests to, or NULL. Do not keep the pointer over a reload. */
struct line *field_line_find(const struct field *field, const char *name);

/* Scan a line for units while polling goes on; see scan.h. NULL and `err` when there is no such
 * line. */
struct scan *field_scan(struct field *field, const char *line, const struct scan_options *options,
                        struct err *err);
