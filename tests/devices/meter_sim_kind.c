#include "meter_sim_kind.h"

#include <string.h>

#include "sim_physics.h"
#include "wire/modbus_value.h"

#define ARRAY(a) (a), sizeof(a) / sizeof((a)[0])

#define HOW(a, t, h, c, q, s)                                                                      \
    {                                                                                              \
        .address = (a), .type = MODBUS_VALUE_##t, .how = METER_SIM_##h,                            \
        .component = SIM_PHYSICS_##c, .quantity = SIM_PHYSICS_##q, .scale = (s)                    \
    }
#define ROW(a, t, c, q, s) HOW(a, t, PLAIN, c, q, s)
/* The same quantity of three phases, or of three pairs of lines, one behind the other. */
#define PHASES(a, n, t, h, q, s)                                                                   \
    HOW(a, t, h, PHASE_A, q, s), HOW((a) + (n), t, h, PHASE_B, q, s),                              \
        HOW((a) + 2 * (n), t, h, PHASE_C, q, s)
#define LINES(a, n, t, s)                                                                          \
    HOW(a, t, PLAIN, LINE_AB, VOLTAGE, s), HOW((a) + (n), t, PLAIN, LINE_BC, VOLTAGE, s),          \
        HOW((a) + 2 * (n), t, PLAIN, LINE_CA, VOLTAGE, s)
#define CONSTANT(a, t, v) HOW(a, t, CONSTANT, TOTAL, VOLTAGE, v)
#define WORDS(a, n, h, s)                                                                          \
    {                                                                                              \
        .address = (a), .type = MODBUS_VALUE_TEXT, .how = METER_SIM_##h, .scale = (n), .text = (s) \
    }

/* The mean between lines is close to the mean to neutral by the square root of 3. */
#define ROOT3 1.7320508075688772

/* clang-format off */

/* Eastron SDM630: input registers, float32. PF, energy and THD as in the maker's protocol list. */
static const struct meter_sim_row sdm630_rows[] = {
    PHASES(0, 2, FLOAT32, PLAIN, VOLTAGE, 1),
    PHASES(6, 2, FLOAT32, PLAIN, CURRENT, 1),
    PHASES(12, 2, FLOAT32, PLAIN, REAL_POWER, 1),
    PHASES(18, 2, FLOAT32, PLAIN, APPARENT_POWER, 1),
    PHASES(24, 2, FLOAT32, PLAIN, REACTIVE_POWER, 1),
    PHASES(30, 2, FLOAT32, PLAIN, POWER_FACTOR, 1),
    PHASES(36, 2, FLOAT32, PLAIN, PHASE_ANGLE, 1),
    ROW(42, FLOAT32, TOTAL, VOLTAGE, 1),
    ROW(46, FLOAT32, TOTAL, CURRENT, 3),
    ROW(48, FLOAT32, TOTAL, CURRENT, 1),
    ROW(52, FLOAT32, TOTAL, REAL_POWER, 1),
    ROW(56, FLOAT32, TOTAL, APPARENT_POWER, 1),
    ROW(60, FLOAT32, TOTAL, REACTIVE_POWER, 1),
    ROW(62, FLOAT32, TOTAL, POWER_FACTOR, 1),
    ROW(66, FLOAT32, TOTAL, PHASE_ANGLE, 1),
    ROW(70, FLOAT32, TOTAL, FREQUENCY, 1),
    ROW(72, FLOAT32, TOTAL, ENERGY, 1),
    ROW(74, FLOAT32, TOTAL, ENERGY_EXPORT, 1),
    ROW(76, FLOAT32, TOTAL, REACTIVE_ENERGY, 1),
    ROW(78, FLOAT32, TOTAL, REACTIVE_ENERGY_EXPORT, 1),
    ROW(80, FLOAT32, TOTAL, APPARENT_ENERGY, 1),
    ROW(82, FLOAT32, TOTAL, APPARENT_ENERGY, 0.23), /* Ah at 230 V */
    ROW(84, FLOAT32, TOTAL, REAL_POWER, 1),
    ROW(86, FLOAT32, TOTAL, REAL_POWER, 1),
    ROW(100, FLOAT32, TOTAL, APPARENT_POWER, 1),
    ROW(104, FLOAT32, NEUTRAL, CURRENT, 1),
    LINES(200, 2, FLOAT32, 1),
    ROW(206, FLOAT32, TOTAL, VOLTAGE, 1 / ROOT3),
    ROW(224, FLOAT32, NEUTRAL, CURRENT, 1),
    PHASES(234, 2, FLOAT32, PLAIN, THD_VOLTAGE, 1),
    PHASES(240, 2, FLOAT32, PLAIN, THD_CURRENT, 1),
    ROW(248, FLOAT32, TOTAL, THD_VOLTAGE, 1),
    ROW(250, FLOAT32, TOTAL, THD_CURRENT, 1),
    HOW(342, FLOAT32, SUM, TOTAL, ENERGY, 1),
    HOW(344, FLOAT32, SUM, TOTAL, REACTIVE_ENERGY, 1),
    PHASES(346, 2, FLOAT32, PLAIN, ENERGY, 1),
    PHASES(352, 2, FLOAT32, PLAIN, ENERGY_EXPORT, 1),
    PHASES(358, 2, FLOAT32, SUM, ENERGY, 1),
    PHASES(364, 2, FLOAT32, PLAIN, REACTIVE_ENERGY, 1),
    PHASES(370, 2, FLOAT32, PLAIN, REACTIVE_ENERGY_EXPORT, 1),
    PHASES(376, 2, FLOAT32, SUM, REACTIVE_ENERGY, 1),
};
static const struct meter_sim_range sdm630_ranges[] = {
    {0, 106, 0}, {200, 8, 0}, {224, 28, 0}, {334, 48, 0}};
