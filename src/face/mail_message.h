/* mail_message - a mail as it goes to the server: RFC 5322, 2045 to 2047, 2231, 2392, 3834.
 *
 * Whatever the texts hold, the lines are ours: no label, path or answer of a device can add a
 * header, end a part or make a line longer than 998 bytes; what is not UTF-8 becomes U+FFFD. The
 * parts are mixed(related(alternative(text, html), picture), file), each level only when it is
 * needed. Pure; the dots of SMTP are the transfer's business.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"

/* RFC 5321, 4.5.3.1.3, without the angle brackets. */
#define MAIL_ADDRESS_MOST 254

/* In one message. */
#define MAIL_ADDRESSES_MOST 50

/* A text message: letters of GSM 03.38 in one. */
#define MAIL_SHORT_MOST 160

struct mail_bytes {
    const char *name, *type; /* file name; "text/csv; charset=utf-8", our own words */
    const void *data;        /* NULL: there is none */
    size_t length;
    bool encoded; /* they are lines of base64 already (mail_code_base64) */
};

/* All borrowed. */
struct mail_message {
    const char *id;     /* the same when it is sent again: left half of the Message-ID */
    const char *thread; /* what this mail and others belong to (References), NULL: nothing */
    const char *host;   /* right half of both */
    const char *from, *from_name;
    const char *to;         /* addresses with commas */
    clock_us wall;          /* Date; 0: not known, the server puts its own */
    bool urgent;            /* Importance: high */
    const char *subject;    /* one line */
    const char *text;       /* lines by "\n" */
    const char *html;       /* a whole page; NULL: none. Its picture is mail_message_picture() */
    struct mail_bytes png;  /* only with html */
    struct mail_bytes file; /* attached */
};

void mail_message_write(const struct mail_message *message, struct buf *out);

/* "cid:..." of the picture, for the html. */
void mail_message_picture(const char *id, const char *host, struct buf *out);

/* The form for text messages: no parts, no picture, no file, at most MAIL_SHORT_MOST characters of
 * text; what is longer ends with "...". */
void mail_message_write_short(const struct mail_message *message, struct buf *out);

/* Whether `text` (of `length` bytes) is an address that can be written into commands and headers:
 * local part and domain of printable ASCII, without blanks, brackets and the like. */
bool mail_address_valid(const char *text, size_t length);

/* The next address of a list with commas, blanks around it left out; moves `at`. Returns its
 * length, 0 at the end; an empty place in the list is passed over. */
size_t mail_address_next(const char **at, const char **address);
