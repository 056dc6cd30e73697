/* field_private - what field.c (lines, devices), field_parts.c (devices that belong to another) and
 * control.c (writing) share; nobody else includes this. */
#pragma once

#include "field/field.h"
#include "field/poller.h"

/* A point of a part and the one of its host that shows the same. */
struct field_pair {
    point_id from, to;
};

/* Of a poller whose device is a part of another. */
struct field_part {
    struct field *field;
    struct field_pair *pairs;
    size_t count, capacity;
};

struct bus;

struct field {
    struct loop *loop;
    struct site *site;
    struct site *parts; /* devices that stand in the site as parts of others; NULL: none yet */
    struct field_resolver resolver;
    struct pulse_counts *pulses; /* NULL: nobody keeps counts */
    struct bus *buses;           /* in the order of the site file */
    struct poller *pollers;      /* likewise */
    uint32_t next_ordinal;
    struct control *controls;
    struct loop_defer ended; /* controls whose end is to be told */
    bool closing;
};

/* ---- control.c ------------------------------------------------------------------------------- */

/* The poller leaves its line or goes away: what is under way on it ends, told later. */
void control_drop(struct field *field, const struct poller *poller);

/* The field goes away: all end, told at once. */
void control_end_all(struct field *field);

/* ---- field_parts.c --------------------------------------------------------------------------- */

/* Where the device of these settings stands: in the site, or among the parts. */
struct site *field_site_of(struct field *field, const struct device_settings *settings);

/* Marks the pollers whose device must be built anew because one of its parts comes, goes or
 * changes. `is_same` says whether a poller may go on with these settings. */
void field_parts_mark(struct field *field, const struct config *config,
                      bool (*is_same)(struct field *field, const struct poller *poller,
                                      const struct device_settings *settings));

/* Connect the points of all parts with those of their hosts. */
void field_parts_connect(struct field *field);

void field_part_free(struct field_part *part);

/* The poller that reads the point, or NULL; `*point` becomes the part's own point where it is shown
 * for a part. */
struct poller *field_poller_of(const struct field *field, struct point **point);