static const struct meter_sim_setting sdm630_settings[] = {
    {0x0002, 0x4270, true}, {0x0003, 0, true},  /* demand period, float 60 */
    {0x000A, 0x4040, true}, {0x000B, 0, true},  /* wiring, float 3: three phases, four wires */
    {0x0012, 0, true},      {0x0013, 0, true},  /* parity and stop bits */
    {0x0014, 0x3F80, true}, {0x0015, 0, true},  /* node address */
    {0x001C, 0x4000, true}, {0x001D, 0, true},  /* speed, float 2: 9600 */
    {0xFC00, 0x0012, false}, {0xFC01, 0xD687, false}, /* serial number */
    {0xFC02, 0x0070, false},                    /* meter code */
};

/* Legrand EMDX3 4 120 45 (made by IME): unsigned, signs elsewhere, steps by CT ratio. */
static const struct meter_sim_row emdx3_rows[] = {
    CONSTANT(768, UINT16, 45),
    PHASES(4096, 2, UINT32, PLAIN, VOLTAGE, 0.001),
    PHASES(4102, 2, UINT32, PLAIN, CURRENT, 0.001),
    ROW(4108, UINT32, NEUTRAL, CURRENT, 0.001),
    LINES(4110, 2, UINT32, 0.001),
    HOW(4116, UINT32, CT_POWER, TOTAL, REAL_POWER, 1),
    HOW(4118, UINT32, CT_POWER, TOTAL, REACTIVE_POWER, 1),
    HOW(4120, UINT32, CT_POWER, TOTAL, APPARENT_POWER, 1),
    HOW(4122, UINT16, SIGN, TOTAL, REAL_POWER, 1),
    HOW(4123, UINT16, SIGN, TOTAL, REACTIVE_POWER, 1),
    HOW(4124, UINT32, CT_ENERGY, TOTAL, ENERGY, 1),
    HOW(4126, UINT32, CT_ENERGY, TOTAL, REACTIVE_ENERGY, 1),
    HOW(4128, UINT32, CT_ENERGY, TOTAL, ENERGY_EXPORT, 1),
    HOW(4130, UINT32, CT_ENERGY, TOTAL, REACTIVE_ENERGY_EXPORT, 1),
    ROW(4132, INT16, TOTAL, POWER_FACTOR, 0.01),
    HOW(4133, UINT16, SECTOR, TOTAL, REACTIVE_POWER, 1),
    ROW(4134, UINT16, TOTAL, FREQUENCY, 0.1),
    HOW(4135, UINT32, CT_POWER, TOTAL, REAL_POWER, 1),
    HOW(4137, UINT32, CT_POWER, TOTAL, REAL_POWER, 1),
    CONSTANT(4139, UINT16, 15),
    PHASES(4140, 2, UINT32, CT_POWER, REAL_POWER, 1),
    PHASES(4146, 1, UINT16, SIGN, REAL_POWER, 1),
    PHASES(4149, 2, UINT32, CT_POWER, REACTIVE_POWER, 1),
    PHASES(4155, 1, UINT16, SIGN, REACTIVE_POWER, 1),
    PHASES(4158, 2, UINT32, CT_POWER, APPARENT_POWER, 1),
    PHASES(4164, 1, INT16, PLAIN, POWER_FACTOR, 0.01),
    PHASES(4170, 1, UINT16, PLAIN, THD_VOLTAGE, 0.1),
    PHASES(4173, 1, UINT16, PLAIN, THD_CURRENT, 0.1),
    PHASES(4176, 2, UINT32, PLAIN, CURRENT, 0.001), /* averages, then maxima */
    PHASES(4182, 2, UINT32, PLAIN, CURRENT, 0.001),
    ROW(4188, UINT32, TOTAL, CURRENT, 0.003), /* mean of three */
    PHASES(4190, 2, UINT32, PLAIN, VOLTAGE, 0.001), /* minima, then maxima */
    PHASES(4196, 2, UINT32, PLAIN, VOLTAGE, 0.001),
    HOW(4202, UINT32, CT_ENERGY, TOTAL, ENERGY, 1),
    HOW(4204, UINT32, CT_ENERGY, TOTAL, REACTIVE_ENERGY, 1),
    CONSTANT(4206, UINT16, 4711),
    ROW(4688, UINT32, TOTAL, ENERGY, 1),
    ROW(4690, UINT32, TOTAL, REACTIVE_ENERGY, 1),
    ROW(4692, UINT32, TOTAL, ENERGY_EXPORT, 1),
    ROW(4694, UINT32, TOTAL, REACTIVE_ENERGY_EXPORT, 1),
};
static const struct meter_sim_range emdx3_ranges[] = {
    {768, 1, 0}, {4096, 112, 0}, {4608, 7, 0}, {4688, 8, 0}};
