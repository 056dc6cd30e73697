/* mail_dialogue - what a mail server, a webhook's or a syslog receiver and we said to each other,
 * for people to read.
 *
 * Keeps the last answer always and the whole conversation when asked to (the test button). Secrets
 * never get here: who speaks says what is shown of it. Whatever bytes a server sends, a line stays
 * one line of UTF-8. Pure, but for the memory of the text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define MAIL_ANSWER_MOST 200

struct mail_dialogue {
    bool keep; /* set it before mail_dialogue_begin() */
    struct buf text;
    char answer[MAIL_ANSWER_MOST]; /* the last one, "" */
};

#define MAIL_DIALOGUE_EMPTY ((struct mail_dialogue){0})

/* Forget all but `keep`. */
void mail_dialogue_begin(struct mail_dialogue *dialogue);
void mail_dialogue_deinit(struct mail_dialogue *dialogue);

/* "> ...", "< ...", "* ..." */
void mail_dialogue_ours(struct mail_dialogue *dialogue, const char *shown);
void mail_dialogue_theirs(struct mail_dialogue *dialogue, const char *line, size_t length);
void mail_dialogue_note(struct mail_dialogue *dialogue, const char *words);

/* How it ended in the first line, the conversation below when it was kept: as notify_done() takes
 * it. Lives as long as `room` and `words`. */
const char *mail_dialogue_words(const struct mail_dialogue *dialogue, const char *words,
                                struct buf *room);
