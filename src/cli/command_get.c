#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/value_print.h"

/* The path of a question, "/points?path=a&path=b". */
static const char *question(struct buf *path, const char *of, char **words, int count)
{
    buf_add_text(path, of);
    for (int i = 0; i < count; i++)
        client_parameter(path, "path", words[i]);
    return buf_text(path);
}

static int print_json(const struct buf *answer)
{
    fwrite(answer->data, 1, answer->length, stdout);
    putchar('\n');
    return COMMAND_OK;
}

static int print_all(const struct buf *answer)
{
    return value_print_list(answer->data, answer->length, false);
}

/* Asked for by name: none is a failure. */
static int print_named(const struct buf *answer)
{
    return value_print_list(answer->data, answer->length, true);
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
    struct buf path = BUF_EMPTY;
    status = client_show(&where, "get", question(&path, "/points", argv, words),
                         as_json ? print_json
                         : words ? print_named
                                 : print_all);
    buf_deinit(&path);
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
    if (client)
        client_stream(client, question(&path, "/live", argv, words), take_bytes, &watcher, &err);
    if (err.code)
        fprintf(stderr, "busbar watch: %s\n", err.text);
    buf_deinit(&path);
    buf_deinit(&watcher.line);
    client_close(client);
    return err.code ? COMMAND_FAILED : COMMAND_OK;
}