static const struct meter_sim_setting emdx3_settings[] = {
    {4207, 0, true}, {METER_SIM_CT_RATIO, 1, true}, {4609, 100, true},
};

/* ABB B23: signed and 64-bit numbers, and a pattern for "not available" in every gap. */
static const struct meter_sim_row abb_b23_rows[] = {
    ROW(0x5000, UINT64, TOTAL, ENERGY, 0.01),
    ROW(0x5004, UINT64, TOTAL, ENERGY_EXPORT, 0.01),
    HOW(0x5008, INT64, NET, TOTAL, ENERGY, 0.01),
    ROW(0x500C, UINT64, TOTAL, REACTIVE_ENERGY, 0.01),
    ROW(0x5010, UINT64, TOTAL, REACTIVE_ENERGY_EXPORT, 0.01),
    PHASES(0x5460, 4, UINT64, PLAIN, ENERGY, 0.01),
    PHASES(0x546C, 4, UINT64, PLAIN, ENERGY_EXPORT, 0.01),
    PHASES(0x5B00, 2, UINT32, PLAIN, VOLTAGE, 0.1),
    LINES(0x5B06, 2, UINT32, 0.1),
    PHASES(0x5B0C, 2, UINT32, PLAIN, CURRENT, 0.01),
    HOW(0x5B12, UINT32, ABSENT, NEUTRAL, CURRENT, 0.01),
    ROW(0x5B14, INT32, TOTAL, REAL_POWER, 0.01),
    PHASES(0x5B16, 2, INT32, PLAIN, REAL_POWER, 0.01),
    ROW(0x5B1C, INT32, TOTAL, REACTIVE_POWER, 0.01),
    PHASES(0x5B1E, 2, INT32, PLAIN, REACTIVE_POWER, 0.01),
    ROW(0x5B24, INT32, TOTAL, APPARENT_POWER, 0.01),
    PHASES(0x5B26, 2, INT32, PLAIN, APPARENT_POWER, 0.01),
    ROW(0x5B2C, UINT16, TOTAL, FREQUENCY, 0.01),
    ROW(0x5B3A, INT16, TOTAL, POWER_FACTOR, 0.001),
    PHASES(0x5B3B, 1, INT16, PLAIN, POWER_FACTOR, 0.001),
    CONSTANT(0x8908, UINT32, 0x42312E30), /* firmware "B1.0" */
    CONSTANT(0x890A, UINT32, 0),
    CONSTANT(0x890C, UINT32, 0),
    CONSTANT(0x890E, UINT32, 0),
    CONSTANT(0x8960, UINT32, 0x42323420), /* model "B24 " */
};
static const struct meter_sim_range abb_b23_ranges[] = {
    {0x5000, 24, 0xFFFF}, {0x5460, 24, 0xFFFF}, {0x5B00, 62, 0xFFFF}, {0x8908, 8, 0}, {0x8960, 6, 0}};
