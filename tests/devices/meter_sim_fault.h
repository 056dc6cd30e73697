/* meter_sim_fault - the ways in which a simulated meter misbehaves on request.
 *
 * Faults are set by name, on the command line or at run time, and spoil frames on their way out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum meter_sim_fault_kind {
    METER_SIM_FAULT_NONE,
    METER_SIM_FAULT_SILENCE,         /* no answer */
    METER_SIM_FAULT_LATE,            /* after ms (default 1.3 times --timeout-ms) */
    METER_SIM_FAULT_WRONG_UNIT,      /* as if another unit had answered */
    METER_SIM_FAULT_WRONG_FUNCTION,  /* as if something else had been asked */
    METER_SIM_FAULT_WRONG_TID,       /* TCP: another transaction */
    METER_SIM_FAULT_TRUNCATE,        /* only the first n bytes (default half) */
    METER_SIM_FAULT_FLIP,            /* each bit turned over with probability p (default 0.001) */
    METER_SIM_FAULT_GARBAGE,         /* n random bytes first (default 20) */
    METER_SIM_FAULT_ECHO,            /* the request comes back first, as from a cheap adaptor */
    METER_SIM_FAULT_EXCEPTION,       /* refuses with code n (default 4) */
    METER_SIM_FAULT_SILENT_REGISTER, /* no answer to a read that touches register n */
    METER_SIM_FAULT_STOP,            /* holds its answers until it continues, then sends them all */
};

struct meter_sim_fault {
    enum meter_sim_fault_kind kind;
    double argument;   /* of the kinds above; negative: the default */
    unsigned times;    /* how many more answers are spoiled; 0 = until cleared */
    unsigned delay_ms; /* added to every answer, with or without a fault */
};

enum { METER_SIM_FAULT_BYTES = 1024 }; /* room for the longest spoiled frame */

/* A frame on its way out, with what it answers. */
struct meter_sim_frame {
    uint8_t bytes[METER_SIM_FAULT_BYTES];
    size_t length;
    unsigned delay_ms;
    bool hold;
};

/* "wrong-unit" to its kind: 0, or -ENOENT. */
int meter_sim_fault_find(const char *name, enum meter_sim_fault_kind *kind);
const char *meter_sim_fault_name(enum meter_sim_fault_kind kind);

/* Whether the fault concerns this request at all; if not, it is neither taken nor applied. */
bool meter_sim_fault_concerns(const struct meter_sim_fault *fault, const uint8_t *pdu,
                              size_t length);

/* Counts one spoiled answer; returns what to do with it (NONE when times have run out). */
enum meter_sim_fault_kind meter_sim_fault_take(struct meter_sim_fault *fault);

/* Spoils a frame that is built already; request is the frame that it answers. Length 0: send
 * nothing. */
void meter_sim_fault_apply(const struct meter_sim_fault *fault, enum meter_sim_fault_kind kind,
                           unsigned timeout_ms, const uint8_t *request, size_t request_length,
                           uint64_t *random, struct meter_sim_frame *frame);
