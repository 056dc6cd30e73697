#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "face/api_operations.h"
#include "face/command_json.h"
#include "face/json_body.h"
#include "face/problem.h"
#include "face/web_private.h"

#define LIST_USUAL 100
#define LIST_MOST 1000

/* The door; NULL when answered, because nothing here can be switched. */
static struct commands *door(struct request *request)
{
    struct commands *commands = request->web->context.commands;
    if (!commands)
        request_problem(request, 503, "no-switching", "Nothing is switched here",
                        "This program was started without switching.");
    return commands;
}

static struct command_view view_of(const struct request *request, enum time_form form)
{
    const struct web_context *context = &request->web->context;
    return (struct command_view){.form = form,
                                 .now = loop_now(context->loop),
                                 .wall = loop_wall(context->loop),
                                 .site = context->site,
                                 .switcher = context->switcher};
}

static void answer_command(struct request *request, unsigned status, const struct command *command)
{
    enum time_form form;
    if (!request_time_form(request, &form))
        return;
    const struct command_view view = view_of(request, form);
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    command_json_write(&json, command, &view);
    request_answer_take(request, status, "application/json", &body);
}

/* A question at its end is an end too. */
static const char *full_stop(const char *sentence)
{
    size_t length = strlen(sentence);
    return length && strchr(".?", sentence[length - 1]) ? "" : ".";
}

/* ---- wishing --------------------------------------------------------------------------------- */

/* What would happen, with the code that critical targets want. */
static void answer_ask(struct request *request, const struct command_answer *answer)
{
    enum time_form form;
    if (!request_time_form(request, &form))
        return;
    const struct command_view view = view_of(request, form);
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    json_pair_text(&json, "confirm", answer->confirm[0] ? answer->confirm : NULL);
    json_key(&json, "command");
    command_json_write(&json, answer->command, &view);
    json_close_object(&json);
    request_answer_json(request, &body);
}

static const struct refusal {
    enum command_verdict verdict;
    unsigned status;
    const char *kind, *title;
} refusals[] = {
    {COMMAND_NOT_FOUND, 404, "not-found", "No such target"},
    {COMMAND_NOT_ALLOWED, 409, "not-possible", "This is not done"},
    {COMMAND_NEEDS_CONFIRM, 409, "confirm-required", "A critical target must be confirmed"},
    {COMMAND_CONFLICT, 409, "conflict", "Another command is under way there"},
    {COMMAND_INVALID, 422, "bad-command", "This makes no sense"},
    {COMMAND_BUSY, 503, "busy", "Too much is under way"},
};

static const struct refusal *refusal_of(enum command_verdict verdict)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (refusals[i].verdict == verdict)
            return &refusals[i];
    }
    return &refusals[1];
}

/* A refusal with the confirm code beside the sentence. */
static void answer_refusal(struct request *request, const struct command_answer *answer)
{
    struct refusal refusal = *refusal_of(answer->verdict);
    if (answer->err.code == -EACCES || answer->err.code == -EPERM) {
        refusal.status = 403;
        refusal.kind = "forbidden";
        refusal.title = "Not allowed";
    }
    struct buf body = BUF_EMPTY;
    char sentence[sizeof answer->err.text + 2];
    snprintf(sentence, sizeof sentence, "%s%s", answer->err.text, full_stop(answer->err.text));
    problem_write(&body, refusal.status, refusal.kind, refusal.title, sentence);
    if (answer->confirm[0] && !body.failed) {
        struct json json = {.out = &body, .comma = true, .depth = 1};
        body.length--; /* reopen the object */
        json_pair_text(&json, "confirm", answer->confirm);
        json_close_object(&json);
    }
    if (answer->verdict == COMMAND_BUSY)
        request_add_header(request, "Retry-After", "1");
    request_answer_take(request, refusal.status, PROBLEM_TYPE, &body);
}

static void answer_submitted(struct request *request, const struct command_wish *wish,
                             const struct command_answer *answer)
{
    bool good = answer->verdict == COMMAND_ACCEPTED || answer->verdict == COMMAND_REPEATED;
    if (wish->only_ask && answer->command && (good || answer->verdict == COMMAND_NEEDS_CONFIRM))
        answer_ask(request, answer);
    else if (good)
        answer_command(request, answer->verdict == COMMAND_ACCEPTED ? 202 : 200, answer->command);
    else
        answer_refusal(request, answer);
}