static const struct meter_sim_setting abb_b23_settings[] = {{0x8C04, 0, true}, {0x8C05, 1, true}};

/* Carlo Gavazzi EM340: low word first; functions 3 and 4 see the same. */
static const struct meter_sim_row em340_rows[] = {
    PHASES(0, 2, INT32, PLAIN, VOLTAGE, 0.1),
    LINES(6, 2, INT32, 0.1),
    PHASES(12, 2, INT32, PLAIN, CURRENT, 0.001),
    PHASES(18, 2, INT32, PLAIN, REAL_POWER, 0.1),
    PHASES(24, 2, INT32, PLAIN, APPARENT_POWER, 0.1),
    PHASES(30, 2, INT32, PLAIN, REACTIVE_POWER, 0.1),
    ROW(36, INT32, TOTAL, VOLTAGE, 0.1),
    ROW(38, INT32, TOTAL, VOLTAGE, 0.1 / ROOT3),
    ROW(40, INT32, TOTAL, REAL_POWER, 0.1),
    ROW(42, INT32, TOTAL, APPARENT_POWER, 0.1),
    ROW(44, INT32, TOTAL, REACTIVE_POWER, 0.1),
    PHASES(46, 1, INT16, PLAIN, POWER_FACTOR, 0.001),
    ROW(49, INT16, TOTAL, POWER_FACTOR, 0.001),
    ROW(51, INT16, TOTAL, FREQUENCY, 0.1),
    ROW(52, INT32, TOTAL, ENERGY, 0.1),
    ROW(54, INT32, TOTAL, REACTIVE_ENERGY, 0.1),
    PHASES(64, 2, INT32, PLAIN, ENERGY, 0.1),
    ROW(78, INT32, TOTAL, ENERGY_EXPORT, 0.1),
    ROW(80, INT32, TOTAL, REACTIVE_ENERGY_EXPORT, 0.1),
};
static const struct meter_sim_range em340_ranges[] = {{0, 82, 0}};
static const struct meter_sim_setting em340_settings[] = {{0x1002, 0, true}, {0x2000, 1, true}};

