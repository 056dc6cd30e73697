/* Ten thousand random operations: commands, cancels, restarts by kill -9, boards that ignore, come
 * late, refuse, lose their power. A model of its own knows what somebody asked of each outlet: no
 * other state may ever be written, and what was confirmed must be so.
 *
 * The model: a write is asked for when a living command of the outlet wants that state, or when the
 * board was without power and the outlet had that state before. A kill may forget what happened so
 * shortly before that the disk did not have it (SAVED_AFTER): then the command before counts still.
 */
#include "engine/switcher_testing.h"

#include <fcntl.h>
#include <unistd.h>

enum { BOARDS = 3, OUTLETS = 8, OPERATIONS = 10000, EPOCH = 25, TRACE = 60, ASKED = 6 };

#define SAVED_AFTER (200 * CLOCK_MS) /* twice the slowest disk, and some */
#define SEEN_AFTER (2 * CLOCK_S)     /* a state that stood so long has been read */
#define MIN_OFF (3 * CLOCK_S)

static const char settled[] =
    "devices: {pdu-0: {}, pdu-1: {}, pdu-2: {}}\n"
    "outlets:\n"
    "  pdu-0/outlet-1: {on_delay: 1 s, off_delay: 2 s, reboot_hold: 3 s}\n"
    "  pdu-0/outlet-2: {min_off: 3 s, on_delay: 500 ms}\n"
    "  pdu-1/outlet-3: {reboot_delay: 2 s, reboot_hold: 1 s, power_up_delay: 1 s}\n"
    "  pdu-1/outlet-4: {critical: true}\n"
    "  pdu-2/outlet-5: {power_up_delay: 2 s}\n"
    "groups:\n"
    "  mixed: {members: 'pdu-2/outlet-1, pdu-0/outlet-1, pdu-1/outlet-*', step: 100 ms}\n"
    "interlocks:\n"
    "  pair: {kind: never-both, members: 'pdu-2/outlet-7, pdu-2/outlet-8'}\n"
    "switching: {confirm_within: 1 s, unknown_for: 20 s, pending: ";

/* ---- the model ------------------------------------------------------------------------------- */

struct asked {
    bool live, revived; /* by a kill */
    char id[24];
    bool first, last; /* states it wants: a reboot off, then on */
    bool reboot;
    clock_us over; /* when it ended or was cancelled; 0 */
};

struct model_outlet {
    struct asked list[ASKED]; /* the newest first */
    bool restore[2];          /* states that a power-up may bring */
    bool dropped[2];          /* that it might until a cancel, and when that was */
    clock_us dropped_at;
    bool disturbed; /* by hand, a fault, a loss or a kill since the last quiet */
    bool lost_on;   /* was on when its board lost its power; nothing else happened */
    bool quiet_state;
};

struct story {
    struct rig rig; /* first: rig callbacks find the story */
    struct model_outlet outlets[BOARDS][OUTLETS];
    clock_us cut_at[BOARDS], started;
    uint64_t random;
    unsigned operation, count[12];
    char trace[TRACE][120], yaml[2][1200];
};

static struct model_outlet *model_of(const struct rig_outlet *outlet)
{
    struct story *story = (struct story *)outlet->rig;
    return &story->outlets[outlet->board][outlet->number - 1];
}

static void note(struct story *story, const char *what, const char *more)
{
    snprintf(story->trace[story->operation % TRACE], sizeof story->trace[0], "%u %.3f s %s %.70s",
             story->operation, (double)clock_mono(&story->rig.clock) / CLOCK_S, what, more);
}

static void fail_story(const struct story *story, const struct rig_outlet *outlet, const char *why)
{
    for (unsigned i = 1; i <= TRACE; i++)
        printf("# %s\n", story->trace[(story->operation + i) % TRACE]);
    const struct model_outlet *model = &story->outlets[outlet->board][outlet->number - 1];
    printf("# pdu-%zu/outlet-%zu at %.3f s: %s (command %s, before it %s)\n", outlet->board,
           outlet->number, (double)clock_mono(&story->rig.clock) / CLOCK_S, why, model->list[0].id,
           model->list[1].id);
    fflush(stdout);
    fail_msg("%s", why);
}

static bool wants(const struct asked *asked, bool on)
{
    return asked->live && (asked->last == on || (asked->reboot && asked->first == on));
}

