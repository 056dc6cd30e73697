/* What the daemon puts into the event log: users and tokens, settings from what to what, start and
 * end, the health of the history. Who else makes something happen says so itself. */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/time_text.h"
#include "daemon/daemon_private.h"
#include "engine/event_log.h"
#include "engine/event_network.h"
#include "engine/event_watch.h"
#include "engine/history.h"
#include "model/access.h"

#define LOOK_EVERY (5 * CLOCK_S)
#define SETTINGS_LISTED 200 /* of one change; a whole new site file is told as a number */
#define VALUE_SHOWN 160

/* ---- users and tokens ------------------------------------------------------------------------ */

static enum event_kind kind_of(enum access_deed deed)
{
    static const enum event_kind kinds[] = {
        [ACCESS_DEED_SIGN_IN] = EVENT_SIGN_IN,
        [ACCESS_DEED_SIGN_IN_REFUSED] = EVENT_SIGN_IN_REFUSED,
        [ACCESS_DEED_USER_ADDED] = EVENT_USER_ADDED,
        [ACCESS_DEED_USER_CHANGED] = EVENT_USER_CHANGED,
        [ACCESS_DEED_USER_REMOVED] = EVENT_USER_REMOVED,
        [ACCESS_DEED_PIN_BLOCKED] = EVENT_PIN_BLOCKED,
        [ACCESS_DEED_PUK_BLOCKED] = EVENT_PIN_BLOCKED,
        [ACCESS_DEED_PIN_UNBLOCKED] = EVENT_PIN_UNBLOCKED,
        [ACCESS_DEED_TOKEN_MADE] = EVENT_TOKEN_MADE,
        [ACCESS_DEED_TOKEN_REVOKED] = EVENT_TOKEN_REVOKED,
    };
    return kinds[deed];
}

static void add_role(struct buf *text, enum access_role role)
{
    if (role != ROLE_NONE)
        buf_add_format(text, ", role %s", access_role_name(role));
}

static void add_changes(struct buf *text, const struct access_fact *fact)
{
    if (fact->password)
        buf_add_text(text, ", new password");
    if (fact->pin)
        buf_add_text(text, ", new PIN");
    if (fact->puk)
        buf_add_text(text, ", new PUK");
    if (fact->no_pin)
        buf_add_text(text, ", PIN taken away");
    if (fact->home)
        buf_add_format(text, ", home page %s", *fact->home ? fact->home : "by role");
    add_role(text, fact->role);
}

/* What was shown, and what was changed with it. */
static const struct {
    const char *name, *way;
} proofs[] = {
    [ACCESS_BY_PASSWORD] = {"password", ""},
    [ACCESS_BY_PIN] = {"PIN", " by PIN"},
    [ACCESS_BY_PUK] = {"PUK", " by PUK"},
};

/* The sentence of what has been done; false when the access module has said it itself already. */
static bool describe(const struct access_fact *fact, struct buf *text)
{
    const char *by = *fact->by ? fact->by : "somebody";
    switch (fact->deed) {
    case ACCESS_DEED_SIGN_IN:
        buf_add_format(text, "%s signed in%s from %s%s%s", by, proofs[fact->by_proof].way,
                       fact->from, fact->password ? " and changed the password" : "",
                       fact->pin ? " and changed the PIN" : "");
        return false;
    case ACCESS_DEED_SIGN_IN_REFUSED:
        buf_add_format(text, "Sign-in of %s from %s was refused: %s",
                       *fact->name ? fact->name : "an unknown user", fact->from,
                       fact->slowed ? "too many failures before" : "");
        if (!fact->slowed)
            buf_add_format(text, "user or %s was wrong", proofs[fact->by_proof].name);
        return false;
    case ACCESS_DEED_PIN_BLOCKED:
        buf_add_format(text,
                       "The PIN of %s is blocked after too many wrong ones, the last from %s; the "
                       "PUK or an administrator helps",
                       fact->name, fact->from);
        return true;
    case ACCESS_DEED_PUK_BLOCKED:
        buf_add_format(text,
                       "The PUK of %s is blocked after too many wrong ones, the last from %s; an "
                       "administrator helps",
                       fact->name, fact->from);
        return true;
    case ACCESS_DEED_PIN_UNBLOCKED:
        buf_add_format(text, "%s (%s) used the PUK and set a new PIN", by, fact->from);
        return true;
    case ACCESS_DEED_USER_ADDED:
        buf_add_format(text, "%s (%s) added the user %s", by, fact->from, fact->name);
        add_changes(text, &(struct access_fact){.role = fact->role, .pin = fact->pin});
        return true;
    case ACCESS_DEED_USER_CHANGED:
        buf_add_format(text, "%s (%s) changed the user %s", by, fact->from, fact->name);
        add_changes(text, fact);
        return true;
    case ACCESS_DEED_USER_REMOVED:
        buf_add_format(text, "%s (%s) removed the user %s", by, fact->from, fact->name);
        return true;
    case ACCESS_DEED_TOKEN_MADE:
        buf_add_format(text, "%s (%s) made the token %s for \"%s\"", by, fact->from, fact->name,
                       fact->label);
        add_role(text, fact->role);
        return true;
    case ACCESS_DEED_TOKEN_REVOKED:
        buf_add_format(text, "%s (%s) withdrew the token %s", by, fact->from, fact->name);
        return true;
    }
    return true;
}

