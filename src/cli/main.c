#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/command.h"

static const struct command {
    const char *name;
    const char *help;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"run", "measure, record and serve until stopped", command_run},
    {"check", "find every mistake in a site file or profile", command_check},
    {"scan", "find Modbus units on a line or gateway and guess their profile", command_scan},
    {"doctor", "tell what lines suffer from, and the way out", command_doctor},
    {"trace", "print or save the frames of a line, for Wireshark or as a test", command_trace},
    {"profiles", "list the devices that are known", command_profiles},
    {"get", "print values", command_get},
    {"watch", "print values as they change", command_watch},
    {"history", "print what was recorded, as a table, CSV or JSON", command_history},
    {"energy", "print what was used and what it cost", command_energy},
    {"alarm", "list, acknowledge, shelve and clear alarms", command_alarm},
    {"notices", "print who was told and what waits to be told", command_notices},
    {"events", "print what happened and who did it", command_events},
    {"journal", "check that the event log is as it was written", command_journal},
    {"export", "write what was recorded as CSV, JSON lines or a SQLite file", command_export},
    {"import", "put readings recorded elsewhere into the history", command_import},
    {"outlet", "switch outlets and outputs, or list them", command_outlet},
    {"group", "switch groups of outlets, or list them", command_group},
    {"gateway", "list gateways, their clients and what became of requests", command_gateway},
    {"nut", "list what NUT clients are offered, force a shutdown or end it", command_nut},
    {"users", "list, add, change and remove users", command_users},
    {"tokens", "list, add and remove API tokens", command_tokens},
    {"settings", "print the reference of all settings", command_settings},
    {"mib", "print the MIB of the SNMP agent", command_mib},
    {"openapi", "print the API's description", command_openapi},
};

#define COMMANDS (sizeof commands / sizeof *commands)

static int print_help(FILE *to, int status)
{
    fprintf(to, "usage: busbar COMMAND [ARGUMENT...]\n\n"
                "Measures, shows, logs, switches and raises alarms on power equipment.\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
    fprintf(to, "\n`busbar COMMAND --help` tells more of each.\n");
    return status;
}

int main(int argc, char **argv)
{
    /* Numbers in files and on the wire have a point, whatever the machine's language. */
    setlocale(LC_NUMERIC, "C");
    const char *name = argc > 1 ? argv[1] : "";
    if (!*name || strcmp(name, "help") == 0 || strcmp(name, "--help") == 0)
        return print_help(*name ? stdout : stderr, *name ? COMMAND_OK : COMMAND_MISUSED);
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        printf("busbar %s\n", BUSBAR_VERSION);
        return COMMAND_OK;
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    const char *near = nearest_word(name, &commands[0].name, COMMANDS, sizeof commands[0]);
    fprintf(stderr, "busbar: there is no command \"%s\"%s%s%s; `busbar help` lists them\n", name,
            near ? "; did you mean \"" : "", near ? near : "", near ? "\"" : "");
    return COMMAND_MISUSED;
}
