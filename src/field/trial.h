/* trial - at which speed and parity do the units of a serial line answer?
 *
 * While it runs, the line rests: its requests wait, and a line of the trial's own opens the port at
 * one setting after the other and asks each unit that has not answered yet for one register. It
 * ends when all have answered, when all settings were tried (8 speeds, 3 parities), or as soon as
 * somebody wants to switch something on the line; then polling goes on as before. Settings are not
 * changed. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "field/line.h"

#define TRIAL_UNITS 4 /* asked at each setting; all 24 take at most half a minute */
#define TRIAL_SETTINGS 24
#define TRIAL_WAIT (250 * CLOCK_MS)

struct trial;

struct trial_setting {
    unsigned baud;
    int parity; /* as in line_settings: 0 none, 1 even, 2 odd */
};

struct trial_options {
    uint8_t units[TRIAL_UNITS];
    size_t unit_count;
    /* The transport for a setting; NULL: the serial port of the line. */
    struct transport *(*make)(void *user, const struct trial_setting *setting);
    void (*answered)(void *user, uint8_t unit, const struct trial_setting *setting);
    /* It is over; `problem` is NULL or why it ended early. The trial is freed after it returns. */
    void (*done)(void *user, const char *problem);
    void *user;
};

/* The line must outlive it, or it be stopped before. NULL and `err`: the line has no speed of its
 * own, or is needed for switching just now. Never calls back from inside. */
struct trial *trial_start(struct line *line, const struct trial_options *options, struct err *err);

/* Ends it, the line goes on; `done` is not called. Not from inside its callbacks. Accepts NULL,
 * returns NULL. */
struct trial *trial_stop(struct trial *trial);

/* How many settings are through; what is being tried. */
size_t trial_progress(const struct trial *trial, struct trial_setting *now);

/* "none", "even", "odd" */
const char *trial_parity_name(int parity);
