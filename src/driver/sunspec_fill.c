#include "driver/sunspec_fill.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "model/quantity.h"

struct fill {
    const struct sunspec_model *model;
    const struct device *device;
    bool alone;
    uint16_t *words;
};

/* ---- where a value comes from ---------------------------------------------------------------- */

static const struct point *find(const struct fill *fill, enum component_kind kind, int number,
                                enum quantity quantity)
{
    const struct component *component = device_component_find(fill->device, kind, number);
    const struct point *found = component ? component_point(component, quantity) : NULL;
    return found && !found->text ? found : NULL;
}

/* The point itself; of a single phase, what is known of the whole is known of its phase. */
static const struct point *source_of(const struct fill *fill, const struct profile_point *point)
{
    const struct point *found = find(fill, point->component, point->number, point->quantity);
    if (found || !fill->alone)
        return found;
    if (point->component == COMPONENT_PHASE && point->number == 1)
        return find(fill, COMPONENT_TOTAL, 0, point->quantity);
    if (point->component == COMPONENT_TOTAL)
        return find(fill, COMPONENT_PHASE, 1, point->quantity);
    return NULL;
}

/* Of the phases or line pairs that the device measures, all of which must be good: an average of
 * what happens to be there would jump. */
static bool mean_voltage(const struct fill *fill, enum component_kind kind, double *mean)
{
    double sum = 0;
    int count = 0;
    for (int number = 1; number <= 3; number++) {
        const struct profile_point at = {
            .component = kind, .number = number, .quantity = QUANTITY_VOLTAGE};
        const struct point *point = source_of(fill, &at);
        if (point && point->value.quality != QUALITY_GOOD)
            return false;
        sum += point ? point->value.number : 0;
        count += point != NULL;
    }
    *mean = count ? sum / count : 0;
    return count > 0;
}

/* In the catalogue's unit; false when there is none that is good. */
static bool number_of(const struct fill *fill, const struct profile_point *point, double *number)
{
    const struct point *source = source_of(fill, point);
    if (!source && point->quantity == QUANTITY_VOLTAGE_AVERAGE)
        return mean_voltage(fill, COMPONENT_PHASE, number);
    if (!source || source->value.quality != QUALITY_GOOD)
        return false;
    *number = source->value.number;
    return true;
}

/* ---- scale factors --------------------------------------------------------------------------- */

/* Room is made for conductors that carry a fifth more than their rated current at 230 V + 10 %
 * (EN 50160): three of them, one at a single-phase meter. Where the settings tell no rating it is
 * that of the usual feed of a house or a row of racks. */
#define CONDUCTORS 3
#define USUAL_CURRENT 63
#define OVERLOAD 1.2
#define WATTS (OVERLOAD * 253)
#define COUNTED_KWH (WATTS / 1000 * 131400) /* in 15 years */
#define STORED_KWH (WATTS / 1000 * 10)      /* in 10 hours */

/* The largest number that integers must have room for, in the catalogue's unit: fixed, or so much
 * for each ampere that each conductor may carry. */
static const struct {
    enum quantity quantity;
    double fixed, per_ampere;
} full_scales[] = {
    {QUANTITY_VOLTAGE, 1000, 0},
    {QUANTITY_VOLTAGE_AVERAGE, 1000, 0},
    {QUANTITY_FREQUENCY, 100, 0},
    {QUANTITY_POWER_FACTOR, 1, 0},
    {QUANTITY_CHARGE, 100, 0},
    {QUANTITY_HEALTH, 200, 0},
    {QUANTITY_CAPACITY, 6000, 0},
    {QUANTITY_CURRENT, 0, OVERLOAD},
    {QUANTITY_REAL_POWER, 0, WATTS},
    {QUANTITY_APPARENT_POWER, 0, WATTS},
    {QUANTITY_REACTIVE_POWER, 0, WATTS},
    {QUANTITY_ENERGY, 0, COUNTED_KWH},
    {QUANTITY_ENERGY_EXPORT, 0, COUNTED_KWH},
    {QUANTITY_APPARENT_ENERGY, 0, COUNTED_KWH},
    {QUANTITY_REACTIVE_ENERGY, 0, COUNTED_KWH},
    {QUANTITY_REACTIVE_ENERGY_EXPORT, 0, COUNTED_KWH},
    {QUANTITY_STORED_ENERGY, 0, STORED_KWH},
};

static double full_scale(const struct fill *fill, enum quantity quantity)
{
    double rated = fill->device->rated_current > 0 ? fill->device->rated_current : USUAL_CURRENT;
    for (size_t i = 0; i < sizeof full_scales / sizeof *full_scales; i++) {
        if (full_scales[i].quantity == quantity)
            return full_scales[i].fixed +
                   full_scales[i].per_ampere * rated * (fill->alone ? 1 : CONDUCTORS);
    }
    return quantity_row(quantity)->high; /* room for all that can be */
}

/* Largest and smallest raw number that is not "not implemented". */
static bool range_of(enum modbus_value_type type, double *low, double *high)
{
    switch (type) {
    case MODBUS_VALUE_INT16:
        *low = -0x7FFF, *high = 0x7FFF;
        return true;
    case MODBUS_VALUE_UINT16:
        *low = 0, *high = 0xFFFE;
        return true;
    case MODBUS_VALUE_INT32:
        *low = -0x7FFFFFFF, *high = 0x7FFFFFFF;
        return true;
    case MODBUS_VALUE_UINT32:
        *low = 0, *high = 0xFFFFFFFE;
        return true;
    default:
        return false;
    }
}

static bool fits(const struct profile_point *point, double raw)
{
    double low, high;
    return range_of(point->at.type, &low, &high) && round(raw) >= low && round(raw) <= high;
}

