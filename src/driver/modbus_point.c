#include "driver/modbus_point.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SLOW_ROUNDS = 10, EXPONENT_MAX = 18 };

/* All exact: 10^22 is the last power of ten that a double holds to the last bit. */
static const double powers_of_ten[EXPONENT_MAX + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                                       1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                                       1e14, 1e15, 1e16, 1e17, 1e18};

size_t modbus_point_helper_count(const struct profile_point *profile)
{
    return profile->scale_register_count + (profile->scale_by != NULL) + (profile->sign != NULL) +
           profile->plus_count;
}

const struct profile_register *modbus_point_helper(const struct profile_point *profile,
                                                   size_t index)
{
    if (index < profile->scale_register_count)
        return &profile->scale_registers[index].at;
    index -= profile->scale_register_count;
    if (profile->scale_by && index-- == 0)
        return &profile->scale_by->at;
    if (profile->sign && index-- == 0)
        return &profile->sign->at;
    return &profile->plus[index].at;
}

static struct modbus_value read_value(const struct profile_register *at, const uint8_t *bytes)
{
    return modbus_value_decode(at->type, at->order, bytes, 2u * at->count);
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

/* raw * up / down. Counters of 64 bits are divided as integers first, so that the digits which a
 * double can hold are those of the result and not those of the raw count. */
static double apply_scale(const struct modbus_value *value, struct profile_scale scale)
{
    double number = modbus_value_number(value);
    if (scale.down > 1 && scale.down <= 0x1p53 && fabs(scale.up) == 1) {
        uint64_t down = (uint64_t)scale.down;
        if (value->kind == MODBUS_VALUE_UNSIGNED && value->as_unsigned > UINT64_C(1) << 53)
            return scale.up * ((double)(value->as_unsigned / down) +
                               (double)(value->as_unsigned % down) / scale.down);
        if (value->kind == MODBUS_VALUE_SIGNED && fabs(number) > 0x1p53)
            return scale.up * ((double)(value->as_signed / (int64_t)down) +
                               (double)(value->as_signed % (int64_t)down) / scale.down);
    }
    return number * scale.up / scale.down;
}

static bool is_listed(const struct profile_point *profile, const struct modbus_value *value)
{
    enum modbus_value_type type = profile->at.type;
    bool is_float = profile_type_is_float(type);
    /* A BCD number that is none is compared by its bits: FFFF is the usual way to say "no value".
     */
    uint64_t key = profile_type_is_bcd(type) && value->kind == MODBUS_VALUE_UNSIGNED
                       ? value->as_unsigned
                       : profile_key(type, value->raw);
    for (size_t i = 0; i < profile->absent_count; i++) {
        const struct profile_absent *entry = &profile->absent[i];
        if (is_float ? value->as_float >= entry->low_number && value->as_float <= entry->high_number
                     : key >= entry->low && key <= entry->high)
            return true;
    }
    return false;
}

/* False when the register holds no scale: then there is no reading, rather than a wrong one. */
static bool add_scale_register(const struct profile_scale_register *from, const uint8_t *bytes,
                               struct profile_scale *scale)
{
    struct modbus_value value = read_value(&from->at, bytes);
    double number = modbus_value_number(&value);
    if (!from->power_of_ten) {
        /* A factor of 0 would turn "not known yet" into a reading of 0. */
        if (!isfinite(number) || number == 0)
            return false;
        scale->up *= number * from->scale.up;
        scale->down *= from->scale.down;
        return true;
    }
    if (!(fabs(number) <= (from->most ? from->most : EXPONENT_MAX)))
        return false;
    int exponent = (int)number;
    if (exponent >= 0)
        scale->up *= powers_of_ten[exponent];
    else
        scale->down *= powers_of_ten[-exponent];
    return true;
}

static bool is_negative(const struct profile_sign *sign, const uint8_t *bytes)
{
    struct modbus_value value = read_value(&sign->at, bytes);
    return value.kind == MODBUS_VALUE_SIGNED ? value.as_signed == sign->negative
                                             : value.as_unsigned == (uint64_t)sign->negative;
}

/* What the registers that have a say in it multiply with; `*helpers` moves on to the first plus. */
static bool registers_scale(const struct profile_point *profile, const uint8_t *const **helpers,
                            struct profile_scale *scale)
{
    *scale = (struct profile_scale){1, 1};
    for (size_t i = 0; i < profile->scale_register_count; i++) {
        if (!add_scale_register(&profile->scale_registers[i], *(*helpers)++, scale))
            return false;
    }
    if (profile->scale_by) {
        const struct profile_scale_by *by = profile->scale_by;
        struct modbus_value value = read_value(&by->at, *(*helpers)++);
        double number = modbus_value_number(&value);
        if (!isfinite(number))
            return false;
        scale->up *= number < by->below ? by->scale.up : by->otherwise.up;
        scale->down *= number < by->below ? by->scale.down : by->otherwise.down;
    }
    if (profile->sign && is_negative(profile->sign, *(*helpers)++))
        scale->up = -scale->up;
    return true;
}

/* NaN is a device's own way to say "not measured"; bytes that are no number are its mistake. */
static enum modbus_outcome check_value(const struct modbus_value *value)
{
    return value->kind == MODBUS_VALUE_INVALID ? MODBUS_MALFORMED
           : value->kind == MODBUS_VALUE_NAN   ? MODBUS_ABSENT
                                               : MODBUS_GOOD;
}

/* Of a sum, a 0 that means "not counted" says so only when there is nothing to add to it. */
static bool is_absent(const struct profile_point *profile, const struct modbus_value *value,
                      const uint8_t *const *plus)
{
    if (!profile->absent_count || !is_listed(profile, value))
        return false;
    bool nothing = true;
    for (size_t i = 0; i < profile->plus_count && value->raw == 0; i++)
        nothing = nothing && read_value(&profile->plus[i].at, plus[i]).raw == 0;
    return nothing;
}

static struct profile_scale product(struct profile_scale a, struct profile_scale b)
{
    return (struct profile_scale){a.up * b.up, a.down * b.down};
}

/* The number, from the bytes of the point's own register and of its helpers. `*rollover` is where a
 * counter starts again in the quantity's unit, 0 for never. Not for text. */
static enum modbus_outcome number_of(const struct profile_point *profile, const uint8_t *own,
                                     const uint8_t *const *helpers, double *number,
                                     double *rollover)
{
    struct modbus_value value = read_value(&profile->at, own);
    if (is_absent(profile, &value,
                  helpers + modbus_point_helper_count(profile) - profile->plus_count))
        return MODBUS_ABSENT;
    enum modbus_outcome outcome = check_value(&value);
    if (outcome != MODBUS_GOOD)
        return outcome;
    if (profile->bit_count)
        value = modbus_value_from_unsigned(value.raw >> profile->bit_low &
                                           UINT64_MAX >> (64 - profile->bit_count));
    struct profile_scale by_registers;
    if (!registers_scale(profile, &helpers, &by_registers))
        return MODBUS_MALFORMED;
    struct profile_scale scale = product(profile->scale, by_registers);
    double sum = apply_scale(&value, scale);
    for (size_t i = 0; i < profile->plus_count; i++) {
        struct modbus_value more = read_value(&profile->plus[i].at, helpers[i]);
        outcome = check_value(&more);
        if (outcome != MODBUS_GOOD)
            return outcome;
        sum += apply_scale(&more, product(profile->plus[i].scale, by_registers));
    }
    *number = sum + profile->offset + 0.0; /* + 0.0: no reading is -0 */
    *rollover = profile->rollover * fabs(scale.up) / scale.down;
    return MODBUS_GOOD;
}

/* ---- into the site --------------------------------------------------------------------------- */

void modbus_point_text(enum modbus_value_order order, const uint8_t *bytes, size_t registers,
                       char *text, size_t size)
{
    modbus_value_text_decode(order, bytes, 2 * registers, text, size);
    for (char *c = text; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7F)
            *c = '?';
    }
}

