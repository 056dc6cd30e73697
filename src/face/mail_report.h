/* mail_report - the status report as text and HTML: alarms that hold, energy, devices, readings.
 *
 * Readings are those of the moment at which it is written, each with its age when it is not good; a
 * report that comes late says so. Pure reading of site and alarms; loop thread only.
 */
#pragma once

#include "base/buf.h"
#include "engine/alarm.h"
#include "engine/report_rule.h"
#include "face/mail_energy.h"
#include "model/site.h"

/* More than this is left out, and said: a mail is read. */
#define MAIL_REPORT_READINGS 2000

struct mail_report {
    const struct site *site;
    const struct alarms *alarms; /* may be NULL: then nothing is said about them */
    const struct report_settings *settings;
    clock_us due, wall;                    /* it was due, it is written; 0: not known */
    clock_us now;                          /* monotonic */
    const char *note;                      /* a sentence about what is attached, "" */
    const struct mail_energy_rows *energy; /* NULL: nothing is said about it */
};

void mail_report_plain(struct buf *out, const struct mail_report *report);
void mail_report_html(struct buf *out, const struct mail_report *report);
