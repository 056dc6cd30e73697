#include "engine/meter.h"

/* A roll-over is believed only from the last tenth of the register's range into its first. */
#define ROLLOVER_ZONE 0.1

static enum meter_step count(struct meter_entry *entry, double reading, enum meter_step step)
{
    entry->last = reading;
    entry->published = reading + entry->base;
    entry->suspect_since = 0;
    return step;
}

static bool rolled_over(const struct meter_entry *entry, double reading, double rollover)
{
    return rollover > 0 && entry->last > rollover * (1 - ROLLOVER_ZONE) &&
           reading < rollover * ROLLOVER_ZONE;
}

enum meter_step meter_step(struct meter_entry *entry, double reading, double rollover, clock_us now)
{
    if (!entry->known) {
        *entry = (struct meter_entry){.known = true};
        return count(entry, reading, METER_COUNTED);
    }
    if (reading >= entry->last)
        return count(entry, reading, METER_COUNTED);
    if (rolled_over(entry, reading, rollover)) {
        entry->base += rollover;
        return count(entry, reading, METER_ROLLED_OVER);
    }
    if (!entry->suspect_since || reading < entry->suspect) {
        entry->suspect = reading;
        entry->suspect_since = now;
        return METER_SUSPECTED;
    }
    if (now - entry->suspect_since < METER_CONFIRM)
        return METER_SUSPECTED;
    /* What was counted since the register began anew belongs to the count; what it held then does
     * not. */
    entry->base = entry->published - entry->suspect;
    return count(entry, reading, METER_RESET);
}
