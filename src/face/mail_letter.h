/* mail_letter - from a job of notify to the bytes of a message: texts, picture, readings, table.
 *
 * Asks the history where there is one, for some seconds at most: an alarm goes without its picture
 * rather than late. Owned by mail; loop thread only.
 */
#pragma once

#include "base/buf.h"
#include "face/mail.h"

struct config;
struct notify_job;
struct mail_letter_task;

/* All borrowed until the end. */
struct mail_letter_wish {
    const struct mail_context *context;
    const struct config *config;
    const struct notify_job *job;
    const char *from, *page;
};

/* `done` is called once, never from inside this call: with the message, whose memory passes to it,
 * with none and a sentence why there will never be one, or with none and NULL when memory is short.
 * NULL without memory. */
struct mail_letter_task *mail_letter_start(const struct mail_letter_wish *wish,
                                           void (*done)(void *user, struct buf *message_take,
                                                        const char *never),
                                           void *user);

/* `done` is not called. Accepts NULL, returns NULL. */
struct mail_letter_task *mail_letter_cancel(struct mail_letter_task *task);
