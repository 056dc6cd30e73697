/* pulse_input - which edges of a contact are pulses.
 *
 * A reed or a relay bounces for some milliseconds when it closes and when it opens: a change counts
 * when the new level has stood for the time of debounce, and a pulse is a change to active. Where
 * the kernel debounces, `debounce` is 0 here and every edge counts. Pure; the owner keeps the
 * timer.
 */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

struct pulse_input {
    clock_us debounce;
    bool level;     /* settled; true is active */
    bool moving;    /* an edge away from it has not stood for long enough */
    clock_us moved; /* when it came */
};

/* The contact is, or has become, `active` at `at` after `lost` edges that nobody saw. How many
 * pulses that settles. Times may be of any clock, the same for all edges. */
unsigned pulse_input_edge(struct pulse_input *input, bool active, unsigned lost, clock_us at);

/* No edge came for the time of debounce. How many pulses that settles, 0 or 1. */
unsigned pulse_input_settle(struct pulse_input *input);
