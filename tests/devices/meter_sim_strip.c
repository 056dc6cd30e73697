#include "meter_sim_strip.h"

#include <math.h>

static const double usual_w[METER_SIM_STRIP_OUTLETS] = {182, 96, 240, 61};
static const double power_factor = 0.95;

/* Registers that are there; all else is an illegal address. */
static const struct {
    uint16_t address, count;
} ranges[] = {{0, 6}, {100, 5}, {200, 5}, {300, 10}, {400, 5}, {500, 5}};

static double volts(const struct meter_sim_strip *strip)
{
    return 231 + 1.8 * sin(strip->wall / 97);
}

void meter_sim_strip_step(struct meter_sim_strip *strip, const struct meter_sim_board *board,
                          double wall)
{
    double hours = strip->wall > 0 && wall > strip->wall ? (wall - strip->wall) / 3600 : 0;
    strip->wall = wall;
    for (int i = 0; i < METER_SIM_STRIP_OUTLETS; i++) {
        strip->energy_wh[i] += strip->watts[i] * hours;
        bool closed = board->relays >> i & 1;
        strip->watts[i] = closed ? usual_w[i] * (1 + 0.07 * sin(wall / (41 + 13 * i) + i)) : 0;
    }
}

/* Outlet 0 is all of them. */
static double sum_of(const double *list, unsigned outlet)
{
    double sum = 0;
    for (unsigned i = 0; i < METER_SIM_STRIP_OUTLETS; i++) {
        sum += outlet == 0 || outlet == i + 1 ? list[i] : 0;
    }
    return sum;
}

static double milliamperes(const struct meter_sim_strip *strip, unsigned outlet)
{
    return 1000 * sum_of(strip->watts, outlet) / (volts(strip) * power_factor);
}

static uint16_t word_at(const struct meter_sim_strip *strip, unsigned address)
{
    unsigned outlet = address % 100;
    uint32_t energy = (uint32_t)sum_of(strip->energy_wh, outlet / 2);
    switch (address / 100) {
    case 0:
        break;
    case 1:
        return (uint16_t)lround(milliamperes(strip, outlet));
    case 2:
        return (uint16_t)lround(sum_of(strip->watts, outlet));
    case 3:
        return (uint16_t)(address % 2 ? energy : energy >> 16);
    case 4:
        return (uint16_t)lround(1000 * power_factor);
    default:
        return (uint16_t)(int16_t)-1820;
    }
    const double general[] = {100 * (50 + 0.01 * sin(strip->wall / 11)),
                              10 * volts(strip),
                              1000 * power_factor,
                              milliamperes(strip, 0),
                              sum_of(strip->watts, 0),
                              -1820};
    return (uint16_t)(int32_t)lround(general[address]);
}

enum modbus_pdu_exception meter_sim_strip_read(const struct meter_sim_strip *strip,
                                               const struct modbus_pdu_request *request,
                                               uint8_t *data, size_t *length)
{
    unsigned address = request->address, count = request->count;
    size_t i = 0;
    while (i < sizeof(ranges) / sizeof(ranges[0]) &&
           !(address >= ranges[i].address &&
             address + count <= (unsigned)ranges[i].address + ranges[i].count)) {
        i++;
    }
    if (i == sizeof(ranges) / sizeof(ranges[0])) {
        return MODBUS_PDU_ILLEGAL_ADDRESS;
    }
    for (i = 0; i < count; i++) {
        uint16_t word = word_at(strip, address + (unsigned)i);
        data[2 * i] = (uint8_t)(word >> 8);
        data[2 * i + 1] = (uint8_t)word;
    }
    *length = 2 * (size_t)count;
    return MODBUS_PDU_EXCEPTION_NONE;
}
