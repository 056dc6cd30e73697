/* Alarms without scripts: what is not normal, in order of harm, acknowledged, muted and cleared
 * with a plain form; and what the other plain faces say of them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_text.h"
#include "face/alarm_json.h"
#include "face/plain_pages.h"

#define SHOWN_MOST 200

/* Colour beside the word, never in place of it. */
static const char *const colours[ALARM_STATES] = {
    [ALARM_NORMAL] = "#2e7d32",       [ALARM_PENDING] = "#f9a825", [ALARM_TRIPPED] = "#c62828",
    [ALARM_ACKNOWLEDGED] = "#8d6e63", [ALARM_LOST] = "#757575",
};

size_t plain_alarms_active(const struct request *request)
{
    const struct alarms *alarms = request->web->context.alarms;
    return alarms ? alarms_active(alarms) : 0;
}

void plain_add_alarm_counts(struct buf *out, const struct request *request)
{
    const struct alarm_counts counts = alarms_counts(request->web->context.alarms);
    size_t begin = out->length;
    for (int i = ALARM_SEVERITIES; i-- > 0;) {
        if (counts.tripped[i])
            buf_add_format(out, "%s%zu %s", out->length > begin ? ", " : "", counts.tripped[i],
                           alarm_severity_name((enum alarm_severity)i));
    }
    const struct {
        const char *word;
        size_t count;
    } others[] = {{"acknowledged", counts.acknowledged},
                  {"lost", counts.lost},
                  {"pending", counts.pending},
                  {"silent", counts.silent}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (others[i].count)
            buf_add_format(out, "%s%zu %s", out->length > begin ? ", " : "", others[i].count,
                           others[i].word);
    }
}

/* ---- the list -------------------------------------------------------------------------------- */

static void add_since(struct buf *page, const struct alarm_view *alarm, clock_us now)
{
    char time[TIME_TEXT_SIZE];
    if (alarm->since_wall) {
        time_text_format_local(alarm->since_wall, time);
        buf_add_format(page, " since %.10s %.8s", time, time + 11);
    } else {
        buf_add_format(page, " for %lld s", (long long)((now - alarm->since) / CLOCK_S));
    }
}

static void add_remarks(struct buf *page, const struct alarm_view *alarm)
{
    if (alarm->state == ALARM_ACKNOWLEDGED && *alarm->by) {
        buf_add_text(page, " by ");
        markup_add(page, alarm->by);
    }
    if (alarm->latched)
        buf_add_text(page, ", over, waits to be cleared");
    if (alarm->flapping)
        buf_add_text(page, ", flapping");
    if (alarm->shelved_until)
        buf_add_text(page, ", shelved");
    if (alarm->muted)
        buf_add_text(page, ", muted");
    if (*alarm->suppressed_by) {
        buf_add_text(page, ", silent: ");
        markup_add(page, alarm->suppressed_by);
    }
}

static void add_button(struct buf *page, const char *deed, const char *label, uint32_t id)
{
    buf_add_format(page, " <button name=\"%s\" value=\"%u\">%s</button>", deed, (unsigned)id,
                   label);
}

static void add_alarm(struct buf *page, const struct request *request,
                      const struct alarm_view *alarm)
{
    buf_add_format(page, "<tr><td bgcolor=\"%s\">&nbsp;</td><td><strong>%s %s</strong>",
                   colours[alarm->state], alarm_severity_name(alarm->severity),
                   alarm_state_name(alarm->state));
    add_since(page, alarm, loop_now(request->web->context.loop));
    add_remarks(page, alarm);
    buf_add_text(page, "<br>");
    markup_add(page, alarm->text);
    if (request->role >= ROLE_CONTROL && alarm->state == ALARM_TRIPPED)
        add_button(page, "acknowledge", "Acknowledge", alarm->id);
    if (request->role >= ROLE_CONTROL && alarm->sounding)
        add_button(page, "mute", "Mute", alarm->id);
    if (request->role >= ROLE_CONTROL && alarm->latched)
        add_button(page, "clear", "Clear", alarm->id);
    buf_add_text(page, "</td></tr>\n");
}

