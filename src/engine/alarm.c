#include "engine/alarm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/saver.h"
#include "engine/alarm_private.h"

/* A table is made anew at most so often while devices tell one after the other what they have. */
#define BUILD_EVERY CLOCK_S
/* A sign that the line of a lost device works is looked for so often. */
#define PROOF_EVERY CLOCK_S

/* ---- names ------------------------------------------------------------------------------------- */

const char *alarm_state_name(enum alarm_state state)
{
    static const char *const names[ALARM_STATES] = {"normal", "pending", "tripped", "acknowledged",
                                                    "lost"};
    return names[state];
}

const char *alarm_severity_name(enum alarm_severity severity)
{
    static const char *const names[ALARM_SEVERITIES] = {"info", "warning", "critical"};
    return names[severity];
}

const char *alarm_change_name(enum alarm_change change)
{
    static const char *const names[ALARM_CHANGES] = {"raised", "cleared",  "repeated",
                                                     "seen",   "silenced", "touched"};
    return names[change];
}

/* ---- settling ---------------------------------------------------------------------------------- */

static enum alarm_state state_of(const struct alarm *alarm)
{
    bool held_back = alarm->silence == ALARM_CLOSED || alarm->silence == ALARM_UNPROVEN;
    if (alarm_judge_raised(&alarm->mind)) {
        if (!alarm->told && held_back)
            return ALARM_PENDING;
        return alarm->seen ? ALARM_ACKNOWLEDGED : ALARM_TRIPPED;
    }
    if (alarm->mind.blind)
        return ALARM_LOST;
    return alarm->mind.phase == ALARM_RISING ? ALARM_PENDING : ALARM_NORMAL;
}

/* Too many trips within the window: that it is over is told when it has been quiet for as long. */
static void count_trip(struct alarm *alarm, clock_us now)
{
    if (now - alarm->flap_since > ALARM_FLAP_WINDOW) {
        alarm->flap_since = now;
        alarm->flap_trips = 0;
    }
    if (alarm->flap_trips < UINT8_MAX)
        alarm->flap_trips++;
    if (alarm->flap_trips > ALARM_FLAP_TRIPS)
        alarm->flap_until = now + ALARM_FLAP_WINDOW;
}

