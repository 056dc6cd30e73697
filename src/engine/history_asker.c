#include "engine/history_asker.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/history_reader.h"
#include "model/limits.h"

#define RUNNING_MOST 2

struct history_ask {
    struct history_asker *asker; /* NULL once that is gone */
    struct history_ask *next;
    char *folder;
    struct history_question question;
    char **paths;
    void (*done)(void *user, const struct history_answer *answer, const struct err *err);
    void *user;
    bool running;
    uint64_t generation; /* of the reader */
    atomic_bool withdrawn;
    struct history_reader *reader;
    struct history_answer *answer;
    struct err err;
};

struct history_asker {
    struct loop *loop;
    char *folder;
    struct history_ask *asks; /* oldest first: running ones and waiting ones */
    size_t count, running;
    struct history_reader *idle[RUNNING_MOST];
    size_t idle_count;
    uint64_t generation;
};

static void ask_free(struct history_ask *ask)
{
    if (ask->question.drop)
        ask->question.drop(ask->question.own);
    history_reader_close(ask->reader);
    history_answer_free(ask->answer);
    for (size_t i = 0; i < ask->question.path_count; i++)
        free(ask->paths[i]);
    free(ask->paths);
    free(ask->folder);
    free(ask);
}

/* It was not asked: what would have become its own stays who asked's. */
static void ask_never(struct history_ask *ask)
{
    ask->question.drop = NULL;
    ask_free(ask);
}

static void unlink_ask(struct history_asker *asker, struct history_ask *ask)
{
    for (struct history_ask **at = &asker->asks; *at; at = &(*at)->next) {
        if (*at == ask) {
            *at = ask->next;
            asker->count--;
            return;
        }
    }
}

/* ---- jobs ------------------------------------------------------------------------------------ */

/* On a pool thread. */
static void work(void *user)
{
    struct history_ask *ask = user;
    if (atomic_load_explicit(&ask->withdrawn, memory_order_relaxed))
        return;
    if (!ask->reader)
        ask->reader = history_reader_open(ask->folder, &ask->err);
    if (ask->reader)
        ask->answer = history_reader_ask(ask->reader, &ask->question, &ask->withdrawn, &ask->err);
    /* after an error the connection may be what is wrong */
    if (!ask->answer)
        ask->reader = history_reader_close(ask->reader);
    if (ask->answer && ask->question.digest)
        ask->question.digest(ask->question.own, ask->answer);
}

static void start_waiting(struct history_asker *asker);

static void keep_reader(struct history_asker *asker, struct history_ask *ask)
{
    if (ask->reader && ask->generation == asker->generation && asker->idle_count < RUNNING_MOST) {
        asker->idle[asker->idle_count++] = ask->reader;
        ask->reader = NULL;
    }
}

static void job_done(void *user)
{
    struct history_ask *ask = user;
    struct history_asker *asker = ask->asker;
    if (asker) {
        asker->running--;
        unlink_ask(asker, ask);
        keep_reader(asker, ask);
        start_waiting(asker);
    }
    /* last: the asker of the question may close everything from here */
    if (!atomic_load_explicit(&ask->withdrawn, memory_order_relaxed))
        ask->done(ask->user, ask->answer, &ask->err);
    ask_free(ask);
}

static bool start(struct history_asker *asker, struct history_ask *ask)
{
    if (asker->idle_count > 0)
        ask->reader = asker->idle[--asker->idle_count];
    ask->generation = asker->generation;
    if (loop_job_start(asker->loop, work, job_done, ask) < 0) {
        keep_reader(asker, ask);
        return false;
    }
    ask->running = true;
    asker->running++;
    return true;
}

static void start_waiting(struct history_asker *asker)
{
    for (struct history_ask *ask = asker->asks; ask && asker->running < RUNNING_MOST;
         ask = ask->next) {
        /* without memory for a job it is tried again when the next one ends */
        if (!ask->running && !start(asker, ask))
            return;
    }
}

/* ---- the loop's side ------------------------------------------------------------------------- */

struct history_asker *history_asker_new(struct loop *loop, const char *folder)
{
    struct history_asker *asker = mem_new(sizeof *asker);
    asker->loop = loop;
    asker->folder = mem_text(folder);
    return asker;
}

struct history_asker *history_asker_free(struct history_asker *asker)
{
    if (!asker)
        return NULL;
    while (asker->asks) {
        struct history_ask *ask = asker->asks;
        asker->asks = ask->next;
        ask->asker = NULL;
        if (ask->running)
            atomic_store_explicit(&ask->withdrawn, true, memory_order_relaxed);
        else
            ask_free(ask);
    }
    history_asker_set_generation(asker, asker->generation + 1);
    free(asker->folder);
    free(asker);
    return NULL;
}

void history_asker_set_generation(struct history_asker *asker, uint64_t generation)
{
    if (generation == asker->generation)
        return;
    asker->generation = generation;
    while (asker->idle_count > 0)
        history_reader_close(asker->idle[--asker->idle_count]);
}

static bool copy_question(struct history_ask *ask, const struct history_question *question)
{
    ask->question = *question;
    ask->question.path_count = 0;
    ask->paths = calloc(question->path_count + 1, sizeof *ask->paths);
    for (size_t i = 0; ask->paths && i < question->path_count; i++) {
        ask->paths[i] = strdup(question->paths[i]);
        if (!ask->paths[i])
            return false;
        ask->question.path_count++;
    }
    ask->question.paths = (const char *const *)ask->paths;
    return ask->paths;
}

static int check_question(const struct history_asker *asker,
                          const struct history_question *question, struct err *err)
{
    if (question->path_count > LIMIT_HISTORY_PATHS)
        return err_set(err, -E2BIG, "one question can be about %d points at most",
                       LIMIT_HISTORY_PATHS);
    if (question->step < 0 || question->from > question->to)
        return err_set(err, -EINVAL, "the time asked for ends before it begins");
    if (asker->count >= LIMIT_HISTORY_ASKS)
        return err_set(err, -EBUSY, "too many questions about the past are under way; try again");
    return 0;
}

static void append(struct history_asker *asker, struct history_ask *ask)
{
    struct history_ask **end = &asker->asks;
    while (*end)
        end = &(*end)->next;
    *end = ask;
    asker->count++;
}

struct history_ask *history_asker_ask(struct history_asker *asker,
                                      const struct history_question *question,
                                      void (*done)(void *user, const struct history_answer *answer,
                                                   const struct err *err),
                                      void *user, struct err *err)
{
    if (check_question(asker, question, err) < 0)
        return NULL;
    struct history_ask *ask = calloc(1, sizeof *ask);
    if (!ask || !copy_question(ask, question) || !(ask->folder = strdup(asker->folder))) {
        if (ask)
            ask_never(ask);
        err_set(err, -ENOMEM, "there is no memory for this question");
        return NULL;
    }
    ask->asker = asker;
    ask->done = done;
    ask->user = user;
    append(asker, ask);
    start_waiting(asker);
    if (!ask->running && asker->running == 0) {
        /* nobody would ever start it */
        unlink_ask(asker, ask);
        ask_never(ask);
        err_set(err, -ENOMEM, "there is no memory for this question");
        return NULL;
    }
    return ask;
}

void history_ask_cancel(struct history_ask *ask)
{
    if (ask->running) {
        atomic_store_explicit(&ask->withdrawn, true, memory_order_relaxed);
        return;
    }
    unlink_ask(ask->asker, ask);
    ask_free(ask);
}
