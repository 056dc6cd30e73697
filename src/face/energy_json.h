/* energy_json - an answer about energy as JSON and as a table (docs/api.md). Pure but for `out`.
 */
#pragma once

#include "base/buf.h"
#include "engine/csv.h"
#include "engine/energy.h"

/* GET /energy */
void energy_json_write(struct buf *out, const struct energy_answer *answer);

/* GET /energy/calendar: the only row, day by day; those of the future are left out. */
void energy_json_calendar(struct buf *out, const struct energy_answer *answer);

/* GET /energy.csv: a row for each step of each row, with local times. */
void energy_json_table(struct csv *csv, const struct energy_answer *answer);
