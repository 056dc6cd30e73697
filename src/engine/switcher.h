/* switcher - carries out what came in at the door (model/command.h): step by step, each read back.
 *
 * It decides nothing that a person, a schedule or a setting did not ask for, and says what it does
 * not know. docs/switching.md holds the rules. Reads the model, writes to devices through the
 * functions it is given (struct switcher_hardware), keeps what must survive a restart through
 * struct switcher_store. Owned by the daemon. Loop thread only.
 *
 *   switcher_outlets  the outlets there are, groups, interlocks; targets -> outlets
 *   switcher_plan     an action on outlets -> steps with times
 *   switcher_rules    who may, what must not be together, what must wait
 *   switcher_run      one step: waits, writes, reads back, holds
 *   switcher_wait     what a step waits for before the rules are asked
 *   switcher_power_up what happens when a board had lost its power
 *   switcher_return   what an outlet needs before its power comes back; forced cycles
 *   switcher_keep     what survives a restart
 *   switcher_say      events and sentences
 */
#pragma once

#include "base/buf.h"
#include "engine/outlet_settings.h"
#include "model/command.h"
#include "model/config.h"
#include "model/site.h"

struct event_log;
struct meter;
struct switcher;

/* ---- what it is given ------------------------------------------------------------------------ */

enum switcher_result {
    SWITCHER_ACCEPTED, /* the device said yes */
    SWITCHER_REFUSED,  /* the device said no: nothing changed */
    SWITCHER_UNSURE,   /* sent, and no proper answer */
    SWITCHER_NOT_SENT,
};

typedef void switcher_done_fn(void *user, enum switcher_result result, const struct err *err);

/* The meanings of field/control.h. */
struct switcher_hardware {
    void *(*start)(void *user, point_id point, double number, switcher_done_fn *done, void *to,
                   struct err *err);
    bool (*cancel)(void *user, void *control);
    bool (*possible)(void *user, point_id point);
    bool (*read)(void *user, point_id point, void (*done)(void *to, bool answered), void *to);
    void *user;
};

/* Where the text that must survive a restart is kept. `save` takes the content over like
 * saver_write(); `kept` is what was saved last, "" when nothing. Without `save` nothing is kept. */
struct switcher_store {
    int (*save)(void *user, struct buf *content, void (*done)(void *to, const struct err *err),
                void *to, struct err *err);
    void *user;
    const char *kept; /* read by switcher_open only; so is: */
    const char *boot; /* names this start of the machine: another one is a power cut */
};

struct switcher_options {
    struct site *site;
    struct commands *commands;
    const struct config *config; /* borrowed until switcher_configure */
    struct event_log *events;    /* may be NULL */
    struct meter *meter;         /* may be NULL: no energy is reset */
    struct switcher_hardware hardware;
    struct switcher_store store;
};

/* Begins to carry out at once, what was kept included; the outlets must be in the site. When what
 * was kept cannot be understood, `err` says so and nothing is known of before: outlets are taken as
 * they are read. */
struct switcher *switcher_open(const struct switcher_options *options, struct err *err);

/* Nothing more is begun, what is pending is written down for the next start (asynchronously, so
 * that the saver must still be served). Call before the field goes away. */
void switcher_stop(struct switcher *switcher);

/* After the field is gone. Accepts NULL, returns NULL. */
struct switcher *switcher_close(struct switcher *switcher);

/* New settings; what was planned before keeps its times. */
void switcher_configure(struct switcher *switcher, const struct config *config);

/* ---- others that have a say ------------------------------------------------------------------ */

/* Load budget: whether these points may be switched on beside what is on. False with the sum that
 * shows why in `err`. */
typedef bool switcher_allows_fn(void *user, const point_id *points, size_t count, struct err *err);
void switcher_set_budget(struct switcher *switcher, switcher_allows_fn *allows, void *user);

/* What the schedules want of an outlet at this moment: 1 on, 0 off, -1 nothing. */
typedef int switcher_scheduled_fn(void *user, const char *path);
void switcher_set_schedule(struct switcher *switcher, switcher_scheduled_fn *scheduled, void *user);

/* What the settings of digital outputs say of one. */
struct switcher_output {
    const char *label;   /* NULL: the component's */
    bool inverted;       /* on is 0 */
    clock_us pulse;      /* length of COMMAND_PULSE; 0: it has none */
    enum quantity level; /* the point that COMMAND_SET writes; QUANTITY_NONE: it has none */
};
typedef void switcher_output_fn(void *user, const char *path, struct switcher_output *output);
void switcher_set_outputs(struct switcher *switcher, switcher_output_fn *output, void *user);

/* ---- what the faces show --------------------------------------------------------------------- */

struct switcher_outlet {
    const char *path, *label, *url;
    bool output;     /* a digital output, else an outlet */
    bool switchable; /* false: can only be read */
    point_id state, current;
    point_id level;                         /* percent, of a digital output that has one; else 0 */
    bool known, on;                         /* read from the hardware; `on` counts while known */
    const struct outlet_settings *settings; /* valid until the settings or the site change */
    /* what is under way: NULL when nothing is */
    const struct command *command;
    const struct command_step *step;
    bool automatic;
};

/* Outlets and outputs in the order of the site. */
size_t switcher_outlet_count(const struct switcher *switcher);
void switcher_outlet_at(const struct switcher *switcher, size_t index,
                        struct switcher_outlet *outlet);
bool switcher_outlet_find(const struct switcher *switcher, const char *path,
                          struct switcher_outlet *outlet);

/* Whether power comes out of it: 1 yes, 0 no, -1 nobody knows. Of 0 and -1 `reason` (at least 160
 * bytes) says why: "off", "pdu-a/circuit-1 is tripped". */
int switcher_powered(const struct switcher *switcher, size_t index, char *reason, size_t size);

/* The outlets that a target means, in the order of a sequence, as indices for switcher_outlet_at.
 * At most `most` are written; returns how many there are, 0 with `err` when the target is unknown.
 */
size_t switcher_target(const struct switcher *switcher, const char *target, size_t *list,
                       size_t most, struct err *err);

/* Whether this user may switch the outlet at all: rights of the outlet and of its groups. `err`
 * says why not. */
bool switcher_may(const struct switcher *switcher, size_t index, const char *actor,
                  enum access_role role, struct err *err);
