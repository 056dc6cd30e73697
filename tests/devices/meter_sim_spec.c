#include "meter_sim_spec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    FEEDER_BYTES_MAX = 1 << 20,
    FEEDER_SAMPLES_MAX = 1440 * 31,
};

static int complain(const char *text, const char *why)
{
    fprintf(stderr, "meter-sim: --meter %s: %s\n", text, why);
    return -EINVAL;
}

/* Each meter loads its own copy: a recording is small, and nothing needs to be shared or counted.
 */
static int load_feeder(const char *path, struct sim_physics_feeder *feeder)
{
    char *text = malloc(FEEDER_BYTES_MAX);
    struct sim_physics_sample *samples = calloc(FEEDER_SAMPLES_MAX, sizeof(*samples));
    FILE *file = fopen(path, "r");
    size_t line = 0;
    int count = -errno;
    if (text != NULL && samples != NULL && file != NULL) {
        size_t length = fread(text, 1, FEEDER_BYTES_MAX, file);
        count = sim_physics_feeder_parse(text, length, samples, FEEDER_SAMPLES_MAX, &line);
    }
    if (file != NULL) {
        fclose(file);
    }
    free(text);
    if (count <= 0) {
        fprintf(stderr, "meter-sim: %s:%zu: %s\n", path, line,
                count < 0 ? strerror(-count) : "no samples");
        free(samples);
        return -EINVAL;
    }
    *feeder = (struct sim_physics_feeder){.samples = samples, .count = (size_t)count};
    return 0;
}

/* NAME or NAME:N, the same names as on the control socket. */
static int parse_fault(char *text, struct meter_sim_fault *fault)
{
    char *colon = strchr(text, ':');
    if (colon != NULL) {
        *colon = '\0';
        fault->argument = strtod(colon + 1, NULL);
    }
    return meter_sim_fault_find(text, &fault->kind);
}

static int parse_option(char *option, struct meter_sim_spec *spec)
{
    char *value = strchr(option, '=');
    if (value == NULL) {
        return -EINVAL;
    }
    *value++ = '\0';
    if (strcmp(option, "fault") == 0) {
        return parse_fault(value, &spec->fault);
    }
    if (strcmp(option, "feeder") == 0) {
        return load_feeder(value, &spec->feeder);
    }
    char *end;
    double number = strtod(value, &end);
    const struct {
        const char *name;
        double *place;
    } numbers[] = {
        {"load", &spec->physics.load},     {"base", &spec->physics.base_w},
        {"solar", &spec->physics.solar_w}, {"kwh", &spec->physics.energy_kwh},
        {"volts", &spec->physics.voltage},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(option, numbers[i].name) == 0) {
            *numbers[i].place = number;
            return *end == '\0' && end != value ? 0 : -EINVAL;
        }
    }
    if (strcmp(option, "seed") == 0) {
        spec->physics.seed = strtoull(value, &end, 0);
    } else if (strcmp(option, "phases") == 0) {
        spec->physics.phases = (unsigned)strtoul(value, &end, 10);
    } else if (strcmp(option, "ct") == 0) {
        spec->ct = (unsigned)strtoul(value, &end, 10);
    } else if (strcmp(option, "relays") == 0) {
        spec->relays = (uint32_t)strtoul(value, &end, 0);
    } else if (strcmp(option, "delay") == 0) {
        spec->fault.delay_ms = (unsigned)strtoul(value, &end, 10);
    } else {
        return -EINVAL;
    }
    return *end == '\0' && end != value ? 0 : -EINVAL;
}

/* Registers of meters show local time's load: the evening peak belongs to the viewer's evening. */
static double utc_offset(void)
{
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    return (double)local.tm_gmtoff;
}

int meter_sim_spec_parse(const char *text, struct meter_sim_spec *spec)
{
    *spec = (struct meter_sim_spec){
        .fault.argument = -1, .physics.seed = 1, .physics.utc_offset_s = utc_offset()};
    char copy[512];
    if (strlen(text) >= sizeof(copy)) {
        return complain(text, "too long");
    }
    strcpy(copy, text);
    char *rest = copy;
    char *who = strsep(&rest, ",");
    char *at = strchr(who, '@');
    if (at == NULL) {
        return complain(text, "KIND@UNIT expected");
    }
    *at = '\0';
    spec->kind = meter_sim_kind_find(who);
    if (spec->kind == NULL) {
        return complain(text, "no such kind");
    }
    char *end;
    spec->first = spec->last = (unsigned)strtoul(at + 1, &end, 10);
    if (*end == '-') {
        spec->last = (unsigned)strtoul(end + 1, &end, 10);
    }
    if (*end != '\0' || spec->first > spec->last || spec->last > 255) {
        return complain(text, "unit numbers are 0 to 255");
    }
    for (char *option; (option = strsep(&rest, ",")) != NULL;) {
        if (parse_option(option, spec) < 0) {
            meter_sim_spec_deinit(spec);
            return complain(text, option);
        }
    }
    return 0;
}

void meter_sim_spec_deinit(struct meter_sim_spec *spec)
{
    free((void *)(uintptr_t)spec->feeder.samples);
    spec->feeder = (struct sim_physics_feeder){0};
}

int meter_sim_spec_make(const struct meter_sim_spec *spec, unsigned set_index,
                        struct meter_sim_set *set)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    for (unsigned number = spec->first; number <= spec->last; number++) {
        if (set->units[number] != NULL) {
            fprintf(stderr, "meter-sim: unit %u is given twice\n", number);
            return -EEXIST;
        }
        struct meter_sim_unit *unit = malloc(sizeof(*unit));
        if (unit == NULL) {
            return -ENOMEM;
        }
        struct sim_physics_config config = spec->physics;
        /* Primes keep neighbours apart: unit 2 of one port must not be unit 1 of the next. */
        config.seed = config.seed * 1000003 + set_index * 1009 + number;
        config.feeder = spec->feeder.count > 0 ? &spec->feeder : NULL;
        meter_sim_unit_init(unit, spec->kind, (uint8_t)number, &config, (double)now.tv_sec);
        unit->fault = spec->fault;
        unit->board.relays = spec->relays;
        if (spec->ct > 0) {
            meter_sim_unit_write(unit, METER_SIM_CT_RATIO, (uint16_t)spec->ct);
        }
        set->units[number] = unit;
        set->count++;
    }
    return 0;
}

void meter_sim_spec_free_set(struct meter_sim_set *set)
{
    for (size_t i = 0; i < 256; i++) {
        free(set->units[i]);
        set->units[i] = NULL;
    }
}
