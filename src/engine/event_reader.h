/* event_reader - searching the event log and checking its chain, with a read-only connection.
 *
 * Blocks on the disk: used on the worker pool, and by the command line without a daemon. One reader
 * serves one thread at a time.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/event_record.h"

#define EVENT_QUESTION_KINDS 16

/* What to look for; empty texts and zeros ask for nothing in particular. Newest first. */
struct event_question {
    clock_us from, to; /* wall, `to` not included; 0: open */
    uint64_t before;   /* only ids below, 0: all */
    uint64_t after;    /* only ids above */
    enum event_kind kinds[EVENT_QUESTION_KINDS];
    size_t kind_count;
    enum event_severity least;          /* this and worse */
    enum access_role role;              /* who asks: kinds that it may not read are left out */
    char actor[EVENT_NAME_MOST + 1];    /* exactly */
    char object[EVENT_OBJECT_MOST + 1]; /* begins so */
    char text[EVENT_NAME_MOST + 1];     /* within the sentence, object, actor or origin; a to z
                                           count as A to Z */
    size_t limit;
};

/* A record and where it stands in time. */
struct event_found {
    struct event_record record;
    bool placed;   /* `time` is its date, from its own clock or because that was known later */
    clock_us time; /* wall */
};

struct event_reader;

/* NULL and `err`. */
struct event_reader *event_reader_open(const char *folder, struct err *err);
struct event_reader *event_reader_close(struct event_reader *reader);

/* Call `fn` for each record found, newest first; texts are valid during the call. `*more` tells
 * whether the limit cut the answer. 0, or negative and `err`; -ECANCELED once `cancel` is set. */
int event_reader_search(struct event_reader *reader, const struct event_question *question,
                        void (*fn)(void *user, const struct event_found *found), void *user,
                        bool *more, const atomic_bool *cancel, struct err *err);

struct event_verdict {
    bool ok;
    uint64_t records;           /* that were checked and are as they were written */
    uint64_t first, last;       /* ids of them; 0 when empty */
    char head[EVENT_HASH_TEXT]; /* hash of the last one */
    uint64_t broken;            /* id of the first record that is not right, 0: none */
    char sentence[240];         /* what was found */
};

/* Walk the whole chain. With `known_id` not 0 the record of that id must carry `known_hash`, as was
 * noted elsewhere before. 0 with `verdict`, or negative and `err` when the file cannot be read. */
int event_reader_verify(struct event_reader *reader, uint64_t known_id,
                        const uint8_t known_hash[EVENT_HASH_SIZE], struct event_verdict *verdict,
                        const atomic_bool *cancel, struct err *err);
