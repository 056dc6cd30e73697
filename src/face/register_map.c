#include "face/register_map.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SLOT_SIZE 512
#define POINT_SIZE 4
#define NO_INTEGER INT32_MIN
#define NO_AGE UINT16_MAX

/* First slot and how many; numbers count from 1 where there are several. */
static const struct slots {
    uint8_t first, count;
} slots[COMPONENT_KINDS] = {
    [COMPONENT_TOTAL] = {0, 1},    [COMPONENT_PHASE] = {1, 3},    [COMPONENT_LINE] = {4, 3},
    [COMPONENT_NEUTRAL] = {7, 1},  [COMPONENT_SUPPLY] = {8, 1},   [COMPONENT_BATTERY] = {9, 1},
    [COMPONENT_MAINS] = {10, 1},   [COMPONENT_OUTLET] = {16, 48}, [COMPONENT_CIRCUIT] = {64, 24},
    [COMPONENT_SENSOR] = {88, 16}, [COMPONENT_OUTPUT] = {104, 8}, [COMPONENT_INPUT] = {112, 8},
    [COMPONENT_PULSE] = {120, 8},
};

int register_map_slot(enum component_kind kind, int number)
{
    int index = number ? number - 1 : 0;
    return index < slots[kind].count ? slots[kind].first + index : -1;
}

/* Register of a point, 0 to 65532; -1 when it has none. */
static int address_of(const struct point *point)
{
    int slot = register_map_slot(point->component->kind, point->component->number);
    if (slot < 0 || point->quantity >= REGISTER_MAP_QUANTITIES || point->text)
        return -1;
    return slot * SLOT_SIZE + (int)point->quantity * POINT_SIZE;
}

static const struct component *component_at(const struct device *device, int slot)
{
    for (int kind = 0; kind < COMPONENT_KINDS; kind++) {
        int index = slot - slots[kind].first;
        if (index < 0 || index >= slots[kind].count)
            continue;
        const struct component *one =
            device_component_find(device, (enum component_kind)kind, index + 1);
        return one ? one : device_component_find(device, (enum component_kind)kind, 0);
    }
    return NULL;
}

/* ---- registers ------------------------------------------------------------------------------- */