static void on_access(void *user, const struct access_fact *fact)
{
    struct daemon *daemon = user;
    struct buf text = BUF_EMPTY;
    bool news = describe(fact, &text);
    event_log_add(daemon->events, &(struct event){
                                      .kind = kind_of(fact->deed),
                                      .actor = fact->by,
                                      .origin = fact->from,
                                      .object = fact->name,
                                      .text = buf_text(&text),
                                      .said = !news,
                                  });
    buf_deinit(&text);
}

/* ---- settings -------------------------------------------------------------------------------- */

/* The value as a person writes it; NULL when there is none. A secret is never shown. */
static const char *show(const struct config_key *key, char *text, size_t size)
{
    if (!key->record || !key->row)
        return NULL;
    if (key->row->secret)
        snprintf(text, size, "(secret)");
    else
        setting_format(key->row, key->record, text, size);
    return text;
}

static void add_value(struct buf *text, const char *word, const char *value)
{
    if (!value)
        buf_add_format(text, "%s nothing", word);
    else
        buf_add_format(text, "%s \"%.*s%s\"", word, VALUE_SHOWN, value,
                       strlen(value) > VALUE_SHOWN ? "..." : "");
}

static void add_detail(struct buf *out, const char *key, const char *from, const char *to,
                       bool restart)
{
    struct json json = json_writer(out);
    json_open_object(&json);
    json_pair_text(&json, "key", key);
    json_pair_text(&json, "from", from);
    json_pair_text(&json, "to", to);
    json_pair_bool(&json, "restart", restart);
    json_close_object(&json);
}

void daemon_event_setting(struct daemon *daemon, const struct daemon_author *author,
                          const char *key, const struct config_key *before,
                          const struct config_key *after, bool restart)
{
    char was[1024], is[1024];
    const char *from = show(before, was, sizeof was), *to = show(after, is, sizeof is);
    struct buf text = BUF_EMPTY, detail = BUF_EMPTY;
    if (*author->from)
        buf_add_format(&text, "%s (%s) changed %s", author->who, author->from, key);
    else
        buf_add_format(&text, "The site file changed %s", key);
    add_value(&text, " from", from);
    add_value(&text, " to", to);
    if (restart)
        buf_add_text(&text, "; it takes effect after a restart");
    add_detail(&detail, key, from, to, restart);
    event_log_add(daemon->events, &(struct event){
                                      .kind = EVENT_SETTING_CHANGED,
                                      .actor = author->who,
                                      .origin = author->from,
                                      .object = key,
                                      .text = buf_text(&text),
                                      .detail = buf_text(&detail),
                                  });
    buf_deinit(&text);
    buf_deinit(&detail);
}

bool daemon_event_setting_listed(size_t changes)
{
    return changes <= SETTINGS_LISTED;
}

void daemon_event_settings(struct daemon *daemon, const struct daemon_author *author,
                           size_t changes)
{
    char text[200];
    if (daemon_event_setting_listed(changes))
        return;
    snprintf(text, sizeof text, "%.60s changed %zu settings at once; the first %d are listed",
             author->who, changes, SETTINGS_LISTED);
    event_log_add(daemon->events, &(struct event){.kind = EVENT_SETTING_CHANGED,
                                                  .actor = author->who,
                                                  .origin = author->from,
                                                  .text = text});
}

