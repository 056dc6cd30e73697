#include "driver/sim_relay.h"

struct sim_relay sim_relay_of(const struct sim_load *load, uint64_t seed, bool on)
{
    return (struct sim_relay){.load = load, .seed = seed, .on = on};
}

static void change(struct sim_relay *relay, bool on, double t)
{
    double would_be = sim_load_energy(relay->load, relay->seed, t);
    if (on == relay->on)
        return;
    relay->on = on;
    if (on)
        relay->missed = would_be - relay->counted;
    else
        relay->counted = would_be - relay->missed;
}

void sim_relay_resume(struct sim_relay *relay, bool on, double joules, double t)
{
    relay->on = on;
    relay->counted = joules;
    relay->missed = sim_load_energy(relay->load, relay->seed, t) - joules;
}

void sim_relay_tell(struct sim_relay *relay, bool on, double t)
{
    sim_relay_step(relay, t);
    if (relay->fault == SIM_FAULT_IGNORES)
        return;
    relay->pending = true;
    relay->wish = on;
    relay->at = t + (relay->fault == SIM_FAULT_LATE ? relay->fault_s : 0);
    sim_relay_step(relay, t);
}

void sim_relay_step(struct sim_relay *relay, double t)
{
    if (!relay->pending || relay->at > t)
        return;
    relay->pending = false;
    change(relay, relay->wish, relay->at);
}

void sim_relay_drop(struct sim_relay *relay, double t)
{
    relay->pending = false;
    change(relay, false, t);
}

void sim_relay_add(struct sim_flow *sum, const struct sim_relay *relay, double t)
{
    struct sim_flow flow = {0};
    sim_load_add(&flow, relay->load, relay->seed, t);
    if (relay->on) {
        sum->watts += flow.watts;
        sum->vars += flow.vars;
        sum->joules += flow.joules - relay->missed;
    } else {
        sum->joules += relay->counted;
    }
}
