/* What must survive a restart: how each outlet was read last, what is under way, and the keys of
 * what has ended. One JSON file,
 * with a check sum behind it, written whole by the saver, off the loop; changes of one turn become
 * one writing. */

#include <math.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/json.h"
#include "base/log.h"
#include "engine/switcher_private.h"

#define AGAIN_AFTER (10 * CLOCK_S) /* a disk that refused is asked again */

/* ---- writing --------------------------------------------------------------------------------- */

static void write_memory(struct json *json, const struct switcher *switcher,
                         const struct memory *memory)
{
    clock_us ago = loop_now(switcher->loop) - memory->off_since;
    json_key_text(json, memory->path);
    json_open_object(json);
    json_pair_int(json, "last", memory->last);
    if (memory->off_since != CLOCK_NEVER)
        json_pair_int(json, "off_since", loop_wall(switcher->loop) - ago);
    if (memory->cycle)
        json_pair_bool(json, "cycle", true);
    json_close_object(json);
}

static void write_run(struct json *json, const struct run *run)
{
    const struct command_step *step = run_step(run);
    struct loop *loop = run->switcher->loop;
    clock_us due = step->due == CLOCK_NEVER ? loop_now(loop) : step->due;
    clock_us left = due > loop_now(loop) ? due - loop_now(loop) : 0;
    json_open_object(json);
    json_pair_text(json, "target", step->target);
    json_pair_int(json, "phases", run->phases);
    json_pair_int(json, "phase", run->phase);
    json_key(json, "wish");
    json_open_array(json);
    for (int i = 0; i < run->phases; i++)
        json_decimal(json, run->wish[i], 6);
    json_close_array(json);
    json_pair_int(json, "hold", run->hold);
    json_pair_bool(json, "sent", run->place >= RUN_KEEP);
    json_pair_bool(json, "cancelled", run->cancelled);
    json_pair_int(json, "left", left);
    json_pair_int(json, "due", loop_wall(loop) + left);
    json_key(json, "before");
    json_decimal(json, step->before, 6);
    json_close_object(json);
}

static void write_head(struct json *json, const struct command *command)
{
    json_pair_text(json, "id", command->id);
    json_pair_text(json, "action", command_action_name(command->action));
    json_pair_text(json, "actor", command->actor);
    json_pair_text(json, "origin", command->origin);
    json_pair_text(json, "reason", command->reason);
    json_pair_text(json, "key", command->key);
    json_key(json, "number");
    json_decimal(json, command->number, 6);
    json_pair_int(json, "accepted", command->accepted_wall);
}

static void write_command(struct json *json, const struct switcher *switcher,
                          const struct run *first)
{
    const struct command *command = first->command;
    json_open_object(json);
    write_head(json, command);
    json_pair_bool(json, "automatic", first->automatic);
    json_pair_bool(json, "restoring", first->restoring);
    json_key(json, "steps");
    json_open_array(json);
    for (const struct run *run = switcher->runs; run; run = run->next) {
        if (run->command == command)
            write_run(json, run);
    }
    json_close_array(json);
    json_close_object(json);
}

/* ---- what has ended -------------------------------------------------------------------------- */

static void write_ended_step(struct json *json, const struct command_step *step)
{
    json_open_object(json);
    json_pair_text(json, "target", step->target);
    json_pair_text(json, "state", command_state_name(step->state));
    json_pair_text(json, "reason", step->reason);
    json_key(json, "before");
    json_decimal(json, step->before, 6);
    json_key(json, "after");
    json_decimal(json, step->after, 6);
    json_key(json, "wish");
    json_decimal(json, step->wish, 6);
    json_close_object(json);
}

/* A client that repeats its request after our restart must get the same command again, not a
 * second reboot. Only the newest with a key, so that the file stays small. */
static void write_ended(struct json *json, const struct switcher *switcher)
{
    const struct commands *commands = switcher->options.commands;
    const struct command *command = NULL;
    size_t count = 0, steps = 0;
    json_key(json, "ended");
    json_open_array(json);
    while (count < LIMIT_COMMANDS_RECALLED && (command = commands_older(commands, command))) {
        if (!command->ended || !*command->key ||
            steps + command->step_count > LIMIT_COMMAND_STEPS_RECALLED)
            continue;
        count++;
        steps += command->step_count;
        json_open_object(json);
        write_head(json, command);
        json_pair_int(json, "took", command->ended - command->accepted);
        json_key(json, "steps");
        json_open_array(json);
        for (size_t i = 0; i < command->step_count; i++)
            write_ended_step(json, &command->steps[i]);
        json_close_array(json);
        json_close_object(json);
    }
    json_close_array(json);
}

