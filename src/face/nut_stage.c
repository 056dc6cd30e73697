/* Stages of shutdown: each ups follows its battery, engine/shutdown decides, this carries out,
 * tells and keeps. */

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/saver.h"
#include "engine/condition.h"
#include "engine/event_log.h"
#include "face/nut_private.h"
#include "model/command.h"

#define KEPT_MOST (1u << 20)
/* After the door has refused to switch an outlet on: a lock or a budget may go. */
#define TRY_AGAIN (60 * CLOCK_S)

/* ---- what is told ---------------------------------------------------------------------------- */

static void tell(struct nut *nut, const struct nut_ups *ups, enum event_kind kind,
                 const char *actor, const char *origin, const char *text)
{
    event_log_add(
        nut->context.events,
        &(struct event){
            .kind = kind, .actor = actor, .origin = origin, .object = ups->name, .text = text});
}

static void say_author(char *text, size_t size, const char *actor, const char *origin)
{
    size_t length = strlen(text);
    snprintf(text + length, size - length, *origin ? ", by %s (%s)" : ", by %s", actor, origin);
}

/* Why a threshold was reached: what is known of the battery now. */
static void say_reading(char *text, size_t size, const struct nut *nut, const struct nut_ups *ups,
                        const struct shutdown_reading *reading)
{
    size_t length = strlen(text);
    clock_us since = ups->stage.battery_since, now = loop_now(nut->context.loop);
    if (since != CLOCK_NEVER && now > since)
        length += (size_t)snprintf(text + length, size - length, ", on battery for %d s",
                                   (int)((now - since) / CLOCK_S));
    if (!isnan(reading->charge))
        length +=
            (size_t)snprintf(text + length, size - length, ", charge %.0f %%", reading->charge);
    if (!isnan(reading->runtime))
        snprintf(text + length, size - length, ", %.0f s left", reading->runtime);
}

/* ---- what is kept ---------------------------------------------------------------------------- */

static void on_saved(void *user, const struct err *err)
{
    (void)user;
    if (err->code)
        log_warning("nut", "what was forced is not saved: %s", err->text);
}

static char *kept_path(const struct nut *nut)
{
    size_t size = strlen(nut->context.state_folder) + sizeof "/nut.json";
    char *path = mem_new(size);
    snprintf(path, size, "%s/nut.json", nut->context.state_folder);
    return path;
}

static size_t waiting_of(const struct nut *nut, const struct nut_ups *ups)
{
    size_t count = 0;
    for (size_t i = 0; i < nut->off_count; i++)
        count += strcmp(nut->offs[i].ups, ups->name) == 0;
    return count;
}

static void add_off(struct nut *nut, const char *ups, const char *path)
{
    for (size_t i = 0; i < nut->off_count; i++) {
        if (strcmp(nut->offs[i].path, path) == 0)
            return; /* still waiting since the last time, or for another ups */
    }
    nut->offs = mem_grow(nut->offs, nut->off_count, &nut->off_capacity, sizeof *nut->offs);
    struct nut_off *off = &nut->offs[nut->off_count++];
    *off = (struct nut_off){.since = loop_now(nut->context.loop)};
    snprintf(off->ups, sizeof off->ups, "%s", ups);
    snprintf(off->path, sizeof off->path, "%s", path);
}

/* Names of what is forced, and outlets that wait to be switched on: a restart must not leave a rack
 * dark. */
static void save(struct nut *nut)
{
    struct buf content = BUF_EMPTY;
    struct json json = json_writer(&content);
    struct err err = ERR_EMPTY;
    if (!nut->context.saver)
        return;
    json_open_object(&json);
    json_key(&json, "forced");
    json_open_array(&json);
    for (size_t i = 0; i < nut->offer.count; i++) {
        if (shutdown_forced(&nut->offer.list[i].stage))
            json_text(&json, nut->offer.list[i].name);
    }
    json_close_array(&json);
    json_key(&json, "off");
    json_open_array(&json);
    for (size_t i = 0; i < nut->off_count; i++) {
        json_open_object(&json);
        json_pair_text(&json, "ups", nut->offs[i].ups);
        json_pair_text(&json, "path", nut->offs[i].path);
        json_close_object(&json);
    }
    json_close_array(&json);
    json_close_object(&json);
    char *path = kept_path(nut);
    if (saver_write(nut->context.saver, path, 0640, &content, on_saved, nut, &err) < 0)
        on_saved(nut, &err);
    free(path);
}

/* Times count from now on: how long busbar was away nobody knows. */
static void recall(struct nut *nut, const json_t *root)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(root, "forced"), i, one)
    {
        const char *name = json_string_value(one);
        struct nut_ups *ups = name ? nut_offer_find(&nut->offer, name) : NULL;
        if (ups)
            shutdown_force(&ups->stage, loop_now(nut->context.loop));
    }
    json_array_foreach(json_object_get(root, "off"), i, one)
    {
        const char *name = json_string_value(json_object_get(one, "ups"));
        const char *path = json_string_value(json_object_get(one, "path"));
        struct nut_ups *ups = name ? nut_offer_find(&nut->offer, name) : NULL;
        if (!ups || !path)
            continue;
        ups->stage.off = true;
        add_off(nut, name, path);
    }
}

