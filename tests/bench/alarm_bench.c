/* alarm_bench - what alarms cost: time of one evaluation, memory of a hundred thousand.
 *
 *     alarm_bench FOLDER
 *
 * 10,000 points of 25 devices change in every turn. First one rule watches each of them, then ten
 * do. The time of a turn with alarms less that of a turn without, over the evaluations in it, is
 * the price of one; nothing trips, as nearly always. Memory is what the allocator has given out.
 * Prints one line of JSON.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/saver.h"
#include "engine/alarm.h"
#include "engine/alarm_hours.h"
#include "engine/alarm_rule.h"

enum { DEVICES = 25, OUTLETS = 400, POINTS = DEVICES * OUTLETS, RULES = 10, TURNS = 200 };

static const struct setting_table *const tables[] = {&alarm_settings_table, &active_hours_table,
                                                     NULL};
static const struct config_schema schema = {.tables = tables};

struct bench {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct saver *saver;
    struct point *points[POINTS];
    const char *folder;
    struct feed other; /* somebody who listens and does nothing: the feed itself is not our price */
};

static void on_changed(void *user, const point_id *points, size_t count)
{
    (void)user;
    (void)points;
    (void)count;
}

static void make_site(struct bench *bench)
{
    for (int i = 0; i < DEVICES; i++) {
        char name[20];
        snprintf(name, sizeof name, "rack-%d", i);
        struct device *device = site_device_add(
            bench->site, &(struct device_spec){.name = name, .unit = 1, .every = CLOCK_S});
        for (int at = 0; at < OUTLETS; at++)
            bench->points[i * OUTLETS + at] = component_point_add(
                device_component(device, COMPONENT_OUTLET, at + 1), QUANTITY_CURRENT);
    }
    bench->other = (struct feed){.changed = on_changed};
    site_subscribe(bench->site, &bench->other);
}

/* So many rules of all points, each with a limit of its own. */
static struct config *make_rules(struct bench *bench, int rules)
{
    char path[400];
    snprintf(path, sizeof path, "%s/alarms.yaml", bench->folder);
    FILE *file = fopen(path, "w");
    if (!file)
        abort();
    fprintf(file, "alarms:\n");
    for (int i = 0; i < rules; i++)
        fprintf(file,
                "  rule-%d: {points: rack-*/outlet-*/current, when: over, limit: %d, recover: %d, "
                "for: 5 s}\n",
                i, 16 + i, 15 + i);
    if (fclose(file) != 0)
        abort();
    struct err_list errors = ERR_LIST_EMPTY;
    struct config *config = config_load(&schema, path, NULL, NULL, 0, &errors);
    if (!config)
        fprintf(stderr, "%s\n", errors.list[0].text);
    err_list_deinit(&errors);
    return config ? config : (abort(), NULL);
}

/* ns of telling one change of all points, the least of many turns: the machine has other work. */
static double turn_ns(struct bench *bench)
{
    const struct clock real = clock_system();
    clock_us least = CLOCK_NEVER;
    for (int turn = 0; turn < TURNS; turn++) {
        for (size_t i = 0; i < POINTS; i++)
            point_put(bench->points[i], 1 + turn % 7, loop_now(bench->loop),
                      loop_wall(bench->loop));
        clock_us begun = clock_mono(&real);
        loop_poll(bench->loop);
        clock_us took = clock_mono(&real) - begun;
        least = took < least ? took : least;
    }
    return (double)least * 1000;
}

static double megabytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return (double)(info.uordblks + info.hblkhd) / 1e6;
}

static double measure(struct bench *bench, int rules, double bare, double *mb)
{
    struct config *config = make_rules(bench, rules);
    double before = megabytes();
    struct alarms *alarms = alarms_new(&(struct alarms_context){.loop = bench->loop,
                                                                .site = bench->site,
                                                                .saver = bench->saver,
                                                                .folder = bench->folder},
                                       config);
    turn_ns(bench); /* the first readings are news to all */
    double ns = (turn_ns(bench) - bare) / POINTS / rules;
    *mb = megabytes() - before;
    if (alarms_count(alarms) != (size_t)POINTS * (size_t)rules || alarms_active(alarms))
        abort();
    alarms_free(alarms);
    config_free(config);
    return ns;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    double one_mb, all_mb;
    if (argc != 2)
        return 2;
    log_open(LOG_SINK_STDERR, LOG_LEVEL_ERROR);
    bench.folder = argv[1];
    bench.clock = clock_fake(1795262400LL * CLOCK_S);
    bench.loop = loop_new(&bench.clock);
    bench.site = site_new(bench.loop);
    bench.saver = saver_new(bench.loop);
    make_site(&bench);
    double bare = turn_ns(&bench);
    double one = measure(&bench, 1, bare, &one_mb), all = measure(&bench, RULES, bare, &all_mb);
    printf("{\"rule_ns\": %.1f, \"rule_ns_of_ten\": %.1f, \"rules_100k_mb\": %.2f}\n", one, all,
           all_mb);
    saver_free(bench.saver);
    site_unsubscribe(bench.site, &bench.other);
    site_free(bench.site);
    loop_free(bench.loop);
    return 0;
}
