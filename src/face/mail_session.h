/* mail_session - what is said to a mail server, answer by answer: SMTP (RFC 5321, 3207, 4954, 1870,
 * 2920) and the sign-in of POP3 before it (RFC 1939, 2595).
 *
 * Fed with the server's lines, it appends commands to `out` and says what it wants next. Encryption
 * comes before anything else is said, or nothing else is. To a server that offers PIPELINING
 * sender, recipients and DATA are said in one go, and each answer counts for its own command. Pure:
 * sockets are mail_link's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "engine/notify.h"
#include "face/mail_dialogue.h"
#include "face/mail_message.h"
#include "face/mail_settings.h"

/* Addresses of a list: bit 0 is the first one. */
typedef uint64_t mail_mask;

/* Borrowed until the end of the session. */
struct mail_session_way {
    const struct mail_settings *settings;
    bool pop;              /* the POP3 server of the settings, else the SMTP server */
    const char *host;      /* how we call ourselves */
    const char *secret;    /* password or token of the account */
    const char *from, *to; /* addresses; `to` a list, at most MAIL_ADDRESSES_MOST are written to */
    mail_mask done_with;   /* of `to`: have it already, or never will */
    size_t length;         /* of the message, 0: not known yet, see mail_session_message() */
};

enum mail_want {
    MAIL_WANT_LINE,    /* the server's next line: mail_session_take() */
    MAIL_WANT_TLS,     /* encryption, then mail_session_encrypted() */
    MAIL_WANT_CONTENT, /* the message goes out; MAIL_WANT_LINE is to be set when its dot has */
    MAIL_WANT_NOTHING, /* it is over: see `went_well` */
};

enum mail_stage {
    MAIL_STAGE_GREETING,
    MAIL_STAGE_HELLO,
    MAIL_STAGE_ENCRYPT,
    MAIL_STAGE_SIGN_IN,
    MAIL_STAGE_SENDER,
    MAIL_STAGE_RECIPIENT,
    MAIL_STAGE_DATA,
    MAIL_STAGE_CONTENT,
    MAIL_STAGE_OVER
};

struct mail_session {
    struct mail_session_way way;
    struct mail_dialogue *dialogue;
    struct buf out;
    enum mail_want want;
    enum mail_stage stage;
    bool went_well; /* signed in (POP3), or delivered to somebody */
    char problem[ERR_TEXT_MAX];
    char refusal[MAIL_ANSWER_MOST]; /* about the first recipient who was refused, "" */
    mail_mask accepted, never;      /* recipients */
    /* its own */
    bool encrypted, signed_in, old; /* old: no EHLO */
    unsigned offers;                /* bit of enum mail_auth: mechanisms */
    bool offers_tls, offers_size, offers_pipelining;
    uint64_t most; /* bytes that it takes, 0: not said */
    int step;      /* of the sign-in */
    int bit;       /* recipient that the next answer is about */
    bool in_one;   /* all up to DATA has been said, only the answers are missing */
    bool decided;  /* `problem` says why nothing is sent; answers are awaited all the same */
    mail_mask asked;
    unsigned lines; /* that the server has said */
};

/* A connection has been made (`encrypted`: by TLS), the greeting comes. `dialogue` is borrowed. */
void mail_session_begin(struct mail_session *session, const struct mail_session_way *way,
                        bool encrypted, struct mail_dialogue *dialogue);

/* Another message over the connection of a session that went well. */
void mail_session_again(struct mail_session *session, const struct mail_session_way *way);

void mail_session_take(struct mail_session *session, const char *line, size_t length);
void mail_session_encrypted(struct mail_session *session);

/* The message is there, `length` bytes. False when it is too large for the server, whom the sender
 * was said without its length: then it is over, and the connection is in the middle of a message.
 */
bool mail_session_message(struct mail_session *session, size_t length);

/* The connection has broken, or the server is silent. True: that changes nothing, what it had said
 * before counts, and it is over. */
bool mail_session_lost(struct mail_session *session);

void mail_session_deinit(struct mail_session *session);

/* What an answer at this stage means. Only what no change of settings on either side can mend is
 * NEVER: an address that does not exist, a content that is not taken. A refused sign-in, sender or
 * relay is LATER: people see why, mend it, and nothing is lost. */
enum notify_outcome mail_session_meaning(enum mail_stage stage, int code, const char *answer);
