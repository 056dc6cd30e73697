/* mail - the route of recipients of kind "mail": notices become messages and go to the server.
 *
 * Alarms come with a picture of the point's last hours, reports with readings and perhaps a table;
 * both are made when their turn has come, so the queue (engine/notify) holds little. Reports have a
 * way of their own beside all others: a long attachment delays no alarm. After a test
 * (NOTICE_TEST) notify_status.words has the whole dialogue with the server, passwords left out.
 * Owned by the daemon; loop thread only.
 */
#pragma once

#include "base/loop.h"

struct alarms;
struct config;
struct history;
struct mail;
struct notify;
struct site;

/* All but the texts is borrowed. */
struct mail_context {
    struct loop *loop;
    struct notify *notify;
    const struct site *site;
    const struct alarms *alarms; /* may be NULL: reports say nothing about alarms */
    struct history *history;     /* may be NULL: no pictures and tables */
    const char *host;            /* this machine's name: sender, greeting, Message-ID */
    const char *page;            /* address of the pages where the settings give none, "" */
};

/* `config` is borrowed until mail_configure() brings another. */
struct mail *mail_open(const struct mail_context *context, const struct config *config);

/* Before notify_close(). What is under way goes back to the queue. Accepts NULL, returns NULL. */
struct mail *mail_close(struct mail *mail);

/* Before notify_configure(), so that what becomes due by it goes by the new settings. */
void mail_configure(struct mail *mail, const struct config *config);