void daemon_event_reload(struct daemon *daemon, const struct err_list *errors)
{
    char text[ERR_TEXT_MAX + 100];
    if (errors->count == 0)
        snprintf(text, sizeof text, "settings read again");
    else
        snprintf(text, sizeof text, "the settings stay as they were: %s%s", errors->list[0].text,
                 errors->count > 1 ? " (and more)" : "");
    event_log_add(daemon->events, &(struct event){
                                      .kind = errors->count ? EVENT_CONFIGURATION_REFUSED
                                                            : EVENT_CONFIGURATION_RELOADED,
                                      .actor = "file",
                                      .object = daemon->options.site_file,
                                      .text = text,
                                  });
}

/* ---- start, end ------------------------------------------------------------------------------ */

void daemon_event_start(struct daemon *daemon)
{
    const struct event_log_status status = event_log_status(daemon->events);
    bool crashed = status.ran_before && !status.ended_well;
    char text[200], detail[120];
    snprintf(text, sizeof text, "busbar %s started%s", BUSBAR_VERSION,
             crashed ? "; the run before ended without a stop: power was lost or it was killed"
                     : "");
    snprintf(detail, sizeof detail, "{\"version\":\"%s\",\"pid\":%d,\"after_crash\":%s}",
             BUSBAR_VERSION, (int)getpid(), crashed ? "true" : "false");
    event_log_add(daemon->events, &(struct event){
                                      .kind = EVENT_START,
                                      .severity = crashed ? EVENT_WARNING : EVENT_USUAL,
                                      .object = "busbar",
                                      .text = text,
                                      .detail = detail,
                                  });
}

void daemon_event_stop(struct daemon *daemon, int signal_number)
{
    char text[80];
    snprintf(text, sizeof text, "stopping: signal %s", signal_number == SIGINT ? "INT" : "TERM");
    event_log_add(daemon->events,
                  &(struct event){.kind = EVENT_STOP, .object = "busbar", .text = text});
}

void daemon_event_give_up(struct daemon *daemon, const struct err *err)
{
    char text[ERR_TEXT_MAX + 40];
    snprintf(text, sizeof text, "busbar could not start: %s", err->text);
    event_log_add(daemon->events, &(struct event){.kind = EVENT_STOP,
                                                  .severity = EVENT_ERROR,
                                                  .object = "busbar",
                                                  .text = text,
                                                  .said = true});
}

/* ---- the health of the history --------------------------------------------------------------- */

static void on_look(struct loop_timer *timer, void *user)
{
    struct daemon *daemon = user;
    (void)timer;
    const struct history_status status = history_status(daemon->history);
    if (status.ok == daemon->history_was_ok)
        return;
    daemon->history_was_ok = status.ok;
    event_log_add(daemon->events,
                  &(struct event){
                      .kind = status.ok ? EVENT_HISTORY_RESTORED : EVENT_HISTORY_PROBLEM,
                      .object = "history",
                      .text = status.ok ? "readings are recorded again" : status.problem,
                      .said = true, /* the history says it when it happens */
                  });
}

static void watch_history(struct daemon *daemon)
{
    if (!daemon->history) {
        event_log_add(daemon->events, &(struct event){
                                          .kind = EVENT_HISTORY_PROBLEM,
                                          .object = "history",
                                          .text = daemon->history_problem,
                                          .said = true,
                                      });
        return;
    }
    daemon->history_was_ok = true;
    loop_timer_every(daemon->loop, &daemon->history_timer, LOOK_EVERY, LOOK_EVERY, on_look, daemon);
}

/* ---- life ------------------------------------------------------------------------------------ */

void daemon_events_watch(struct daemon *daemon)
{
    access_watch(daemon->access, on_access, daemon);
    daemon->event_watch = event_watch_new(daemon->events, daemon->site);
    daemon->event_network = event_network_new(daemon->events, daemon->loop);
    watch_history(daemon);
}

void daemon_events_unwatch(struct daemon *daemon)
{
    loop_timer_stop(&daemon->history_timer);
    daemon->event_watch = event_watch_free(daemon->event_watch);
    daemon->event_network = event_network_free(daemon->event_network);
}
