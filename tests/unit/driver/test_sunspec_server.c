/* A device as SunSpec registers: offsets and sentinels below are those of the published models 1,
 * 211 to 214, 713 and 802, written down by hand. */
#include "driver_testing.h"

#include "driver/sunspec_fill.h"
#include "driver/sunspec_models.h"
#include "driver/sunspec_server.h"

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct driver_library *library;
    struct device *device;
    struct sunspec_view view;
    bool floats;
    uint16_t words[SUNSPEC_SERVER_MAX];
    size_t count;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err_list errors = ERR_LIST_EMPTY;
    f->clock = clock_fake(TESTING_WALL);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    f->library = library_new();
    library_load(f->library, TEST_SOURCE_ROOT "/profiles", &errors);
    assert_int_equal(errors.found, 0);
    err_list_deinit(&errors);
    f->device = site_device_add(f->site, &(struct device_spec){.name = "thing", .profile = "x"});
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    site_free(f->site);
    library_free(f->library);
    loop_free(f->loop);
    free(f);
    return 0;
}

static struct point *put(struct fixture *f, enum component_kind kind, int number,
                         enum quantity quantity, double value)
{
    struct component *component = device_component(f->device, kind, number);
    struct point *point = component_point(component, quantity);
    if (!point)
        point = component_point_add(component, quantity);
    point_put(point, value, loop_now(f->loop), loop_wall(f->loop));
    return point;
}

static void make(struct fixture *f)
{
    f->view = (struct sunspec_view){.device = f->device, .unit = 9, .floats = f->floats};
    f->count = sunspec_server_image(library_sunspec(f->library), &f->view, f->words);
    assert_int_equal(f->words[0], 0x5375);
    assert_int_equal(f->words[1], 0x6E53);
    assert_int_equal(f->words[2], 1);
    assert_int_equal(f->words[3], 66);
    assert_int_equal(f->words[4 + 64], 9);
    assert_int_equal(f->words[f->count - 2], 0xFFFF);
    assert_int_equal(f->words[f->count - 1], 0);
}

/* The words of a model from its ID on; NULL when it is not there. */
static const uint16_t *model(const struct fixture *f, unsigned id)
{
    for (size_t at = 2; f->words[at] != 0xFFFF; at += 2u + f->words[at + 1]) {
        if (f->words[at] == id)
            return f->words + at;
    }
    return NULL;
}

