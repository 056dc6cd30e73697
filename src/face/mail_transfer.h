/* mail_transfer - brings one message to the mail server: POP3 first where that is wanted, then
 * SMTP.
 *
 * It can begin before the message is there: connection, encryption, sign-in, sender and recipients
 * take their time while the message is still being written. One at a time per struct; the
 * connection can be kept for the next one. A server that says nothing for `timeout` is given up.
 * Loop thread only.
 */
#pragma once

#include <stdbool.h>

#include "face/mail_link.h"
#include "face/mail_session.h"
#include "face/mail_token.h"

/* What is to be sent; all of it is borrowed until the end. */
struct mail_letter {
    const struct mail_settings *settings;
    const char *host;      /* how we call ourselves */
    const char *from, *to; /* see struct mail_session_way */
    mail_mask done_with;
    const struct buf *message; /* lines by CR LF; NULL: mail_transfer_give() will bring it */
    bool stay;                 /* another letter may follow soon: the connection is kept */
};

struct mail_result {
    enum notify_outcome outcome;
    mail_mask done_with; /* now */
    const char *words;   /* one sentence, valid until the next start */
};

struct mail_transfer {
    struct loop *loop;
    struct mail_dialogue dialogue; /* set dialogue.keep before the start */
    /* mail_transfer's */
    struct mail_letter letter;
    struct mail_link link;
    struct mail_session session;
    struct loop_timer silence;
    struct loop_defer defer;
    char *secret;             /* of the account of this session */
    struct mail_token *token; /* made for the first sign-in by XOAUTH2 */
    bool busy, ready;         /* ready: signed in, waits for the next letter */
    bool kept;                /* over the connection of the letter before, and not answered yet */
    size_t sent;              /* of the message */
    bool line_begins;         /* at `sent` */
    bool giving;              /* the message goes out; its answer cannot have come yet */
    clock_us pop_until;       /* monotonic: the last POP3 sign-in counts */
    char words[ERR_TEXT_MAX];
    void (*done)(void *user, const struct mail_result *result);
    void *user;
};

void mail_transfer_init(struct mail_transfer *transfer, struct loop *loop);
void mail_transfer_deinit(struct mail_transfer *transfer);

/* `done` is called once, never from inside this call: at the end, or, while there is no message
 * yet, as soon as it is known that this attempt comes to nothing. Not over a kept connection when
 * the dialogue is kept for people to see. */
void mail_transfer_start(struct mail_transfer *transfer, const struct mail_letter *letter,
                         void (*done)(void *user, const struct mail_result *result), void *user);

/* The message of a letter that was started without. */
void mail_transfer_give(struct mail_transfer *transfer, const struct buf *message);

/* `done` is not called; what is open is closed. Fine when nothing is under way. */
void mail_transfer_cancel(struct mail_transfer *transfer);
