/* busbar trace: the frames of a line as they go over the wire. */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/client.h"
#include "face/doctor_door.h"

#define LOOK_EVERY_MS 250

struct task {
    struct client *client;
    const char *line, *unit;
    long seconds;
    struct err err;
};

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_MS * 1000000L}, NULL);
}

static void make_path(const struct task *task, struct buf *path, const char *query)
{
    buf_clear(path);
    buf_add_text(path, "/lines/");
    client_escape(path, task->line);
    buf_add_format(path, "/trace%s", query);
    if (task->unit && *query) {
        buf_add_text(path, "&unit=");
        client_escape(path, task->unit);
    }
}

static int ask(struct task *task, const char *method, const char *query, const char *body,
               struct buf *answer)
{
    struct buf path = BUF_EMPTY;
    make_path(task, &path, query);
    int result = client_ask(task->client, method, buf_text(&path), body, answer, &task->err);
    buf_deinit(&path);
    return result;
}

/* ---- printing as they come ------------------------------------------------------------------- */

static long long number_of(const json_t *frame, const char *key)
{
    return (long long)json_integer_value(json_object_get(frame, key));
}

static void print_frame(const json_t *frame)
{
    const char *kind = client_text(frame, "kind");
    size_t index;
    const json_t *value;
    bool question =
        strcmp(kind, "sent") == 0 || strcmp(kind, "probe") == 0 || strcmp(kind, "master") == 0;
    printf("%s %s %-7s", client_text(frame, "time"), question ? ">" : "<", kind);
    if (number_of(frame, "unit"))
        printf(" unit %lld", number_of(frame, "unit"));
    if (*client_text(frame, "name"))
        printf(", %s", client_text(frame, "name"));
    if (json_object_get(frame, "count"))
        printf(" %lld, %lld of them", number_of(frame, "address"), number_of(frame, "count"));
    if (json_object_get(frame, "exception"))
        printf(": refused, exception %lld (%s)", number_of(frame, "exception"),
               client_text(frame, "refusal"));
    json_array_foreach(json_object_get(frame, "values"), index, value)
    {
        printf("%s %lld", index ? "" : ":", (long long)json_integer_value(value));
    }
    printf(" [%s]\n", client_text(frame, "bytes"));
}

/* What came since the last look; whether there will be more, or negative. */
static int print_new(struct task *task, long long *after)
{
    struct buf path = BUF_EMPTY;
    char query[48];
    size_t index;
    const json_t *frame;
    snprintf(query, sizeof query, "?after=%lld", *after);
    make_path(task, &path, query);
    json_t *answer = client_ask_json(task->client, "GET", buf_text(&path), NULL, &task->err);
    buf_deinit(&path);
    if (!answer)
        return -EIO;
    json_array_foreach(json_object_get(answer, "frames"), index, frame)
    {
        print_frame(frame);
        *after = number_of(frame, "number");
    }
    int more = json_is_true(json_object_get(answer, "recording"));
    json_decref(answer);
    fflush(stdout);
    return more;
}

static int print_all(struct task *task)
{
    long long after = 0;
    int more;
    while ((more = print_new(task, &after)) > 0)
        rest();
    return more;
}

/* ---- into a file ----------------------------------------------------------------------------- */

/* The form is told by the file's name. */
static const struct {
    const char *ending, *format;
} forms[] = {{".pcap", "pcap"}, {".cap", "capture"}, {".json", "json"}, {".txt", "text"}};

static const char *format_of(const char *file)
{
    const char *dot = strrchr(file, '.');
    for (size_t i = 0; dot && i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(dot, forms[i].ending) == 0)
            return forms[i].format;
    }
    return NULL;
}

static int wait_for_end(struct task *task)
{
    int result = 0;
    for (bool more = true; more && result == 0;) {
        struct buf answer = BUF_EMPTY;
        result = ask(task, "GET", "?after=9223372036854775807", NULL, &answer);
        json_t *state = result == 0 ? json_loadb(answer.data, answer.length, 0, NULL) : NULL;
        more = json_is_true(json_object_get(state, "recording"));
        json_decref(state);
        buf_deinit(&answer);
        if (more)
            rest();
    }
    return result;
}

static int write_file(struct task *task, const char *file)
{
    struct buf answer = BUF_EMPTY;
    char query[32];
    snprintf(query, sizeof query, "?format=%s", format_of(file));
    int result = wait_for_end(task);
    if (result == 0)
        result = ask(task, "GET", query, NULL, &answer);
    FILE *out = result == 0 ? fopen(file, "wb") : NULL;
    if (result == 0 &&
        (!out || fwrite(answer.data, 1, answer.length, out) != answer.length || fflush(out) != 0))
        result = err_set_errno(&task->err, -errno, "cannot write %s", file);
    if (out)
        fclose(out);
    buf_deinit(&answer);
    return result;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int run(struct task *task, const char *file)
{
    char body[40];
    struct buf answer = BUF_EMPTY;
    snprintf(body, sizeof body, "{\"seconds\":%ld}", task->seconds);
    int result = ask(task, "POST", "", body, &answer);
    if (result == 0)
        result = file ? write_file(task, file) : print_all(task);
    buf_clear(&answer);
    /* What was recorded is not needed any more; that it could not be forgotten is no failure. */
    struct err err = task->err;
    if (result == 0)
        (void)ask(task, "DELETE", "", NULL, &answer);
    task->err = err;
    buf_deinit(&answer);
    return result;
}

static int misused(const char *sentence)
{
    fprintf(stderr, "busbar trace: %s\n", sentence);
    return COMMAND_MISUSED;
}

int command_trace(int argc, char **argv)
{
    struct client_options client = {0};
    struct task task = {.err = ERR_EMPTY};
    const char *seconds = "10", *file = NULL;
    const struct option_row rows[] = {
        {"seconds", "N", "how long, 1 to 3600 (default: 10)", &seconds, NULL},
        {"unit", "N", "only frames of this unit; a .cap file is of one unit", &task.unit, NULL},
        {"output", "FILE", "write NAME.pcap (Wireshark), .cap (replays as a test), .json or .txt",
         &file, NULL},
        CLIENT_OPTION_ROWS(client)};
    const struct options options = {"trace", "LINE", "print or save the frames of a line", rows,
                                    sizeof rows / sizeof *rows};
    int words;
    bool leave;
    char *end;
    int status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    task.seconds = strtol(seconds, &end, 10);
    if (words != 1)
        return misused("which line? `busbar trace LINE`; lines are listed by the page Diagnostics");
    if (*end || task.seconds < 1 || task.seconds > DOCTOR_SECONDS_MOST)
        return misused("--seconds is a whole number from 1 to 3600");
    if (file && !format_of(file))
        return misused("the name of the file must end in .pcap, .cap, .json or .txt");
    if (file && strcmp(format_of(file), "capture") == 0 && !task.unit)
        return misused("a capture is of one device: give its --unit");
    task.line = argv[0];
    task.client = client_open(&client, &task.err);
    int result = task.client ? run(&task, file) : -ENOENT;
    client_close(task.client);
    if (result < 0)
        fprintf(stderr, "busbar trace: %s\n", task.err.text);
    return result < 0 ? COMMAND_FAILED : COMMAND_OK;
}
