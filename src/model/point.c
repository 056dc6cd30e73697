#include <assert.h>
#include <math.h>
#include <string.h>

#include "model/site_private.h"

static struct site *site_of(const struct point *point)
{
    return point->component->device->site;
}

static void set_quality(struct point *point, enum quality quality, enum value_reason reason)
{
    if (point->value.quality == quality && point->value.reason == reason)
        return;
    point->value.quality = quality;
    point->value.reason = reason;
    feed_point_changed(site_of(point), point);
}

static void set_time(struct point *point, clock_us mono, clock_us wall)
{
    point->value.mono = mono;
    point->value.wall = wall;
    point->value.wall_known = clock_wall_known(loop_clock(site_of(point)->loop));
}

void point_put(struct point *point, double number, clock_us mono, clock_us wall)
{
    assert(!point->text);
    const struct quantity_row *row = quantity_row(point->quantity);
    point->raw = number;
    if (!isfinite(number)) {
        set_quality(point, QUALITY_BAD, REASON_MALFORMED);
        return;
    }
    if (number < row->low || number > row->high) {
        set_quality(point, QUALITY_BAD, REASON_OUT_OF_RANGE);
        return;
    }
    if (point->filter.apply && !point->filter.apply(point->filter.user, point, &number, mono, wall))
        return;
    set_time(point, mono, wall);
    /* Compared as stored: a reading that is the same to the last bit changes nothing for anybody.
     */
    if (memcmp(&point->value.number, &number, sizeof number) != 0) {
        point->value.number = number;
        feed_point_changed(site_of(point), point);
    }
    set_quality(point, QUALITY_GOOD, REASON_NONE);
    if (point->tap.saw)
        point->tap.saw(point->tap.user, point);
}

void point_put_text(struct point *point, const char *text, clock_us mono, clock_us wall)
{
    assert(point->text);
    set_time(point, mono, wall);
    char cut[LIMIT_TEXT_VALUE] = "";
    strncpy(cut, text, sizeof cut - 1);
    if (strcmp(point->text, cut) != 0) {
        memcpy(point->text, cut, sizeof cut);
        feed_point_changed(site_of(point), point);
    }
    set_quality(point, QUALITY_GOOD, REASON_NONE);
}

void point_mark(struct point *point, enum quality quality, enum value_reason reason)
{
    /* Only what was known can grow old. */
    if (quality == QUALITY_STALE && point->value.quality == QUALITY_ABSENT)
        return;
    set_quality(point, quality, reason);
}

void device_mark_stale(struct device *device, enum value_reason reason)
{
    for (struct component *component = device->components; component; component = component->next) {
        for (struct point *point = component->points; point; point = point->next) {
            if (point->value.quality == QUALITY_GOOD)
                set_quality(point, QUALITY_STALE, reason);
        }
    }
}

void site_age(struct site *site)
{
    clock_us now = loop_now(site->loop);
    for (uint32_t slot = 1; slot < site->slot_count; slot++) {
        struct point *point = site->slots[slot].point;
        if (point && point->value.quality == QUALITY_GOOD &&
            now - point->value.mono > point->good_for)
            set_quality(point, QUALITY_STALE, REASON_TOO_OLD);
    }
}
