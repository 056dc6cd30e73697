/* busbar outlet, busbar group: switching from the command line. First it is asked what would
 * happen, which also gives the code that critical outlets want; then it is done and watched until
 * each outlet was read back. */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/nearest.h"
#include "cli/client.h"

#define LOOK_FIRST_MS 20
#define LOOK_MOST_MS 500

struct task {
    const char *command; /* "outlet", "group" */
    struct client *client;
    const char *delay, *number, *reason;
    bool yes, ask, no_wait, json;
    struct err err;
};

/* ---- what happens ---------------------------------------------------------------------------- */

static void print_wait(const json_t *step)
{
    const json_t *left = json_object_get(step, "due_in_ms");
    if (json_is_integer(left) && json_integer_value(left) > 0)
        printf(" in %.1f s", (double)json_integer_value(left) / 1000);
}

/* "pdu-a/outlet-3 Web server 1: off in 3.0 s (now on)" */
static void print_plan(const json_t *command)
{
    size_t index;
    const json_t *step;
    json_array_foreach(json_object_get(command, "steps"), index, step)
    {
        const char *wish = client_text(step, "wish_text"),
                   *before = client_text(step, "before_text");
        printf("%s %s: %s", client_text(step, "target"), client_text(step, "label"),
               *wish ? wish : client_text(command, "action"));
        print_wait(step);
        if (json_is_integer(json_object_get(step, "hold_ms")))
            printf(", back after %.1f s",
                   (double)json_integer_value(json_object_get(step, "hold_ms")) / 1000);
        printf(" (now %s)%s%s\n", *before ? before : "unknown",
               *client_text(step, "reason") ? ", " : "", client_text(step, "reason"));
    }
}

/* One line for what became of a step. */
static void print_step(const json_t *step)
{
    const char *after = client_text(step, "after_text"), *wish = client_text(step, "wish_text");
    const char *state = client_text(step, "state");
    const json_t *took = json_object_get(step, "confirmed_ms");
    printf("%s %s: %s", client_text(step, "target"), client_text(step, "label"), state);
    if (strcmp(state, "pending") == 0 || strcmp(state, "sent") == 0)
        printf("%s%s", *wish ? ", " : "", wish);
    else
        printf("%s%s", *after ? ", " : "", after);
    print_wait(step);
    if (json_is_number(took) && json_number_value(took) < 1000)
        printf(" after %.1f ms", json_number_value(took));
    else if (json_is_number(took))
        printf(" after %.1f s", json_number_value(took) / 1000);
    printf("%s%s\n", *client_text(step, "reason") ? ": " : "", client_text(step, "reason"));
    fflush(stdout);
}

/* Steps whose state or wish (a reboot has two) is another than at the look before. */
static void print_changes(const json_t *before, const json_t *now)
{
    const json_t *old = json_object_get(before, "steps");
    size_t index;
    const json_t *step;
    json_array_foreach(json_object_get(now, "steps"), index, step)
    {
        const json_t *seen = json_array_get(old, index);
        if (strcmp(client_text(step, "state"), client_text(seen, "state")) != 0 ||
            !json_equal(json_object_get(step, "wish"), json_object_get(seen, "wish")))
            print_step(step);
    }
}

static bool is_running(const json_t *command)
{
    return strcmp(client_text(command, "state"), "running") == 0;
}

/* Looks until it has ended. Takes and returns the command; NULL when it cannot be asked about. */
static json_t *follow(struct task *task, json_t *command)
{
    struct buf path = BUF_EMPTY;
    long pause_ms = LOOK_FIRST_MS;
    buf_add_text(&path, "/commands/");
    client_escape(&path, client_text(command, "id"));
    if (!task->json)
        print_changes(NULL, command);
    while (command && is_running(command)) {
        const struct timespec pause = {.tv_sec = 0, .tv_nsec = pause_ms * 1000000};
        nanosleep(&pause, NULL);
        pause_ms = pause_ms * 2 < LOOK_MOST_MS ? pause_ms * 2 : LOOK_MOST_MS;
        json_t *now = client_ask_json(task->client, "GET", buf_text(&path), NULL, &task->err);
        if (now && !task->json)
            print_changes(command, now);
        json_decref(command);
        command = now;
    }
    buf_deinit(&path);
    return command;
}