/* Inepro PRO380: float32 in kilowatts; the total counters are the sum of both directions. */
static const struct meter_sim_row pro380_rows[] = {
    ROW(0x5000, FLOAT32, TOTAL, VOLTAGE, 1),
    PHASES(0x5002, 2, FLOAT32, PLAIN, VOLTAGE, 1),
    ROW(0x5008, FLOAT32, TOTAL, FREQUENCY, 1),
    ROW(0x500A, FLOAT32, TOTAL, CURRENT, 1),
    PHASES(0x500C, 2, FLOAT32, PLAIN, CURRENT, 1),
    ROW(0x5012, FLOAT32, TOTAL, REAL_POWER, 1000),
    PHASES(0x5014, 2, FLOAT32, PLAIN, REAL_POWER, 1000),
    ROW(0x501A, FLOAT32, TOTAL, REACTIVE_POWER, 1000),
    PHASES(0x501C, 2, FLOAT32, PLAIN, REACTIVE_POWER, 1000),
    ROW(0x5022, FLOAT32, TOTAL, APPARENT_POWER, 1000),
    PHASES(0x5024, 2, FLOAT32, PLAIN, APPARENT_POWER, 1000),
    ROW(0x502A, FLOAT32, TOTAL, POWER_FACTOR, 1),
    PHASES(0x502C, 2, FLOAT32, PLAIN, POWER_FACTOR, 1),
    HOW(0x6000, FLOAT32, SUM, TOTAL, ENERGY, 1),
    HOW(0x6002, FLOAT32, SUM, TOTAL, ENERGY, 1), /* tariff 1; tariff 2 stays at zero */
    PHASES(0x6006, 2, FLOAT32, SUM, ENERGY, 1),
    ROW(0x600C, FLOAT32, TOTAL, ENERGY, 1),
    ROW(0x600E, FLOAT32, TOTAL, ENERGY, 1),
    PHASES(0x6012, 2, FLOAT32, PLAIN, ENERGY, 1),
    ROW(0x6018, FLOAT32, TOTAL, ENERGY_EXPORT, 1),
    ROW(0x601A, FLOAT32, TOTAL, ENERGY_EXPORT, 1),
    PHASES(0x601E, 2, FLOAT32, PLAIN, ENERGY_EXPORT, 1),
    HOW(0x6024, FLOAT32, SUM, TOTAL, REACTIVE_ENERGY, 1),
    HOW(0x6026, FLOAT32, SUM, TOTAL, REACTIVE_ENERGY, 1),
    PHASES(0x602A, 2, FLOAT32, SUM, REACTIVE_ENERGY, 1),
    ROW(0x6030, FLOAT32, TOTAL, REACTIVE_ENERGY, 1),
    ROW(0x6032, FLOAT32, TOTAL, REACTIVE_ENERGY, 1),
    PHASES(0x6036, 2, FLOAT32, PLAIN, REACTIVE_ENERGY, 1),
    ROW(0x603C, FLOAT32, TOTAL, REACTIVE_ENERGY_EXPORT, 1),
    ROW(0x603E, FLOAT32, TOTAL, REACTIVE_ENERGY_EXPORT, 1),
    PHASES(0x6042, 2, FLOAT32, PLAIN, REACTIVE_ENERGY_EXPORT, 1),
};
static const struct meter_sim_range pro380_ranges[] = {{0x5000, 52, 0}, {0x6000, 72, 0}};
static const struct meter_sim_setting pro380_settings[] = {{0x4003, 1, true}, {0x4004, 9600, true}};

/* SunSpec: the marker, model 1 (common), model 203 (three-phase wye meter), the end. Offsets count
 * from a model's first register, as in the alliance's model definitions. */
