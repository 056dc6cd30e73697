/* doctor - what is wrong on a bus, said plainly: the thing, the evidence, the way out.
 *
 * Judges what line and units have counted lately (statistics_recent: 2.5 to 5 minutes), so that a
 * fault that was mended is forgotten. doctor_judge() is pure: facts in, findings out, the heaviest
 * first. The rules are one table; docs/bus-doctor.md lists them. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "field/field.h"
#include "field/statistics.h"
#include "field/transport.h"

#define DOCTOR_FINDINGS 64 /* of one line; more are not told */
#define DOCTOR_UNITS 247

enum doctor_weight {
    DOCTOR_HINT,    /* worth a look */
    DOCTOR_LIKELY,  /* the evidence has other explanations */
    DOCTOR_CERTAIN, /* it cannot be otherwise */
};

struct doctor_unit {
    const char *device;
    int unit;
    uint64_t recent[STATISTICS_COUNTS];
    uint64_t exceptions[STATISTICS_EXCEPTION_CODES]; /* since start: tells which code it was */
    clock_us latency_p99;
};

/* What is known of a line; texts are borrowed. */
struct doctor_facts {
    bool serial;        /* it has a speed that could be wrong */
    bool rtu;           /* answers carry no number of their question */
    bool open;          /* and polled */
    const char *reason; /* while not open */
    unsigned timeout_ms;
    double busy_percent;
    uint64_t recent[STATISTICS_COUNTS];
    struct transport_faults faults; /* of the port since it was opened; zeros: not known */
    const struct doctor_unit *units;
    size_t unit_count;
};

struct doctor_finding {
    const char *kind; /* "duplicate-address", ... */
    enum doctor_weight weight;
    int unit;           /* -1: the line */
    const char *device; /* borrowed from the facts; NULL: the line */
    char what[160];     /* one sentence: thing and place */
    char evidence[240]; /* on which it is said, with numbers */
    char way_out[240];
};

/* Findings of a line, the heaviest first: how many, at most `room`. */
size_t doctor_judge(const struct doctor_facts *facts, struct doctor_finding *findings, size_t room);

/* The same for a line of the field, with its devices as units. */
size_t doctor_look(const struct field *field, const struct line *line,
                   struct doctor_finding *findings, size_t room);

/* "hint", "likely", "certain" */
const char *doctor_weight_name(enum doctor_weight weight);
