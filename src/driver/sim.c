#include "driver/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "driver/sim_load.h"
#include "driver/sim_profile.h"
#include "wire/sim_board.h"

static const struct sim_profile *const profiles[] = {
    &sim_meter_profile,
    &sim_pdu_wye_profile,
    &sim_pdu_delta_profile,
    &sim_supply_profile,
};

#define PROFILES (sizeof profiles / sizeof *profiles)

struct driver_device {
    const struct sim_profile *profile;
    void *model;
    uint8_t number[SIM_BOARD_ASK];        /* of this board */
    uint8_t contacts[SIM_BOARD_CONTACTS]; /* enum sim_contact, as the line remembers them */
    bool asked;                           /* in this round */
    bool begun;                           /* the two below hold */
    double begin;                         /* time inside the device at its first reading */
    clock_us begin_mono;
    double latest;
};

enum { READ_BACK_TAG = 1, CONTACTS_TAG = 2 };

/* ---- what profiles are built with ------------------------------------------------------------ */

const struct words sim_words_on_off = {
    .list = (const struct word[]){{0, "off"}, {1, "on"}},
    .count = 2,
};

struct point *sim_builder_point(struct sim_builder *builder, struct component *component,
                                enum quantity quantity)
{
    struct point *point = component_point_add(component, quantity);
    if (!point)
        builder->full = true;
    return point;
}

struct point *sim_builder_state(struct sim_builder *builder, struct component *component,
                                enum quantity quantity, const struct words *words)
{
    struct point *point = sim_builder_point(builder, component, quantity);
    if (point)
        point->words = words;
    return point;
}

struct component *sim_builder_component(struct sim_builder *builder, enum component_kind kind,
                                        int number, const char *label, const char *fed_by,
                                        double rated_current)
{
    struct component *component = device_component(builder->device, kind, number);
    if (label)
        component_set_label(component, label);
    if (fed_by)
        component_set_fed_by(component, fed_by);
    component_set_rated_current(component, rated_current);
    return component;
}

void sim_point_put(struct point *point, double number, struct sim_stamp stamp)
{
    if (point)
        point_put(point, number, stamp.mono, stamp.wall);
}

/* ---- open, close ----------------------------------------------------------------------------- */

/* A name makes a seed of its own (FNV-1a, 64 bit): pdu-a and pdu-b do not move alike. */
static uint64_t seed_of(const char *name)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 0x100000001B3u;
    return hash;
}

static const struct sim_profile *find(const char *name)
{
    for (size_t i = 0; i < PROFILES; i++) {
        if (strcmp(profiles[i]->entry.name, name) == 0)
            return profiles[i];
    }
    return NULL;
}

static struct driver_device *close_device(struct driver_device *state)
{
    if (state) {
        free(state->model);
        free(state);
    }
    return NULL;
}

static struct driver_device *open_device(void *library, const struct driver_settings *settings,
                                         struct device *device, struct err *err)
{
    (void)library;
    const struct sim_profile *profile = find(settings->profile);
    if (!profile) {
        err_set(err, -EINVAL, "%s is no simulated device", settings->profile);
        return NULL;
    }
    struct driver_device *state = mem_new(sizeof *state);
    *state = (struct driver_device){.profile = profile, .model = mem_new(profile->size)};
    struct sim_builder builder = {.device = device, .seed = seed_of(settings->name)};
    profile->open(state->model, &builder);
    if (builder.full) {
        err_set(err, -ENOSPC, "no room for all points of %s", settings->name);
        return close_device(state);
    }
    uint32_t number = (uint32_t)(builder.seed ^ builder.seed >> 32) | 1; /* 0 is nobody */
    for (int i = 0; i < SIM_BOARD_ASK; i++)
        state->number[i] = (uint8_t)(number >> (24 - 8 * i));
    char serial[16];
    snprintf(serial, sizeof serial, "SIM-%06u", (unsigned)(builder.seed % 1000000));
    device_set_role(device, profile->entry.role);
    device_set_identity(device, profile->entry.vendor, profile->entry.model, serial,
                        BUSBAR_VERSION);
    return state;
}

/* ---- reading --------------------------------------------------------------------------------- */

static struct driver_limits limits_of(const struct driver_device *state)
{
    (void)state;
    return (struct driver_limits){0};
}

/* A board asks how it was left; the line answers with nothing where that is not kept. */
static int identify(struct driver_device *state, const struct driver_answer *answer,
                    struct driver_request *request, struct err *err)
{
    (void)err;
    if (!state->profile->relay || state->begun)
        return 0;
    if (!answer) {
        memcpy(request->bytes, state->number, sizeof state->number);
        request->length = sizeof state->number;
        request->tag = CONTACTS_TAG;
        return 1;
    }
    if (answer->length == sizeof state->contacts)
        memcpy(state->contacts, answer->bytes, sizeof state->contacts);
    return 0;
}