static double unscaled(const struct profile_point *point, double number)
{
    return (number - point->offset) / point->scale.up * point->scale.down;
}

/* The finest power of ten that shows the catalogue's digits and has room for the full scale. */
static int power_for(const struct fill *fill, const struct profile_point *point)
{
    double last_digit =
        point->scale.down / point->scale.up * pow(10, -quantity_row(point->quantity)->decimals);
    double most = unscaled(point, full_scale(fill, point->quantity));
    int power = (int)lround(log10(last_digit));
    while (power < SUNSPEC_POWER_MAX && !fits(point, most * pow(10, -power)))
        power++;
    return power;
}

/* Points that share a scale factor get the coarsest that one of them needs. */
static void put_powers(const struct fill *fill)
{
    for (size_t i = 0; i < fill->model->point_count; i++) {
        const struct profile_point *point = &fill->model->points[i];
        if (!point->scale_register_count)
            continue;
        uint16_t *at = fill->words + point->scale_registers[0].at.address;
        int power = power_for(fill, point);
        if (*at == 0x8000 || (int16_t)*at < power)
            *at = (uint16_t)power;
    }
}

/* ---- states ---------------------------------------------------------------------------------- */

/* Words of supplies and chargers that mean the same as those of SunSpec. */
static const struct {
    const char *ours, *theirs;
} same[] = {
    {"bulk", "charging"},
    {"absorption", "charging"},
    {"boost", "charging"},
    {"float", "holding"},
};

static const char *word_of(const struct words *words, int64_t number)
{
    for (size_t i = 0; words && i < words->count; i++) {
        if (words->list[i].number == number)
            return words->list[i].text;
    }
    return NULL;
}

/* The number of a word in the model; false when it has none like it. */
static bool state_of(const struct words *words, const char *text, uint32_t *number)
{
    for (size_t i = 0; text && i < sizeof same / sizeof *same; i++) {
        if (strcmp(same[i].ours, text) == 0)
            text = same[i].theirs;
    }
    for (size_t i = 0; text && i < words->count; i++) {
        if (strcmp(words->list[i].text, text) != 0)
            continue;
        *number = (uint32_t)words->list[i].number;
        return true;
    }
    return false;
}

/* A fault that the model does not know must not look like none: then nothing is told. */
static bool translate_flags(const struct words *theirs, const struct point *source,
                            uint32_t *number)
{
    uint32_t left = (uint32_t)source->value.number, bit = 0;
    *number = 0;
    if (left && !(source->words && source->words->flags))
        return false;
    for (int i = 0; i < 32; i++) {
        if (!(left >> i & 1))
            continue;
        if (!state_of(theirs, word_of(source->words, i), &bit))
            return false;
        *number |= 1u << bit;
    }
    return true;
}

static bool translate(const struct fill *fill, const struct profile_point *point, uint32_t *number)
{
    const struct point *source = source_of(fill, point);
    if (!source || source->value.quality != QUALITY_GOOD)
        return false;
    if (point->words.flags)
        return translate_flags(&point->words, source, number);
    return state_of(&point->words, word_of(source->words, (int64_t)source->value.number), number);
}

/* ---- registers ------------------------------------------------------------------------------- */

static void put_bits(uint16_t *words, size_t registers, uint32_t bits)
{
    if (registers == 2)
        *words++ = (uint16_t)(bits >> 16);
    *words = (uint16_t)bits;
}

static uint32_t float_bits(double number)
{
    float small = (float)number;
    uint32_t bits;
    memcpy(&bits, &small, sizeof bits);
    return bits;
}

/* `address`, counted from the ID register, is the point's or that of one like it. */
static void put_number(const struct fill *fill, const struct profile_point *point, unsigned address,
                       double number)
{
    int power = point->scale_register_count
                    ? (int16_t)fill->words[point->scale_registers[0].at.address]
                    : 0;
    double raw = unscaled(point, number) * pow(10, -power);
    if (point->at.type == MODBUS_VALUE_FLOAT32 && fabs(raw) <= (double)FLT_MAX)
        put_bits(fill->words + address, 2, float_bits(raw));
    else if (fits(point, raw))
        put_bits(fill->words + address, point->at.count, (uint32_t)(int64_t)llround(raw));
    else
        return;
    /* What a model adds up from several points stands whole in the first. */
    for (size_t i = 0; i < point->plus_count; i++)
        memset(fill->words + point->plus[i].at.address, 0,
               point->plus[i].at.count * sizeof *fill->words);
}

/* The meter models want the average of the line pairs, which the catalogue does not have; it stands
 * right before the first of them. */
static void put_line_mean(const struct fill *fill, const struct profile_point *pair)
{
    double mean;
    unsigned address = pair->at.address - (unsigned)pair->at.count;
    if (mean_voltage(fill, COMPONENT_LINE, &mean))
        put_number(fill, pair, address, mean);
}

void sunspec_fill(const struct sunspec_model *model, const struct device *device, bool alone,
                  uint16_t *words)
{
    const struct fill fill = {model, device, alone, words};
    put_powers(&fill);
    for (size_t i = 0; i < model->point_count; i++) {
        const struct profile_point *point = &model->points[i];
        double number;
        uint32_t state;
        if (point->words.count) {
            if (translate(&fill, point, &state))
                put_bits(words + point->at.address, point->at.count, state);
        } else if (number_of(&fill, point, &number)) {
            put_number(&fill, point, point->at.address, number);
        }
        if (point->component == COMPONENT_LINE && point->number == 1 &&
            point->quantity == QUANTITY_VOLTAGE)
            put_line_mean(&fill, point);
    }
}
