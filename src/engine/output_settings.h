/* output_settings - the records of `outputs:`: what digital outputs are called, how their states
 * are called and coloured, whether they are inverted, steady or pulses, and where the board has
 * PWM.
 *
 * A record is named by the output's path, dc-1/output-1. Read-only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/setting.h"

enum output_colour {
    OUTPUT_NEUTRAL,
    OUTPUT_GREEN,
    OUTPUT_YELLOW,
    OUTPUT_RED,
    OUTPUT_BLUE,
    OUTPUT_COLOURS
};

/* "neutral", "green", ... as settings and pages write it. */
const char *output_colour_name(enum output_colour colour);

enum output_mode {
    OUTPUT_STEADY, /* stays as it is switched */
    OUTPUT_PULSE,  /* has a pulse of its length beside on and off */
    OUTPUT_PWM,    /* has a level in percent, where the board has one */
};

struct output_settings {
    const char *name;               /* "": what the device calls it */
    const char *off_text, *on_text; /* "": what the profile says, else off and on */
    int64_t off_colour, on_colour;  /* enum output_colour */
    bool inverted;
    int64_t mode;  /* enum output_mode */
    int64_t pulse; /* us */
};

extern const struct setting_table output_settings_table;