/* ---- doing it -------------------------------------------------------------------------------- */

static json_t *wish_of(const struct task *task, const char *action, char **targets, int count)
{
    json_t *list = json_array();
    bool groups = strcmp(task->command, "group") == 0;
    for (int i = 0; i < count; i++)
        json_array_append_new(list, groups ? json_sprintf("group/%s", targets[i])
                                           : json_string(targets[i]));
    json_t *wish = json_pack("{s:o,s:s}", "targets", list, "action", action);
    if (task->delay) {
        char *end;
        double seconds = strtod(task->delay, &end);
        json_object_set_new(wish, "delay", *end ? json_string(task->delay) : json_real(seconds));
    }
    if (task->number)
        json_object_set_new(wish, "number", json_real(strtod(task->number, NULL)));
    if (task->reason)
        json_object_set_new(wish, "reason", json_string(task->reason));
    return wish;
}

static int report(const struct task *task, const json_t *command, const char *action)
{
    const char *state = client_text(command, "state");
    if (task->json) {
        json_dumpf(command, stdout, JSON_COMPACT);
        putchar('\n');
    }
    if (strcmp(state, "done") == 0 || (task->no_wait && is_running(command)))
        return COMMAND_OK;
    return strcmp(action, "cancel") == 0 && strcmp(state, "cancelled") == 0 ? COMMAND_OK
                                                                            : COMMAND_FAILED;
}

/* What would happen has been told; `code` is what critical targets want, or NULL. */
static int do_it(struct task *task, json_t *wish, const char *action, const char *code)
{
    if (code && !task->yes) {
        fprintf(stderr,
                "busbar %s: critical outlets are among them, nothing was done; repeat it with "
                "--yes if this is what you want\n",
                task->command);
        return COMMAND_FAILED;
    }
    if (code)
        json_object_set_new(wish, "confirm", json_string(code));
    json_t *command = client_ask_json(task->client, "POST", "/commands", wish, &task->err);
    if (command && !task->no_wait)
        command = follow(task, command);
    int status = command ? report(task, command, action) : COMMAND_FAILED;
    json_decref(command);
    return status;
}

