/* Rows and totals: what meters used becomes what groups and media used. */
#include <errno.h>
#include <string.h>

#include "engine/energy_private.h"

static const struct energy_group *find_group(const struct energy_groups *groups, const char *id)
{
    for (size_t i = 0; id && i < groups->count; i++) {
        if (strcmp(groups->list[i].id, id) == 0)
            return &groups->list[i];
    }
    return NULL;
}

static bool fits(const struct energy_question *question, enum energy_medium medium)
{
    return question->medium < 0 || (enum energy_medium)question->medium == medium;
}

/* ---- what is asked for ----------------------------------------------------------------------- */

static void want_members(const struct energy_group *group, struct energy_found *found)
{
    for (size_t i = 0; i < group->count; i++)
        found[group->members[i].meter].wanted = true;
}

/* Each thing once: what no other meter has within it. */
static bool is_top(const struct energy_meter *meter)
{
    return !meter->part && meter->within == ENERGY_NONE;
}

int energy_rows_want(const struct energy_meters *meters, const struct energy_groups *groups,
                     const struct energy_question *question, struct energy_found *found,
                     struct err *err)
{
    const struct energy_group *group = find_group(groups, question->group);
    if (question->group && !group)
        return err_set(err, -ENOENT, "there is no group of meters called %.64s", question->group);
    if (group) {
        want_members(group, found);
        return 0;
    }
    if (question->meter) {
        size_t index = energy_meters_find(meters, question->meter);
        if (index == ENERGY_NONE)
            return err_set(err, -ENOENT, "there is no meter called %.100s", question->meter);
        found[index].wanted = true;
        return 0;
    }
    for (size_t i = 0; i < groups->count && question->by == ENERGY_BY_GROUP; i++) {
        if (fits(question, groups->list[i].medium))
            want_members(&groups->list[i], found);
    }
    for (size_t i = 0; i < meters->count; i++) {
        const struct energy_meter *meter = &meters->list[i];
        bool wanted = question->by == ENERGY_BY_METER ? !meter->part : is_top(meter);
        found[i].wanted |= wanted && fits(question, meter->medium);
    }
    return 0;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static struct energy_row *row_begin(struct energy_answer *answer, struct energy_row *row,
                                    size_t members)
{
    struct arena *arena = answer->meters.arena;
    const struct energy_period *period = &answer->period;
    row->unit = "";
    row->problem = "";
    row->steps = arena_take(arena, (period->steps.count + 1) * sizeof *row->steps);
    row->steps_before = arena_take(arena, (period->before.count + 1) * sizeof *row->steps);
    row->members = arena_take(arena, (members + 1) * sizeof *row->members);
    return row;
}

static void row_add(const struct energy_answer *answer, struct energy_row *row, size_t meter,
                    const struct energy_found *found, int times)
{
    const struct energy_period *period = &answer->period;
    const struct energy_meter *source = &answer->meters.list[meter];
    found += meter;
    for (size_t i = 0; i < period->steps.count; i++) {
        energy_figure_add(&row->steps[i], &found->steps[i], times);
        energy_figure_add(&row->used, &found->steps[i], times);
    }
    for (size_t i = 0; i < period->before.count; i++) {
        energy_figure_add(&row->steps_before[i], &found->steps_before[i], times);
        energy_figure_add(&row->before_full, &found->steps_before[i], times);
    }
    energy_figure_add(&row->before, &found->before, times);
    row->unit = source->unit;
    row->decimals = source->decimals; /* those of one medium have the same */
    row->meters++;
    row->exports |= found->exports;
    row->exported += times * found->exported;
}

static void add_meter_row(struct energy_answer *answer, size_t meter,
                          const struct energy_found *found)
{
    const struct energy_meter *source = &answer->meters.list[meter];
    struct energy_row *row = row_begin(answer, &answer->rows[answer->row_count++], 0);
    row->id = source->id;
    row->label = source->label;
    row->point = source->point;
    row->medium = source->medium;
    row->within = source->within == ENERGY_NONE ? NULL : answer->meters.list[source->within].id;
    row_add(answer, row, meter, found, 1);
}

/* What a group counts: its members with their sign, but those within another one. */
static void sum_group(struct energy_answer *answer, struct energy_row *row,
                      const struct energy_group *group, const struct energy_found *found)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct energy_member *member = &group->members[i];
        const char *id = answer->meters.list[member->meter].id;
        row->members[i] = arena_format(answer->meters.arena, "%s%s", member->minus ? "-" : "", id);
        if (member->within == ENERGY_NONE)
            row_add(answer, row, member->meter, found, member->minus ? -1 : 1);
    }
}

static void add_group_row(struct energy_answer *answer, const struct energy_group *group,
                          const struct energy_found *found)
{
    struct energy_row *row = row_begin(answer, &answer->rows[answer->row_count++], group->count);
    row->id = group->id;
    row->label = group->label;
    row->medium = group->medium;
    row->problem = group->problem;
    sum_group(answer, row, group, found);
}

/* ---- totals ---------------------------------------------------------------------------------- */

static void make_totals(struct energy_answer *answer, const struct energy_group *group,
                        const struct energy_question *question, const struct energy_found *found)
{
    for (int medium = 0; medium < MEDIUMS; medium++) {
        struct energy_row *total = &answer->totals[medium];
        row_begin(answer, total, group ? group->count : 0);
        total->id = total->label = energy_medium_names[medium];
        total->medium = (enum energy_medium)medium;
        if (group && group->medium == total->medium)
            sum_group(answer, total, group, found);
        for (size_t i = 0; i < answer->meters.count && !group; i++) {
            const struct energy_meter *meter = &answer->meters.list[i];
            if (found[i].wanted && meter->medium == total->medium &&
                (question->meter || is_top(meter)))
                row_add(answer, total, i, found, 1);
        }
        answer->has_total[medium] = total->meters > 0;
    }
}

void energy_rows_make(struct energy_answer *answer, const struct energy_groups *groups,
                      const struct energy_question *question, const struct energy_found *found)
{
    const struct energy_group *group = find_group(groups, question->group);
    size_t most = answer->meters.count + groups->count + MEDIUMS;
    answer->rows = arena_take(answer->meters.arena, most * sizeof *answer->rows);
    make_totals(answer, group, question, found);
    for (size_t i = 0; i < answer->meters.count && question->by == ENERGY_BY_METER; i++) {
        if (found[i].wanted)
            add_meter_row(answer, i, found);
    }
    for (size_t i = 0; i < groups->count && question->by == ENERGY_BY_GROUP; i++) {
        if ((!group || group == &groups->list[i]) && fits(question, groups->list[i].medium))
            add_group_row(answer, &groups->list[i], found);
    }
    for (int i = 0; i < MEDIUMS && question->by == ENERGY_BY_MEDIUM; i++) {
        if (answer->has_total[i])
            answer->rows[answer->row_count++] = answer->totals[i];
    }
}
