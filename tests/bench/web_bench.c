/* web_bench - the web face over a site of made-up points, without field: for load measurements and
 * system tests.
 *
 *   web_bench --state FOLDER [--points N] [--http PORT] [--https PORT] [--change-ms N
 * --change-count N]
 *             [--site FILE] [--history] [--socket]
 *
 * PORT -1 takes any free port. Prints one line `ready http=… https=… secret=…` and runs until
 * SIGTERM. Settings come from FILE and from the overlay in FOLDER, as in the daemon, so that
 * changes over the API can be tested.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "base/saver.h"
#include "engine/history.h"
#include "face/openapi.h"
#include "face/web.h"
#include "model/site_settings.h"

struct bench {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct saver *saver;
    struct access *access;
    struct history *history;
    struct config *config;
    uint64_t revision;
    struct web *web;
    struct loop_timer change, age;
    point_id *points;
    size_t point_count, next, change_count;
    double number;
    const char *state, *site_file;
    char overlay[4096], socket[4096];
    int http, https, change_ms;
    bool with_history, with_socket;
};

static const struct setting_table *const tables[] = {&site_settings_table, &web_settings_table,
                                                     &access_settings_table,
                                                     &history_settings_table, NULL};

static const struct config_schema schema = {.tables = tables};

/* ---- the daemon's part ----------------------------------------------------------------------- */

static struct history *get_history(void *user)
{
    return ((struct bench *)user)->history;
}

static const struct config *get_config(void *user)
{
    return ((struct bench *)user)->config;
}

static uint64_t get_revision(void *user)
{
    return ((struct bench *)user)->revision;
}

static void write_nothing(void *user, struct json *json)
{
    (void)user;
    json_open_array(json);
    json_close_array(json);
}

static void write_no_problem(void *user, struct json *json)
{
    (void)user;
    (void)json;
}

struct applying {
    web_applied_fn *applied;
    void *to;
};

static void on_difference(void *user, const char *key, const struct config_key *before,
                          const struct config_key *after)
{
    const struct applying *applying = user;
    const struct config_key *known = after->row ? after : before;
    applying->applied(applying->to, key, known->row->apply == SETTING_RESTART);
}

