/* driver_testing - a site on the fake clock, and a unit that answers from an image of its
 * registers. */
#pragma once

#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"
#include "driver/library.h"
#include "driver/modbus.h"
#include "field/driver.h"
#include "model/site.h"
#include "wire/modbus_pdu.h"

#define TESTING_WALL (1790000000LL * CLOCK_S)
#define TESTING_REQUESTS 512

/* What a unit has: registers that are not known are refused. */
struct unit {
    uint16_t registers[4][65536]; /* by enum profile_bank */
    bool known[4][65536];
    unsigned most;     /* registers per read, 0: any; more is refused with exception 3 */
    uint8_t exception; /* answers everything with it, 0: none */
    bool silent;
    struct modbus_pdu_request asked[TESTING_REQUESTS];
    size_t asked_count;
};

static inline enum profile_bank unit_bank(uint8_t function)
{
    return function == 3   ? PROFILE_HOLDING
           : function == 4 ? PROFILE_INPUT
           : function == 1 ? PROFILE_COIL
                           : PROFILE_DISCRETE;
}

static inline void unit_set(struct unit *unit, enum profile_bank bank, unsigned address,
                            uint16_t value)
{
    unit->registers[bank][address] = value;
    unit->known[bank][address] = true;
}

/* The answer's PDU, made with wire/modbus_pdu; its length. */
static inline size_t unit_answer(struct unit *unit, const struct driver_request *request,
                                 uint8_t *answer)
{
    struct modbus_pdu_request asked;
    assert_int_equal(modbus_pdu_request_parse(request->bytes, request->length, &asked), 0);
    if (unit->asked_count < TESTING_REQUESTS)
        unit->asked[unit->asked_count++] = asked;
    enum profile_bank bank = unit_bank(asked.function);
    bool bit = bank >= PROFILE_COIL;
    uint8_t data[256] = {0}, refuse = unit->exception;
    if (!refuse && unit->most && !bit && asked.count > unit->most)
        refuse = 3;
    for (unsigned i = 0; i < asked.count && !refuse; i++) {
        unsigned address = asked.address + i;
        if (address > 65535 || !unit->known[bank][address]) {
            refuse = 2;
        } else if (bit) {
            modbus_pdu_bit_set(data, i, unit->registers[bank][address]);
        } else {
            data[2 * i] = (uint8_t)(unit->registers[bank][address] >> 8);
            data[2 * i + 1] = (uint8_t)unit->registers[bank][address];
        }
    }
    int length =
        refuse
            ? modbus_pdu_exception_build(asked.function, refuse, answer, DRIVER_ANSWER_MAX)
            : modbus_pdu_answer_build(&asked, data, bit ? (asked.count + 7u) / 8 : 2u * asked.count,
                                      answer, DRIVER_ANSWER_MAX);
    assert_true(length > 0);
    return (size_t)length;
}

/* One "request > answer" line of a capture into the image. */
static inline void unit_take_line(struct unit *unit, const char *line)
{
    uint8_t bytes[2][DRIVER_ANSWER_MAX];
    size_t length[2] = {0, 0};
    int side = 0;
    for (const char *c = line; *c && *c != '\n';) {
        if (*c == '>' || *c == ' ') {
            side |= *c == '>';
            c++;
            continue;
        }
        unsigned byte;
        assert_int_equal(sscanf(c, "%2x", &byte), 1);
        bytes[side][length[side]++] = (uint8_t)byte;
        c += 2;
    }
    struct modbus_pdu_request asked;
    struct modbus_pdu_answer got;
    assert_int_equal(modbus_pdu_request_parse(bytes[0], length[0], &asked), 0);
    enum modbus_pdu_check check = modbus_pdu_answer_check(&asked, bytes[1], length[1], &got);
    if (check == MODBUS_PDU_REFUSED)
        return; /* stays unknown, which is refused */
    assert_int_equal(check, MODBUS_PDU_FITS);
    enum profile_bank bank = unit_bank(asked.function);
    for (unsigned i = 0; i < asked.count; i++)
        unit_set(unit, bank, asked.address + i,
                 bank >= PROFILE_COIL ? modbus_pdu_bit(got.data, i)
                                      : (uint16_t)(got.data[2 * i] << 8 | got.data[2 * i + 1]));
}

static inline bool unit_load(struct unit *unit, const char *path)
{
    FILE *file = fopen(path, "r");
    char line[1200];
    while (file && fgets(line, sizeof line, file)) {
        if (line[0] != '#' && line[0] != '\n')
            unit_take_line(unit, line);
    }
    if (file)
        fclose(file);
    return file != NULL;
}

