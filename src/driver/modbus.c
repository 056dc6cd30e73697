#include "driver/modbus.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "driver/library.h"
#include "driver/modbus_point.h"
#include "driver/modbus_poll.h"
#include "driver/modbus_write.h"
#include "wire/modbus_pdu.h"

enum { IDENTIFY_TRIES = 3 }; /* a busy device may need a second question */

struct driver_device {
    const struct profile *profile;
    struct modbus_poll *poll;
    size_t rule; /* of the profile, that is being asked about */
    unsigned tries;
};

/* ---- open, close ----------------------------------------------------------------------------- */

/* All that a Modbus device has is known from its profile, before it was ever asked. */
static int add_points(struct driver_device *state, struct device *device, clock_us every,
                      struct err *err)
{
    for (size_t i = 0; i < state->profile->point_count; i++) {
        const struct profile_point *profile = &state->profile->points[i];
        struct component *component = device_component(device, profile->component, profile->number);
        struct point *point = component ? component_point_add(component, profile->quantity) : NULL;
        if (!point)
            return err_set(err, -ENOSPC, "%s: no room for the point %s", state->profile->path,
                           profile->path);
        modbus_point_prepare(profile, point, every);
        modbus_poll_add(state->poll, profile, point);
    }
    modbus_poll_seal(state->poll);
    return 0;
}

static struct driver_device *close_device(struct driver_device *state)
{
    if (state) {
        modbus_poll_free(state->poll);
        free(state);
    }
    return NULL;
}

static struct driver_device *open_device(void *library, const struct driver_settings *settings,
                                         struct device *device, struct err *err)
{
    const struct library_entry *entry = library_find(library, settings->profile, err);
    if (!entry)
        return NULL;
    if (!entry->profile) {
        err_set(err, -EINVAL, "%s is no Modbus profile", settings->profile);
        return NULL;
    }
    struct driver_device *state = mem_new(sizeof *state);
    state->profile = entry->profile;
    state->poll = modbus_poll_new(&entry->profile->limits);
    if (add_points(state, device, settings->every, err) < 0)
        return close_device(state);
    device_set_identity(device, entry->vendor, entry->model, NULL, NULL);
    device_set_role(device, entry->role);
    return state;
}

static struct driver_limits limits_of(const struct driver_device *state)
{
    const struct profile_limits *limits = &state->profile->limits;
    return (struct driver_limits){
        .timeout = limits->timeout_ms * CLOCK_MS,
        .pause = limits->pause_ms * CLOCK_MS,
        .write_gap = limits->write_gap_ms * CLOCK_MS,
    };
}

/* ---- identify -------------------------------------------------------------------------------- */

/* What the rule wanted or the device gave, for the sentence. */
static void describe(const struct profile_rule *rule, const uint8_t *bytes, char *text, size_t size)
{
    if (rule->text) {
        char found[2 * 32 + 1];
        if (bytes)
            modbus_value_text_decode(rule->at.order, bytes, 2u * rule->at.count, found,
                                     sizeof found);
        snprintf(text, size, "\"%s\"", bytes ? found : rule->text);
    } else if (profile_type_is_float(rule->at.type) || profile_type_is_bcd(rule->at.type)) {
        double number = rule->low;
        if (bytes) {
            struct modbus_value value =
                modbus_value_decode(rule->at.type, rule->at.order, bytes, 2u * rule->at.count);
            number = modbus_value_number(&value);
        }
        snprintf(text, size, "%.9g", number);
    } else {
        uint64_t raw = profile_key(rule->at.type, rule->key); /* turns the sign bit back */
        if (bytes)
            raw =
                modbus_value_decode(rule->at.type, rule->at.order, bytes, 2u * rule->at.count).raw;
        snprintf(text, size, "0x%0*" PRIX64, 4 * rule->at.count, raw);
    }
}

/* Names what was expected and what was found, so that a person can tell a wrong address from a
 * wrong profile. `bytes` is NULL when the device refused the register. */
static int refuse(const struct driver_device *state, const struct profile_rule *rule,
                  const struct modbus_pdu_answer *got, const uint8_t *bytes, struct err *err)
{
    char wanted[80], found[80] = "refuses it";
    describe(rule, NULL, wanted, sizeof wanted);
    if (bytes)
        describe(rule, bytes, found, sizeof found);
    return err_set(err, -ENODEV,
                   "another device than %s %s: its %s register %u is %s, but this one %s%s%s%s",
                   state->profile->vendor, state->profile->model, profile_bank_name(rule->at.bank),
                   rule->at.address, wanted, bytes ? "has " : "", found, bytes ? "" : ": ",
                   bytes ? "" : modbus_pdu_exception_name(got->exception));
}