static int change_now(void *user, const struct web_change *wish, struct err_list *errors,
                      web_applied_fn *applied, void *to)
{
    struct bench *bench = user;
    struct applying applying = {.applied = applied, .to = to};
    struct config *fresh =
        config_load(&schema, bench->site_file, bench->overlay, wish->list, wish->count, errors);
    if (!fresh)
        return -22;
    struct err err = ERR_EMPTY;
    if (config_save_overlay(fresh, bench->overlay, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        config_free(fresh);
        return err.code;
    }
    config_diff(bench->config, fresh, on_difference, &applying);
    access_configure(bench->access, config_record(fresh, &access_settings_table));
    if (web_configure(bench->web, config_record(fresh, &web_settings_table), &err) < 0)
        fprintf(stderr, "%s\n", err.text);
    config_free(bench->config);
    bench->config = fresh;
    bench->revision++;
    return 0;
}

/* The daemon saves on the pool; here the answer is there at once. */
static void *change(void *user, const struct web_change *wish, web_applied_fn *applied,
                    web_changed_fn *changed, void *to)
{
    struct err_list errors = ERR_LIST_EMPTY;
    int result = change_now(user, wish, &errors, applied, to);
    changed(to, result, &errors);
    err_list_deinit(&errors);
    return user;
}

static void cancel_change(void *user, void *handle)
{
    (void)user;
    (void)handle;
}

/* ---- the field's part ------------------------------------------------------------------------ */

static const enum quantity quantities[] = {
    QUANTITY_VOLTAGE, QUANTITY_CURRENT,      QUANTITY_REAL_POWER, QUANTITY_APPARENT_POWER,
    QUANTITY_ENERGY,  QUANTITY_POWER_FACTOR, QUANTITY_FREQUENCY,  QUANTITY_REACTIVE_POWER,
};
#define QUANTITIES (sizeof quantities / sizeof quantities[0])

static void put(struct bench *bench, point_id id, double number)
{
    struct point *point = site_point(bench->site, id);
    double plausible = point->quantity == QUANTITY_POWER_FACTOR ? 0.9 : number;
    point_put(point, plausible, loop_now(bench->loop), loop_wall(bench->loop));
}

static void make_device(struct bench *bench, size_t number, size_t most)
{
    char name[32], label[32];
    snprintf(name, sizeof name, "meter-%zu", number);
    snprintf(label, sizeof label, "Meter %zu", number);
    const struct device_spec spec = {.name = name,
                                     .label = label,
                                     .role = "meter",
                                     .line = "bus-1",
                                     .profile = "none",
                                     .vendor = "Example",
                                     .model = "M1",
                                     .fed_by = "mains",
                                     .unit = (int)(number % 247) + 1,
                                     .every = CLOCK_S};
    struct device *device = site_device_add(bench->site, &spec);
    device_set_state(device, DEVICE_ONLINE, "");
    for (int phase = 1; phase <= 3; phase++) {
        struct component *part = device_component(device, COMPONENT_PHASE, phase);
        for (size_t i = 0; i < QUANTITIES && bench->point_count < most; i++) {
            struct point *point = component_point_add(part, quantities[i]);
            point->good_for = 3600 * CLOCK_S;
            bench->points[bench->point_count++] = point->id;
        }
    }
}

static void make_site(struct bench *bench, size_t points)
{
    bench->points = calloc(points ? points : 1, sizeof *bench->points);
    for (size_t number = 1; bench->point_count < points; number++)
        make_device(bench, number, points);
    for (size_t i = 0; i < points; i++)
        put(bench, bench->points[i], 100 + (double)i / 8);
}

static void on_change(struct loop_timer *timer, void *user)
{
    struct bench *bench = user;
    (void)timer;
    bench->number += 0.5;
    if (bench->number > 400)
        bench->number = 0;
    for (size_t i = 0; i < bench->change_count; i++)
        put(bench, bench->points[bench->next++ % bench->point_count],
            bench->number + (double)(i % 10));
}

static void on_age(struct loop_timer *timer, void *user)
{
    struct bench *bench = user;
    (void)timer;
    site_age(bench->site);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_signal(int number, void *user)
{
    struct bench *bench = user;
    (void)number;
    loop_stop(bench->loop);
}

static int fail(const struct err *err)
{
    fprintf(stderr, "web_bench: %s\n", err->text);
    return 1;
}

static int open_config(struct bench *bench, struct err *err)
{
    struct err_list errors = {0};
    snprintf(bench->overlay, sizeof bench->overlay, "%s/settings.json", bench->state);
    snprintf(bench->socket, sizeof bench->socket, "%s/busbar.sock", bench->state);
    bench->config = config_load(&schema, bench->site_file, bench->overlay, NULL, 0, &errors);
    if (!bench->config)
        *err = errors.list[0];
    err_list_deinit(&errors);
    return bench->config ? 0 : -22;
}

static int open_web(struct bench *bench, struct err *err)
{
    const struct web_context context = {
        .loop = bench->loop,
        .site = bench->site,
        .access = bench->access,
        .history = get_history,
        .config = get_config,
        .config_revision = get_revision,
        .change = change,
        .cancel_change = cancel_change,
        .write_lines = write_nothing,
        .write_profiles = write_nothing,
        .write_site_lines = write_nothing,
        .write_problems = write_no_problem,
        .user = bench,
        .started_wall = loop_wall(bench->loop),
        .started_mono = loop_now(bench->loop),
        .state_folder = bench->state,
        .socket_path = bench->with_socket ? bench->socket : NULL,
    };
    const struct web_settings *configured = config_record(bench->config, &web_settings_table);
    struct web_settings settings = *configured;
    settings.http = bench->http;
    settings.https = bench->https;
    bench->web = web_open(&context, &settings, err);
    return bench->web ? 0 : -1;
}

static int run(struct bench *bench, size_t points)
{
    struct err err = ERR_EMPTY;
    char secret[64] = "";
    if (open_config(bench, &err) < 0)
        return fail(&err);
    bench->saver = saver_new(bench->loop);
    bench->access = access_open(bench->loop, bench->saver, bench->state,
                                config_record(bench->config, &access_settings_table), secret, &err);
    if (!bench->access)
        return fail(&err);
    make_site(bench, points);
    if (bench->with_history) {
        char folder[5000];
        snprintf(folder, sizeof folder, "%s/history", bench->state);
        bench->history =
            file_make_folder(folder, 0700, &err) < 0
                ? NULL
                : history_open(bench->loop, bench->site, folder,
                               config_record(bench->config, &history_settings_table), &err);
        if (!bench->history)
            return fail(&err);
    }
    if (open_web(bench, &err) < 0)
        return fail(&err);
    if (bench->change_ms)
        loop_timer_every(bench->loop, &bench->change, CLOCK_MS, bench->change_ms * CLOCK_MS,
                         on_change, bench);
    loop_timer_every(bench->loop, &bench->age, CLOCK_S, CLOCK_S, on_age, bench);
    printf("ready http=%d https=%d secret=%s\n", web_port_http(bench->web),
           web_port_https(bench->web), secret);
    fflush(stdout);
    loop_run(bench->loop);
    return 0;
}

static void close_all(struct bench *bench)
{
    loop_timer_stop(&bench->change);
    loop_timer_stop(&bench->age);
    web_close(bench->web);
    history_close(bench->history);
    if (bench->access)
        access_close(bench->access);
    saver_free(bench->saver);
    site_free(bench->site);
    config_free(bench->config);
    loop_free(bench->loop);
    free(bench->points);
}

static int usage(void)
{
    fprintf(stderr, "web_bench --state FOLDER [--points N] [--http PORT] [--https PORT]\n"
                    "  [--change-ms N --change-count N] [--site FILE] [--history] [--socket]\n"
                    "web_bench --openapi\n");
    return 2;
}

static int print_openapi(void)
{
    struct buf text = BUF_EMPTY;
    openapi_write(&text);
    fwrite(text.data, 1, text.length, stdout);
    buf_deinit(&text);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"state", required_argument, NULL, 's'},
                                            {"points", required_argument, NULL, 'p'},
                                            {"http", required_argument, NULL, 'h'},
                                            {"https", required_argument, NULL, 't'},
                                            {"change-ms", required_argument, NULL, 'm'},
                                            {"change-count", required_argument, NULL, 'c'},
                                            {"site", required_argument, NULL, 'f'},
                                            {"history", no_argument, NULL, 'y'},
                                            {"socket", no_argument, NULL, 'u'},
                                            {"openapi", no_argument, NULL, 'o'},
                                            {NULL, 0, NULL, 0}};
    struct bench bench = {.http = WEB_PORT_ANY, .https = WEB_PORT_ANY, .change_count = 1};
    size_t points = 1000;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's':
            bench.state = optarg;
            break;
        case 'p':
            points = strtoul(optarg, NULL, 10);
            break;
        case 'h':
            bench.http = atoi(optarg);
            break;
        case 't':
            bench.https = atoi(optarg);
            break;
        case 'm':
            bench.change_ms = atoi(optarg);
            break;
        case 'c':
            bench.change_count = strtoul(optarg, NULL, 10);
            break;
        case 'f':
            bench.site_file = optarg;
            break;
        case 'y':
            bench.with_history = true;
            break;
        case 'u':
            bench.with_socket = true;
            break;
        case 'o':
            return print_openapi();
        default:
            return usage();
        }
    }
    if (!bench.state)
        return usage();
    log_open(LOG_SINK_STDERR, LOG_LEVEL_NOTICE);
    bench.clock = clock_system();
    bench.loop = loop_new(&bench.clock);
    bench.site = site_new(bench.loop);
    loop_on_signal(bench.loop, SIGTERM, on_signal, &bench);
    loop_on_signal(bench.loop, SIGINT, on_signal, &bench);
    int result = run(&bench, points);
    close_all(&bench);
    return result;
}
