/* switcher_private - what the switcher_*.c files share; nobody else includes this. */
#pragma once

#include "base/loop.h"
#include "base/map.h"
#include "base/mem.h"
#include "engine/event_kind.h"
#include "engine/outlet_groups.h"
#include "engine/switcher.h"

/* What is known of an outlet beyond the hardware and the settings; kept over restarts, by path. */
struct memory {
    struct memory *next;
    int last;           /* 1 on, 0 off, -1 not known: read back last while contact held */
    clock_us off_since; /* monotonic; CLOCK_NEVER while it is on or not known */
    bool cycle; /* its equipment shut itself down and the power never went: to be rebooted */
    unsigned cycle_tries;
    clock_us cycle_from; /* monotonic: since when that may be; CLOCK_NEVER */
    char path[];
};

struct outlet {
    const char *path, *label, *device;
    bool output, inverted;
    clock_us pulse;
    const struct outlet_settings *settings;
    point_id state, current, level;
    const struct condition *up_when, *cycle_after; /* NULL: none */
    struct memory *memory;
    struct board *board;
    struct run *run; /* under way, or NULL */
    size_t aim;      /* place in the list of aims made last; see aim() */
};

struct group {
    const char *name;
    const struct group_settings *settings;
    size_t *members, count; /* indices of outlets, in order */
};

struct interlock {
    const char *name;
    enum interlock_kind kind;
    size_t *members, count;
    int parent; /* index, -1 when there is none */
};

/* A device with outlets, and whether it may have lost its power. */
struct board {
    struct board *next;
    bool online;
    bool lost;       /* contact was lost since it was judged last */
    bool judging;    /* back, or read for the first time: all outlets must be read first */
    bool from_start; /* not judged since our own start */
    clock_us since;  /* readings from before do not count, monotonic */
    clock_us judge_by;
    clock_us booted; /* monotonic moment of the board's own start; CLOCK_NEVER when not told */
    char name[];
};

/* One answer that is waited for; outlives the run that asked. */
struct look {
    struct look *next;
    struct switcher *switcher;
    struct run *run; /* NULL: nobody waits any more */
};

enum run_place {
    RUN_WAIT,    /* for its time, for another outlet, or for the off time */
    RUN_KEEP,    /* until what must survive a crash is on the disk */
    RUN_WRITE,   /* the hardware's answer */
    RUN_READ,    /* the state, read back */
    RUN_CURRENT, /* the current, read back */
};

/* A step under way. A reboot has two phases: off, then on; a pulse likewise. */
struct run {
    struct switcher *switcher;
    struct run *next, *prev;
    struct command *command;
    size_t index; /* of the step */
    struct outlet *outlet;
    point_id point; /* that is written */
    double wish[2];
    int phases, phase;
    clock_us hold; /* between the phases */
    enum run_place place;
    struct loop_timer timer;
    void *control;
    struct look *look;
    clock_us prove_by, give_up;
    uint64_t keep_wanted; /* RUN_KEEP: the saving that must be through */
    double flow;          /* A that contradicted, NaN */
    bool automatic;       /* nobody waits for it: a person's wish goes before it */
    bool restoring;       /* of a power-up */
    bool resumed, unsure, cancelled, blocked, written;
    bool held;      /* of a power-up: what it needs was missing, its delay counts from its return */
    char note[160]; /* said at the end with what was reached */
};

struct plan_item {
    struct outlet *outlet;
    point_id point;
    clock_us due;
    double wish[2];
    int phases;
    clock_us hold;
    bool added; /* by an interlock, not asked for */
};

struct plan {
    struct plan_item *list;
    size_t count, capacity;
};

#define PLAN_EMPTY ((struct plan){0})

