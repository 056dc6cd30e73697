#include "engine/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/limits.h"

/* What an output of the site is given. */
struct output {
    struct output *next;
    point_id state, level;
    const char *label;         /* before; of the device */
    const struct words *words; /* before; of the driver */
    struct words own;
    struct word list[2];
};

struct outputs {
    struct site *site;
    const struct config *config;
    struct feed feed;
    struct output *list;
    uint64_t revision;
};

static const struct output_settings usual = {
    .name = "", .off_text = "", .on_text = "", .on_colour = OUTPUT_GREEN};

static const struct output_settings *settings_of(const struct outputs *outputs, const char *path)
{
    int index = config_find(outputs->config, &output_settings_table, path);
    return index < 0 ? &usual : config_at(outputs->config, &output_settings_table, (size_t)index);
}

/* ---- inversion ------------------------------------------------------------------------------- */

/* Its own inverse: what the board says to what people say, and back. */
static double turn(const struct point *point, double number)
{
    if (point->quantity == QUANTITY_STATE)
        return number == 0 ? 1 : 0;
    return 100 - number;
}

static bool on_reading(void *user, const struct point *point, double *number, clock_us mono,
                       clock_us wall)
{
    (void)user, (void)mono, (void)wall;
    *number = turn(point, *number);
    return true;
}

/* Turns the reading that is there as well: it must not wait for the next one to be right. */
static void set_filter(struct site *site, point_id id, bool inverted)
{
    struct point *point = id ? site_point(site, id) : NULL;
    bool is = point && point->filter.apply == on_reading;
    if (!point || is == inverted || (!is && point->filter.apply))
        return;
    point->filter = (struct point_filter){.apply = inverted ? on_reading : NULL};
    struct value before = point->value;
    if (before.quality != QUALITY_GOOD && before.quality != QUALITY_STALE)
        return;
    point_put(point, point->raw, before.mono, before.wall);
    point_mark(point, before.quality, before.reason);
}

double output_to_board(const struct outputs *outputs, point_id point, double number)
{
    const struct point *found = site_point(outputs->site, point);
    return found && found->filter.apply == on_reading ? turn(found, number) : number;
}

/* ---- names and words ------------------------------------------------------------------------- */