static float float_at(const uint16_t *words, size_t at)
{
    uint32_t bits = (uint32_t)words[at] << 16 | words[at + 1];
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* By what is measured, or as the settings say, in integers and in floats; lengths are those of the
 * published models. */
static void test_wiring_chooses_the_model(void **state)
{
    struct fixture *f = *state;
    static const struct {
        enum device_wiring wiring;
        unsigned integers, floats;
    } told[] = {{DEVICE_WIRING_SINGLE, 201, 211},
                {DEVICE_WIRING_SPLIT, 202, 212},
                {DEVICE_WIRING_WYE, 203, 213},
                {DEVICE_WIRING_DELTA, 204, 214}};
    f->device->wiring = DEVICE_WIRING_DELTA;
    make(f);
    assert_int_equal(f->count, 2 + 68 + 2); /* wiring makes no meter */
    for (size_t i = 0; i < TEST_COUNT(told); i++) {
        put(f, COMPONENT_PHASE, 2, QUANTITY_VOLTAGE, 230.5);
        f->device->wiring = told[i].wiring;
        f->floats = false;
        make(f);
        assert_int_equal(f->count, 2 + 68 + 107 + 2);
        assert_int_equal(model(f, told[i].integers)[1], 105);
        f->floats = true;
        make(f);
        assert_int_equal(f->count, 2 + 68 + 126 + 2);
        assert_int_equal(model(f, told[i].floats)[1], 124);
    }
}

static void test_wiring_by_what_is_measured(void **state)
{
    struct fixture *f = *state;
    f->floats = true;
    put(f, COMPONENT_TOTAL, 0, QUANTITY_REAL_POWER, 1234.5);
    make(f);
    assert_non_null(model(f, 211));
    put(f, COMPONENT_LINE, 1, QUANTITY_VOLTAGE, 400.25);
    make(f);
    assert_non_null(model(f, 214));
    put(f, COMPONENT_PHASE, 2, QUANTITY_VOLTAGE, 230.5);
    make(f);
    const uint16_t *meter = model(f, 213);
    assert_non_null(meter);
    assert_true(float_at(meter, 28) == 1234.5F); /* W */
    assert_true(float_at(meter, 14) == 230.5F);  /* PhVphB */
    assert_true(float_at(meter, 20) == 400.25F); /* PPVphAB */
    assert_true(isnan(float_at(meter, 12)));     /* PhVphA */
    assert_int_equal(meter[124], 0xFFFF);        /* Evt */
    assert_int_equal(meter[125], 0xFFFF);
    put(f, COMPONENT_TOTAL, 0, QUANTITY_REAL_POWER, 1e39); /* more than a float32 holds */
    make(f);
    assert_true(isnan(float_at(model(f, 213), 28)));
}

/* Averages are of all that is measured: PhV where the device tells none, PPV always. */
static void test_averages(void **state)
{
    struct fixture *f = *state;
    f->floats = true;
    put(f, COMPONENT_PHASE, 1, QUANTITY_VOLTAGE, 228);
    put(f, COMPONENT_PHASE, 2, QUANTITY_VOLTAGE, 230);
    struct point *third = put(f, COMPONENT_PHASE, 3, QUANTITY_VOLTAGE, 235);
    put(f, COMPONENT_LINE, 1, QUANTITY_VOLTAGE, 396);
    put(f, COMPONENT_LINE, 2, QUANTITY_VOLTAGE, 402);
    make(f);
    assert_true(float_at(model(f, 213), 10) == 231);
    assert_true(float_at(model(f, 213), 18) == 399);
    f->floats = false;
    make(f);
    assert_int_equal(model(f, 203)[7], 2310);
    assert_int_equal(model(f, 203)[11], 3990);
    put(f, COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE_AVERAGE, 229.4);
    make(f);
    assert_int_equal(model(f, 203)[7], 2294);
    point_mark(third, QUALITY_STALE, REASON_TOO_OLD);
    point_mark(put(f, COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE_AVERAGE, 1), QUALITY_STALE,
               REASON_TOO_OLD);
    make(f);
    assert_int_equal(model(f, 203)[7], 0x8000);
}

/* The phase of a single-phase meter is its whole; of a sum that has no voltage nobody knows. */
static void test_single_phase(void **state)
{
    struct fixture *f = *state;
    put(f, COMPONENT_TOTAL, 0, QUANTITY_CURRENT, 12.34);
    make(f);
    assert_int_equal(model(f, 201)[2], 1234); /* A */
    assert_int_equal(model(f, 201)[3], 0x8000);
    put(f, COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE, 229.9);
    make(f);
    assert_int_equal(model(f, 201)[3], 1234); /* AphA */
    assert_int_equal(model(f, 201)[7], 2299); /* PhV */
    assert_int_equal(model(f, 201)[8], 2299); /* PhVphA */
    assert_int_equal(model(f, 201)[9], 0x8000);
    put(f, COMPONENT_PHASE, 1, QUANTITY_REAL_POWER, 2837);
    make(f);
    assert_int_equal(model(f, 201)[18], 2837);
    assert_int_equal(model(f, 201)[19], 2837);
    f->device->wiring = DEVICE_WIRING_SPLIT;
    make(f);
    assert_int_equal(model(f, 202)[18], 0x8000); /* W */
    assert_int_equal(model(f, 202)[19], 284);    /* WphA, three conductors: tens of watts */
}

/* A point that is not good is not told; its scale factor stays, since it holds for the next. */
static void test_what_is_not_good_is_not_told(void **state)
{
    struct fixture *f = *state;
    struct point *power = put(f, COMPONENT_TOTAL, 0, QUANTITY_REAL_POWER, 1);
    struct point *energy = put(f, COMPONENT_TOTAL, 0, QUANTITY_ENERGY, 1);
    struct point *charge = put(f, COMPONENT_BATTERY, 0, QUANTITY_CHARGE, 55.5);
    f->device->wiring = DEVICE_WIRING_WYE;
    make(f);
    assert_int_equal(model(f, 203)[47], 100);
    point_mark(power, QUALITY_STALE, REASON_TOO_OLD);
    point_mark(energy, QUALITY_STALE, REASON_TOO_OLD);
    point_mark(charge, QUALITY_BAD, REASON_OUT_OF_RANGE);
    make(f);
    assert_int_equal(model(f, 203)[18], 0x8000);
    assert_int_equal(model(f, 203)[22], 1);
    assert_int_equal(model(f, 203)[46], 0); /* acc32: 0 is "not accumulated" */
    assert_int_equal(model(f, 203)[47], 0);
    assert_int_equal(model(f, 713)[4], 0xFFFF);
    assert_int_equal((int16_t)model(f, 713)[8], -1);
    assert_int_equal(model(f, 802)[11], 0xFFFF);
    f->floats = true;
    make(f);
    assert_true(isnan(float_at(model(f, 213), 28)));
}

/* Numbers of a rating, by hand: 3 conductors, a fifth more, 253 V; int16 holds 32767. */
static void test_scale_factors_follow_the_rating(void **state)
{
    struct fixture *f = *state;
    static const struct {
        double rated;
        int16_t amperes, volts, hertz, watts, factor, watt_hours;
    } rows[] = {
        {0, -2, -1, -2, 1, -1, 1},   /* as 63 A: 226.8 A, 57380 W, 7.54 GWh in 15 years */
        {8, -3, -1, -2, 0, -1, 0},   /* 28.8 A, 7286 W, 0.957 GWh */
        {3, -3, -1, -2, -1, -1, 0},  /* 10.8 A, 2732 W */
        {32, -2, -1, -2, 0, -1, 0},  /* 115.2 A, 29146 W, 3.83 GWh of 4.29 */
        {40, -2, -1, -2, 1, -1, 1},  /* 144 A, 36432 W, 4.79 GWh */
        {400, -1, -1, -2, 2, -1, 2}, /* 1440 A, 364 kW, 47.9 GWh */
        {4000, 0, -1, -2, 3, -1, 3}, /* 14400 A, 3.6 MW, 479 GWh */
    };
    put(f, COMPONENT_PHASE, 2, QUANTITY_CURRENT, 1);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        f->device->rated_current = rows[i].rated;
        make(f);
        const uint16_t *meter = model(f, 203);
        assert_int_equal((int16_t)meter[6], rows[i].amperes);
        assert_int_equal((int16_t)meter[15], rows[i].volts);
        assert_int_equal((int16_t)meter[17], rows[i].hertz);
        assert_int_equal((int16_t)meter[22], rows[i].watts);
        assert_int_equal((int16_t)meter[27], rows[i].watts);
        assert_int_equal((int16_t)meter[32], rows[i].watts);
        assert_int_equal((int16_t)meter[37], rows[i].factor);
        assert_int_equal((int16_t)meter[54], rows[i].watt_hours);
        assert_int_equal((int16_t)meter[71], rows[i].watt_hours);
    }
}

