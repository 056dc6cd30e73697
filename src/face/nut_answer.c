/* The verbs of the protocol, a row each. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "face/nut_verbs.h"
#include "model/command.h"

#define PROTOCOL "1.3" /* what NUT 2.8 says */

const char *asking_word(const struct asking *asking, size_t index)
{
    return asking->line->words[index];
}

void asking_add_line(struct asking *asking, const char *text)
{
    buf_add_text(&asking->out, text);
    buf_add_char(&asking->out, '\n');
}

void asking_refuse(struct asking *asking, const char *code)
{
    asking->error = code;
}

const struct nut_model *asking_model(const struct asking *asking)
{
    return &asking->client->nut->model;
}

struct nut_ups *asking_ups(struct asking *asking, size_t index)
{
    struct nut *nut = asking->client->nut;
    struct nut_ups *ups;
    nut_refresh(nut);
    ups = nut_offer_find(&nut->offer, asking_word(asking, index));
    if (ups && nut_client_sees(asking->client, ups))
        return ups;
    asking_refuse(asking, "UNKNOWN-UPS");
    return NULL;
}

struct nut_ups *asking_live(struct asking *asking, size_t index)
{
    static const char *const codes[] = {NULL, "DATA-STALE", "DRIVER-NOT-CONNECTED"};
    struct nut_ups *ups = asking_ups(asking, index);
    enum nut_contact contact = ups ? nut_ups_contact(asking_model(asking), ups) : NUT_CONTACT_FINE;
    if (!ups || contact == NUT_CONTACT_FINE)
        return ups;
    asking_refuse(asking, codes[contact]);
    return NULL;
}

bool asking_needs(struct asking *asking, enum access_role role)
{
    if (nut_client_role(asking->client) >= role && asking->client->signed_in)
        return true;
    asking_refuse(asking, asking->client->denied       ? "ACCESS-DENIED"
                          : !*asking->client->user     ? "USERNAME-REQUIRED"
                          : !asking->client->signed_in ? "PASSWORD-REQUIRED"
                                                       : "ACCESS-DENIED");
    return false;
}

/* ---- VER, HELP ------------------------------------------------------------------------------- */

static void verb_ver(struct asking *asking)
{
    asking_add_line(asking, "busbar " BUSBAR_VERSION);
}

static void verb_protver(struct asking *asking)
{
    asking_add_line(asking, PROTOCOL);
}

static void verb_help(struct asking *asking);

/* ---- signing in ------------------------------------------------------------------------------ */

static bool in_the_clear(struct asking *asking)
{
    const struct nut_client *client = asking->client;
    if (client->nut->settings->tls != NUT_TLS_REQUIRED || nut_link_encrypted(&client->link))
        return false;
    err_set(&asking->err, -EACCES, "STARTTLS first");
    asking_refuse(asking, "ACCESS-DENIED");
    return true;
}

static void verb_username(struct asking *asking)
{
    struct nut_client *client = asking->client;
    if (in_the_clear(asking))
        return;
    if (*client->user) {
        asking_refuse(asking, "ALREADY-SET-USERNAME");
        return;
    }
    if (!*asking_word(asking, 1) || strlen(asking_word(asking, 1)) > LIMIT_NAME) {
        asking_refuse(asking, "INVALID-USERNAME");
        return;
    }
    snprintf(client->user, sizeof client->user, "%s", asking_word(asking, 1));
    client->denied = false;
    asking_add_line(asking, "OK");
}

/* Clients send a password as it is, blanks and backslashes included, and only some put it between
 * quotes: what does not begin with one is taken to the end of the line. */
static bool take_password(struct nut_line *line, const char *bytes, size_t length)
{
    static const char verb[] = "PASSWORD ";
    if (length >= NUT_LINE_MOST || length < sizeof verb || memchr(bytes, '\0', length) ||
        strncasecmp(bytes, verb, sizeof verb - 1) != 0 || bytes[sizeof verb - 1] == '"')
        return false;
    memcpy(line->text, bytes, length);
    line->text[length] = '\0';
    line->count = 2;
    for (size_t i = 2; i < NUT_WORDS_MOST; i++)
        line->words[i] = "";
    line->words[0] = "PASSWORD";
    line->words[1] = line->text + sizeof verb - 1;
    return true;
}

/* Its answer comes when the password has been looked at. */
static void verb_password(struct asking *asking)
{
    struct nut_client *client = asking->client;
    if (in_the_clear(asking))
        return;
    if (!*client->user)
        asking_refuse(asking, "USERNAME-REQUIRED");
    else if (client->signed_in)
        asking_refuse(asking, "ALREADY-SET-PASSWORD");
    else
        nut_client_sign_in(client, asking_word(asking, 1));
}

