/* An action on outlets becomes steps with times. */

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "engine/switcher_private.h"

void plan_add(struct plan *plan, const struct plan_item *item)
{
    plan->list = mem_grow(plan->list, plan->count, &plan->capacity, sizeof *plan->list);
    plan->list[plan->count++] = *item;
}

static bool has_delay(enum command_action action)
{
    return action == COMMAND_ON_DELAYED || action == COMMAND_OFF_DELAYED ||
           action == COMMAND_REBOOT_DELAYED;
}

/* The outlet's own delay and its place in the group's sequence. */
static clock_us delay_of(enum command_action action, const struct aim *aim)
{
    const struct outlet_settings *settings = aim->outlet->settings;
    if (!has_delay(action))
        return 0;
    if (action == COMMAND_ON_DELAYED)
        return settings->on_delay + aim->forward;
    return action == COMMAND_OFF_DELAYED ? settings->off_delay + aim->backward
                                         : settings->reboot_delay + aim->forward;
}

static int fill(const struct command_wish *wish, struct plan_item *item, struct err *err)
{
    const struct outlet *outlet = item->outlet;
    double on = outlet_number(outlet, true), off = outlet_number(outlet, false);
    item->phases = 1;
    item->point = outlet->state;
    switch (wish->action) {
    case COMMAND_ON:
    case COMMAND_ON_DELAYED:
        item->wish[0] = on;
        return 0;
    case COMMAND_OFF:
    case COMMAND_OFF_DELAYED:
        item->wish[0] = off;
        return 0;
    case COMMAND_REBOOT:
    case COMMAND_REBOOT_DELAYED:
        item->phases = 2;
        item->wish[0] = off;
        item->wish[1] = on;
        item->hold = outlet->settings->reboot_hold > outlet->settings->min_off
                         ? outlet->settings->reboot_hold
                         : outlet->settings->min_off;
        return 0;
    case COMMAND_PULSE:
        if (!outlet->pulse)
            return err_set(err, -EINVAL,
                           "%s has no pulse: give the output a length in its settings",
                           outlet->path);
        item->phases = 2;
        item->wish[0] = on;
        item->wish[1] = off;
        item->hold = outlet->pulse;
        return 0;
    case COMMAND_SET:
        if (!outlet->level)
            return err_set(err, -EINVAL, "%s can be switched on and off only, it has no level",
                           outlet->path);
        if (!isfinite(wish->number))
            return err_set(err, -EINVAL, "a number is missing: what %s shall be set to",
                           outlet->path);
        item->point = outlet->level;
        item->wish[0] = wish->number;
        return 0;
    case COMMAND_RESET_ENERGY:
    case COMMAND_CANCEL:
    case COMMAND_ACTIONS:
        break;
    }
    return err_set(err, -EINVAL, "this is no action of an outlet");
}

/* Stable, so that outlets of the same moment keep the order in which they were named. */
void plan_sort(struct plan *plan)
{
    for (size_t i = 1; i < plan->count; i++) {
        const struct plan_item item = plan->list[i];
        size_t place = i;
        for (; place > 0 && plan->list[place - 1].due > item.due; place--)
            plan->list[place] = plan->list[place - 1];
        plan->list[place] = item;
    }
}

int plan_make(const struct switcher *switcher, const struct command_wish *wish,
              const struct aims *aims, struct plan *plan, struct err *err)
{
    clock_us begin = loop_now(switcher->loop) + wish->delay;
    for (size_t i = 0; i < aims->count; i++) {
        struct plan_item item = {
            .outlet = aims->list[i].outlet,
            .due = begin + delay_of(wish->action, &aims->list[i]),
        };
        if (fill(wish, &item, err) < 0)
            return err->code;
        plan_add(plan, &item);
    }
    plan_sort(plan);
    return 0;
}

int plan_after(const struct plan *plan, const struct outlet *outlet)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_item *item = &plan->list[i];
        if (item->outlet == outlet && item->point == outlet->state)
            return item->wish[item->phases - 1] == outlet_number(outlet, true);
    }
    return -1;
}

struct command_plan *plan_rows(const struct switcher *switcher, const struct plan *plan)
{
    struct command_plan *rows = mem_new((plan->count + 1) * sizeof *rows);
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_item *item = &plan->list[i];
        const struct point *point = site_point(switcher->options.site, item->point);
        bool known = point && point->value.quality == QUALITY_GOOD;
        rows[i] = (struct command_plan){
            .target = item->outlet->path,
            .label = item->outlet->label,
            .due = item->due,
            .before = known ? point->value.number : NAN,
            .wish = item->wish[0],
            .reason = item->added ? "an interlock asks for it" : NULL,
        };
    }
    return rows;
}