static bool is_paired(const struct rig_outlet *outlet)
{
    return outlet->board == 2 && outlet->number >= 7;
}

static void on_write(struct rig *rig, struct rig_outlet *outlet, bool on)
{
    const struct model_outlet *model = model_of(outlet);
    bool asked = model->restore[on];
    for (size_t i = 0; i < ASKED; i++)
        asked = asked || wants(&model->list[i], on);
    if (!asked)
        fail_story((struct story *)rig, outlet,
                   on ? "nobody asked for on" : "nobody asked for off");
}

static void on_move(struct rig *rig, struct rig_outlet *outlet, bool cut)
{
    struct story *story = (struct story *)rig;
    struct model_outlet *model = model_of(outlet);
    if (cut) {
        clock_us now = clock_mono(&rig->clock);
        bool stood = now - outlet->changed >= SEEN_AFTER && now - story->started >= SEEN_AFTER;
        model->restore[true] = true; /* it closed, so it was on */
        model->restore[false] = model->restore[false] || !stood;
        model->lost_on = stood && !model->disturbed && !model->list[0].live;
        story->cut_at[outlet->board] = clock_mono(&rig->clock);
        model->disturbed = true;
        return;
    }
    if (outlet->fault == RIG_LATE) /* told as failed by then, and perhaps never read */
        model->restore[0] = model->restore[1] = true;
    if (is_paired(outlet) && outlet->closed && rig->outlets[2][outlet->number == 7 ? 7 : 6].closed)
        fail_story(story, outlet, "both of a pair are on");
    if (outlet->board == 0 && outlet->number == 2 && outlet->closed && outlet->changed &&
        !model->disturbed && clock_mono(&rig->clock) - outlet->changed < MIN_OFF)
        fail_story(story, outlet, "it was on again too soon");
}

/* What has ended wants nothing more. */
static void follow(struct story *story)
{
    for (size_t i = 0; i < BOARDS * OUTLETS; i++) {
        struct model_outlet *model = &story->outlets[i / OUTLETS][i % OUTLETS];
        for (size_t j = 0; j < ASKED; j++) {
            struct asked *asked = &model->list[j];
            const struct command *command =
                asked->live ? commands_find(story->rig.commands, asked->id) : NULL;
            bool over = asked->live && !command;
            for (size_t k = 0; command && k < command->step_count; k++) {
                const struct command_step *step = &command->steps[k];
                char path[40];
                snprintf(path, sizeof path, "pdu-%zu/outlet-%zu", i / OUTLETS, i % OUTLETS + 1);
                if (strcmp(step->target, path) == 0)
                    over = command_state_final(step->state) || command->ended;
            }
            if (over) {
                asked->live = false;
                asked->over = clock_mono(&story->rig.clock);
            }
        }
    }
}

/* ---- operations ------------------------------------------------------------------------------ */

static uint64_t below(struct story *story, uint64_t bound)
{
    return test_below(&story->random, bound);
}

static const char *random_target(struct story *story, char *text, size_t size)
{
    size_t board = below(story, BOARDS), number = below(story, OUTLETS) + 1;
    switch (below(story, 12)) {
    case 0:
        snprintf(text, size, "group/mixed");
        break;
    case 1:
        snprintf(text, size, "*/outlet-%zu", number);
        break;
    default:
        snprintf(text, size, "pdu-%zu/outlet-%zu", board, number);
    }
    return text;
}

static void remember(struct story *story, const struct command *command)
{
    bool reboot = command->action == COMMAND_REBOOT || command->action == COMMAND_REBOOT_DELAYED;
    bool on = reboot || command->action == COMMAND_ON || command->action == COMMAND_ON_DELAYED;
    for (size_t i = 0; i < command->step_count; i++) {
        size_t board, number;
        if (sscanf(command->steps[i].target, "pdu-%zu/outlet-%zu", &board, &number) != 2)
            fail_msg("target %s", command->steps[i].target);
        struct model_outlet *model = &story->outlets[board][number - 1];
        memmove(&model->list[1], &model->list[0], (ASKED - 1) * sizeof model->list[0]);
        if (model->list[1].live) { /* replaced: it wants nothing, but a kill may forget that */
            model->list[1].live = false;
            model->list[1].over = clock_mono(&story->rig.clock);
        }
        model->list[0] = (struct asked){.live = true, .first = false, .last = on, .reboot = reboot};
        strcpy(model->list[0].id, command->id);
    }
}