static void verb_starttls(struct asking *asking)
{
    struct nut_client *client = asking->client;
    const struct nut_context *context = &client->nut->context;
    struct certificate *certificate = context->certificate(context->user);
    if (nut_link_encrypted(&client->link)) {
        asking_refuse(asking, "ALREADY-SSL-MODE");
    } else if (!certificate) {
        asking_refuse(asking, "FEATURE-NOT-CONFIGURED");
    } else {
        asking_add_line(asking, "OK STARTTLS");
        nut_link_write(&client->link, &asking->out);
        if (nut_link_encrypt(&client->link, certificate) < 0)
            nut_link_finish(&client->link);
    }
}

static void verb_logout(struct asking *asking)
{
    asking->client->attached[0] = '\0';
    asking_add_line(asking, "OK Goodbye");
    nut_link_finish(&asking->client->link);
}

/* ---- attaching, shutting down ---------------------------------------------------------------- */

static void verb_login(struct asking *asking)
{
    struct nut_client *client = asking->client;
    struct nut_ups *ups = asking_needs(asking, ROLE_VIEW) ? asking_ups(asking, 1) : NULL;
    if (!ups)
        return;
    if (*client->attached) {
        asking_refuse(asking, "ALREADY-LOGGED-IN");
        return;
    }
    snprintf(client->attached, sizeof client->attached, "%s", ups->name);
    asking_add_line(asking, "OK");
}

/* Who may force a shutdown may switch everything that hangs on it. */
static struct nut_ups *find_forced(struct asking *asking)
{
    const struct nut_client *client = asking->client;
    struct nut_ups *ups = asking_needs(asking, ROLE_CONTROL) ? asking_ups(asking, 1) : NULL;
    if (!ups ||
        nut_may_force(client->nut, ups, client->user, nut_client_role(client), &asking->err))
        return ups;
    asking_refuse(asking, "ACCESS-DENIED");
    return NULL;
}

static void verb_primary(struct asking *asking)
{
    if (!find_forced(asking))
        return;
    asking->client->primary = true;
    asking_add_line(asking, "OK PRIMARY-GRANTED");
}

static void verb_master(struct asking *asking)
{
    if (!find_forced(asking))
        return;
    asking->client->primary = true;
    asking_add_line(asking, "OK MASTER-GRANTED");
}

static void verb_fsd(struct asking *asking)
{
    struct nut_client *client = asking->client;
    struct nut_ups *ups = find_forced(asking);
    if (!ups)
        return;
    nut_stage_force(client->nut, ups, client->user, client->address_text);
    asking_add_line(asking, "OK FSD-SET");
}

/* ---- SET, INSTCMD ---------------------------------------------------------------------------- */

static void set_tracking(struct asking *asking)
{
    bool on = strcmp(asking_word(asking, 2), "ON") == 0;
    if (!on && strcmp(asking_word(asking, 2), "OFF") != 0) {
        asking_refuse(asking, "INVALID-ARGUMENT");
        return;
    }
    asking->client->tracking = on;
    asking_add_line(asking, "OK");
}

/* Names and delays of outlets are settings: pages and API change them, with a record of who did. */
static void set_var(struct asking *asking)
{
    if (asking_needs(asking, ROLE_CONTROL) && asking_ups(asking, 2))
        asking_refuse(asking, nut_has_var(asking) ? "READONLY" : "VAR-NOT-SUPPORTED");
}

#define TRACKING_MIDDLE "-8000-8000-00000000"

/* The front is eight digits, a dash and four digits, the end four digits. */
static void format_tracking(const char *id, char text[NUT_TRACKING])
{
    snprintf(text, NUT_TRACKING, "%.8s-%.4s" TRACKING_MIDDLE "%.4s", id, id + 8, id + 12);
}

bool nut_tracking_parse(const char *text, char id[NUT_TRACKING])
{
    char again[NUT_TRACKING];
    if (strlen(text) != NUT_TRACKING - 1)
        return false;
    snprintf(id, NUT_TRACKING, "%.8s%.4s%.4s", text, text + 9, text + 32);
    format_tracking(id, again);
    return strcmp(again, text) == 0;
}

static void add_tracking(struct asking *asking, const char *id)
{
    char text[NUT_TRACKING];
    format_tracking(id, text);
    buf_add_format(&asking->out, "OK TRACKING %s\n", text);
}

