/* What became of a write: only a reading taken after it proves that it was done, and where the
 * settings ask for it the current must agree. Between "not yet" and "it did not obey" lies the time
 * to confirm; between "nobody answers" and "nobody knows" the time after which it is given up. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/switcher_private.h"

#define LOOK_AGAIN (200 * CLOCK_MS) /* while it may still obey */
#define LEVEL_TOLERANCE 0.5         /* %: boards round to steps of their own */

static void advance(struct run *run)
{
    struct command_step *step = run_step(run);
    if (run->phase + 1 < run->phases && !run->cancelled) {
        run->phase++;
        run->place = RUN_WAIT;
        run->resumed = false;
        clock_us due = run_now(run) + run->hold;
        run->give_up = due + run->switcher->settings.unknown_for;
        run_show(run, COMMAND_PENDING, due, "");
        keep_wanted(run->switcher);
        runs_kick(run->switcher);
        run_wait_until(run, due);
        return;
    }
    step->confirmed_us = run_since_accepted(run);
    char text[200];
    if (run->phase + 1 < run->phases) {
        snprintf(text, sizeof text, "cancelled in the middle: it is %s and stays so",
                 run_wants_on(run) ? "on" : "off");
        run_end(run, COMMAND_CANCELLED, text);
    } else if (!isnan(run->flow)) {
        snprintf(text, sizeof text,
                 "%.2f A flowed while it read off: its contact may be welded, or something else "
                 "feeds it",
                 run->flow);
        run_end(run, COMMAND_FAILED, text);
    } else {
        run_end(run, COMMAND_CONFIRMED, NULL);
    }
}

static void did_not_obey(struct run *run)
{
    char text[200], number[40];
    const struct point *point = site_point(run->switcher->options.site, run->point);
    if (run->point == run->outlet->state)
        snprintf(number, sizeof number, "%s", say_state(!run_wants_on(run)));
    else
        snprintf(number, sizeof number, "%g", point->value.number);
    if (run->resumed)
        snprintf(text, sizeof text, "was not done before busbar was restarted: it reads %s",
                 number);
    else if (run->unsure)
        snprintf(text, sizeof text, "no proper answer came, and it reads %s: it did not switch",
                 number);
    else
        snprintf(text, sizeof text, "the device accepted and did not obey: it still reads %s",
                 number);
    if (!run_try_again(run, text))
        run_end(run, COMMAND_FAILED, text);
}

static bool is_reached(const struct run *run, double number)
{
    double wish = run->wish[run->phase];
    return run->point == run->outlet->state ? number == wish
                                            : fabs(number - wish) <= LEVEL_TOLERANCE;
}

static void check_state(struct run *run, const struct point *point)
{
    const struct switching_settings *settings = &run->switcher->settings;
    struct command_step *step = run_step(run);
    step->after = point->value.number;
    if (is_reached(run, point->value.number)) {
        bool state = run->point == run->outlet->state;
        if (state)
            outlet_remember(run->switcher, run->outlet, run_wants_on(run));
        if (state && settings->confirm_current && run->outlet->current) {
            run->place = RUN_CURRENT;
            commands_touch(run->switcher->options.commands, run->command);
            run_look(run);
        } else {
            advance(run);
        }
    } else if (run_now(run) < run->prove_by) {
        run_wait_until(run, run_now(run) + LOOK_AGAIN);
    } else {
        did_not_obey(run);
    }
}

/* The state was read as wished; what flows must not say the contrary. */
static void check_current(struct run *run, const struct point *point)
{
    double amperes = point->value.number;
    bool on = run_wants_on(run);
    double least = run->outlet->settings->min_current;
    bool good = on ? amperes >= least : amperes < run->switcher->settings.current_off;
    if (!good && run_now(run) < run->prove_by) {
        run_wait_until(run, run_now(run) + LOOK_AGAIN);
        return;
    }
    if (!good && on)
        snprintf(run->note, sizeof run->note,
                 "on, but only %.2f A flow: at least %.2f A were expected", amperes, least);
    else if (!good)
        run->flow = amperes;
    advance(run);
}

static void nobody_answers(struct run *run)
{
    if (run->place == RUN_CURRENT) { /* not measured now: the state stands alone */
        advance(run);
        return;
    }
    if (run_now(run) >= run->give_up) {
        run_end(run, COMMAND_UNKNOWN,
                run->phases > 1 && run->phase == 0
                    ? "whether it went off could not be read: it was not switched on again"
                    : "written, and what became of it could not be read");
        return;
    }
    if (run_now(run) >= run->prove_by)
        run_show(run, COMMAND_UNKNOWN, CLOCK_NEVER,
                 "written, and the outlet cannot be read: nobody knows, it is read again");
    run_wait_until(run,
                   run_now(run) + (run_now(run) < run->prove_by ? LOOK_AGAIN : RUN_LOOK_RARELY));
}

static void on_look(void *to, bool answered)
{
    struct look *one = to;
    struct switcher *switcher = one->switcher;
    struct run *run = one->run;
    struct look **at = &switcher->looks;
    while (*at != one)
        at = &(*at)->next;
    *at = one->next;
    free(one);
    if (!run)
        return;
    run->look = NULL;
    if (!run->outlet || switcher->stopped)
        return;
    bool current = run->place == RUN_CURRENT;
    const struct point *point =
        site_point(switcher->options.site, current ? run->outlet->current : run->point);
    if (!answered || !point || point->value.quality != QUALITY_GOOD)
        nobody_answers(run);
    else if (current)
        check_current(run, point);
    else
        check_state(run, point);
}

void run_look(struct run *run)
{
    struct switcher *switcher = run->switcher;
    const struct switcher_hardware *hardware = &switcher->options.hardware;
    struct look *one = mem_new(sizeof *one);
    *one = (struct look){.next = switcher->looks, .switcher = switcher, .run = run};
    switcher->looks = one;
    run->look = one;
    point_id point = run->place == RUN_CURRENT ? run->outlet->current : run->point;
    if (hardware->read(hardware->user, point, on_look, one))
        return;
    switcher->looks = one->next;
    free(one);
    run->look = NULL;
    nobody_answers(run);
}
