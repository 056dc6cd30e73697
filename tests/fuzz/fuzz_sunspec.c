/* The SunSpec driver against a device whose map is anything: the first byte chooses between a map
 * of registers, which can be walked like a real one, and free answers. What was read out of a map
 * is served again, in every form. */
#include "driver_fuzzing.h"

#include <stdio.h>

#include "driver/sunspec_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as registers from 40000 on, told as answers. */
static struct driver_answer answer_from_map(const uint8_t *data, size_t size,
                                            const struct driver_request *request, uint8_t *bytes)
{
    struct driver_answer answer = {.bytes = bytes, .mono = CLOCK_S, .wall = 1790000000LL * CLOCK_S};
    struct modbus_pdu_request asked;
    if (modbus_pdu_request_parse(request->bytes, request->length, &asked) != 0)
        abort();
    size_t first = asked.address < 40000 ? size : (asked.address - 40000u) * 2,
           length = asked.count * 2u;
    int built =
        first + length > size
            ? modbus_pdu_exception_build(asked.function, 2, bytes, DRIVER_ANSWER_MAX)
            : modbus_pdu_answer_build(&asked, data + first, length, bytes, DRIVER_ANSWER_MAX);
    answer.length = built > 0 ? (size_t)built : 0;
    return answer;
}

/* Whatever the values are, the chain can be walked to its end. */
static void serve(const struct driver_library *library, struct device *device, unsigned form)
{
    uint16_t words[SUNSPEC_SERVER_MAX];
    const struct sunspec_view view = {.device = device, .unit = 1, .floats = form & 1};
    device->wiring = (enum device_wiring)(form / 2 % (DEVICE_WIRING_DELTA + 1));
    device->rated_current = form / 2 * 7.0;
    size_t count = sunspec_server_image(library_sunspec(library), &view, words), at = 2;
    while (at + 2 <= count && words[at] != 0xFFFF)
        at += 2u + words[at + 1];
    if (count > SUNSPEC_SERVER_MAX || at + 2 != count || words[at + 1] != 0)
        abort();
}

static void drive_map(struct driver_library *library, const uint8_t *data, size_t size)
{
    struct clock clock = clock_fake(1790000000LL * CLOCK_S);
    struct loop *loop = loop_new(&clock);
    struct site *site = site_new(loop);
    struct device *device =
        site_device_add(site, &(struct device_spec){.name = "d", .unit = 1, .every = CLOCK_S});
    struct driver_settings settings = {
        .name = "d", .profile = "sunspec", .unit = 1, .every = CLOCK_S};
    struct err err;
    void *opened_with;
    const struct driver *driver = library_resolve(library, "sunspec", &opened_with);
    struct driver_device *state = driver->open(opened_with, &settings, device, &err);
    struct driver_request request;
    uint8_t bytes[DRIVER_ANSWER_MAX];
    int result = driver->identify(state, NULL, &request, &err);
    for (int i = 0; result == 1; i++) {
        if (i > 300)
            abort();
        struct driver_answer answer = answer_from_map(data, size, &request, bytes);
        result = driver->identify(state, &answer, &request, &err);
    }
    for (unsigned round = 0; result == 0 && round < 2; round++) {
        driver->round(state, round);
        while (driver->plan(state, &request)) {
            struct driver_answer answer = answer_from_map(data, size, &request, bytes);
            if (driver->decode(state, &request, &answer) < 0)
                abort();
        }
    }
    for (unsigned form = 0; form < 2 * (DEVICE_WIRING_DELTA + 1); form++)
        serve(library, device, form);
    driver->close(state);
    site_free(site);
    loop_free(loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct driver_library *library;
    if (!library) {
        library = library_new();
        struct err_list errors = ERR_LIST_EMPTY;
        library_load(library, TEST_SOURCE_ROOT "/profiles", &errors);
        if (!library_count(library) || errors.found)
            abort();
    }
    if (size && data[0] % 2 == 0) {
        struct fuzz_bytes from = {data + 1, size - 1};
        fuzz_drive(library, "sunspec", &from);
    } else if (size) {
        drive_map(library, data + 1, size - 1);
    }
    return 0;
}
