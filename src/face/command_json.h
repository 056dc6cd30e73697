/* command_json - commands as the API writes them, and wishes as clients send them.
 *
 * Reading checks the form only; whether it may be done is the door's to say (model/command.h).
 * Loop thread only.
 */
#pragma once

#include <jansson.h>

#include "base/json.h"
#include "face/time_form.h"
#include "model/command.h"
#include "model/site.h"

struct switcher;

/* Times of a command are monotonic; `now` and `wall` are the same moment on both clocks. */
struct command_view {
    enum time_form form;
    clock_us now, wall;
    const struct site *site;         /* for the words of states */
    const struct switcher *switcher; /* for how long a reboot holds; NULL: not told */
};

/* How a whole command stands: "running" until it ended, then "done" when every step was confirmed,
 * else the worst of its steps: "failed", "unknown", "refused", "cancelled". */
const char *command_json_state(const struct command *command);

/* The command with its steps. */
void command_json_write(struct json *json, const struct command *command,
                        const struct command_view *view);

/* Members of an open object: "state", "reason", "due", "due_in_ms", "wish", "wish_text". */
void command_json_pair_progress(struct json *json, const struct command_step *step,
                                const struct command_view *view);

/* What a stream tells of it: counts in place of the steps. */
void command_json_write_summary(struct json *json, const struct command *command,
                                const struct command_view *view);

/* A wish as it came; its texts belong to the JSON it was read from, `targets` to the wish. */
struct command_json_wish {
    struct command_wish wish;
    const char **targets;
};

/* Read {targets, action, number?, delay?, reason?, key?, confirm?, only_ask?}; actor, origin and
 * role are left to the caller. 0, or -EINVAL/-ENOMEM and the sentence. */
int command_json_read(const json_t *body, struct command_json_wish *wish, struct err *err);
void command_json_wish_deinit(struct command_json_wish *wish);
