/* mail_link - a connection to a mail server, read by lines; in the clear or by TLS with the
 * certificate and the host name verified. Nothing waits.
 *
 * Names are looked up on the worker pool and each address is tried in turn. The owner is told what
 * comes, and may close the link from inside any of these calls. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/resolve.h"
#include "base/tls_client.h"
#include "face/mail_trust.h"

/* RFC 5321, 4.5.3.1.5 says 512; servers say more. */
#define MAIL_LINE_MOST 4096

struct mail_link;

struct mail_link_user {
    void (*opened)(void *user); /* connected; or encrypted, after mail_link_encrypt() */
    void (*line)(void *user, const char *line, size_t length); /* without its end */
    void (*written)(void *user);                               /* all that was given has gone out */
    void (*failed)(void *user, const char *problem); /* closed; not after mail_link_close() */
    void *user;
};

struct mail_link {
    struct loop *loop;
    struct mail_link_user to;
    struct mail_trust *trust;
    char host[256];
    int fd; /* -1: closed */
    bool connecting, shaking, open;
    bool encrypts; /* until it is done */
    struct resolve *lookup;
    struct addrinfo *addresses, *next;
    struct loop_fd watch;
    struct loop_timer patience; /* for one address */
    struct loop_defer defer;    /* lines that came before they could be told */
    struct tls_client *tls;
    struct buf in, out;
    size_t sent; /* of out */
    char problem[300];
};

/* `user` is copied. */
void mail_link_init(struct mail_link *link, struct loop *loop, const struct mail_link_user *user);

/* 0, then `opened` or `failed` is called, not from inside this; or negative errno. */
int mail_link_open(struct mail_link *link, const char *host, int port);

/* TLS from here on; `opened` is called, or `failed`. What came in the clear and was not read yet is
 * a reason to fail: somebody put it there. */
void mail_link_encrypt(struct mail_link *link, const char *ca);

/* Copied. `written` is called when nothing is left, not from inside this. */
void mail_link_write(struct mail_link *link, const void *bytes, size_t length);

/* At once. Idempotent. */
void mail_link_close(struct mail_link *link);

/* Close with a last line, if it can go out without waiting; nobody hears the answer. */
void mail_link_farewell(struct mail_link *link, const char *line);

/* Close, and forget what was kept of it. */
void mail_link_deinit(struct mail_link *link);
