/* alarm_private - what the files of alarm.c share; nobody else includes this.
 *
 * All alarms stand in one table, those of a point beside each other and in the order of the site's
 * slots, so that a reading finds its alarms by one look. What falls due is kept in one heap under
 * one timer. A new table is made when settings or tree change; what is known goes over to it.
 */
#pragma once

#include "base/loop.h"
#include "base/map.h"
#include "engine/alarm_hours.h"
#include "engine/alarm_rule.h"
#include "model/command.h"

/* Trips within the window whose end is told at once; after one more it is told when it is quiet. */
#define ALARM_FLAP_TRIPS 3
#define ALARM_FLAP_WINDOW (600 * CLOCK_S)

/* What lay behind a lost line or device, or a standstill, has so long to answer again ("found again
 * within 10 s"). */
#define ALARM_SETTLE (15 * CLOCK_S)

/* Why nobody is told. */
enum alarm_silence {
    ALARM_HEARD, /* it is told */
    ALARM_SHELVED,
    ALARM_CLOSED,    /* outside active hours */
    ALARM_EXPLAINED, /* by another alarm */
    ALARM_UNPROVEN,  /* it may be, in a moment */
    ALARM_FLAPPING,
};

struct alarm {
    struct alarm_mind mind;
    const struct alarm_test *test;
    const struct alarm_rule *rule;
    const char *path; /* of the point, of the device, or "line/NAME" */
    clock_us due;     /* in the heap; CLOCK_NEVER: it is not */
    clock_us since, since_wall, raised_wall;
    clock_us repeat_due;   /* CLOCK_NEVER */
    clock_us shelved;      /* monotonic until, 0: is not */
    clock_us shelved_wall; /* the same in wall time, while that is not known; else 0 */
    clock_us flap_since;   /* window in which trips are counted */
    clock_us flap_until;   /* 0: does not flap */
    clock_us by_wall;
    char *by;       /* who acknowledged, shelved or muted; own memory, NULL */
    point_id point; /* 0: of a device or a line */
    uint32_t id, heap_place, active_place; /* places + 1; 0: not there */
    uint32_t parent; /* place + 1 of the alarm that explains it, when settled last */
    uint32_t times;
    uint8_t flap_trips;
    uint8_t state;   /* enum alarm_state, as it is shown */
    bool told;       /* the last thing people were told is that it is raised */
    bool seen;       /* acknowledged */
    bool muted;      /* its sounders are silenced until it trips anew */
    bool gone;       /* its rule, or what it watched, is there no more */
    uint8_t silence; /* enum alarm_silence, when settled last */
};

/* A device with alarms for lost contact. */
struct alarm_unit {
    const char *name;
    uint32_t first, count; /* of its alarms */
    uint32_t line;         /* place + 1, 0: none */
};

/* A line of which a rule watches two devices or more. */
struct alarm_line {
    const char *name;
    uint32_t first, count;
    unsigned devices, silent, online; /* when looked at last */
    clock_us heard, heard_at;         /* newest reading of any of its devices, as of */
};

/* One that is known and not on the site now: its device has not told yet what it measures, or it
 * has gone with its rule while the program was down. */
struct alarm_kept {
    struct alarm_kept *next;
    char *rule, *path;
    char *label,
        *recipients; /* of the rule as it was, for telling that it is over; NULL: unknown */
    uint8_t severity;
    bool quiet_end;     /* the rule wants no notice when it clears */
    struct alarm alarm; /* what lasts of it */
};

/* Rules and alarms of one generation of settings and tree. */
struct alarm_table {
    struct arena *arena;
    struct alarm_rule *rules;
    size_t rule_count;
    struct alarm *list;
    uint32_t count;
    uint32_t *first; /* by slot, and one more: where the alarms of a slot begin */
    uint32_t slot_count, capacity;
    struct alarm_unit *units;
    size_t unit_count;
    struct map units_by_name; /* -> place + 1 */
    struct alarm_line *lines;
    size_t line_count;
    struct map lines_by_name; /* likewise */
    uint32_t *by_id;          /* open addressing: place + 1 */
    uint32_t id_capacity;
    uint32_t *heap, heap_count;
    uint32_t *active, active_count; /* not normal */
    uint32_t *order;
    bool ordered;
    bool drives; /* a rule has outputs */
};

struct alarm_drive; /* alarm_output.c */

struct alarms {
    struct loop *loop;
    struct site *site;
    struct commands *commands;
    struct event_log *events;
    struct saver *saver;
    const struct config *config; /* borrowed while it is in force */
    char *file;
    struct alarm_table table;
    struct alarm_kept *kept;
    struct active_hours hours;
    bool open;          /* alarms count now */
    bool shelves_float; /* some wait for the time of day to know when they end */
    bool heard;         /* those who must hear of alarms are there: the first turn has come */
    struct alarm_watch *watches;
    struct feed feed;
    uint64_t revision; /* of the site when the table was made */
    struct loop_timer timer, hours_timer, build_timer, keep_timer, drive_timer;
    struct loop_defer keep_defer, look_defer, drive_defer;
    clock_us built;
    clock_us hours_look; /* monotonic: hours are looked at again */
    clock_us settled;    /* after a standstill: until then readings are given time to come */
    bool keep_wanted, keep_busy, keep_failed;
    clock_us keep_held;          /* since when what was told is waited for; 0: it is not */
    bool (*durable)(void *user); /* whether what was told is on the disk; may be NULL */
    void *durable_user;
    clock_us keep_rows; /* written last */
    struct loop_timer idle_timer;
    uint32_t *idle_told; /* sums of rules */
    size_t idle_count, idle_capacity;
    size_t idle_at;  /* the rule that is looked into next */
    bool idle_waits; /* for devices of one that was */
    struct alarm_drive *drives;
    struct command_watch drive_watch;
};