enum { SUNS = 40000, SUNS_1 = SUNS + 2, SUNS_203 = SUNS_1 + 68, SUNS_END = SUNS_203 + 107 };
#define SUNS_POWERS(o, q)                                                                          \
    HOW(SUNS_203 + (o), INT16, SUNS_POWER, TOTAL, q, 1),                                           \
        PHASES(SUNS_203 + (o) + 1, 1, INT16, SUNS_POWER, q, 1),                                    \
        HOW(SUNS_203 + (o) + 4, INT16, SUNS_EXPONENT, TOTAL, q, 1)
#define SUNS_COUNTERS(o, q)                                                                        \
    ROW(SUNS_203 + (o), UINT32, TOTAL, q, 0.001),                                                  \
        PHASES(SUNS_203 + (o) + 2, 2, UINT32, PLAIN, q, 0.001)
static const struct meter_sim_row sunspec_203_rows[] = {
    CONSTANT(SUNS, UINT32, 0x53756E53),
    CONSTANT(SUNS_1, UINT16, 1),
    CONSTANT(SUNS_1 + 1, UINT16, 66),
    WORDS(SUNS_1 + 2, 16, TEXT, "busbar simulators"),
    WORDS(SUNS_1 + 18, 16, TEXT, "SunSpec meter 203"),
    WORDS(SUNS_1 + 34, 8, TEXT, ""),
    WORDS(SUNS_1 + 42, 8, TEXT, "1.0"),
    WORDS(SUNS_1 + 50, 16, SERIAL, NULL),
    CONSTANT(SUNS_1 + 66, UINT16, 1),
    CONSTANT(SUNS_1 + 67, UINT16, 0x8000), /* pad */
    CONSTANT(SUNS_203, UINT16, 203),
    CONSTANT(SUNS_203 + 1, UINT16, 105),
    ROW(SUNS_203 + 2, INT16, TOTAL, CURRENT, 0.01),
    PHASES(SUNS_203 + 3, 1, INT16, PLAIN, CURRENT, 0.01),
    CONSTANT(SUNS_203 + 6, INT16, -2),
    ROW(SUNS_203 + 7, INT16, TOTAL, VOLTAGE, 0.1),
    PHASES(SUNS_203 + 8, 1, INT16, PLAIN, VOLTAGE, 0.1),
    ROW(SUNS_203 + 11, INT16, TOTAL, VOLTAGE, 0.1 / ROOT3),
    LINES(SUNS_203 + 12, 1, INT16, 0.1),
    CONSTANT(SUNS_203 + 15, INT16, -1),
    ROW(SUNS_203 + 16, INT16, TOTAL, FREQUENCY, 0.01),
    CONSTANT(SUNS_203 + 17, INT16, -2),
    SUNS_POWERS(18, REAL_POWER),
    SUNS_POWERS(23, APPARENT_POWER),
    SUNS_POWERS(28, REACTIVE_POWER),
    ROW(SUNS_203 + 33, INT16, TOTAL, POWER_FACTOR, 0.001), /* percent, one decimal */
    PHASES(SUNS_203 + 34, 1, INT16, PLAIN, POWER_FACTOR, 0.001),
    CONSTANT(SUNS_203 + 37, INT16, -1),
    SUNS_COUNTERS(38, ENERGY_EXPORT),
    SUNS_COUNTERS(46, ENERGY),
    CONSTANT(SUNS_203 + 54, INT16, 0),
    SUNS_COUNTERS(63, APPARENT_ENERGY), /* 55: apparent export, not measured, 0 */
    CONSTANT(SUNS_203 + 71, INT16, 0),
    SUNS_COUNTERS(72, REACTIVE_ENERGY), /* 80, 88: quadrants 2 and 3, not counted, 0 */
    SUNS_COUNTERS(96, REACTIVE_ENERGY_EXPORT),
    CONSTANT(SUNS_203 + 104, INT16, 0),
    CONSTANT(SUNS_203 + 105, UINT32, 0), /* no events */
    CONSTANT(SUNS_END, UINT16, 0xFFFF),
    CONSTANT(SUNS_END + 1, UINT16, 0),
};
static const struct meter_sim_range sunspec_203_ranges[] = {{SUNS, SUNS_END + 2 - SUNS, 0}};

