#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/value_print.h"

/* "?path=a&path=b" for the words given, "" for none. */
static void add_paths(struct buf *path, char **words, int count)
{
    for (int i = 0; i < count; i++) {
        buf_add_text(path, i ? "&path=" : "?path=");
        client_escape(path, words[i]);
    }
}

int command_get(int argc, char **argv)
{
    struct client_options where = {0};
    bool as_json = false, leave;
    const struct option_row rows[] = {
        {"json", NULL, "print the API's answer as it is", NULL, &as_json},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = "get",
        .arguments = "[PATH...] [OPTION...]",
        .summary =
            "Prints values: path, value, unit, age, and what is wrong with it if anything is.\n"
            "PATH may end in *: busbar get 'pdu-a/*'",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    struct err err = ERR_EMPTY;
    struct client *client = client_open(&where, &err);
    struct buf path = BUF_EMPTY, answer = BUF_EMPTY;
    buf_add_text(&path, "/points");
    add_paths(&path, argv, words);
    status = COMMAND_FAILED;
    if (client && client_ask(client, "GET", buf_text(&path), NULL, &answer, &err) == 0) {
        status = COMMAND_OK;
        if (as_json) {
            fwrite(answer.data, 1, answer.length, stdout);
            putchar('\n');
        } else {
            status = value_print_list(answer.data, answer.length, words > 0);
        }
    }
    if (err.code)
        fprintf(stderr, "busbar get: %s\n", err.text);
    buf_deinit(&path);
    buf_deinit(&answer);
    client_close(client);
    return status;
}

/* ---- watch ----------------------------------------------------------------------------------- */

/* Server-sent events, line by line (HTML standard, 9.2.6): only `data:` lines matter here. */
struct watcher {
    struct buf line;
    bool as_json;
};

static void take_line(struct watcher *watcher)
{
    const char *text = buf_text(&watcher->line);
    if (strncmp(text, "data:", 5) != 0)
        return;
    text += text[5] == ' ' ? 6 : 5;
    if (watcher->as_json)
        printf("%s\n", text);
    else if (*text == '[')
        value_print_lines(text, strlen(text));
    fflush(stdout);
}

static bool take_bytes(void *user, const char *bytes, size_t length)
{
    struct watcher *watcher = user;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != '\n') {
            buf_add_char(&watcher->line, bytes[i]);
            continue;
        }
        take_line(watcher);
        buf_clear(&watcher->line);
    }
    return !ferror(stdout);
}

int command_watch(int argc, char **argv)
{
    struct client_options where = {0};
    struct watcher watcher = {.line = {.limit = 64u << 20}};
    bool leave;
    const struct option_row rows[] = {
        {"json", NULL, "print each event's data as it is", NULL, &watcher.as_json},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = "watch",
        .arguments = "[PATH...] [OPTION...]",
        .summary = "Prints values now and whenever they change, until interrupted.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    struct err err = ERR_EMPTY;
    struct client *client = client_open(&where, &err);
    struct buf path = BUF_EMPTY;
    buf_add_text(&path, "/live");
    add_paths(&path, argv, words);
    if (client)
        client_stream(client, buf_text(&path), take_bytes, &watcher, &err);
    if (err.code)
        fprintf(stderr, "busbar watch: %s\n", err.text);
    buf_deinit(&path);
    buf_deinit(&watcher.line);
    client_close(client);
    return err.code ? COMMAND_FAILED : COMMAND_OK;
}