static clock_us due_of(const struct alarm *alarm, clock_us now)
{
    clock_us due = alarm_judge_due(&alarm->mind);
    const clock_us others[] = {
        alarm->repeat_due,
        alarm->shelved ? alarm->shelved : CLOCK_NEVER,
        alarm->flap_until ? alarm->flap_until : CLOCK_NEVER,
        alarm->silence == ALARM_UNPROVEN ? now + PROOF_EVERY : CLOCK_NEVER,
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        due = others[i] < due ? others[i] : due;
    return due;
}

void alarm_forget_person(struct alarm *alarm)
{
    alarm->seen = false;
    free(alarm->by);
    alarm->by = NULL;
    alarm->by_wall = 0;
}

clock_us alarm_wall_now(const struct alarms *alarms)
{
    return clock_wall_known(loop_clock(alarms->loop)) ? loop_wall(alarms->loop) : 0;
}

/* What is to be told of where the alarm is now, against what was told last. While it flaps the last
 * word is that it is raised: mains that flicker before they fail must not be "over" meanwhile. */
static enum alarm_change news_of(struct alarms *alarms, struct alarm *alarm)
{
    bool raised = alarm_judge_raised(&alarm->mind);
    bool heard = alarm->silence == ALARM_HEARD || (raised && alarm->silence == ALARM_FLAPPING);
    if (raised == alarm->told || !heard)
        return ALARM_TOUCHED;
    alarm->told = raised;
    if (!raised) {
        alarm->muted = false;
        alarm_forget_person(alarm);
        alarm->repeat_due = CLOCK_NEVER;
        return ALARM_CLEARED;
    }
    alarm->times++;
    alarm->raised_wall = alarm_wall_now(alarms);
    if (alarm->rule->repeat)
        alarm->repeat_due = loop_now(alarms->loop) + alarm->rule->repeat;
    return ALARM_RAISED;
}

/* What was behind a lost line or device is given time to answer before it counts by itself. */
static void leave_parent(struct alarms *alarms, struct alarm *alarm)
{
    struct alarm_mind *mind = &alarm->mind;
    clock_us hold = alarm->test->hold;
    if (!alarm_judge_raised(mind) || alarm->told)
        return;
    bool beyond = mind->phase == ALARM_HOLDS;
    mind->phase = beyond ? ALARM_RISING : ALARM_CALM;
    mind->due = CLOCK_NEVER;
    if (beyond)
        mind->due = loop_now(alarms->loop) + (hold > ALARM_SETTLE ? hold : ALARM_SETTLE);
}

static void look_for_silence(struct alarms *alarms, struct alarm *alarm)
{
    const struct alarm *parent;
    bool was_explained = alarm->silence == ALARM_EXPLAINED;
    alarm->silence = (uint8_t)alarm_silence(alarms, alarm, &parent);
    alarm->parent = parent ? (uint32_t)(parent - alarms->table.list) + 1 : 0;
    if (was_explained && alarm->silence != ALARM_EXPLAINED)
        leave_parent(alarms, alarm);
}

/* Whether nobody has heard of it and nobody needs to: a latch is for what people were told. */
static bool is_unheard(const struct alarm *alarm)
{
    return alarm->mind.phase == ALARM_LATCHED && !alarm->told && alarm->silence != ALARM_HEARD &&
           alarm->silence != ALARM_FLAPPING;
}

static void on_look(struct loop_defer *defer, void *user)
{
    struct alarms *alarms = user;
    struct alarm_table *table = &alarms->table;
    (void)defer;
    /* Settling takes alarms out of the set: from its end nobody is left out. */
    for (uint32_t i = table->active_count; i-- > 0;) {
        if (i < table->active_count)
            alarm_settle(alarms, &table->list[table->active[i]], ALARM_STAYS);
    }
}

void alarm_settle(struct alarms *alarms, struct alarm *alarm, enum alarm_turn turn)
{
    clock_us now = loop_now(alarms->loop);
    if (turn == ALARM_TRIPS) {
        count_trip(alarm, now);
        alarm->muted = alarm->muted && alarm->flap_until; /* what comes and goes is one trip */
    }
    uint8_t was_silence = alarm->silence;
    look_for_silence(alarms, alarm);
    if (is_unheard(alarm))
        alarm_judge_clear(&alarm->mind);
    enum alarm_change change = news_of(alarms, alarm);
    enum alarm_state state = state_of(alarm);
    bool moved = state != (enum alarm_state)alarm->state;
    if (moved) {
        alarm->state = (uint8_t)state;
        alarm->since = now;
        alarm->since_wall = alarm_wall_now(alarms);
        alarm_active_set(alarms, alarm, state != ALARM_NORMAL);
    }
    alarm_heap_set(alarms, alarm, due_of(alarm, now));
    /* Others may hang on an alarm of contact. */
    if (turn != ALARM_STAYS && !alarm->point)
        loop_defer(alarms->loop, &alarms->look_defer, on_look, alarms);
    bool otherwise_silent = alarm->silence != was_silence;
    if (!moved && change == ALARM_TOUCHED && turn == ALARM_STAYS && !otherwise_silent)
        return;
    alarms->table.ordered = false;
    alarm_tell(alarms, alarm, change);
    if (change == ALARM_TOUCHED && turn != ALARM_RECOVERS && !otherwise_silent &&
        !alarm_judge_raised(&alarm->mind))
        return; /* nothing that lasts */
    alarm_keep_want(alarms);
    alarm_output_want(alarms);
}

/* ---- what comes in ----------------------------------------------------------------------------- */

/* After a standstill everything is old: silence and age count when there was time to read anew. */
static const struct alarm_test *test_now(const struct alarms *alarms, const struct alarm *alarm,
                                         struct alarm_test *late)
{
    enum alarm_when when = alarm->test->when;
    clock_us left = alarms->settled - loop_now(alarms->loop);
    bool of_readings = when == ALARM_LOST_CONTACT || when == ALARM_OLDER;
    if (!of_readings || left <= alarm->test->hold)
        return alarm->test;
    *late = *alarm->test;
    late->hold = left;
    return late;
}

static enum alarm_turn judge_value(const struct alarms *alarms, struct alarm *alarm,
                                   const struct point *point)
{
    struct alarm_test late;
    const struct alarm_test *test = test_now(alarms, alarm, &late);
    clock_us now = loop_now(alarms->loop);
    if (point->value.quality == QUALITY_GOOD) {
        if (test->when == ALARM_OLDER)
            return alarm_judge_age(test, &alarm->mind, point->value.mono, now);
        return alarm_judge_reading(test, &alarm->mind, alarm_rule_number(alarm->rule, point), now);
    }
    bool lost_contact = test->when == ALARM_LOST_CONTACT;
    const struct device *device = point->component->device;
    /* Who is not asked is not lost. */
    if (lost_contact && device->state == DEVICE_DISABLED)
        return alarm_judge_reading(test, &alarm->mind, 0, now);
    if (lost_contact && point->value.reason == REASON_NOT_ASKED)
        return ALARM_STAYS;
    return alarm_judge_blind(test, &alarm->mind, now);
}

/* Judge what a point says now. */
static void judge_point(struct alarms *alarms, struct alarm *alarm, const struct point *point)
{
    if (alarm->due <= loop_now(alarms->loop))
        alarm_pass(alarms, alarm);
    enum alarm_turn turn = judge_value(alarms, alarm, point);
    clock_us look = alarm->mind.look;
    if (turn != ALARM_STAYS)
        alarm_settle(alarms, alarm, turn);
    else if (look < alarm->due)
        alarm_heap_set(alarms, alarm, look);
}

static void on_changed(void *user, const point_id *points, size_t count)
{
    struct alarms *alarms = user;
    const struct alarm_table *table = &alarms->table;
    alarm_hours_look(alarms);
    for (size_t i = 0; i < count; i++) {
        uint32_t slot = point_slot(points[i]);
        if (slot >= table->slot_count || table->first[slot] == table->first[slot + 1])
            continue;
        const struct point *point = site_point(alarms->site, points[i]);
        for (uint32_t at = table->first[slot]; point && at < table->first[slot + 1]; at++) {
            /* A slot may have another point since the table was made. */
            if (table->list[at].point == points[i])
                judge_point(alarms, &table->list[at], point);
        }
    }
}

/* ---- what falls due ---------------------------------------------------------------------------- */

static void pass_repeat(struct alarms *alarms, struct alarm *alarm, clock_us now)
{
    if (alarm->repeat_due > now)
        return;
    alarm->repeat_due = alarm->rule->repeat ? now + alarm->rule->repeat : CLOCK_NEVER;
    bool heard = alarm->silence == ALARM_HEARD;
    if (alarm->told && heard && alarm_judge_raised(&alarm->mind))
        alarm_tell(alarms, alarm, ALARM_REPEATED);
}

/* What was withheld is told; what people heard of before and holds still, they hear of again. */
static void pass_shelf(struct alarms *alarms, struct alarm *alarm, clock_us now)
{
    bool told = alarm->told;
    if (!alarm->shelved || alarm->shelved > now)
        return;
    alarm->shelved = 0;
    if (!alarm->seen && !alarm->muted)
        alarm_forget_person(alarm);
    alarm_keep_want(alarms);
    alarm_tell(alarms, alarm, ALARM_SILENCED);
    alarm_settle(alarms, alarm, ALARM_STAYS);
    if (!told || !alarm->told || alarm->seen || alarm->silence != ALARM_HEARD)
        return;
    if (alarm->rule->repeat)
        alarm->repeat_due = now + alarm->rule->repeat;
    alarm_tell(alarms, alarm, ALARM_REPEATED);
}

/* An age goes by the newest reading, of which the feed says nothing when it repeats the number. */
static enum alarm_turn judge_due(const struct alarms *alarms, struct alarm *alarm, clock_us now)
{
    struct alarm_test late;
    const struct alarm_test *test = test_now(alarms, alarm, &late);
    const struct point *point = alarm->point ? site_point(alarms->site, alarm->point) : NULL;
    bool seen = alarm->mind.look <= now && alarm->test->when == ALARM_OLDER && point &&
                point->value.quality == QUALITY_GOOD;
    if (seen)
        return alarm_judge_age(test, &alarm->mind, point->value.mono, now);
    return alarm_judge_time(test, &alarm->mind, now);
}

void alarm_pass(struct alarms *alarms, struct alarm *alarm)
{
    clock_us now = loop_now(alarms->loop);
    bool quiet = alarm->flap_until && alarm->flap_until <= now;
    if (quiet) {
        alarm->flap_until = 0;
        alarm->flap_trips = 0;
    }
    pass_shelf(alarms, alarm, now);
    while (alarm_judge_due(&alarm->mind) <= now) {
        enum alarm_turn turn = judge_due(alarms, alarm, now);
        if (turn != ALARM_STAYS)
            alarm_settle(alarms, alarm, turn);
    }
    pass_repeat(alarms, alarm, now);
    alarm_settle(alarms, alarm, ALARM_STAYS);
    if (alarm->due <= now) /* whatever is still due can wait for the next turn */
        alarm_heap_set(alarms, alarm, now + CLOCK_MS);
}

/* ---- settings and tree ------------------------------------------------------------------------- */

/* Everything is judged by what is known now, as if it had just been read. */
static void judge_all(struct alarms *alarms)
{
    struct alarm_table *table = &alarms->table;
    alarm_parent_look(alarms);
    for (uint32_t i = 0; i < table->count; i++) {
        struct alarm *alarm = &table->list[i];
        const struct point *point = alarm->point ? site_point(alarms->site, alarm->point) : NULL;
        if (point)
            judge_point(alarms, alarm, point);
        alarm_settle(alarms, alarm, ALARM_STAYS);
    }
}

/* As it was left, or not known yet. */
static void show_all(struct alarms *alarms)
{
    for (uint32_t i = 0; i < alarms->table.count; i++) {
        struct alarm *alarm = &alarms->table.list[i];
        alarm->state = (uint8_t)state_of(alarm);
        alarm_active_set(alarms, alarm, alarm->state != ALARM_NORMAL);
    }
}

static void build(struct alarms *alarms)
{
    alarms->heard = true;
    alarms->revision = site_revision(alarms->site);
    alarms->built = loop_now(alarms->loop);
    loop_timer_stop(&alarms->build_timer);
    alarm_table_build(alarms);
    show_all(alarms);
    judge_all(alarms);
    alarm_heap_start(alarms);
    alarm_output_want(alarms);
}

static void on_build(struct loop_timer *timer, void *user)
{
    struct alarms *alarms = user;
    /* A table is many alarms: without memory put aside for it, the old one serves on. */
    if (mem_reserve()) {
        build(alarms);
        alarm_hours_look(alarms); /* also when no reading comes */
    } else {
        loop_timer_at(alarms->loop, timer, loop_now(alarms->loop) + BUILD_EVERY, on_build, alarms);
    }
}

static void on_tree(void *user)
{
    struct alarms *alarms = user;
    if (alarms->revision == site_revision(alarms->site)) {
        alarm_parent_look(alarms);
        alarm_output_look(alarms);
        return;
    }
    clock_us due = alarms->built + BUILD_EVERY;
    if (loop_now(alarms->loop) >= due)
        on_build(&alarms->build_timer, alarms);
    else if (!loop_timer_running(&alarms->build_timer))
        loop_timer_at(alarms->loop, &alarms->build_timer, due, on_build, alarms);
}

static void take_settings(struct alarms *alarms, const struct config *config)
{
    clock_us until;
    alarms->config = config;
    alarms->hours = active_hours_parse(config_record(config, &active_hours_table));
    alarms->open = active_hours_at(&alarms->hours, alarm_wall_now(alarms), &until);
    alarms->hours_look = 0;
    alarm_idle_start(alarms);
}

void alarms_configure(struct alarms *alarms, const struct config *config)
{
    take_settings(alarms, config);
    build(alarms);
    alarm_hours_look(alarms);
}

/* ---- life -------------------------------------------------------------------------------------- */

struct alarms *alarms_new(const struct alarms_context *context, const struct config *config)
{
    struct alarms *alarms = mem_new(sizeof *alarms);
    size_t size = strlen(context->folder) + sizeof "/alarms.json";
    *alarms = (struct alarms){
        .loop = context->loop,
        .site = context->site,
        .commands = context->commands,
        .events = context->events,
        .saver = context->saver,
        .file = mem_new(size),
    };
    snprintf(alarms->file, size, "%s/alarms.json", context->folder);
    alarm_output_start(alarms);
    alarm_keep_load(alarms);
    take_settings(alarms, config);
    alarm_table_build(alarms);
    show_all(alarms);
    /* Nothing is judged before those are there who must hear of it: in the first turn. */
    loop_timer_at(alarms->loop, &alarms->build_timer, loop_now(alarms->loop), on_build, alarms);
    alarms->feed = (struct feed){.changed = on_changed, .tree = on_tree, .user = alarms};
    site_subscribe(alarms->site, &alarms->feed);
    return alarms;
}

struct alarms *alarms_free(struct alarms *alarms)
{
    if (!alarms)
        return NULL;
    alarm_keep_end(alarms);
    alarm_output_end(alarms);
    site_unsubscribe(alarms->site, &alarms->feed);
    loop_timer_stop(&alarms->timer);
    loop_timer_stop(&alarms->hours_timer);
    loop_timer_stop(&alarms->build_timer);
    alarm_idle_end(alarms);
    loop_defer_cancel(&alarms->look_defer);
    for (uint32_t i = 0; i < alarms->table.count; i++)
        free(alarms->table.list[i].by);
    alarm_table_free(&alarms->table);
    while (alarms->kept) {
        struct alarm_kept *next = alarms->kept->next;
        alarm_kept_free(alarms->kept);
        alarms->kept = next;
    }
    free(alarms->file);
    free(alarms);
    return NULL;
}

void alarms_watch(struct alarms *alarms, struct alarm_watch *watch)
{
    watch->next = alarms->watches;
    alarms->watches = watch;
}

void alarms_unwatch(struct alarms *alarms, struct alarm_watch *watch)
{
    struct alarm_watch **at = &alarms->watches;
    while (*at && *at != watch)
        at = &(*at)->next;
    if (*at)
        *at = watch->next;
}
