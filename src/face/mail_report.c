#include "face/mail_report.h"

#include <stdio.h>

#include "face/mail_table.h"
#include "face/mail_text.h"
#include "face/markup.h"
#include "face/value_text.h"

/* Later than this is worth a sentence. */
#define LATE (300 * CLOCK_S)

/* What makes one form of it; `row` has a name and a value, either may be "". */
struct form {
    struct buf *out;
    size_t readings;
    void (*heading)(struct buf *out, const char *text);
    void (*sentence)(struct buf *out, const char *text);
    void (*row)(struct buf *out, const char *name, const char *value);
    void (*open)(struct buf *out);
    void (*close)(struct buf *out);
};

/* ---- plain ----------------------------------------------------------------------------------- */

static void plain_heading(struct buf *out, const char *text)
{
    buf_add_format(out, "\n%s\n", text);
}

static void plain_sentence(struct buf *out, const char *text)
{
    buf_add_format(out, "%s\n", text);
}

static void plain_row(struct buf *out, const char *name, const char *value)
{
    buf_add_format(out, "  %-40s %s\n", name, value);
}

static void plain_nothing(struct buf *out)
{
    (void)out;
}

/* ---- HTML ------------------------------------------------------------------------------------ */

static void add_element(struct buf *out, const char *open, const char *text, const char *close)
{
    buf_add_text(out, open);
    markup_add(out, text);
    buf_add_text(out, close);
}

static void html_heading(struct buf *out, const char *text)
{
    add_element(out, "<h4>", text, "</h4>\n");
}

static void html_sentence(struct buf *out, const char *text)
{
    add_element(out, "<p>", text, "</p>\n");
}

static void html_row(struct buf *out, const char *name, const char *value)
{
    add_element(out, "<tr><td>", name, "</td>");
    add_element(out, "<td align=\"right\">", value, "</td></tr>\n");
}

static void html_open(struct buf *out)
{
    buf_add_text(out, "<table>\n");
}

static void html_close(struct buf *out)
{
    buf_add_text(out, "</table>\n");
}

/* ---- content --------------------------------------------------------------------------------- */

static void write_time(struct form *form, const struct mail_report *report)
{
    struct buf text = BUF_EMPTY;
    buf_add_text(&text, "Readings as of ");
    mail_text_time(&text, report->wall);
    buf_add_char(&text, '.');
    if (report->wall && report->due && report->wall - report->due > LATE)
        buf_add_text(&text, " The report could not be sent when it was due; these are not the "
                            "readings of that time.");
    form->sentence(form->out, buf_text(&text));
    if (report->note[0])
        form->sentence(form->out, report->note);
    buf_deinit(&text);
}

static void write_alarm(struct form *form, const struct alarm_view *alarm)
{
    struct buf name = BUF_EMPTY, value = BUF_EMPTY;
    buf_add_format(&name, "%s, %s%s", alarm_severity_name(alarm->severity),
                   alarm_state_name(alarm->state), alarm->latched ? ", latched" : "");
    buf_add_format(&value, "%s, since ", alarm->text[0] ? alarm->text : alarm->label);
    mail_text_time(&value, alarm->since_wall);
    if (alarm->by[0])
        buf_add_format(&value, ", seen by %s", alarm->by);
    form->row(form->out, buf_text(&name), buf_text(&value));
    buf_deinit(&name);
    buf_deinit(&value);
}

static void write_alarms(struct form *form, const struct alarms *alarms)
{
    char text[80];
    size_t active = alarms ? alarms_active(alarms) : 0;
    if (!alarms)
        return;
    form->heading(form->out, "Alarms");
    if (!active) {
        form->sentence(form->out, "No alarm holds.");
        return;
    }
    form->open(form->out);
    for (size_t i = 0; i < active && i < MAIL_REPORT_READINGS; i++) {
        struct alarm_view alarm = alarms_view(alarms, i);
        write_alarm(form, &alarm);
    }
    form->close(form->out);
    if (active > MAIL_REPORT_READINGS) {
        snprintf(text, sizeof text, "%zu more are left out.", active - MAIL_REPORT_READINGS);
        form->sentence(form->out, text);
    }
}

static void write_energy(struct form *form, const struct mail_energy_rows *rows)
{
    if (!rows)
        return;
    form->heading(form->out, "Energy");
    form->open(form->out);
    for (size_t i = 0; i < rows->count; i++)
        form->row(form->out, rows->list[i].name, rows->list[i].value);
    form->close(form->out);
}

static void write_reading(struct form *form, const struct mail_report *report,
                          const struct point *point)
{
    const struct component *part = point->component;
    struct buf name = BUF_EMPTY, value = BUF_EMPTY;
    char age[64];
    buf_add_format(&name, "%s, %s", part->label[0] ? part->label : part->name,
                   quantity_row(point->quantity)->label);
    value_text_add(&value, point);
    value_text_age(point, report->now, age, sizeof age);
    if (age[0])
        buf_add_format(&value, " (%s)", age);
    form->row(form->out, buf_text(&name), buf_text(&value));
    buf_deinit(&name);
    buf_deinit(&value);
}

static size_t write_device(struct form *form, const struct mail_report *report,
                           const struct device *device)
{
    struct buf text = BUF_EMPTY;
    size_t left_out = 0;
    buf_add_text(&text, device->name);
    if (device->label[0])
        buf_add_format(&text, ": %s", device->label);
    buf_add_format(&text, ", %s", device_state_name(device->state));
    if (device->reason[0])
        buf_add_format(&text, " (%s)", device->reason);
    form->heading(form->out, buf_text(&text));
    buf_deinit(&text);
    form->open(form->out);
    for (const struct component *part = device->components; part; part = part->next) {
        for (const struct point *point = part->points; point; point = point->next) {
            /* what it does not measure at all is no reading */
            if (point->value.quality == QUALITY_ABSENT &&
                point->value.reason == REASON_NOT_MEASURED)
                continue;
            if (form->readings++ < MAIL_REPORT_READINGS)
                write_reading(form, report, point);
            else
                left_out++;
        }
    }
    form->close(form->out);
    return left_out;
}

static void write_report(struct form *form, const struct mail_report *report)
{
    size_t left_out = 0;
    char text[120];
    write_time(form, report);
    write_alarms(form, report->alarms);
    write_energy(form, report->energy);
    for (const struct device *device = site_devices(report->site); device; device = device->next) {
        if (mail_table_has(report->settings, device->name))
            left_out += write_device(form, report, device);
    }
    if (!left_out)
        return;
    snprintf(text, sizeof text,
             "%zu more readings are left out: name fewer devices in this "
             "report.",
             left_out);
    form->sentence(form->out, text);
}

void mail_report_plain(struct buf *out, const struct mail_report *report)
{
    struct form form = {.out = out,
                        .heading = plain_heading,
                        .sentence = plain_sentence,
                        .row = plain_row,
                        .open = plain_nothing,
                        .close = plain_nothing};
    write_report(&form, report);
}

void mail_report_html(struct buf *out, const struct mail_report *report)
{
    struct form form = {.out = out,
                        .heading = html_heading,
                        .sentence = html_sentence,
                        .row = html_row,
                        .open = html_open,
                        .close = html_close};
    write_report(&form, report);
}
