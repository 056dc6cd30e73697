/* event_asker - questions to the event log under way: a few run on the worker pool, the others wait
 * their turn.
 *
 * The pool also checks passwords, so events take two of its threads at most. Loop thread only; a
 * job touches nothing but its own question and what its asker gave it.
 */
#pragma once

#include "engine/event_log.h"

struct event_asker;

/* `folder` is copied. */
struct event_asker *event_asker_new(struct loop *loop, const char *folder);

/* Withdraws all questions: each ends with -ECANCELED, at once or when its job ends on the loop.
 * Accepts NULL, returns NULL. */
struct event_asker *event_asker_free(struct event_asker *asker);

/* See event_log_ask. */
struct event_ask *event_asker_ask(struct event_asker *asker, const struct event_question *question,
                                  const struct event_asking *asking, struct err *err);