static void begin_round(struct driver_device *state, unsigned round)
{
    (void)round;
    state->asked = false;
}

/* One request a round, without content: the line answers at once, and the answer brings the time.
 */
static bool plan(struct driver_device *state, struct driver_request *request)
{
    if (state->asked)
        return false;
    state->asked = true;
    request->length = 0;
    request->tag = 0;
    request->timeout = 0;
    request->write = false;
    return true;
}

static struct sim_relay *relay_at(struct driver_device *state, int index, struct point **point)
{
    return state->profile->relay ? state->profile->relay(state->model, index, point) : NULL;
}

/* What was not drawn behind an open one while busbar was away nobody counted: the counter stands
 * where it would be without that. */
static void restore(struct driver_device *state, double t)
{
    struct sim_relay *relay;
    struct point *point;
    for (int i = 0; i < SIM_BOARD_CONTACTS && (relay = relay_at(state, i, &point)); i++) {
        if (state->contacts[i] != SIM_CONTACT_NEW)
            sim_relay_resume(relay, state->contacts[i] == SIM_CONTACT_CLOSED,
                             sim_load_energy(relay->load, relay->seed, t), t);
    }
}

static double time_inside(struct driver_device *state, const struct driver_answer *answer)
{
    if (!state->begun) {
        double wall = (double)answer->wall / CLOCK_S - SIM_LOAD_EPOCH;
        state->begun = true;
        state->begin = wall > 0 ? wall : 0;
        state->begin_mono = answer->mono;
        restore(state, state->begin);
    }
    double t = state->begin + (double)(answer->mono - state->begin_mono) / CLOCK_S;
    if (t > state->latest)
        state->latest = t;
    return state->latest;
}

static int decode(struct driver_device *state, const struct driver_request *request,
                  const struct driver_answer *answer)
{
    (void)request;
    if (answer->result != DRIVER_ANSWERED)
        return 0;
    if (answer->length != 0)
        return -EPROTO;
    struct sim_stamp stamp = {.mono = answer->mono, .wall = answer->wall};
    state->profile->update(state->model, time_inside(state, answer), stamp);
    return 0;
}

/* ---- switching ------------------------------------------------------------------------------- */

/* The request says outlet and state; nobody but written() reads it. */
static int encode(struct driver_device *state, const struct point *point, double number,
                  struct driver_request *request, struct err *err)
{
    struct point *own;
    int index = 0;
    while (relay_at(state, index, &own) && own != point)
        index++;
    if (!relay_at(state, index, &own))
        return err_set(err, -ENOTSUP, "%s can only be read", point->path);
    if (number != 0 && number != 1)
        return err_set(err, -ERANGE, "%s can be on or off, not %g", point->path, number);
    memcpy(request->bytes, state->number, sizeof state->number);
    request->bytes[SIM_BOARD_ASK] = (uint8_t)index;
    request->bytes[SIM_BOARD_ASK + 1] = number == 1;
    request->length = SIM_BOARD_TELL;
    request->write = request->once = true;
    return 1;
}

static int written(struct driver_device *state, const struct point *point,
                   const struct driver_answer *answer, struct driver_request *request,
                   struct err *err)
{
    struct point *own;
    struct sim_relay *relay = relay_at(state, request->bytes[SIM_BOARD_ASK], &own);
    if (answer->length != 0 || !relay || own != point)
        return err_set(err, -EPROTO, "a simulated device answers with nothing");
    sim_relay_tell(relay, request->bytes[SIM_BOARD_ASK + 1], time_inside(state, answer));
    return 0;
}

static bool read_back(struct driver_device *state, const struct point *point,
                      struct driver_request *request)
{
    (void)state;
    (void)point;
    request->length = 0;
    request->tag = READ_BACK_TAG;
    return true;
}

void sim_fault(struct driver_device *state, int outlet, enum sim_fault fault, double seconds)
{
    struct sim_relay *relay;
    struct point *point;
    for (int i = 0; (relay = relay_at(state, i, &point)); i++) {
        if (outlet && outlet != i + 1)
            continue;
        if (fault == SIM_FAULT_POWER_LOSS) {
            sim_relay_drop(relay, state->latest);
        } else {
            relay->fault = fault;
            relay->fault_s = seconds;
        }
    }
}

const struct driver sim_driver = {
    .name = "sim",
    .open = open_device,
    .close = close_device,
    .limits = limits_of,
    .identify = identify,
    .round = begin_round,
    .plan = plan,
    .decode = decode,
    .encode = encode,
    .written = written,
    .read_back = read_back,
};

const struct sim_entry *sim_entry_at(size_t index)
{
    return index < PROFILES ? &profiles[index]->entry : NULL;
}
