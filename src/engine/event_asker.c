#include "engine/event_asker.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/limits.h"

#define RUNNING_MOST 2

struct event_ask {
    struct event_asker *asker; /* NULL once that is gone */
    struct event_ask *next;
    struct event_question question;
    struct event_asking asking;
    char *folder;
    char client[64];
    bool running, more;
    atomic_bool withdrawn;
    struct err err;
};

struct event_asker {
    struct loop *loop;
    char *folder;
    struct event_ask *asks; /* oldest first: running ones and waiting ones */
    size_t count, running;
};

/* ---- jobs ------------------------------------------------------------------------------------ */

static int work_with(struct event_ask *ask, struct event_reader *reader)
{
    const struct event_asking *asking = &ask->asking;
    if (asking->verdict)
        return event_reader_verify(reader, asking->known_id, asking->known_hash, asking->verdict,
                                   &ask->withdrawn, &ask->err);
    return event_reader_search(reader, &ask->question, asking->row, asking->user, &ask->more,
                               &ask->withdrawn, &ask->err);
}

/* On a pool thread. */
static void work(void *user)
{
    struct event_ask *ask = user;
    if (atomic_load_explicit(&ask->withdrawn, memory_order_relaxed))
        return;
    struct event_reader *reader = event_reader_open(ask->folder, &ask->err);
    if (reader)
        work_with(ask, reader);
    event_reader_close(reader);
}

static void end(struct event_ask *ask)
{
    if (atomic_load_explicit(&ask->withdrawn, memory_order_relaxed)) {
        ask->err = ERR_EMPTY;
        err_set(&ask->err, -ECANCELED, "the question was withdrawn");
    }
    ask->asking.done(ask->asking.user, ask->more, &ask->err);
    free(ask->folder);
    free(ask);
}

static void unlink_ask(struct event_asker *asker, struct event_ask *ask)
{
    for (struct event_ask **at = &asker->asks; *at; at = &(*at)->next) {
        if (*at == ask) {
            *at = ask->next;
            asker->count--;
            return;
        }
    }
}

static void start_waiting(struct event_asker *asker);

static void job_done(void *user)
{
    struct event_ask *ask = user;
    struct event_asker *asker = ask->asker;
    if (asker) {
        asker->running--;
        unlink_ask(asker, ask);
        start_waiting(asker);
    }
    end(ask); /* last: the asker of the question may close everything from here */
}

static void start_waiting(struct event_asker *asker)
{
    for (struct event_ask *ask = asker->asks; ask && asker->running < RUNNING_MOST;
         ask = ask->next) {
        if (ask->running)
            continue;
        /* without memory for a job it is tried again when the next one ends */
        if (loop_job_start(asker->loop, work, job_done, ask) < 0)
            return;
        ask->running = true;
        asker->running++;
    }
}

/* ---- the loop's side ------------------------------------------------------------------------- */

struct event_asker *event_asker_new(struct loop *loop, const char *folder)
{
    struct event_asker *asker = mem_new(sizeof *asker);
    asker->loop = loop;
    asker->folder = mem_text(folder);
    return asker;
}

struct event_asker *event_asker_free(struct event_asker *asker)
{
    if (!asker)
        return NULL;
    while (asker->asks) {
        struct event_ask *ask = asker->asks;
        asker->asks = ask->next;
        ask->asker = NULL;
        atomic_store_explicit(&ask->withdrawn, true, memory_order_relaxed);
        if (!ask->running)
            end(ask);
    }
    free(asker->folder);
    free(asker);
    return NULL;
}

static int check(const struct event_asker *asker, const char *client, struct err *err)
{
    size_t same = 0;
    for (const struct event_ask *ask = asker->asks; ask; ask = ask->next)
        same += strcmp(ask->client, client) == 0;
    if (asker->count >= LIMIT_EVENT_ASKS || same >= LIMIT_EVENT_ASKS_CLIENT)
        return err_set(err, -EBUSY,
                       "too many questions about events are under way; try again in a moment");
    return 0;
}

struct event_ask *event_asker_ask(struct event_asker *asker, const struct event_question *question,
                                  const struct event_asking *asking, struct err *err)
{
    char client[64];
    snprintf(client, sizeof client, "%s", asking->client ? asking->client : "");
    if (check(asker, client, err) < 0)
        return NULL;
    struct event_ask *ask = calloc(1, sizeof *ask);
    if (!ask || !(ask->folder = strdup(asker->folder))) {
        free(ask);
        err_set(err, -ENOMEM, "there is no memory for this question");
        return NULL;
    }
    ask->asker = asker;
    ask->asking = *asking;
    ask->asking.client = NULL;
    memcpy(ask->client, client, sizeof client);
    if (question)
        ask->question = *question;
    struct event_ask **last = &asker->asks;
    while (*last)
        last = &(*last)->next;
    *last = ask;
    asker->count++;
    start_waiting(asker);
    if (ask->running || asker->running > 0)
        return ask;
    /* nobody would ever start it */
    unlink_ask(asker, ask);
    free(ask->folder);
    free(ask);
    err_set(err, -ENOMEM, "there is no memory for this question");
    return NULL;
}

void event_ask_cancel(struct event_ask *ask)
{
    atomic_store_explicit(&ask->withdrawn, true, memory_order_relaxed);
    if (ask->running)
        return;
    unlink_ask(ask->asker, ask);
    end(ask);
}
