#include "driver/sunspec_server.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "driver/sunspec_chain.h"
#include "model/quantity.h"

enum {
    MODEL_COMMON = 1,
    MODEL_END = 0xFFFF,
    COMMON_LENGTH = 66, /* with the pad register */
    FINEST = -2,        /* hundredths: finer scale factors leave int16 too little room */
    COARSEST = 10,      /* SunSpec allows -10 to 10 */
};

/* Model 1 behind ID and L: strings, filled up with 0, then the unit and a pad. */
enum {
    COMMON_MAKER = 0,
    COMMON_MODEL = 16,
    COMMON_VERSION = 40,
    COMMON_SERIAL = 48,
    COMMON_UNIT = 64
};

struct image {
    uint16_t *words;
    size_t count;
    const struct device *device;
};

static void put_text(uint16_t *words, size_t registers, const char *text)
{
    size_t length = strnlen(text, 2 * registers);
    for (size_t i = 0; i < length; i++)
        words[i / 2] |= (uint16_t)((uint8_t)text[i] << (i % 2 ? 0 : 8));
}

/* Room for a model, with ID and L; NULL when there is none. */
static uint16_t *add_model(struct image *image, uint16_t id, size_t length, const uint16_t *empty)
{
    uint16_t *at = image->words + image->count;
    if (image->count + 2 + length + 2 > SUNSPEC_SERVER_MAX) /* the end model comes too */
        return NULL;
    at[0] = id;
    at[1] = (uint16_t)length;
    if (empty)
        memcpy(at + 2, empty, length * sizeof *empty);
    else
        memset(at + 2, 0, length * sizeof *at);
    image->count += 2 + length;
    return at;
}

static const char *first_of(const char *text, const char *otherwise)
{
    return *text ? text : otherwise;
}

static void add_common(struct image *image, uint8_t unit)
{
    const struct device *device = image->device;
    uint16_t *words = add_model(image, MODEL_COMMON, COMMON_LENGTH, NULL);
    if (!words)
        return;
    words += 2;
    put_text(words + COMMON_MAKER, 16, first_of(device->vendor, "busbar"));
    put_text(words + COMMON_MODEL, 16,
             first_of(device->model, first_of(device->profile, "device")));
    put_text(words + COMMON_VERSION, 8, device->firmware);
    put_text(words + COMMON_SERIAL, 16, first_of(device->serial, device->name));
    words[COMMON_UNIT] = unit;
    words[COMMON_UNIT + 1] = 0x8000; /* pad */
}

/* ---- points ---------------------------------------------------------------------------------- */

static const struct point *source_of(const struct image *image, const struct profile_point *point)
{
    const struct component *component =
        device_component_find(image->device, point->component, point->number);
    const struct point *found = component ? component_point(component, point->quantity) : NULL;
    return found && !found->text ? found : NULL;
}

static const struct point *good_source(const struct image *image, const struct profile_point *point)
{
    const struct point *found = source_of(image, point);
    return found && found->value.quality == QUALITY_GOOD ? found : NULL;
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

static double unscaled(const struct profile_point *point, const struct point *source)
{
    return (source->value.number - point->offset) / point->scale.up * point->scale.down;
}

/* The finest power of ten that shows the catalogue's digits and lets the number fit. `raw` must
 * have a sign that the type has. */
static int power_for(const struct profile_point *point, double raw)
{
    double last_digit =
        point->scale.down / point->scale.up * pow(10, -quantity_row(point->quantity)->decimals);
    int power = (int)lround(log10(last_digit));
    power = power > FINEST ? power : FINEST;
    while (power < COARSEST && !fits(point, raw * pow(10, -power)))
        power++;
    return power;
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
static bool number_of(const struct words *words, const char *text, uint32_t *number)
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
        if (!number_of(theirs, word_of(source->words, i), &bit))
            return false;
        *number |= 1u << bit;
    }
    return true;
}

static bool translate(const struct profile_point *point, const struct point *source,
                      uint32_t *number)
{
    if (point->words.flags)
        return translate_flags(&point->words, source, number);
    return number_of(&point->words, word_of(source->words, (int64_t)source->value.number), number);
}

/* ---- models ---------------------------------------------------------------------------------- */

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

static void put_number(uint16_t *model, const struct profile_point *point, double raw)
{
    bool floating = point->at.type == MODBUS_VALUE_FLOAT32;
    if (floating)
        put_bits(model + point->at.address, 2, float_bits(raw));
    else if (fits(point, raw))
        put_bits(model + point->at.address, point->at.count, (uint32_t)(int64_t)llround(raw));
    /* What a model adds up from several points stands whole in the first. */
    for (size_t i = 0; i < point->plus_count; i++)
        memset(model + point->plus[i].at.address, 0, point->plus[i].at.count * sizeof *model);
}