static void command(struct story *story)
{
    static const enum command_action actions[] = {COMMAND_ON,         COMMAND_OFF,
                                                  COMMAND_ON_DELAYED, COMMAND_OFF_DELAYED,
                                                  COMMAND_REBOOT,     COMMAND_REBOOT_DELAYED};
    char text[60], code[16];
    const char *target = random_target(story, text, sizeof text);
    struct command_answer answer;
    struct command_wish wish = {
        .action = actions[below(story, TEST_COUNT(actions))],
        .targets = &target,
        .target_count = 1,
        .actor = "anna",
        .role = ROLE_ADMINISTRATOR,
        .automatic = below(story, 4) == 0,
        .delay = below(story, 3) ? 0 : (clock_us)below(story, 2000) * CLOCK_MS,
    };
    note(story, command_action_name(wish.action), target);
    /* What begins at once is written before the answer is there: the model must know first. */
    struct model_outlet copy[BOARDS][OUTLETS];
    memcpy(copy, story->outlets, sizeof copy);
    wish.only_ask = true;
    commands_submit(story->rig.commands, &wish, &answer);
    if (answer.verdict == COMMAND_NEEDS_CONFIRM)
        wish.confirm = strcpy(code, answer.confirm);
    if (!answer.command) {
        story->count[answer.verdict]++;
        return;
    }
    remember(story, answer.command);
    wish.only_ask = false;
    commands_submit(story->rig.commands, &wish, &answer);
    memcpy(story->outlets, copy, sizeof copy);
    if (answer.verdict == COMMAND_ACCEPTED)
        remember(story, answer.command);
    story->count[answer.verdict]++;
}

/* After it nothing is written that was pending before it. */
static void cancel(struct story *story)
{
    char text[60];
    const char *target = random_target(story, text, sizeof text);
    size_t list[BOARDS * OUTLETS];
    struct command_answer answer;
    struct command_wish wish = {.action = COMMAND_CANCEL,
                                .targets = &target,
                                .target_count = 1,
                                .actor = "bert",
                                .role = ROLE_ADMINISTRATOR};
    note(story, "cancel", target);
    size_t count = switcher_target(story->rig.switcher, target, list, TEST_COUNT(list), NULL);
    bool shown[BOARDS * OUTLETS];
    for (size_t i = 0; i < count; i++) {
        struct switcher_outlet outlet;
        switcher_outlet_at(story->rig.switcher, list[i], &outlet);
        shown[i] = outlet.command && strcmp(outlet.command->origin, "power-up") == 0;
    }
    commands_submit(story->rig.commands, &wish, &answer);
    assert_int_equal(answer.verdict, COMMAND_ACCEPTED);
    for (size_t i = 0; i < count; i++) {
        struct model_outlet *model = &story->outlets[list[i] / OUTLETS][list[i] % OUTLETS];
        for (size_t j = 0; j < ASKED; j++) {
            if (model->list[j].live)
                model->list[j].over = clock_mono(&story->rig.clock);
            model->list[j].live = false;
        }
        /* a power-up that was pending is dropped; one that is still to be noticed is not */
        if (shown[i]) {
            memcpy(model->dropped, model->restore, sizeof model->dropped);
            model->dropped_at = clock_mono(&story->rig.clock);
            model->restore[0] = model->restore[1] = false;
        }
        model->lost_on = false;
        model->disturbed = true;
    }
}

static void fault(struct story *story)
{
    struct rig_outlet *outlet = &story->rig.outlets[below(story, BOARDS)][below(story, OUTLETS)];
    outlet->fault = below(story, 2) ? RIG_OBEYS : (enum rig_fault)below(story, RIG_FAULTS);
    if (is_paired(outlet) && outlet->fault == RIG_LATE)
        outlet->fault = RIG_IGNORES; /* a deed after its time can break any interlock */
    model_of(outlet)->disturbed = true;
    model_of(outlet)->lost_on = false;
    char name[60];
    snprintf(name, sizeof name, "pdu-%zu/outlet-%zu %d", outlet->board, outlet->number,
             outlet->fault);
    note(story, "fault", name);
}

