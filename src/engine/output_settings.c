#include "engine/output_settings.h"

#include <errno.h>
#include <string.h>

#include "model/component.h"

#define TEXT_MOST 32 /* bytes of a state's text: it stands on a button */

static const char *const colours[] = {"neutral", "green", "yellow", "red", "blue", NULL};
static const char *const modes[] = {"steady", "pulse", "pwm", NULL};

#define FIELD(name) .offset = offsetof(struct output_settings, name)

static const struct setting_row rows[] = {
    {.key = "name",
     .type = SETTING_TEXT,
     FIELD(name),
     .max = 64,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What the output switches; empty is what the device calls it."},
    {.key = "off_text",
     .type = SETTING_TEXT,
     FIELD(off_text),
     .max = TEXT_MOST,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What its off state is called, as in closed; empty is off."},
    {.key = "on_text",
     .type = SETTING_TEXT,
     FIELD(on_text),
     .max = TEXT_MOST,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What its on state is called, as in open; empty is on."},
    {.key = "off_colour",
     .type = SETTING_CHOICE,
     FIELD(off_colour),
     .choices = colours,
     .initial = "neutral",
     .right = ROLE_ADMINISTRATOR,
     .help = "Colour of its off state on pages."},
    {.key = "on_colour",
     .type = SETTING_CHOICE,
     FIELD(on_colour),
     .choices = colours,
     .initial = "green",
     .right = ROLE_ADMINISTRATOR,
     .help = "Colour of its on state on pages."},
    {.key = "inverted",
     .type = SETTING_BOOL,
     FIELD(inverted),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether what people call on is the board's off, as with a contact that opens."},
    {.key = "mode",
     .type = SETTING_CHOICE,
     FIELD(mode),
     .choices = modes,
     .initial = "steady",
     .right = ROLE_ADMINISTRATOR,
     .help = "steady: on and off; pulse: on for the time of pulse, then off again; pwm: a level in "
             "percent, where the board has it."},
    {.key = "pulse",
     .type = SETTING_DURATION,
     FIELD(pulse),
     .min = 0.05,
     .max = 3600,
     .initial = "500 ms",
     .right = ROLE_ADMINISTRATOR,
     .help = "Length of a pulse."},
};

const char *output_colour_name(enum output_colour colour)
{
    return colours[colour];
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    const struct output_settings *output = record;
    (void)config;
    *key = "on_text";
    if (*output->on_text && strcmp(output->on_text, output->off_text) == 0)
        return err_set(err, -EINVAL, "must differ from off_text: nobody could tell the two apart");
    return 0;
}

const struct setting_table output_settings_table = {
    .name = "outputs",
    .label = "Digital outputs",
    .help = "Digital outputs by path, as in dc-1/output-1: names, texts and colours of their "
            "states, inversion, pulses.",
    .collection = true,
    .paths = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct output_settings),
    .check = check,
};