/* Blanks say that there is none. Integers come as decimal digits, as they are printed on the
 * label. */
static void publish_text(const struct profile_point *profile, struct point *point,
                         const uint8_t *own, clock_us mono, clock_us wall)
{
    char text[LIMIT_TEXT_VALUE + 1];
    if (profile->at.type == MODBUS_VALUE_TEXT) {
        modbus_point_text(profile->at.order, own, profile->at.count, text, sizeof text);
    } else {
        struct modbus_value value = read_value(&profile->at, own);
        if ((profile->absent_count && is_listed(profile, &value)) ||
            value.kind == MODBUS_VALUE_INVALID)
            text[0] = '\0';
        else if (value.kind == MODBUS_VALUE_SIGNED)
            snprintf(text, sizeof text, "%" PRId64, value.as_signed);
        else
            snprintf(text, sizeof text, "%" PRIu64, value.as_unsigned);
    }
    if (!text[0]) {
        point_mark(point, QUALITY_ABSENT, REASON_NOT_MEASURED);
        return;
    }
    point_put_text(point, text, mono, wall);
    if (profile->component == COMPONENT_TOTAL)
        device_set_identity(point->component->device, NULL, NULL,
                            profile->quantity == QUANTITY_SERIAL ? text : NULL,
                            profile->quantity == QUANTITY_FIRMWARE ? text : NULL);
}