/* ---- a device on it -------------------------------------------------------------------------- */

struct bench {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct driver_library *library;
    struct device *device;
    const struct driver *driver;
    struct driver_device *state;
    struct unit *unit;
    unsigned round;
    struct err err;
};

static inline void bench_init(struct bench *bench)
{
    *bench = (struct bench){.clock = clock_fake(TESTING_WALL)};
    bench->loop = loop_new(&bench->clock);
    bench->site = site_new(bench->loop);
    bench->library = library_new();
    bench->unit = mem_new(sizeof *bench->unit);
}

static inline void bench_deinit(struct bench *bench)
{
    if (bench->driver)
        bench->driver->close(bench->state);
    site_free(bench->site);
    loop_free(bench->loop);
    library_free(bench->library);
    free(bench->unit);
}

/* Print mistakes that a test did not expect. */
static inline void print_errors(struct err_list *errors)
{
    for (size_t i = 0; i < errors->count; i++)
        print_message("%s\n", errors->list[i].text);
}

static inline void bench_load(struct bench *bench, const char *folder)
{
    struct err_list errors = ERR_LIST_EMPTY;
    library_load(bench->library, folder, &errors);
    print_errors(&errors);
    assert_int_equal(errors.found, 0);
    err_list_deinit(&errors);
}

/* A folder like profiles/ with one file in it. */
static inline void write_profile(const char *kind, const char *file, const char *text, char *folder)
{
    char path[300];
    strcpy(folder, "/tmp/busbar-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/%s", folder, kind);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/%s/%s", folder, kind, file);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static inline void remove_profile(const char *kind, const char *file, const char *folder)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s/%s", folder, kind, file);
    unlink(path);
    snprintf(path, sizeof path, "%s/%s", folder, kind);
    rmdir(path);
    rmdir(folder);
}

static inline void bench_open(struct bench *bench, const char *profile)
{
    void *library;
    bench->driver = library_resolve(bench->library, profile, &library);
    assert_non_null(bench->driver);
    bench->device = site_device_add(
        bench->site,
        &(struct device_spec){.name = "unit", .unit = 1, .every = CLOCK_S, .profile = profile});
    struct driver_settings settings = {
        .name = "unit", .profile = profile, .unit = 1, .every = CLOCK_S};
    bench->state = bench->driver->open(library, &settings, bench->device, &bench->err);
    if (!bench->state)
        print_message("%s\n", bench->err.text);
    assert_non_null(bench->state);
}

static inline struct driver_answer bench_ask(struct bench *bench,
                                             const struct driver_request *request, uint8_t *bytes)
{
    struct driver_answer answer = {.mono = clock_mono(&bench->clock),
                                   .wall = clock_wall(&bench->clock)};
    if (bench->unit->silent) {
        answer.result = DRIVER_TIMED_OUT;
        return answer;
    }
    answer.length = unit_answer(bench->unit, request, bytes);
    answer.bytes = bytes;
    return answer;
}

/* Open a device of a profile that is written here: what stands after its role. */
static inline void bench_open_text(struct bench *bench, const char *body)
{
    char folder[64], text[8000];
    snprintf(text, sizeof text, "profile: test\nvendor: Maker\nmodel: M1\nrole: meter\n%s", body);
    bench_init(bench);
    write_profile("modbus", "test.yaml", text, folder);
    bench_load(bench, folder);
    remove_profile("modbus", "test.yaml", folder);
    bench_open(bench, "test");
}

/* 0 or -ENODEV */
static inline int bench_identify(struct bench *bench)
{
    struct driver_request request;
    uint8_t bytes[DRIVER_ANSWER_MAX];
    int result = bench->driver->identify(bench->state, NULL, &request, &bench->err);
    for (int i = 0; result == 1 && i < 1000; i++) {
        struct driver_answer answer = bench_ask(bench, &request, bytes);
        result = bench->driver->identify(bench->state, &answer, &request, &bench->err);
    }
    bench->round = 0;
    return result;
}

/* One round; the number of requests, or -EPROTO when any decode said so. */
static inline int bench_round(struct bench *bench)
{
    struct driver_request request;
    uint8_t bytes[DRIVER_ANSWER_MAX];
    int count = 0, result = 0;
    bench->unit->asked_count = 0;
    bench->driver->round(bench->state, bench->round++);
    while (bench->driver->plan(bench->state, &request)) {
        assert_true(++count < 5000);
        struct driver_answer answer = bench_ask(bench, &request, bytes);
        if (bench->driver->decode(bench->state, &request, &answer) < 0)
            result = -EPROTO;
    }
    return result < 0 ? result : count;
}

