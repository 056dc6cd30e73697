/* schedule_private - what the files of schedule.c share; nobody else includes this. */
#pragma once

#include "base/loop.h"
#include "engine/schedule.h"
#include "model/site.h"

/* What is to be done, and since when. */
struct schedule_deed {
    enum command_action action;
    double number;   /* of COMMAND_SET: percent */
    clock_us moment; /* wall: when it was due */
};

/* A wish that the door could not take yet. Its texts are its own: it outlives the plan. */
struct schedule_retry {
    struct schedule_retry *next;
    char *rule;
    uint32_t sum;
    struct schedule_deed deed;
    clock_us asked, until; /* monotonic */
    bool as_written;       /* ask for the rule's targets rather than for the paths */
    char **paths;
    size_t count;
};

struct schedule_fact {
    clock_us wall;
    bool ok;
    char text[200];
};

/* Of each rule, beside the plan's. */
struct schedule_progress {
    bool fresh; /* new or changed: its events before now do not count */
    struct schedule_fact fact;
};

struct schedules {
    struct loop *loop;
    struct site *site;
    struct commands *commands;
    struct event_log *events;
    struct saver *saver;
    const struct config *config; /* of groups: borrowed while it is in force */
    char *file;
    struct schedule_plan *plan;
    struct schedule_progress *progress; /* one each rule */
    struct schedule_span *before, *now; /* likewise */
    struct feed feed;
    uint64_t revision; /* of the site when it was resolved */
    struct loop_timer timer;
    clock_us done;  /* wall: until here everything is done; 0: not known */
    clock_us begun; /* wall when the time was known first; 0: it is not yet */
    clock_us next;  /* wall of the next event after `done` */
    struct schedule_retry *retries;
};

/* ---- schedule_keep.c ------------------------------------------------------------------------- */

/* Read how far it had come; rules that were not there then, or otherwise, become fresh. */
void schedule_keep_load(struct schedules *schedules);

/* Begin to write it; a failure is logged and made good by the next one. */
void schedule_keep_save(struct schedules *schedules);

/* ---- schedule_ask.c -------------------------------------------------------------------------- */

/* Wish the deed for paths at the door; what it cannot take now is asked again. */
void schedule_ask(struct schedules *schedules, size_t rule, const struct schedule_deed *deed,
                  const char *const *paths, size_t count, bool as_written);

/* Ask again for what waits. */
void schedule_ask_again(struct schedules *schedules);

/* Something newer concerns this path: forget what waits for it. */
void schedule_ask_forget(struct schedules *schedules, const char *path);

/* Forget what waits of rules that are gone or changed, or all of it. */
void schedule_ask_tidy(struct schedules *schedules, bool all);

/* Remember what became of a rule's wish; with `problem` an event says it, too. */
void schedule_note(struct schedules *schedules, size_t rule, bool problem, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- schedule_target.c ----------------------------------------------------------------------- */

/* schedule_expand_fn over the site and the groups of the configuration; `user` is the schedules. */
void schedule_target_expand(void *user, const char *target, schedule_found_fn *found, void *to);