static void add_list(struct buf *page, const struct request *request)
{
    const struct alarms *alarms = request->web->context.alarms;
    size_t active = alarms_active(alarms);
    buf_add_text(page, "<form method=\"post\" action=\"/m/alarm\">\n");
    plain_add_csrf(page, request);
    buf_add_text(page, "\n<table>\n");
    for (size_t i = 0; i < active && i < SHOWN_MOST; i++) {
        const struct alarm_view alarm = alarms_view(alarms, i);
        add_alarm(page, request, &alarm);
    }
    buf_add_text(page, "</table>\n</form>\n");
    if (active > SHOWN_MOST)
        buf_add_format(page, "<p>And %zu more of less harm.</p>\n", active - SHOWN_MOST);
}

void plain_alarms(struct request *request, const struct form *form)
{
    struct buf page = plain_begin_page(request, "Alarms");
    (void)form;
    if (plain_alarms_active(request)) {
        buf_add_text(&page, "<p>");
        plain_add_alarm_counts(&page, request);
        buf_add_text(&page, ". <a href=\"/m/alarms\">Read again</a></p>\n");
        add_list(&page, request);
    } else {
        buf_add_text(&page, "<p>No alarm holds.</p>\n");
    }
    plain_send_page(request, 200, &page);
}

/* ---- doing ----------------------------------------------------------------------------------- */

/* Which button it was: the deed and the alarm's id. */
static bool read_wish(const struct form *form, struct alarm_wish *wish)
{
    static const struct {
        const char *name;
        enum alarm_deed deed;
    } buttons[] = {
        {"acknowledge", ALARM_ACKNOWLEDGE}, {"mute", ALARM_MUTE}, {"clear", ALARM_CLEAR}};
    const char *text = NULL;
    char *end;
    for (size_t i = 0; !text && i < sizeof buttons / sizeof *buttons; i++) {
        text = form_get(form, buttons[i].name);
        wish->deed = buttons[i].deed;
    }
    if (!text || text[0] < '0' || text[0] > '9')
        return false;
    unsigned long long id = strtoull(text, &end, 10);
    wish->id = (uint32_t)id;
    return !*end && id <= UINT32_MAX;
}

void plain_alarm_do(struct request *request, const struct form *form)
{
    struct alarms *alarms = request->web->context.alarms;
    struct alarm_wish wish = {
        .actor = request->user, .origin = request->peer->address, .role = request->role};
    struct err err = ERR_EMPTY;
    if (!alarms || !read_wish(form, &wish)) {
        plain_say(request, 400, "Nothing chosen", "Choose an alarm at /m/alarms.");
        return;
    }
    int result = alarms_do(alarms, &wish, &err);
    if (result == 0 || result == -EALREADY || result == -EINVAL) { /* the list says how it stands */
        plain_go(request, "/m/alarms");
        return;
    }
    char sentence[ERR_TEXT_MAX + 2];
    snprintf(sentence, sizeof sentence, "%s.", err.text);
    plain_say(request, result == -ENOENT ? 404 : 403, "This is not done", sentence);
}

/* ---- for programs ---------------------------------------------------------------------------- */

void plain_add_alarm_lines(struct buf *out, const struct request *request)
{
    const struct alarms *alarms = request->web->context.alarms;
    size_t active = plain_alarms_active(request);
    for (size_t i = 0; i < active && i < SHOWN_MOST; i++) {
        const struct alarm_view alarm = alarms_view(alarms, i);
        buf_add_format(out, "%s %s%s: %s\n", alarm_severity_name(alarm.severity),
                       alarm_state_name(alarm.state),
                       alarm_json_is_silent(&alarm) ? " (silent)" : "", alarm.text);
    }
}

void plain_add_alarm_elements(struct buf *out, const struct request *request, enum time_form form)
{
    const struct alarms *alarms = request->web->context.alarms;
    size_t active = plain_alarms_active(request);
    if (!active)
        return;
    buf_add_format(out, "  <alarms count=\"%zu\">\n", active);
    for (size_t i = 0; i < active && i < SHOWN_MOST; i++) {
        const struct alarm_view alarm = alarms_view(alarms, i);
        buf_add_format(out, "    <alarm id=\"%u\"", (unsigned)alarm.id);
        markup_attribute(out, "path", alarm.path);
        markup_attribute(out, "rule", alarm.rule);
        markup_attribute(out, "severity", alarm_severity_name(alarm.severity));
        markup_attribute(out, "state", alarm_state_name(alarm.state));
        if (alarm.since_wall) {
            buf_add_text(out, " since=\"");
            time_form_plain(out, alarm.since_wall, form);
            buf_add_char(out, '"');
        }
        markup_attribute(out, "text", alarm.text);
        buf_add_text(out, "/>\n");
    }
    buf_add_text(out, "  </alarms>\n");
}
