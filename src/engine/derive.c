#include "engine/derive.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

#define SOURCES_MAX 3

/* ---- the rules ------------------------------------------------------------------------------- */

static double sum(const double *from, size_t count)
{
    double total = 0;
    for (size_t i = 0; i < count; i++)
        total += from[i];
    return total;
}

static double average(const double *from, size_t count)
{
    return sum(from, count) / (double)count;
}

static double product(const double *from, size_t count)
{
    (void)count;
    return from[0] * from[1];
}

/* Power factor = P / S (IEEE 1459, 3.1.1.7); without load there is none, and 1 is what meters show.
 */
static double ratio(const double *from, size_t count)
{
    (void)count;
    if (from[1] == 0)
        return 1;
    double factor = from[0] / from[1];
    return factor > 1 ? 1 : factor < -1 ? -1 : factor;
}

/* S = sqrt(P^2 + Q^2), total of one phase (IEEE 1459, 3.1.1.6). */
static double hypotenuse(const double *from, size_t count)
{
    (void)count;
    return hypot(from[0], from[1]);
}

/* What `target` of a component is made from: over the components of `parts` when given, else within
 * itself. The first rule that fits a missing point wins. */
static const struct rule {
    enum quantity target;
    enum component_kind where, parts; /* parts == where: quantities of the component itself */
    double (*compute)(const double *from, size_t count);
    enum quantity sources[2];
} rules[] = {
    {QUANTITY_APPARENT_POWER,
     COMPONENT_PHASE,
     COMPONENT_PHASE,
     hypotenuse,
     {QUANTITY_REAL_POWER, QUANTITY_REACTIVE_POWER}},
    {QUANTITY_APPARENT_POWER,
     COMPONENT_PHASE,
     COMPONENT_PHASE,
     product,
     {QUANTITY_VOLTAGE, QUANTITY_CURRENT}},
    {QUANTITY_POWER_FACTOR,
     COMPONENT_PHASE,
     COMPONENT_PHASE,
     ratio,
     {QUANTITY_REAL_POWER, QUANTITY_APPARENT_POWER}},
    {QUANTITY_POWER_FACTOR,
     COMPONENT_LINE,
     COMPONENT_LINE,
     ratio,
     {QUANTITY_REAL_POWER, QUANTITY_APPARENT_POWER}},
    {QUANTITY_VOLTAGE, COMPONENT_TOTAL, COMPONENT_PHASE, average, {QUANTITY_VOLTAGE}},
    {QUANTITY_VOLTAGE, COMPONENT_TOTAL, COMPONENT_LINE, average, {QUANTITY_VOLTAGE}},
    {QUANTITY_CURRENT, COMPONENT_TOTAL, COMPONENT_PHASE, average, {QUANTITY_CURRENT}},
    {QUANTITY_REAL_POWER, COMPONENT_TOTAL, COMPONENT_PHASE, sum, {QUANTITY_REAL_POWER}},
    {QUANTITY_REAL_POWER, COMPONENT_TOTAL, COMPONENT_LINE, sum, {QUANTITY_REAL_POWER}},
    {QUANTITY_REACTIVE_POWER, COMPONENT_TOTAL, COMPONENT_PHASE, sum, {QUANTITY_REACTIVE_POWER}},
    {QUANTITY_APPARENT_POWER, COMPONENT_TOTAL, COMPONENT_PHASE, sum, {QUANTITY_APPARENT_POWER}},
    {QUANTITY_APPARENT_POWER, COMPONENT_TOTAL, COMPONENT_LINE, sum, {QUANTITY_APPARENT_POWER}},
    {QUANTITY_POWER_FACTOR,
     COMPONENT_TOTAL,
     COMPONENT_TOTAL,
     ratio,
     {QUANTITY_REAL_POWER, QUANTITY_APPARENT_POWER}},
    {QUANTITY_ENERGY, COMPONENT_TOTAL, COMPONENT_PHASE, sum, {QUANTITY_ENERGY}},
    {QUANTITY_ENERGY, COMPONENT_TOTAL, COMPONENT_LINE, sum, {QUANTITY_ENERGY}},
    {QUANTITY_ENERGY_EXPORT, COMPONENT_TOTAL, COMPONENT_PHASE, sum, {QUANTITY_ENERGY_EXPORT}},
    {QUANTITY_REACTIVE_ENERGY, COMPONENT_TOTAL, COMPONENT_PHASE, sum, {QUANTITY_REACTIVE_ENERGY}},
};

#define RULES (sizeof rules / sizeof *rules)

/* ---- links from sources to what is made of them ---------------------------------------------- */

struct formula {
    const struct rule *rule;
    point_id target;
    point_id sources[SOURCES_MAX];
    size_t count;
    bool due;
};

struct use {
    uint32_t formula, next; /* places counted from 1; 0 ends the list */
};

struct derive {
    struct site *site;
    struct feed feed;
    uint64_t revision;
    struct formula *formulas;
    size_t count, capacity;
    struct use *uses;
    size_t use_count, use_capacity;
    uint32_t *first_use; /* by point slot */
    size_t slots;
};

static void compute(struct derive *derive, const struct formula *formula)
{
    struct point *target = site_point(derive->site, formula->target);
    double from[SOURCES_MAX];
    clock_us mono = CLOCK_NEVER, wall = CLOCK_NEVER;
    enum quality worst = QUALITY_GOOD;
    for (size_t i = 0; i < formula->count; i++) {
        const struct point *source = site_point(derive->site, formula->sources[i]);
        if (!source || !target)
            return;
        from[i] = source->value.number;
        if (source->value.mono < mono) {
            mono = source->value.mono;
            wall = source->value.wall;
        }
        if (source->value.quality == QUALITY_ABSENT || source->value.quality == QUALITY_BAD)
            worst = QUALITY_ABSENT;
        else if (source->value.quality == QUALITY_STALE && worst == QUALITY_GOOD)
            worst = QUALITY_STALE;
    }
    if (!target)
        return;
    if (worst == QUALITY_GOOD)
        point_put(target, formula->rule->compute(from, formula->count), mono, wall);
    else
        point_mark(target, worst, REASON_NO_SOURCE);
}