/* ---- alarm.c --------------------------------------------------------------------------------- */

/* After a turn of its mind, or of what silences it: tell who must be told, show what is shown. */
void alarm_settle(struct alarms *alarms, struct alarm *alarm, enum alarm_turn turn);

/* Now, 0 while the time of day is not known. */
clock_us alarm_wall_now(const struct alarms *alarms);

/* Neither acknowledged nor shelved any more. */
void alarm_forget_person(struct alarm *alarm);

/* All that has fallen due for one alarm. */
void alarm_pass(struct alarms *alarms, struct alarm *alarm);

/* ---- alarm_table.c --------------------------------------------------------------------------- */

/* A table for the settings and the tree as they are; what is known goes over to it. */
void alarm_table_build(struct alarms *alarms);
void alarm_table_free(struct alarm_table *table);

/* The id of an alarm, unless another one has it already. */
uint32_t alarm_id(const char *rule, const char *path);

/* NULL when there is none. */
struct alarm *alarm_table_find(const struct alarm_table *table, uint32_t id);
struct alarm *alarm_table_named(const struct alarm_table *table, const char *rule,
                                const char *path);

/* ---- alarm_carry.c --------------------------------------------------------------------------- */

/* What the table before knew goes over to the new one, or is told to be over. */
void alarm_carry(struct alarms *alarms, struct alarm_table *old);
void alarm_kept_free(struct alarm_kept *kept);

/* What is known of the rule, as one; texts stay those of `kept`. */
struct alarm_rule alarm_kept_rule(const struct alarm_kept *kept);

/* ---- alarm_heap.c ---------------------------------------------------------------------------- */

/* Keep the alarm's place in the heap and among the active ones; starts the timer. */
void alarm_heap_set(struct alarms *alarms, struct alarm *alarm, clock_us due);
void alarm_active_set(struct alarms *alarms, struct alarm *alarm, bool active);
void alarm_heap_start(struct alarms *alarms);

/* ---- alarm_parent.c -------------------------------------------------------------------------- */

/* Look at all devices and lines: who is silent. */
void alarm_parent_look(struct alarms *alarms);

/* The alarm that explains this one; NULL. `unproven`: whether that cannot be told yet. */
const struct alarm *alarm_parent_of(struct alarms *alarms, const struct alarm *alarm,
                                    bool *unproven);

/* ---- alarm_tell.c ---------------------------------------------------------------------------- */

/* Why this alarm is silent now; `parent` is the alarm that explains it, or NULL. */
enum alarm_silence alarm_silence(struct alarms *alarms, const struct alarm *alarm,
                                 const struct alarm **parent);

/* Whether alarms count now: looks at the clock when it is time to. */
void alarm_hours_look(struct alarms *alarms);

/* Watchers, event log, history of the turn. */
void alarm_tell(struct alarms *alarms, const struct alarm *alarm, enum alarm_change change);

/* ---- alarm_view.c ---------------------------------------------------------------------------- */

struct alarm_view alarm_view_of(const struct alarms *alarms, const struct alarm *alarm);

/* ---- alarm_idle.c ---------------------------------------------------------------------------- */

/* New settings: look, when devices have told what they have, which rules watch nothing. */
void alarm_idle_start(struct alarms *alarms);
void alarm_idle_end(struct alarms *alarms);

/* ---- alarm_text.c ---------------------------------------------------------------------------- */

/* The sentence of a view. */
void alarm_text(const struct alarms *alarms, const struct alarm *alarm, char *text, size_t size);

/* ---- alarm_keep.c ---------------------------------------------------------------------------- */

void alarm_keep_load(struct alarms *alarms);

/* The time of day may have become known. */
void alarm_keep_shelves(struct alarms *alarms);

/* Something that outlasts a restart has changed. */
void alarm_keep_want(struct alarms *alarms);
void alarm_keep_end(struct alarms *alarms); /* hands the last state to the saver */

/* ---- alarm_output.c -------------------------------------------------------------------------- */

/* An alarm was raised, cleared or seen: see what is to be driven, at the end of the turn. */
void alarm_output_want(struct alarms *alarms);
void alarm_output_look(struct alarms *alarms);       /* a device has come or gone */
bool alarm_output_sounds(const struct alarm *alarm); /* whether its sounders are wanted on */
void alarm_output_start(struct alarms *alarms);
void alarm_output_end(struct alarms *alarms);

/* What was driven before the restart: to and from alarms.json. */
struct json;
void alarm_output_write(const struct alarms *alarms, struct json *json);
void alarm_output_read(struct alarms *alarms, const char *path, bool on);
