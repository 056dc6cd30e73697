/* energy_private - what the files of energy share; nobody else includes this. */
#pragma once

#include "engine/energy.h"

/* What was found of one meter. */
struct energy_found {
    bool wanted;
    size_t prices; /* index of its prices in the ask */
    struct energy_fold fold;
    struct energy_figure before; /* as far as this period has come */
    struct energy_figure *steps, *steps_before;
    bool exports;
    int64_t exported;
};

/* The groups of the settings, with their members; all lies in the arena of the meters. */
struct energy_groups {
    struct energy_group *list;
    size_t count;
};

/* ---- energy_rows.c --------------------------------------------------------------------------- */

/* Which meters a question is about; sets `wanted`. -ENOENT and `err` for a name that is none. */
int energy_rows_want(const struct energy_meters *meters, const struct energy_groups *groups,
                     const struct energy_question *question, struct energy_found *found,
                     struct err *err);

/* Rows and totals of an answer from what was found, in its arena. */
void energy_rows_make(struct energy_answer *answer, const struct energy_groups *groups,
                      const struct energy_question *question, const struct energy_found *found);
