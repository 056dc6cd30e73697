/* What falls due next, and who is not normal: two sets of places in the table. */
#include "base/mem.h"
#include "engine/alarm_private.h"

/* ---- the heap ---------------------------------------------------------------------------------- */

static clock_us due_at(const struct alarm_table *table, uint32_t place)
{
    return table->list[table->heap[place]].due;
}

static void put(struct alarm_table *table, uint32_t place, uint32_t alarm)
{
    table->heap[place] = alarm;
    table->list[alarm].heap_place = place + 1;
}

static void sift_up(struct alarm_table *table, uint32_t place)
{
    uint32_t alarm = table->heap[place];
    clock_us due = table->list[alarm].due;
    while (place > 0 && due_at(table, (place - 1) / 2) > due) {
        put(table, place, table->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(table, place, alarm);
}

static void sift_down(struct alarm_table *table, uint32_t place)
{
    uint32_t alarm = table->heap[place];
    clock_us due = table->list[alarm].due;
    for (uint32_t child; (child = 2 * place + 1) < table->heap_count; place = child) {
        if (child + 1 < table->heap_count && due_at(table, child + 1) < due_at(table, child))
            child++;
        if (due_at(table, child) >= due)
            break;
        put(table, place, table->heap[child]);
    }
    put(table, place, alarm);
}

static void take_out(struct alarm_table *table, struct alarm *alarm)
{
    uint32_t place = alarm->heap_place - 1;
    uint32_t last = table->heap[--table->heap_count];
    alarm->heap_place = 0;
    if (place == table->heap_count)
        return;
    put(table, place, last);
    sift_up(table, place);
    sift_down(table, table->list[last].heap_place - 1);
}

/* ---- the timer --------------------------------------------------------------------------------- */

static void on_timer(struct loop_timer *timer, void *user)
{
    struct alarms *alarms = user;
    struct alarm_table *table = &alarms->table;
    (void)timer;
    alarm_hours_look(alarms); /* if they end in this moment, that comes first */
    /* A loop's turn knows one time: what is put off from here lies behind it. */
    while (table->heap_count && due_at(table, 0) <= loop_now(alarms->loop))
        alarm_pass(alarms, &table->list[table->heap[0]]);
    alarm_heap_start(alarms);
}

void alarm_heap_start(struct alarms *alarms)
{
    clock_us due = alarms->table.heap_count ? due_at(&alarms->table, 0) : CLOCK_NEVER;
    if (due == CLOCK_NEVER)
        loop_timer_stop(&alarms->timer);
    else if (!loop_timer_running(&alarms->timer) || alarms->timer.deadline != due)
        loop_timer_at(alarms->loop, &alarms->timer, due, on_timer, alarms);
}

void alarm_heap_set(struct alarms *alarms, struct alarm *alarm, clock_us due)
{
    struct alarm_table *table = &alarms->table;
    if (alarm->due == due)
        return;
    bool was_first = alarm->heap_place == 1;
    alarm->due = due;
    if (due == CLOCK_NEVER) {
        take_out(table, alarm);
    } else {
        if (!alarm->heap_place)
            put(table, table->heap_count++, (uint32_t)(alarm - table->list));
        sift_up(table, alarm->heap_place - 1);
        sift_down(table, alarm->heap_place - 1);
    }
    if (was_first || alarm->heap_place == 1)
        alarm_heap_start(alarms);
}

/* Durations go on where they stood; what is settled may leave the active ones: from their end on.
 */
void alarms_stood_still(struct alarms *alarms, clock_us span)
{
    const struct alarm_table *table = &alarms->table;
    clock_us settle = span + CLOCK_S;
    alarms->settled = loop_now(alarms->loop) + (settle < ALARM_SETTLE ? settle : ALARM_SETTLE);
    for (uint32_t i = table->active_count; i-- > 0;) {
        struct alarm *alarm = i < table->active_count ? &table->list[table->active[i]] : NULL;
        if (!alarm || alarm->mind.blind || alarm->mind.due == CLOCK_NEVER)
            continue;
        alarm->mind.due += span;
        alarm_settle(alarms, alarm, ALARM_STAYS);
    }
}

/* ---- who is not normal ------------------------------------------------------------------------- */

void alarm_active_set(struct alarms *alarms, struct alarm *alarm, bool active)
{
    struct alarm_table *table = &alarms->table;
    if (active == (alarm->active_place != 0))
        return;
    table->ordered = false;
    if (active) {
        table->active[table->active_count++] = (uint32_t)(alarm - table->list);
        alarm->active_place = table->active_count;
        return;
    }
    uint32_t last = table->active[--table->active_count];
    table->active[alarm->active_place - 1] = last;
    table->list[last].active_place = alarm->active_place;
    alarm->active_place = 0;
}
