/* lamps - the lamps of the unit: power, bus receive, bus transmit, link, shown on LEDs of the
 * machine that the settings name (Linux LED class).
 *
 * While it lives each LED is ours (trigger "none"); when it ends, LEDs get back the trigger and the
 * brightness that they had. Looks at the counters of the lines ten times a second and writes an LED
 * only when it changes: the kernel hands that on to a worker where the chip is slow, so a write
 * does not block. An LED that cannot be written is told once in the log and left alone. Loop thread
 * only.
 */
#pragma once

#include "base/loop.h"
#include "field/field.h"
#include "model/setting.h"

enum lamp { LAMP_POWER, LAMP_RECEIVE, LAMP_TRANSMIT, LAMP_LINK, LAMPS };

#define LAMPS_EVERY (100 * CLOCK_MS)

struct lamps_settings {
    const char *names[LAMPS]; /* below the folder; "" : none */
    const char *folder;       /* of the LED class */
};

extern const struct setting_table lamps_settings_table;

struct lamps;

/* Loop and field are borrowed; settings are copied. Without a name in the settings it does nothing
 * at all. */
struct lamps *lamps_new(struct loop *loop, const struct field *field,
                        const struct lamps_settings *settings);
struct lamps *lamps_free(struct lamps *lamps); /* accepts NULL, returns NULL */

/* Other settings: LEDs that are not named any more are given back. */
void lamps_configure(struct lamps *lamps, const struct lamps_settings *settings);
