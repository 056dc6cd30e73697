/* Switching with forms alone: choose, look at what will happen, confirm, look at what became of it.
 * Looking changes nothing and is a GET; doing is a POST with the session's token. */
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/switcher.h"
#include "face/command_json.h"
#include "face/plain_pages.h"

#define TARGETS_MOST 512 /* a form's fields */

static const enum command_action offered[] = {
    COMMAND_ON,         COMMAND_OFF,         COMMAND_REBOOT,
    COMMAND_ON_DELAYED, COMMAND_OFF_DELAYED, COMMAND_REBOOT_DELAYED,
    COMMAND_PULSE,      COMMAND_CANCEL,
};

/* ---- choosing -------------------------------------------------------------------------------- */

/* " (no power: pdu-a/circuit-1 is tripped)" behind the state of an outlet that is on. */
static void add_power(struct buf *page, const struct switcher *switcher, size_t index,
                      const struct switcher_outlet *outlet)
{
    char reason[160];
    if (outlet->output || !outlet->known || !outlet->on ||
        switcher_powered(switcher, index, reason, sizeof reason) != 0)
        return;
    buf_add_text(page, " (no power: ");
    markup_add(page, reason);
    buf_add_char(page, ')');
}

static void add_outlet(struct buf *page, const struct switcher *switcher, size_t index,
                       const struct switcher_outlet *outlet, const struct point *state)
{
    struct buf text = BUF_EMPTY;
    buf_add_format(page, "<tr><td><label><input type=\"checkbox\" name=\"t\" value=\"%s\"> ",
                   outlet->path);
    plain_add_name(&text, outlet->path, outlet->label);
    markup_add(page, buf_text(&text));
    buf_clear(&text);
    plain_add_value(&text, state);
    buf_add_text(page, "</label></td><td>");
    markup_add(page, buf_text(&text));
    if (state->value.quality == QUALITY_STALE)
        buf_add_text(page, " (stale)");
    add_power(page, switcher, index, outlet);
    buf_add_text(page, outlet->settings->critical ? ", critical</td></tr>\n" : "</td></tr>\n");
    buf_deinit(&text);
}

/* Those that can be switched by who looks. */
static size_t add_outlets(struct buf *page, const struct request *request)
{
    const struct switcher *switcher = request->web->context.switcher;
    size_t count = switcher ? switcher_outlet_count(switcher) : 0, shown = 0;
    struct switcher_outlet outlet;
    for (size_t i = 0; i < count; i++) {
        switcher_outlet_at(switcher, i, &outlet);
        const struct point *state = site_point(request->web->context.site, outlet.state);
        if (!state || !outlet.switchable || outlet.settings->lock ||
            !switcher_may(switcher, i, request->user, request->role, NULL))
            continue;
        add_outlet(page, switcher, i, &outlet, state);
        shown++;
    }
    return shown;
}

static void add_actions(struct buf *page)
{
    buf_add_text(page, "<p><label>Action <select name=\"do\">\n");
    for (size_t i = 0; i < sizeof offered / sizeof offered[0]; i++)
        buf_add_format(page, "<option value=\"%s\">%s</option>\n", command_action_name(offered[i]),
                       command_action_label(offered[i]));
    buf_add_text(page, "</select></label>\n<button>Show what will happen</button></p>\n");
}

static void add_running(struct buf *page, const struct commands *commands)
{
    const struct command *command;
    for (size_t i = 0; commands && (command = commands_at(commands, i)); i++) {
        if (command->ended)
            continue;
        buf_add_format(page, "<p>Under way: <a href=\"/m/command?id=%s\">%s, %zu</a></p>\n",
                       command->id, command_action_label(command->action), command->step_count);
    }
}

void plain_switch(struct request *request, const struct form *form)
{
    const struct web_context *context = &request->web->context;
    struct buf page = plain_begin_page(request, "Switch");
    (void)form;
    add_running(&page, context->commands);
    buf_add_text(&page, "<form action=\"/m/ask\">\n<table>\n");
    size_t count = add_outlets(&page, request);
    buf_add_text(&page, "</table>\n");
    if (count)
        add_actions(&page);
    else
        buf_add_text(&page, "<p>Nothing here can be switched.</p>\n");
    buf_add_text(&page, "</form>\n");
    plain_send_page(request, 200, &page);
}

/* ---- a wish ---------------------------------------------------------------------------------- */

struct wishing {
    const char *targets[TARGETS_MOST];
    struct command_wish wish;
};