/* Never another number than the one that is: what does not fit is not told, and the scale factor
 * does not move for it. */
static void test_ends_of_the_range(void **state)
{
    struct fixture *f = *state;
    static const struct {
        double amperes;
        uint16_t raw;
    } rows[] = {{0, 0},           {327.67, 32767},   {327.674, 32767},  {327.675, 0x8000},
                {327.68, 0x8000}, {-327.67, 0x8001}, {-327.68, 0x8000}, {-5.004, 0xFE0C},
                {1e30, 0x8000},   {-1e30, 0x8000}};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        put(f, COMPONENT_PHASE, 3, QUANTITY_CURRENT, rows[i].amperes);
        make(f);
        assert_int_equal(model(f, 203)[5], rows[i].raw);
        assert_int_equal((int16_t)model(f, 203)[6], -2);
    }
    f->device->rated_current = 16; /* Wh */
    static const struct {
        double kilowatt_hours;
        uint32_t raw;
    } counts[] = {{0, 0},           {0.001, 1},       {4294967.294, 0xFFFFFFFE},
                  {4294967.295, 0}, {4294967.296, 0}, {5e6, 0}};
    for (size_t i = 0; i < TEST_COUNT(counts); i++) {
        put(f, COMPONENT_TOTAL, 0, QUANTITY_ENERGY, counts[i].kilowatt_hours);
        make(f);
        const uint16_t *meter = model(f, 203);
        assert_int_equal((uint32_t)meter[46] << 16 | meter[47], counts[i].raw);
        assert_int_equal(meter[54], 0);
    }
}

