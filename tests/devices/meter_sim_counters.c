#include "meter_sim_counters.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "meter_sim_unit.h"

static bool is_counter(unsigned quantity)
{
    return quantity >= SIM_PHYSICS_ENERGY && quantity <= SIM_PHYSICS_APPARENT_ENERGY;
}

/* What a strip keeps itself: its counters, and its contacts. */
static bool load_strip(struct meter_sim_unit *unit, const char *what, double value)
{
    unsigned outlet;
    if (sscanf(what, "strip/energy-%u", &outlet) == 1 && outlet >= 1 &&
        outlet <= METER_SIM_STRIP_OUTLETS) {
        unit->strip.energy_wh[outlet - 1] = value;
    } else if (strcmp(what, "strip/relays") == 0) {
        unit->board.relays = (uint32_t)value;
    } else {
        return false;
    }
    return true;
}

static void print_strip(FILE *file, const struct meter_sim_unit *unit)
{
    fprintf(file, "%u strip/relays %u\n", unit->number, unit->board.relays);
    for (unsigned i = 0; i < METER_SIM_STRIP_OUTLETS; i++) {
        fprintf(file, "%u strip/energy-%u %.9f\n", unit->number, i + 1, unit->strip.energy_wh[i]);
    }
}

int meter_sim_counters_load(struct meter_sim_set *set, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return errno == ENOENT ? 0 : -errno;
    }
    unsigned number;
    char what[64];
    double value;
    while (fscanf(file, "%u %63s %lf", &number, what, &value) == 3) {
        enum sim_physics_component component;
        enum sim_physics_quantity quantity;
        if (number > 255 || set->units[number] == NULL || !isfinite(value) || value < 0 ||
            load_strip(set->units[number], what, value) ||
            sim_physics_find(what, &component, &quantity) < 0 || !is_counter(quantity)) {
            continue;
        }
        double *place = &set->units[number]->physics.value[component][quantity];
        if (!isnan(*place)) {
            *place = value;
        }
    }
    fclose(file);
    return 0;
}

static void print_unit(FILE *file, const struct meter_sim_unit *unit)
{
    if (unit->board.kind != NULL && unit->board.kind->metered) {
        print_strip(file, unit);
        return;
    }
    for (unsigned c = 0; c < SIM_PHYSICS_COMPONENT_COUNT; c++) {
        for (unsigned q = 0; q < SIM_PHYSICS_QUANTITY_COUNT; q++) {
            double value = unit->physics.value[c][q];
            if (is_counter(q) && !isnan(value)) {
                fprintf(file, "%u %s/%s %.9f\n", unit->number,
                        sim_physics_component_name((enum sim_physics_component)c),
                        sim_physics_quantity_name((enum sim_physics_quantity)q), value);
            }
        }
    }
}

int meter_sim_counters_save(const struct meter_sim_set *set, const char *path)
{
    char fresh[4096];
    if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh)) {
        return -ENAMETOOLONG;
    }
    FILE *file = fopen(fresh, "w");
    if (file == NULL) {
        return -errno;
    }
    for (unsigned i = 0; i < 256; i++) {
        if (set->units[i] != NULL) {
            print_unit(file, set->units[i]);
        }
    }
    int result = ferror(file) ? -EIO : 0;
    if (fclose(file) != 0 || result < 0 || rename(fresh, path) < 0) {
        result = result < 0 ? result : -errno;
        remove(fresh);
    }
    return result;
}
