/* history_answer - making answers; taking and freeing them is part of history.h. */
#pragma once

#include "engine/history.h"

/* An answer without buckets for copies of `paths`; NULL when out of memory. */
struct history_answer *history_answer_new(const char *const *paths, size_t path_count);
