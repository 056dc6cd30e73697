/* mail_text - what a mail says: what, where, since when, the value against the limit, and where the
 * page is.
 *
 * One table of facts makes the plain form and the HTML. Short sentences without ornaments: they are
 * read at three in the morning on a small screen. Pure.
 */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "engine/notify.h"

/* Borrowed; none NULL. */
struct mail_site {
    const char *name, *location;
    const char *page; /* "https://rack-7.example.org:8443", "" when there is none */
};

/* One line for all of the notices, oldest first, at least one. */
void mail_text_subject(struct buf *out, const struct mail_site *site, const struct notice *notices,
                       size_t count);

/* Lines by "\n". */
void mail_text_plain(struct buf *out, const struct mail_site *site, const struct notice *notices,
                     size_t count);

/* The page up to where more may follow, and its end. `picture` is the address ("cid:...") of the
 * curve of `shown`, which is one of the notices; NULL: there is none. */
void mail_text_html(struct buf *out, const struct mail_site *site, const struct notice *notices,
                    size_t count, const struct notice *shown, const char *picture);
void mail_text_html_end(struct buf *out, const struct mail_site *site);
void mail_text_plain_end(struct buf *out, const struct mail_site *site);

/* All of it for a text message: cut elsewhere. */
void mail_text_short(struct buf *out, const struct notice *notices, size_t count);

/* "2026-11-21 02:02:03 +01:00" in the site's zone; a sentence while the time is not known. */
void mail_text_time(struct buf *out, clock_us wall);