static void test_scale_factors_of_a_battery(void **state)
{
    struct fixture *f = *state;
    static const struct {
        double volts;
        uint16_t raw;
    } rows[] = {{13.8, 138}, {6553.4, 65534}, {6553.5, 0xFFFF}, {-0.2, 0xFFFF}};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        put(f, COMPONENT_BATTERY, 0, QUANTITY_VOLTAGE, rows[i].volts);
        make(f);
        assert_int_equal(model(f, 802)[34], rows[i].raw);
        assert_int_equal((int16_t)model(f, 802)[59], -1);
    }
    put(f, COMPONENT_BATTERY, 0, QUANTITY_CURRENT, -12.34);
    put(f, COMPONENT_BATTERY, 0, QUANTITY_CHARGE, 55.5);
    put(f, COMPONENT_BATTERY, 0, QUANTITY_STORED_ENERGY, 4.32);
    put(f, COMPONENT_BATTERY, 0, QUANTITY_CAPACITY, 190);
    make(f);
    assert_int_equal((int16_t)model(f, 802)[44], -1234);
    assert_int_equal((int16_t)model(f, 802)[61], -2);
    assert_int_equal(model(f, 802)[2], 1900); /* Ah */
    assert_int_equal((int16_t)model(f, 802)[52], -1);
    assert_int_equal(model(f, 713)[3], 432); /* Wh */
    assert_int_equal(model(f, 713)[7], 1);
    assert_int_equal(model(f, 713)[4], 555);
    assert_int_equal((int16_t)model(f, 713)[8], -1);
}

/* States go by their words; a fault that the model has no word for is not "no fault". */
static void test_words(void **state)
{
    struct fixture *f = *state;
    static const struct word charging[] = {{7, "float"}, {8, "testing"}, {9, "odd"}};
    static const struct word faults[] = {{0, "over-temp-alarm"}, {5, "ground-fault"}, {6, "odd"}};
    static const struct words states = {.list = charging, .count = 3};
    static const struct words flags = {.list = faults, .count = 3, .flags = true};
    struct point *state_point = put(f, COMPONENT_BATTERY, 0, QUANTITY_CHARGING, 7);
    struct point *fault = put(f, COMPONENT_BATTERY, 0, QUANTITY_FAULT, 0);
    state_point->words = &states;
    fault->words = &flags;
    static const struct {
        double charging, fault;
        uint16_t state;
        uint32_t event;
    } rows[] = {{7, 0, 6, 0}, {8, 0x21, 7, 1u << 1 | 1u << 22}, {9, 0x40, 0xFFFF, 0xFFFFFFFF}};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        put(f, COMPONENT_BATTERY, 0, QUANTITY_CHARGING, rows[i].charging);
        put(f, COMPONENT_BATTERY, 0, QUANTITY_FAULT, rows[i].fault);
        make(f);
        const uint16_t *battery = model(f, 802);
        assert_int_equal(battery[16], rows[i].state);
        assert_int_equal((uint32_t)battery[26] << 16 | battery[27], rows[i].event);
    }
}

