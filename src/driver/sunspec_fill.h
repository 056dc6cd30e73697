/* sunspec_fill - what busbar knows of a device, put into the registers of one SunSpec model.
 *
 * The points of a model file the other way round: catalogue to registers. A value that is absent,
 * not good or outside what its registers can hold stays "not implemented"; nothing is clipped.
 * Scale factors depend on the device's settings alone, so that one which a client has read holds
 * for every value it reads later. Pure; loop thread only, since it reads the site.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "driver/sunspec_models.h"
#include "model/site.h"

/* `words` are the model's registers from its ID on, `model->empty` behind ID and L. `alone`: a
 * meter of a single phase, whose phase A is its total and the other way round. */
void sunspec_fill(const struct sunspec_model *model, const struct device *device, bool alone,
                  uint16_t *words);
