/* event_testing - a store of events filled by hand and asked directly, for unit and fault tests. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "engine/event_reader.h"
#include "engine/event_store.h"

#define TESTING_T0 (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */

/* A record at `wall`, with monotonic time counted from TESTING_T0; other texts may be set after. */
static inline struct event_record testing_record(clock_us wall, const char *text)
{
    return (struct event_record){
        .wall = wall,
        .wall_known = true,
        .mono = wall - TESTING_T0 + CLOCK_S,
        .kind = "contact-lost",
        .severity = EVENT_WARNING,
        .actor = "system",
        .origin = "",
        .object = "meter-1",
        .text = text,
        .detail = "",
    };
}

static inline int testing_write(struct event_store *store, struct event_record *record,
                                struct err *err)
{
    struct event_record *records[] = {record};
    return event_store_write(store, records, 1, err);
}

/* `count` records one second apart, the first at `wall`, up to 50 in a transaction; the text of
 * each is its place. */
static inline int testing_fill(struct event_store *store, clock_us wall, int count)
{
    for (int done = 0; done < count;) {
        struct event_record list[50], *records[50];
        char texts[50][24];
        size_t batch = 0;
        for (; batch < 50 && done < count; batch++, done++) {
            snprintf(texts[batch], sizeof texts[batch], "%d", done);
            list[batch] = testing_record(wall + done * CLOCK_S, texts[batch]);
            records[batch] = &list[batch];
        }
        int code = event_store_write(store, records, batch, NULL);
        if (code < 0)
            return code;
    }
    return 0;
}

static inline struct event_verdict testing_verify(const char *folder)
{
    struct event_verdict verdict = {.sentence = "cannot be read"};
    struct event_reader *reader = event_reader_open(folder, NULL);
    if (reader && event_reader_verify(reader, 0, NULL, &verdict, NULL, NULL) < 0)
        verdict.ok = false;
    event_reader_close(reader);
    return verdict;
}

/* What a search found: ids and texts in the order they came. */
struct testing_found {
    size_t count;
    bool more;
    struct {
        uint64_t id;
        bool placed;
        clock_us time;
        char kind[40], text[300], object[80];
    } list[2000];
};

static inline void testing_on_found(void *user, const struct event_found *found)
{
    struct testing_found *all = user;
    if (all->count == 2000)
        return;
    all->list[all->count].id = found->record.id;
    all->list[all->count].placed = found->placed;
    all->list[all->count].time = found->time;
    snprintf(all->list[all->count].kind, 40, "%s", found->record.kind);
    snprintf(all->list[all->count].text, 300, "%s", found->record.text);
    snprintf(all->list[all->count].object, 80, "%s", found->record.object);
    all->count++;
}

/* Asks as an administrator. For free(). */
static inline struct testing_found *testing_search(const char *folder,
                                                   struct event_question question)
{
    struct testing_found *found = calloc(1, sizeof *found);
    struct event_reader *reader = event_reader_open(folder, NULL);
    question.role = question.role ? question.role : ROLE_ADMINISTRATOR;
    question.limit = question.limit ? question.limit : 2000;
    if (!reader || event_reader_search(reader, &question, testing_on_found, found, &found->more,
                                       NULL, NULL) < 0)
        found->count = (size_t)-1;
    event_reader_close(reader);
    return found;
}
