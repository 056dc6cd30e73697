#include "cli/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/places.h"
#include "daemon/daemon.h"

/* What a person needs in the first minute: where to look, and how to sign in. */
static void print_welcome(const struct daemon *daemon, const char *secret)
{
    char host[65] = "localhost";
    gethostname(host, sizeof host - 1);
    printf("busbar %s\n", BUSBAR_VERSION);
    if (daemon_port_https(daemon))
        printf("  https://%s:%d/   (own certificate: the browser will ask once)\n", host,
               daemon_port_https(daemon));
    if (daemon_port_http(daemon))
        printf("  http://%s:%d/\n", host, daemon_port_http(daemon));
    if (*secret)
        printf("  sign in as \"administrator\" with the one-time secret %s\n"
               "  (you will be asked for a password of your own; this line is not shown again)\n",
               secret);
    fflush(stdout);
}

int command_run(int argc, char **argv)
{
    struct daemon_options daemon_options = {.state_folder = "state"};
    bool leave;
    const struct option_row rows[] = {
        {"site", "FILE", "the site file (default: none, everything as the pages set it)",
         &daemon_options.site_file, NULL},
        {"state", "DIR", "folder for what the daemon keeps (default: ./state)",
         &daemon_options.state_folder, NULL},
        {"profiles", "DIR", "device profiles (default: the shipped ones)",
         &daemon_options.profiles_folder, NULL},
        {"own-profiles", "DIR", "own profiles over them (default: STATE/profiles)",
         &daemon_options.user_profiles, NULL},
    };
    const struct options options = {
        .command = "run",
        .arguments = "[--site FILE] [--state DIR] [OPTION...]",
        .summary =
            "Measures, records and serves until it is stopped. SIGHUP reads the site file again.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    if (words) {
        fprintf(stderr, "busbar run: unexpected word \"%s\"; did you mean --site %s?\n", argv[0],
                argv[0]);
        return COMMAND_MISUSED;
    }
    char profiles[PLACES_PATH_MAX];
    if (!daemon_options.profiles_folder)
        daemon_options.profiles_folder = places_profiles(profiles);

    char secret[64];
    struct err err = ERR_EMPTY;
    struct err_list errors = {0};
    struct daemon *daemon = daemon_open(&daemon_options, secret, &errors, &err);
    for (size_t i = 0; i < errors.count; i++)
        fprintf(stderr, "%s\n", errors.list[i].text);
    if (err.code)
        fprintf(stderr, "busbar run: %s\n", err.text);
    err_list_deinit(&errors);
    if (!daemon)
        return COMMAND_FAILED;
    print_welcome(daemon, secret);
    explicit_bzero(secret, sizeof secret);
    daemon_run(daemon);
    daemon_close(daemon);
    return COMMAND_OK;
}
