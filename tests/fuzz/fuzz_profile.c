/* Any bytes as a profile and as a SunSpec model: a tree that can be used, or mistakes, never a
 * crash. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "driver/profile.h"
#include "driver/sunspec_models.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err_list errors = ERR_LIST_EMPTY;
    struct profile *profile = profile_read_text("fuzz", (const char *)data, size, &errors);
    if ((profile == NULL) != (errors.found > 0))
        abort();
    /* What was accepted keeps its promises. */
    for (size_t i = 0; profile && i < profile->point_count; i++) {
        const struct profile_point *point = &profile->points[i];
        if (point->quantity == QUANTITY_NONE || point->at.count == 0 ||
            point->at.address + point->at.count > 65536 || point->scale.down == 0 ||
            point->bit_low + point->bit_count > 16 * point->at.count)
            abort();
    }
    profile_free(profile);
    err_list_deinit(&errors);

    struct sunspec_models models = {0};
    sunspec_models_read_text(&models, "fuzz", (const char *)data, size, &errors);
    sunspec_models_deinit(&models);
    err_list_deinit(&errors);
    return 0;
}