static int act(struct task *task, const char *action, char **targets, int count)
{
    json_t *wish = wish_of(task, action, targets, count);
    json_object_set_new(wish, "only_ask", json_true());
    json_t *answer = client_ask_json(task->client, "POST", "/commands", wish, &task->err);
    json_object_del(wish, "only_ask");
    const char *code = json_string_value(json_object_get(answer, "confirm"));
    int status = answer ? COMMAND_OK : COMMAND_FAILED;
    if (answer && !task->json && (task->ask || (code && !task->yes)))
        print_plan(json_object_get(answer, "command"));
    if (answer && task->ask && task->json) {
        json_dumpf(answer, stdout, JSON_COMPACT);
        putchar('\n');
    } else if (answer && !task->ask) {
        status = do_it(task, wish, action, code);
    }
    json_decref(answer);
    json_decref(wish);
    return status;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static void print_outlet(const json_t *outlet)
{
    const json_t *state = json_object_get(outlet, "state"), *pending;
    const char *word = client_text(state, "text"), *quality = client_text(state, "quality");
    bool known = strcmp(quality, "good") == 0;
    pending = json_object_get(outlet, "pending");
    printf("%-24s %-8s %-24s", client_text(outlet, "path"), known ? word : quality,
           client_text(outlet, "label"));
    if (strcmp(word, "off") != 0 && json_is_false(json_object_get(outlet, "powered")))
        printf(" no power: %s", client_text(outlet, "powered_reason"));
    if (json_is_number(json_object_get(json_object_get(outlet, "level"), "value")))
        printf(" %g %%",
               json_number_value(json_object_get(json_object_get(outlet, "level"), "value")));
    if (json_is_true(json_object_get(outlet, "locked")))
        printf(" locked");
    if (json_is_true(json_object_get(outlet, "critical")))
        printf(" critical");
    if (!json_is_true(json_object_get(outlet, "switchable")))
        printf(" read only");
    if (json_is_object(pending)) {
        printf(" %s by %s", client_text(pending, "action"), client_text(pending, "actor"));
        print_wait(pending);
    }
    putchar('\n');
}

static void print_group(const json_t *group)
{
    const json_t *values = json_object_get(group, "values");
    printf("%-20s %-24s %s\n", client_text(group, "name"), client_text(values, "label"),
           client_text(values, "members"));
}

static int list(struct task *task)
{
    bool groups = strcmp(task->command, "group") == 0;
    json_t *answer =
        client_ask_json(task->client, "GET", groups ? "/groups" : "/outlets", NULL, &task->err);
    size_t index;
    const json_t *row;
    json_array_foreach(answer, index, row)
    {
        if (task->json) {
            json_dumpf(row, stdout, JSON_COMPACT);
            putchar('\n');
        } else if (groups) {
            print_group(row);
        } else {
            print_outlet(row);
        }
    }
    int status = answer ? COMMAND_OK : COMMAND_FAILED;
    json_decref(answer);
    return status;
}

/* ---- words ----------------------------------------------------------------------------------- */

static const char *const verbs[] = {
    "list",           "on",    "off", "on-delayed",   "off-delayed", "reboot",
    "reboot-delayed", "pulse", "set", "reset-energy", "cancel"};

#define VERBS (sizeof verbs / sizeof *verbs)

static int misused(const char *command, const char *verb)
{
    const char *near = nearest_word(verb, verbs, VERBS, sizeof *verbs);
    fprintf(stderr, "busbar %s: \"%s\" is not done%s%s%s; `busbar %s --help`\n", command, verb,
            near ? ": did you mean \"" : "", near ? near : "", near ? "\"" : "", command);
    return COMMAND_MISUSED;
}

static int run(struct task *task, const struct client_options *where, char **words, int count)
{
    const char *verb = count ? words[0] : "list";
    size_t known = 0;
    while (known < VERBS && strcmp(verbs[known], verb) != 0)
        known++;
    bool wants_targets = strcmp(verb, "list") != 0;
    if (known == VERBS)
        return misused(task->command, verb);
    if (wants_targets != (count > 1)) {
        fprintf(stderr, "busbar %s: %s %s\n", task->command, verb,
                wants_targets ? "needs the name of at least one" : "takes no names");
        return COMMAND_MISUSED;
    }
    task->client = client_open(where, &task->err);
    int status = !task->client   ? COMMAND_FAILED
                 : wants_targets ? act(task, verb, words + 1, count - 1)
                                 : list(task);
    if (task->err.code)
        fprintf(stderr, "busbar %s: %s\n", task->command, task->err.text);
    client_close(task->client);
    return status;
}

static int switch_command(const char *name, const char *arguments, const char *summary, int argc,
                          char **argv)
{
    struct client_options where = {0};
    struct task task = {.command = name, .err = ERR_EMPTY};
    bool leave;
    const struct option_row rows[] = {
        {"yes", NULL, "do it with critical outlets too", NULL, &task.yes},
        {"ask", NULL, "only tell what would happen", NULL, &task.ask},
        {"delay", "TIME", "wait so long before the first step: 30, \"5 min\"", &task.delay, NULL},
        {"number", "N", "what an output is set to", &task.number, NULL},
        {"reason", "TEXT", "for the event log", &task.reason, NULL},
        {"no-wait", NULL, "do not wait until it was read back", NULL, &task.no_wait},
        {"json", NULL, "print the API's answer", NULL, &task.json},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = name,
        .arguments = arguments,
        .summary = summary,
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    return leave ? status : run(&task, &where, argv, words);
}

#define VERB_WORDS                                                                                 \
    "[list | on | off | on-delayed | off-delayed | reboot | reboot-delayed | pulse | set |\n"      \
    "  reset-energy | cancel] "

int command_outlet(int argc, char **argv)
{
    return switch_command(
        "outlet", VERB_WORDS "PATH... [OPTION...]",
        "Switches outlets and outputs and prints what the hardware says afterwards, or lists "
        "them.\n"
        "PATH is pdu-a/outlet-3, 'pdu-a/outlet-*', or a device for all of its outlets.\n"
        "Status 0 when each was read back as wished, 1 when not, 2 for wrong use.",
        argc, argv);
}

int command_group(int argc, char **argv)
{
    return switch_command("group", VERB_WORDS "NAME... [OPTION...]",
                          "Switches groups of outlets, or lists them; as `busbar outlet`.", argc,
                          argv);
}
