/* What is the matter with an alarm, as a sentence with names and numbers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "engine/alarm_private.h"

static const char *const per_words[] = {"a second", "a minute", "an hour"};

static const char *per_word(clock_us per)
{
    return per_words[per > CLOCK_S ? 1 + (per > 60 * CLOCK_S) : 0];
}

/* The word of a state, or the number with its unit. */
static void add_number(struct buf *text, const struct point *point, double number, int decimals)
{
    const struct words *words = point->words;
    for (size_t i = 0; words && !words->flags && i < words->count; i++) {
        if ((double)words->list[i].number == number) {
            buf_add_text(text, words->list[i].text);
            return;
        }
    }
    if (!isfinite(number)) {
        buf_add_text(text, "not known");
        return;
    }
    const char *unit = quantity_row(point->quantity)->unit;
    buf_add_decimal(text, number, decimals);
    if (*unit)
        buf_add_format(text, " %s", unit);
}

static void add_span(struct buf *text, double seconds)
{
    if (seconds < 120)
        buf_add_format(text, "%.0f s", seconds);
    else if (seconds < 7200)
        buf_add_format(text, "%.0f min", seconds / 60);
    else
        buf_add_format(text, "%.1f h", seconds / 3600);
}

static void add_compared(struct buf *text, const struct alarm *alarm, const struct point *point,
                         const char *than)
{
    add_number(text, point, alarm->mind.number, point->decimals);
    buf_add_format(text, ", %s ", than);
    add_number(text, point, alarm->test->limit, 6);
}

/* While it eases, or hangs between limit and recovery threshold, the number alone would look wrong.
 */
static void add_beyond(struct buf *text, const struct alarm *alarm, const struct point *point)
{
    const struct alarm_test *test = alarm->test;
    double number = alarm->mind.number;
    bool beyond = test->when == ALARM_OVER ? number > test->limit : number < test->limit;
    buf_add_text(text, " is ");
    add_compared(text, alarm, point,
                 beyond                     ? alarm_when_name(test->when)
                 : test->when == ALARM_OVER ? "was over"
                                            : "was under");
    if (beyond || test->recover == test->limit)
        return;
    buf_add_text(text, ", well again at ");
    add_number(text, point, test->recover, 6);
}

static void add_state(struct buf *text, const struct alarm *alarm, const struct point *point)
{
    const char *word = point->text ? alarm->rule->said : alarm->rule->word;
    if (point->text)
        buf_add_format(text, "\"%s\"", point->text);
    else
        add_number(text, point, alarm->mind.number, point->decimals);
    if (alarm->test->when == ALARM_DIFFERS && *word)
        buf_add_format(text, ", not %s", word);
    else if (alarm->test->when == ALARM_EQUALS && alarm->test->flags)
        buf_add_format(text, ": %s", word);
}

static void add_what(struct buf *text, const struct alarm *alarm, const struct point *point)
{
    switch (alarm->test->when) {
    case ALARM_OVER:
    case ALARM_UNDER:
        add_beyond(text, alarm, point);
        break;
    case ALARM_RATE_OVER:
        buf_add_text(text, " changes by ");
        add_compared(text, alarm, point, "limit");
        buf_add_format(text, " %s", per_word(alarm->test->per));
        break;
    case ALARM_CHANGED:
        buf_add_text(text, " has changed to ");
        add_state(text, alarm, point);
        break;
    case ALARM_OLDER:
        buf_add_text(text, " was read last ");
        add_span(text, alarm->mind.number);
        buf_add_text(text, " ago");
        break;
    case ALARM_LOST_CONTACT:
        buf_add_format(text, " %s", value_reason_text(point->value.reason));
        break;
    default:
        buf_add_text(text, " is ");
        add_state(text, alarm, point);
    }
}

static void add_contact(const struct alarms *alarms, struct buf *text, const struct alarm *alarm)
{
    const struct device *device = site_device_find(alarms->site, alarm->path);
    bool lost = alarm->mind.number > 0;
    if (!device)
        buf_add_text(text, lost ? ": none of its devices answers" : ": its devices answer");
    else if (lost)
        buf_add_format(text, " does not answer%s%s", *device->reason ? ": " : "", device->reason);
    else
        buf_add_text(text, " answers");
}

/* What the alarm was about, now that it is over. */
static void add_well(struct buf *text, const struct alarm *alarm, const struct point *point)
{
    if (alarm->test->when == ALARM_OLDER || alarm->test->when == ALARM_LOST_CONTACT) {
        buf_add_text(text, " has readings again");
        return;
    }
    buf_add_text(text, " is ");
    add_state(text, alarm, point);
    if (alarm->test->when == ALARM_OVER || alarm->test->when == ALARM_UNDER) {
        buf_add_format(text, ", limit %s ", alarm_when_name(alarm->test->when));
        add_number(text, point, alarm->test->limit, 6);
    }
}

static void add_point(struct buf *text, const struct alarm *alarm, const struct point *point)
{
    bool raised = alarm->mind.phase != ALARM_CALM && alarm->mind.phase != ALARM_LATCHED;
    if (alarm->test->when == ALARM_LOST_CONTACT ? alarm->mind.number > 0 : raised)
        add_what(text, alarm, point);
    else
        add_well(text, alarm, point);
    if (alarm->mind.blind)
        buf_add_format(text, "; the reading %s", value_reason_text(point->value.reason));
}

void alarm_text(const struct alarms *alarms, const struct alarm *alarm, char *text, size_t size)
{
    struct buf sentence = BUF_EMPTY;
    const struct point *point = alarm->point ? site_point(alarms->site, alarm->point) : NULL;
    buf_add_format(&sentence, "%s: %s", alarm->rule->label, alarm->path);
    if (alarm->gone)
        buf_add_text(&sentence, " is not watched any more");
    else if (point)
        add_point(&sentence, alarm, point);
    else if (alarm->point)
        buf_add_text(&sentence, " is not measured any more");
    else
        add_contact(alarms, &sentence, alarm);
    size_t length = utf8_fit(buf_text(&sentence), sentence.length, size - 1);
    snprintf(text, length + 1, "%s", buf_text(&sentence));
    buf_deinit(&sentence);
}