/* What the disk may not have had comes to life again. */
static void restart(struct story *story, bool orderly, bool machine)
{
    clock_us now = clock_mono(&story->rig.clock);
    note(story, orderly ? "restart" : "kill", machine ? "of the machine" : "");
    for (size_t i = 0; i < BOARDS * OUTLETS; i++) {
        struct model_outlet *model = &story->outlets[i / OUTLETS][i % OUTLETS];
        const struct rig_outlet *outlet = &story->rig.outlets[i / OUTLETS][i % OUTLETS];
        for (size_t j = 0; j < ASKED; j++) {
            /* also what the kill before brought back, unless this run was long enough to save */
            bool again = model->list[j].revived && now - story->started < SAVED_AFTER;
            bool fresh = model->list[j].over && now - model->list[j].over < SAVED_AFTER;
            model->list[j].revived = !orderly && (fresh || again);
            model->list[j].live = model->list[j].live || model->list[j].revived;
        }
        bool saved = orderly || now - model->dropped_at >= SAVED_AFTER;
        for (int on = 0; on < 2 && !saved; on++)
            model->restore[on] = model->restore[on] || model->dropped[on];
        if (machine && outlet->closed)
            model->restore[true] = true;
        if (machine && (now - outlet->changed < SEEN_AFTER || now - story->started < SEEN_AFTER))
            model->restore[0] = model->restore[1] = true;
        model->disturbed = true;
        model->lost_on = false;
    }
    if (orderly)
        rig_stop(&story->rig);
    else
        rig_kill(&story->rig, below(story, 2));
    if (machine) {
        static const char *const boots[] = {"boot-1", "boot-2"};
        for (size_t board = 0; board < BOARDS; board++)
            rig_cut(&story->rig, board);
        story->rig.boot = boots[story->rig.boot == boots[0]];
    }
    rig_run(&story->rig, (clock_us)below(story, 3000) * CLOCK_MS);
    for (size_t board = 0; machine && board < BOARDS; board++)
        rig_power(&story->rig, board);
    story->rig.yaml = story->yaml[below(story, 2)];
    rig_start(&story->rig);
    story->started = clock_mono(&story->rig.clock);
}

/* A loss of power between two readings is not seen as one: the outlets are off, by whomever. */
static void power(struct story *story, size_t which)
{
    bool seen = clock_mono(&story->rig.clock) - story->cut_at[which] > 2 * CLOCK_S;
    for (size_t i = 0; !seen && i < OUTLETS; i++)
        story->outlets[which][i].lost_on = false;
    if (!story->rig.boards[which].powered)
        rig_power(&story->rig, which);
}

static void board(struct story *story)
{
    size_t which = below(story, BOARDS);
    char name[40];
    snprintf(name, sizeof name, "pdu-%zu", which);
    struct rig_board *one = &story->rig.boards[which];
    switch (below(story, 3)) {
    case 0:
        note(story, "cut", name);
        rig_cut(&story->rig, which);
        break;
    case 1:
        note(story, one->contact ? "contact lost" : "contact back", name);
        one->contact = !one->contact;
        break;
    default:
        note(story, "power", name);
        power(story, which);
    }
}

static void by_hand(struct story *story)
{
    struct rig_outlet *outlet = &story->rig.outlets[below(story, BOARDS)][below(story, OUTLETS)];
    if (is_paired(outlet) || !story->rig.boards[outlet->board].powered)
        return;
    char name[60];
    snprintf(name, sizeof name, "pdu-%zu/outlet-%zu %d", outlet->board, outlet->number,
             outlet->fault);
    note(story, "hand", name);
    struct model_outlet *model = model_of(outlet);
    model->disturbed = true;
    model->lost_on = false;
    model->restore[0] = model->restore[1] = true; /* which of them was read nobody knows here */
    for (size_t i = 0; i < OUTLETS; i++) /* after a loss of power not all read off any more */
        story->outlets[outlet->board][i].lost_on = false;
    rig_contact(outlet, !outlet->closed);
}

/* ---- quiet ----------------------------------------------------------------------------------- */

