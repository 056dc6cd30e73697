/* busbar alarm, busbar notices: what is not normal, what is done about it, and who was told. */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/client.h"

#define PAGE 1000 /* alarms in one answer, see limits.h */

struct task {
    const char *command; /* "alarm", "notices" */
    struct client *client;
    const char *severity, *device, *reason, *how_long;
    bool all, json, local;
    struct err err;
};

/* Takes `body` (may be NULL) over. */
static json_t *ask(struct task *task, const char *method, const char *path, json_t *body)
{
    json_t *answer = client_ask_json(task->client, method, path, body, &task->err);
    json_decref(body);
    return answer;
}

static void print_json(const json_t *value)
{
    json_dumpf(value, stdout, JSON_COMPACT);
    putchar('\n');
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* "7  critical  tripped  2026-11-21T01:02:03.000Z  pdu-a/outlet-3/current  what it is" */
static void print_alarm(const json_t *alarm)
{
    char since[40];
    const char *time = client_text(alarm, "since");
    snprintf(since, sizeof since, "%lld s ago",
             (long long)json_integer_value(json_object_get(alarm, "since_ms")) / 1000);
    printf("%-10lld %-8s %-12s %-24s %-28s %s",
           (long long)json_integer_value(json_object_get(alarm, "id")),
           client_text(alarm, "severity"), client_text(alarm, "state"), *time ? time : since,
           client_text(alarm, "path"), client_text(alarm, "text"));
    if (json_is_true(json_object_get(alarm, "latched")))
        printf(" [waits to be cleared]");
    if (*client_text(alarm, "shelved_until"))
        printf(" [shelved until %s]", client_text(alarm, "shelved_until"));
    if (json_is_true(json_object_get(alarm, "muted")))
        printf(" [muted]");
    if (*client_text(alarm, "suppressed_by"))
        printf(" [silent: %s]", client_text(alarm, "suppressed_by"));
    if (*client_text(alarm, "by"))
        printf(" [%s]", client_text(alarm, "by"));
    putchar('\n');
}

/* Calls `fn` for each alarm of a question, page by page; how many, or negative and task->err. */
static long each_alarm(struct task *task, const struct buf *question,
                       void (*fn)(void *user, const json_t *alarm), void *user)
{
    struct buf path = BUF_EMPTY;
    long seen = 0;
    bool more = true;
    while (more) {
        char offset[24];
        size_t index;
        const json_t *alarm;
        snprintf(offset, sizeof offset, "%ld", seen);
        buf_clear(&path);
        buf_add(&path, question->data, question->length);
        client_parameter(&path, "offset", offset);
        json_t *answer = ask(task, "GET", buf_text(&path), NULL);
        more = json_is_true(json_object_get(answer, "more"));
        json_array_foreach(json_object_get(answer, "alarms"), index, alarm)
        {
            fn(user, alarm);
            seen++;
        }
        if (!answer)
            seen = -1;
        json_decref(answer);
    }
    buf_deinit(&path);
    return seen;
}

static void begin_question(struct buf *question, const struct task *task, bool active)
{
    buf_add_format(question, "/alarms?limit=%d", PAGE);
    client_parameter(question, "active", active ? "true" : NULL);
    client_parameter(question, "severity", task->severity);
    client_parameter(question, "device", task->device);
    client_parameter(question, "time", task->local ? "local" : NULL);
}

static void on_listed(void *user, const json_t *alarm)
{
    const struct task *task = user;
    (task->json ? print_json : print_alarm)(alarm);
}

static int list(struct task *task, char **words, int count)
{
    struct buf question = BUF_EMPTY;
    (void)words;
    (void)count;
    begin_question(&question, task, !task->all);
    long seen = each_alarm(task, &question, on_listed, task);
    buf_deinit(&question);
    return seen < 0 ? COMMAND_FAILED : COMMAND_OK;
}

static void print_rule(const json_t *rule)
{
    const char *key;
    json_t *value;
    printf("%s:", client_text(rule, "name"));
    json_object_foreach(json_object_get(rule, "values"), key, value)
    {
        if (json_is_null(value) || (json_is_string(value) && !*json_string_value(value)))
            continue;
        char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
        printf(" %s=%s", key, text ? text : json_string_value(value));
        free(text);
    }
    putchar('\n');
}

/* The members of an array, each by `print` or as JSON. */
static int print_array(struct task *task, const char *path, void (*print)(const json_t *row))
{
    json_t *answer = ask(task, "GET", path, NULL);
    size_t index;
    const json_t *row;
    json_array_foreach(answer, index, row)
    {
        (task->json ? print_json : print)(row);
    }
    int status = answer ? COMMAND_OK : COMMAND_FAILED;
    json_decref(answer);
    return status;
}

static int rules(struct task *task, char **words, int count)
{
    (void)words;
    (void)count;
    return print_array(task, "/alarm-rules", print_rule);
}

/* ---- one alarm, or all at a path ------------------------------------------------------------- */

static bool is_id(const char *word)
{
    return *word && word[strspn(word, "0123456789")] == '\0';
}

static void on_found(void *user, const json_t *alarm)
{
    json_array_append_new(user, json_incref(json_object_get(alarm, "id")));
}

/* The ids of what WHICH names; NULL and task->err. `state` NULL: any. */
static json_t *find(struct task *task, const char *which, const char *state)
{
    json_t *ids = json_array();
    struct buf question = BUF_EMPTY;
    if (is_id(which)) {
        json_array_append_new(ids, json_integer(strtoll(which, NULL, 10)));
        return ids;
    }
    begin_question(&question, task, state != NULL);
    client_parameter(&question, "state", state);
    client_parameter(&question, "path", which);
    long seen = each_alarm(task, &question, on_found, ids);
    buf_deinit(&question);
    if (seen > 0)
        return ids;
    if (seen == 0)
        err_set(&task->err, -1, "there is no%s%s alarm at %s", state ? " " : "", state ? state : "",
                which);
    json_decref(ids);
    return NULL;
}

static bool do_one(struct task *task, const char *deed, json_int_t id)
{
    struct buf path = BUF_EMPTY;
    json_t *body = json_object();
    if (task->reason)
        json_object_set_new(body, "reason", json_string(task->reason));
    if (strcmp(deed, "shelve") == 0)
        json_object_set_new(body, "duration",
                            is_id(task->how_long) ? json_integer(strtoll(task->how_long, NULL, 10))
                                                  : json_string(task->how_long));
    buf_add_format(&path, "/alarms/%lld/%s%s", (long long)id, deed,
                   task->local ? "?time=local" : "");
    json_t *alarm = ask(task, "POST", buf_text(&path), body);
    if (alarm)
        (task->json ? print_json : print_alarm)(alarm);
    buf_deinit(&path);
    json_decref(alarm);
    return alarm != NULL;
}

/* Each of WHICH..., on to the next one after a refusal. */
static int do_all(struct task *task, const char *deed, const char *state, char **words, int count)
{
    int status = COMMAND_OK;
    for (int i = 0; i < count; i++) {
        json_t *ids = find(task, words[i], state);
        size_t index;
        const json_t *id;
        bool good = ids != NULL;
        json_array_foreach(ids, index, id)
        {
            good &= do_one(task, deed, json_integer_value(id));
        }
        json_decref(ids);
        if (good)
            continue;
        status = COMMAND_FAILED;
        fprintf(stderr, "busbar alarm: %s: %s\n", words[i], task->err.text);
        task->err = ERR_EMPTY;
    }
    return status;
}

static int acknowledge(struct task *task, char **words, int count)
{
    return do_all(task, "acknowledge", "tripped", words, count);
}

static int shelve(struct task *task, char **words, int count)
{
    if (!task->how_long) {
        fprintf(stderr, "busbar alarm: shelve needs --for TIME: 3600, \"30 min\", \"2 h\"\n");
        return COMMAND_MISUSED;
    }
    return do_all(task, "shelve", NULL, words, count);
}

static int unshelve(struct task *task, char **words, int count)
{
    return do_all(task, "unshelve", NULL, words, count);
}

static int mute(struct task *task, char **words, int count)
{
    return do_all(task, "mute", "tripped", words, count);
}

static int clear(struct task *task, char **words, int count)
{
    return do_all(task, "clear", "tripped", words, count);
}

static int show(struct task *task, char **words, int count)
{
    int status = COMMAND_OK;
    for (int i = 0; i < count; i++) {
        struct buf path = BUF_EMPTY;
        buf_add_text(&path, "/alarms/");
        client_escape(&path, words[i]);
        client_parameter(&path, "time", task->local ? "local" : NULL);
        json_t *alarm = ask(task, "GET", buf_text(&path), NULL);
        if (alarm && task->json) {
            print_json(alarm);
        } else if (alarm) {
            json_dumpf(alarm, stdout, JSON_INDENT(2));
            putchar('\n');
        } else {
            status = COMMAND_FAILED;
        }
        json_decref(alarm);
        buf_deinit(&path);
    }
    return status;
}

/* ---- notices --------------------------------------------------------------------------------- */

/* A test notice to a recipient: the conversation, then how it ended. */
static int test(struct task *task, char **words, int count)
{
    int status = COMMAND_OK;
    for (int i = 0; i < count; i++) {
        struct buf path = BUF_EMPTY;
        size_t index;
        const json_t *line;
        buf_add_text(&path, "/recipients/");
        client_escape(&path, words[i]);
        buf_add_text(&path, "/test");
        json_t *answer = ask(task, "POST", buf_text(&path), json_object());
        json_array_foreach(json_object_get(answer, "dialogue"), index, line)
        {
            if (!task->json)
                printf("%s\n", json_string_value(line));
        }
        if (answer && task->json)
            print_json(answer);
        else if (answer)
            printf("%s: %s\n", words[i], client_text(answer, "words"));
        if (!json_is_true(json_object_get(answer, "delivered")))
            status = COMMAND_FAILED;
        json_decref(answer);
        buf_deinit(&path);
    }
    return status;
}

/* "night-desk  mail  waiting 3  delivered 17  given up 0  next in 40 s: connection refused" */
static void print_notices(const json_t *row)
{
    const json_t *next = json_object_get(row, "next_in_ms");
    printf("%-20s %-8s waiting %-6lld delivered %-8lld given up %-6lld",
           client_text(row, "recipient"), client_text(row, "kind"),
           (long long)json_integer_value(json_object_get(row, "waiting")),
           (long long)json_integer_value(json_object_get(row, "delivered")),
           (long long)json_integer_value(json_object_get(row, "given_up")));
    if (*client_text(row, "last"))
        printf(" last %s", client_text(row, "last"));
    if (json_is_integer(next))
        printf(" next in %lld s", (long long)json_integer_value(next) / 1000);
    if (*client_text(row, "problem"))
        printf(": %s", client_text(row, "problem"));
    putchar('\n');
}

/* ---- words ----------------------------------------------------------------------------------- */

static const struct verb {
    const char *name;
    bool wants_names;
    int (*fn)(struct task *task, char **words, int count);
} verbs[] = {
    {"list", false, list},      {"show", true, show},
    {"ack", true, acknowledge}, {"acknowledge", true, acknowledge},
    {"shelve", true, shelve},   {"unshelve", true, unshelve},
    {"mute", true, mute},       {"clear", true, clear},
    {"rules", false, rules},    {"test", true, test},
};

#define VERBS (sizeof verbs / sizeof *verbs)

static int run(struct task *task, const struct client_options *where, char **words, int count)
{
    const char *name = count ? words[0] : "list";
    size_t i = 0;
    while (i < VERBS && strcmp(verbs[i].name, name) != 0)
        i++;
    if (i == VERBS) {
        const char *near = nearest_word(name, &verbs[0].name, VERBS, sizeof *verbs);
        fprintf(stderr, "busbar alarm: \"%s\" is not done%s%s%s; `busbar alarm --help`\n", name,
                near ? ": did you mean \"" : "", near ? near : "", near ? "\"" : "");
        return COMMAND_MISUSED;
    }
    if (verbs[i].wants_names != (count > 1)) {
        fprintf(stderr, "busbar alarm: %s %s\n", name,
                verbs[i].wants_names ? "needs at least one name" : "takes no names");
        return COMMAND_MISUSED;
    }
    task->client = client_open(where, &task->err);
    int status = task->client ? verbs[i].fn(task, words + 1, count - 1) : COMMAND_FAILED;
    if (task->err.code)
        fprintf(stderr, "busbar alarm: %s\n", task->err.text);
    client_close(task->client);
    return status;
}

int command_alarm(int argc, char **argv)
{
    struct client_options where = {0};
    struct task task = {.command = "alarm", .err = ERR_EMPTY};
    bool leave;
    const struct option_row rows[] = {
        {"all", NULL, "list what is normal too", NULL, &task.all},
        {"severity", "WORD", "only this and worse: info, warning, critical", &task.severity, NULL},
        {"device", "NAME", "only at this device", &task.device, NULL},
        {"for", "TIME", "how long to shelve: 3600, \"30 min\", \"2 h\"", &task.how_long, NULL},
        {"reason", "TEXT", "for the event log", &task.reason, NULL},
        {"json", NULL, "print one JSON object a line", NULL, &task.json},
        {"local", NULL, "times in the site's zone", NULL, &task.local},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = "alarm",
        .arguments = "[list | show ID... | ack WHICH... | shelve WHICH... --for TIME |\n"
                     "  unshelve WHICH... | mute WHICH... | clear WHICH... | rules | test "
                     "RECIPIENT...] [OPTION...]",
        .summary =
            "Lists what is not normal, in order of harm, and acknowledges, shelves or clears it.\n"
            "WHICH is an alarm's id, or a path (pdu-a/outlet-3/current, 'pdu-a/*') for all there.\n"
            "rules prints the rules; test sends a test notice and prints the conversation.\n"
            "Status 0 when all was done, 1 when not, 2 for wrong use.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    return leave ? status : run(&task, &where, argv, words);
}

int command_notices(int argc, char **argv)
{
    struct client_options where = {0};
    struct task task = {.command = "notices", .err = ERR_EMPTY};
    bool leave;
    const struct option_row rows[] = {
        {"json", NULL, "print one JSON object a line", NULL, &task.json},
        {"local", NULL, "times in the site's zone", NULL, &task.local},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = "notices",
        .arguments = "[OPTION...]",
        .summary = "Prints for each recipient how many notices wait, and why.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    if (words) {
        fprintf(stderr, "busbar notices: unexpected word \"%s\"; `busbar notices --help`\n",
                argv[0]);
        return COMMAND_MISUSED;
    }
    task.client = client_open(&where, &task.err);
    status = task.client ? print_array(&task, task.local ? "/notices?time=local" : "/notices",
                                       print_notices)
                         : COMMAND_FAILED;
    if (task.err.code)
        fprintf(stderr, "busbar notices: %s\n", task.err.text);
    client_close(task.client);
    return status;
}
