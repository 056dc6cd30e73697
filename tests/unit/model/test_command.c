#include "test.h"

#include <errno.h>

#include "model/command.h"

struct door {
    struct clock clock;
    struct commands *commands;
    struct command_watch watch;
    unsigned asked, told;
    char last_told[24];
    size_t steps; /* of the next command */
};

static void submit(void *user, const struct command_wish *wish, struct command_answer *answer)
{
    struct door *door = user;
    struct command_plan *plan = calloc(door->steps + 1, sizeof *plan);
    for (size_t i = 0; i < door->steps; i++)
        plan[i] = (struct command_plan){.target = wish->targets[0], .label = "One", .wish = 1};
    door->asked++;
    answer->command = wish->only_ask ? commands_draft(door->commands, wish, plan, door->steps)
                                     : commands_add(door->commands, wish, NULL, plan, door->steps);
    answer->verdict = answer->command ? COMMAND_ACCEPTED : COMMAND_BUSY;
    free(plan);
}

static void changed(void *user, const struct command *command)
{
    struct door *door = user;
    door->told++;
    strcpy(door->last_told, command->id);
}

static int set_up(void **state)
{
    struct door *door = calloc(1, sizeof *door);
    door->clock = clock_fake(1795222800LL * CLOCK_S);
    door->commands = commands_new(&door->clock);
    door->steps = 1;
    struct command_executor executor = {.submit = submit, .user = door};
    commands_set_executor(door->commands, &executor);
    door->watch = (struct command_watch){.changed = changed, .user = door};
    commands_watch(door->commands, &door->watch);
    *state = door;
    return 0;
}

static int tear_down(void **state)
{
    struct door *door = *state;
    commands_free(door->commands);
    free(door);
    return 0;
}

static struct command_answer ask(struct door *door, enum command_action action, const char *actor,
                                 const char *key)
{
    static const char *const targets[] = {"pdu-a/outlet-3"};
    struct command_answer answer;
    struct command_wish wish = {.action = action,
                                .targets = targets,
                                .target_count = 1,
                                .actor = actor,
                                .key = key,
                                .role = ROLE_CONTROL};
    commands_submit(door->commands, &wish, &answer);
    return answer;
}

static struct command *writable(const struct command *command)
{
    return (struct command *)(uintptr_t)command;
}

/* The names are those of the API: they never change. */
static void names_are_found_again(void **state)
{
    static const char *const names[] = {
        "on",    "off", "on-delayed",   "off-delayed", "reboot", "reboot-delayed",
        "pulse", "set", "reset-energy", "cancel"};
    (void)state;
    assert_int_equal(TEST_COUNT(names), COMMAND_ACTIONS);
    for (int i = 0; i < COMMAND_ACTIONS; i++) {
        assert_string_equal(command_action_name((enum command_action)i), names[i]);
        assert_int_equal(command_action_find(names[i]), i);
        assert_true(strlen(command_action_help((enum command_action)i)) > 10);
    }
    assert_int_equal(command_action_find("explode"), COMMAND_ACTIONS);
    assert_int_equal(command_action_role(COMMAND_RESET_ENERGY), ROLE_ADMINISTRATOR);
    assert_string_equal(command_state_name(COMMAND_UNKNOWN), "unknown");
    assert_string_equal(command_verdict_name(COMMAND_NEEDS_CONFIRM), "needs-confirm");
    assert_false(command_state_final(COMMAND_SENT));
    assert_true(command_state_final(COMMAND_FAILED));
}

static void a_key_gives_the_same_command_to_the_same_actor(void **state)
{
    struct door *door = *state;
    struct command_answer first = ask(door, COMMAND_ON, "anna", "k1");
    assert_int_equal(first.verdict, COMMAND_ACCEPTED);
    struct command_answer again = ask(door, COMMAND_ON, "anna", "k1");
    assert_int_equal(again.verdict, COMMAND_REPEATED);
    assert_ptr_equal(again.command, first.command);
    assert_int_equal(door->asked, 1);
    struct command_answer other = ask(door, COMMAND_ON, "bert", "k1");
    assert_int_equal(other.verdict, COMMAND_ACCEPTED);
    assert_string_not_equal(other.command->id, first.command->id);
    assert_int_equal(ask(door, COMMAND_ON, "anna", NULL).verdict, COMMAND_ACCEPTED);
    assert_int_equal(ask(door, COMMAND_ON, "anna", NULL).verdict, COMMAND_ACCEPTED);
    assert_int_equal(door->asked, 4);
}

static void a_key_of_another_action_is_a_mistake(void **state)
{
    struct door *door = *state;
    ask(door, COMMAND_ON, "anna", "k1");
    struct command_answer answer = ask(door, COMMAND_OFF, "anna", "k1");
    assert_int_equal(answer.verdict, COMMAND_INVALID);
    assert_non_null(strstr(answer.err.text, "use a new key"));
    assert_int_equal(door->asked, 1);
}

static void nonsense_is_refused_with_a_sentence(void **state)
{
    struct door *door = *state;
    static const char *const targets[] = {"pdu-a/outlet-3"};
    char key[100];
    memset(key, 'x', sizeof key);
    key[sizeof key - 1] = '\0';
    const struct command_wish wishes[] = {
        {.action = COMMAND_ACTIONS, .targets = targets, .target_count = 1},
        {.action = COMMAND_ON, .targets = targets, .target_count = 0},
        {.action = COMMAND_ON, .targets = targets, .target_count = 100000},
        {.action = COMMAND_ON, .targets = targets, .target_count = 1, .delay = -1},
        {.action = COMMAND_ON, .targets = targets, .target_count = 1, .delay = CLOCK_NEVER},
        {.action = COMMAND_ON, .targets = targets, .target_count = 1, .key = key},
    };
    for (size_t i = 0; i < TEST_COUNT(wishes); i++) {
        struct command_answer answer;
        commands_submit(door->commands, &wishes[i], &answer);
        assert_int_equal(answer.verdict, COMMAND_INVALID);
        assert_true(strlen(answer.err.text) > 10);
    }
    assert_int_equal(door->asked, 0);
    commands_set_executor(door->commands, NULL);
    assert_int_equal(ask(door, COMMAND_ON, "anna", NULL).verdict, COMMAND_BUSY);
}

