/* output - puts the settings of digital outputs into force: names and words in the model, and the
 * inversion.
 *
 * The one place that inverts: the model holds what people call on (1) and off (0), and so do
 * history and all faces; what the board says passes a filter on its way in, and what is written to
 * it passes output_to_board(). Owned by the daemon; loop thread only.
 */
#pragma once

#include "engine/output_settings.h"
#include "model/config.h"
#include "model/site.h"

struct outputs;

/* `site` is borrowed; so is `config`, until outputs_configure() brings another. */
struct outputs *outputs_new(struct site *site, const struct config *config);
struct outputs *outputs_free(struct outputs *outputs);
void outputs_configure(struct outputs *outputs, const struct config *config);

/* What must be written to the board so that the point becomes `number`: the same but for the state
 * of an inverted output (and its level, which counts from the other end). */
double output_to_board(const struct outputs *outputs, point_id point, double number);

/* How an output is switched. */
struct output_way {
    const char *label;   /* "": the component's; lives as long as the configuration */
    clock_us pulse;      /* 0: it has no pulse */
    enum quantity level; /* the point that is set in percent; QUANTITY_NONE: it has none */
};
struct output_way output_way(const struct outputs *outputs, const char *path);

/* How a state of an output is shown. `on` as the model says it. */
struct output_look {
    const char *text; /* "open"; lives as long as the configuration, or for ever */
    enum output_colour colour;
};
struct output_look output_look(const struct outputs *outputs, const char *path, bool on);