/* For benches: as many float32 as fit into 60 registers, changing with every poll. */
static const struct meter_sim_range flat_ranges[] = {{0, METER_SIM_FLAT_REGISTERS, 0}};
static const struct meter_sim_setting flat_settings[] = {
    {100, 0, true}, {101, 0, true}, {102, 0, true}};

enum { READ_3 = 1 << 3, READ_4 = 1 << 4 };

static const struct meter_sim_kind kinds[] = {
    {"sdm630", MODBUS_VALUE_ABCD, READ_4, METER_SIM_ABSENT_ZERO, 80, false,
     ARRAY(sdm630_rows), ARRAY(sdm630_ranges), ARRAY(sdm630_settings)},
    {"emdx3", MODBUS_VALUE_ABCD, READ_3, METER_SIM_ABSENT_ZERO, 125, false,
     ARRAY(emdx3_rows), ARRAY(emdx3_ranges), ARRAY(emdx3_settings)},
    {"abb-b23", MODBUS_VALUE_ABCD, READ_3, METER_SIM_ABSENT_ABB, 125, false,
     ARRAY(abb_b23_rows), ARRAY(abb_b23_ranges), ARRAY(abb_b23_settings)},
    {"em340", MODBUS_VALUE_CDAB, READ_3 | READ_4, METER_SIM_ABSENT_EEEE, 125, false,
     ARRAY(em340_rows), ARRAY(em340_ranges), ARRAY(em340_settings)},
    {"pro380", MODBUS_VALUE_ABCD, READ_3, METER_SIM_ABSENT_ZERO, 125, false,
     ARRAY(pro380_rows), ARRAY(pro380_ranges), ARRAY(pro380_settings)},
    {"sunspec-203", MODBUS_VALUE_ABCD, READ_3, METER_SIM_ABSENT_SUNS, 125, false,
     ARRAY(sunspec_203_rows), ARRAY(sunspec_203_ranges), NULL, 0},
    {"flat", MODBUS_VALUE_ABCD, READ_3 | READ_4, METER_SIM_ABSENT_ZERO, 125, true,
     NULL, 0, ARRAY(flat_ranges), ARRAY(flat_settings)},
    /* relay boards: meter_sim_board.c answers for them */
    {"waveshare-8", MODBUS_VALUE_ABCD, 0, METER_SIM_ABSENT_ZERO, 0, true, NULL, 0, NULL, 0, NULL, 0},
    {"waveshare-30", MODBUS_VALUE_ABCD, 0, METER_SIM_ABSENT_ZERO, 0, true, NULL, 0, NULL, 0, NULL, 0},
    {"r4d-16", MODBUS_VALUE_ABCD, 0, METER_SIM_ABSENT_ZERO, 0, true, NULL, 0, NULL, 0, NULL, 0},
    {"rlh-8", MODBUS_VALUE_ABCD, 0, METER_SIM_ABSENT_ZERO, 0, true, NULL, 0, NULL, 0, NULL, 0},
    {"netio-4c", MODBUS_VALUE_ABCD, 0, METER_SIM_ABSENT_ZERO, 0, true, NULL, 0, NULL, 0, NULL, 0},
};
/* clang-format on */

const struct meter_sim_kind *meter_sim_kind_at(size_t index)
{
    return index < sizeof(kinds) / sizeof(kinds[0]) ? &kinds[index] : NULL;
}

const struct meter_sim_kind *meter_sim_kind_find(const char *name)
{
    const struct meter_sim_kind *kind;
    for (size_t i = 0; (kind = meter_sim_kind_at(i)) != NULL; i++) {
        if (strcmp(kind->name, name) == 0) {
            return kind;
        }
    }
    return NULL;
}
