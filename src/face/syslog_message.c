#include "face/syslog_message.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/time_text.h"
#include "base/utf8.h"

#define ENTERPRISE "32473" /* RFC 5612; the program has no number of its own */
#define HOST_MOST 255
#define VALUE_MOST 200

/* RFC 5424, table 2 */
static int severity_of(const struct notice *notice)
{
    static const int severities[] = {[ALARM_INFO] = 6, [ALARM_WARNING] = 4, [ALARM_CRITICAL] = 2};
    bool over = notice->kind == NOTICE_ALARM && notice->change == ALARM_CLEARED;
    return over ? 5 : severities[notice->severity];
}

/* A field of the header: printable ASCII without blanks, "-" when there is none. */
static void add_word(struct buf *out, const char *word, size_t most)
{
    size_t added = 0;
    for (; *word && added < most; word++) {
        if (*word > ' ' && *word < 0x7F) {
            buf_add_char(out, *word);
            added++;
        }
    }
    buf_add_text(out, added ? " " : "- ");
}

/* Control characters, line ends above all, would make two messages of one at some receivers; what
 * is not UTF-8 (RFC 5424, 6.3.3) becomes a question mark. */
static char clean(char c, bool valid)
{
    if (!valid)
        return '?';
    return (unsigned char)c < ' ' || c == 0x7F ? ' ' : c;
}

static void add_clean(struct buf *out, const char *text, size_t most, const char *escaped)
{
    size_t length = utf8_fit(text, strlen(text), most);
    for (size_t i = 0, step; i < length; i += step) {
        step = utf8_length(text + i, length - i);
        if (step > 1) {
            buf_add(out, text + i, step);
            continue;
        }
        if (step && strchr(escaped, text[i]))
            buf_add_char(out, '\\');
        buf_add_char(out, clean(text[i], step));
        step = 1;
    }
}

/* RFC 5424, 6.3.3 */
static void add_param(struct buf *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    buf_add_format(out, " %s=\"", name);
    add_clean(out, value, VALUE_MOST, "\"\\]");
    buf_add_char(out, '"');
}

static void add_number(struct buf *out, const char *name, double number, int decimals)
{
    if (!isfinite(number))
        return;
    buf_add_format(out, " %s=\"", name);
    buf_add_decimal(out, number, decimals);
    buf_add_char(out, '"');
}

static void add_data(struct buf *out, const struct notice *notice)
{
    bool alarm = notice->kind == NOTICE_ALARM;
    buf_add_format(out, "[busbar@" ENTERPRISE " id=\"%016" PRIx64 "\"", notice->id);
    add_param(out, "severity", alarm_severity_name(notice->severity));
    add_param(out, "change", alarm ? alarm_change_name(notice->change) : "");
    add_param(out, "rule", notice->rule);
    add_param(out, "path", notice->path);
    add_param(out, "label", notice->label);
    add_number(out, "number", notice->number, notice->decimals);
    add_number(out, "limit", notice->limit, 6);
    add_param(out, "unit", notice->unit);
    add_param(out, "actor", notice->actor);
    add_param(out, "origin", notice->origin);
    buf_add_text(out, "] ");
}

void syslog_message_write(const struct syslog_sender *sender, const struct notice *notice,
                          struct buf *out)
{
    char time[TIME_TEXT_SIZE] = "-";
    size_t start = out->length;
    if (notice->wall)
        time_text_format_utc(notice->wall, time);
    buf_add_format(out, "<%d>1 %s ", sender->facility * 8 + severity_of(notice), time);
    add_word(out, sender->host, HOST_MOST);
    buf_add_format(out, "busbar %d %s ", sender->process, notice_kind_name(notice->kind));
    add_data(out, notice);
    add_clean(out, notice->subject, SYSLOG_MESSAGE_MOST, "");
    if (*notice->text && strcmp(notice->text, notice->subject) != 0) {
        buf_add_text(out, *notice->subject ? ": " : "");
        add_clean(out, notice->text, SYSLOG_MESSAGE_MOST, "");
    }
    if (!out->failed)
        out->length = start + utf8_fit(out->data + start, out->length - start, SYSLOG_MESSAGE_MOST);
}
