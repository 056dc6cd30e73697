#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "engine/event_reader.h"

/* ---- events ---------------------------------------------------------------------------------- */

struct wish {
    const char *since, *until, *kind, *severity, *actor, *object, *text, *limit;
    bool csv, json, local, follow;
};

static void add_parameter(struct buf *path, const char *name, const char *value)
{
    if (!value)
        return;
    buf_add_format(path, "%s%s=", memchr(path->data, '?', path->length) ? "&" : "?", name);
    client_escape(path, value);
}

/* "--kind a,b" asks for both. */
static void add_kinds(struct buf *path, const char *kinds)
{
    while (kinds && *kinds) {
        char kind[80];
        size_t length = strcspn(kinds, ",");
        snprintf(kind, sizeof kind, "%.*s", (int)length, kinds);
        add_parameter(path, "kind", kind);
        kinds += length + (kinds[length] == ',');
    }
}

static void make_path(struct buf *path, const struct wish *wish)
{
    buf_clear(path);
    buf_add_text(path, wish->csv ? "/events.csv" : "/events");
    add_parameter(path, "from", wish->since);
    add_parameter(path, "to", wish->until);
    add_kinds(path, wish->kind);
    add_parameter(path, "severity", wish->severity);
    add_parameter(path, "actor", wish->actor);
    add_parameter(path, "object", wish->object);
    add_parameter(path, "text", wish->text);
    add_parameter(path, "limit", wish->limit);
    add_parameter(path, "time", wish->local ? "local" : NULL);
}

static void print_event(const json_t *event)
{
    const char *time = json_string_value(json_object_get(event, "time"));
    const char *severity = json_string_value(json_object_get(event, "severity"));
    char unknown[40];
    snprintf(unknown, sizeof unknown, "%lld s after the start",
             (long long)json_integer_value(json_object_get(event, "uptime_s")));
    printf("%-24s %-7s %-22s %s\n", time ? time : unknown, severity ? severity : "",
           json_string_value(json_object_get(event, "kind")),
           json_string_value(json_object_get(event, "text")));
}

/* Oldest first, as lines of a log are read; the answer is newest first. */
static json_int_t print_events(const json_t *answer, bool as_json)
{
    const json_t *events = json_object_get(answer, "events");
    for (size_t i = json_array_size(events); i-- > 0;) {
        const json_t *event = json_array_get(events, i);
        if (!as_json) {
            print_event(event);
            continue;
        }
        json_dumpf(event, stdout, JSON_COMPACT);
        putchar('\n');
    }
    fflush(stdout);
    return json_integer_value(json_object_get(answer, "last"));
}

static int print_once(struct client *client, const struct wish *wish, struct err *err)
{
    struct buf path = BUF_EMPTY, answer = BUF_EMPTY;
    int result = -1;
    make_path(&path, wish);
    if (wish->csv) {
        result = client_ask(client, "GET", buf_text(&path), NULL, &answer, err);
        if (result == 0)
            fwrite(answer.data, 1, answer.length, stdout);
    } else {
        json_t *json = client_ask_json(client, "GET", buf_text(&path), NULL, err);
        if (json) {
            print_events(json, wish->json);
            result = 0;
        }
        json_decref(json);
    }
    buf_deinit(&path);
    buf_deinit(&answer);
    return result;
}

/* ---- following ------------------------------------------------------------------------------- */

/* The live stream says that there is more; what it is, is asked for. */
struct follower {
    struct client *client; /* a second one: the first one streams */
    const struct wish *wish;
    struct buf line, path;
    json_int_t seen;
    bool begun;
    struct err err;
};

/* All that is newer than what was seen, page by page from the old end. */
static bool fetch_news(struct follower *follower)
{
    make_path(&follower->path, follower->wish);
    if (follower->begun) {
        char after[24];
        snprintf(after, sizeof after, "%lld", (long long)follower->seen);
        add_parameter(&follower->path, "after", after);
        add_parameter(&follower->path, "limit", "1000");
    }
    json_t *json =
        client_ask_json(follower->client, "GET", buf_text(&follower->path), NULL, &follower->err);
    if (json)
        follower->seen = print_events(json, follower->wish->json);
    follower->begun = true;
    json_decref(json);
    return json != NULL;
}

static bool take_bytes(void *user, const char *bytes, size_t length)
{
    struct follower *follower = user;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != '\n') {
            buf_add_char(&follower->line, bytes[i]);
            continue;
        }
        const char *text = buf_text(&follower->line);
        /* the snapshot comes after each new beginning of the stream: something may be missed */
        bool news = strcmp(text, "event: events") == 0 || strcmp(text, "event: snapshot") == 0;
        buf_clear(&follower->line);
        if (news && !fetch_news(follower))
            return false;
    }
    return !ferror(stdout);
}

static int follow(struct client *client, const struct client_options *where,
                  const struct wish *wish, struct err *err)
{
    struct follower follower = {.wish = wish, .line = {.limit = 64u << 20}};
    follower.client = client_open(where, err);
    int result = -1;
    if (follower.client) {
        /* a device that cannot be: of the points nothing is wanted */
        result = client_stream(client, "/live?device=-", take_bytes, &follower, err);
        if (follower.err.code) {
            *err = follower.err;
            result = -1;
        }
    }
    client_close(follower.client);
    buf_deinit(&follower.line);
    buf_deinit(&follower.path);
    return result;
}

