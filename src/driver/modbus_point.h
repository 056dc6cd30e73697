/* modbus_point - from the registers of a point to its value: the arithmetic of docs/profiles.md.
 *
 * Registers are given as the bytes that a read brought; nothing is kept, nothing is allocated. Loop
 * thread only, since the result is written to the site.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "driver/profile.h"
#include "model/site.h"

enum modbus_outcome {
    MODBUS_GOOD,
    MODBUS_ABSENT,    /* the device says that it does not measure this */
    MODBUS_MALFORMED, /* a BCD digit above 9, a scale that can't be */
};

/* Registers that a point needs beside its own, in this order: scale_registers, scale_by, sign,
 * plus. */
size_t modbus_point_helper_count(const struct profile_point *profile);
const struct profile_register *modbus_point_helper(const struct profile_point *profile,
                                                   size_t index);

/* The same, written to `point` with quality; text quantities too. */
void modbus_point_publish(const struct profile_point *profile, struct point *point,
                          const uint8_t *own, const uint8_t *const *helpers, clock_us mono,
                          clock_us wall);

/* Text registers as text that may be shown anywhere: control characters become "?". `size` counts
 * the end. */
void modbus_point_text(enum modbus_value_order order, const uint8_t *bytes, size_t registers,
                       char *text, size_t size);

/* Give a fresh point what its profile knows of it: words, roll-over, how long a reading stays good
 * when it is read each `every`. */
void modbus_point_prepare(const struct profile_point *profile, struct point *point, clock_us every);

/* Whether a register's bytes hold what the rule wants. */
enum modbus_match { MODBUS_MATCH, MODBUS_MISMATCH };
enum modbus_match modbus_rule_match(const struct profile_rule *rule, const uint8_t *bytes);
