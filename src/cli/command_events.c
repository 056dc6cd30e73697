#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "engine/event_reader.h"

#define PAGE 1000 /* events in one answer, see limits.h */
#define CSV_PAGE 20000
#define USUAL 100 /* printed when neither a time nor a number is given */

/* ---- events ---------------------------------------------------------------------------------- */

struct wish {
    const char *since, *until, *kind, *severity, *actor, *object, *text, *limit;
    bool csv, json, local, follow;
    json_int_t most; /* events to print, 0: all */
};

/* "--kind a,b" asks for both. */
static void add_kinds(struct buf *path, const char *kinds)
{
    while (kinds && *kinds) {
        char kind[80];
        size_t length = strcspn(kinds, ",");
        snprintf(kind, sizeof kind, "%.*s", (int)length, kinds);
        client_parameter(path, "kind", kind);
        kinds += length + (kinds[length] == ',');
    }
}

static void make_path(struct buf *path, const struct wish *wish)
{
    buf_clear(path);
    buf_add_text(path, wish->csv ? "/events.csv" : "/events");
    client_parameter(path, "from", wish->since);
    client_parameter(path, "to", wish->until);
    add_kinds(path, wish->kind);
    client_parameter(path, "severity", wish->severity);
    client_parameter(path, "actor", wish->actor);
    client_parameter(path, "object", wish->object);
    client_parameter(path, "text", wish->text);
    client_parameter(path, "time", wish->local ? "local" : NULL);
}

static void add_number(struct buf *path, const char *name, json_int_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    client_parameter(path, name, number > 0 ? text : NULL);
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

/* Oldest first, as lines of a log are read; pages and what they hold are newest first. */
static void print_pages(const json_t *pages, bool as_json)
{
    for (size_t page = json_array_size(pages); page-- > 0;) {
        const json_t *events = json_object_get(json_array_get(pages, page), "events");
        for (size_t i = json_array_size(events); i-- > 0;) {
            const json_t *event = json_array_get(events, i);
            if (!as_json) {
                print_event(event);
                continue;
            }
            json_dumpf(event, stdout, JSON_COMPACT);
            putchar('\n');
        }
    }
    fflush(stdout);
}

/* The newest `most` (0: all) that are newer than `after`, as pages. NULL and `err`. */
static json_t *fetch(struct client *client, const struct wish *wish, json_int_t after,
                     json_int_t most, struct err *err)
{
    struct buf path = BUF_EMPTY;
    json_t *pages = json_array(), *page = NULL;
    json_int_t before = 0, left = most;
    do {
        json_int_t rows = most == 0 || left > PAGE ? PAGE : left;
        make_path(&path, wish);
        add_number(&path, "after", after);
        add_number(&path, "before", before);
        add_number(&path, "limit", rows);
        page = client_ask_json(client, "GET", buf_text(&path), NULL, err);
        if (page)
            json_array_append_new(pages, page);
        before = json_integer_value(json_object_get(page, "before"));
        left -= rows;
    } while (page && json_is_true(json_object_get(page, "more")) && (most == 0 || left > 0));
    buf_deinit(&path);
    if (page)
        return pages;
    json_decref(pages);
    return NULL;
}

static int print_list(struct client *client, const struct wish *wish, struct err *err)
{
    json_t *pages = fetch(client, wish, 0, wish->most, err);
    if (!pages)
        return -1;
    print_pages(pages, wish->json);
    json_decref(pages);
    return 0;
}

/* Where the last row of a CSV begins: with its id. 0: there is only the head. */
static json_int_t last_id(const struct buf *answer)
{
    json_int_t id = 0;
    bool quoted = false, begins = true;
    for (size_t i = 0; i < answer->length; i++) {
        char c = answer->data[i];
        if (begins && c >= '0' && c <= '9')
            id = strtoll(answer->data + i, NULL, 10);
        quoted ^= c == '"';
        begins = c == '\n' && !quoted;
    }
    return id;
}

/* Page by page, with the head of the first. */
static int print_csv(struct client *client, const struct wish *wish, struct err *err)
{
    struct buf path = BUF_EMPTY, answer = BUF_EMPTY;
    json_int_t before = 0, left = wish->most;
    int result = 0;
    do {
        json_int_t rows = wish->most == 0 || left > CSV_PAGE ? CSV_PAGE : left;
        make_path(&path, wish);
        add_number(&path, "before", before);
        add_number(&path, "limit", rows);
        buf_clear(&answer);
        result = client_ask(client, "GET", buf_text(&path), NULL, &answer, err);
        const char *text = buf_text(&answer), *first = strchr(text, '\n');
        if (result == 0)
            fputs(before && first ? first + 1 : text, stdout);
        before = result == 0 ? last_id(&answer) : 0;
        left -= rows;
    } while (before > 1 && (wish->most == 0 || left > 0));
    buf_deinit(&path);
    buf_deinit(&answer);
    return result;
}

/* ---- following ------------------------------------------------------------------------------- */

/* The live stream says that there is more; what it is, is asked for. */
struct follower {
    struct client *client; /* a second one: the first one streams */
    struct wish wish;
    struct buf line;
    json_int_t seen;
    bool begun;
    struct err err;
};

static json_int_t newest_of(const json_t *page)
{
    const json_t *newest = json_array_get(json_object_get(page, "events"), 0);
    return json_integer_value(json_object_get(newest, "id"));
}

/* All that is newer than what was seen. What was seen is the newest that a search found, not the
 * newest that there is: another one may have come between the search and its answer. */
static bool fetch_news(struct follower *follower)
{
    struct wish *wish = &follower->wish;
    json_t *newest = NULL, *pages;
    if (!follower->begun) {
        newest = client_ask_json(follower->client, "GET", "/events?limit=1", NULL, &follower->err);
        if (!newest)
            return false;
    }
    pages = fetch(follower->client, wish, follower->seen, wish->most, &follower->err);
    if (newest)
        follower->seen = newest_of(newest);
    json_decref(newest);
    if (!pages)
        return false;
    print_pages(pages, wish->json);
    if (newest_of(json_array_get(pages, 0)) > follower->seen)
        follower->seen = newest_of(json_array_get(pages, 0));
    json_decref(pages);
    /* from here on all that is new counts; "now" would be another time at each question */
    wish->since = NULL;
    wish->most = 0;
    follower->begun = true;
    return true;
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
    struct follower follower = {.wish = *wish, .line = {.limit = 64u << 20}};
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
    return result;
}

static bool read_most(struct wish *wish)
{
    char *end;
    wish->most = wish->limit                ? strtoll(wish->limit, &end, 10)
                 : wish->csv || wish->since ? 0
                                            : USUAL;
    if (!wish->limit || (wish->most > 0 && !*end))
        return true;
    fprintf(stderr, "busbar events: --limit is a number of events, 1 or more\n");
    return false;
}

int command_events(int argc, char **argv)
{
    struct client_options where = {0};
    struct wish wish = {0};
    bool leave;
    const struct option_row rows[] = {
        {"since", "TIME", "RFC 3339, or -24h, -7d: all since then (default: the newest 100)",
         &wish.since, NULL},
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
    if (!read_most(&wish))
        return COMMAND_MISUSED;
    struct err err = ERR_EMPTY;
    struct client *client = client_open(&where, &err);
    status = COMMAND_FAILED;
    if (client && (wish.follow ? follow(client, &where, &wish, &err)
                   : wish.csv  ? print_csv(client, &wish, &err)
                               : print_list(client, &wish, &err)) == 0)
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
    client_parameter(&path, "known", known);
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
