/* live_commands - what becomes of commands, on the live streams: event `commands`.
 *
 * A command of hundreds of steps changes hundreds of times; what is sent is a summary of each
 * command that changed, the first at once, then gathered for LIVE_COMMANDS_GAP. The steps are asked
 * for (GET /commands/{id}), and what the hardware says comes as points. Owned by the web face; loop
 * thread only.
 */
#pragma once

#include "face/live.h"

struct commands;
struct live_commands;

#define LIVE_COMMANDS_GAP (100 * CLOCK_MS)

/* All are borrowed. NULL without memory. */
struct live_commands *live_commands_new(struct loop *loop, struct commands *commands,
                                        const struct site *site, struct live *live);
struct live_commands *live_commands_free(struct live_commands *live_commands);
