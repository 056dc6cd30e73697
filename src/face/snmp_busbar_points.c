/* Points: what is measured. A number is served only while it is good; what was known last stands
 * in a column of its own, with quality and age beside it. */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "face/snmp_busbar.h"
#include "face/snmp_state.h"
#include "model/site.h"

#define TEXT "SnmpAdminString (SIZE (0..255))"

static const struct quantity_row *quantity_of(const struct point *point)
{
    return quantity_row(point->quantity);
}

/* ---- what it is ------------------------------------------------------------------------------ */

static bool get_path(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                     struct snmp_value *value)
{
    (void)user;
    (void)ask;
    return snmp_text(value, ((const struct point *)row->thing)->path);
}

static bool get_label(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                      struct snmp_value *value)
{
    (void)user;
    (void)ask;
    return snmp_text(value, quantity_of(row->thing)->label);
}

static bool get_unit(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                     struct snmp_value *value)
{
    (void)user;
    (void)ask;
    return snmp_text(value, quantity_of(row->thing)->unit);
}

static bool get_decimals(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                         struct snmp_value *value)
{
    (void)user;
    (void)ask;
    return snmp_integer(value, quantity_of(row->thing)->decimals);
}

/* ---- how good it is -------------------------------------------------------------------------- */

static bool get_quality(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                        struct snmp_value *value)
{
    static const int numbers[] = {
        [QUALITY_GOOD] = 1, [QUALITY_STALE] = 2, [QUALITY_BAD] = 3, [QUALITY_ABSENT] = 4};
    const struct point *point = row->thing;
    (void)user;
    (void)ask;
    return snmp_integer(value, numbers[point->value.quality]);
}

static bool get_reason(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                       struct snmp_value *value)
{
    const struct point *point = row->thing;
    (void)user;
    (void)ask;
    if (point->value.quality == QUALITY_GOOD)
        return snmp_text(value, "");
    return snmp_format(value, "%s %s.", quantity_of(point)->label,
                       value_reason_text(point->value.reason));
}

static bool get_age(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                    struct snmp_value *value)
{
    const struct point *point = row->thing;
    (void)user;
    return point->value.mono && snmp_age(value, ask->now, point->value.mono);
}

static bool get_time(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                     struct snmp_value *value)
{
    const struct point *point = row->thing;
    (void)user;
    (void)ask;
    return point->value.mono && snmp_date(value, point->value.wall_known ? point->value.wall : 0);
}

/* ---- how much it is -------------------------------------------------------------------------- */

static bool is_number(const struct point *point)
{
    return quantity_of(point)->kind != QUANTITY_KIND_TEXT && point->value.mono != 0;
}

/* The number in the catalogue's decimals, which never change for a quantity. */
static double scaled(const struct point *point)
{
    static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    return round(point->value.number * tens[quantity_of(point)->decimals]);
}

static bool put_number(const struct point *point, struct snmp_value *value)
{
    double number = scaled(point);
    return number >= INT32_MIN && number <= INT32_MAX && snmp_integer(value, (int64_t)number);
}

static bool put_counter(const struct point *point, struct snmp_value *value)
{
    double number = scaled(point);
    return quantity_of(point)->kind == QUANTITY_KIND_COUNTER && number >= 0 && number < 0x1p64 &&
           snmp_counter64(value, (uint64_t)number);
}

static bool get_number(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                       struct snmp_value *value)
{
    const struct point *point = row->thing;
    (void)user;
    (void)ask;
    return point->value.quality == QUALITY_GOOD && is_number(point) && put_number(point, value);
}

static bool get_counter(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                        struct snmp_value *value)
{
    const struct point *point = row->thing;
    (void)user;
    (void)ask;
    return point->value.quality == QUALITY_GOOD && is_number(point) && put_counter(point, value);
}

/* What a device said nonsense about is not the last that was known, it is nothing. */
static bool has_last(const struct point *point)
{
    return is_number(point) &&
           (point->value.quality == QUALITY_GOOD || point->value.quality == QUALITY_STALE);
}

static bool get_last_number(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                            struct snmp_value *value)
{
    const struct point *point = row->thing;
    (void)user;
    (void)ask;
    return has_last(point) && put_number(point, value);
}

static bool get_last_counter(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                             struct snmp_value *value)
{
    const struct point *point = row->thing;
    (void)user;
    (void)ask;
    return has_last(point) && put_counter(point, value);
}

/* ---- as text --------------------------------------------------------------------------------- */

/* Appends while there is room. */
static void append(char *text, size_t size, const char *more)
{
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s", more);
}

static bool word_holds(const struct words *words, const struct word *word, double number)
{
    if (!(number >= 0 && number < 0x1p63))
        return !words->flags && (double)word->number == number;
    uint64_t whole = (uint64_t)number;
    return words->flags ? word->number >= 0 && word->number < 63 && (whole >> word->number & 1)
                        : (double)word->number == number;
}