static void on_changed(void *user, const point_id *points, size_t count)
{
    struct derive *derive = user;
    for (size_t i = 0; i < count; i++) {
        uint32_t slot = point_slot(points[i]);
        uint32_t use = slot < derive->slots ? derive->first_use[slot] : 0;
        for (; use; use = derive->uses[use - 1].next)
            derive->formulas[derive->uses[use - 1].formula].due = true;
    }
    for (size_t i = 0; i < derive->count; i++) {
        if (derive->formulas[i].due) {
            derive->formulas[i].due = false;
            compute(derive, &derive->formulas[i]);
        }
    }
}

void derive_refresh(struct derive *derive)
{
    for (size_t i = 0; i < derive->count; i++) {
        const struct formula *formula = &derive->formulas[i];
        const struct point *target = site_point(derive->site, formula->target);
        bool newer = target != NULL;
        for (size_t j = 0; newer && j < formula->count; j++) {
            const struct point *source = site_point(derive->site, formula->sources[j]);
            newer = source && source->value.mono > target->value.mono;
        }
        if (newer)
            compute(derive, formula);
    }
}

/* ---- building -------------------------------------------------------------------------------- */

/* Sources of a rule for one component; 0 when they are not all there. */
static size_t find_sources(const struct rule *rule, const struct component *where,
                           point_id *sources)
{
    size_t count = 0;
    if (rule->parts == rule->where) {
        for (size_t i = 0; i < 2; i++) {
            struct point *point = component_point(where, rule->sources[i]);
            if (!point)
                return 0;
            sources[count++] = point->id;
        }
        return count;
    }
    for (struct component *part = where->device->components; part; part = part->next) {
        if (part->kind != rule->parts)
            continue;
        struct point *point = component_point(part, rule->sources[0]);
        if (!point || count == SOURCES_MAX)
            return 0;
        sources[count++] = point->id;
    }
    return count;
}

static void add_use(struct derive *derive, uint32_t formula, point_id source)
{
    derive->uses =
        mem_grow(derive->uses, derive->use_count, &derive->use_capacity, sizeof *derive->uses);
    uint32_t *first = &derive->first_use[point_slot(source)];
    derive->uses[derive->use_count++] = (struct use){.formula = formula, .next = *first};
    *first = (uint32_t)derive->use_count;
}

static void apply_rule(struct derive *derive, const struct rule *rule, struct component *where)
{
    struct formula formula = {.rule = rule, .due = true};
    struct point *target = component_point(where, rule->target);
    if (target && !target->derived)
        return;
    formula.count = find_sources(rule, where, formula.sources);
    if (!formula.count)
        return;
    for (size_t i = 0; target && i < derive->count; i++) {
        if (derive->formulas[i].target == target->id)
            return; /* an earlier rule serves it */
    }
    if (!target)
        target = component_point_add(where, rule->target);
    if (!target)
        return;
    target->derived = true;
    formula.target = target->id;
    derive->formulas =
        mem_grow(derive->formulas, derive->count, &derive->capacity, sizeof *derive->formulas);
    derive->formulas[derive->count] = formula;
    derive->count++;
}

static void apply_rules(struct derive *derive, struct device *device)
{
    for (size_t i = 0; i < RULES; i++) {
        const struct rule *rule = &rules[i];
        /* A unit with phases has a total, even when its profile lists none. */
        if (rule->where == COMPONENT_TOTAL && (device_component_find(device, COMPONENT_PHASE, 1) ||
                                               device_component_find(device, COMPONENT_LINE, 1)))
            device_component(device, COMPONENT_TOTAL, 0);
        for (struct component *where = device->components; where; where = where->next) {
            if (where->kind == rule->where)
                apply_rule(derive, rule, where);
        }
    }
}

static void rebuild(struct derive *derive)
{
    derive->count = derive->use_count = 0;
    for (struct device *device = site_devices(derive->site); device; device = device->next)
        apply_rules(derive, device);
    derive->slots = site_slot_count(derive->site);
    derive->first_use = mem_resize(derive->first_use, derive->slots * sizeof *derive->first_use);
    for (size_t i = 0; i < derive->slots; i++)
        derive->first_use[i] = 0;
    for (size_t i = 0; i < derive->count; i++) {
        for (size_t j = 0; j < derive->formulas[i].count; j++)
            add_use(derive, (uint32_t)i, derive->formulas[i].sources[j]);
    }
    derive->revision = site_revision(derive->site);
}

static void on_tree(void *user)
{
    struct derive *derive = user;
    if (site_revision(derive->site) == derive->revision)
        return;
    rebuild(derive);
    on_changed(derive, NULL, 0);
}

struct derive *derive_new(struct site *site)
{
    struct derive *derive = mem_new(sizeof *derive);
    derive->site = site;
    derive->feed = (struct feed){.changed = on_changed, .tree = on_tree, .user = derive};
    rebuild(derive);
    site_subscribe(site, &derive->feed);
    return derive;
}

struct derive *derive_free(struct derive *derive)
{
    if (!derive)
        return NULL;
    site_unsubscribe(derive->site, &derive->feed);
    free(derive->formulas);
    free(derive->uses);
    free(derive->first_use);
    free(derive);
    return NULL;
}