static void test_answers(void **state)
{
    struct fixture *f = *state;
    uint8_t pdu[MODBUS_PDU_MAX];
    const struct sunspec_models *models = library_sunspec(f->library);
    const struct sunspec_view view = {.device = f->device, .unit = 1};
    struct modbus_pdu_request asked = {.function = 3, .address = 40000, .count = 2};
    assert_int_equal(sunspec_server_answer(models, &view, &asked, pdu), 2);
    assert_int_equal(pdu[1], 6); /* nothing is known of it yet */
    put(f, COMPONENT_TOTAL, 0, QUANTITY_CURRENT, 1);
    assert_int_equal(sunspec_server_answer(models, &view, &asked, pdu), 6);
    assert_memory_equal(pdu, "\x03\x04SunS", 6);
    make(f);
    asked.address = (uint16_t)(40000 + f->count - 2);
    assert_int_equal(sunspec_server_answer(models, &view, &asked, pdu), 6);
    assert_memory_equal(pdu, "\x03\x04\xFF\xFF\0\0", 6);
    asked.address++;
    assert_int_equal(sunspec_server_answer(models, &view, &asked, pdu), 2);
    assert_int_equal(pdu[1], 2);
    asked.function = 6;
    assert_int_equal(sunspec_server_answer(models, &view, &asked, pdu), 2);
    assert_int_equal(pdu[1], 1);
}

/* One scale factor for points that need different ones: the coarsest, so that all have room. */
static void test_shared_scale_factor(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "sunspec: [64000]\ntypes: [int16, int16, sunssf]\npoints:\n"
                               "  total/voltage: {holding: 2, type: int16, scale_register: "
                               "{holding: 4, type: int16, kind: "
                               "power_of_ten}}\n"
                               "  total/current: {holding: 3, type: int16, scale_register: "
                               "{holding: 4, type: int16, kind: "
                               "power_of_ten}}\n";
    struct sunspec_models models = {0};
    struct err_list errors = ERR_LIST_EMPTY;
    uint16_t words[5] = {64000, 3, 0x8000, 0x8000, 0x8000};
    assert_true(sunspec_models_read_text(&models, "x.yaml", text, sizeof text - 1, &errors));
    put(f, COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE, 230.1);
    put(f, COMPONENT_TOTAL, 0, QUANTITY_CURRENT, 12.34);
    for (double rated = 63; rated < 20000; rated += 10000) { /* -1 and -2, -1 and 1 */
        f->device->rated_current = rated;
        words[2] = words[3] = words[4] = 0x8000;
        sunspec_fill(sunspec_models_find(&models, 64000), f->device, false, words);
        assert_int_equal((int16_t)words[4], rated == 63 ? -1 : 1);
        assert_int_equal(words[2], rated == 63 ? 2301 : 23);
        assert_int_equal(words[3], rated == 63 ? 123 : 1);
    }
    sunspec_models_deinit(&models);
    err_list_deinit(&errors);
}

static void test_types_of_a_file_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *types, *mistake;
    } rows[] = {{"[int16 x 2]", NULL},
                {"[int16, int33]", "\"int33\" is no type of SunSpec"},
                {"[int16 x 0]", "is no type of SunSpec"},
                {"[int16 x 9999]", "no more than 1024 registers"},
                {"[int16]", "total/current lies outside the 1 registers"}};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct sunspec_models models = {0};
        struct err_list errors = ERR_LIST_EMPTY;
        char text[300];
        int length = snprintf(text, sizeof text,
                              "sunspec: [64000]\ntypes: %s\npoints:\n"
                              "  total/current: {holding: 3, type: int16}\n",
                              rows[i].types);
        bool fine = sunspec_models_read_text(&models, "x.yaml", text, (size_t)length, &errors);
        assert_int_equal(fine, !rows[i].mistake);
        if (rows[i].mistake && !strstr(errors.list[0].text, rows[i].mistake))
            fail_msg("%s: %s", rows[i].types, errors.list[0].text);
        sunspec_models_deinit(&models);
        err_list_deinit(&errors);
    }
}

