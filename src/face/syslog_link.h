/* syslog_link - carries bytes to one receiver of syslog by UDP, TCP or TLS, without waiting.
 *
 * Names are looked up on the worker pool; a connection is kept for what comes next. What has been
 * sent counts as arrived when the other machine has acknowledged all of it (TCP, TLS) and when no
 * refusal came back, for which a moment is waited once on a new connection: more cannot be known,
 * since syslog has no answers. One job at a time. Loop thread only.
 */
#pragma once

#include "base/buf.h"
#include "base/loop.h"
#include "engine/notify_recipient.h"
#include "face/mail_dialogue.h"

struct syslog_link;

/* `problem` is NULL when it has arrived. Never called from inside syslog_link_send(). */
typedef void syslog_link_fn(void *user, const char *problem);

struct syslog_link *syslog_link_new(struct loop *loop, syslog_link_fn *done, void *user);
struct syslog_link *syslog_link_free(struct syslog_link *link);

/* Connect ahead, unless it is connected or at it, so that the first alarm need not wait for that.
 * What goes wrong is not told. */
void syslog_link_warm(struct syslog_link *link, const struct recipient *way);

/* The buffer to be filled with messages, each with syslog_link_end() behind it; emptied by this. */
struct buf *syslog_link_begin(struct syslog_link *link, const struct recipient *way);

/* What happens to the job is to be shown: call before syslog_link_begin(). It gets a connection of
 * its own. */
void syslog_link_show(struct syslog_link *link, bool show);
const struct mail_dialogue *syslog_link_dialogue(const struct syslog_link *link);

/* What was added since the last one is a message. */
void syslog_link_end(struct syslog_link *link);

/* Send what was filled in; `done` is called once. */
void syslog_link_send(struct syslog_link *link);

/* Forget what is under way; `done` is not called. */
void syslog_link_cancel(struct syslog_link *link);
