#include "driver/sunspec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "driver/library.h"
#include "driver/modbus_point.h"
#include "driver/modbus_poll.h"
#include "driver/sunspec_chain.h"
#include "driver/sunspec_models.h"
#include "wire/modbus_pdu.h"

enum {
    GAP = 40,         /* models are contiguous and readable as a whole */
    BLOCKS_MAX = 128, /* modules or strings of one model */
};

struct driver_device {
    const struct sunspec_models *models;
    struct device *device;
    clock_us every;
    bool own_role;              /* settings say nothing: it follows from the models */
    struct sunspec_chain walk;  /* under way */
    struct sunspec_chain chain; /* what the points were made from */
    struct modbus_poll *poll;   /* NULL until a chain was found */
    struct arena *arena;        /* of the places where its points are read */
};

/* The chain belongs to one device: its models add to each other, and the first to name a point has
 * it. Only further meters and strings (`apart`) measure something else: their totals become a
 * circuit, their phases have no place. */
struct build {
    struct map taken; /* path -> point, of points that are read already */
    int highest[COMPONENT_KINDS];
    const struct sunspec_model *model;
    const struct sunspec_link *link;
    int circuit; /* of a model that measures something else, 0: none */
    int before;  /* numbers of this kind that earlier models of the same id have used */
};

/* Nothing is known before the device was asked: all points come from identify(), but for those that
 * field brings over from the device's life before a reload. */
static struct driver_device *open_device(void *library, const struct driver_settings *settings,
                                         struct device *device, struct err *err)
{
    (void)err;
    struct driver_device *state = mem_new(sizeof *state);
    state->models = library_sunspec(library);
    state->device = device;
    state->every = settings->every;
    state->own_role = !*device->role;
    device_set_role(device, "meter"); /* most are, until the device has said what it is */
    return state;
}

static struct driver_device *close_device(struct driver_device *state)
{
    if (state) {
        modbus_poll_free(state->poll);
        arena_free(state->arena);
        free(state);
    }
    return NULL;
}

static struct driver_limits limits_of(const struct driver_device *state)
{
    (void)state;
    return (struct driver_limits){0};
}

/* ---- from models to points ------------------------------------------------------------------- */

/* An address of a model file as that of the device; addresses inside the block move on with it. */
static struct profile_register shift(struct profile_register at, const struct sunspec_link *link,
                                     const struct sunspec_block *block, unsigned index)
{
    unsigned more = block && at.address >= block->first ? index * block->length : 0;
    at.address = (uint16_t)(link->address + at.address + more);
    return at;
}

/* Whether all registers of a point are inside what the device says to have: older ones end before
 * the newest points. */
static bool reaches(const struct profile_point *from, const struct sunspec_link *link,
                    const struct sunspec_block *block, unsigned index)
{
    unsigned end = link->address + link->length + 2u;
    struct profile_register at = shift(from->at, link, block, index);
    bool inside = at.address + at.count <= end && at.address >= link->address;
    for (size_t i = 0; i < modbus_point_helper_count(from); i++) {
        at = shift(*modbus_point_helper(from, i), link, block, index);
        inside = inside && at.address + at.count <= end && at.address >= link->address;
    }
    return inside;
}

/* A point of the model file with the addresses that it has in this device. */
static const struct profile_point *place_point(struct driver_device *state,
                                               const struct profile_point *from,
                                               const struct sunspec_link *link,
                                               const struct sunspec_block *block, unsigned index)
{
    struct profile_point *point = arena_take(state->arena, sizeof *point);
    *point = *from;
    point->at = shift(from->at, link, block, index);
    if (from->scale_register_count) {
        struct profile_scale_register *list =
            arena_take(state->arena, from->scale_register_count * sizeof *list);
        for (size_t i = 0; i < from->scale_register_count; i++) {
            list[i] = from->scale_registers[i];
            list[i].at = shift(list[i].at, link, block, index);
            list[i].most = SUNSPEC_POWER_MAX;
        }
        point->scale_registers = list;
    }
    if (from->plus_count) {
        struct profile_plus *list = arena_take(state->arena, from->plus_count * sizeof *list);
        for (size_t i = 0; i < from->plus_count; i++) {
            list[i] = from->plus[i];
            list[i].at = shift(list[i].at, link, block, index);
        }
        point->plus = list;
    }
    return point;
}

/* ---- which point it is ----------------------------------------------------------------------- */

static struct point *find_point(const struct driver_device *state, enum component_kind kind,
                                int number, enum quantity quantity)
{
    const struct component *component = device_component_find(state->device, kind, number);
    return component ? component_point(component, quantity) : NULL;
}

static struct point *find_or_add_point(const struct driver_device *state, enum component_kind kind,
                                       int number, enum quantity quantity)
{
    struct point *point = find_point(state, kind, number, quantity);
    if (point)
        return point;
    struct component *component = device_component(state->device, kind, number);
    return component ? component_point_add(component, quantity) : NULL;
}

/* Whether an earlier model has taken any point of this one. */
static bool clashes(const struct driver_device *state, const struct build *build)
{
    for (size_t i = 0; i < build->model->point_count; i++) {
        const struct profile_point *from = &build->model->points[i];
        const struct point *point =
            find_point(state, from->component, from->number, from->quantity);
        if (point && map_get(&build->taken, point->path))
            return true;
    }
    return false;
}

