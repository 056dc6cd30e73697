#include "engine/history_answer.h"

#include <stdlib.h>
#include <string.h>

struct owned {
    struct history_answer answer; /* first: what others see */
    unsigned holders;
};

struct history_answer *history_answer_new(const char *const *paths, size_t path_count)
{
    struct owned *owned = calloc(1, sizeof *owned);
    if (!owned)
        return NULL;
    owned->holders = 1;
    owned->answer.series = calloc(path_count ? path_count : 1, sizeof *owned->answer.series);
    owned->answer.path_count = owned->answer.series ? path_count : 0;
    bool complete = owned->answer.series;
    for (size_t i = 0; complete && i < path_count; i++) {
        owned->answer.series[i].path = strdup(paths[i]);
        complete = owned->answer.series[i].path;
    }
    return complete ? &owned->answer : history_answer_free(&owned->answer);
}

struct history_answer *history_answer_take(const struct history_answer *answer)
{
    /* we made it, so it may be changed: it is counted rather than copied */
    struct owned *owned = (struct owned *)(uintptr_t)answer;
    owned->holders++;
    return &owned->answer;
}

struct history_answer *history_answer_free(struct history_answer *answer)
{
    struct owned *owned = (struct owned *)answer;
    if (!owned || --owned->holders > 0)
        return NULL;
    for (size_t i = 0; i < answer->path_count; i++) {
        free((void *)(uintptr_t)answer->series[i].path);
        free(answer->series[i].buckets);
    }
    free(answer->series);
    free(owned);
    return NULL;
}
