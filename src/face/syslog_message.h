/* syslog_message - a notice as a message of RFC 5424. Pure. */
#pragma once

#include "base/buf.h"
#include "engine/notify.h"

#define SYSLOG_MESSAGE_MOST 2048 /* RFC 5424, 6.1: what receivers should be able to take */

struct syslog_sender {
    const char *host; /* this machine's name, "" when it has none */
    int process;
    int facility; /* 0 to 23 */
};

/* Append the message, cut to SYSLOG_MESSAGE_MOST bytes at the end of a character. */
void syslog_message_write(const struct syslog_sender *sender, const struct notice *notice,
                          struct buf *out);
