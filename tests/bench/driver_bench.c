/* driver_bench - what a round of reading costs: planning, and turning recorded answers into values.
 *
 *   driver_bench PROFILES CAPTURES [PROFILE...]
 *
 * Prints for each profile its points, its requests and the time of a round; lines, waiting and
 * faces are not in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/loop.h"
#include "driver/library.h"
#include "model/site.h"

enum { ANSWERS_MAX = 64, LINE_BYTES = 1200 };

struct exchange {
    struct driver_request request;
    uint8_t bytes[DRIVER_ANSWER_MAX];
    size_t length;
};

static size_t read_hex(const char *text, uint8_t *bytes, size_t size)
{
    size_t count = 0;
    unsigned byte;
    while (count < size && sscanf(text + 2 * count, "%2x", &byte) == 1)
        bytes[count++] = (uint8_t)byte;
    return count;
}

/* The answers of a capture, whose reads are those that the driver plans. */
static size_t read_capture(const char *path, struct exchange *list)
{
    FILE *file = fopen(path, "r");
    char line[LINE_BYTES];
    size_t count = 0;
    while (file && count < ANSWERS_MAX && fgets(line, sizeof line, file)) {
        const char *answer = strstr(line, "> ");
        if (line[0] == '#' || !answer)
            continue;
        struct exchange *one = &list[count++];
        one->request.length = read_hex(line, one->request.bytes, 5);
        one->length = read_hex(answer + 2, one->bytes, sizeof one->bytes);
    }
    if (file)
        fclose(file);
    return count;
}

static const struct exchange *find(const struct exchange *list, size_t count,
                                   const struct driver_request *request)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(list[i].request.bytes, request->bytes, 5) == 0)
            return &list[i];
    }
    return NULL;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Rounds of all points, without identify: each decodes what the capture holds. */
static void measure(struct driver_library *library, const char *captures, const char *name)
{
    static struct exchange list[ANSWERS_MAX];
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.cap", captures, name);
    size_t count = read_capture(path, list);
    struct clock clock = clock_fake(1790000000LL * CLOCK_S);
    struct loop *loop = loop_new(&clock);
    struct site *site = site_new(loop);
    struct device *device =
        site_device_add(site, &(struct device_spec){.name = "unit", .unit = 1, .every = CLOCK_S});
    struct driver_settings settings = {
        .name = "unit", .profile = name, .unit = 1, .every = CLOCK_S};
    struct err err;
    void *opened_with;
    const struct driver *driver = library_resolve(library, name, &opened_with);
    struct driver_device *state = driver->open(opened_with, &settings, device, &err);
    const int rounds = 20000;
    size_t requests = 0, missing = 0;
    double begin = seconds();
    for (int round = 0; round < rounds; round++) {
        struct driver_request request;
        driver->round(state, 0);
        while (driver->plan(state, &request)) {
            const struct exchange *one = find(list, count, &request);
            struct driver_answer answer = {.mono = round + 1, .wall = round + 1};
            answer.result = one ? DRIVER_ANSWERED : DRIVER_TIMED_OUT;
            answer.bytes = one ? one->bytes : NULL;
            answer.length = one ? one->length : 0;
            missing += !one;
            requests++;
            driver->decode(state, &request, &answer);
        }
    }
    double us = (seconds() - begin) / rounds * 1e6;
    printf("%-26s %4zu points %3zu requests %8.2f us a round %7.3f us for 30 points%s\n", name,
           device->point_count, requests / (size_t)rounds, us,
           us * 30 / (double)device->point_count,
           missing ? " (some reads not in the capture)" : "");
    driver->close(state);
    site_free(site);
    loop_free(loop);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s PROFILES CAPTURES [PROFILE...]\n", argv[0]);
        return 2;
    }
    struct driver_library *library = library_new();
    struct err_list errors = ERR_LIST_EMPTY;
    double begin = seconds();
    size_t read = library_load(library, argv[1], &errors);
    printf("%zu profiles and models read in %.1f ms, %zu mistakes\n", read,
           (seconds() - begin) * 1e3, errors.found);
    for (int i = 3; i < argc; i++)
        measure(library, argv[2], argv[i]);
    for (size_t i = 0; argc == 3 && i < library_count(library); i++) {
        if (library_at(library, i)->profile)
            measure(library, argv[2], library_at(library, i)->name);
    }
    err_list_deinit(&errors);
    library_free(library);
    return 0;
}
