/* busbar nut: what NUT clients are offered, who is connected, and forced shutdowns. */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"

static long long seconds_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key)) / 1000;
}

/* "rack-1  group network  OB DISCHRG LB  2 attached, on battery for 312 s" */
static void print_ups(const json_t *ups)
{
    const char *group = client_text(ups, "group"), *status = client_text(ups, "status");
    const char *contact = client_text(ups, "contact");
    printf("%-20s %-6s %-20s %-24s %lld attached", client_text(ups, "name"),
           *group ? "group" : "device", *group ? group : client_text(ups, "device"),
           *status                        ? status
           : strcmp(contact, "fine") == 0 ? "unknown"
                                          : contact,
           (long long)json_integer_value(json_object_get(ups, "attached")));
    if (json_is_integer(json_object_get(ups, "on_battery_ms")))
        printf(", on battery for %lld s", seconds_of(ups, "on_battery_ms"));
    if (json_is_true(json_object_get(ups, "forced")))
        printf(", forced %lld s ago", seconds_of(ups, "forced_ms"));
    if (json_is_true(json_object_get(ups, "outlets_off")))
        printf(", its outlets are off");
    putchar('\n');
}

static void print_client(const json_t *client)
{
    printf("  %s port %lld %s%s%s%s%s\n", client_text(client, "address"),
           (long long)json_integer_value(json_object_get(client, "port")),
           *client_text(client, "user") ? client_text(client, "user") : "anonymous",
           *client_text(client, "attached") ? ", attached to " : "",
           client_text(client, "attached"),
           json_is_true(json_object_get(client, "primary")) ? " as primary" : "",
           json_is_true(json_object_get(client, "encrypted")) ? ", TLS" : "");
}

static int list(struct client *client, bool as_json, struct err *err)
{
    json_t *answer = client_ask_json(client, "GET", "/nut", NULL, err);
    size_t i;
    const json_t *one;
    if (!answer)
        return COMMAND_FAILED;
    if (as_json) {
        json_dumpf(answer, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        if (!json_is_integer(json_object_get(answer, "port")))
            printf("does not listen%s%s\n",
                   *client_text(answer, "problem") ? ": " : " (nut.port is 0)",
                   client_text(answer, "problem"));
        json_array_foreach(json_object_get(answer, "ups"), i, one)
        {
            print_ups(one);
        }
        json_array_foreach(json_object_get(answer, "clients"), i, one)
        {
            print_client(one);
        }
    }
    json_decref(answer);
    return COMMAND_OK;
}

static int set_shutdown(struct client *client, const char *name, bool forced, struct err *err)
{
    struct buf path = BUF_EMPTY;
    buf_add_text(&path, "/nut/");
    client_escape(&path, name);
    buf_add_text(&path, "/shutdown");
    json_t *answer =
        client_ask_json(client, forced ? "POST" : "DELETE", buf_text(&path), NULL, err);
    buf_deinit(&path);
    int status = answer || !err->code ? COMMAND_OK : COMMAND_FAILED;
    json_decref(answer);
    return status;
}

static int run(const struct client_options *where, bool as_json, char **words, int count)
{
    struct err err = ERR_EMPTY;
    const char *verb = count ? words[0] : "list";
    bool force = strcmp(verb, "shutdown") == 0, end = strcmp(verb, "end") == 0;
    if (!(force || end ? count == 2 : strcmp(verb, "list") == 0 && count <= 1)) {
        fprintf(stderr, "busbar nut: list, or shutdown NAME, or end NAME; `busbar nut --help`\n");
        return COMMAND_MISUSED;
    }
    struct client *client = client_open(where, &err);
    int status = !client        ? COMMAND_FAILED
                 : force || end ? set_shutdown(client, words[1], force, &err)
                                : list(client, as_json, &err);
    if (err.code)
        fprintf(stderr, "busbar nut: %s\n", err.text);
    client_close(client);
    return status;
}

int command_nut(int argc, char **argv)
{
    struct client_options where = {0};
    bool leave, as_json = false;
    const struct option_row rows[] = {
        {"json", NULL, "print the API's answer", NULL, &as_json},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = "nut",
        .arguments = "[list | shutdown NAME | end NAME] [options]",
        .summary = "What hosts with Network UPS Tools are offered, and who is connected. shutdown "
                   "tells all that are\nattached to NAME to shut down, end ends that.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    return leave ? status : run(&where, as_json, argv, words);
}
