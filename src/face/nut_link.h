/* nut_link - the server's side of a connection that speaks in lines; in the clear, or by TLS from
 * STARTTLS on.
 *
 * Lines are told one by one, the next one only when what was answered has gone out: a client that
 * does not read is not listened to, and what waits for it is one answer. `ended` is called once,
 * last, when the other side has gone, talked nonsense, or all was said after nut_link_finish(); the
 * link is closed then and may be freed. From inside `line` only write, hold, encrypt and finish
 * may be called. Loop thread only.
 */
#pragma once

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/loop.h"
#include "wire/nut_line.h"

struct certificate;

struct nut_link_user {
    void (*line)(void *user, const char *line, size_t length);
    /* a line that does not end; the link finishes after this */
    void (*too_long)(void *user);
    void (*ended)(void *user, const char *problem); /* "": nobody is to blame */
    void *user;
};

struct nut_link {
    struct loop *loop;
    struct nut_link_user to;
    int fd; /* -1: closed */
    struct loop_fd watch;
    struct loop_defer defer;
    gnutls_session_t tls;
    gnutls_certificate_credentials_t credentials;
    struct certificate *certificate; /* the one it began with */
    bool shaking, held, finishing, working;
    char problem[200]; /* it is over: told at the end of the turn's work */
    bool over;
    struct buf out;
    size_t sent;          /* of out */
    clock_us stuck_since; /* CLOCK_NEVER: the other side takes what is sent */
    clock_us half_since;  /* CLOCK_NEVER: no line, nor handshake, is half done */
    size_t in_length;
    char in[NUT_LINE_MOST + 2]; /* with its end */
};

/* Takes over `fd`; a failure (negative) closes it. `to` is copied. */
int nut_link_open(struct nut_link *link, struct loop *loop, int fd, const struct nut_link_user *to);

/* At once, nobody is told. Idempotent; not from inside a call of its own. */
void nut_link_close(struct nut_link *link);

/* Goes out as far as it can without waiting; `content` is left empty. */
void nut_link_write(struct nut_link *link, struct buf *content);

/* No more lines for now, or again. */
void nut_link_hold(struct nut_link *link, bool hold);

/* TLS, when what was written so far has gone out. What the other side said before it agreed is a
 * reason to end: somebody put it there. 0, or negative without memory. */
int nut_link_encrypt(struct nut_link *link, struct certificate *certificate);

/* No more lines; the end when all has gone out. */
void nut_link_finish(struct nut_link *link);

bool nut_link_encrypted(const struct nut_link *link);