/* The answer to the current rule: 0 to go on with the next, 1 to ask again, -ENODEV. */
static int judge(struct driver_device *state, const struct driver_answer *answer, struct err *err)
{
    const struct profile_rule *rule = &state->profile->rules[state->rule];
    if (answer->result != DRIVER_ANSWERED)
        return 1;
    struct modbus_pdu_request asked = {.function = profile_bank_function(rule->at.bank),
                                       .address = rule->at.address,
                                       .count = rule->at.count};
    struct modbus_pdu_answer got;
    enum modbus_pdu_check check =
        modbus_pdu_answer_check(&asked, answer->bytes, answer->length, &got);
    if (check == MODBUS_PDU_FITS) {
        uint8_t bit[2] = {0, got.data[0] & 1};
        const uint8_t *bytes = rule->at.bank >= PROFILE_COIL ? bit : got.data;
        return modbus_rule_match(rule, bytes) == MODBUS_MATCH
                   ? 0
                   : refuse(state, rule, &got, bytes, err);
    }
    if (check == MODBUS_PDU_REFUSED && got.exception >= MODBUS_PDU_ILLEGAL_FUNCTION &&
        got.exception <= MODBUS_PDU_ILLEGAL_VALUE)
        return refuse(state, rule, &got, NULL, err);
    /* Neither yes nor no, such as "busy": a device is not sent away for that. */
    return ++state->tries < IDENTIFY_TRIES ? 1 : 0;
}

/* Each time a unit comes online: it may have been exchanged, or its firmware. */
static int identify(struct driver_device *state, const struct driver_answer *answer,
                    struct driver_request *request, struct err *err)
{
    int again = 0;
    if (!answer) {
        modbus_poll_reset(state->poll);
        state->rule = 0;
        state->tries = 0;
    } else if (state->rule < state->profile->rule_count) {
        again = judge(state, answer, err);
        if (again < 0)
            return again;
        if (!again) {
            state->rule++;
            state->tries = 0;
        }
    }
    /* Only what is the same in every unit of this model decides; a voltage may be missing today. */
    while (state->rule < state->profile->rule_count && !state->profile->rules[state->rule].equals)
        state->rule++;
    if (state->rule == state->profile->rule_count)
        return 0;
    const struct profile_register *at = &state->profile->rules[state->rule].at;
    modbus_poll_request(request, at->bank, at->address, at->count);
    return 1;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void begin_round(struct driver_device *state, unsigned round)
{
    modbus_poll_round(state->poll, round);
}

static bool plan(struct driver_device *state, struct driver_request *request)
{
    return modbus_poll_plan(state->poll, request);
}

static int decode(struct driver_device *state, const struct driver_request *request,
                  const struct driver_answer *answer)
{
    return modbus_poll_decode(state->poll, request, answer);
}

static bool unanswered(struct driver_device *state, const struct driver_answer *answer,
                       clock_us waited)
{
    return modbus_poll_unanswered(state->poll, answer, waited);
}

/* ---- switching ------------------------------------------------------------------------------- */

static int encode(struct driver_device *state, const struct point *point, double number,
                  struct driver_request *request, struct err *err)
{
    const struct profile_point *profile = modbus_poll_profile(state->poll, point);
    if (!profile)
        return err_set(err, -ENOTSUP, "%s is not read from the device", point->path);
    return modbus_write_encode(profile, number, request, err);
}

static int written(struct driver_device *state, const struct point *point,
                   const struct driver_answer *answer, struct driver_request *request,
                   struct err *err)
{
    (void)state;
    (void)point;
    return modbus_write_check(request, answer, err);
}

static bool read_back(struct driver_device *state, const struct point *point,
                      struct driver_request *request)
{
    return modbus_poll_read_back(state->poll, point, request);
}

const struct driver modbus_driver = {
    .name = "modbus",
    .wired = true,
    .open = open_device,
    .close = close_device,
    .limits = limits_of,
    .identify = identify,
    .round = begin_round,
    .plan = plan,
    .decode = decode,
    .unanswered = unanswered,
    .encode = encode,
    .written = written,
    .read_back = read_back,
};
