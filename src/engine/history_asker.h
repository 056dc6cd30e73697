/* history_asker - questions under way: a few run on the worker pool, the others wait their turn.
 *
 * The pool also checks passwords and looks up names, so history takes two of its threads at most.
 * Readers (connections) are kept for the next question. Loop thread only; a job touches nothing but
 * its own question and reader.
 */
#pragma once

#include <stdint.h>

#include "base/loop.h"
#include "engine/history.h"

struct history_asker;

/* `folder` is copied. */
struct history_asker *history_asker_new(struct loop *loop, const char *folder);

/* Withdraws all questions (none is answered any more) and closes idle readers; jobs that run end by
 * themselves on the loop. Accepts NULL, returns NULL. */
struct history_asker *history_asker_free(struct history_asker *asker);

/* The file has been replaced: readers of an older generation are not used again. */
void history_asker_set_generation(struct history_asker *asker, uint64_t generation);

/* See history_ask. */
struct history_ask *history_asker_ask(struct history_asker *asker,
                                      const struct history_question *question,
                                      void (*done)(void *user, const struct history_answer *answer,
                                                   const struct err *err),
                                      void *user, struct err *err);