static void read_kept(struct nut *nut)
{
    struct buf text = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    char *path = kept_path(nut);
    if (file_read(path, KEPT_MOST, &text, &err) == 0) {
        json_t *root = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL);
        if (root)
            recall(nut, root);
        else
            log_warning("nut", "%s is damaged: what was forced before is not known", path);
        json_decref(root);
    } else if (err.code != -ENOENT) {
        log_warning("nut", "what was forced before is not known: %s", err.text);
    }
    buf_deinit(&text);
    free(path);
}

/* ---- what is done ---------------------------------------------------------------------------- */

bool nut_stage_force(struct nut *nut, struct nut_ups *ups, const char *actor, const char *origin)
{
    char text[300];
    if (!shutdown_force(&ups->stage, loop_now(nut->context.loop)))
        return false;
    snprintf(text, sizeof text, "%.63s (%.63s): shutdown forced, %zu attached", ups->name,
             ups->label, nut_attached(nut, ups->name));
    say_author(text, sizeof text, actor, origin);
    tell(nut, ups, EVENT_SHUTDOWN_FORCED, actor, origin, text);
    save(nut);
    return true;
}

bool nut_stage_end(struct nut *nut, struct nut_ups *ups, const char *actor, const char *origin)
{
    char text[300];
    if (!shutdown_end(&ups->stage, loop_now(nut->context.loop)))
        return false;
    ups->stage.off = waiting_of(nut, ups) > 0;
    snprintf(text, sizeof text, "%.63s (%.63s): forced shutdown ended", ups->name, ups->label);
    say_author(text, sizeof text, actor, origin);
    tell(nut, ups, EVENT_SHUTDOWN_OVER, actor, origin, text);
    save(nut);
    return true;
}

static bool submit(const struct nut *nut, const char *path, enum command_action action,
                   const char *reason)
{
    struct command_wish wish = {.action = action,
                                .targets = &path,
                                .target_count = 1,
                                .actor = "system",
                                .origin = "nut",
                                .reason = reason,
                                .role = ROLE_ADMINISTRATOR,
                                .automatic = true};
    struct command_answer answer;
    commands_submit(nut->context.commands, &wish, &answer);
    if (answer.verdict <= COMMAND_REPEATED)
        return true;
    log_warning("nut", "%s is not switched: %s", path, answer.err.text);
    return false;
}

struct taking {
    struct nut *nut;
    const struct nut_ups *ups;
};

/* What is off was off before, and stays so. */
static void note_off(void *user, const struct nut_outlet *one)
{
    const struct taking *taking = user;
    if (one->known && one->outlet.switchable && (!one->outlet.known || one->outlet.on))
        add_off(taking->nut, taking->ups->name, one->outlet.path);
}

/* Noted before it is done, so that a kill in between leaves no rack dark: what turns out to be on
 * is forgotten at the end. One by one: a locked one keeps no other on. */
static void take_off(struct nut *nut, const struct nut_ups *ups)
{
    char reason[LIMIT_NAME + 40];
    size_t from = nut->off_count;
    snprintf(reason, sizeof reason, "%.63s was shut down", ups->name);
    nut_ups_outlets(&nut->model, ups, note_off, &(struct taking){nut, ups});
    save(nut);
    for (size_t i = from; i < nut->off_count; i++)
        submit(nut, nut->offs[i].path, COMMAND_OFF, reason);
}

/* What must be so before power comes back: read, at rest, off for as long as in a reboot, and its
 * own condition holds. */
static bool may_come_back(const struct nut *nut, const struct nut_off *off,
                          const struct switcher_outlet *outlet)
{
    clock_us now = loop_now(nut->context.loop);
    struct condition when;
    if (!outlet->known || outlet->command || now < off->not_before ||
        now - off->since < outlet->settings->reboot_hold)
        return false;
    return condition_parse(outlet->settings->power_up_when, &when, NULL) < 0 ||
           when.op == CONDITION_NONE || condition_holds(nut->context.site, &when) == 1;
}

/* Whether an outlet waits no more: it is gone, is on, or was told to go on. */
static bool bring_one(const struct nut *nut, struct nut_off *off)
{
    struct switcher_outlet outlet;
    char reason[LIMIT_NAME + 60];
    if (!nut->model.switcher || !switcher_outlet_find(nut->model.switcher, off->path, &outlet))
        return true;
    if (!may_come_back(nut, off, &outlet))
        return false;
    snprintf(reason, sizeof reason, "the forced shutdown of %.63s is over", off->ups);
    if (outlet.on || submit(nut, off->path, COMMAND_ON_DELAYED, reason))
        return true;
    off->not_before = loop_now(nut->context.loop) + TRY_AGAIN;
    return false;
}

/* Outlets of a shutdown that is over, or whose ups is not offered any more, come back, each as soon
 * as it may. */