void modbus_point_publish(const struct profile_point *profile, struct point *point,
                          const uint8_t *own, const uint8_t *const *helpers, clock_us mono,
                          clock_us wall)
{
    if (point->text) {
        publish_text(profile, point, own, mono, wall);
        return;
    }
    double number, rollover;
    switch (number_of(profile, own, helpers, &number, &rollover)) {
    case MODBUS_ABSENT:
        point_mark(point, QUALITY_ABSENT, REASON_NOT_MEASURED);
        return;
    case MODBUS_MALFORMED:
        point_mark(point, QUALITY_BAD, REASON_MALFORMED);
        return;
    case MODBUS_GOOD:
        break;
    }
    if (profile->narrowed && (number < profile->low || number > profile->high)) {
        point_mark(point, QUALITY_BAD, REASON_OUT_OF_RANGE);
        return;
    }
    point->rollover = rollover;
    point_put(point, number, mono, wall);
}

void modbus_point_prepare(const struct profile_point *profile, struct point *point, clock_us every)
{
    if (profile->words.count)
        point->words = &profile->words;
    point->rollover = profile->rollover * fabs(profile->scale.up) / profile->scale.down;
    if (profile->every == PROFILE_ONCE)
        point->good_for = CLOCK_NEVER;
    else if (profile->every == PROFILE_SLOW && every > 0)
        point->good_for = 3 * SLOW_ROUNDS * every;
}

/* ---- rules ----------------------------------------------------------------------------------- */

enum modbus_match modbus_rule_match(const struct profile_rule *rule, const uint8_t *bytes)
{
    if (rule->text) {
        char text[2 * 32 + 1];
        modbus_value_text_decode(rule->at.order, bytes, 2u * rule->at.count, text, sizeof text);
        return strcmp(text, rule->text) == 0 ? MODBUS_MATCH : MODBUS_MISMATCH;
    }
    struct modbus_value value = read_value(&rule->at, bytes);
    if (rule->equals && !profile_type_is_float(rule->at.type) &&
        !profile_type_is_bcd(rule->at.type))
        return profile_key(rule->at.type, value.raw) == rule->key ? MODBUS_MATCH : MODBUS_MISMATCH;
    double number = modbus_value_number(&value);
    double slack = rule->equals ? 1e-6 * fabs(rule->low) : 0; /* a float32 of a decimal number */
    return number >= rule->low - slack && number <= rule->high + slack ? MODBUS_MATCH
                                                                       : MODBUS_MISMATCH;
}