static void on_target(void *user, const char *value)
{
    struct wishing *wishing = user;
    if (wishing->wish.target_count < TARGETS_MOST)
        wishing->targets[wishing->wish.target_count++] = value;
}

static void wish_of(struct request *request, struct wishing *wishing, const char *action)
{
    wishing->wish.action = action ? command_action_find(action) : COMMAND_ACTIONS;
    wishing->wish.targets = wishing->targets;
    wishing->wish.number = NAN;
    wishing->wish.actor = request->user;
    wishing->wish.origin = request->peer->address;
    wishing->wish.role = request->role;
}

/* The door, or NULL when the wish cannot be brought there and that has been said. */
static struct commands *door_for(struct request *request, const struct wishing *wishing)
{
    struct commands *commands = request->web->context.commands;
    if (!commands)
        plain_say(request, 503, "Nothing is switched here",
                  "This program was started without switching.");
    else if (wishing->wish.action == COMMAND_ACTIONS || !wishing->wish.target_count)
        plain_say(request, 400, "Nothing chosen",
                  "Choose at least one outlet and an action, at /m/switch.");
    else
        return commands;
    return NULL;
}

static void refuse(struct request *request, const struct command_answer *answer)
{
    char sentence[ERR_TEXT_MAX + 40];
    size_t length = strlen(answer->err.text);
    bool ended = length && strchr(".?", answer->err.text[length - 1]);
    snprintf(sentence, sizeof sentence, "%s%s Nothing was done.", answer->err.text,
             ended ? "" : ".");
    plain_say(request, answer->verdict == COMMAND_NOT_FOUND ? 404 : 409, "This is not done",
              sentence);
}

