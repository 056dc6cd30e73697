/* modbus_poll_private - what modbus_poll.c (rounds) and modbus_silence.c (reads without an answer)
 * share; nobody else includes this. */
#pragma once

#include "driver/modbus_poll.h"

/* Whether a read may join a cell with the one before it. */
enum modbus_cut {
    CUT_NONE,
    CUT_TRIED,  /* no: a read over both failed, the reason is being looked for */
    CUT_PROVEN, /* no: each can be read, but not both at once */
};

struct modbus_cell {
    enum profile_bank bank;
    unsigned address, count;
    uint8_t *bytes;
    size_t first_user, user_count;
    size_t reach; /* last cell that a reading of this cell, or of one before it, needs */
    clock_us mono, wall;
    bool due;     /* wanted in this round and not there yet */
    bool refused; /* not asked for: the device lacks it, or keeps silent about it */
    bool silent;  /* refused for that second reason */
    enum modbus_cut cut;
    bool cut_for_silence;
    size_t cut_first, cut_last; /* cells of the failed read */
    unsigned suspect;           /* number of the unanswered read that it was part of; 0: none */
    unsigned strikes;           /* how often that stayed unanswered while others were answered */
};

/* A point with its cells: its own first, then the helpers' in the order of modbus_point_helper. */
struct modbus_reading {
    const struct profile_point *profile;
    struct point *point;
    size_t first_cell, cell_count;
    size_t missing; /* cells that have not arrived in this round; 0: not due */
    bool done;      /* read since the unit came online */
    bool refused;
};

struct modbus_poll {
    struct profile_limits limits;
    struct modbus_reading *readings;
    size_t reading_count, reading_capacity;
    struct modbus_cell *cells; /* by bank and address */
    size_t cell_count;
    size_t *reading_cells;         /* cells of each reading */
    const uint8_t **reading_bytes; /* and where their bytes are */
    size_t *cell_users;            /* readings of each cell */
    uint8_t *image;
    /* the round */
    size_t next; /* first cell that was not looked at yet */
    size_t out_first, out_last;
    unsigned tag;
    bool failed; /* a request of this round got no answer: nothing is learnt from it */
    /* silence */
    bool answered;          /* something was, in this round, */
    bool unanswered;        /* and something was not */
    bool alive, tried;      /* the same since modbus_poll_reset: answered, asked */
    bool probing, probed;   /* a single cell is asked for; has been */
    unsigned quiet;         /* resets in a row without an answer between them */
    bool witnessed;         /* a probed cell was answered: */
    size_t witness;         /* that one is read alone until no suspect is left */
    unsigned probes;        /* so far, over all resets */
    unsigned last_suspect;  /* number given last */
    clock_us now;           /* when the last answered request left */
    clock_us suspects_from; /* no suspect is asked for before */
    clock_us retry_at;      /* what silence taught is forgotten then; CLOCK_NEVER: nothing */
};

/* ---- modbus_poll.c --------------------------------------------------------------------------- */

/* What the device lacks takes its points along, absent for `reason`; cells that only these needed
 * are not read any more. */
void modbus_poll_refuse(struct modbus_poll *poll, struct modbus_cell *cell,
                        enum value_reason reason);

/* Where to split the last read: at its widest gap, which may be what the device lacks; of equal
 * ones the one nearest the middle. 0 when a single cell is left. */
size_t modbus_poll_split_place(const struct modbus_poll *poll);

/* ---- modbus_silence.c ------------------------------------------------------------------------ */

/* Forget all of it. */
void modbus_silence_reset(struct modbus_poll *poll);

/* A round begins: when it is time, ask again for what was given up. */
void modbus_silence_round(struct modbus_poll *poll);

/* The cell to try a silent unit with, instead of a read of many; false when there is none. */
bool modbus_silence_probe(const struct modbus_poll *poll, size_t *cell);

/* All other reads are done: the first cell of the suspect to ask for now, if any. */
bool modbus_silence_next(const struct modbus_poll *poll, size_t *first);

/* A cell is no suspect any more. */
void modbus_silence_clear(struct modbus_cell *cell);
