/* switch_bench - from an accepted command to the hardware's answer, while everything is polled.
 *
 *     switch_bench PROFILES BENCH_PROFILES FIRST_PORT LINES COMMANDS
 *
 * Each of the ports has a flat meter as unit 1 and a relay board as unit 2
 * (tests/devices/meter-sim); both are polled each second over the field's own lines. Every 5 ms one
 * random outlet is told to switch, turn about of a board and of the simulated PDU. Prints one line
 * of JSON: times in ms from control_start() to its end, which on a board is one round trip after
 * the write.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "driver/library.h"
#include "field/control.h"
#include "field/device_settings.h"
#include "field/line_settings.h"
#include "model/config.h"

#define BETWEEN (5 * CLOCK_MS)

enum { BOARD, PDU, KINDS };

struct bench {
    struct loop *loop;
    struct site *site;
    struct field *field;
    unsigned lines, wanted, started, refused;
    clock_us *times[KINDS];
    unsigned count[KINDS];
    struct loop_timer timer;
};

struct shot {
    struct bench *bench;
    unsigned kind;
    clock_us begun;
};

static void on_done(void *user, enum control_result result, const struct err *err)
{
    struct shot *shot = user;
    struct bench *bench = shot->bench;
    (void)err;
    if (result == CONTROL_ACCEPTED)
        bench->times[shot->kind][bench->count[shot->kind]++] =
            clock_mono(loop_clock(bench->loop)) - shot->begun;
    else
        bench->refused++;
    free(shot);
    if (bench->count[BOARD] + bench->count[PDU] + bench->refused == bench->wanted)
        loop_stop(bench->loop);
}

static void on_timer(struct loop_timer *timer, void *user)
{
    struct bench *bench = user;
    struct err err = ERR_EMPTY;
    char path[80];
    struct shot *shot = mem_new(sizeof *shot);
    *shot = (struct shot){.bench = bench, .kind = bench->started % KINDS};
    if (shot->kind == BOARD)
        snprintf(path, sizeof path, "b%ld/outlet-%ld/state", random() % bench->lines,
                 1 + random() % 8);
    else
        snprintf(path, sizeof path, "pdu/outlet-%ld/state", 1 + random() % 24);
    const struct point *point = site_point_find(bench->site, path);
    shot->begun = clock_mono(loop_clock(bench->loop));
    if (!point ||
        !control_start(bench->field, point->id, (double)(random() % 2), on_done, shot, &err)) {
        fprintf(stderr, "switch_bench: %s: %s\n", path, err.text);
        exit(1);
    }
    if (++bench->started == bench->wanted)
        loop_timer_stop(timer);
}

static int by_time(const void *a, const void *b)
{
    clock_us x = *(const clock_us *)a, y = *(const clock_us *)b;
    return (x > y) - (x < y);
}

static double at(const struct bench *bench, unsigned kind, double share)
{
    unsigned count = bench->count[kind];
    return count ? (double)bench->times[kind][(size_t)(share * (count - 1))] / CLOCK_MS : -1;
}

static void write_site(const char *path, unsigned first_port, unsigned lines)
{
    FILE *file = fopen(path, "w");
    if (!file)
        exit(1);
    fputs("lines:\n  air: {kind: sim}\n", file);
    for (unsigned i = 0; i < lines; i++)
        fprintf(file, "  l%u: {kind: modbus-tcp, host: 127.0.0.1, port: %u}\n", i, first_port + i);
    fputs("devices:\n  pdu: {line: air, profile: sim-pdu-24}\n", file);
    for (unsigned i = 0; i < lines; i++)
        fprintf(file,
                "  m%u: {line: l%u, unit: 1, profile: bench-flat}\n"
                "  b%u: {line: l%u, unit: 2, profile: waveshare-modbus-rtu-relay}\n",
                i, i, i, i);
    fclose(file);
}

static struct config *load(struct driver_library *library, unsigned first_port, unsigned lines)
{
    static const struct setting_table *const tables[] = {&line_settings_table,
                                                         &device_settings_table, NULL};
    const struct config_words words = {"profiles", library_words(library)};
    const struct config_schema schema = {.tables = tables, .words = &words, .word_lists = 1};
    struct err_list errors = ERR_LIST_EMPTY;
    char path[] = "/tmp/busbar-switch-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0)
        exit(1);
    close(fd);
    write_site(path, first_port, lines);
    struct config *config = config_load(&schema, path, NULL, NULL, 0, &errors);
    unlink(path);
    if (!config) {
        fprintf(stderr, "switch_bench: %s\n", errors.list[0].text);
        exit(1);
    }
    return config;
}

static void on_settled(struct loop_timer *timer, void *user)
{
    (void)timer;
    struct bench *bench = user;
    loop_timer_every(bench->loop, &bench->timer, BETWEEN, BETWEEN, on_timer, bench);
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    struct clock clock = clock_system();
    struct err_list errors = ERR_LIST_EMPTY;
    struct bench bench = {.lines = (unsigned)atoi(argv[4]), .wanted = (unsigned)atoi(argv[5])};
    log_open(LOG_SINK_STDERR, LOG_LEVEL_ERROR);
    bench.loop = loop_new(&clock);
    bench.site = site_new(bench.loop);
    for (int i = 0; i < KINDS; i++)
        bench.times[i] = mem_new(bench.wanted * sizeof **bench.times);
    struct driver_library *library = library_new();
    library_load(library, argv[1], &errors);
    library_load(library, argv[2], &errors);
    const struct field_resolver resolver = {.find = library_resolve, .user = library};
    bench.field = field_new(bench.loop, bench.site, &resolver);
    struct config *config = load(library, (unsigned)atoi(argv[3]), bench.lines);
    field_apply(bench.field, config);
    loop_timer_at(bench.loop, &bench.timer, clock_mono(&clock) + 3 * CLOCK_S, on_settled, &bench);
    loop_run(bench.loop);
    for (unsigned i = 0; i < KINDS; i++)
        qsort(bench.times[i], bench.count[i], sizeof **bench.times, by_time);
    printf(
        "{\"tcp_p50_ms\": %.3f, \"tcp_p99_ms\": %.3f, \"sim_p50_ms\": %.3f, \"sim_p99_ms\": %.3f, "
        "\"writes\": %u, \"failed\": %u}\n",
        at(&bench, BOARD, 0.5), at(&bench, BOARD, 0.99), at(&bench, PDU, 0.5),
        at(&bench, PDU, 0.99), bench.count[BOARD] + bench.count[PDU], bench.refused);
    field_free(bench.field);
    site_free(bench.site);
    config_free(config);
    library_free(library);
    loop_free(bench.loop);
    for (int i = 0; i < KINDS; i++)
        free(bench.times[i]);
    return 0;
}