static inline struct point *bench_point(struct bench *bench, const char *path)
{
    char full[512];
    snprintf(full, sizeof full, "unit/%s", path);
    struct point *point = site_point_find(bench->site, full);
    if (!point)
        print_message("no point %s\n", full);
    assert_non_null(point);
    return point;
}

/* Registers by hand, in holding registers from `address` on. */
static inline void set_words(struct bench *bench, unsigned address, const uint16_t *words,
                             size_t count)
{
    for (size_t i = 0; i < count; i++)
        unit_set(bench->unit, PROFILE_HOLDING, address + (unsigned)i, words[i]);
}

#define HOLDING(bench, address, ...)                                                               \
    set_words(bench, address, (const uint16_t[]){__VA_ARGS__},                                     \
              TEST_COUNT(((const uint16_t[]){__VA_ARGS__})))

static inline void know_all(struct bench *bench, enum profile_bank bank, unsigned first,
                            unsigned last)
{
    for (unsigned i = first; i <= last; i++)
        unit_set(bench->unit, bank, i, (uint16_t)(i % 1000));
}

/* Good, and exactly this number. */
static inline void bench_expect(struct bench *bench, const char *path, double wanted)
{
    const struct point *point = bench_point(bench, path);
    if (point->value.quality != QUALITY_GOOD || point->value.number != wanted)
        print_message("%s: wanted %.17g, have %.17g %s (%s)\n", path, wanted, point->value.number,
                      quality_name(point->value.quality), value_reason_text(point->value.reason));
    assert_int_equal(point->value.quality, QUALITY_GOOD);
    assert_true(point->value.number == wanted);
}

static inline void bench_expect_not(struct bench *bench, const char *path, enum quality quality,
                                    enum value_reason reason)
{
    const struct point *point = bench_point(bench, path);
    assert_int_equal(point->value.quality, quality);
    assert_int_equal(point->value.reason, reason);
}

/* ---- comparing with a .points file ----------------------------------------------------------- */

/* Half a unit of the last decimal that is written, or 1e-6 of the value. */
static inline double points_tolerance(const char *text)
{
    const char *dot = strchr(text, '.');
    double half = 0.5;
    for (const char *c = dot ? dot + 1 : ""; *c >= '0' && *c <= '9'; c++)
        half /= 10;
    double relative = fabs(atof(text)) * 1e-6;
    return half > relative ? half : relative;
}

/* 1 when the point is as the line says; prints the difference. */
static inline bool points_check(struct bench *bench, const char *path, const char *wanted)
{
    char full[512];
    snprintf(full, sizeof full, "unit/%s", path);
    const struct point *point = site_point_find(bench->site, full);
    if (!point) {
        print_message("%s: no such point, wanted %s\n", path, wanted);
        return false;
    }
    const char *quality = quality_name(point->value.quality);
    bool fine;
    if (strcmp(wanted, "absent") == 0 || strcmp(wanted, "bad") == 0)
        fine = strcmp(quality, wanted) == 0;
    else if (point->text)
        fine = point->value.quality == QUALITY_GOOD && strcmp(point->text, wanted) == 0;
    else
        fine = point->value.quality == QUALITY_GOOD &&
               fabs(point->value.number - strtod(wanted, NULL)) <= points_tolerance(wanted);
    if (!fine)
        print_message("%s: wanted %s, have %.15g %s (%s) %s\n", path, wanted, point->value.number,
                      quality, value_reason_text(point->value.reason),
                      point->text ? point->text : "");
    return fine;
}

/* Compares all points of the device with the file; false after printing what differs. */
static inline bool points_compare(struct bench *bench, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        print_message("%s: cannot be read\n", path);
        return false;
    }
    char line[400];
    size_t listed = 0;
    bool fine = true;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *space = strchr(line, ' ');
        if (line[0] == '#' || !space)
            continue;
        *space = '\0';
        listed++;
        fine &= points_check(bench, line, space + 1);
    }
    fclose(file);
    if (listed != bench->device->point_count) {
        print_message("%s lists %zu points, the device has %zu\n", path, listed,
                      bench->device->point_count);
        return false;
    }
    return fine;
}
