#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/client.h"

/* A password from the terminal without echo, or one line of standard input; the caller frees. NULL
 * at the end of input. */
static char *read_password(const char *prompt)
{
    struct termios before;
    bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        struct termios silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
        fprintf(stderr, "%s: ", prompt);
    }
    char *line = NULL;
    size_t size = 0;
    ssize_t length = getline(&line, &size, stdin);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    if (length < 0) {
        free(line);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return line;
}

/* ---- one request, one sentence --------------------------------------------------------------- */

struct session {
    struct client *client;
    struct err err;
};

/* Takes `body` (may be NULL) over. */
static json_t *ask(struct session *session, const char *method, const char *path, json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    json_t *answer = client_ask_json(session->client, method, path, text, &session->err);
    if (text)
        memset(text, 0, strlen(text));
    free(text);
    return answer;
}

static json_t *ask_named(struct session *session, const char *method, const char *folder,
                         const char *name, json_t *body)
{
    struct buf path = BUF_EMPTY;
    buf_add_format(&path, "/%s/", folder);
    client_escape(&path, name);
    json_t *answer = ask(session, method, buf_text(&path), body);
    buf_deinit(&path);
    return answer;
}

static void print_rows(json_t *list, const char *const *keys, size_t count)
{
    size_t index;
    json_t *row;
    json_array_foreach(list, index, row)
    {
        for (size_t i = 0; i < count; i++) {
            json_t *value = json_object_get(row, keys[i]);
            const char *text = json_is_string(value)  ? json_string_value(value)
                               : json_is_true(value)  ? "yes"
                               : json_is_false(value) ? "no"
                                                      : "-";
            printf("%-20s", text);
        }
        putchar('\n');
    }
}

/* ---- users ----------------------------------------------------------------------------------- */

static json_t *users_list(struct session *session)
{
    static const char *const keys[] = {"name", "role", "must_change"};
    json_t *answer = ask(session, "GET", "/users", NULL);
    if (answer) {
        printf("%-20s%-20s%s\n", "NAME", "ROLE", "MUST CHANGE PASSWORD");
        print_rows(answer, keys, 3);
    }
    return answer;
}

static json_t *users_add(struct session *session, char **words)
{
    char *password = read_password("password");
    json_t *answer = ask(session, "POST", "/users",
                         json_pack("{s:s,s:s,s:s}", "name", words[1], "role", words[2], "password",
                                   password ? password : ""));
    free(password);
    return answer;
}

static json_t *users_password(struct session *session, char **words)
{
    char *password = read_password("new password");
    json_t *answer = ask_named(session, "PUT", "users", words[1],
                               json_pack("{s:s}", "password", password ? password : ""));
    free(password);
    return answer;
}

int command_users(int argc, char **argv)
{
    struct client_options where = {0};
    bool leave;
    const struct option_row rows[] = {CLIENT_OPTION_ROWS(where)};
    const struct options options = {
        .command = "users",
        .arguments = "[list | add NAME ROLE | role NAME ROLE | password NAME | remove NAME]",
        .summary =
            "Users of the pages and the API. ROLE is view, control or administrator.\n"
            "Passwords are read from the terminal, or from standard input, never from arguments.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    const char *verb = words ? argv[0] : "list";
    struct session session = {.err = ERR_EMPTY};
    session.client = client_open(&where, &session.err);
    json_t *answer = NULL;
    if (session.client) {
        if (strcmp(verb, "list") == 0 && words <= 1) {
            answer = users_list(&session);
        } else if (strcmp(verb, "add") == 0 && words == 3) {
            answer = users_add(&session, argv);
        } else if (strcmp(verb, "role") == 0 && words == 3) {
            answer =
                ask_named(&session, "PUT", "users", argv[1], json_pack("{s:s}", "role", argv[2]));
        } else if (strcmp(verb, "password") == 0 && words == 2) {
            answer = users_password(&session, argv);
        } else if (strcmp(verb, "remove") == 0 && words == 2) {
            answer = ask_named(&session, "DELETE", "users", argv[1], NULL);
        } else {
            fprintf(stderr, "busbar users: %s\n", options.arguments);
            client_close(session.client);
            return COMMAND_MISUSED;
        }
    }
    if (!answer)
        fprintf(stderr, "busbar users: %s\n", session.err.text);
    status = answer ? COMMAND_OK : COMMAND_FAILED;
    json_decref(answer);
    client_close(session.client);
    return status;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static json_t *tokens_list(struct session *session)
{
    static const char *const keys[] = {"id", "name", "role", "expires"};
    json_t *answer = ask(session, "GET", "/tokens", NULL);
    if (answer) {
        printf("%-20s%-20s%-20s%s\n", "ID", "NAME", "ROLE", "EXPIRES");
        print_rows(answer, keys, 4);
    }
    return answer;
}

static json_t *tokens_add(struct session *session, char **words, const char *expires)
{
    json_t *body = json_pack("{s:s,s:s}", "name", words[1], "role", words[2]);
    if (expires)
        json_object_set_new(body, "expires", json_string(expires));
    json_t *answer = ask(session, "POST", "/tokens", body);
    if (answer)
        printf("%s\n", json_string_value(json_object_get(answer, "token")));
    return answer;
}

int command_tokens(int argc, char **argv)
{
    struct client_options where = {0};
    const char *expires = NULL;
    bool leave;
    const struct option_row rows[] = {
        {"expires", "TIME", "last moment of validity, RFC 3339 (default: never)", &expires, NULL},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = "tokens",
        .arguments = "[list | add NAME ROLE | remove ID]",
        .summary = "API tokens for programs. `add` prints the token, once.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    const char *verb = words ? argv[0] : "list";
    struct session session = {.err = ERR_EMPTY};
    session.client = client_open(&where, &session.err);
    json_t *answer = NULL;
    if (session.client) {
        if (strcmp(verb, "list") == 0 && words <= 1) {
            answer = tokens_list(&session);
        } else if (strcmp(verb, "add") == 0 && words == 3) {
            answer = tokens_add(&session, argv, expires);
        } else if (strcmp(verb, "remove") == 0 && words == 2) {
            answer = ask_named(&session, "DELETE", "tokens", argv[1], NULL);
        } else {
            fprintf(stderr, "busbar tokens: %s\n", options.arguments);
            client_close(session.client);
            return COMMAND_MISUSED;
        }
    }
    if (!answer)
        fprintf(stderr, "busbar tokens: %s\n", session.err.text);
    status = answer ? COMMAND_OK : COMMAND_FAILED;
    json_decref(answer);
    client_close(session.client);
    return status;
}
