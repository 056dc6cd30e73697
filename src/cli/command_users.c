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

static void free_secret(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* ---- one request, one sentence --------------------------------------------------------------- */

struct session {
    struct client *client;
    struct err err;
};

/* Takes `body` (may be NULL) over. */
static json_t *ask(struct session *session, const char *method, const char *path, json_t *body)
{
    json_t *answer = client_ask_json(session->client, method, path, body, &session->err);
    json_decref(body);
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

/* What the words of `busbar users` say besides. */
struct users_wish {
    bool pin, choose;
};

static json_t *users_list(struct session *session)
{
    static const char *const keys[] = {"name", "role", "must_change", "password", "pin", "home"};
    json_t *answer = ask(session, "GET", "/users", NULL);
    if (answer) {
        printf("%-20s%-20s%-20s%-20s%-20s%s\n", "NAME", "ROLE", "MUST CHANGE PASSWORD", "PASSWORD",
               "PIN", "HOME PAGE");
        print_rows(answer, keys, 6);
    }
    return answer;
}

/* What was made, this once. */
static void print_codes(const json_t *codes)
{
    const char *pin = json_string_value(json_object_get(codes, "pin"));
    const char *puk = json_string_value(json_object_get(codes, "puk"));
    if (pin)
        printf("PIN %s\n", pin);
    if (puk)
        printf("PUK %s\n", puk);
}

static json_t *users_add(struct session *session, char **words, const struct users_wish *wish)
{
    json_t *body = json_pack("{s:s,s:s}", "name", words[1], "role", words[2]);
    char *secret = wish->pin ? NULL : read_password("password");
    if (wish->pin)
        json_object_set_new(body, "pin", json_string(""));
    else
        json_object_set_new(body, "password", json_string(secret ? secret : ""));
    free_secret(secret);
    json_t *answer = ask(session, "POST", "/users", body);
    if (answer)
        print_codes(json_object_get(answer, "codes"));
    return answer;
}

/* /users/NAME/PART */
static json_t *ask_part(struct session *session, const char *method, const char *name,
                        const char *part, json_t *body)
{
    struct buf path = BUF_EMPTY;
    buf_add_text(&path, "/users/");
    client_escape(&path, name);
    buf_add_format(&path, "/%s", part);
    json_t *answer = ask(session, method, buf_text(&path), body);
    buf_deinit(&path);
    return answer;
}

static json_t *users_pin(struct session *session, char **words, const struct users_wish *wish)
{
    json_t *body = json_object();
    char *secret = wish->choose ? read_password("new PIN") : NULL;
    if (wish->choose)
        json_object_set_new(body, "pin", json_string(secret ? secret : ""));
    free_secret(secret);
    json_t *answer = ask_part(session, "PUT", words[1], "pin", body);
    print_codes(answer);
    return answer;
}

static json_t *users_puk(struct session *session, char **words)
{
    json_t *answer = ask_part(session, "POST", words[1], "puk", json_object());
    print_codes(answer);
    return answer;
}

static json_t *users_password(struct session *session, char **words)
{
    char *password = read_password("new password");
    json_t *answer = ask_named(session, "PUT", "users", words[1],
                               json_pack("{s:s}", "password", password ? password : ""));
    free_secret(password);
    return answer;
}

/* One row a verb; `words` counts the verb itself. NULL for what there is not. */
static json_t *do_users(struct session *session, char **argv, int words,
                        const struct users_wish *wish, bool *misused)
{
    const char *verb = words ? argv[0] : "list";
    if (strcmp(verb, "list") == 0 && words <= 1)
        return users_list(session);
    if (strcmp(verb, "add") == 0 && words == 3)
        return users_add(session, argv, wish);
    if (strcmp(verb, "role") == 0 && words == 3)
        return ask_named(session, "PUT", "users", argv[1], json_pack("{s:s}", "role", argv[2]));
    if (strcmp(verb, "home") == 0 && (words == 2 || words == 3))
        return ask_named(session, "PUT", "users", argv[1],
                         json_pack("{s:s}", "home", words == 3 ? argv[2] : ""));
    if (strcmp(verb, "password") == 0 && words == 2)
        return users_password(session, argv);
    if (strcmp(verb, "pin") == 0 && words == 2)
        return users_pin(session, argv, wish);
    if (strcmp(verb, "no-pin") == 0 && words == 2)
        return ask_part(session, "DELETE", argv[1], "pin", NULL);
    if (strcmp(verb, "puk") == 0 && words == 2)
        return users_puk(session, argv);
    if (strcmp(verb, "remove") == 0 && words == 2)
        return ask_named(session, "DELETE", "users", argv[1], NULL);
    *misused = true;
    return NULL;
}

int command_users(int argc, char **argv)
{
    struct client_options where = {0};
    struct users_wish wish = {0};
    bool leave, misused = false;
    const struct option_row rows[] = {
        {"pin", NULL, "add: a PIN, made at random, instead of a password", NULL, &wish.pin},
        {"choose", NULL, "pin: read it from the terminal or standard input", NULL, &wish.choose},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = "users",
        .arguments = "[list | add NAME ROLE | role NAME ROLE | home NAME [PAGE] | password NAME | "
                     "pin NAME | puk NAME | no-pin NAME | remove NAME]",
        .summary =
            "Users of the pages and the API. ROLE is view, control, installer or administrator.\n"
            "Passwords are read from the terminal, or from standard input, never from arguments.\n"
            "pin makes a new PIN and PUK, unblocks and prints them, once; puk only a new PUK.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    struct session session = {.err = ERR_EMPTY};
    session.client = client_open(&where, &session.err);
    json_t *answer = session.client ? do_users(&session, argv, words, &wish, &misused) : NULL;
    if (misused)
        fprintf(stderr, "busbar users: %s\n", options.arguments);
    else if (!answer)
        fprintf(stderr, "busbar users: %s\n", session.err.text);
    status = misused ? COMMAND_MISUSED : answer ? COMMAND_OK : COMMAND_FAILED;
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