static void add_hidden(struct buf *page, const char *name, const char *value)
{
    buf_add_format(page, "<input type=\"hidden\" name=\"%s\"", name);
    markup_attribute(page, "value", value);
    buf_add_text(page, ">\n");
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void add_word(struct buf *page, const struct site *site, const struct command_step *step,
                     double number)
{
    char path[LIMIT_PATH + 8];
    struct buf text = BUF_EMPTY;
    snprintf(path, sizeof path, "%s/state", step->target);
    const struct point *point = site_point_find(site, path);
    if (point && !isnan(number))
        point_json_words(point->words, number, &text);
    markup_add(page, text.length ? buf_text(&text) : isnan(number) ? "unknown" : "-");
    buf_deinit(&text);
}

static void add_step(struct buf *page, const struct request *request,
                     const struct command_step *step, bool planned)
{
    const struct web_context *context = &request->web->context;
    clock_us left = step->due == CLOCK_NEVER ? 0 : step->due - loop_now(context->loop);
    buf_add_text(page, "<li>");
    markup_add(page, step->label);
    buf_add_format(page, " (%s): ", step->target);
    if (planned || step->state == COMMAND_PENDING || step->state == COMMAND_SENT) {
        add_word(page, context->site, step, planned ? step->before : step->after);
        buf_add_text(page, " &#8594; ");
        add_word(page, context->site, step, step->wish);
        if (left > 0)
            buf_add_format(page, " in %.1f s", (double)left / CLOCK_S);
    } else {
        add_word(page, context->site, step, step->after);
    }
    if (!planned)
        buf_add_format(page, ", %s", command_state_name(step->state));
    if (step->reason[0]) {
        buf_add_text(page, ". ");
        markup_add(page, step->reason);
    }
    buf_add_text(page, "</li>\n");
}

static void add_steps(struct buf *page, const struct request *request,
                      const struct command *command, bool planned)
{
    buf_add_text(page, "<ol>\n");
    for (size_t i = 0; i < command->step_count; i++)
        add_step(page, request, &command->steps[i], planned);
    buf_add_text(page, "</ol>\n");
}

/* ---- what will happen ------------------------------------------------------------------------ */

/* A form that is sent twice must not switch twice. */
static void add_key(struct buf *page)
{
    unsigned char random[12];
    char text[2 * sizeof random + 1];
    if (gnutls_rnd(GNUTLS_RND_NONCE, random, sizeof random) < 0)
        return;
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(text + 2 * i, 3, "%02x", random[i]);
    add_hidden(page, "key", text);
}

static void show_plan(struct request *request, const struct wishing *wishing,
                      const struct command_answer *answer)
{
    struct buf page = plain_begin_page(request, "What will happen");
    buf_add_format(&page, "<p><strong>%s.</strong> %s</p>\n",
                   command_action_label(wishing->wish.action),
                   command_action_help(wishing->wish.action));
    add_steps(&page, request, answer->command, true);
    buf_add_text(&page, "<form method=\"post\" action=\"/m/command\">\n");
    plain_add_csrf(&page, request);
    add_hidden(&page, "do", command_action_name(wishing->wish.action));
    for (size_t i = 0; i < wishing->wish.target_count; i++)
        add_hidden(&page, "t", wishing->targets[i]);
    add_key(&page);
    if (answer->confirm[0])
        buf_add_format(&page,
                       "<p><strong>Critical outlets are among them.</strong></p>\n<p><label>Type "
                       "%s to confirm<br><input name=\"confirm\" autocomplete=\"off\" "
                       "required></label></p>\n",
                       answer->confirm);
    buf_add_text(&page, "<p><button>Do it</button> <a href=\"/m/switch\">Back</a></p>\n</form>\n");
    plain_send_page(request, 200, &page);
}

void plain_ask(struct request *request, const struct form *form)
{
    struct wishing wishing = {.wish = {.only_ask = true}};
    struct command_answer answer = {0};
    (void)form;
    request_query_each(request, "t", on_target, &wishing);
    wish_of(request, &wishing, request_query(request, "do"));
    struct commands *commands = door_for(request, &wishing);
    if (!commands)
        return;
    commands_submit(commands, &wishing.wish, &answer);
    if (answer.command &&
        (answer.verdict == COMMAND_ACCEPTED || answer.verdict == COMMAND_NEEDS_CONFIRM))
        show_plan(request, &wishing, &answer);
    else
        refuse(request, &answer);
}

/* ---- doing it -------------------------------------------------------------------------------- */

static void go_to_command(struct request *request, const char *id)
{
    char place[64];
    snprintf(place, sizeof place, "/m/command?id=%s", id);
    plain_go(request, place);
}

void plain_do(struct request *request, const struct form *form)
{
    struct wishing wishing = {.wish = {.key = form_get(form, "key")}};
    struct command_answer answer = {0};
    for (size_t i = 0; i < form->count; i++) {
        if (strcmp(form->fields[i].name, "t") == 0)
            on_target(&wishing, form->fields[i].value);
    }
    wish_of(request, &wishing, form_get(form, "do"));
    wishing.wish.confirm = form_get(form, "confirm");
    struct commands *commands = door_for(request, &wishing);
    if (!commands)
        return;
    commands_submit(commands, &wishing.wish, &answer);
    if (answer.verdict == COMMAND_ACCEPTED || answer.verdict == COMMAND_REPEATED)
        go_to_command(request, answer.command->id);
    else
        refuse(request, &answer);
}

/* ---- what became of it ----------------------------------------------------------------------- */

static const struct command *find(struct request *request, const char *id)
{
    const struct commands *commands = request->web->context.commands;
    const struct command *command = commands && id ? commands_find(commands, id) : NULL;
    if (!command)
        plain_say(request, 404, "No such command",
                  "There is no command of that id, or it ended long ago.");
    return command;
}

void plain_command(struct request *request, const struct form *form)
{
    const struct command *command = find(request, request_query(request, "id"));
    (void)form;
    if (!command)
        return;
    struct buf page = plain_begin_page(request, command_action_label(command->action));
    buf_add_format(&page, "<p><strong>%s</strong>, by ", command_json_state(command));
    markup_add(&page, command->actor);
    buf_add_text(&page, ".</p>\n");
    add_steps(&page, request, command, false);
    if (!command->ended) {
        buf_add_format(&page, "<p><a href=\"/m/command?id=%s\">Look again</a></p>\n", command->id);
        buf_add_text(&page, "<form method=\"post\" action=\"/m/cancel\">\n<p>");
        plain_add_csrf(&page, request);
        add_hidden(&page, "id", command->id);
        buf_add_text(&page, "<button>Cancel what is pending</button></p>\n</form>\n");
    }
    buf_add_text(&page, "<p><a href=\"/m/switch\">Switch</a></p>\n");
    plain_send_page(request, 200, &page);
}

void plain_cancel(struct request *request, const struct form *form)
{
    struct err err = ERR_EMPTY;
    const struct command *command = find(request, form_get(form, "id"));
    if (!command)
        return;
    char id[sizeof command->id];
    memcpy(id, command->id, sizeof id);
    if (commands_cancel(request->web->context.commands, id, request->user, request->peer->address,
                        request->role, &err) == -EACCES)
        plain_say(request, 403, "Not allowed", err.text);
    else
        go_to_command(request, id); /* that it had ended, it says itself */
}