static void submit(struct request *request, struct commands *commands, const json_t *body)
{
    struct command_json_wish read;
    struct command_answer answer = {0};
    struct err err = ERR_EMPTY;
    if (command_json_read(body, &read, &err) < 0) {
        request_problem(request, err.code == -ENOMEM ? 503 : 400, "bad-member",
                        "A member has the wrong form", "%s%s", err.text, full_stop(err.text));
        return;
    }
    read.wish.actor = request->user;
    read.wish.origin = request->peer->address;
    read.wish.role = request->role;
    commands_submit(commands, &read.wish, &answer);
    answer_submitted(request, &read.wish, &answer);
    command_json_wish_deinit(&read);
}

void api_commands_post(struct request *request)
{
    static const char *const keys[] = {"targets", "action",  "number",   "delay", "reason",
                                       "key",     "confirm", "only_ask", NULL};
    struct commands *commands = door(request);
    json_t *body = commands ? json_body_take(request) : NULL;
    if (body && json_body_known(request, body, keys))
        submit(request, commands, body);
    json_decref(body);
}

/* ---- looking --------------------------------------------------------------------------------- */

static const struct command *find(struct request *request, const struct commands *commands)
{
    char id[sizeof((struct command *)0)->id];
    const struct command *command = NULL;
    if (commands && request_path_value(request, 0, id, sizeof id))
        command = commands_find(commands, id);
    if (!command)
        request_problem(request, 404, "not-found", "No such command",
                        "There is no command of that id, or it ended long ago; the events tell "
                        "what it did.");
    return command;
}

void api_commands_show(struct request *request)
{
    const struct command *command = find(request, request->web->context.commands);
    if (command)
        answer_command(request, 200, command);
}

/* `limit`; 0 when it is not a number in range. */
static size_t read_limit(const struct request *request)
{
    const char *text = request_query(request, "limit");
    char *end;
    if (!text)
        return LIST_USUAL;
    long limit = strtol(text, &end, 10);
    return *text && !*end && limit >= 1 && limit <= LIST_MOST ? (size_t)limit : 0;
}

static bool is_about(const struct command *command, const char *target)
{
    for (size_t i = 0; i < command->step_count && target; i++) {
        if (strcmp(command->steps[i].target, target) == 0)
            return true;
    }
    return !target;
}

static void write_list(struct json *json, const struct request *request, size_t limit,
                       const struct command_view *view)
{
    const struct commands *commands = request->web->context.commands;
    const char *target = request_query(request, "target"), *state = request_query(request, "state");
    const struct command *command;
    json_open_array(json);
    for (size_t i = 0; limit && commands && (command = commands_at(commands, i)); i++) {
        if ((state && strcmp(state, command_json_state(command)) != 0) ||
            !is_about(command, target))
            continue;
        command_json_write(json, command, view);
        limit--;
    }
    json_close_array(json);
}

void api_commands_list(struct request *request)
{
    enum time_form form;
    size_t limit = read_limit(request);
    if (!request_time_form(request, &form))
        return;
    if (!limit) {
        request_problem(request, 400, "bad-parameter", "Bad limit",
                        "limit is a whole number from 1 to %d.", LIST_MOST);
        return;
    }
    const struct command_view view = view_of(request, form);
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    write_list(&json, request, limit, &view);
    request_answer_json(request, &body);
}

void api_commands_cancel(struct request *request)
{
    struct commands *commands = door(request);
    const struct command *command = commands ? find(request, commands) : NULL;
    struct err err = ERR_EMPTY;
    if (!command)
        return;
    char id[sizeof command->id];
    memcpy(id, command->id, sizeof id);
    switch (
        commands_cancel(commands, id, request->user, request->peer->address, request->role, &err)) {
    case 0:
        answer_command(request, 200, commands_find(commands, id));
        break;
    case -EACCES:
        request_problem(request, 403, "forbidden", "Not allowed", "%s.", err.text);
        break;
    default:
        request_problem(request, 409, "conflict", "Nothing is left to cancel",
                        "The command %s has ended: %s.", id, command_json_state(command));
        break;
    }
}
