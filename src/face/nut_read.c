/* GET and LIST: everything that is asked and changes nothing. */

#include <stdio.h>
#include <string.h>

#include "face/nut_verbs.h"
#include "model/command.h"

/* ---- GET ------------------------------------------------------------------------------------- */

static void get_numlogins(struct asking *asking)
{
    const struct nut_ups *ups = asking_ups(asking, 2);
    if (ups)
        buf_add_format(&asking->out, "NUMLOGINS %s %zu\n", ups->name,
                       nut_attached(asking->client->nut, ups->name));
}

static void get_upsdesc(struct asking *asking)
{
    const struct nut_ups *ups = asking_ups(asking, 2);
    if (!ups)
        return;
    buf_add_format(&asking->out, "UPSDESC %s", ups->name);
    nut_line_quote(&asking->out, ups->label);
    buf_add_char(&asking->out, '\n');
}

/* One variable, of which what is asked is written. */
struct looking {
    struct asking *asking;
    const struct nut_ups *ups;
    const char *name;
    void (*write)(struct looking *looking, const struct nut_var *var);
    bool found;
};

static bool is_it(void *user, const struct nut_var *var)
{
    struct looking *looking = user;
    if (strcmp(var->name, looking->name) != 0)
        return true;
    looking->found = true;
    if (looking->write)
        looking->write(looking, var);
    return false;
}

static void get_of_var(struct asking *asking, const struct nut_ups *ups,
                       void (*write)(struct looking *looking, const struct nut_var *var))
{
    struct looking looking = {asking, ups, asking_word(asking, 3), write, false};
    nut_vars_each(asking_model(asking), ups, is_it, &looking);
    if (!looking.found)
        asking_refuse(asking, "VAR-NOT-SUPPORTED");
}

static void write_value(struct buf *out, const char *kind, const struct nut_ups *ups,
                        const char *name, const char *value)
{
    buf_add_format(out, "%s %s %s", kind, ups->name, name);
    nut_line_quote(out, value);
    buf_add_char(out, '\n');
}

static void write_var(struct looking *looking, const struct nut_var *var)
{
    if (!var->value)
        asking_refuse(looking->asking, "DATA-STALE");
    else
        write_value(&looking->asking->out, "VAR", looking->ups, var->name, var->value);
}

/* A forced shutdown is busbar's own word: it is told even of a supply that is silent. */
static void get_var(struct asking *asking)
{
    const struct nut_ups *ups = asking_ups(asking, 2);
    bool own =
        ups && shutdown_forced(&ups->stage) && strcmp(asking_word(asking, 3), "ups.status") == 0;
    if (ups && !own)
        ups = asking_live(asking, 2);
    if (ups)
        get_of_var(asking, ups, write_var);
}

static void write_type(struct looking *looking, const struct nut_var *var)
{
    buf_add_format(&looking->asking->out, "TYPE %s %s %s\n", looking->ups->name, var->name,
                   var->number ? "NUMBER" : "STRING:255");
}

static void get_type(struct asking *asking)
{
    const struct nut_ups *ups = asking_live(asking, 2);
    if (ups)
        get_of_var(asking, ups, write_type);
}

static void write_desc(struct looking *looking, const struct nut_var *var)
{
    write_value(&looking->asking->out, "DESC", looking->ups, var->name, var->help);
}

static void get_desc(struct asking *asking)
{
    const struct nut_ups *ups = asking_ups(asking, 2);
    if (ups)
        get_of_var(asking, ups, write_desc);
}

struct naming {
    struct asking *asking;
    const struct nut_ups *ups;
    bool found;
};

static bool is_command(void *user, const char *name, const char *help)
{
    struct naming *naming = user;
    if (strcmp(name, asking_word(naming->asking, 3)) != 0)
        return true;
    naming->found = true;
    write_value(&naming->asking->out, "CMDDESC", naming->ups, name, help);
    return false;
}

static void get_cmddesc(struct asking *asking)
{
    const struct nut_ups *ups = asking_ups(asking, 2);
    struct naming naming = {asking, ups, false};
    if (!ups)
        return;
    nut_commands_each(asking_model(asking), ups, is_command, &naming);
    if (!naming.found)
        asking_refuse(asking, "CMD-NOT-SUPPORTED");
}

/* What became of a command: by its worst target. */
static const char *outcome_of(const struct command *command)
{
    bool waits = false, failed = false, unknown = false;
    for (size_t i = 0; i < command->step_count; i++) {
        enum command_state state = command->steps[i].state;
        waits = waits || state == COMMAND_PENDING || state == COMMAND_SENT;
        unknown = unknown || state == COMMAND_UNKNOWN;
        failed = failed || state == COMMAND_FAILED || state == COMMAND_REFUSED ||
                 state == COMMAND_CANCELLED;
    }
    return waits                                   ? "PENDING"
           : failed || (unknown && command->ended) ? "ERR FAILED"
           : unknown                               ? "PENDING"
                                                   : "SUCCESS";
}