/* ---- there and back -------------------------------------------------------------------------- */

/* What is put into the source, and what docs/gateway.md promises to have room for: so much, or so
 * much for each ampere of the rating. */
static const struct thing {
    enum component_kind kind;
    int first, last;
    enum quantity quantity;
    bool negative, counter;
    double fixed, per_ampere;
} things[] = {
    {COMPONENT_TOTAL, 0, 0, QUANTITY_CURRENT, true, false, 0, 1.2},
    {COMPONENT_PHASE, 1, 3, QUANTITY_CURRENT, true, false, 0, 1.2},
    {COMPONENT_TOTAL, 0, 0, QUANTITY_VOLTAGE_AVERAGE, false, false, 1000, 0},
    {COMPONENT_PHASE, 1, 3, QUANTITY_VOLTAGE, false, false, 1000, 0},
    {COMPONENT_LINE, 1, 3, QUANTITY_VOLTAGE, false, false, 1000, 0},
    {COMPONENT_TOTAL, 0, 0, QUANTITY_FREQUENCY, false, false, 100, 0},
    {COMPONENT_TOTAL, 0, 0, QUANTITY_REAL_POWER, true, false, 0, 303.6},
    {COMPONENT_PHASE, 1, 3, QUANTITY_REAL_POWER, true, false, 0, 303.6},
    {COMPONENT_PHASE, 1, 3, QUANTITY_APPARENT_POWER, false, false, 0, 303.6},
    {COMPONENT_TOTAL, 0, 0, QUANTITY_REACTIVE_POWER, true, false, 0, 303.6},
    {COMPONENT_PHASE, 1, 3, QUANTITY_POWER_FACTOR, true, false, 1, 0},
    {COMPONENT_TOTAL, 0, 0, QUANTITY_ENERGY, false, true, 0, 0.3036 * 131400},
    {COMPONENT_PHASE, 1, 3, QUANTITY_ENERGY_EXPORT, false, true, 0, 0.3036 * 131400},
    {COMPONENT_TOTAL, 0, 0, QUANTITY_REACTIVE_ENERGY, false, true, 0, 0.3036 * 131400},
    {COMPONENT_TOTAL, 0, 0, QUANTITY_REACTIVE_ENERGY_EXPORT, false, true, 0, 0.3036 * 131400},
    {COMPONENT_TOTAL, 0, 0, QUANTITY_APPARENT_ENERGY, false, true, 0, 0.3036 * 131400},
    {COMPONENT_BATTERY, 0, 0, QUANTITY_VOLTAGE, false, false, 1000, 0},
    {COMPONENT_BATTERY, 0, 0, QUANTITY_CURRENT, true, false, 0, 1.2},
    {COMPONENT_BATTERY, 0, 0, QUANTITY_CHARGE, false, false, 100, 0},
    {COMPONENT_BATTERY, 0, 0, QUANTITY_STORED_ENERGY, false, false, 0, 3.036},
};

static double room(const struct thing *thing, const struct device *device)
{
    bool single = device->wiring == DEVICE_WIRING_SINGLE && thing->kind != COMPONENT_BATTERY;
    double rated = device->rated_current > 0 ? device->rated_current : 63;
    return thing->fixed + thing->per_ampere * rated * (single ? 1 : 3);
}

static struct point *source_point(struct device *source, const struct thing *thing, int number)
{
    struct component *component = device_component(source, thing->kind, number);
    struct point *point = component_point(component, thing->quantity);
    return point ? point : component_point_add(component, thing->quantity);
}

/* Within the room a good value comes back, rounded to at most a 3276th of it (a counter's is finer)
 * or to the catalogue's digits; outside it comes back right or not at all; a 0 of a counter and
 * what was not good never do. */
