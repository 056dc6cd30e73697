#include "model/quantity.h"

#include <assert.h>
#include <string.h>

#define KIND_GAUGE QUANTITY_KIND_GAUGE
#define KIND_COUNTER QUANTITY_KIND_COUNTER
#define KIND_STATE QUANTITY_KIND_STATE
#define KIND_TEXT QUANTITY_KIND_TEXT

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
};

static const unsigned char places[] = {
#define QUANTITY(number, identifier, ...) [number] = ROW_##identifier + 1,
#include "model/quantity.def"
#undef QUANTITY
};

const struct quantity_row *quantity_row(enum quantity quantity)
{
    assert((size_t)quantity < sizeof places && places[quantity]);
    return &rows[places[quantity] - 1];
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
