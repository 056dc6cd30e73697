/* snmp_tables_testing - one part of the agent over a site made by hand, and what it answers. */
#pragma once

#include "face_testing.h"
#include "test_folder.h"

#include "base/saver.h"
#include "face/snmp_part.h"
#include "face/snmp_state.h"
#include "face/snmp_tables_settings.h"
#include "face/snmp_ups_look.h"
#include "model/config.h"
#include "model/site_settings.h"

/* Names that references of settings may say. */
struct test_device_record {
    const char *label;
};

static const struct setting_row test_device_rows[] = {
    {.key = "label", .type = SETTING_TEXT, .max = 63, .initial = ""}};

static const struct setting_table test_devices_table = {
    .name = "devices",
    .label = "Devices",
    .help = "",
    .collection = true,
    .rows = test_device_rows,
    .row_count = 1,
    .record_size = sizeof(struct test_device_record),
};

static const struct setting_table *const test_snmp_tables[] = {
    &site_settings_table, &test_devices_table, &snmp_tables_settings_table, NULL};

static const struct config_schema test_snmp_schema = {.tables = test_snmp_tables};

struct test_snmp {
    struct test_site site;
    char folder[300];
    struct saver *saver;
    struct snmp_state *state;
    struct config *config;
    struct snmp_model model;
    struct snmp_ups_times ups;
    struct snmp_tree *tree;
    void *part;
    const struct snmp_part *made;
    struct snmp_ask ask;
};

/* The part over the site that `build` makes; `settings` is the site file. */
static inline struct test_snmp *
test_snmp_new(const char *settings, void (*build)(struct site *site), const struct snmp_part *part)
{
    struct test_snmp *t = calloc(1, sizeof *t);
    char file[400];
    struct err_list mistakes = ERR_LIST_EMPTY;
    test_folder_in_memory(t->folder, sizeof t->folder);
    snprintf(file, sizeof file, "%s/site.yaml", t->folder);
    test_write_file(file, settings);
    t->config = config_load(&test_snmp_schema, file, NULL, NULL, 0, &mistakes);
    if (!t->config)
        fail_msg("%s", mistakes.list[0].text);
    t->site.clock = clock_fake(TEST_WALL);
    t->site.loop = loop_new(&t->site.clock);
    t->site.site = site_new(t->site.loop);
    build(t->site.site);
    loop_poll(t->site.loop);
    t->saver = saver_new(t->site.loop);
    t->state = snmp_state_open(t->site.loop, t->saver, t->folder);
    t->model = (struct snmp_model){.loop = t->site.loop,
                                   .site = t->site.site,
                                   .config = t->config,
                                   .state = t->state,
                                   .started = loop_now(t->site.loop),
                                   .enterprise = 32473,
                                   .ups = &t->ups};
    t->tree = snmp_tree_new();
    t->made = part;
    t->part = part->make(&t->model, t->tree);
    return t;
}

static inline void test_snmp_free(struct test_snmp *t)
{
    if (t->part)
        t->made->free(t->part, t->tree);
    snmp_tree_free(t->tree);
    snmp_state_close(t->state);
    saver_free(t->saver);
    site_free(t->site.site);
    config_free(t->config);
    loop_free(t->site.loop);
    test_folder_remove(t->folder);
    free(t);
}

/* A reading now. */
static inline void test_read(struct test_snmp *t, const char *path, double number)
{
    struct point *point = site_point_find(t->site.site, path);
    assert_non_null(point);
    point_put(point, number, loop_now(t->site.loop), loop_wall(t->site.loop));
    loop_poll(t->site.loop);
}

/* Text of what one object is: "i:5", "u:5", "c:5", "t:5", "s:text", "o:.1.3", "-" for none. */
static inline const char *test_get(struct test_snmp *t, const char *oid)
{
    static char text[SNMP_OID_MOST * 12 + 2];
    snmp_sub arcs[SNMP_OID_MOST];
    struct snmp_cell cell;
    struct snmp_value value;
    int length = snmp_oid_parse(oid, arcs, SNMP_OID_MOST);
    assert_true(length > 0);
    t->ask.now = loop_now(t->site.loop);
    t->ask.wall = loop_wall(t->site.loop);
    if (snmp_tree_get(t->tree, arcs, (size_t)length, &t->ask, &cell, &value) != SNMP_FOUND)
        return "-";
    switch (value.type) {
    case SNMP_INTEGER:
        snprintf(text, sizeof text, "i:%d", value.integer);
        break;
    case SNMP_UNSIGNED:
        snprintf(text, sizeof text, "u:%u", value.number);
        break;
    case SNMP_COUNTER:
        snprintf(text, sizeof text, "c:%u", value.number);
        break;
    case SNMP_TICKS:
        snprintf(text, sizeof text, "t:%u", value.number);
        break;
    case SNMP_OBJECT:
        strcpy(text, "o:");
        snmp_oid_format(value.bytes, value.length, text + 2, sizeof text - 2);
        break;
    default:
        snprintf(text, sizeof text, "s:%.*s", (int)value.length, (const char *)value.bytes);
    }
    return text;
}

/* How many objects a walk finds; each must be behind the one before it, and be found by itself. */
static inline size_t test_walk(struct test_snmp *t)
{
    snmp_sub oid[SNMP_OID_MOST] = {0}, next[SNMP_OID_MOST];
    size_t length = 1, count = 0;
    struct snmp_cell cell, same;
    struct snmp_value value;
    t->ask.now = loop_now(t->site.loop);
    while (snmp_tree_next(t->tree, oid, length, &t->ask, &cell, &value)) {
        size_t more = snmp_cell_oid(&cell, next);
        assert_true(snmp_oid_order(oid, length, next, more) < 0);
        assert_int_equal(snmp_tree_get(t->tree, next, more, &t->ask, &same, &value), SNMP_FOUND);
        memcpy(oid, next, more * sizeof *oid);
        length = more;
        count++;
    }
    return count;
}