static void compare(struct bench *bench, const struct point *from, const struct thing *thing,
                    bool floats)
{
    const struct value *value = &from->value;
    struct point *read = bench_point(bench, strchr(from->path, '/') + 1);
    double most = room(thing, from->component->device);
    double digit = pow(10, -quantity_row(from->quantity)->decimals);
    double coarse = most / (thing->counter ? 4294967294.0 / 10 : 3276.7);
    double slack = floats ? 1e-6 * fabs(value->number) : 0.5001 * fmax(digit, coarse);
    bool good = read->value.quality == QUALITY_GOOD;
    bool nothing =
        value->quality != QUALITY_GOOD || (thing->counter && !floats && value->number == 0);
    if ((nothing && good) || (!nothing && !good && fabs(value->number) <= most) ||
        (good && fabs(read->value.number - value->number) > slack))
        fail_msg("%s: %.9g %s became %.9g %s, rated %g A, %s", from->path, value->number,
                 quality_name(value->quality), read->value.number,
                 quality_name(read->value.quality), from->component->device->rated_current,
                 floats ? "floats" : "integers");
}

static void put_all(struct bench *bench, struct device *source, uint64_t *seed)
{
    for (size_t i = 0; i < TEST_COUNT(things); i++) {
        const struct thing *thing = &things[i];
        const struct quantity_row *row = quantity_row(thing->quantity);
        double most = fmin(1.3 * room(thing, source), row->high);
        for (int number = thing->first; number <= thing->last; number++) {
            struct point *point = source_point(source, thing, number);
            double part = (double)test_below(seed, 1000001) / 1e6;
            double value = most * (thing->negative ? 2 * part - 1 : part);
            point_put(point, test_below(seed, 12) ? value : 0, loop_now(bench->loop),
                      loop_wall(bench->loop));
            if (test_below(seed, 12) == 0)
                point_mark(point, QUALITY_STALE, REASON_TOO_OLD);
        }
    }
}

/* What busbar serves, busbar's own driver reads back. */
static void test_there_and_back(void **state)
{
    (void)state;
    static const double ratings[] = {0, 2, 16, 32, 100, 400, 2500, 90000};
    struct bench bench;
    uint64_t seed = test_seed();
    uint16_t words[SUNSPEC_SERVER_MAX];
    bench_init(&bench);
    bench_load(&bench, TEST_SOURCE_ROOT "/profiles");
    bench_open(&bench, "sunspec");
    struct device *source =
        site_device_add(bench.site, &(struct device_spec){.name = "source", .every = CLOCK_S});
    struct sunspec_view view = {.device = source, .unit = 1};
    for (unsigned i = 0; i < 8 * TEST_COUNT(ratings); i++) {
        source->wiring = (enum device_wiring)(DEVICE_WIRING_SINGLE + i / 2 % 4);
        source->rated_current = ratings[i / 8];
        view.floats = i % 2;
        put_all(&bench, source, &seed);
        size_t count = sunspec_server_image(library_sunspec(bench.library), &view, words);
        set_words(&bench, 40000, words, count);
        assert_int_equal(bench_identify(&bench), 0);
        assert_true(bench_round(&bench) > 0);
        for (size_t k = 0; k < TEST_COUNT(things); k++) {
            for (int number = things[k].first; number <= things[k].last; number++)
                compare(&bench, source_point(source, &things[k], number), &things[k],
                        view.floats && things[k].kind != COMPONENT_BATTERY);
        }
    }
    bench_deinit(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_wiring_chooses_the_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_not_good_is_not_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wiring_by_what_is_measured, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_averages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_single_phase, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scale_factors_follow_the_rating, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ends_of_the_range, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scale_factors_of_a_battery, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shared_scale_factor, set_up, tear_down),
        cmocka_unit_test(test_types_of_a_file_are_checked),
        cmocka_unit_test(test_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