static bool is_first(const struct run *run)
{
    for (const struct run *before = run->prev; before; before = before->prev) {
        if (before->command == run->command)
            return false;
    }
    return true;
}

/* What was kept before a crash may lag behind what was done, until the boards have been read. */
static bool is_doubtful(const struct switcher *switcher)
{
    const struct board *board = switcher->doubtful ? switcher->boards : NULL;
    while (board && !board->from_start)
        board = board->next;
    return board != NULL;
}

static void write_text(const struct switcher *switcher, struct buf *out, bool ended_well)
{
    struct json json = json_writer(out);
    json_open_object(&json);
    json_pair_int(&json, "version", KEPT_VERSION);
    json_pair_text(&json, "boot", switcher->boot);
    json_pair_bool(&json, "ended_well", ended_well);
    json_pair_bool(&json, "doubtful", is_doubtful(switcher));
    json_pair_bool(&json, "wall_known", clock_wall_known(loop_clock(switcher->loop)));
    json_key(&json, "outlets");
    json_open_object(&json);
    for (const struct memory *memory = switcher->memories; memory; memory = memory->next)
        write_memory(&json, switcher, memory);
    json_close_object(&json);
    json_key(&json, "commands");
    json_open_array(&json);
    for (const struct run *run = switcher->runs; run; run = run->next) {
        if (is_first(run))
            write_command(&json, switcher, run);
    }
    json_close_array(&json);
    write_ended(&json, switcher);
    json_close_object(&json);
    /* A flipped bit may be another outlet's number. */
    buf_add_format(out, KEPT_SUM "%08x\n", crc32c(0, out->data, out->length));
}

/* ---- when ------------------------------------------------------------------------------------ */

static void save(struct switcher *switcher);

static void on_again(struct loop_timer *timer, void *user)
{
    (void)timer;
    save(user);
}

/* A disk that refuses holds up nothing: what waited for it goes on. */
static void on_saved(void *to, const struct err *err)
{
    struct switcher *switcher = to;
    switcher->saving = false;
    switcher->save_done = switcher->save_started;
    if (switcher->stopped)
        return;
    if (err->code) {
        log_error("switching", "what is pending is not saved: %s", err->text);
        loop_timer_at(switcher->loop, &switcher->save_again, loop_now(switcher->loop) + AGAIN_AFTER,
                      on_again, switcher);
    } else if (switcher->save_wanted > switcher->save_started) {
        save(switcher);
    }
    for (struct run *run = switcher->runs, *next; run; run = next) {
        next = run->next;
        if (run->place == RUN_KEEP && run->keep_wanted <= switcher->save_done)
            run_kept(run);
    }
}

static void save(struct switcher *switcher)
{
    const struct switcher_store *store = &switcher->options.store;
    struct buf content = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    if (!store->save || switcher->saving)
        return;
    write_text(switcher, &content, switcher->stopped);
    switcher->save_started = switcher->save_wanted;
    switcher->saving = true;
    if (store->save(store->user, &content, on_saved, switcher, &err) < 0) {
        switcher->saving = false;
        log_error("switching", "what is pending is not saved: %s", err.text);
        loop_timer_at(switcher->loop, &switcher->save_again, loop_now(switcher->loop) + AGAIN_AFTER,
                      on_again, switcher);
    }
}

static void on_save_later(struct loop_defer *defer, void *user)
{
    (void)defer;
    save(user);
}

uint64_t keep_wanted(struct switcher *switcher)
{
    switcher->save_wanted++;
    if (!switcher->stopped && switcher->options.store.save)
        loop_defer(switcher->loop, &switcher->save_later, on_save_later, switcher);
    return switcher->save_wanted;
}

/* Behind the one that is on its way, if any: the store writes in order. */
void keep_stop(struct switcher *switcher)
{
    loop_defer_cancel(&switcher->save_later);
    loop_timer_stop(&switcher->save_again);
    switcher->saving = false;
    save(switcher);
}
