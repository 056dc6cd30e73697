#include "model/quantity.h"

#include <assert.h>
#include <string.h>

#define KIND_GAUGE QUANTITY_KIND_GAUGE
#define KIND_COUNTER QUANTITY_KIND_COUNTER
#define KIND_STATE QUANTITY_KIND_STATE
#define KIND_TEXT QUANTITY_KIND_TEXT

/* In the order of quantity.def, which is that of the numbers: who walks them all needs no sorting.
 */
static const struct quantity_row rows[] = {
#define QUANTITY(number_, identifier, name_, kind_, unit_, decimals_, low_, high_, label_,         \
                 metric_, metric_unit_, factor, ha_class_, redfish_, nut_)                         \
    {.number = number_,                                                                            \
     .name = name_,                                                                                \
     .kind = KIND_##kind_,                                                                         \
     .unit = unit_,                                                                                \
     .decimals = decimals_,                                                                        \
     .low = low_,                                                                                  \
     .high = high_,                                                                                \
     .label = label_,                                                                              \
     .metric = metric_,                                                                            \
     .metric_unit = metric_unit_,                                                                  \
     .metric_factor = factor,                                                                      \
     .ha_class = ha_class_,                                                                        \
     .redfish = redfish_,                                                                          \
     .nut = nut_},
#include "model/quantity.def"
#undef QUANTITY
};

/* Number -> place in rows, made by the compiler so that a look-up is one step. */
enum {
#define QUANTITY(number, identifier, ...) ROW_##identifier,
#include "model/quantity.def"
#undef QUANTITY
    PLACE_COUNT
};

/* Numbers of harmonics lie far from the others, but without a hole: a table that reached up to them
 * would be nearly empty. */
enum {
    ORDINARY_MOST = 255,
    ORDERS = QUANTITY_HARMONIC_VOLTAGE_63 - QUANTITY_HARMONIC_VOLTAGE_2 + 1
};

static_assert(QUANTITY_HARMONIC_CURRENT_63 - QUANTITY_HARMONIC_CURRENT_2 + 1 == ORDERS &&
                  ROW_HARMONIC_CURRENT_2 == ROW_HARMONIC_VOLTAGE_2 + ORDERS &&
                  ROW_HARMONIC_CURRENT_63 == PLACE_COUNT - 1,
              "harmonics are the last rows, without a hole");
static_assert(ROW_HARMONIC_VOLTAGE_2 < 255, "places of ordinary rows fit a byte, with 0 for none");

static const unsigned char places[ORDINARY_MOST + 1] = {
#define QUANTITY(number, identifier, ...) [number] = ROW_##identifier + 1,
#define QUANTITY_HARMONIC(...)
#include "model/quantity.def"
#undef QUANTITY
};

/* Place + 1, or 0. Called for every reading that is published: no search. */
static unsigned place_of(long long number)
{
    if (number >= QUANTITY_HARMONIC_CURRENT_2 && number <= QUANTITY_HARMONIC_CURRENT_63)
        return ROW_HARMONIC_CURRENT_2 + 1 + (unsigned)(number - QUANTITY_HARMONIC_CURRENT_2);
    if (number >= QUANTITY_HARMONIC_VOLTAGE_2 && number <= QUANTITY_HARMONIC_VOLTAGE_63)
        return ROW_HARMONIC_VOLTAGE_2 + 1 + (unsigned)(number - QUANTITY_HARMONIC_VOLTAGE_2);
    return number > 0 && number <= ORDINARY_MOST ? places[number] : 0;
}

const struct quantity_row *quantity_row(enum quantity quantity)
{
    unsigned place = place_of(quantity);
    assert(place); /* numbers from outside go through quantity_of_number() first */
    return &rows[place - 1];
}

enum quantity quantity_of_number(long long number)
{
    return place_of(number) ? (enum quantity)number : QUANTITY_NONE;
}

enum quantity quantity_find(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].number;
    }
    return QUANTITY_NONE;
}

const struct quantity_row *quantity_rows(size_t *count)
{
    *count = sizeof rows / sizeof *rows;
    return rows;
}

const char *quantity_kind_name(enum quantity_kind kind)
{
    static const char *const names[] = {"gauge", "counter", "state", "text"};
    return names[kind];
}
