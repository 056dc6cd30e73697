/* snmp_outlets - the outlets of one device in the tables of other makers, for programs that know
 * only those.
 *
 * Each maker is a list of tables (face/snmp_apc.c, face/snmp_geist.c) over the same rows: the
 * outlets of the device that the setting names, by their numbers. Switching goes through the door
 * of commands like everything else; what the door refuses is answered with an error, and a critical
 * outlet, which must be confirmed with a code, cannot be switched off here. Loop thread only.
 */
#pragma once

#include "face/snmp_part.h"
#include "face/snmp_table.h"
#include "model/command.h"
#include "model/site.h"

extern const struct snmp_part snmp_apc_part, snmp_geist_part;

/* The door's answer as a SET is answered, an error status of RFC 3416; our own MIB does the same.
 */
int snmp_command_status(const struct command_answer *answer);

struct snmp_outlets {
    const struct snmp_model *model;
    char *name; /* of the device */
    struct snmp_table *tables;
    size_t count;
};

/* NULL when `name` is "": nothing is served. `tables` are templates: their `user`, and the revision
 * of those that have rows, are filled in. */
void *snmp_outlets_make(const struct snmp_model *model, struct snmp_tree *tree, const char *name,
                        const struct snmp_table *tables, size_t count);
void snmp_outlets_end(void *part, struct snmp_tree *tree);

/* NULL while it is not there. */
const struct device *snmp_outlets_device(const struct snmp_outlets *outlets);
unsigned snmp_outlets_count(const struct snmp_outlets *outlets);

/* Rows: outlets that have a state; phases; one row, number 1. `thing` is the component; of the
 * last one the device. */
void snmp_outlets_rows(void *user, struct snmp_rows *rows);
void snmp_outlets_phase_rows(void *user, struct snmp_rows *rows);
/* A scalar beside tables of the same group: column 0, no index. */
void snmp_outlets_scalar(void *user, struct snmp_rows *rows);

/* Numbers for on, off and not known; 0 for "has no value then". */
struct snmp_outlets_words {
    int on, off, unknown;
};
bool snmp_outlets_state(struct snmp_value *value, const struct component *outlet,
                        const struct snmp_outlets_words *words);

/* A good reading times `factor`, as an INTEGER; none when there is none. */
bool snmp_outlets_number(struct snmp_value *value, const struct component *component,
                         enum quantity quantity, double factor);

/* Whether a command is under way there. */
bool snmp_outlets_busy(const struct snmp_outlets *outlets, const struct component *outlet);

/* What a number written to a column stands for; `count` of them, COMMAND_ACTIONS for none. */
int snmp_outlets_set(void *user, const struct snmp_set *set, size_t item, bool commit,
                     const enum command_action *actions, size_t count);

/* `component`, `outlets`, `value` can be used in `result`. */
#define SNMP_OUTLETS_GET(function, result)                                                         \
    static bool function(void *user, const struct snmp_row *row, const struct snmp_ask *ask,       \
                         struct snmp_value *value)                                                 \
    {                                                                                              \
        const struct snmp_outlets *outlets = user;                                                 \
        const struct component *component = row->thing;                                            \
        (void)outlets;                                                                             \
        (void)component;                                                                           \
        (void)ask;                                                                                 \
        return result;                                                                             \
    }
