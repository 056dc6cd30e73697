#include "driver/sunspec_server.h"

#include <string.h>

#include "base/utf8.h"
#include "driver/sunspec_chain.h"
#include "driver/sunspec_fill.h"
#include "model/quantity.h"

enum {
    MODEL_COMMON = 1,
    MODEL_END = 0xFFFF,
    COMMON_LENGTH = 66, /* with the pad register */
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
    size_t length = utf8_fit(text, strlen(text), 2 * registers);
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

/* ---- which models ---------------------------------------------------------------------------- */

/* A meter's models by its wiring, in integers and in floats. */
static const struct {
    uint16_t integers, floats;
} meters[] = {
    [DEVICE_WIRING_SINGLE] = {201, 211},
    [DEVICE_WIRING_SPLIT] = {202, 212},
    [DEVICE_WIRING_WYE] = {203, 213},
    [DEVICE_WIRING_DELTA] = {204, 214},
};

static bool has(const struct device *device, enum component_kind kind, int number)
{
    const struct component *component = device_component_find(device, kind, number);
    return component && component->points;
}

/* By what is measured, not by whether it is good now: the chain must stay. AUTO: no meter. */
static enum device_wiring wiring_of(const struct device *device)
{
    bool phases = has(device, COMPONENT_PHASE, 2) || has(device, COMPONENT_PHASE, 3);
    bool pairs = has(device, COMPONENT_LINE, 1) || has(device, COMPONENT_LINE, 2);
    bool single = has(device, COMPONENT_PHASE, 1) || has(device, COMPONENT_TOTAL, 0);
    if (!phases && !pairs && !single)
        return DEVICE_WIRING_AUTO;
    if (device->wiring != DEVICE_WIRING_AUTO)
        return device->wiring;
    return phases ? DEVICE_WIRING_WYE : pairs ? DEVICE_WIRING_DELTA : DEVICE_WIRING_SINGLE;
}

/* Whether its phase A is all there is. Who tells a total without a voltage and no phases may be a
 * sum of several, unless the settings say otherwise. */
static bool is_alone(const struct device *device, enum device_wiring wiring)
{
    const struct component *total = device_component_find(device, COMPONENT_TOTAL, 0);
    return wiring == DEVICE_WIRING_SINGLE &&
           (device->wiring == DEVICE_WIRING_SINGLE || has(device, COMPONENT_PHASE, 1) ||
            (total && component_point(total, QUANTITY_VOLTAGE)));
}

static void add_values(struct image *image, const struct sunspec_models *models, uint16_t id,
                       bool alone)
{
    const struct sunspec_model *model = sunspec_models_find(models, id);
    uint16_t *words =
        model && model->empty ? add_model(image, id, model->length, model->empty) : NULL;
    if (words)
        sunspec_fill(model, image->device, alone, words);
}

size_t sunspec_server_image(const struct sunspec_models *models, const struct sunspec_view *view,
                            uint16_t words[SUNSPEC_SERVER_MAX])
{
    const struct device *device = view->device;
    struct image image = {.words = words, .count = 2, .device = device};
    words[0] = SUNSPEC_MARKER >> 16;
    words[1] = SUNSPEC_MARKER & 0xFFFF;
    add_common(&image, view->unit);
    enum device_wiring wiring = wiring_of(device);
    if (wiring != DEVICE_WIRING_AUTO)
        add_values(&image, models, view->floats ? meters[wiring].floats : meters[wiring].integers,
                   is_alone(device, wiring));
    if (has(device, COMPONENT_BATTERY, 0)) {
        add_values(&image, models, 802, false);
        add_values(&image, models, 713, false);
    }
    words[image.count++] = MODEL_END;
    words[image.count++] = 0;
    return image.count;
}

static size_t refuse(const struct modbus_pdu_request *request, uint8_t exception, uint8_t *pdu)
{
    return (size_t)modbus_pdu_exception_build(request->function, exception, pdu, MODBUS_PDU_MAX);
}

size_t sunspec_server_answer(const struct sunspec_models *models, const struct sunspec_view *view,
                             const struct modbus_pdu_request *request, uint8_t *pdu)
{
    uint16_t words[SUNSPEC_SERVER_MAX];
    uint8_t data[2 * MODBUS_PDU_READ_MAX];
    if (request->function != MODBUS_PDU_READ_HOLDING)
        return refuse(request, MODBUS_PDU_ILLEGAL_FUNCTION, pdu);
    if (!view->device->components)
        return refuse(request, MODBUS_PDU_BUSY, pdu);
    size_t count = sunspec_server_image(models, view, words);
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