static void check_quiet(struct story *story, struct rig_outlet *outlet)
{
    struct model_outlet *model = model_of(outlet);
    const struct command *command =
        *model->list[0].id ? commands_find(story->rig.commands, model->list[0].id) : NULL;
    if (!model->disturbed && !*model->list[0].id && outlet->closed != model->quiet_state)
        fail_story(story, outlet, "it changed, and nobody asked for anything");
    for (size_t i = 0; !model->disturbed && command && i < command->step_count; i++) {
        char path[40];
        snprintf(path, sizeof path, "pdu-%zu/outlet-%zu", outlet->board, outlet->number);
        if (strcmp(command->steps[i].target, path) == 0 &&
            command->steps[i].state == COMMAND_CONFIRMED && outlet->closed != model->list[0].last)
            fail_story(story, outlet, "confirmed, and not so");
    }
    if (model->lost_on && !*model->list[0].id && !outlet->closed)
        fail_story(story, outlet, "it was on before the loss of power, and is not now");
    *model = (struct model_outlet){.quiet_state = outlet->closed};
}

/* All boards are well again and nothing is asked: everything comes to an end. */
static void quiet(struct story *story)
{
    struct rig *rig = &story->rig;
    for (size_t board = 0; board < BOARDS; board++) {
        power(story, board);
        rig->boards[board].contact = true;
        for (size_t i = 0; i < OUTLETS; i++)
            rig->outlets[board][i].fault = RIG_OBEYS;
    }
    for (int i = 0; i < 60; i++) {
        rig_run(rig, CLOCK_S);
        follow(story);
    }
    for (size_t i = 0; commands_underway(rig->commands) && i < commands_count(rig->commands); i++) {
        const struct command *command = commands_at(rig->commands, i);
        for (size_t j = 0; !command->ended && j < command->step_count; j++)
            printf("# %s %s %s: %s, %s\n", command->id, command_action_name(command->action),
                   command->steps[j].target, command_state_name(command->steps[j].state),
                   command->steps[j].reason);
    }
    if (commands_underway(rig->commands) != 0)
        fail_story(story, &rig->outlets[0][0], "something is still under way");
    for (size_t i = 0; i < BOARDS * OUTLETS; i++)
        check_quiet(story, &rig->outlets[i / OUTLETS][i % OUTLETS]);
}

static void operate(struct story *story)
{
    unsigned what = (unsigned)below(story, 100);
    if (what < 60)
        command(story);
    else if (what < 74)
        cancel(story);
    else if (what < 84)
        fault(story);
    else if (what < 92)
        board(story);
    else if (what < 95)
        by_hand(story);
    else
        restart(story, what == 98, what == 99);
    story->operation++;
    static const clock_us pauses[] = {0, 1, 3, 20, 300, 3000};
    rig_run(&story->rig,
            (clock_us)below(story, (uint64_t)pauses[below(story, TEST_COUNT(pauses))] + 1) *
                CLOCK_MS);
    follow(story);
}

static void no_outlet_is_ever_in_a_state_that_nobody_asked_for(void **state)
{
    struct story *story = calloc(1, sizeof *story);
    (void)state;
    story->random = test_seed();
    snprintf(story->yaml[0], sizeof story->yaml[0], "%sresume}\n", settled);
    snprintf(story->yaml[1], sizeof story->yaml[1], "%scancel}\n", settled);
    rig_make(&story->rig, BOARDS, OUTLETS, story->yaml[0]);
    story->rig.late_by = 1500 * CLOCK_MS;
    story->rig.moved = on_move;
    story->rig.wrote = on_write;
    rig_start(&story->rig);
    quiet(story);
    while (story->operation < OPERATIONS) {
        for (int i = 0; i < EPOCH; i++)
            operate(story);
        story->rig.disk = (clock_us)(1 + below(story, 80)) * CLOCK_MS;
        quiet(story);
    }
    printf("# accepted %u, refused by a rule %u, conflicts %u\n", story->count[COMMAND_ACCEPTED],
           story->count[COMMAND_NOT_ALLOWED], story->count[COMMAND_CONFLICT]);
    assert_true(story->count[COMMAND_ACCEPTED] > OPERATIONS / 10);
    rig_free(&story->rig);
    free(story);
}

/* Thousands of events are no use here: the machine's log is left out. */
static int no_log(void **state)
{
    (void)state;
    if (getenv("TEST_LOG"))
        return 0;
    int nowhere = open("/dev/null", O_WRONLY);
    fflush(stderr);
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_outlet_is_ever_in_a_state_that_nobody_asked_for),
    };
    return cmocka_run_group_tests_name("switching", tests, no_log, NULL);
}
