/* busbar gateway: what goes through the gateways, and for whom. */
#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/client.h"

/* "1200 requests, 1190 answered (12 merged), 9 refused": what is none is not said. */
static void print_counts(const json_t *counts)
{
    static const char *const told[] = {"answered",    "merged", "remembered", "refused",
                                       "unreachable", "silent", "busy",       "writes"};
    printf("%" PRId64 " requests", client_number(counts, "requests"));
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        if (client_number(counts, told[i]))
            printf(", %" PRId64 " %s", client_number(counts, told[i]), told[i]);
    }
    putchar('\n');
}

static void print_client(const json_t *client)
{
    const json_t *quiet = json_object_get(client, "quiet_ms");
    printf("  %s", client_text(client, "address"));
    if (client_number(client, "port"))
        printf(" port %" PRId64, client_number(client, "port"));
    printf(", here for %" PRId64 " s, ", client_number(client, "connected_ms") / 1000);
    if (json_is_integer(quiet))
        printf("asked %.1f s ago", (double)json_integer_value(quiet) / 1000);
    else
        printf("has not asked");
    printf(", %" PRId64 " under way: ", client_number(client, "underway"));
    print_counts(json_object_get(client, "counts"));
}

static void print_gateway(const json_t *gateway)
{
    const json_t *port = json_object_get(gateway, "port");
    const char *problem = client_text(gateway, "problem");
    size_t i;
    const json_t *client;
    printf("%s: %s on %s", client_text(gateway, "name"), client_text(gateway, "kind"),
           client_text(gateway, "listen"));
    if (json_is_integer(port))
        printf(" port %" PRId64, client_number(gateway, "port"));
    printf(", to %s%s%s\n  %" PRId64 " connected, %" PRId64 " came, %" PRId64 " turned away; ",
           client_text(gateway, "routes"), *problem ? "; " : "", problem,
           client_number(gateway, "clients_connected"), client_number(gateway, "accepted"),
           client_number(gateway, "turned_away"));
    print_counts(json_object_get(gateway, "counts"));
    json_array_foreach(json_object_get(gateway, "clients"), i, client)
    {
        print_client(client);
    }
}

static int print_answer(const struct buf *answer)
{
    json_t *root = json_loadb(answer->data, answer->length, JSON_REJECT_DUPLICATES, NULL);
    size_t i;
    const json_t *gateway;
    if (!root) {
        fprintf(stderr, "busbar gateway: the answer is not JSON\n");
        return COMMAND_FAILED;
    }
    if (!json_array_size(root))
        puts("there are no gateways (settings: gateways)");
    json_array_foreach(root, i, gateway)
    {
        print_gateway(gateway);
    }
    json_decref(root);
    return COMMAND_OK;
}

int command_gateway(int argc, char **argv)
{
    struct client_options where = {0};
    bool json = false, leave;
    const struct option_row rows[] = {
        {"json", NULL, "print the API's answer as it is", NULL, &json},
        CLIENT_OPTION_ROWS(where),
    };
    const struct options options = {
        .command = "gateway",
        .arguments = "[OPTION...]",
        .summary = "Lists the gateways, their clients, and what became of the requests.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    if (words > 0) {
        fprintf(stderr, "busbar gateway: \"%s\" is no option; `busbar gateway --help` lists them\n",
                argv[0]);
        return COMMAND_MISUSED;
    }
    return client_show(&where, "gateway", "/gateways", json ? NULL : print_answer);
}
