/* What happens when a board had lost its power, and how that is known.
 *
 * The evidence is the board's own: contact was lost and is back, at least one outlet that was on
 * reads off, and all of them read off; a board that tells since when it runs must have begun anew.
 * Where it tells that, all on instead of as before is evidence as well. A restart of busbar, of the
 * board's processor, or a loose cable is none: then what is read is taken as it is, and what
 * differs is told. After our own start the loss may have been while we were away: what was kept is
 * believed when we had ended well, or when the machine itself was without power too. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/switcher_private.h"

#define JUDGE_MOST (10 * CLOCK_S) /* then outlets that cannot be read are left aside */
#define JUDGE_LOOK (100 * CLOCK_MS)
#define BOOT_SLACK (5 * CLOCK_S) /* uptimes are told in seconds, and late */

struct board *board_for(struct switcher *switcher, const char *name)
{
    struct board **at = &switcher->boards;
    for (; *at; at = &(*at)->next) {
        if (strcmp((*at)->name, name) == 0)
            return *at;
    }
    struct board *board = mem_new(sizeof *board + strlen(name) + 1);
    strcpy(board->name, name);
    board->from_start = true;
    board->booted = CLOCK_NEVER;
    *at = board;
    return board;
}

enum board_state board_state(const struct board *board)
{
    if (board->online)
        return board->judging ? BOARD_JUDGING : BOARD_READY;
    return board->lost ? BOARD_SILENT : BOARD_JUDGING;
}

/* The moment of the board's own start by what it says now; CLOCK_NEVER when it says nothing. */
static clock_us booted_at(const struct switcher *switcher, const struct board *board)
{
    const struct device *device = site_device_find(switcher->options.site, board->name);
    const struct component *total =
        device ? device_component_find(device, COMPONENT_TOTAL, 0) : NULL;
    const struct point *point = total ? component_point(total, QUANTITY_UPTIME) : NULL;
    if (!point || point->value.quality != QUALITY_GOOD || point->value.mono < board->since)
        return CLOCK_NEVER;
    return point->value.mono - (clock_us)(point->value.number * (double)CLOCK_S);
}

/* ---- the verdict ----------------------------------------------------------------------------- */

/* Of the contacts themselves: an inverted output is closed while it is off. */
struct sight {
    size_t unread, closed, open; /* as they read now */
    size_t lost, gained;         /* that were closed and read open, and the other way round */
};

static struct sight look_at(const struct switcher *switcher, const struct board *board)
{
    struct sight sight = {0};
    for (size_t i = 0; i < switcher->outlet_count; i++) {
        const struct outlet *outlet = &switcher->outlets[i];
        if (outlet->board != board)
            continue;
        const struct point *point = site_point(switcher->options.site, outlet->state);
        int reads = outlet_reads(switcher, outlet);
        if (reads < 0 || point->value.mono < board->since) {
            sight.unread++;
            continue;
        }
        bool closed = reads != outlet->inverted;
        int before = outlet->memory->last < 0 ? -1 : outlet->memory->last != outlet->inverted;
        *(closed ? &sight.closed : &sight.open) += 1;
        /* what was sent and not proven may be the reason */
        const struct run *run = outlet->run;
        if (run && !run->restoring && (run_sent(run) || run->resumed))
            continue;
        sight.lost += !closed && before == 1;
        sight.gained += closed && before == 0;
    }
    return sight;
}

/* NULL, or what shows that the board was without power. */
static const char *evidence(const struct switcher *switcher, const struct board *board,
                            const struct sight *sight)
{
    bool trusted = board->from_start ? !switcher->doubtful : board->lost;
    clock_us booted = booted_at(switcher, board);
    bool told = booted != CLOCK_NEVER && board->booted != CLOCK_NEVER;
    bool anew = told && booted > board->booted + BOOT_SLACK;
    if (!trusted || (told && !anew))
        return NULL;
    if (sight->closed == 0 && sight->lost > 0)
        return anew ? "it began anew, and all its outlets read off"
                    : "contact was lost, and all its outlets read off";
    if (anew && sight->open == 0 && sight->gained > 0)
        return "it began anew, and all its outlets read on";
    return NULL;
}

