/* alarm - the only copy of thresholds, delays, hysteresis, latch and acknowledgement.
 *
 * A rule (`alarms:` in the settings, engine/alarm_rule) names points, devices or both by pattern;
 * an alarm is one rule at one of them. Alarms are evaluated in the turn in which the feed brings
 * the reading. What becomes of them is told to watchers (notify, faces, event log) in that same
 * turn; outputs that an alarm drives go through the door of commands. States outlast a restart
 * (`alarms.json`), and nobody is told twice. Owned by the daemon; loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/access_role.h"
#include "model/site.h"

struct alarms;
struct alarm_rule;
struct commands;
struct config;
struct event_log;
struct saver;

/* A4; the words are what faces show. Silenced (shelved, muted, suppressed) is beside the state. */
enum alarm_state {
    ALARM_NORMAL,
    ALARM_PENDING,      /* beyond the limit, not long enough yet */
    ALARM_TRIPPED,      /* holds, or held and is latched */
    ALARM_ACKNOWLEDGED, /* tripped, and somebody has seen it */
    ALARM_LOST,         /* cannot be told: the reading is too old, bad or absent */
    ALARM_STATES
};
const char *alarm_state_name(enum alarm_state state);

/* Stored, shown and sent as these words. */
enum alarm_severity { ALARM_INFO, ALARM_WARNING, ALARM_CRITICAL, ALARM_SEVERITIES };
const char *alarm_severity_name(enum alarm_severity severity);

/* What just happened to an alarm. */
enum alarm_change {
    ALARM_RAISED,
    ALARM_CLEARED,  /* recovered, or cleared by a person while latched */
    ALARM_REPEATED, /* still holds: its rule says to say so again, its shelf has ended, or it is
                       more severe now */
    ALARM_SEEN,     /* acknowledged */
    ALARM_SILENCED, /* shelved or muted, or that ended */
    ALARM_TOUCHED,  /* anything else, also trips and recoveries of one that is silenced: to be
                       shown, not to be sent */
    ALARM_CHANGES
};
const char *alarm_change_name(enum alarm_change change);

/* One alarm as it is now. Texts live until the next change of settings or of the tree. */
struct alarm_view {
    uint32_t id;       /* as long as rule and path stay; the same after a restart */
    const char *rule;  /* name of the record */
    const char *label; /* what people call it */
    const char *path;  /* of the point; for lost contact of the device, or "line/NAME" */
    enum alarm_severity severity;
    enum alarm_state state;
    bool latched;               /* it has recovered and waits for a person */
    clock_us since, since_wall; /* of the state; wall 0 while the time was not known */
    clock_us raised_wall;       /* of the trip that holds or was last; 0 never */
    double number, limit;       /* the reading that decided, and what it is held against; NaN */
    int decimals;
    const char *unit;
    const char *by; /* who acknowledged, shelved or muted, "" */
    clock_us by_wall;
    clock_us shelved_until;    /* wall; 0: is not */
    const char *suppressed_by; /* path of the alarm that explains this one, or why: "" when none */
    bool sounding;             /* its sounders are wanted on */
    bool muted;                /* a person has silenced them until it trips anew */
    uint32_t times;            /* raised since the rule is there */
    bool flapping;             /* comes and goes so often that its end is told when it is quiet */
    bool tell_clear;           /* whether its rule wants a notice when it clears */
    const char *recipients;    /* names with commas, as the rule says them; "": all who want it */
    char text[200];            /* a sentence with names and numbers */
};

struct alarm_watch {
    void (*changed)(void *user, const struct alarm_view *alarm, enum alarm_change change);
    void *user;
    struct alarm_watch *next; /* the engine's */
};

struct alarms_context {
    struct loop *loop;
    struct site *site;
    struct commands *commands;
    struct event_log *events; /* may be NULL */
    struct saver *saver;
    const char *folder; /* of the state; copied */
};

/* All borrowed; so is `config`, until alarms_configure() brings another. */
struct alarms *alarms_new(const struct alarms_context *context, const struct config *config);
struct alarms *alarms_free(struct alarms *alarms);
void alarms_configure(struct alarms *alarms, const struct config *config);

/* The program or the machine stood still for `span` until now: durations that ran did not go on,
 * and what is silent or old for that has as long and a second more, 15 s at most, to be read anew.
 * To be called before anything is found too old. */
void alarms_stood_still(struct alarms *alarms, clock_us span);

/* The program is about to end: what is not on its way to the disk yet goes to the saver. */
void alarms_stop(struct alarms *alarms);

/* What watchers keep of what they are told: that it was told goes to the disk after it, as soon as
 * `durable` says that it is there. NULL: nobody keeps anything. */
void alarms_wait_for(struct alarms *alarms, bool (*durable)(void *user), void *user);

void alarms_watch(struct alarms *alarms, struct alarm_watch *watch);
void alarms_unwatch(struct alarms *alarms, struct alarm_watch *watch);

/* ---- for faces ------------------------------------------------------------------------------- */

/* Alarms that are not normal come first, in order of harm: tripped before acknowledged before lost
 * before pending; within, critical first, then the newest. `index` below alarms_count(). */
size_t alarms_count(const struct alarms *alarms);
size_t alarms_active(const struct alarms *alarms); /* how many are not normal */

/* How many stand how, over all of them: what is tripped by severity; what is shelved or suppressed
 * counts as silent alone. Cheap. */
struct alarm_counts {
    size_t tripped[ALARM_SEVERITIES];
    size_t acknowledged, lost, pending, silent;
};
struct alarm_counts alarms_counts(const struct alarms *alarms);

struct alarm_view alarms_view(const struct alarms *alarms, size_t index);

/* The same without its sentence, for looking through many. */
struct alarm_view alarms_glance(const struct alarms *alarms, size_t index);

bool alarms_find(const struct alarms *alarms, uint32_t id, struct alarm_view *view);

/* The worst alarm of a point, component or device path, without its sentence; false when all there
 * is well. */
bool alarms_worst(const struct alarms *alarms, const char *path, struct alarm_view *view);

enum alarm_deed {
    ALARM_ACKNOWLEDGE,
    ALARM_SHELVE,
    ALARM_UNSHELVE,
    ALARM_MUTE, /* its sounders go silent; all else stays as it is */
    ALARM_CLEAR,
    ALARM_DEEDS
};

struct alarm_wish {
    enum alarm_deed deed;
    uint32_t id;
    const char *actor, *origin, *reason; /* reason may be NULL */
    enum access_role role;
    clock_us how_long; /* of shelving: 1 min to 30 d */
};

/* 0; -ENOENT, -EACCES, -EALREADY, -EINVAL with a sentence. The event log has it on success. */
int alarms_do(struct alarms *alarms, const struct alarm_wish *wish, struct err *err);