static uint32_t float_bits(const struct point *point)
{
    float number = point && point->value.quality == QUALITY_GOOD ? (float)point->value.number : NAN;
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static uint32_t integer_bits(const struct point *point)
{
    if (!point || point->value.quality != QUALITY_GOOD)
        return (uint32_t)NO_INTEGER;
    double scaled = round(point->value.number * pow(10, quantity_row(point->quantity)->decimals));
    bool fits = scaled > (double)INT32_MIN && scaled <= (double)INT32_MAX;
    return (uint32_t)(fits ? (int32_t)scaled : NO_INTEGER);
}

static uint16_t quality_of(const struct point *point)
{
    static const uint16_t numbers[] = {
        [QUALITY_ABSENT] = 0, [QUALITY_GOOD] = 1, [QUALITY_STALE] = 2, [QUALITY_BAD] = 3};
    return point ? numbers[point->value.quality] : 0;
}

static uint16_t age_of(const struct point *point, clock_us now)
{
    if (!point || !point->value.mono)
        return NO_AGE;
    clock_us age = (now - point->value.mono) / CLOCK_S;
    return age < 0 ? 0 : age < NO_AGE ? (uint16_t)age : NO_AGE;
}

static uint16_t register_at(const struct device *device, bool integer, unsigned address,
                            clock_us now)
{
    const struct component *component = component_at(device, (int)(address / SLOT_SIZE));
    unsigned quantity = address % SLOT_SIZE / POINT_SIZE;
    const struct point *point = component && quantity_of_number(quantity) != QUANTITY_NONE
                                    ? component_point(component, (enum quantity)quantity)
                                    : NULL;
    if (point && point->text)
        point = NULL;
    switch (address % POINT_SIZE) {
    case 2:
        return quality_of(point);
    case 3:
        return age_of(point, now);
    default: {
        uint32_t bits = integer ? integer_bits(point) : float_bits(point);
        return (uint16_t)(address % POINT_SIZE ? bits : bits >> 16);
    }
    }
}

static size_t refuse(const struct modbus_pdu_request *request, uint8_t exception, uint8_t *pdu)
{
    return (size_t)modbus_pdu_exception_build(request->function, exception, pdu, MODBUS_PDU_MAX);
}

static size_t build(const struct modbus_pdu_request *request, const uint8_t *data, size_t length,
                    uint8_t *pdu)
{
    int built = modbus_pdu_answer_build(request, data, length, pdu, MODBUS_PDU_MAX);
    return built > 0 ? (size_t)built : refuse(request, MODBUS_PDU_DEVICE_FAILURE, pdu);
}

static size_t read_registers(struct site *site, const struct device *device,
                             const struct modbus_pdu_request *request, uint8_t *pdu)
{
    uint8_t data[2 * MODBUS_PDU_READ_MAX];
    clock_us now = loop_now(site_loop(site));
    bool integer = request->function == MODBUS_PDU_READ_HOLDING;
    for (unsigned i = 0; i < request->count; i++) {
        uint16_t word = register_at(device, integer, request->address + i, now);
        data[2 * i] = (uint8_t)(word >> 8);
        data[2 * i + 1] = (uint8_t)word;
    }
    return build(request, data, 2u * request->count, pdu);
}

/* ---- states ---------------------------------------------------------------------------------- */

static const struct point *state_at(const struct device *device, unsigned address)
{
    const struct component *component =
        address < REGISTER_MAP_SLOTS ? component_at(device, (int)address) : NULL;
    return component ? component_point(component, QUANTITY_STATE) : NULL;
}

static size_t read_states(const struct device *device, const struct modbus_pdu_request *request,
                          uint8_t *pdu)
{
    uint8_t data[(MODBUS_PDU_READ_BITS_MAX + 7) / 8] = {0};
    for (unsigned i = 0; i < request->count; i++) {
        const struct point *state = state_at(device, request->address + i);
        if (!state)
            return refuse(request, MODBUS_PDU_ILLEGAL_ADDRESS, pdu);
        if (state->value.quality != QUALITY_GOOD)
            return refuse(request, MODBUS_PDU_DEVICE_FAILURE, pdu);
        modbus_pdu_bit_set(data, i, state->value.number != 0);
    }
    return build(request, data, (request->count + 7u) / 8, pdu);
}

/* ---- switching ------------------------------------------------------------------------------- */

struct switching {
    struct commands *commands;
    const struct device *device;
    const struct modbus_pdu_request *request;
    const struct register_map_client *client;
};

static bool is_wished_on(const struct modbus_pdu_request *request, unsigned index)
{
    if (request->function == MODBUS_PDU_WRITE_COIL)
        return request->value != 0;
    return modbus_pdu_bit(request->data, index);
}

/* All coils that shall go one way: what the door says, 0 when there are none or it agrees. */
static uint8_t submit(const struct switching *switching, bool on, bool only_ask)
{
    static const uint8_t exceptions[] = {
        [COMMAND_ACCEPTED] = 0,
        [COMMAND_REPEATED] = 0,
        [COMMAND_NOT_FOUND] = MODBUS_PDU_ILLEGAL_ADDRESS,
        [COMMAND_NOT_ALLOWED] = MODBUS_PDU_ILLEGAL_FUNCTION,
        [COMMAND_NEEDS_CONFIRM] = MODBUS_PDU_ILLEGAL_FUNCTION, /* nobody there to be asked */
        [COMMAND_CONFLICT] = MODBUS_PDU_BUSY,
        [COMMAND_BUSY] = MODBUS_PDU_BUSY,
        [COMMAND_INVALID] = MODBUS_PDU_ILLEGAL_VALUE,
    };
    char paths[REGISTER_MAP_SLOTS][LIMIT_PATH + 1];
    const char *targets[REGISTER_MAP_SLOTS];
    size_t count = 0;
    for (unsigned i = 0; i < switching->request->count; i++) {
        if (is_wished_on(switching->request, i) != on)
            continue;
        const struct point *state = state_at(switching->device, switching->request->address + i);
        snprintf(paths[count], sizeof paths[count], "%s/%s", switching->device->name,
                 state->component->name);
        targets[count] = paths[count];
        count++;
    }
    struct command_answer answer = {0};
    const struct command_wish wish = {
        .action = on ? COMMAND_ON : COMMAND_OFF,
        .targets = targets,
        .target_count = count,
        .actor = switching->client->actor,
        .origin = switching->client->origin,
        .role = ROLE_CONTROL,
        .only_ask = only_ask,
    };
    if (!count)
        return 0;
    commands_submit(switching->commands, &wish, &answer);
    return exceptions[answer.verdict];
}

static size_t write_states(const struct switching *switching, uint8_t *pdu)
{
    const struct modbus_pdu_request *request = switching->request;
    uint8_t exception = 0;
    if (!switching->commands)
        return refuse(request, MODBUS_PDU_ILLEGAL_FUNCTION, pdu);
    for (unsigned i = 0; i < request->count; i++) {
        if (!state_at(switching->device, request->address + i))
            return refuse(request, MODBUS_PDU_ILLEGAL_ADDRESS, pdu);
    }
    /* All or nothing, as far as that can be known before. */
    for (int step = 0; step < 4 && !exception; step++)
        exception = submit(switching, step % 2, step < 2);
    return exception ? refuse(request, exception, pdu) : build(request, NULL, 0, pdu);
}

/* ---- all together ---------------------------------------------------------------------------- */

size_t register_map_answer(struct site *site, struct commands *commands, const char *device_name,
                           const struct modbus_pdu_request *request,
                           const struct register_map_client *client, uint8_t *pdu)
{
    const struct device *device = site_device_find(site, device_name);
    if (!device)
        return refuse(request, MODBUS_PDU_PATH_UNAVAILABLE, pdu);
    switch (request->function) {
    case MODBUS_PDU_READ_HOLDING:
    case MODBUS_PDU_READ_INPUT:
        return read_registers(site, device, request, pdu);
    case MODBUS_PDU_READ_COILS:
    case MODBUS_PDU_READ_DISCRETE:
        return read_states(device, request, pdu);
    case MODBUS_PDU_WRITE_COIL:
    case MODBUS_PDU_WRITE_COILS:
        return write_states(&(struct switching){commands, device, request, client}, pdu);
    default:
        return refuse(request, MODBUS_PDU_ILLEGAL_FUNCTION, pdu);
    }
}

void register_map_list(struct json *json, const struct device *device)
{
    for (const struct component *component = device->components; component;
         component = component->next) {
        int slot = register_map_slot(component->kind, component->number);
        for (const struct point *point = component->points; point; point = point->next) {
            int address = address_of(point);
            if (address < 0)
                continue;
            json_open_object(json);
            json_pair_text(json, "path", point->path);
            json_pair_int(json, "register", address);
            json_key(json, "coil");
            if (point->quantity == QUANTITY_STATE)
                json_int(json, slot);
            else
                json_none(json);
            json_pair_text(json, "unit", quantity_row(point->quantity)->unit);
            json_pair_int(json, "decimals", quantity_row(point->quantity)->decimals);
            json_close_object(json);
        }
    }
}