int command_events(int argc, char **argv)
{
    struct client_options where = {0};
    struct wish wish = {0};
    bool leave;
    const struct option_row rows[] = {
        {"since", "TIME", "RFC 3339, or -24h, -7d (default: the newest 100)", &wish.since, NULL},
        {"until", "TIME", "likewise", &wish.until, NULL},
        {"kind", "KIND", "only these kinds, with commas between", &wish.kind, NULL},
        {"severity", "WORD", "only this and worse: info, notice, warning, error", &wish.severity,
         NULL},
        {"actor", "NAME", "only by this user or token, file or system", &wish.actor, NULL},
        {"object", "TEXT", "only about what begins so", &wish.object, NULL},
        {"text", "TEXT", "only with this in it", &wish.text, NULL},
        {"limit", "N", "at most so many, the newest", &wish.limit, NULL},
        {"follow", NULL, "go on printing what happens, until interrupted", NULL, &wish.follow},
        {"csv", NULL, "print CSV, newest first", NULL, &wish.csv},
        {"json", NULL, "print one JSON object a line", NULL, &wish.json},
        {"local", NULL, "times in the site's zone", NULL, &wish.local},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = "events",
        .arguments = "[OPTION...]",
        .summary = "Prints what happened and who did it, oldest first.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    if (words) {
        fprintf(stderr, "busbar events: unexpected word \"%s\"; `busbar events --help`\n", argv[0]);
        return COMMAND_MISUSED;
    }
    if (wish.follow && (wish.csv || wish.until)) {
        fprintf(stderr, "busbar events: --follow goes neither with --csv nor with --until\n");
        return COMMAND_MISUSED;
    }
    if (wish.since && !wish.limit)
        wish.limit = wish.csv ? NULL : "1000";
    struct err err = ERR_EMPTY;
    struct client *client = client_open(&where, &err);
    status = COMMAND_FAILED;
    if (client &&
        (wish.follow ? follow(client, &where, &wish, &err) : print_once(client, &wish, &err)) == 0)
        status = COMMAND_OK;
    if (err.code)
        fprintf(stderr, "busbar events: %s\n", err.text);
    client_close(client);
    return status;
}

/* ---- journal verify -------------------------------------------------------------------------- */

static void print_verdict(bool ok, const char *sentence, long long last, const char *head)
{
    printf("%s %s\n", ok ? "ok:" : "NOT AS IT WAS WRITTEN:", sentence);
    if (ok && last > 0)
        printf("To be sure of it later, note this elsewhere: --known %lld:%s\n", last, head);
}

static int verify_file(const char *folder, const char *known, struct err *err)
{
    uint8_t hash[EVENT_HASH_SIZE] = {0};
    uint64_t id = 0;
    struct event_verdict verdict;
    char *end = NULL;
    if (known) {
        id = strtoull(known, &end, 10);
        if (id == 0 || *end != ':' || !event_hash_parse(end + 1, hash)) {
            fprintf(stderr, "busbar journal: --known is ID:HASH as an earlier check printed it\n");
            return COMMAND_MISUSED;
        }
    }
    struct event_reader *reader = event_reader_open(folder, err);
    if (!reader || event_reader_verify(reader, id, hash, &verdict, NULL, err) < 0) {
        event_reader_close(reader);
        return COMMAND_FAILED;
    }
    event_reader_close(reader);
    print_verdict(verdict.ok, verdict.sentence, (long long)verdict.last, verdict.head);
    return verdict.ok ? COMMAND_OK : COMMAND_FAILED;
}

static int verify_daemon(const struct client_options *where, const char *known, struct err *err)
{
    struct client *client = client_open(where, err);
    struct buf path = BUF_EMPTY;
    buf_add_text(&path, "/events/verify");
    add_parameter(&path, "known", known);
    json_t *answer = client ? client_ask_json(client, "GET", buf_text(&path), NULL, err) : NULL;
    bool ok = json_is_true(json_object_get(answer, "ok"));
    if (answer)
        print_verdict(ok, json_string_value(json_object_get(answer, "sentence")),
                      (long long)json_integer_value(json_object_get(answer, "last")),
                      json_string_value(json_object_get(answer, "head")));
    json_decref(answer);
    buf_deinit(&path);
    client_close(client);
    return ok ? COMMAND_OK : COMMAND_FAILED;
}

int command_journal(int argc, char **argv)
{
    struct client_options where = {0};
    const char *state = NULL, *known = NULL;
    bool leave;
    const struct option_row rows[] = {
        {"state", "DIR", "check the file in this folder, without the daemon", &state, NULL},
        {"known", "ID:HASH", "this record must still be the same", &known, NULL},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = "journal",
        .arguments = "verify [OPTION...]",
        .summary = "Checks whether the event log is as it was written, and names the first record "
                   "that is not.\nStatus 0 when it is, 1 when it is not or cannot be read.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    if (words != 1 || strcmp(argv[0], "verify") != 0) {
        fprintf(stderr, "busbar journal: say `busbar journal verify`; --help tells more\n");
        return COMMAND_MISUSED;
    }
    struct err err = ERR_EMPTY;
    status = state ? verify_file(state, known, &err) : verify_daemon(&where, known, &err);
    if (err.code)
        fprintf(stderr, "busbar journal: %s\n", err.text);
    return status;
}