/* A point that is free goes where the model says; see struct build for those that are not. */
static void add_point(struct driver_device *state, struct build *build,
                      const struct profile_point *from, const struct sunspec_block *block,
                      unsigned index)
{
    enum component_kind kind = from->component;
    int number = block ? build->before + (int)index + 1 : from->number;
    if (build->circuit && kind != COMPONENT_TOTAL && kind != COMPONENT_BATTERY)
        return;
    if (build->circuit) {
        kind = COMPONENT_CIRCUIT;
        number = build->circuit;
    }
    if (number > COMPONENT_NUMBER_MAX || !reaches(from, build->link, block, index))
        return;
    const struct profile_point *placed = place_point(state, from, build->link, block, index);
    struct point *point = find_or_add_point(state, kind, number, from->quantity);
    if (!point || map_get(&build->taken, point->path))
        return;
    map_set(&build->taken, point->path, point);
    if (number > build->highest[kind])
        build->highest[kind] = number;
    modbus_point_prepare(from, point, state->every);
    modbus_poll_add(state->poll, placed, point);
}

/* ---- the whole chain ------------------------------------------------------------------------- */

static unsigned block_count(const struct sunspec_block *block, const struct sunspec_link *link)
{
    unsigned end = link->length + 2u;
    if (!block->length || end <= block->first)
        return 0;
    unsigned count = (end - block->first) / block->length;
    return count < BLOCKS_MAX ? count : BLOCKS_MAX;
}

static void add_model(struct driver_device *state, struct build *build, bool again)
{
    const struct sunspec_block *block = &build->model->block;
    build->circuit =
        build->model->apart && clashes(state, build) ? build->highest[COMPONENT_CIRCUIT] + 1 : 0;
    build->before = again && block->point_count ? build->highest[block->points[0].component] : 0;
    for (size_t i = 0; i < build->model->point_count; i++)
        add_point(state, build, &build->model->points[i], NULL, 0);
    unsigned blocks = block_count(block, build->link);
    for (unsigned index = 0; index < blocks; index++) {
        for (size_t i = 0; i < block->point_count; i++)
            add_point(state, build, &block->points[i], block, index);
    }
}

/* Points that a changed device has no more; new ones were not read yet either and stay as they are.
 */
static void mark_others(const struct driver_device *state, const struct build *build)
{
    for (struct component *c = state->device->components; c; c = c->next) {
        for (struct point *point = c->points; point; point = point->next) {
            if (!map_get(&build->taken, point->path))
                point_mark(point, QUALITY_ABSENT, REASON_REFUSED);
        }
    }
}

/* A device is what its most telling model says: an inverter with a battery and a meter at the mains
 * is an inverter, and one model about the weather makes no weather station. */
static const char *role_of(const struct driver_device *state)
{
    static const char *const telling[] = {"inverter", "battery", "supply",
                                          "combiner", "meter",   "sensor"};
    for (size_t rank = 0; rank < sizeof telling / sizeof *telling; rank++) {
        for (size_t i = 0; i < state->chain.count; i++) {
            const struct sunspec_model *model =
                sunspec_models_find(state->models, state->chain.links[i].id);
            if (model && strcmp(model->role, telling[rank]) == 0)
                return telling[rank];
        }
    }
    return "meter"; /* no model that is known */
}

/* Points of an earlier chain are kept where the new one has them too. */
static void build_points(struct driver_device *state)
{
    struct build build = {.taken = MAP_EMPTY};
    struct profile_limits limits = {
        .registers = MODBUS_PDU_READ_MAX, .bits = MODBUS_PDU_READ_BITS_MAX, .gap = GAP};
    modbus_poll_free(state->poll);
    arena_free(state->arena);
    state->poll = modbus_poll_new(&limits);
    state->arena = arena_new();
    for (size_t i = 0; i < state->chain.count; i++) {
        build.link = &state->chain.links[i];
        build.model = sunspec_models_find(state->models, build.link->id);
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again |= state->chain.links[k].id == build.link->id;
        if (build.model)
            add_model(state, &build, again);
    }
    modbus_poll_seal(state->poll);
    mark_others(state, &build);
    map_deinit(&build.taken);
}

/* A device that comes back with the same chain keeps everything but what it once refused. */
static int identify(struct driver_device *state, const struct driver_answer *answer,
                    struct driver_request *request, struct err *err)
{
    if (!answer) {
        sunspec_chain_begin(&state->walk, request);
        return 1;
    }
    int result = sunspec_chain_answer(&state->walk, answer, request, err);
    if (result != 0)
        return result;
    const struct sunspec_chain *walk = &state->walk;
    device_set_identity(state->device, walk->vendor[0] ? walk->vendor : NULL,
                        walk->model[0] ? walk->model : NULL, walk->serial, walk->firmware);
    bool same = state->poll && sunspec_chain_same(&state->walk, &state->chain);
    state->chain = state->walk;
    /* Each time: a firmware may have got a model more since the unit was here last. */
    if (state->own_role)
        device_change_role(state->device, role_of(state));
    if (same)
        modbus_poll_reset(state->poll);
    else
        build_points(state);
    return 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void begin_round(struct driver_device *state, unsigned round)
{
    if (state->poll)
        modbus_poll_round(state->poll, round);
}

static bool plan(struct driver_device *state, struct driver_request *request)
{
    return state->poll && modbus_poll_plan(state->poll, request);
}

static int decode(struct driver_device *state, const struct driver_request *request,
                  const struct driver_answer *answer)
{
    return state->poll ? modbus_poll_decode(state->poll, request, answer) : -EPROTO;
}

const struct driver sunspec_driver = {
    .name = "sunspec",
    .wired = true,
    .finds_points = true,
    .open = open_device,
    .close = close_device,
    .limits = limits_of,
    .identify = identify,
    .round = begin_round,
    .plan = plan,
    .decode = decode,
};
