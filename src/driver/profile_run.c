#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/profile_reader.h"

/* Numbers of a run have at most three digits, so that no file can ask for a million points. */
enum { RUN_DIGITS = 3 };

/* Digits at `text`, or -1 when there are none, too many, or a leading 0. `*end` is behind them. */
static int read_digits(const char *text, const char **end)
{
    size_t digits = strspn(text, "0123456789");
    *end = text + digits;
    if (digits == 0 || digits > RUN_DIGITS || *text == '0')
        return -1;
    return (int)strtol(text, NULL, 10);
}

/* Where the first number of "phase-a/harmonic-voltage-2..31" begins; NULL when the key is no run.
 */
static const char *numbers_of(const char *path)
{
    const char *dots = strstr(path, ".."), *at = dots;
    while (at && at > path && at[-1] >= '0' && at[-1] <= '9')
        at--;
    return at;
}

/* The two words that only a run has. */
static bool read_steps(struct profile_reader *reader, const struct yaml_node *map,
                       struct profile_run *run)
{
    const struct yaml_node *step = yaml_get(map, "step"), *stride = yaml_get(map, "stride");
    int64_t number = 1;
    if (step && !profile_read_int(reader, step, "step", 1, 999, &number))
        return false;
    run->step = (int)number;
    number = 0;
    if (stride && !profile_read_int(reader, stride, "stride", 1, 65535, &number))
        return false;
    run->stride = (unsigned)number;
    return true;
}

bool profile_run_read(struct profile_reader *reader, const struct yaml_node *key,
                      const struct yaml_node *map, struct profile_run *run)
{
    const char *path = yaml_text(key), *numbers = numbers_of(path), *end;
    *run = (struct profile_run){.count = 1, .step = 1};
    /* Silently ignored, a forgotten ".." would leave one point where a person wanted thirty. */
    if (!numbers) {
        const struct yaml_node *step = yaml_get(map, "step"), *stride = yaml_get(map, "stride");
        if (step || stride)
            profile_fault(reader, step ? step : stride,
                          "%s belongs to a run, such as phase-a/harmonic-voltage-3..31",
                          step ? "step" : "stride");
        return !step && !stride;
    }
    run->digits_at = (size_t)(numbers - path);
    run->first = read_digits(numbers, &end);
    int last = run->first < 0 ? -1 : read_digits(end + strlen(".."), &end);
    run->rest = end;
    if (last < 0 || (*end && *end != '/') || last <= run->first) {
        profile_fault(reader, key,
                      "\"%.60s\" is no run: component or quantity end in two numbers from 1 to "
                      "999, the lower one first, as in harmonic-voltage-2..31",
                      path);
        return false;
    }
    if (!read_steps(reader, map, run))
        return false;
    /* Odd orders up to an even one: either end may be the slip, so none is guessed. */
    if ((last - run->first) % run->step != 0) {
        profile_fault(reader, yaml_get(map, "step"), "a run from %d in steps of %d never meets %d",
                      run->first, run->step, last);
        return false;
    }
    run->count = (size_t)((last - run->first) / run->step) + 1;
    return true;
}

const char *profile_run_path(struct arena *arena, const struct yaml_node *key,
                             const struct profile_run *run, size_t index)
{
    const char *path = yaml_text(key);
    if (run->count == 1)
        return arena_text(arena, path);
    return arena_format(arena, "%.*s%d%s", (int)run->digits_at, path,
                        run->first + (int)index * run->step, run->rest);
}

/* A register of its own for each point, and nothing that is read beside it for one point only: a
 * sign or a second half would have to move on with it, and no known device has such a run. A
 * scale register may serve all of them. */
static bool check_first(struct profile_reader *reader, const struct yaml_node *key,
                        const struct yaml_node *map, const struct profile_run *run,
                        const struct profile_point *first)
{
    unsigned stride = run->stride ? run->stride : first->at.count;
    /* In size_t: 999 strides of 65535 are beyond 16 bits, and must be seen to be. */
    size_t last = first->at.address + (run->count - 1) * stride + first->at.count - 1;
    if (first->sign || first->plus_count)
        profile_fault(reader, key, "the points of a run have neither sign nor plus");
    else if (stride < first->at.count)
        profile_fault(reader, yaml_get(map, "stride"),
                      "stride %u is less than the %u registers of %s", stride, first->at.count,
                      modbus_value_type_name(first->at.type));
    else if (first->write && first->write->mask)
        profile_fault(reader, yaml_get(map, "write"),
                      "the points of a run have no mask: each would need its own");
    else if (last > 65535 ||
             (first->write &&
              profile_write_last(first->write) + (run->count - 1) * (size_t)stride > 65535))
        profile_fault(reader, key,
                      "the last of the %zu points would lie at %zu, beyond address 65535",
                      run->count, last);
    else
        return true;
    return false;
}

size_t profile_run_expand(struct profile_reader *reader, const struct yaml_node *key,
                          const struct yaml_node *map, const struct profile_run *run,
                          struct profile_point *points)
{
    if (run->count == 1)
        return 1;
    if (!check_first(reader, key, map, run, points))
        return 0;
    const struct quantity_row *row = quantity_row(points->quantity);
    unsigned stride = run->stride ? run->stride : points->at.count;
    for (size_t i = 1; i < run->count; i++) {
        const char *path = profile_run_path(reader->arena, key, run, i);
        enum quantity quantity = quantity_find(strchr(path, '/') + 1);
        /* The bounds that were checked for the first must be those of all. */
        if (quantity == QUANTITY_NONE || quantity_row(quantity)->kind != row->kind ||
            strcmp(quantity_row(quantity)->unit, row->unit) != 0) {
            profile_fault(reader, key, "\"%.60s\" is no quantity of the same kind as %s",
                          strchr(path, '/') + 1, row->name);
            return 0;
        }
        /* Words and absent values are constant and may be shared. */
        points[i] = points[0];
        points[i].path = path;
        points[i].number = run->rest[0] ? run->first + (int)i * run->step : points->number;
        points[i].quantity = quantity;
        points[i].write = profile_write_shift(reader->arena, points->write, i * stride);
        points[i].at.address = (uint16_t)(points->at.address + i * stride);
    }
    return run->count;
}