/* The state's words, with a comma between; "" when there is none for the number. */
static void add_words(const struct point *point, char *text, size_t size)
{
    for (size_t i = 0; point->words && i < point->words->count; i++) {
        const struct word *word = &point->words->list[i];
        if (!word_holds(point->words, word, point->value.number))
            continue;
        append(text, size, *text ? ", " : "");
        append(text, size, word->text);
    }
}

static void add_number(const struct point *point, char *text, size_t size)
{
    const struct quantity_row *quantity = quantity_of(point);
    snprintf(text, size, "%.*f%s%s", point->decimals, point->value.number,
             *quantity->unit ? " " : "", quantity->unit);
}

static bool get_text(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                     struct snmp_value *value)
{
    const struct point *point = row->thing;
    enum quality quality = point->value.quality;
    (void)user;
    (void)ask;
    if (!point->value.mono || quality == QUALITY_BAD || quality == QUALITY_ABSENT)
        return snmp_text(value, quality_name(quality == QUALITY_BAD ? quality : QUALITY_ABSENT));
    char text[SNMP_TEXT_MOST + 1] = "";
    if (quantity_of(point)->kind == QUANTITY_KIND_TEXT)
        append(text, sizeof text, point->text ? point->text : "");
    else
        add_words(point, text, sizeof text);
    if (!*text && quantity_of(point)->kind != QUANTITY_KIND_TEXT)
        add_number(point, text, sizeof text);
    if (quality == QUALITY_STALE)
        append(text, sizeof text, " (stale)");
    return snmp_format(value, "%s", text);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct snmp_column columns[] = {
    {1, NULL, false, "busbarPointQuantity", "BusbarQuantity", "What is measured."},
    {2, get_path, false, "busbarPointPath", TEXT,
     "DEVICE/COMPONENT/QUANTITY, as everywhere in busbar."},
    {3, get_label, false, "busbarPointLabel", TEXT, "What people call the quantity."},
    {4, get_unit, false, "busbarPointUnit", "SnmpAdminString (SIZE (0..16))",
     "Unit of the numbers; empty for pure numbers and states."},
    {5, get_decimals, false, "busbarPointDecimals", "Integer32 (0..9)",
     "How many digits of the numbers stand behind the point: 2301 with 1 is 230.1. Permanent for a "
     "quantity, whatever the device sends."},
    {6, get_quality, false, "busbarPointQuality",
     "INTEGER { good(1), stale(2), bad(3), absent(4) }",
     "How far the reading can be relied on. stale: the last one is too old to act on. bad: what "
     "the "
     "device says is not plausible. absent: there is none."},
    {7, get_reason, false, "busbarPointReason", TEXT,
     "A sentence that says why the quality is not good; empty while it is."},
    {8, get_number, false, "busbarPointNumber", "Integer32",
     "The reading, in busbarPointDecimals. There is no such instance while its quality is not "
     "good, "
     "or while the number does not fit: old never looks new, and unknown is never 0."},
    {9, get_counter, false, "busbarPointCounter", "Counter64",
     "The same for quantities that only count up, which in time leave 32 bits behind."},
    {10, get_text, false, "busbarPointText", TEXT,
     "The reading for people, with unit or as the word of a state; (stale) stands behind one that "
     "is."},
    {11, get_last_number, false, "busbarPointLastNumber", "Integer32",
     "The last reading, good or stale: to be read together with busbarPointQuality and "
     "busbarPointAge."},
    {12, get_last_counter, false, "busbarPointLastCounter", "Counter64",
     "The same for quantities that only count up."},
    {13, get_age, false, "busbarPointAge", "Unsigned32",
     "Milliseconds since the last reading was acquired."},
    {14, get_time, false, "busbarPointTime", "DateAndTime",
     "When the last reading was acquired; empty when the time of day was not known."},
};

static void add_rows(void *user, struct snmp_rows *rows)
{
    const struct snmp_model *model = snmp_busbar_model(user);
    for (const struct device *device = site_devices(model->site); device; device = device->next) {
        uint32_t number = snmp_state_device(model->state, device->name);
        for (const struct component *one = device->components; one; one = one->next) {
            uint32_t component = snmp_component_number(one->kind, one->number);
            for (const struct point *point = one->points; point; point = point->next)
                snmp_rows_add(rows, &(struct snmp_row){
                                        .index = {number, component, (uint32_t)point->quantity},
                                        .index_length = 3,
                                        .thing = point});
        }
    }
}

static const char *const indexes[] = {"busbarDeviceIndex", "busbarComponentIndex",
                                      "busbarPointQuantity", NULL};

const struct snmp_group snmp_busbar_point_group = {
    .number = SNMP_BUSBAR_POINTS,
    .name = "busbarPoint",
    .help = "The points: one quantity of one component each.",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .indexes = indexes,
    .rows = add_rows,
    .revision = snmp_busbar_site_revision,
};
