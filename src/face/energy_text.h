/* energy_text - amounts of energy, money and CO2 as exact decimal text. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/energy.h"

#define ENERGY_TEXT_SIZE 32

/* `value` / 10^scale with `decimals` digits (at most `scale`), halves away from zero: "12.345". */
void energy_text(int64_t value, int scale, int decimals, char text[ENERGY_TEXT_SIZE]);

/* Of a row: what was used, in its unit; "" when nothing is known. Money and kilograms with so many
 * decimals, "" when no tariff tells. */
void energy_text_used(const struct energy_row *row, const struct energy_figure *figure,
                      char text[ENERGY_TEXT_SIZE]);
void energy_text_cost(const struct energy_row *row, const struct energy_figure *figure,
                      int decimals, char text[ENERGY_TEXT_SIZE]);
void energy_text_co2(const struct energy_row *row, const struct energy_figure *figure, int decimals,
                     char text[ENERGY_TEXT_SIZE]);

/* The share of from <= time < to that readings of the row stand for, 0 to 1. */
double energy_text_covered(const struct energy_row *row, const struct energy_figure *figure,
                           clock_us from, clock_us to);