struct switcher {
    struct switcher_options options;
    struct loop *loop;
    struct feed feed;
    uint64_t revision;
    const struct config *config;
    struct switching_settings settings;
    struct outlet_settings defaults;
    /* of this generation */
    struct arena *arena;
    struct outlet *outlets;
    size_t outlet_count;
    struct map outlets_by_path; /* index + 1 */
    uint32_t *outlets_by_slot;  /* index + 1 of the outlet whose state is in that slot */
    size_t slot_count;
    struct group *groups;
    size_t group_count;
    struct interlock *interlocks;
    size_t interlock_count;
    /* for good */
    struct map memories_by_path;
    struct memory *memories;
    struct board *boards;
    struct run *runs, *runs_end;
    struct look *looks;
    struct loop_timer board_timer; /* while a board is judged */
    struct loop_timer cycle_timer; /* while an outlet has a cycle_after */
    bool cycles;
    /* keeping */
    struct loop_defer save_later;
    struct loop_timer save_again;                  /* after a failure */
    char *boot;                                    /* this start of the machine */
    uint64_t save_wanted, save_started, save_done; /* count changes */
    bool saving, stopped;
    bool doubtful;            /* boards not judged yet may differ from what was kept */
    unsigned char secret[32]; /* of the confirmation codes */
    switcher_allows_fn *allows;
    void *allows_user;
    switcher_scheduled_fn *scheduled;
    void *scheduled_user;
    switcher_output_fn *output;
    void *output_user;
};

/* ---- switcher_outlets.c ---------------------------------------------------------------------- */

/* Read site and settings anew; runs follow their outlets, those whose outlet is gone end. */
void outlets_rebuild(struct switcher *switcher);
void outlets_deinit(struct switcher *switcher);
struct outlet *outlets_find(const struct switcher *switcher, const char *path);
struct memory *memory_for(struct switcher *switcher, const char *path);

/* Number for on or off. */
double outlet_number(const struct outlet *outlet, bool on);
/* 1, 0, or -1 when it is not known for sure at this moment. */
int outlet_reads(const struct switcher *switcher, const struct outlet *outlet);
/* What the outlet was read as, with contact. */
void outlet_remember(struct switcher *switcher, struct outlet *outlet, bool on);

/* One outlet of a target and its place in the sequence. */
struct aim {
    struct outlet *outlet;
    clock_us forward, backward; /* added to delayed on, off */
};

struct aims {
    struct aim *list;
    size_t count, capacity;
};

/* Append the outlets of a target that are not there yet. 0 or -ENOENT. */
int aims_add(const struct switcher *switcher, const char *target, struct aims *aims,
             struct err *err);

/* ---- switcher_plan.c ------------------------------------------------------------------------- */

/* Steps in the order in which they happen; -EINVAL when the action is not for these. */
int plan_make(const struct switcher *switcher, const struct command_wish *wish,
              const struct aims *aims, struct plan *plan, struct err *err);
void plan_add(struct plan *plan, const struct plan_item *item);
void plan_sort(struct plan *plan);
/* What the outlet will be after the plan: 1, 0, or -1 when the plan says nothing. */
int plan_after(const struct plan *plan, const struct outlet *outlet);
/* The plan as the door wants it, for free(). */
struct command_plan *plan_rows(const struct switcher *switcher, const struct plan *plan);

/* ---- switcher_rules.c ------------------------------------------------------------------------ */

/* All rules for a plan. May add steps that an interlock asks for. Fills verdict and err. */
enum command_verdict rules_check(struct switcher *switcher, const struct command_wish *wish,
                                 struct plan *plan, char *confirm, struct err *err);

bool rules_may(const struct switcher *switcher, const struct outlet *outlet, const char *actor,
               enum access_role role, struct err *err);

enum rules_now { RULES_GO, RULES_WAIT, RULES_REFUSE };

/* Whether the run's next write may be done now. WAIT: `until` is when to look again. */
enum rules_now rules_now(const struct switcher *switcher, const struct run *run, clock_us *until,
                         struct err *err);

/* ---- switcher_run.c -------------------------------------------------------------------------- */

/* A run for a step of the command; it begins with run_begin. */
struct run *run_new(struct switcher *switcher, struct command *command, size_t index,
                    const struct plan_item *item, bool automatic);
void run_begin(struct run *run);
/* A waiting run is due so long from now. */
void run_delay(struct run *run, clock_us delay);
/* A run that was under way before a restart: what became of it is read first. */
void run_resume_sent(struct run *run);
/* Drop what is pending; what was sent already is followed to its end. */
void run_cancel(struct run *run, const char *reason);
void run_end(struct run *run, enum command_state state, const char *reason);
/* Away with it, without a word: at the end of the program. */
void run_free(struct run *run);
/* What the outlet was before a loss of power is not wanted any more. */
void run_give_up_last(struct run *run);
/* Something changed that others may wait for. */
void runs_kick(struct switcher *switcher);
struct command_step *run_step(const struct run *run);
/* Whether something may have been written and is not proven. */
bool run_sent(const struct run *run);
bool run_wants_on(const struct run *run); /* what it is bringing about now */
/* What was kept is on the disk. */
void run_kept(struct run *run);
/* The step's state as everybody sees it. */
void run_show(struct run *run, enum command_state state, clock_us due, const char *reason);
/* Look at the run again then. */
void run_wait_until(struct run *run, clock_us when);