/* ---- bringing outlets back ------------------------------------------------------------------- */

/* 1, 0, or -1: left alone. */
static int wanted(const struct switcher *switcher, const struct outlet *outlet)
{
    int says;
    switch ((enum outlet_power_up)outlet->settings->power_up) {
    case OUTLET_POWER_UP_ON:
        return 1;
    case OUTLET_POWER_UP_OFF:
        return 0;
    case OUTLET_POWER_UP_BOARD:
        return -1;
    case OUTLET_POWER_UP_SCHEDULE:
        says =
            switcher->scheduled ? switcher->scheduled(switcher->scheduled_user, outlet->path) : -1;
        return says >= 0 ? says : outlet->memory->last;
    case OUTLET_POWER_UP_LAST:
        break;
    }
    return outlet->memory->last;
}

static size_t bring(struct switcher *switcher, const struct board *board, bool on)
{
    struct plan plan = PLAN_EMPTY;
    for (size_t i = 0; i < switcher->outlet_count; i++) {
        struct outlet *outlet = &switcher->outlets[i];
        if (outlet->board != board || outlet->run || wanted(switcher, outlet) != on ||
            outlet_reads(switcher, outlet) == on)
            continue;
        plan_add(&plan, &(struct plan_item){
                            .outlet = outlet,
                            .point = outlet->state,
                            .due = loop_now(switcher->loop) + outlet->settings->power_up_delay,
                            .wish = {outlet_number(outlet, on)},
                            .phases = 1,
                        });
    }
    plan_sort(&plan);
    size_t count = plan.count;
    const char *target = board->name;
    struct command_wish wish = {
        .action = on ? COMMAND_ON : COMMAND_OFF,
        .targets = &target,
        .target_count = 1,
        .actor = "system",
        .origin = "power-up",
        .reason = "the board had lost its power",
        .role = ROLE_ADMINISTRATOR,
        .automatic = true,
    };
    struct command_plan *rows = plan_rows(switcher, &plan);
    struct command *command =
        count ? commands_add(switcher->options.commands, &wish, NULL, rows, count) : NULL;
    free(rows);
    if (command) {
        say_accepted(switcher, command);
        switcher_begin(switcher, command, &plan, true, true);
    }
    free(plan.list);
    return command ? count : 0;
}

/* What an earlier power-up had sent is as lost as the rest: it begins anew. */
static void forget_sent(struct switcher *switcher, const struct board *board)
{
    for (struct run *run = switcher->runs, *next; run; run = next) {
        next = run->next;
        if (!run->restoring || !run_sent(run) || run->outlet->board != board)
            continue;
        struct outlet *outlet = run->outlet;
        bool on = run_wants_on(run);
        run_end(run, COMMAND_CANCELLED, "the board lost its power again");
        outlet_remember(switcher, outlet, on); /* that is still what it was before the power went */
    }
}

/* The power came a second time: what waits for its turn has its whole delay again, or all of them
 * would come at once. */
static void begin_anew(struct switcher *switcher, const struct board *board)
{
    for (struct run *run = switcher->runs; run; run = run->next) {
        if (run->restoring && run->place == RUN_WAIT && run->outlet && run->outlet->board == board)
            run_delay(run, run->outlet->settings->power_up_delay);
    }
}

/* ---- judging --------------------------------------------------------------------------------- */

static void take_as_read(struct switcher *switcher, const struct board *board)
{
    for (size_t i = 0; i < switcher->outlet_count; i++) {
        struct outlet *outlet = &switcher->outlets[i];
        int reads = outlet->board == board ? outlet_reads(switcher, outlet) : -1;
        if (reads < 0)
            continue;
        bool ours = outlet->run && (run_sent(outlet->run) || outlet->run->resumed);
        if (outlet->memory->last >= 0 && outlet->memory->last != reads && !ours)
            say_changed(switcher, outlet, reads);
        outlet_remember(switcher, outlet, reads);
    }
}

