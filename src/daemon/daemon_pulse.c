/* Pulse inputs: who keeps their counts, and what is made of them. */

#include "daemon/daemon_private.h"
#include "engine/pulse.h"
#include "field/field.h"
#include "field/pulse_counts.h"

int daemon_pulse_start(struct daemon *daemon, struct err *err)
{
    daemon->pulse_counts =
        pulse_counts_open(daemon->loop, daemon->saver, daemon->state_folder, err);
    if (!daemon->pulse_counts)
        return err->code;
    daemon->pulses = pulses_new(&(struct pulses_context){.site = daemon->site,
                                                         .saver = daemon->saver,
                                                         .events = daemon->events,
                                                         .folder = daemon->state_folder},
                                daemon->config, err);
    return daemon->pulses ? 0 : err->code;
}

void daemon_pulse_field(struct daemon *daemon)
{
    field_keep_pulses(daemon->field, daemon->pulse_counts);
}

void daemon_pulse_stop(struct daemon *daemon)
{
    pulse_counts_stop(daemon->pulse_counts);
}

void daemon_pulse_end(struct daemon *daemon)
{
    daemon->pulses = pulses_free(daemon->pulses);
    daemon->pulse_counts = pulse_counts_free(daemon->pulse_counts);
}
