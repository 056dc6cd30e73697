/* meter_sim_spec - reads what --meter says and makes sets of units of it.
 *
 *   KIND@UNIT[-LAST][,seed=N][,phases=1][,load=X][,base=W][,solar=W][,kwh=X][,ct=N][,feeder=FILE]
 *            [,relays=BITS][,fault=NAME[:N]][,delay=MS]
 */
#pragma once

#include "meter_sim_net.h"

struct meter_sim_spec {
    const struct meter_sim_kind *kind;
    unsigned first, last; /* unit numbers */
    struct sim_physics_config physics;
    struct sim_physics_feeder feeder; /* its samples are the spec's */
    unsigned ct;                      /* 0 = as delivered */
    uint32_t relays;                  /* of a board: closed at the start, a bit each */
    struct meter_sim_fault fault;
};

/* 0, or a negative errno with a message printed. */
int meter_sim_spec_parse(const char *text, struct meter_sim_spec *spec);
void meter_sim_spec_deinit(struct meter_sim_spec *spec);

/* Adds the spec's units to a set. Units differ by their seed: the given one (or 1), their number,
 * and the set's index. 0, or -EEXIST with a message if a number is taken. */
int meter_sim_spec_make(const struct meter_sim_spec *spec, unsigned set_index,
                        struct meter_sim_set *set);

void meter_sim_spec_free_set(struct meter_sim_set *set);
