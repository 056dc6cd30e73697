#include "engine/channel.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define AVERAGE_MAX 1000

static const struct setting_row rows[] = {
    {.key = "points",
     .type = SETTING_TEXT,
     .offset = offsetof(struct channel_settings, points),
     .min = 1,
     .max = 200,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "Path of a point, or the beginning of several followed by *."},
    {.key = "average",
     .type = SETTING_INT,
     .offset = offsetof(struct channel_settings, average),
     .unit = "readings",
     .min = 1,
     .max = AVERAGE_MAX,
     .initial = "1",
     .right = ROLE_ADMINISTRATOR,
     .help = "How many readings are averaged into the shown value."},
    {.key = "decimals",
     .type = SETTING_INT,
     .offset = offsetof(struct channel_settings, decimals),
     .min = -1,
     .max = 6,
     .initial = "-1",
     .right = ROLE_ADMINISTRATOR,
     .help = "Digits shown after the decimal point; -1 is the quantity's usual number."},
};

const struct setting_table channel_settings_table = {
    .name = "channels",
    .label = "Channels",
    .help = "Averaging and decimals of chosen points.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct channel_settings),
};

/* A sliding average of one point. */
struct averager {
    struct averager *next;
    point_id point;
    clock_us last;
    size_t size, used, at;
    double ring[];
};

struct channels {
    struct site *site;
    struct feed feed;
    const struct config *config;
    uint64_t revision;
    struct averager *averagers;
};

bool channel_matches(const char *pattern, const char *path)
{
    size_t length = strlen(pattern);
    if (length && pattern[length - 1] == '*')
        return strncmp(pattern, path, length - 1) == 0;
    return strcmp(pattern, path) == 0;
}

static bool take_average(void *user, const struct point *point, double *number, clock_us mono,
                         clock_us wall)
{
    struct averager *averager = user;
    (void)wall;
    if (averager->used && mono - averager->last > point->good_for)
        averager->used = averager->at = 0;
    averager->last = mono;
    averager->ring[averager->at] = *number;
    averager->at = (averager->at + 1) % averager->size;
    if (averager->used < averager->size)
        averager->used++;
    /* Summed anew: a running sum would carry rounding errors for years. */
    double total = 0;
    for (size_t i = 0; i < averager->used; i++)
        total += averager->ring[i];
    *number = total / (double)averager->used;
    return true;
}

static void drop_averagers(struct channels *channels)
{
    for (struct averager *averager = channels->averagers, *next; averager; averager = next) {
        struct point *point = site_point(channels->site, averager->point);
        if (point)
            point->filter = (struct point_filter){0};
        next = averager->next;
        free(averager);
    }
    channels->averagers = NULL;
}

static const struct channel_settings *settings_of(const struct channels *channels, const char *path)
{
    for (size_t i = 0; i < config_count(channels->config, &channel_settings_table); i++) {
        const struct channel_settings *settings =
            config_at(channels->config, &channel_settings_table, i);
        if (channel_matches(settings->points, path))
            return settings;
    }
    return NULL;
}

static void attach(struct channels *channels, struct point *point)
{
    const struct quantity_row *row = quantity_row(point->quantity);
    const struct channel_settings *settings = settings_of(channels, point->path);
    point->decimals = settings && settings->decimals >= 0 ? (int)settings->decimals : row->decimals;
    if (!settings || settings->average < 2 || row->kind != QUANTITY_KIND_GAUGE || point->derived)
        return;
    size_t size = (size_t)settings->average;
    struct averager *averager = mem_new(sizeof *averager + size * sizeof averager->ring[0]);
    averager->size = size;
    averager->point = point->id;
    averager->next = channels->averagers;
    channels->averagers = averager;
    point->filter = (struct point_filter){.apply = take_average, .user = averager};
}

static void rebuild(struct channels *channels)
{
    drop_averagers(channels);
    channels->revision = site_revision(channels->site);
    for (struct device *device = site_devices(channels->site); device; device = device->next) {
        for (struct component *part = device->components; part; part = part->next) {
            for (struct point *point = part->points; point; point = point->next)
                attach(channels, point);
        }
    }
}

static void on_tree(void *user)
{
    struct channels *channels = user;
    if (site_revision(channels->site) != channels->revision)
        rebuild(channels);
}

struct channels *channels_new(struct site *site, const struct config *config)
{
    struct channels *channels = mem_new(sizeof *channels);
    channels->site = site;
    channels->config = config;
    channels->feed = (struct feed){.tree = on_tree, .user = channels};
    site_subscribe(site, &channels->feed);
    rebuild(channels);
    return channels;
}

void channels_configure(struct channels *channels, const struct config *config)
{
    channels->config = config;
    rebuild(channels);
}

struct channels *channels_free(struct channels *channels)
{
    if (!channels)
        return NULL;
    drop_averagers(channels);
    site_unsubscribe(channels->site, &channels->feed);
    free(channels);
    return NULL;
}