static void bring_back(struct nut *nut)
{
    size_t kept = 0, before = nut->off_count;
    for (size_t i = 0; i < before; i++) {
        struct nut_off off = nut->offs[i];
        const struct nut_ups *ups = nut_offer_find(&nut->offer, off.ups);
        bool waits =
            ups && (shutdown_forced(&ups->stage) || ups->stage.online_since == CLOCK_NEVER);
        if (waits || !bring_one(nut, &off))
            nut->offs[kept++] = off;
    }
    nut->off_count = kept;
    if (kept == before)
        return;
    for (size_t i = 0; i < nut->offer.count; i++)
        nut->offer.list[i].stage.off = waiting_of(nut, &nut->offer.list[i]) > 0;
    save(nut);
}

/* ---- looking --------------------------------------------------------------------------------- */

static const struct {
    enum shutdown_change change;
    enum event_kind kind;
    const char *words;
} news[] = {
    {SHUTDOWN_ON_BATTERY, EVENT_BATTERY_STAGE, "on battery"},
    {SHUTDOWN_ON_LINE, EVENT_BATTERY_STAGE, "on line again"},
    {SHUTDOWN_LOW, EVENT_BATTERY_STAGE, "its battery counts as low: attached hosts shut down"},
    {SHUTDOWN_FORCED, EVENT_SHUTDOWN_FORCED, "shutdown forced"},
    {SHUTDOWN_OFF, EVENT_BATTERY_STAGE, "its outlets are switched off"},
    {SHUTDOWN_OVER, EVENT_SHUTDOWN_OVER, "forced shutdown over, the mains are back"},
};

/* Whose stages people have asked for: of all the others the supply's own alarms tell enough. */
static bool is_followed(const struct nut *nut, const struct nut_ups *ups)
{
    return nut_attached(nut, ups->name) ||
           config_find(nut->config, &nut_ups_settings_table, ups->name) >= 0;
}

static void look(struct nut *nut, struct nut_ups *ups)
{
    struct shutdown_reading reading;
    nut_ups_read(&nut->model, ups, &reading);
    unsigned changes =
        shutdown_look(&ups->stage, &ups->rule, &reading, loop_now(nut->context.loop));
    for (size_t i = 0; changes && i < sizeof news / sizeof *news; i++) {
        char text[300];
        bool quiet = news[i].kind == EVENT_BATTERY_STAGE && !is_followed(nut, ups);
        if (!(changes & news[i].change) || quiet)
            continue;
        snprintf(text, sizeof text, "%.63s (%.63s): %s", ups->name, ups->label, news[i].words);
        say_reading(text, sizeof text, nut, ups, &reading);
        tell(nut, ups, news[i].kind, "system", "", text);
    }
    if (changes & SHUTDOWN_OFF)
        take_off(nut, ups);
    if (changes & SHUTDOWN_OVER)
        ups->stage.off = waiting_of(nut, ups) > 0;
    if (changes & (SHUTDOWN_FORCED | SHUTDOWN_OFF | SHUTDOWN_OVER))
        save(nut);
}

void nut_stage_look(struct nut *nut, const struct device *supply)
{
    nut_refresh(nut);
    for (size_t i = 0; i < nut->offer.count; i++) {
        struct nut_ups *ups = &nut->offer.list[i];
        if (!supply || (ups->feeder && strcmp(ups->feeder, supply->name) == 0))
            look(nut, ups);
    }
    if (nut->off_count)
        bring_back(nut);
}

/* A failure of the mains is seen in the turn in which it was read. */
static void on_changed(void *user, const point_id *points, size_t count)
{
    struct nut *nut = user;
    const struct device *seen = NULL;
    for (size_t i = 0; nut->port && i < count; i++) {
        const struct point *point = site_point(nut->context.site, points[i]);
        enum component_kind kind = point ? point->component->kind : COMPONENT_OUTLET;
        if ((kind != COMPONENT_MAINS && kind != COMPONENT_BATTERY) ||
            point->component->device == seen)
            continue;
        seen = point->component->device;
        nut_stage_look(nut, seen);
    }
}

static void on_tree(void *user)
{
    struct nut *nut = user;
    /* the switcher has its outlets by now */
    if (nut->offer_early || nut->offer.revision != site_revision(nut->context.site))
        nut_offer_build(&nut->offer, &nut->model);
    nut->offer_early = false;
    if (nut->port)
        nut_stage_look(nut, NULL);
}

void nut_stage_open(struct nut *nut)
{
    nut->feed = (struct feed){.changed = on_changed, .tree = on_tree, .user = nut};
    site_subscribe(nut->context.site, &nut->feed);
    if (nut->context.state_folder)
        read_kept(nut);
}

void nut_stage_close(struct nut *nut)
{
    site_unsubscribe(nut->context.site, &nut->feed);
    if (nut->context.saver)
        saver_forget(nut->context.saver, nut);
    free(nut->offs);
    nut->offs = NULL;
    nut->off_count = nut->off_capacity = 0;
}
