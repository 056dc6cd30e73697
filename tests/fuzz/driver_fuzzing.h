/* driver_fuzzing - a device whose answers are the fuzzer's bytes. */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "driver/library.h"
#include "field/driver.h"
#include "model/site.h"
#include "wire/modbus_pdu.h"

struct fuzz_bytes {
    const uint8_t *data;
    size_t size;
};

static inline uint8_t fuzz_byte(struct fuzz_bytes *from)
{
    if (!from->size)
        return 0;
    from->size--;
    return *from->data++;
}

/* Steps: 0 to 3 a fitting answer, 4 an exception, 5 anything, 6 silence, 7 a fitting answer of
 * another request. */
static inline struct driver_answer fuzz_answer(struct fuzz_bytes *from,
                                               const struct driver_request *request, uint8_t *bytes)
{
    struct driver_answer answer = {.bytes = bytes, .mono = CLOCK_S, .wall = 1790000000LL * CLOCK_S};
    struct modbus_pdu_request asked;
    if (modbus_pdu_request_parse(request->bytes, request->length, &asked) != 0)
        abort(); /* a driver asks for nothing that the standard lacks */
    uint8_t step = fuzz_byte(from), data[256];
    if (step % 8 == 6) {
        answer.result = DRIVER_TIMED_OUT;
    } else if (step % 8 == 5) {
        answer.length = fuzz_byte(from);
        for (size_t i = 0; i < answer.length; i++)
            bytes[i] = fuzz_byte(from);
    } else if (step % 8 == 4) {
        answer.length = (size_t)modbus_pdu_exception_build(asked.function, fuzz_byte(from), bytes,
                                                           DRIVER_ANSWER_MAX);
    } else {
        if (step % 8 == 7)
            asked.count = (uint16_t)(asked.count % 100 + 1);
        size_t length = modbus_pdu_answer_length(&asked) - 2;
        for (size_t i = 0; i < length; i++)
            data[i] = fuzz_byte(from);
        int built = modbus_pdu_answer_build(&asked, data, length, bytes, DRIVER_ANSWER_MAX);
        answer.length = built > 0 ? (size_t)built : 0;
    }
    return answer;
}

/* Identify and read a few rounds, twice; each must come to an end. */
static inline void fuzz_drive(struct driver_library *library, const char *profile,
                              struct fuzz_bytes *from)
{
    struct clock clock = clock_fake(1790000000LL * CLOCK_S);
    struct loop *loop = loop_new(&clock);
    struct site *site = site_new(loop);
    struct device *device =
        site_device_add(site, &(struct device_spec){.name = "d", .unit = 1, .every = CLOCK_S});
    struct driver_settings settings = {
        .name = "d", .profile = profile, .unit = 1, .every = CLOCK_S};
    struct err err;
    void *opened_with;
    const struct driver *driver = library_resolve(library, profile, &opened_with);
    struct driver_device *state = driver->open(opened_with, &settings, device, &err);
    for (int online = 0; state && online < 2; online++) {
        struct driver_request request;
        uint8_t bytes[DRIVER_ANSWER_MAX];
        int result = driver->identify(state, NULL, &request, &err);
        for (int i = 0; result == 1 && i < 300; i++) {
            struct driver_answer answer = fuzz_answer(from, &request, bytes);
            result = driver->identify(state, &answer, &request, &err);
        }
        for (unsigned round = 0; result == 0 && round < 4; round++) {
            size_t count = 0;
            driver->round(state, round);
            while (driver->plan(state, &request)) {
                if (++count > 4 * (device->point_count + 10) * 5)
                    abort();
                struct driver_answer answer = fuzz_answer(from, &request, bytes);
                driver->decode(state, &request, &answer);
            }
        }
    }
    driver->close(state);
    site_free(site);
    loop_free(loop);
}
