#include "meter_sim_fault.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "wire/modbus_pdu.h"

static const char *const names[] = {
    [METER_SIM_FAULT_NONE] = "none",
    [METER_SIM_FAULT_SILENCE] = "silence",
    [METER_SIM_FAULT_LATE] = "late",
    [METER_SIM_FAULT_WRONG_UNIT] = "wrong-unit",
    [METER_SIM_FAULT_WRONG_FUNCTION] = "wrong-function",
    [METER_SIM_FAULT_WRONG_TID] = "wrong-tid",
    [METER_SIM_FAULT_TRUNCATE] = "truncate",
    [METER_SIM_FAULT_FLIP] = "flip",
    [METER_SIM_FAULT_GARBAGE] = "garbage",
    [METER_SIM_FAULT_ECHO] = "echo",
    [METER_SIM_FAULT_EXCEPTION] = "exception",
    [METER_SIM_FAULT_SILENT_REGISTER] = "silent-register",
    [METER_SIM_FAULT_STOP] = "stop",
};

enum { COUNT = sizeof(names) / sizeof(names[0]) };

int meter_sim_fault_find(const char *name, enum meter_sim_fault_kind *kind)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *kind = (enum meter_sim_fault_kind)i;
            return 0;
        }
    }
    return -ENOENT;
}

const char *meter_sim_fault_name(enum meter_sim_fault_kind kind)
{
    return (size_t)kind < COUNT ? names[kind] : "unknown";
}

bool meter_sim_fault_concerns(const struct meter_sim_fault *fault, const uint8_t *pdu,
                              size_t length)
{
    if (fault->kind != METER_SIM_FAULT_SILENT_REGISTER) {
        return true;
    }
    struct modbus_pdu_request asked;
    if (modbus_pdu_request_parse(pdu, length, &asked) != 0) {
        return false;
    }
    return fault->argument >= asked.address &&
           fault->argument < (double)asked.address + asked.count;
}

enum meter_sim_fault_kind meter_sim_fault_take(struct meter_sim_fault *fault)
{
    enum meter_sim_fault_kind kind = fault->kind;
    if (kind != METER_SIM_FAULT_NONE && fault->times > 0 && --fault->times == 0) {
        fault->kind = METER_SIM_FAULT_NONE;
    }
    return kind;
}

static uint64_t draw(uint64_t *random)
{
    /* xorshift64 (Marsaglia 2003). */
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static double argument(const struct meter_sim_fault *fault, double otherwise)
{
    /* No fault needs a million; without a limit a typing error would overflow the casts below. */
    return fault->argument >= 0 ? fmin(fault->argument, 1e6) : otherwise;
}

/* A bit error rate, as of a line without termination, not a rate of spoiled frames. */
static void flip(struct meter_sim_frame *frame, double probability, uint64_t *random)
{
    for (size_t bit = 0; bit < 8 * frame->length; bit++) {
        if ((double)(draw(random) >> 11) * 0x1p-53 < probability) {
            frame->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

/* What does not fit is left away: no fault makes a frame longer than a line could carry. */
static void prepend(struct meter_sim_frame *frame, const uint8_t *bytes, size_t length)
{
    if (frame->length + length <= sizeof(frame->bytes)) {
        memmove(frame->bytes + length, frame->bytes, frame->length);
        memcpy(frame->bytes, bytes, length);
        frame->length += length;
    }
}

void meter_sim_fault_apply(const struct meter_sim_fault *fault, enum meter_sim_fault_kind kind,
                           unsigned timeout_ms, const uint8_t *request, size_t request_length,
                           uint64_t *random, struct meter_sim_frame *frame)
{
    uint8_t noise[256];
    frame->delay_ms += fault->delay_ms;
    switch (kind) {
    case METER_SIM_FAULT_SILENCE:
    case METER_SIM_FAULT_SILENT_REGISTER:
        frame->length = 0;
        break;
    case METER_SIM_FAULT_LATE:
        frame->delay_ms += (unsigned)argument(fault, 1.3 * timeout_ms);
        break;
    case METER_SIM_FAULT_TRUNCATE: {
        double keep = argument(fault, (double)(frame->length / 2));
        frame->length = keep < (double)frame->length ? (size_t)keep : frame->length;
        break;
    }
    case METER_SIM_FAULT_FLIP:
        flip(frame, argument(fault, 0.001), random);
        break;
    case METER_SIM_FAULT_GARBAGE: {
        double wanted = argument(fault, 20);
        size_t length = wanted < sizeof(noise) ? (size_t)wanted : sizeof(noise);
        for (size_t i = 0; i < length; i++) {
            noise[i] = (uint8_t)(draw(random) >> 24);
        }
        prepend(frame, noise, length);
        break;
    }
    case METER_SIM_FAULT_ECHO:
        prepend(frame, request, request_length);
        break;
    case METER_SIM_FAULT_STOP:
        frame->hold = true;
        break;
    default: /* the others change what is built, not what was built */
        break;
    }
}
