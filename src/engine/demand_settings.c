#include "engine/demand_settings.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "engine/outlet_groups.h"
#include "engine/point_pattern.h"

#define MINUTE (60 * CLOCK_S)
#define SLIDES 15 /* that a window takes to pass, where it has so many minutes */

static const char *const kinds[] = {"block", "sliding", "extremes", NULL};

#define FIELD(name) .offset = offsetof(struct demand_settings, name)

static const struct setting_row rows[] = {
    {.key = "points",
     .type = SETTING_TEXT,
     FIELD(points),
     .min = 1,
     .max = 2000,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help =
         "Points with a comma between, * for any letters: power, current or, for an average "
         "that bridges gaps, energy, as in meter-*/total/real-power; of extremes voltage, too."},
    {.key = "kind",
     .type = SETTING_CHOICE,
     FIELD(kind),
     .choices = kinds,
     .initial = "block",
     .right = ROLE_ADMINISTRATOR,
     .help = "block: averages of whole windows, from one end of the clock to the next; sliding: "
             "each part of a window anew; extremes: highest and lowest reading since reset."},
    {.key = "window",
     .type = SETTING_DURATION,
     FIELD(window),
     .min = 60,
     .max = 86400,
     .initial = "15 min",
     .right = ROLE_ADMINISTRATOR,
     .help = "Length of the window in whole minutes."},
};

const char *demand_kind_name(enum demand_kind kind)
{
    return kinds[kind];
}

bool demand_settings_names(const struct demand_settings *settings, const char *path)
{
    const char *at = settings->points, *word;
    size_t length;
    while ((word = outlet_list_next(&at, &length))) {
        char pattern[POINT_PATTERN_MOST + 1];
        if (length >= sizeof pattern)
            continue;
        memcpy(pattern, word, length);
        pattern[length] = '\0';
        if (point_pattern_matches(pattern, path))
            return true;
    }
    return false;
}

/* A part has whole minutes; a window of a prime number of them slides by the minute, if it can. */
size_t demand_settings_parts(const struct demand_settings *settings)
{
    int64_t minutes = settings->window / MINUTE;
    if (settings->kind != DEMAND_SLIDING)
        return 1;
    for (int64_t parts = SLIDES; parts > 1; parts--) {
        if (minutes % parts == 0)
            return (size_t)parts;
    }
    return minutes <= DEMAND_PARTS_MOST ? (size_t)minutes : 1;
}

static int check_points(const char *list, struct err *err)
{
    const char *word;
    size_t length;
    while ((word = outlet_list_next(&list, &length))) {
        char pattern[POINT_PATTERN_MOST + 1] = "";
        if (length < sizeof pattern)
            memcpy(pattern, word, length);
        if (point_pattern_check(length < sizeof pattern ? pattern : word, err) < 0)
            return err->code;
    }
    return 0;
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    const struct demand_settings *settings = record;
    (void)config;
    *key = "window";
    if (settings->window % MINUTE != 0)
        return err_set(err, -EINVAL, "must be whole minutes, as in 15 min");
    *key = "points";
    return check_points(settings->points, err);
}

const struct setting_table demand_settings_table = {
    .name = "demand",
    .label = "Demand and extremes",
    .help = "Averages over a window with their peaks, and highest and lowest readings, of points "
            "whose meter has none itself.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct demand_settings),
    .check = check,
};