/* What is not brought back is from now on as it reads. */
static void take_rest(struct switcher *switcher, const struct board *board)
{
    for (size_t i = 0; i < switcher->outlet_count; i++) {
        struct outlet *outlet = &switcher->outlets[i];
        int reads = outlet->board == board ? outlet_reads(switcher, outlet) : -1;
        if (reads >= 0 && !(outlet->run && outlet->run->restoring))
            outlet_remember(switcher, outlet, reads);
    }
}

static void judge(struct switcher *switcher, struct board *board)
{
    struct sight sight = look_at(switcher, board);
    if (sight.unread && loop_now(switcher->loop) < board->judge_by)
        return;
    const char *proof = evidence(switcher, board, &sight);
    clock_us booted = booted_at(switcher, board);
    board->judging = board->lost = board->from_start = false;
    if (booted != CLOCK_NEVER)
        board->booted = booted;
    if (!proof) {
        take_as_read(switcher, board);
        runs_kick(switcher);
        return;
    }
    say_power_up(switcher, board, proof, sight.lost + sight.gained);
    forget_sent(switcher, board);
    begin_anew(switcher, board);
    return_forget(switcher, board);
    bring(switcher, board, false);
    bring(switcher, board, true);
    take_rest(switcher, board);
    runs_kick(switcher);
}

/* Outlets may be of a part of the device that is silent on its own. `first` is the board's first
 * outlet, the others follow it. */
static bool has_silent(const struct switcher *switcher, size_t first)
{
    const struct board *board = switcher->outlets[first].board;
    for (size_t i = first; i < switcher->outlet_count; i++) {
        const struct outlet *outlet = &switcher->outlets[i];
        if (outlet->board != board)
            break;
        const struct point *point = site_point(switcher->options.site, outlet->state);
        if (point && point->value.quality != QUALITY_GOOD &&
            (point->value.reason == REASON_SILENT || point->value.reason == REASON_LINE_DOWN))
            return true;
    }
    return false;
}

static void look_state(struct switcher *switcher, size_t first)
{
    struct board *board = switcher->outlets[first].board;
    const struct device *device = site_device_find(switcher->options.site, board->name);
    bool silent = device && (device->state == DEVICE_SILENT || has_silent(switcher, first));
    bool online = device && device->state == DEVICE_ONLINE && !silent;
    board->lost = board->lost || silent;
    if (board->online && !online)
        board->since = loop_now(switcher->loop);
    if (!board->online && online) {
        board->judging = true;
        board->judge_by = loop_now(switcher->loop) + JUDGE_MOST;
    }
    board->online = online;
}

bool board_is_back(const struct switcher *switcher, const struct board *board)
{
    const struct device *device = site_device_find(switcher->options.site, board->name);
    size_t first = 0;
    while (first < switcher->outlet_count && switcher->outlets[first].board != board)
        first++;
    return device && device->state == DEVICE_ONLINE && first < switcher->outlet_count &&
           !has_silent(switcher, first);
}

static void on_board_timer(struct loop_timer *timer, void *user)
{
    (void)timer;
    boards_look(user);
}

void boards_look(struct switcher *switcher)
{
    const struct board *last = NULL;
    for (size_t i = 0; i < switcher->outlet_count; i++) {
        const struct outlet *outlet = &switcher->outlets[i];
        if (outlet->board != last)
            look_state(switcher, i);
        last = outlet->board;
    }
    bool judging = false;
    for (struct board *board = switcher->boards; board; board = board->next) {
        if (board->judging)
            judge(switcher, board);
        judging = judging || board->judging;
    }
    if (judging && !switcher->stopped)
        loop_timer_at(switcher->loop, &switcher->board_timer, loop_now(switcher->loop) + JUDGE_LOOK,
                      on_board_timer, switcher);
}

void boards_free(struct switcher *switcher)
{
    loop_timer_stop(&switcher->board_timer);
    while (switcher->boards) {
        struct board *board = switcher->boards;
        switcher->boards = board->next;
        free(board);
    }
}
