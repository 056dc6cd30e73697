/* syslog_connection - the way to one receiver of syslog by UDP, TCP or TLS: its name, its socket,
 * its encryption. What is sent over it, and when that has arrived, is syslog_link's affair.
 *
 * Names are looked up on the worker pool, addresses are tried one after the other, certificates
 * have to fit the name; nothing waits. The connection stays until it is closed, fails, or its name
 * leads elsewhere. Embedded in its user, who may read the fields; all calls and callbacks happen on
 * the loop's thread, and a callback may come from inside a call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/resolve.h"
#include "base/tls_client.h"
#include "engine/notify_recipient.h"
#include "face/mail_dialogue.h"
#include "face/mail_trust.h"

/* In this order, each step waited for by the loop; datagrams leave CONNECTING and SHAKING out. */
enum syslog_state {
    SYSLOG_CLOSED,
    SYSLOG_LOOKING_UP,
    SYSLOG_CONNECTING,
    SYSLOG_SHAKING,
    SYSLOG_OPEN
};

struct syslog_connection_events {
    void (*opened)(void *user);
    void (*ready)(void *user);                     /* bytes are taken again */
    void (*failed)(void *user, const char *words); /* and it is closed by now */
    void *user;
};

struct syslog_connection {
    struct loop *loop;
    struct syslog_connection_events events;
    struct mail_dialogue *dialogue; /* the user's, told what happens if it keeps that */
    bool busy;                      /* set by the user: it must not go away of itself now */
    /* the way */
    char *host, *ca; /* NULL: not aimed, or without memory */
    int port;
    enum recipient_transport transport;
    /* where it is */
    enum syslog_state state;
    struct resolve *lookup, *refresh;  /* refresh: whether the name leads elsewhere by now */
    struct addrinfo *addresses, *next; /* next: the one to try when this one fails */
    int fd;
    struct loop_fd watch;
    struct mail_trust *trust; /* made for the first connection by TLS */
    struct tls_client *tls;
    clock_us opened_at;
};

void syslog_connection_init(struct syslog_connection *connection, struct loop *loop,
                            const struct syslog_connection_events *events,
                            struct mail_dialogue *dialogue);
void syslog_connection_deinit(struct syslog_connection *connection);

/* Lead where these settings say; closes a connection that leads elsewhere. */
void syslog_connection_aim(struct syslog_connection *connection, const struct recipient *way);

/* Open one that is closed and aimed; `opened` or `failed` follows, perhaps at once. */
void syslog_connection_open(struct syslog_connection *connection);

/* No callback follows; what was under way is forgotten. */
void syslog_connection_close(struct syslog_connection *connection);

/* Of one that is open: how many bytes were taken, 0 for none now (`ready` follows), or a code and
 * `err`. Of datagrams all bytes or none. */
long syslog_connection_send(struct syslog_connection *connection, const char *bytes, size_t length,
                            struct err *err);

/* Nothing more is to be sent now: only whether the other side ends it. */
void syslog_connection_rest(struct syslog_connection *connection);

/* Whether the other machine has acknowledged all that was sent; of datagrams there is nothing to
 * know, and it is true. */
bool syslog_connection_arrived(const struct syslog_connection *connection);

/* What came back to datagrams, or went wrong since: an errno, 0 for nothing. */
int syslog_connection_error(struct syslog_connection *connection);

/* Look, beside what is sent, whether the name leads elsewhere by now, if it was looked up long ago:
 * datagrams have no end that would tell. They go on to where it led until that is known, also when
 * no name server answers. */
void syslog_connection_refresh(struct syslog_connection *connection);

/* A line of the dialogue, if it is kept. */
void syslog_connection_note(struct syslog_connection *connection, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
