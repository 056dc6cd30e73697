#include "field/pulse_input.h"

/* Edges alternate, so of those that were lost every other one went to active. */
static unsigned lost_pulses(const struct pulse_input *input, unsigned lost)
{
    return input->level ? lost / 2 : lost / 2 + lost % 2;
}

unsigned pulse_input_settle(struct pulse_input *input)
{
    if (!input->moving)
        return 0;
    input->moving = false;
    input->level = !input->level;
    return input->level;
}

unsigned pulse_input_edge(struct pulse_input *input, bool active, unsigned lost, clock_us at)
{
    unsigned pulses = 0;
    if (input->debounce == 0) {
        pulses = lost_pulses(input, lost);
        input->level ^= lost & 1;
        pulses += active && !input->level;
        input->level = active;
        return pulses;
    }
    clock_us stood = at - input->moved;
    if (input->moving && (stood >= input->debounce || stood < 0)) /* <0: a clock was set */
        pulses = pulse_input_settle(input);
    input->moving = active != input->level;
    input->moved = at;
    return pulses;
}