/* Bring back the power that a reboot or a power cut has taken, later and with a reading in between;
 * `why` is said. False when that is not what the run is at, or is given up. */
bool run_try_again(struct run *run, const char *why);
clock_us run_now(const struct run *run);
/* For figures: by the clock itself, since the loop's time is that of the beginning of its turn. */
int64_t run_since_accepted(const struct run *run);

#define BLOCKED_LOOK (1 * CLOCK_S)    /* for what nobody tells us of */
#define RUN_LOOK_RARELY (1 * CLOCK_S) /* while nobody answers, and between two attempts */

/* ---- switcher_prove.c ------------------------------------------------------------------------ */

/* Have the outlet read, or its current (by the run's place), and go on with what that says. */
void run_look(struct run *run);

/* ---- switcher_energy.c ----------------------------------------------------------------------- */

/* COMMAND_RESET_ENERGY, from the wish to its end. There is a meter. */
void energy_reset(struct switcher *switcher, const struct command_wish *wish,
                  struct command_answer *answer);

/* ---- switcher_wait.c ------------------------------------------------------------------------- */

/* Whether the run, which is due, has to wait for something before the rules are asked, or has
 * ended. */
bool run_waits(struct run *run);

/* Start the runs of a plan whose command is there. */
void switcher_begin(struct switcher *switcher, struct command *command, const struct plan *plan,
                    bool automatic, bool restoring);

/* ---- switcher_power_up.c --------------------------------------------------------------------- */

/* Look at the devices' states and judge those that can be. */
void boards_look(struct switcher *switcher);
struct board *board_for(struct switcher *switcher, const char *name);

/* Whether the outlet can be switched, and what it reads counts. */
enum board_state {
    BOARD_READY,
    BOARD_JUDGING, /* not all of its outlets have been read since contact is there */
    BOARD_SILENT,
};
enum board_state board_state(const struct board *board);
/* It answers again, whether or not that has been looked at: within one turn of the loop the model
 * is ahead. */
bool board_is_back(const struct switcher *switcher, const struct board *board);
void boards_free(struct switcher *switcher);

/* ---- switcher_return.c ----------------------------------------------------------------------- */

/* Whether the power of an outlet may come back now. False with what is missing. */
bool return_ready(const struct switcher *switcher, const struct outlet *outlet, struct err *err);

/* Begin, or stop, to look for outlets whose equipment shut itself down. */
void return_watch(struct switcher *switcher);

/* The board was without power: what hung on it had its rest. */
void return_forget(struct switcher *switcher, const struct board *board);

/* ---- switcher_keep.c ------------------------------------------------------------------------- */

#define KEPT_VERSION 2       /* 1 had no sum */
#define KEPT_SUM "\ncrc32c " /* behind the object, then eight hexadecimal digits of it */

/* Something changed that must survive; returns the number of the saving that will hold it. */
uint64_t keep_wanted(struct switcher *switcher);
/* The last one, of an orderly end. */
void keep_stop(struct switcher *switcher);

/* ---- switcher_resume.c ----------------------------------------------------------------------- */

/* Take up what was kept; the outlets are there. 0, or -EINVAL with a sentence. */
int resume(struct switcher *switcher, const char *text, struct err *err);

/* ---- switcher_say.c -------------------------------------------------------------------------- */

void say_accepted(struct switcher *switcher, const struct command *command);
void say_refused(struct switcher *switcher, const struct command_wish *wish, const struct err *err);
void say_ended(struct switcher *switcher, const struct run *run);
void say_changed(struct switcher *switcher, const struct outlet *outlet, bool on);
void say_power_up(struct switcher *switcher, const struct board *board, const char *evidence,
                  size_t outlets);
void say_reset(struct switcher *switcher, const struct command *command, const char *target,
               size_t counters);
/* "12 s", "3 min 20 s" */
void say_duration(clock_us us, char *text, size_t size);
const char *say_state(int on); /* "on", "off", "unknown" */
