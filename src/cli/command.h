/* command - the subcommands of `busbar`: one row each in main.c, one function each in a file of its
 * own.
 *
 * Commands print to standard output, sentences about mistakes to standard error, and return the
 * exit status: 0 done, 1 could not, 2 wrong use.
 */
#pragma once

#include <stdbool.h>

enum { COMMAND_OK = 0, COMMAND_FAILED = 1, COMMAND_MISUSED = 2 };

/* argv[0] is the command's name. */
int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_scan(int argc, char **argv);
int command_trace(int argc, char **argv);
int command_get(int argc, char **argv);
int command_watch(int argc, char **argv);
int command_history(int argc, char **argv);
/* `busbar history check|repair|backup|restore`; false when argv[1] is none of them. */
bool command_history_store(int argc, char **argv, int *status);
int command_energy(int argc, char **argv);
int command_alarm(int argc, char **argv);
int command_notices(int argc, char **argv);
int command_events(int argc, char **argv);
int command_journal(int argc, char **argv);
int command_export(int argc, char **argv);
int command_import(int argc, char **argv);
int command_users(int argc, char **argv);
int command_tokens(int argc, char **argv);
int command_outlet(int argc, char **argv);
int command_group(int argc, char **argv);
int command_nut(int argc, char **argv);
int command_gateway(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_profiles(int argc, char **argv);
int command_openapi(int argc, char **argv);
int command_mib(int argc, char **argv);
int command_settings(int argc, char **argv);