static const char *text_of(const struct output_settings *settings, const struct words *words,
                           bool on)
{
    const char *own = on ? settings->on_text : settings->off_text;
    if (*own)
        return own;
    /* A driver's words are those of the board, as "open"; but on is on, however the board sees it.
     */
    int64_t number = on != settings->inverted;
    for (size_t i = 0; words && !words->flags && i < words->count; i++) {
        const char *text = words->list[i].text;
        if (words->list[i].number == number && strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
            return text;
    }
    return on ? "on" : "off";
}

static point_id id_of(const struct component *part, enum quantity quantity)
{
    const struct point *point = component_point(part, quantity);
    return point ? point->id : 0;
}

static const struct output *find(const struct output *list, point_id state, point_id level)
{
    while (list && (list->state != state || list->level != level))
        list = list->next;
    return list;
}

static void set_label(struct component *part, const char *label)
{
    if (strcmp(part->label, label) != 0) /* each copy stays as long as the device */
        component_set_label(part, label);
}

/* `old`: what was attached before, which knows how the driver made it. */
static void attach(struct outputs *outputs, struct component *part,
                   const struct output_settings *settings, const struct output *old)
{
    struct point *state = component_point(part, QUANTITY_STATE);
    struct output *output = mem_new(sizeof *output);
    output->state = state ? state->id : 0;
    output->level = id_of(part, QUANTITY_LEVEL);
    const struct output *before = find(old, output->state, output->level);
    output->label = before ? before->label : part->label;
    output->words = before ? before->words : state ? state->words : NULL;
    output->next = outputs->list;
    outputs->list = output;
    set_label(part, *settings->name ? settings->name : output->label);
    set_filter(outputs->site, output->state, settings->inverted);
    set_filter(outputs->site, output->level, settings->inverted);
    if (!state)
        return;
    output->list[0] = (struct word){0, text_of(settings, output->words, false)};
    output->list[1] = (struct word){1, text_of(settings, output->words, true)};
    output->own = (struct words){.list = output->list, .count = 2};
    state->words = &output->own;
}

/* As the driver made it. Points that are gone are left alone. */
static void detach(struct outputs *outputs, const struct output *output)
{
    struct point *state = output->state ? site_point(outputs->site, output->state) : NULL;
    struct point *level = output->level ? site_point(outputs->site, output->level) : NULL;
    if (state)
        state->words = output->words;
    if (state || level)
        set_label((state ? state : level)->component, output->label);
    set_filter(outputs->site, output->state, false);
    set_filter(outputs->site, output->level, false);
}

/* Who was attached and is not any more is as before. */
static void drop(struct outputs *outputs, struct output *list)
{
    for (struct output *output = list, *next; output; output = next) {
        next = output->next;
        if (!find(outputs->list, output->state, output->level))
            detach(outputs, output);
        free(output);
    }
}

static void rebuild(struct outputs *outputs)
{
    struct output *old = outputs->list;
    outputs->list = NULL;
    outputs->revision = site_revision(outputs->site);
    for (struct device *device = site_devices(outputs->site); device; device = device->next) {
        for (struct component *part = device->components; part; part = part->next) {
            char path[LIMIT_NAME + COMPONENT_NAME_MAX + 2];
            if (part->kind != COMPONENT_OUTPUT || !part->points)
                continue;
            snprintf(path, sizeof path, "%s/%s", device->name, part->name);
            const struct output_settings *settings = settings_of(outputs, path);
            if (settings != &usual)
                attach(outputs, part, settings, old);
        }
    }
    drop(outputs, old);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_tree(void *user)
{
    struct outputs *outputs = user;
    if (outputs->revision != site_revision(outputs->site))
        rebuild(outputs);
}

struct outputs *outputs_new(struct site *site, const struct config *config)
{
    struct outputs *outputs = mem_new(sizeof *outputs);
    outputs->site = site;
    outputs->config = config;
    outputs->feed = (struct feed){.tree = on_tree, .user = outputs};
    site_subscribe(site, &outputs->feed);
    rebuild(outputs);
    return outputs;
}

struct outputs *outputs_free(struct outputs *outputs)
{
    if (!outputs)
        return NULL;
    site_unsubscribe(outputs->site, &outputs->feed);
    struct output *list = outputs->list;
    outputs->list = NULL;
    drop(outputs, list);
    free(outputs);
    return NULL;
}

void outputs_configure(struct outputs *outputs, const struct config *config)
{
    outputs->config = config;
    rebuild(outputs);
}

/* ---- for the switcher and faces -------------------------------------------------------------- */

struct output_way output_way(const struct outputs *outputs, const char *path)
{
    const struct output_settings *settings = settings_of(outputs, path);
    return (struct output_way){
        .label = settings->name,
        .pulse = settings->mode == OUTPUT_PULSE ? settings->pulse : 0,
        .level = settings->mode == OUTPUT_PWM ? QUANTITY_LEVEL : QUANTITY_NONE,
    };
}

struct output_look output_look(const struct outputs *outputs, const char *path, bool on)
{
    const struct output_settings *settings = settings_of(outputs, path);
    char state[LIMIT_PATH + 8];
    snprintf(state, sizeof state, "%s/state", path);
    const struct point *point = site_point_find(outputs->site, state);
    struct output_look look = {
        .text = on ? "on" : "off",
        .colour = (enum output_colour)(on ? settings->on_colour : settings->off_colour),
    };
    for (size_t i = 0; point && point->words && i < point->words->count; i++) {
        if (point->words->list[i].number == on)
            look.text = point->words->list[i].text;
    }
    return look;
}
