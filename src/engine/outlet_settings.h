/* outlet_settings - what people say about outlets: the records of `outlets:` and the section
 * `switching:`.
 *
 * An outlet's record is named by its path, pdu-a/outlet-3; an outlet without a record has the
 * defaults of the rows. Read-only.
 */
#pragma once

#include <stdint.h>

#include "model/config.h"

/* What happens to an outlet when its board had lost its power and has it again. */
enum outlet_power_up {
    OUTLET_POWER_UP_LAST, /* as it was before */
    OUTLET_POWER_UP_ON,
    OUTLET_POWER_UP_OFF,
    OUTLET_POWER_UP_BOARD,    /* what the board does by itself: nothing is sent */
    OUTLET_POWER_UP_SCHEDULE, /* as the schedules say for this moment; `last` when none speaks */
};

struct outlet_settings {
    const char *name, *url;
    int64_t on_delay, off_delay, reboot_delay, reboot_hold; /* us */
    int64_t power_up;                                       /* enum outlet_power_up */
    int64_t power_up_delay, min_off;                        /* us */
    const char *power_up_when; /* condition that must hold before its power comes back; "" */
    const char *cycle_after;   /* condition under which its equipment shuts itself down; "" */
    const char *fed_by;        /* component upstream; "" what the device's driver says */
    bool critical, lock;
    int64_t confirm_within; /* us: as in `switching`, for this outlet; 0: that one counts */
    double rated_current;   /* A, 0: not known */
    double min_current;     /* A: what its equipment draws at least while on; 0: not checked */
    int64_t right;          /* OUTLET_RIGHT_... */
    const char *users;      /* names, comma between; "" everybody who has the right */
};

/* The words of `right`. */
enum { OUTLET_RIGHT_CONTROL, OUTLET_RIGHT_ADMINISTRATOR };
extern const char *const outlet_rights[];

extern const struct setting_table outlet_settings_table;

enum switching_pending { SWITCHING_RESUME, SWITCHING_CANCEL };

struct switching_settings {
    int64_t pending;        /* enum switching_pending */
    int64_t confirm_within; /* us: a device that has not obeyed by then has not obeyed */
    int64_t unknown_for;    /* us: how long an unknown outcome is read again */
    bool confirm_current;
    double current_off; /* A: less counts as none */
    double voltage_off; /* V: likewise */
};

extern const struct setting_table switching_settings_table;

/* What an outlet without a record has; lives as long as the program. */
struct outlet_settings outlet_settings_default(void);