static void get_tracking(struct asking *asking)
{
    if (asking->line->count < 3) {
        asking_add_line(asking, asking->client->tracking ? "ON" : "OFF");
        return;
    }
    char id[NUT_TRACKING];
    const struct commands *commands = asking->client->nut->context.commands;
    const struct command *command = NULL;
    if (asking_needs(asking, ROLE_VIEW) && nut_tracking_parse(asking_word(asking, 2), id))
        command = commands_find(commands, id);
    if (!asking->error)
        asking_add_line(asking, command ? outcome_of(command) : "ERR UNKNOWN");
}

/* ---- LIST ------------------------------------------------------------------------------------ */

/* The query is repeated around what it found. */
static void frame(struct asking *asking, const char *edge)
{
    buf_add_text(&asking->out, edge);
    buf_add_text(&asking->out, " LIST");
    for (size_t i = 1; i < asking->line->count; i++)
        buf_add_format(&asking->out, " %s", asking_word(asking, i));
    buf_add_char(&asking->out, '\n');
}

static void list_ups(struct asking *asking)
{
    struct nut *nut = asking->client->nut;
    nut_refresh(nut);
    frame(asking, "BEGIN");
    for (size_t i = 0; i < nut->offer.count; i++) {
        const struct nut_ups *ups = &nut->offer.list[i];
        if (!nut_client_sees(asking->client, ups))
            continue;
        buf_add_format(&asking->out, "UPS %s", ups->name);
        nut_line_quote(&asking->out, ups->label);
        buf_add_char(&asking->out, '\n');
    }
    frame(asking, "END");
}

struct listing {
    struct asking *asking;
    const struct nut_ups *ups;
};

static bool list_one_var(void *user, const struct nut_var *var)
{
    struct listing *listing = user;
    if (var->value)
        write_value(&listing->asking->out, "VAR", listing->ups, var->name, var->value);
    return true;
}

static void list_var(struct asking *asking)
{
    struct listing listing = {asking, asking_live(asking, 2)};
    if (!listing.ups)
        return;
    frame(asking, "BEGIN");
    nut_vars_each(asking_model(asking), listing.ups, list_one_var, &listing);
    frame(asking, "END");
}

static bool list_one_command(void *user, const char *name, const char *help)
{
    struct listing *listing = user;
    (void)help;
    buf_add_format(&listing->asking->out, "CMD %s %s\n", listing->ups->name, name);
    return true;
}

static void list_cmd(struct asking *asking)
{
    struct listing listing = {asking, asking_ups(asking, 2)};
    if (!listing.ups)
        return;
    frame(asking, "BEGIN");
    nut_commands_each(asking_model(asking), listing.ups, list_one_command, &listing);
    frame(asking, "END");
}

/* Nothing is set over NUT, so nothing has choices or a range. */
static void list_nothing(struct asking *asking)
{
    if (!asking_ups(asking, 2))
        return;
    frame(asking, "BEGIN");
    frame(asking, "END");
}

static void list_client(struct asking *asking)
{
    const struct nut_ups *ups = asking_ups(asking, 2);
    if (!ups)
        return;
    frame(asking, "BEGIN");
    for (const struct nut_client *c = asking->client->nut->clients; c; c = c->next) {
        if (strcmp(c->attached, ups->name) == 0)
            buf_add_format(&asking->out, "CLIENT %s %s\n", ups->name, c->address_text);
    }
    frame(asking, "END");
}

bool nut_has_var(struct asking *asking)
{
    const struct nut_ups *ups = asking_ups(asking, 2);
    struct looking looking = {asking, ups, asking_word(asking, 3), NULL, false};
    if (ups)
        nut_vars_each(asking_model(asking), ups, is_it, &looking);
    return looking.found;
}

/* ---- the tables ------------------------------------------------------------------------------ */

const struct nut_verb nut_gets[] = {
    {"NUMLOGINS", 3, 3, false, get_numlogins},
    {"UPSDESC", 3, 3, false, get_upsdesc},
    {"VAR", 4, 4, false, get_var},
    {"TYPE", 4, 4, false, get_type},
    {"DESC", 4, 4, false, get_desc},
    {"CMDDESC", 4, 4, false, get_cmddesc},
    {"TRACKING", 2, 3, false, get_tracking},
};

const struct nut_verb nut_lists[] = {
    {"UPS", 2, 2, false, list_ups},       {"VAR", 3, 3, false, list_var},
    {"RW", 3, 3, false, list_nothing},    {"CMD", 3, 3, false, list_cmd},
    {"ENUM", 4, 4, false, list_nothing},  {"RANGE", 4, 4, false, list_nothing},
    {"CLIENT", 3, 3, false, list_client},
};

const size_t nut_get_count = sizeof nut_gets / sizeof *nut_gets;
const size_t nut_list_count = sizeof nut_lists / sizeof *nut_lists;
