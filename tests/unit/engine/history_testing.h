/* history_testing - a store filled by hand and asked directly, for unit tests, fault tests and
 * benchmarks. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "engine/history_answer.h"
#include "engine/history_reader.h"
#include "engine/history_row.h"
#include "engine/history_store.h"

#define TESTING_T0 (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z, a full hour */
#define TESTING_HOUR (3600 * CLOCK_S)

enum { TESTING_SERIES = 16 };

static const struct history_definition testing_series[TESTING_SERIES] = {
    {1, QUANTITY_VOLTAGE, 1, "m/total/voltage"},
    {2, QUANTITY_CURRENT, 3, "m/total/current"},
    {3, QUANTITY_ENERGY, 3, "m/total/energy"},
    {4, QUANTITY_REAL_POWER, 1, "m/total/real-power"},
    {5, QUANTITY_FREQUENCY, 2, "m/total/frequency"},
    {6, QUANTITY_STATE, 0, "p/outlet-1/state"},
    {7, QUANTITY_VOLTAGE, 1, "m/phase-a/voltage"},
    {8, QUANTITY_VOLTAGE, 1, "m/phase-b/voltage"},
    {9, QUANTITY_VOLTAGE, 1, "m/phase-c/voltage"},
    {10, QUANTITY_TEMPERATURE, 1, "s/sensor-1/temperature"},
    {11, QUANTITY_HUMIDITY, 1, "s/sensor-1/humidity"},
    {12, QUANTITY_CURRENT, 3, "m/phase-a/current"},
    {13, QUANTITY_CURRENT, 3, "m/phase-b/current"},
    {14, QUANTITY_CURRENT, 3, "m/phase-c/current"},
    {15, QUANTITY_POWER_FACTOR, 3, "m/total/power-factor"},
    {16, QUANTITY_LOAD, 1, "m/total/load"},
};

/* Write one tick; readings of series 1 to `count`. */
static inline int testing_write(struct history_store *store, clock_us wall, clock_us mono,
                                bool known, const struct history_reading *readings, size_t count,
                                struct err *err)
{
    struct buf row = BUF_EMPTY;
    history_row_encode(&row, mono / CLOCK_MS, readings, count);
    struct history_record record = {
        .mono = mono,
        .wall = wall,
        .wall_known = known,
        .row = (uint8_t *)row.data,
        .length = row.length,
        .definitions = testing_series,
        .definition_count = TESTING_SERIES,
    };
    struct history_record *records[] = {&record};
    int result = history_store_write(store, records, 1, err);
    buf_deinit(&row);
    return result;
}

/* A good reading of series 1 and nothing else. */
static inline int testing_write_one(struct history_store *store, clock_us wall, int64_t value)
{
    struct history_reading reading = {.series = 1, .quality = QUALITY_GOOD, .value = value};
    return testing_write(store, wall, wall - TESTING_T0 + CLOCK_S, true, &reading, 1, NULL);
}

static inline int testing_tidy(struct history_store *store, struct err *err)
{
    int result;
    do
        result = history_store_tidy(store, err);
    while (result > 0);
    return result;
}

/* Ask through a connection of its own. NULL and `err`. */
static inline struct history_answer *testing_ask(const char *folder, const char *const *paths,
                                                 size_t count, clock_us from, clock_us to,
                                                 clock_us step, struct err *err)
{
    struct history_reader *reader = history_reader_open(folder, err);
    if (!reader)
        return NULL;
    struct history_question question = {
        .paths = paths, .path_count = count, .from = from, .to = to, .step = step};
    atomic_bool cancel = false;
    struct history_answer *answer = history_reader_ask(reader, &question, &cancel, err);
    history_reader_close(reader);
    return answer;
}

static inline struct history_answer *testing_ask_one(const char *folder, clock_us from, clock_us to,
                                                     clock_us step)
{
    static const char *const path[] = {"m/total/voltage"};
    return testing_ask(folder, path, 1, from, to, step, NULL);
}
