/* profile - what a Modbus device says, as data: a YAML file of docs/profiles.md made into constant
 * structs.
 *
 * Reading checks everything that can be checked without the device and collects every mistake with
 * its file, line, column and the nearest valid word; a profile with a mistake is never used. A
 * profile is one arena, immutable once read, and must outlive the devices opened from it (their
 * points borrow its words). Read-only: any thread may look.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/component.h"
#include "model/quantity.h"
#include "model/site.h"
#include "wire/modbus_value.h"

enum profile_bank {
    PROFILE_HOLDING,
    PROFILE_INPUT,
    PROFILE_COIL,
    PROFILE_DISCRETE,
    PROFILE_BANKS,
};

/* "holding", "input", "coil", "discrete", and the function that reads it. */
const char *profile_bank_name(enum profile_bank bank);
uint8_t profile_bank_function(enum profile_bank bank);

/* Where a raw number stands. */
struct profile_register {
    enum profile_bank bank;
    enum modbus_value_type type;
    enum modbus_value_order order;
    uint16_t address;
    uint16_t count; /* registers; 1 for a coil or discrete input */
};

/* value = raw * up / down. Scales such as 0.01 are kept as 1/100: a division by an exact number
 * rounds once, a multiplication by an inexact one twice. */
struct profile_scale {
    double up, down;
};

struct profile_scale profile_scale(double factor);

struct profile_scale_register {
    struct profile_register at;
    bool power_of_ten; /* the register holds an exponent, else a factor */
    int most;          /* of an exponent, either way; 0: as far as a double is exact */
    struct profile_scale scale;
};

struct profile_scale_by {
    struct profile_register at;
    double below;
    struct profile_scale scale, otherwise;
};

struct profile_sign {
    struct profile_register at;
    int64_t negative;
};

struct profile_plus {
    struct profile_register at;
    struct profile_scale scale;
};

/* Raw values from low to high mean "not measured": as profile_key() for integers, as numbers for
 * floats. */
struct profile_absent {
    uint64_t low, high;
    double low_number, high_number;
};

/* What is written to bring about one state. */
struct profile_code {
    int64_t number;             /* the state, as in `words` */
    struct profile_register at; /* a coil, or one holding register or two */
    uint64_t raw;               /* of a coil 0 or 1 */
};

/* How a point is made what somebody decided it shall be. */
struct profile_write {
    struct profile_register at;       /* of a gauge */
    const struct profile_code *codes; /* of a state: one for each that it can be brought into */
    size_t code_count;
    uint16_t mask; /* only these bits of the register change (function 22); 0: all of it */
    bool multiple; /* written with function 15 or 16 also where 5 or 6 would do */
};

enum profile_every { PROFILE_FAST, PROFILE_SLOW, PROFILE_ONCE };

struct profile_point {
    const char *path; /* "phase-a/voltage" */
    int line;         /* in the file */
    enum component_kind component;
    int number;
    enum quantity quantity;
    struct profile_register at;
    struct profile_scale scale;
    double offset;
    const struct profile_scale_register *scale_registers;
    size_t scale_register_count;
    const struct profile_scale_by *scale_by; /* NULL: none */
    const struct profile_sign *sign;         /* NULL: none */
    const struct profile_plus *plus;
    size_t plus_count;
    uint8_t bit_low, bit_count; /* count 0: all */
    struct words words;         /* count 0: none */
    const struct profile_absent *absent;
    size_t absent_count;
    bool narrowed; /* `low` and `high` are narrower than the catalogue */
    double low, high;
    double rollover; /* raw count at which a counter starts again, 0: never */
    bool optional;
    enum profile_every every;
    const struct profile_write *write; /* NULL: can only be read */
};

/* What a scan, or the first answer, must find. */
struct profile_rule {
    struct profile_register at;
    bool equals;      /* a certain raw value, else a number between two */
    const char *text; /* of equals, for text registers; else NULL */
    double low, high; /* equals: both the same */
    uint64_t key;     /* equals: profile_key() of integers */
};

enum profile_parity { PROFILE_PARITY_NONE, PROFILE_PARITY_EVEN, PROFILE_PARITY_ODD };

/* How the device is delivered; baud 0: not told. */
struct profile_line {
    int baud;
    enum profile_parity parity;
    int stop_bits;
};

struct profile_limits {
    unsigned registers, bits, gap;
    unsigned timeout_ms, pause_ms, write_gap_ms; /* 0: no wish */
};

struct profile {
    const char *name, *vendor, *model, *title, *role;
    const char *path; /* of the file */
    const char *const *aliases;
    size_t alias_count;
    const char *const *sources, *const *notes;
    size_t source_count, note_count;
    int confirmed;
    struct profile_line line;
    struct profile_limits limits;
    const struct profile_rule *rules;
    size_t rule_count;
    const struct profile_point *points;
    size_t point_count;
    struct arena *arena;
};

/* Read a file, or text that messages call `name`. NULL when there is any mistake; each is added to
 * `errors`. */
struct profile *profile_read_file(const char *path, struct err_list *errors);
struct profile *profile_read_text(const char *name, const char *text, size_t length,
                                  struct err_list *errors);
struct profile *profile_free(struct profile *profile);

/* Raw bits of an integer type in an order in which a plain comparison is right: the sign bit is
 * turned. */
uint64_t profile_key(enum modbus_value_type type, uint64_t raw);

bool profile_type_is_float(enum modbus_value_type type);
bool profile_type_is_bcd(enum modbus_value_type type);
bool profile_type_is_signed(enum modbus_value_type type);
