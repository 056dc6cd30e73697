/* profile_reader - the small steps of reading a profile: keys, numbers, words, register places,
 * each with its message.
 *
 * Only for the files that read profiles. Every step adds its mistake to the reader's errors and
 * says whether it worked, so that reading goes on and a person sees all mistakes at once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/yaml.h"
#include "driver/profile.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* The keys of every register; each kind adds its own behind them. */
#define PROFILE_REGISTER_KEYS "holding", "input", "coil", "discrete", "type", "order"

struct profile_reader {
    struct arena *arena;
    struct err_list *errors;
    enum modbus_value_order order; /* the device's habit */
    unsigned registers, bits;      /* most per read */
};

/* Add a mistake at the node's place. */
void profile_fault(struct profile_reader *reader, const struct yaml_node *node, const char *format,
                   ...) __attribute__((format(printf, 3, 4)));

/* A map whose keys are all among `keys`; unknown ones are named with the nearest valid one. False
 * when it is no map. */
bool profile_read_map(struct profile_reader *reader, const struct yaml_node *node, const char *what,
                      const char *const *keys, size_t count);

bool profile_read_int(struct profile_reader *reader, const struct yaml_node *node, const char *what,
                      int64_t low, int64_t high, int64_t *value);
bool profile_read_number(struct profile_reader *reader, const struct yaml_node *node,
                         const char *what, double *value);
bool profile_read_bool(struct profile_reader *reader, const struct yaml_node *node,
                       const char *what, bool *value);

/* Text of 1 to `most` bytes, copied into the arena; NULL after a mistake. */
const char *profile_read_line(struct profile_reader *reader, const struct yaml_node *node,
                              const char *what, size_t most);

/* Index of the scalar among `words`, or -1. */
int profile_read_word(struct profile_reader *reader, const struct yaml_node *node, const char *what,
                      const char *const *words, size_t count);

/* What kind of device it is: "meter", "pdu", ...; "" after a mistake. */
const char *profile_read_role(struct profile_reader *reader, const struct yaml_node *node);

/* [low, high] with low <= high. */
bool profile_read_range(struct profile_reader *reader, const struct yaml_node *node,
                        const char *what, double *low, double *high);

/* Bank, address, type, length and order of a map. */
bool profile_read_register(struct profile_reader *reader, const struct yaml_node *map,
                           const char *what, struct profile_register *at);

/* An integer as raw bits of the type: negative ones as their two's complement. */
bool profile_read_raw(struct profile_reader *reader, const struct yaml_node *node,
                      enum modbus_value_type type, uint64_t *raw);

/* Something that may be one or a list of them. */
size_t profile_listed(const struct yaml_node *node);
const struct yaml_node *profile_listed_at(const struct yaml_node *node, size_t index);

/* ---- one point ------------------------------------------------------------------------------- */

/* What stands at a point beside its register: factors, bits, words, values that mean absent, how
 * often. The point's path and register have been read. */
void profile_read_extras(struct profile_reader *reader, const struct yaml_node *map,
                         struct profile_point *point);

/* ---- writing --------------------------------------------------------------------------------- */

/* `write:` of a point that has been read otherwise. */
void profile_read_write(struct profile_reader *reader, const struct yaml_node *node,
                        struct profile_point *point);

/* The same for the point of a run that lies `shift` addresses on; NULL stays NULL. */
const struct profile_write *profile_write_shift(struct arena *arena,
                                                const struct profile_write *write, size_t shift);

/* The last address that it writes to. */
unsigned profile_write_last(const struct profile_write *write);

/* ---- runs: one line for points whose names differ in a number -------------------------------- */

/* "outlet-1..8/state", or "phase-a/harmonic-voltage-3..31" with `step: 2, stride: 6`. */
struct profile_run {
    size_t count; /* 1: an ordinary point */
    size_t digits_at;
    const char *rest; /* behind the numbers: "/state", or "" */
    int first, step;
    unsigned stride; /* from register to register; 0: side by side */
};

/* What the key says; false after a mistake. `count` is at most 999 and no memory is taken yet. */
bool profile_run_read(struct profile_reader *reader, const struct yaml_node *key,
                      const struct yaml_node *map, struct profile_run *run);

/* "phase-a/harmonic-voltage-5", of the point with this index. */
const char *profile_run_path(struct arena *arena, const struct yaml_node *key,
                             const struct profile_run *run, size_t index);

/* points[0] was read; fill in the others. How many there are now: all, or 0 after a mistake. */
size_t profile_run_expand(struct profile_reader *reader, const struct yaml_node *key,
                          const struct yaml_node *map, const struct profile_run *run,
                          struct profile_point *points);

/* All points of a `points` map, runs expanded; `*count` of them. */
const struct profile_point *profile_read_points(struct profile_reader *reader,
                                                const struct yaml_node *node, size_t *count);