/* Points that share a scale factor get the coarsest that one of them needs. */
static void put_powers(const struct image *image, const struct sunspec_model *model,
                       uint16_t *words)
{
    for (size_t i = 0; i < model->point_count; i++) {
        const struct profile_point *point = &model->points[i];
        const struct point *source = good_source(image, point);
        if (!source || !point->scale_register_count)
            continue;
        uint16_t *at = words + point->scale_registers[0].at.address;
        double low, high, raw = unscaled(point, source);
        if (!range_of(point->at.type, &low, &high) || (raw < 0 && low >= 0))
            continue;
        int power = power_for(point, raw);
        if (*at == 0x8000 || (int16_t)*at < power)
            *at = (uint16_t)power;
    }
}

static void put_points(const struct image *image, const struct sunspec_model *model,
                       uint16_t *words)
{
    for (size_t i = 0; i < model->point_count; i++) {
        const struct profile_point *point = &model->points[i];
        const struct point *source = good_source(image, point);
        uint32_t number;
        if (!source)
            continue;
        if (point->words.count) {
            if (translate(point, source, &number))
                put_bits(words + point->at.address, point->at.count, number);
            continue;
        }
        int power =
            point->scale_register_count ? (int16_t)words[point->scale_registers[0].at.address] : 0;
        put_number(words, point, unscaled(point, source) * pow(10, -power));
    }
}

static void add_values(struct image *image, const struct sunspec_models *models, uint16_t id)
{
    const struct sunspec_model *model = sunspec_models_find(models, id);
    uint16_t *words =
        model && model->empty ? add_model(image, id, model->length, model->empty) : NULL;
    if (!words)
        return;
    put_powers(image, model, words);
    put_points(image, model, words);
}

/* ---- which models ---------------------------------------------------------------------------- */

static bool has(const struct device *device, enum component_kind kind, int number)
{
    const struct component *component = device_component_find(device, kind, number);
    return component && component->points;
}

/* By what is measured, not by whether it is good now: the chain must stay. 0: no meter. */
static uint16_t meter_model(const struct device *device)
{
    bool wye = has(device, COMPONENT_PHASE, 2) || has(device, COMPONENT_PHASE, 3);
    bool delta = has(device, COMPONENT_LINE, 1) || has(device, COMPONENT_LINE, 2);
    bool single = has(device, COMPONENT_PHASE, 1) || has(device, COMPONENT_TOTAL, 0);
    return wye ? 213 : delta ? 214 : single ? 211 : 0;
}

size_t sunspec_server_image(const struct sunspec_models *models, const struct device *device,
                            uint8_t unit, uint16_t words[SUNSPEC_SERVER_MAX])
{
    struct image image = {.words = words, .count = 2, .device = device};
    words[0] = SUNSPEC_MARKER >> 16;
    words[1] = SUNSPEC_MARKER & 0xFFFF;
    add_common(&image, unit);
    uint16_t meter = meter_model(device);
    if (meter)
        add_values(&image, models, meter);
    if (has(device, COMPONENT_BATTERY, 0)) {
        add_values(&image, models, 802);
        add_values(&image, models, 713);
    }
    words[image.count++] = MODEL_END;
    words[image.count++] = 0;
    return image.count;
}

static size_t refuse(const struct modbus_pdu_request *request, uint8_t exception, uint8_t *pdu)
{
    return (size_t)modbus_pdu_exception_build(request->function, exception, pdu, MODBUS_PDU_MAX);
}

size_t sunspec_server_answer(const struct sunspec_models *models, const struct device *device,
                             uint8_t unit, const struct modbus_pdu_request *request, uint8_t *pdu)
{
    uint16_t words[SUNSPEC_SERVER_MAX];
    uint8_t data[2 * MODBUS_PDU_READ_MAX];
    if (request->function != MODBUS_PDU_READ_HOLDING)
        return refuse(request, MODBUS_PDU_ILLEGAL_FUNCTION, pdu);
    if (!device->components)
        return refuse(request, MODBUS_PDU_BUSY, pdu);
    size_t count = sunspec_server_image(models, device, unit, words);
    if (request->address < SUNSPEC_SERVER_BASE ||
        request->address + request->count > SUNSPEC_SERVER_BASE + count)
        return refuse(request, MODBUS_PDU_ILLEGAL_ADDRESS, pdu);
    for (size_t i = 0; i < request->count; i++) {
        uint16_t word = words[request->address - SUNSPEC_SERVER_BASE + i];
        data[2 * i] = (uint8_t)(word >> 8);
        data[2 * i + 1] = (uint8_t)word;
    }
    int built = modbus_pdu_answer_build(request, data, 2u * request->count, pdu, MODBUS_PDU_MAX);
    return built > 0 ? (size_t)built : refuse(request, MODBUS_PDU_DEVICE_FAILURE, pdu);
}
