/* device_settings - the `devices:` collection: what is asked, where, and how often. */
#pragma once

#include "base/clock.h"
#include "model/setting.h"

struct device_settings {
    const char *line, *profile, *label, *role, *fed_by;
    const char *part_of;  /* the device that it is shown and switched as a part of; "" none */
    int64_t first_outlet; /* number there of its first outlet */
    int64_t wiring;       /* enum device_wiring */
    double rated_current; /* A, 0: not known */
    int64_t unit;
    int64_t every;                              /* us */
    int64_t good_for;                           /* us; 0: three times `every` */
    int64_t timeout_ms, pause_ms, write_gap_ms; /* 0: the profile's, then the line's */
    bool enabled;
};

extern const struct setting_table device_settings_table;

/* Whether two records mean the same device, so that a reload may leave it alone. */
bool device_settings_equal(const struct device_settings *a, const struct device_settings *b);

/* A copy that outlives the configuration: texts are owned and freed by device_settings_deinit. */
void device_settings_copy(struct device_settings *copy, const struct device_settings *settings);
void device_settings_deinit(struct device_settings *settings);