static void texts_are_copied_and_cut(void **state)
{
    struct door *door = *state;
    char actor[300];
    memset(actor, 'a', sizeof actor);
    actor[sizeof actor - 1] = '\0';
    struct command_answer answer = ask(door, COMMAND_ON, actor, NULL);
    assert_int_equal(strlen(answer.command->actor), LIMIT_NAME);
    assert_string_equal(answer.command->steps[0].target, "pdu-a/outlet-3");
    assert_string_equal(answer.command->steps[0].label, "One");
    assert_int_equal(answer.command->steps[0].written_us, -1);
    assert_int_equal(strlen(answer.command->id), 16);
}

static void a_draft_is_not_kept(void **state)
{
    struct door *door = *state;
    static const char *const targets[] = {"pdu-a/outlet-3"};
    struct command_answer answer;
    struct command_wish wish = {
        .action = COMMAND_OFF, .targets = targets, .target_count = 1, .only_ask = true};
    commands_submit(door->commands, &wish, &answer);
    assert_non_null(answer.command);
    assert_string_equal(answer.command->id, "");
    assert_int_equal(commands_count(door->commands), 0);
    assert_int_equal(door->told, 0);
}

static void watchers_hear_of_changes_and_the_end(void **state)
{
    struct door *door = *state;
    struct command_answer answer = ask(door, COMMAND_ON, "anna", NULL);
    struct command *command = writable(answer.command);
    commands_touch(door->commands, command);
    assert_int_equal(door->told, 1);
    assert_int_equal(commands_underway(door->commands), 1);
    commands_end(door->commands, command);
    assert_int_equal(door->told, 2);
    assert_string_equal(door->last_told, command->id);
    assert_true(command->ended > 0);
    assert_int_equal(commands_underway(door->commands), 0);
    commands_unwatch(door->commands, &door->watch);
    commands_touch(door->commands, command);
    assert_int_equal(door->told, 2);
}

/* What has ended goes, oldest first; what is under way stays, and there are limits to that. */
static void what_is_kept_is_bounded(void **state)
{
    struct door *door = *state;
    struct command_answer first = ask(door, COMMAND_ON, "anna", NULL);
    char under_way[24];
    strcpy(under_way, first.command->id);
    for (int i = 0; i < LIMIT_COMMANDS_KEPT + 50; i++) {
        struct command_answer answer = ask(door, COMMAND_ON, "anna", NULL);
        commands_end(door->commands, writable(answer.command));
    }
    assert_in_range(commands_count(door->commands), 1, LIMIT_COMMANDS_KEPT);
    assert_non_null(commands_find(door->commands, under_way));
    assert_null(commands_find(door->commands, "0123456789abcdef"));
    assert_null(commands_at(door->commands, commands_count(door->commands)));
    assert_string_equal(commands_at(door->commands, commands_count(door->commands) - 1)->id,
                        under_way);
    door->steps = 4000;
    for (int i = 0; i < 20; i++) {
        struct command_answer answer = ask(door, COMMAND_ON, "anna", NULL);
        commands_end(door->commands, writable(answer.command));
    }
    assert_in_range(commands_count(door->commands), 5, 7); /* 20000 steps and the first one */
}

static void too_many_under_way_are_refused_but_a_cancel_is_not(void **state)
{
    struct door *door = *state;
    for (int i = 0; i < LIMIT_COMMANDS_UNDERWAY; i++)
        assert_int_equal(ask(door, COMMAND_ON, "anna", NULL).verdict, COMMAND_ACCEPTED);
    assert_int_equal(ask(door, COMMAND_ON, "anna", NULL).verdict, COMMAND_BUSY);
    assert_int_equal(ask(door, COMMAND_CANCEL, "anna", NULL).verdict, COMMAND_ACCEPTED);
}

static void cancelling_needs_a_command_and_a_role(void **state)
{
    struct door *door = *state;
    struct err err;
    struct command_answer answer = ask(door, COMMAND_ON, "anna", NULL);
    const char *id = answer.command->id;
    assert_int_equal(commands_cancel(door->commands, "nothing", "anna", "", ROLE_CONTROL, &err),
                     -ENOENT);
    assert_int_equal(commands_cancel(door->commands, id, "anna", "", ROLE_VIEW, &err), -EACCES);
    commands_end(door->commands, writable(answer.command));
    assert_int_equal(commands_cancel(door->commands, id, "anna", "", ROLE_CONTROL, &err),
                     -EALREADY);
    assert_non_null(strstr(err.text, "has ended"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_are_found_again),
        TEST(a_key_gives_the_same_command_to_the_same_actor),
        TEST(a_key_of_another_action_is_a_mistake),
        TEST(nonsense_is_refused_with_a_sentence),
        TEST(texts_are_copied_and_cut),
        TEST(a_draft_is_not_kept),
        TEST(watchers_hear_of_changes_and_the_end),
        TEST(what_is_kept_is_bounded),
        TEST(too_many_under_way_are_refused_but_a_cancel_is_not),
        TEST(cancelling_needs_a_command_and_a_role),
    };
    return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