static void verb_instcmd(struct asking *asking)
{
    struct nut_client *client = asking->client;
    const struct nut_ups *ups = asking_needs(asking, ROLE_CONTROL) ? asking_ups(asking, 1) : NULL;
    char id[24];
    if (!ups)
        return;
    const char *code = nut_command_run(client, ups, asking_word(asking, 2), asking_word(asking, 3),
                                       id, &asking->err);
    client->nut->counts[code ? NUT_COMMANDS_REFUSED : NUT_COMMANDS]++;
    if (code)
        asking_refuse(asking, code);
    else if (client->tracking)
        add_tracking(asking, id);
    else
        asking_add_line(asking, "OK");
}

/* ---- the tables ------------------------------------------------------------------------------ */

static const struct nut_verb sets[] = {
    {"TRACKING", 3, 3, false, set_tracking},
    {"VAR", 5, 5, false, set_var},
};

static void verb_get(struct asking *asking);
static void verb_list(struct asking *asking);
static void verb_set(struct asking *asking);

/* RFC 9271 calls LOGIN and LOGOUT otherwise; programs say both. */
static const struct nut_verb verbs[] = {
    {"HELP", 1, 1, true, verb_help},         {"VER", 1, 1, true, verb_ver},
    {"NETVER", 1, 1, true, verb_protver},    {"PROTVER", 1, 1, true, verb_protver},
    {"GET", 2, 8, false, verb_get},          {"LIST", 2, 8, false, verb_list},
    {"SET", 2, 8, false, verb_set},          {"INSTCMD", 3, 4, false, verb_instcmd},
    {"LOGIN", 2, 2, false, verb_login},      {"LOGOUT", 1, 1, true, verb_logout},
    {"ATTACH", 2, 2, false, verb_login},     {"DETACH", 1, 1, true, verb_logout},
    {"USERNAME", 2, 2, true, verb_username}, {"PASSWORD", 2, 2, true, verb_password},
    {"STARTTLS", 1, 1, true, verb_starttls}, {"PRIMARY", 2, 2, false, verb_primary},
    {"MASTER", 2, 2, false, verb_master},    {"FSD", 2, 2, false, verb_fsd},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* The row that has this name, if the words and the client's rights fit it. */
static void run(struct asking *asking, const struct nut_verb *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        const struct nut_verb *verb = &table[i];
        if (strcasecmp(verb->name, name) != 0)
            continue;
        if (asking->line->count < verb->least || asking->line->count > verb->most)
            asking_refuse(asking, "INVALID-ARGUMENT");
        else if (!verb->open && nut_client_role(asking->client) < ROLE_VIEW)
            asking_needs(asking, ROLE_VIEW);
        else
            verb->fn(asking);
        return;
    }
    asking_refuse(asking, table == verbs ? "UNKNOWN-COMMAND" : "INVALID-ARGUMENT");
}

static void verb_get(struct asking *asking)
{
    run(asking, nut_gets, nut_get_count, asking_word(asking, 1));
}

static void verb_list(struct asking *asking)
{
    run(asking, nut_lists, nut_list_count, asking_word(asking, 1));
}

static void verb_set(struct asking *asking)
{
    run(asking, sets, COUNT(sets), asking_word(asking, 1));
}

static void verb_help(struct asking *asking)
{
    buf_add_text(&asking->out, "Commands:");
    for (size_t i = 0; i < COUNT(verbs); i++)
        buf_add_format(&asking->out, " %s", verbs[i].name);
    buf_add_char(&asking->out, '\n');
}

void nut_answer(struct nut_client *client, const char *bytes, size_t length)
{
    struct nut_line line;
    struct asking asking = {.client = client, .line = &line, .out = BUF_EMPTY, .err = ERR_EMPTY};
    if (!take_password(&line, bytes, length) && nut_line_split(&line, bytes, length) < 0)
        asking_refuse(&asking, "INVALID-ARGUMENT");
    else if (!line.count)
        asking_refuse(&asking, "UNKNOWN-COMMAND");
    else
        run(&asking, verbs, COUNT(verbs), line.words[0]);
    if (asking.error) {
        client->nut->counts[NUT_ERRORS]++;
        buf_clear(&asking.out);
        buf_add_format(&asking.out, "ERR %s", asking.error);
        if (*asking.err.text)
            nut_line_quote(&asking.out, asking.err.text);
        buf_add_char(&asking.out, '\n');
    }
    if (asking.out.length || asking.out.failed)
        nut_link_write(&client->link, &asking.out);
    gnutls_memset(&line, 0, sizeof line); /* may have been a password */
}
