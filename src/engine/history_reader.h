/* history_reader - answers a question from the file, block by block, with a read-only connection of
 * its own.
 *
 * Blocks the disk: runs on the worker pool. One thread uses a reader at a time. A whole answer is
 * read inside one transaction, so that rows which become blocks meanwhile are neither missed nor
 * counted twice.
 */
#pragma once

#include <stdatomic.h>

#include "base/err.h"
#include "engine/history.h"

struct history_reader;

/* NULL and `err` when the file cannot be read. */
struct history_reader *history_reader_open(const char *folder, struct err *err);

/* Accepts NULL, returns NULL. */
struct history_reader *history_reader_close(struct history_reader *reader);

/* Answer `question` into a new answer, freed with history_answer_free. NULL and `err`; -ECANCELED
 * soon after `*cancel` turned true. */
struct history_answer *history_reader_ask(struct history_reader *reader,
                                          const struct history_question *question,
                                          const atomic_bool *cancel, struct err *err);
